"""What somebody is asked, over all surveys: what they or their unit still owe, what they sent, what closed on them."""

import datetime as dt
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from base.database import reading
from directory.actors import Actor
from surveys import queries
from surveys.editions import Edition, editions_by_number
from surveys.queries import OwedRow
from surveys.survey import State, Survey, SurveyDocument, document

RECENT: Final = dt.timedelta(days=90)
"""How long an answer that was never given is still listed."""

INSTANT: Final = dt.timedelta(microseconds=1)


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """One expected answer, of the actor or (`for_unit`) of their unit.

    `state` is the ledger's, `phase` the survey's for this deadline. `days_left` counts whole days where the answer is
    expected, to `last_day`: 0 is today, null no deadline. `minutes` is what answering takes, `response` and `sent_at`
    are there once it is sent.
    """

    survey: SurveyDocument
    owner_name: str
    assignment: UUID
    for_unit: bool
    state: str
    phase: State
    due_at: dt.datetime | None
    days_left: int | None
    last_day: dt.date | None
    minutes: int
    saved_at: dt.datetime | None
    response: UUID | None
    sent_at: dt.datetime | None


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """All that is asked of somebody: to answer now (least time first), later (first to open first), sent (newest
    first), and what closed lately without an answer (newest first).
    """

    expected: list[Expected]
    scheduled: list[Expected]
    sent: list[Expected]
    closed: list[Expected]


async def owed(actor: Actor, *, now: dt.datetime, sent: int = 20) -> Owed:
    """What is asked of the actor and of their unit, with the last `sent` answers given."""
    async with reading() as connection:
        rows = await queries.owed_by(connection, agent=actor.id, unit=actor.unit, ended_after=now - RECENT, sent=sent)
        surveys = await queries.surveys_by_id(connection, list({row.survey for row in rows}))
        found = []
        for row in rows:
            survey = surveys[row.survey]
            number = row.edition or survey.edition or 1
            edition = (await editions_by_number(connection, survey.id, [number]))[number]
            found.append(_expected(row, survey, edition, now))
    unanswered = [one for one in found if one.state not in ("sent", "accepted")]
    far = dt.datetime.max.replace(tzinfo=dt.UTC)
    return Owed(
        expected=sorted((one for one in unanswered if one.phase == "open"), key=_urgency),
        scheduled=sorted(
            (one for one in unanswered if one.phase == "scheduled"), key=lambda one: one.survey.opens_at or far
        ),
        sent=sorted(
            (one for one in found if one.state in ("sent", "accepted")),
            key=lambda one: one.sent_at or far,
            reverse=True,
        ),
        closed=sorted(
            (one for one in unanswered if one.phase == "closed"),
            key=lambda one: min(one.due_at or far, one.survey.closes_at or far),
            reverse=True,
        ),
    )


def _expected(row: OwedRow, survey: Survey, edition: Edition, now: dt.datetime) -> Expected:
    return Expected(
        survey=document(survey, now, editing=False),
        owner_name=row.owner_name,
        assignment=row.assignment,
        for_unit=row.for_unit,
        state=row.state,
        phase=survey.state_until(row.due_at, now),
        due_at=row.due_at,
        days_left=days_left(row.due_at, row.time_zone, now),
        last_day=last_day(row.due_at, row.time_zone),
        minutes=edition.minutes,
        saved_at=row.saved_at,
        response=row.response,
        sent_at=row.sent_at or (row.state_at if row.state in ("sent", "accepted") else None),
    )


def days_left(due_at: dt.datetime | None, time_zone: str, now: dt.datetime) -> int | None:
    """Whole days from today to the last one on which an answer is taken, as the calendar there has them; never less
    than none.
    """
    last = last_day(due_at, time_zone)
    return None if last is None else max((last - now.astimezone(ZoneInfo(time_zone)).date()).days, 0)


def last_day(due_at: dt.datetime | None, time_zone: str) -> dt.date | None:
    """The last day on which an answer is taken, as the calendar there has it."""
    return None if due_at is None else (due_at - INSTANT).astimezone(ZoneInfo(time_zone)).date()


def _urgency(one: Expected) -> tuple[bool, int, str, str]:
    # Those without a deadline come last.
    return one.days_left is None, one.days_left or 0, _title(one.survey), str(one.assignment)


def _title(survey: SurveyDocument) -> str:
    return next(iter(survey.title.values()), survey.slug).casefold()
