"""Lists of surveys and of expected answers, for those who may see them."""

import datetime as dt
from uuid import UUID

from base.database import reading
from base.paging import Page, cursor_after, instant, key_of
from directory.access import Scope, may
from directory.actors import Actor
from surveys import queries
from surveys.access import may_edit
from surveys.survey import Lane, State, SurveyDocument, document


async def surveys_to_see(
    actor: Actor,
    *,
    state: State | None,
    kind: Lane | None,
    text: str | None,
    cursor: str | None,
    limit: int,
    now: dt.datetime,
) -> Page[SurveyDocument]:
    """The surveys that the actor runs, or is asked to answer, newest first."""
    everywhere = may(actor, "edit_survey", _whole(""))
    owners = {grant.scope.removeprefix("unit:") for grant in actor.grants if grant.scope.startswith("unit:")}
    territorial = any(grant.scope.startswith("territory:") for grant in actor.grants)
    async with reading() as connection:
        found = await queries.list_surveys(
            connection,
            agent=actor.id,
            unit=actor.unit,
            editing=None if everywhere else [owner for owner in owners if may(actor, "edit_survey", _whole(owner))],
            following=None if territorial else list(owners),
            animating=actor.animates,
            kind=kind,
            state=state,
            text=text.replace("\0", "") if text else None,
            now=now,
            after=key_of(cursor, instant, UUID),
            limit=limit + 1,
        )
    items = [document(survey, now, editing=may_edit(actor, survey)) for survey in found[:limit]]
    more = len(found) > limit
    return Page(
        items=items,
        next_cursor=cursor_after(items[-1].created_at.isoformat(), str(items[-1].id)) if more else None,
    )


def _whole(owner: str) -> Scope:
    return Scope(owner=owner, path=("FR",))
