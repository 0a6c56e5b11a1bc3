"""Answering: from what was sent to what is stored, counted in the ledger and queued for the figures.

`accept` is the one verb through which every answer comes in: sent one by one (`sending.py`), in bulk, imported,
generated. It is set-based: its statements do not grow with the number of submissions. Next: `analytics/folding.py`.
"""

import datetime as dt
import secrets
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from asyncpg import Connection

from base.coalescing import Coalescer
from base.database import transaction
from base.ids import part_of, row_key
from base.language import N_
from base.problems import Problem
from surveys import queries
from surveys.editions import Edition, edition_to_judge
from surveys.problems import (
    ALREADY_ANSWERED,
    EXEMPTED,
    INVALID_RESPONSE,
    NOT_ASKED,
    NOT_OPEN,
    RESPONSE_CONFLICT,
    RESPONSE_ERASED,
    UNKNOWN_ASSIGNMENT,
)
from surveys.queries import AssignmentRow, Locality, NewResponse, ResponseKey
from surveys.rows import Row, encode_row
from surveys.submission import Outcome, Receipt, Refused, Stored, Submission, content_hash
from surveys.survey import PARIS, Survey
from surveys.wording import answer_fault, invalid

RECORD_KEYS: Final = 2**32
"""Each response keeps 32 random secret bits, which disclosure control draws its noise from."""


class DraftMovedOn(Exception):  # noqa: N818 - it is no error of the program
    """The draft that was sent was saved again meanwhile. Nothing of its batch is stored; the others are tried anew."""


class _Claim(NamedTuple):
    """A submission with what it is an answer to; a problem where it is an answer to nothing."""

    submission: Submission
    part: int
    assignment: AssignmentRow | None
    content: bytes
    problem: Problem | None


async def submit(submission: Submission) -> Outcome:
    """Accept one submission; the outcome is returned after the commit, which it may share with others of its moment."""
    return await _writer(submission)


async def _accept_batch(submissions: Sequence[Submission]) -> list[Outcome]:
    async with transaction() as connection:
        return await accept(connection, submissions)


_writer: Final = Coalescer(_accept_batch, at_once=2, alone=lambda error: not isinstance(error, Problem))
"""The one queue of submissions of a process. Two batches side by side: one computes while the other commits."""


async def accept(connection: Connection, submissions: Sequence[Submission]) -> list[Outcome]:
    """Store these, each once, and say what became of each, in order. Hand out no receipt before the commit.

    The id is looked up before anything else is judged: the same id with the same content gives its first receipt, also
    after the survey closed. One that is refused changes nothing and keeps nobody else from being stored.
    """
    # Each was read before it waited for its turn: meanwhile its survey may have been closed or published again.
    surveys = await queries.surveys_by_id(connection, list({one.survey.id for one in submissions}))
    submissions = [msgspec.structs.replace(one, survey=surveys[one.survey.id]) for one in submissions]
    contents, outcomes = _contents(submissions)
    waiting = [index for index in range(len(submissions)) if index not in outcomes]
    refusals: dict[tuple[object, ...], Outcome] = {}
    taken: set[tuple[int, UUID]] = set()
    while waiting:
        # The same id or the same expected answer twice in a batch: the second one is judged after the first. Once that
        # is stored, all others are judged at once, for none of them is inserted.
        claims = await _claim(connection, [(submissions[index], contents[index]) for index in waiting])
        seen: set[tuple[int, UUID]] = set()
        batch: list[tuple[int, _Claim]] = []
        later: list[int] = []
        for index, claim in zip(waiting, claims, strict=True):
            keys = _keys(claim)
            if keys & seen and not keys & taken:
                later.append(index)
            else:
                seen |= keys
                batch.append((index, claim))
        outcomes |= await _store(connection, batch)
        for index, claim in batch:
            outcome = outcomes[index]
            if isinstance(outcome, Stored):
                taken |= _keys(claim)
            else:
                refusals[_sameness(claim.submission, claim.content)] = outcome
                if outcome.problem.kind in (RESPONSE_CONFLICT, RESPONSE_ERASED):
                    taken.add((claim.part, claim.submission.sent.id))
                elif outcome.problem.kind is ALREADY_ANSWERED and claim.assignment:
                    taken.add((claim.part, claim.assignment.id))
        waiting = []
        for index in later:
            same = refusals.get(_sameness(submissions[index], contents[index]))
            if same:
                outcomes[index] = same
            else:
                waiting.append(index)
    return [outcomes[index] for index in range(len(submissions))]


def _contents(submissions: Sequence[Submission]) -> tuple[dict[int, bytes], dict[int, Outcome]]:
    """The hash of each, once; those that are nested too deep for one are refused."""
    contents: dict[int, bytes] = {}
    outcomes: dict[int, Outcome] = {}
    for index, one in enumerate(submissions):
        try:
            contents[index] = content_hash(one.sent)
        except RecursionError:
            fault = invalid("/answers", "type", N_("The JSON is nested too deep."))
            outcomes[index] = Refused(problem=INVALID_RESPONSE(invalid_params=[fault]))
    return contents, outcomes


def _keys(claim: _Claim) -> set[tuple[int, UUID]]:
    keys = {(claim.part, claim.submission.sent.id)}
    return keys | {(claim.part, claim.assignment.id)} if claim.assignment else keys


def _sameness(one: Submission, content: bytes) -> tuple[object, ...]:
    """What two submissions have in common that are refused for the same reason."""
    sender = one.actor.id if one.actor else None
    return one.survey.id, one.sent.id, content, one.sent.edition, sender, one.right, one.at


async def _claim(connection: Connection, sent_with_hash: Sequence[tuple[Submission, bytes]]) -> list[_Claim]:
    """Find the expected answer that each submission is meant for."""
    submissions = [one for one, _ in sent_with_hash]
    own = [one for one in submissions if _is_own(one)]
    named = [one.sent.assignment for one in submissions if one.sent.assignment]
    found: list[AssignmentRow] = []
    if own or named:
        surveys = {one.survey.id: one.survey for one in submissions}
        found = await queries.assignments_for(
            connection,
            [part for survey in surveys.values() for part in survey.parts],
            list(surveys),
            agents=[one.actor.id for one in own if one.actor],
            units=[one.actor.unit for one in own if one.actor],
            ids=named,
        )
    by_id = {(row.survey, row.id): row for row in found}
    by_agent = {(row.survey, row.agent): row for row in found if row.agent}
    by_unit = {(row.survey, row.unit): row for row in found if row.agent is None}

    claims = []
    for one, content in sent_with_hash:
        sent = one.sent
        assignment: AssignmentRow | None = None
        if sent.assignment:
            assignment = by_id.get((one.survey.id, sent.assignment))
        elif _is_own(one) and one.actor:
            assignment = by_agent.get((one.survey.id, one.actor.id)) or by_unit.get((one.survey.id, one.actor.unit))
        problem = _not_asked(one, assignment)
        if problem:
            assignment = None
        key = assignment.id if assignment else sent.id
        claims.append(_Claim(one, part_of(one.survey.number, one.survey.spread, key), assignment, content, problem))
    return claims


def _not_asked(one: Submission, assignment: AssignmentRow | None) -> Problem | None:
    sent = one.sent
    if one.right == "link":
        return None if sent.assignment is None else NOT_ASKED()
    if assignment and (one.right == "others" or _is_of(assignment, one)):
        return None
    if sent.assignment and one.right == "others":
        return UNKNOWN_ASSIGNMENT(assignment=sent.assignment)
    for_territory = one.right == "others" and (sent.territory is not None or one.actor is None)
    return None if for_territory else NOT_ASKED()


def _is_own(one: Submission) -> bool:
    return one.right != "link" and one.sent.assignment is None and one.sent.territory is None


def _is_of(assignment: AssignmentRow, one: Submission) -> bool:
    if one.actor is None:
        return False
    return assignment.agent == one.actor.id or (assignment.agent is None and assignment.unit == one.actor.unit)


async def _store(connection: Connection, batch: list[tuple[int, _Claim]]) -> dict[int, Outcome]:
    """Judge and store claims whose keys differ."""
    # Who is not asked learns nothing of which ids there are.
    outcomes: dict[int, Outcome] = {
        index: Refused(problem=claim.problem) for index, claim in batch if claim.problem is not None
    }
    outcomes |= await _known(connection, [(index, claim) for index, claim in batch if index not in outcomes])
    fresh: list[tuple[int, _Claim]] = []
    for index, claim in batch:
        if index in outcomes:
            continue
        problem = _not_open(claim)
        if problem:
            outcomes[index] = Refused(problem=problem)
        else:
            fresh.append((index, claim))

    places = await _places(connection, fresh)
    new: list[tuple[int, _Claim, NewResponse]] = []
    for index, claim in fresh:
        try:
            edition = await edition_to_judge(
                connection, claim.submission.survey, claim.submission.sent.edition, claim.submission.at
            )
            new.append((index, claim, _judged(claim, edition, places)))
        except Problem as problem:
            outcomes[index] = Refused(problem=problem)
    if not new:
        return outcomes

    stored = await queries.insert_responses(connection, [response for _, _, response in new])
    won = [(index, claim, response) for index, claim, response in new if (response.part, response.id) in stored]
    lost = [(index, claim) for index, claim, response in new if (response.part, response.id) not in stored]
    if lost:
        outcomes |= await _known(connection, lost)
    await _record(connection, [(claim, response) for _, claim, response in won])
    for index, claim, response in won:
        outcomes[index] = Stored(
            receipt=Receipt(
                id=response.id,
                survey=claim.submission.survey.id,
                edition=response.row.edition,
                revision=1,
                submitted_at=response.submitted_at,
            )
        )
    return outcomes


async def _known(connection: Connection, batch: Iterable[tuple[int, _Claim]]) -> dict[int, Outcome]:
    """What can be said from the responses stored before: replays, conflicts, erased ids, answers there already."""
    claims = list(batch)
    if not claims:
        return {}
    keys = await queries.response_keys(
        connection,
        sorted({claim.part for _, claim in claims}),
        [claim.submission.sent.id for _, claim in claims],
        [claim.assignment.id for _, claim in claims if claim.assignment],
    )
    by_id = {(key.part, key.id): key for key in keys}
    by_assignment = {(key.part, key.assignment): key for key in keys if key.assignment}
    outcomes: dict[int, Outcome] = {}
    for index, claim in claims:
        same = by_id.get((claim.part, claim.submission.sent.id))
        other = by_assignment.get((claim.part, claim.assignment.id)) if claim.assignment else None
        if same:
            outcomes[index] = _again(claim, same)
        elif other:
            outcomes[index] = Refused(problem=ALREADY_ANSWERED(id=other.id, members={"id": str(other.id)}))
    return outcomes


def _again(claim: _Claim, key: ResponseKey) -> Outcome:
    if key.erased:
        return Refused(problem=RESPONSE_ERASED())
    mine = key.assignment == (claim.assignment.id if claim.assignment else None)
    if not mine or key.content_hash != claim.content:
        return Refused(problem=RESPONSE_CONFLICT())
    receipt = Receipt(
        id=key.id,
        survey=claim.submission.survey.id,
        edition=key.first_edition,
        revision=1,
        submitted_at=key.submitted_at,
    )
    return Stored(receipt=receipt, replayed=True)


def _not_open(claim: _Claim) -> Problem | None:
    assignment, submission = claim.assignment, claim.submission
    if assignment and assignment.state == "exempt":
        return EXEMPTED()
    return None if is_open(submission.survey, assignment, submission.at) else NOT_OPEN()


def is_open(survey: Survey, assignment: AssignmentRow | None, now: dt.datetime) -> bool:
    """Whether an answer may come in: for an expected one its own deadline counts, else the survey's."""
    return survey.state_until(assignment.due_at if assignment else survey.closes_at, now) == "open"


def local_day(moment: dt.datetime, zone: str | None) -> dt.date:
    """The day that it is in a time zone at this moment; in Paris where there is none."""
    return moment.astimezone(ZoneInfo(zone) if zone else PARIS).date()


async def _places(connection: Connection, fresh: list[tuple[int, _Claim]]) -> dict[str, Locality]:
    codes = {code for _, claim in fresh if (code := claim.submission.sent.territory) is not None}
    return await queries.localities(connection, sorted(codes)) if codes else {}


def _judged(claim: _Claim, edition: Edition, places: dict[str, Locality]) -> NewResponse:
    """The response to store; raises `surveys/invalid-response` with every fault."""
    submission, assignment = claim.submission, claim.assignment
    sent = submission.sent
    place = places.get(sent.territory) if sent.territory is not None else None
    faults = []
    if sent.territory is not None and place is None:
        faults.append(invalid("/territory", "territory", N_("There is no territory of this code.")))
    where = assignment or place
    day = local_day(submission.at, where.time_zone if where else None)
    verdict = edition.judge.validate(sent.answers, today=day)
    faults += map(answer_fault, verdict.flaws)
    if faults:
        raise INVALID_RESPONSE(invalid_params=faults)

    row = Row(
        response=sent.id,
        revision=1,
        edition=edition.number,
        channel=submission.channel,
        assigned=assignment is not None,
        territory=assignment.territory if assignment else sent.territory,
        region=where.region if where else None,
        department=where.department if where else None,
        unit=assignment.unit_code if assignment else None,
        unit_kind=assignment.unit_kind if assignment else None,
        communities=assignment.communities if assignment else [],
        day=day,
        stratum=assignment.stratum if assignment else None,
        base_weight=assignment.base_weight if assignment else 1.0,
        record_key=secrets.randbelow(RECORD_KEYS),
        answers=verdict.answers,
    )
    return NewResponse(
        part=claim.part,
        id=sent.id,
        survey=submission.survey.id,
        assignment=assignment.id if assignment else None,
        actor=submission.actor.id if submission.actor else None,
        unit=assignment.unit if assignment else None,
        submitted_at=submission.at,
        answers=msgspec.json.encode(verdict.answers).decode(),
        content_hash=claim.content,
        row_key=row_key(claim.part, sent.id, 1),
        row=row,
    )


async def _record(connection: Connection, won: list[tuple[_Claim, NewResponse]]) -> None:
    """Write what follows from stored responses: the ledger's events, the end of their drafts, and the queue."""
    moved = [response for _, response in won if response.assignment and response.row.channel != "test"]
    if moved:
        await queries.move_assignments(
            connection,
            [(response.part, response.assignment) for response in moved if response.assignment],
            "sent",
            at=[response.submitted_at for response in moved],
            actors=[response.actor for response in moved],
        )
    expected = [(response.part, response.assignment) for _, response in won if response.assignment]
    if expected:
        # Behind the ledger's move, which waits for whoever is saving: what they saved is seen here.
        versions = await queries.forget_drafts(connection, expected)
        for claim, response in won:
            sent = claim.submission.draft
            if sent is not None and response.assignment and versions.get(response.assignment, 0) != sent:
                raise DraftMovedOn
    if won:
        await queries.queue_changes(
            connection, [(response.part, response.row_key, encode_row(response.row)) for _, response in won]
        )
