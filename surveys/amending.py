"""What happens to a response after it was sent: read again, amended, erased. Every state but the erased one is kept."""

import datetime as dt
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from asyncpg import Connection, Record

from base.database import reading, transaction
from base.ids import row_key
from base.language import N_
from base.paging import Page, cursor_after, instant, key_of
from base.problems import FORBIDDEN, INVALID, NOT_FOUND
from directory.access import may, reach
from directory.actors import Actor
from surveys import queries
from surveys.access import scope_of
from surveys.answering import PARIS, is_open
from surveys.editions import edition_to_judge, editions_by_number
from surveys.problems import INVALID_RESPONSE, NOT_OPEN, RESPONSE_ERASED, REVISION_CONFLICT
from surveys.rows import Row, encode_row
from surveys.submission import Answers, Receipt, Revision, StoredResponse
from surveys.survey import Survey
from surveys.wording import answer_fault, invalid

_answers: Final = msgspec.json.Decoder(dict[str, Any])


class Amendment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New answers for a response; `edition` says which one they were given under (default: the current one).

    `id` may be there, so that what was sent first can be sent again with other answers; it is the response's own.
    """

    answers: Answers
    id: UUID | None = None
    edition: int | None = None


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
        rows = await queries.list_responses(
            connection, survey, inside=inside, after=key_of(cursor, instant, UUID), limit=limit + 1
        )
    items = [_stored(row) for row in rows[:limit]]
    more = len(rows) > limit
    return Page(
        items=items,
        next_cursor=cursor_after(items[-1].submitted_at.isoformat(), str(items[-1].id)) if more else None,
    )


async def revisions_to_read(actor: Actor, survey: Survey, response: UUID) -> list[Revision]:
    """All states of a response, oldest first, the present one last."""
    async with reading() as connection:
        row = await _response_for(connection, actor, survey, response)
        before = await queries.revisions_of(connection, row["part"], response)
    return [
        Revision(
            revision=state["revision"],
            edition=state["edition"],
            revised_at=state["revised_at"],
            answers=_answers.decode(state["answers"]),
        )
        for state in [*before, row]
    ]


async def amend(
    actor: Actor, survey: Survey, response: UUID, amendment: Amendment, *, revision: int, now: dt.datetime
) -> Receipt:
    """Put new answers in place of those of `revision`; a repeated request gives the same receipt."""
    if amendment.id not in (None, response):
        raise INVALID(invalid_params=[invalid("/id", "choice", N_("This is not the id of the response."))])
    async with transaction() as connection:
        row = await _response_for(connection, actor, survey, response, amending=True)
        place = (
            (await queries.places(connection, [row["territory"]])).get(row["territory"]) if row["territory"] else None
        )
        day = now.astimezone(ZoneInfo(place["time_zone"] if place else PARIS)).date()
        if row["revision"] == revision + 1:
            # Perhaps the same request once more: what it was judged by then says so, whatever was published since.
            edition = (await editions_by_number(connection, survey.id, [row["edition"]]))[row["edition"]]
            if edition.judge.validate(amendment.answers, today=day).answers == _answers.decode(row["answers"]):
                return _receipt(survey, row, edition.number, row["revision"])
        if row["revision"] != revision:
            raise REVISION_CONFLICT(revision=row["revision"], members={"revision": row["revision"]})
        await _require_open(connection, actor, survey, row, now)
        edition = await edition_to_judge(connection, survey, amendment.edition, now)
        verdict = edition.judge.validate(amendment.answers, today=day)
        if not verdict.accepted:
            raise INVALID_RESPONSE(invalid_params=list(map(answer_fault, verdict.flaws)))
        await _replace(connection, actor, row, verdict.answers, edition.number, now)
    return _receipt(survey, row, edition.number, revision + 1)


def _receipt(survey: Survey, row: Record, edition: int, revision: int) -> Receipt:
    return Receipt(id=row["id"], survey=survey.id, edition=edition, revision=revision, submitted_at=row["submitted_at"])


async def _replace(
    connection: Connection, actor: Actor, row: Record, answers: Answers, edition: int, now: dt.datetime
) -> None:
    number = row["revision"] + 1
    key = row_key(row["id"], number)
    await queries.keep_revision(connection, row["part"], row["id"])
    await queries.amend_response(
        connection,
        row["part"],
        row["id"],
        revision=number,
        edition=edition,
        answers=msgspec.json.encode(answers).decode(),
        key=key,
        actor=actor.id,
        at=now,
    )
    if row["assignment"] and row["channel"] != "test":
        await queries.move_assignments(
            connection, [(row["part"], row["assignment"])], "sent", at=[now], actors=[actor.id], reason="amended"
        )
    amended = Row(
        response=row["id"],
        revision=number,
        edition=edition,
        channel=row["channel"],
        territory=row["territory"],
        region=row["region"],
        department=row["department"],
        unit=row["unit"],
        unit_kind=row["unit_kind"],
        communities=row["communities"],
        day=row["day"],
        stratum=row["stratum"],
        base_weight=row["base_weight"],
        record_key=row["record_key"],
        answers=answers,
    )
    await queries.queue_changes(
        connection, [(row["part"], row["row_key"], None), (row["part"], key, encode_row(amended))]
    )


async def erase(actor: Actor, survey: Survey, response: UUID, *, now: dt.datetime) -> None:
    """Forget what was answered; an answer is then expected again where one was. Only those who run the survey may."""
    async with transaction() as connection:
        row = await _response_for(connection, actor, survey, response, amending=True)
        if not may(actor, "edit_survey", scope_of(survey)):
            raise FORBIDDEN()
        if row["assignment"]:
            await queries.move_assignments(
                connection, [(row["part"], row["assignment"])], "expected", at=[now], actors=[actor.id], reason="erased"
            )
        keys = [row_key(response, number) for number in range(1, row["revision"] + 1)]
        await queries.erase_response(connection, row["part"], response, keys, now)
        await queries.queue_changes(connection, [(row["part"], row["row_key"], None)])


async def _require_open(connection: Connection, actor: Actor, survey: Survey, row: Record, now: dt.datetime) -> None:
    if may(actor, "edit_survey", scope_of(survey)):
        return
    found = []
    if row["assignment"]:
        found = await queries.assignments_for(connection, [row["part"]], [survey.id], ids=[row["assignment"]])
    if not is_open(survey, found[0] if found else None, now):
        raise NOT_OPEN()


async def _response_for(
    connection: Connection, actor: Actor, survey: Survey, response: UUID, *, amending: bool = False
) -> Record:
    """The response if the actor may read it or (`amending`, then locked) change it; else it is not found."""
    row = await queries.find_response(connection, survey, response, lock=amending)
    if row is None:
        raise NOT_FOUND()
    own = row["actor"] == actor.id or row["asked_agent"] == actor.id
    of_unit = row["asked_agent"] is None and row["asked_unit"] is not None and row["asked_unit"] == actor.unit
    path = tuple(code for code in ("FR", row["region"], row["department"]) if code)
    right = may(actor, "edit_survey" if amending else "read_responses", scope_of(survey, path))
    if not (own or of_unit or right):
        raise NOT_FOUND()
    if row["erased_at"]:
        raise RESPONSE_ERASED()
    return row


def _stored(row: Record) -> StoredResponse:
    return StoredResponse(
        id=row["id"],
        survey=row["survey"],
        edition=row["edition"],
        assignment=row["assignment"],
        channel=row["channel"],
        unit=row["unit"],
        territory=row["territory"],
        region=row["region"],
        department=row["department"],
        submitted_at=row["submitted_at"],
        revision=row["revision"],
        revised_at=row["revised_at"],
        answers=_answers.decode(row["answers"]),
    )
