"""Drafts: what is typed for an expected answer and not sent yet, one for each, whoever of those asked opens it.

A draft is not judged: what does not fit its question is kept as it was typed, until it is sent (`sending.py`), which
deletes the draft. Its id is that of the response to come. It is derived from the expected answer, so that two pages
opened at once have the same before anything is stored and opening one writes nothing but the ledger's event; an erased
response never shares it with the one that follows, for how many were erased before goes into it.

Whoever saves says which version they saw. Changes of different questions are merged; two different answers to one
question are a conflict, and then nothing is stored, so that both can be shown.
"""

import datetime as dt
from collections.abc import Collection
from typing import Final
from uuid import UUID, uuid5

import msgspec
from asyncpg import Connection

from base.database import reading, transaction
from base.problems import NOT_FOUND, Problem
from directory.actors import Actor
from surveys import queries
from surveys.access import not_asked, survey_to_answer
from surveys.amending import response_to_read
from surveys.answering import is_open
from surveys.editions import Edition, edition_to_judge, editions_by_number
from surveys.merging import DraftChange, answerable, merge, require_room, wanted_by
from surveys.problems import (
    ALREADY_ANSWERED,
    DRAFT_ON_DEVICE,
    EDITION_CLOSED,
    EXEMPTED,
    NOT_ASKED,
    NOT_OPEN,
)
from surveys.queries import AnswerStanding, AssignmentRow, DraftRow
from surveys.submission import Answers, StoredResponse
from surveys.survey import Survey

NOT_BEGUN: Final = ("expected", "opened")
"""The states of the ledger from which the first save moves on; one that was sent back stays so."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A draft as those who fill it in see it. Version 0 is that of a draft of which nothing is saved yet.

    `answers` are those to questions that its edition asks, as they were typed.
    """

    id: UUID
    version: int
    edition: int
    answers: Answers
    saved_at: dt.datetime | None


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """What a save came to."""

    version: int
    saved_at: dt.datetime | None


class AnswerInHand(msgspec.Struct, frozen=True, kw_only=True):
    """An expected answer as somebody opens it who is to give it.

    `edition` is what they are asked: that of the response once it is sent (then there is no draft), else that of the
    draft while it still judges answers, else the current one. The drafts of an anonymous survey are not ours to know.
    """

    survey: Survey
    edition: Edition
    assignment: AssignmentRow
    draft: Draft | None
    response: StoredResponse | None
    open: bool


async def answer_in_hand(
    actor: Actor, reference: str, assignment: UUID | None = None, *, now: dt.datetime
) -> AnswerInHand:
    """What the actor is asked in the survey with this id or slug: their own answer if one is expected, else that of
    their unit; `assignment` says which where both are.

    Raises `surveys/not-asked` where they may see the survey, else `not-found`.
    """
    survey = await survey_to_answer(actor, reference)
    async with reading() as connection:
        theirs = await _asked(connection, actor, survey)
        found = next((row for row in theirs if assignment in (None, row.id)), None)
        standing = await _standing(connection, found) if found else None
    if found is None or standing is None:
        raise await not_asked(actor, survey, NOT_ASKED())
    return await _in_hand(actor, survey, found, standing, now)


async def draft_to_save(actor: Actor, reference: str, draft: UUID, *, now: dt.datetime) -> AnswerInHand:
    """The expected answer of the actor or of their unit whose draft has this id."""
    survey = await survey_to_answer(actor, reference)
    async with reading() as connection:
        theirs = await _asked(connection, actor, survey)
        standings = await queries.standings_of(connection, [row.part for row in theirs], [row.id for row in theirs])
    if not theirs:
        raise await not_asked(actor, survey, NOT_ASKED())
    for row in theirs:
        if _draft_id(standings[row.id]) == draft:
            return await _in_hand(actor, survey, row, standings[row.id], now)
    raise NOT_FOUND()


def draft_of(in_hand: AnswerInHand) -> Draft:
    """The draft of an expected answer; raises what says why there is none."""
    if in_hand.survey.anonymity == "anonymous":
        raise DRAFT_ON_DEVICE()
    if in_hand.draft is None:
        raise _answered(in_hand.response.id if in_hand.response else None)
    return in_hand.draft


async def open_assignment(actor: Actor, in_hand: AnswerInHand, *, now: dt.datetime) -> None:
    """Say in the ledger that an expected answer was opened: once, and not if it is closed or has come further."""
    if in_hand.assignment.state != "expected" or not in_hand.open or in_hand.survey.anonymity == "anonymous":
        return
    async with transaction() as connection:
        await queries.advance_assignment(
            connection,
            in_hand.assignment.part,
            in_hand.assignment.id,
            "opened",
            since=["expected"],
            at=now,
            actor=actor.id,
        )


async def save(
    actor: Actor, in_hand: AnswerInHand, change: DraftChange, *, now: dt.datetime, stale: Collection[str] = ()
) -> Draft:
    """Merge a change into the draft, all of it or nothing; what is returned is committed. `stale` are paths where the
    author of the change is known to have seen another value than this draft's, whatever version they name.

    The same change again changes nothing and succeeds. Raises `surveys/draft-conflict` where a question was changed
    since the version that the change was made on and holds another value than it brings, `surveys/already-answered`,
    `surveys/exempted`, `surveys/not-open`, and `invalid` where a path or value is none that a draft may hold.
    """
    mine = draft_of(in_hand)
    if in_hand.assignment.state == "exempt":
        raise EXEMPTED()
    if not in_hand.open:
        raise NOT_OPEN()
    wanted = wanted_by(in_hand.edition.questionnaire, change)
    assignment = in_hand.assignment
    async with transaction() as connection:
        # Those who save and those who send take turns at the expected answer: a draft never outlives its response.
        state = await queries.lock_assignment(connection, assignment.part, assignment.id)
        standing = await _standing(connection, assignment)
        if standing.response:
            raise _answered(standing.response)
        if state == "exempt":
            raise EXEMPTED()
        if _draft_id(standing) != mine.id:  # sent and erased since it was read
            raise NOT_FOUND()
        before = standing.draft or _blank(mine)
        after = merge(before, wanted, since=change.version, stale=stale)
        if after.touched == before.touched:
            return _shown(standing, in_hand.edition)
        after = msgspec.structs.replace(after, edition=max(before.edition, in_hand.edition.number), saved_at=now)
        require_room(after.answers)
        await queries.store_draft(connection, assignment, after, by=actor.id)
        if state in NOT_BEGUN:
            await queries.advance_assignment(
                connection, assignment.part, assignment.id, "draft", since=NOT_BEGUN, at=now, actor=actor.id
            )
    return _shown(msgspec.structs.replace(standing, draft=after), in_hand.edition)


async def _asked(connection: Connection, actor: Actor, survey: Survey) -> list[AssignmentRow]:
    """What is expected of the actor, then what is of their unit."""
    found = await queries.assignments_for(connection, survey.parts, [survey.id], agents=[actor.id], units=[actor.unit])
    return sorted(found, key=lambda row: row.agent is None)


async def _standing(connection: Connection, assignment: AssignmentRow) -> AnswerStanding:
    return (await queries.standings_of(connection, [assignment.part], [assignment.id]))[assignment.id]


async def _in_hand(
    actor: Actor, survey: Survey, assignment: AssignmentRow, standing: AnswerStanding, now: dt.datetime
) -> AnswerInHand:
    response = await response_to_read(actor, survey, standing.response) if standing.response else None
    async with reading() as connection:
        if response:
            edition = (await editions_by_number(connection, survey.id, [response.edition]))[response.edition]
        else:
            edition = await _edition(connection, survey, standing.draft, now)
    anonymous = survey.anonymity == "anonymous"
    return AnswerInHand(
        survey=survey,
        edition=edition,
        assignment=assignment,
        draft=None if response or anonymous else _shown(standing, edition),
        response=response,
        open=is_open(survey, assignment, now) and assignment.state != "exempt",
    )


async def _edition(connection: Connection, survey: Survey, draft: DraftRow | None, now: dt.datetime) -> Edition:
    if draft:
        try:
            return await edition_to_judge(connection, survey, draft.edition, now)
        except Problem as closed:
            if closed.kind is not EDITION_CLOSED:
                raise
    return await edition_to_judge(connection, survey, None, now)


def _draft_id(standing: AnswerStanding) -> UUID:
    """The id of the draft of an expected answer, stored or not."""
    return standing.draft.id if standing.draft else uuid5(standing.assignment, f"draft {standing.erased}")


def _shown(standing: AnswerStanding, edition: Edition) -> Draft:
    """The draft for those who fill in this edition; an answer to what it does not ask waits unseen."""
    stored = standing.draft
    asked = answerable(edition.questionnaire)
    return Draft(
        id=_draft_id(standing),
        version=stored.version if stored else 0,
        edition=edition.number,
        answers={name: value for name, value in stored.answers.items() if name in asked} if stored else {},
        saved_at=stored.saved_at if stored else None,
    )


def _blank(draft: Draft) -> DraftRow:
    return DraftRow(
        id=draft.id,
        edition=draft.edition,
        version=0,
        answers={},
        touched={},
        saved_at=dt.datetime.min.replace(tzinfo=dt.UTC),
    )


def _answered(response: UUID | None) -> Problem:
    return ALREADY_ANSWERED(id=response, members={"id": str(response)})
