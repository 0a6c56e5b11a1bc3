"""The ledger of a survey, one expected answer after the other."""

import datetime as dt
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from base.paging import LIMIT, Page
from directory.actors import Actor
from surveys.following import Listing, assignments_to_follow
from surveys.queries import AssignedAgent, AssignedUnit, AssignmentItem, LedgerState


class AssignmentDocument(msgspec.Struct, frozen=True, kw_only=True):
    """An expected answer on the wire: of `agent`, or where that is null of `unit`; `response` is its answer's id."""

    id: UUID
    agent: AssignedAgent | None
    unit: AssignedUnit
    territory: str
    state: LedgerState
    state_at: dt.datetime
    due_at: dt.datetime | None
    response: UUID | None


class AssignmentController(Controller):
    """Who is asked, and how far each of them is."""

    path = "/api/v1/surveys/{survey:str}/assignments"
    tags = ("Surveys",)

    @get(
        operation_id="list_assignments",
        summary="The expected answers, by service and name (those who follow the survey, inside their territories)",
    )
    async def list_all(
        self,
        actor: NamedDependency[Actor],
        survey: FromPath[str],
        states: Annotated[
            list[LedgerState] | None, QueryParameter(name="state", description="Only these; repeat for “or”")
        ] = None,
        territory: Annotated[str | None, QueryParameter(description="Inside this one", max_length=100)] = None,
        cursor: Annotated[str | None, QueryParameter()] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=LIMIT)] = 50,
    ) -> Page[AssignmentDocument]:
        listing = Listing(territory=territory, states=tuple(states) if states else None)
        page = await assignments_to_follow(actor, survey, listing, cursor=cursor, limit=limit)
        return Page(items=[document(item) for item in page.items], next_cursor=page.next_cursor)


def document(item: AssignmentItem) -> AssignmentDocument:
    """The expected answer as it goes on the wire."""
    return AssignmentDocument(
        id=item.id,
        agent=item.agent,
        unit=item.unit,
        territory=item.territory,
        state=item.state,
        state_at=item.state_at,
        due_at=item.due_at,
        response=item.response,
    )
