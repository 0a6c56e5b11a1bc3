"""Lists of surveys, for those who may see them."""

import datetime as dt
from uuid import UUID

from base.database import reading
from base.paging import Page, cursor_after, instant, key_of
from directory.access import directorates
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
    """The surveys that the actor runs or follows, or is asked to answer, newest first."""
    async with reading() as connection:
        found = await queries.list_surveys(
            connection,
            agent=actor.id,
            unit=actor.unit,
            editing=directorates(actor, "edit_survey"),
            following=directorates(actor, "see_survey"),
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
