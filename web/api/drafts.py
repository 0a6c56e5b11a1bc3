"""Drafts: what is typed and not sent yet, kept for those who answer."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from litestar import Controller, get, patch
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from directory.actors import Actor
from surveys.drafts import Draft, Saved, answer_in_hand, draft_of, draft_to_save, open_assignment, save
from surveys.merging import DraftChange


class DraftController(Controller):
    """The draft of an expected answer: the same for all who are asked to give it."""

    path = "/api/v1/surveys/{survey:str}"
    tags = ("Drafts",)

    @get("/draft", operation_id="get_draft", summary="The draft of what I am asked, mine or my unit's (those asked)")
    async def read(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[dt.datetime],
        survey: FromPath[str],
        assignment: Annotated[UUID | None, QueryParameter()] = None,
    ) -> Draft:
        in_hand = await answer_in_hand(actor, survey, assignment, now=now)
        draft = draft_of(in_hand)
        await open_assignment(actor, in_hand, now=now)
        return draft

    @patch(
        "/drafts/{draft:uuid}",
        operation_id="save_draft",
        summary="Save what changed in a draft: all of it, or a conflict with both values (those asked)",
    )
    async def save(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[dt.datetime],
        survey: FromPath[str],
        draft: FromPath[UUID],
        data: JSONBody[DraftChange],
    ) -> Saved:
        in_hand = await draft_to_save(actor, survey, draft, now=now)
        saved = await save(actor, in_hand, data, now=now)
        return Saved(version=saved.version, saved_at=saved.saved_at)
