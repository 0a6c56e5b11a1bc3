"""What happens to a response after it was sent: read again, amended, erased. Every state but the erased one is kept."""

import datetime as dt
from uuid import UUID

import msgspec
from asyncpg import Connection

from base.database import reading, transaction
from base.ids import row_key
from base.language import N_
from base.paging import Page, cursor_after, instant, key_of
from base.problems import FORBIDDEN, INVALID, NOT_FOUND
from directory.access import may, reach
from directory.actors import Actor
from surveys import queries
from surveys.access import scope_of
from surveys.answering import is_open, local_day
from surveys.editions import edition_to_judge
from surveys.problems import INVALID_RESPONSE, NOT_OPEN, RESPONSE_ERASED, REVISION_CONFLICT
from surveys.queries import ResponseState
from surveys.rows import Row, encode_row
from surveys.submission import Amendment, Receipt, Revision, StoredResponse, amendment_hash
from surveys.survey import Survey
from surveys.wording import answer_fault, invalid


async def response_to_read(actor: Actor, survey: Survey, response: UUID) -> StoredResponse:
    """A response its author, their unit, or a reader of its territory may see."""
    async with reading() as connection:
        return _stored(await _response_for(connection, actor, survey, response))


async def responses_to_read(actor: Actor, survey: Survey, cursor: str | None, limit: int) -> Page[StoredResponse]:
    """The responses of the territories that the actor may read, in order of arrival."""
    inside = reach(actor, "read_responses", scope_of(survey))
    if not inside:
        raise NOT_FOUND()
    async with reading() as connection:
        states = await queries.list_responses(
            connection, survey, inside=inside, after=key_of(cursor, instant, UUID), limit=limit + 1
        )
    items = list(map(_stored, states[:limit]))
    more = len(states) > limit
    return Page(
        items=items,
        next_cursor=cursor_after(items[-1].submitted_at.isoformat(), str(items[-1].id)) if more else None,
    )


async def revisions_to_read(actor: Actor, survey: Survey, response: UUID) -> list[Revision]:
    """All states of a response, oldest first, the present one last."""
    async with reading() as connection:
        state = await _response_for(connection, actor, survey, response)
        before = await queries.revisions_of(connection, state.part, response)
    row = state.row
    present = Revision(revision=row.revision, edition=row.edition, revised_at=state.revised_at, answers=row.answers)
    return [*before, present]


async def amend(
    actor: Actor, survey: Survey, response: UUID, amendment: Amendment, *, revision: int, now: dt.datetime
) -> Receipt:
    """Put new answers in place of those of `revision`.

    The same request again gives the same receipt, whatever was published or closed since.
    """
    if amendment.id not in (None, response):
        raise INVALID(invalid_params=[invalid("/id", "choice", N_("This is not the id of the response."))])
    sent = amendment_hash(amendment)
    async with transaction() as connection:
        state = await _response_for(connection, actor, survey, response, amending=True)
        if (state.row.revision, state.revision_hash) == (revision + 1, sent):
            return _receipt(state, state.row)
        if state.row.revision != revision:
            raise REVISION_CONFLICT(revision=state.row.revision, members={"revision": state.row.revision})
        await _require_open(connection, actor, survey, state, now)
        edition = await edition_to_judge(connection, survey, amendment.edition, now)
        verdict = edition.judge.validate(amendment.answers, today=local_day(now, state.time_zone))
        if not verdict.accepted:
            raise INVALID_RESPONSE(invalid_params=list(map(answer_fault, verdict.flaws)))
        amended = msgspec.structs.replace(
            state.row, revision=revision + 1, edition=edition.number, answers=verdict.answers
        )
        await _replace(connection, actor, state, amended, sent, now)
    return _receipt(state, amended)


def _receipt(state: ResponseState, row: Row) -> Receipt:
    return Receipt(
        id=row.response,
        survey=state.survey,
        edition=row.edition,
        revision=row.revision,
        submitted_at=state.submitted_at,
    )


async def _replace(
    connection: Connection, actor: Actor, state: ResponseState, amended: Row, sent: bytes, now: dt.datetime
) -> None:
    key = row_key(state.part, amended.response, amended.revision)
    await queries.keep_revision(connection, state.part, amended.response)
    await queries.amend_response(
        connection, state.part, amended, row_key=key, revision_hash=sent, actor=actor.id, at=now
    )
    await _move(connection, actor, state, "sent", "amended", now)
    await queries.queue_changes(connection, [(state.part, state.row_key, None), (state.part, key, encode_row(amended))])


async def erase(actor: Actor, survey: Survey, response: UUID, *, now: dt.datetime) -> None:
    """Forget what was answered; an answer is then expected again where one was. Only those who run the survey may."""
    async with transaction() as connection:
        state = await _response_for(connection, actor, survey, response, amending=True)
        if not may(actor, "edit_survey", scope_of(survey)):
            raise FORBIDDEN()
        await _move(connection, actor, state, "expected", "erased", now)
        keys = [row_key(state.part, response, number) for number in range(1, state.row.revision + 1)]
        await queries.erase_response(connection, state.part, response, keys, now)
        await queries.queue_changes(connection, [(state.part, state.row_key, None)])


async def _move(
    connection: Connection, actor: Actor, state: ResponseState, to: str, reason: str, now: dt.datetime
) -> None:
    """Say in the ledger what became of the expected answer, if this is one and no test."""
    if state.assignment and state.row.channel != "test":
        await queries.move_assignments(
            connection, [(state.part, state.assignment)], to, at=[now], actors=[actor.id], reason=reason
        )


async def _require_open(
    connection: Connection, actor: Actor, survey: Survey, state: ResponseState, now: dt.datetime
) -> None:
    if may(actor, "edit_survey", scope_of(survey)):
        return
    found = []
    if state.assignment:
        found = await queries.assignments_for(connection, [state.part], [survey.id], ids=[state.assignment])
    if not is_open(survey, found[0] if found else None, now):
        raise NOT_OPEN()


async def _response_for(
    connection: Connection, actor: Actor, survey: Survey, response: UUID, *, amending: bool = False
) -> ResponseState:
    """The response if the actor may read it or (`amending`, then locked) change it; else it is not found."""
    state = await queries.find_response(connection, survey, response, lock=amending)
    if state is None:
        raise NOT_FOUND()
    # Who sent the answer of a unit is its author as long as they are of the unit.
    unbound = state.asked_agent is None and state.asked_unit is None
    own = actor.id == (state.actor if unbound else state.asked_agent)
    of_unit = state.asked_agent is None and state.asked_unit == actor.unit
    path = tuple(code for code in ("FR", state.row.region, state.row.department) if code)
    right = may(actor, "edit_survey" if amending else "read_responses", scope_of(survey, path))
    if not (own or of_unit or right):
        raise NOT_FOUND()
    if state.erased:
        raise RESPONSE_ERASED()
    return state


def _stored(state: ResponseState) -> StoredResponse:
    row = state.row
    return StoredResponse(
        id=row.response,
        survey=state.survey,
        edition=row.edition,
        assignment=state.assignment,
        channel=row.channel,
        unit=row.unit,
        territory=row.territory,
        region=row.region,
        department=row.department,
        submitted_at=state.submitted_at,
        revision=row.revision,
        revised_at=state.revised_at,
        answers=row.answers,
    )
