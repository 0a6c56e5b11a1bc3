"""A survey's state follows from its dates, and is the same wherever it is asked for."""

import datetime as dt
import itertools
import uuid

import msgspec
import pytest

from base.database import reading
from surveys import queries
from surveys.answering import is_open
from surveys.queries import AssignmentRow
from surveys.survey import Survey

pytestmark = pytest.mark.anyio

NOW = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
MOMENT = dt.timedelta(microseconds=1)
NEAR = (None, NOW - MOMENT, NOW, NOW + MOMENT)

SURVEY = Survey(
    id=uuid.UUID(int=1),
    number=1,
    slug="essai",
    kind="survey",
    title={"fr": "Essai"},
    owner="DGALN",
    anonymity="named",
    answering="agent",
    audience=None,
    spread=1,
    edition=1,
    opens_at=None,
    closes_at=None,
    closes_on=None,
    closed_at=None,
    link=None,
    created_at=NOW,
)

DATED = [
    {"edition": edition, "opens_at": opens_at, "closes_at": closes_at, "closed_at": closed_at}
    for edition, opens_at, closes_at, closed_at in itertools.product(
        (None, 1), NEAR, (*NEAR, NOW + 2 * MOMENT), (None, NOW)
    )
    if not (opens_at and closes_at) or closes_at > opens_at
]
"""Every order of opening, closing and now; a survey closes after it opens."""


@pytest.mark.parametrize(
    ("dates", "state"),
    [
        ({"edition": None}, "draft"),
        ({"edition": None, "opens_at": NOW}, "draft"),
        ({}, "open"),
        ({"opens_at": NOW + MOMENT}, "scheduled"),
        ({"opens_at": NOW}, "open"),
        ({"closes_at": NOW + MOMENT}, "open"),
        ({"closes_at": NOW}, "closed"),
        ({"closed_at": NOW}, "closed"),
        ({"opens_at": NOW + MOMENT, "closed_at": NOW}, "closed"),
    ],
)
def test_to_the_moment(dates, state) -> None:
    """It is open from the moment it opens until, and without, the moment it closes."""
    assert msgspec.structs.replace(SURVEY, **dates).state(NOW) == state


def test_answers_come_in_while_it_is_open() -> None:
    """Without an expected answer what counts is the survey's own end, with one its deadline alone."""
    for dates, due_at in itertools.product(DATED, NEAR):
        survey = msgspec.structs.replace(SURVEY, **dates)
        assert is_open(survey, None, NOW) == (survey.state(NOW) == "open")
        own = msgspec.structs.replace(survey, closes_at=due_at)
        assert is_open(survey, expected(due_at), NOW) == (own.state(NOW) == "open"), (dates, due_at)


def expected(due_at: dt.datetime | None) -> AssignmentRow:
    """An expected answer with this deadline."""
    return AssignmentRow(
        part=1024,
        id=uuid.UUID(int=2),
        survey=SURVEY.id,
        agent=uuid.UUID(int=3),
        unit=uuid.UUID(int=4),
        unit_code="DDTM-29",
        unit_kind="ddtm",
        territory="D-29",
        region="R-53",
        department="D-29",
        communities=[],
        stratum=None,
        base_weight=1,
        state="expected",
        due_at=due_at,
        time_zone="Europe/Paris",
    )


async def test_lists_say_the_same(directory, sql) -> None:
    """The condition of lists is the twin of the survey's own rule, for every order of the dates."""
    await sql.executemany(
        """
        INSERT INTO survey (id, slug, kind, title, owner, anonymity, answering, questionnaire, spread, created_at,
                            edition, opens_at, closes_at, closed_at)
        SELECT gen_random_uuid(), $1, 'survey', '{"fr": "Essai"}', id, 'named', 'agent', '', 1, $2, $3, $4, $5, $6
        FROM unit WHERE code = 'DGALN'
        """,
        [(f"essai-{number}", NOW, *dates.values()) for number, dates in enumerate(DATED)],
    )
    listed = {state: await list_of(state) for state in (None, "draft", "scheduled", "open", "closed")}
    assert len(listed[None]) == len(DATED)
    for state, surveys in listed.items():
        assert state is None or len(surveys) > 1
        assert [one.slug for one in surveys] == [one.slug for one in listed[None] if state in (None, one.state(NOW))]


async def list_of(state: str | None) -> list[Survey]:
    """What an administrator is shown of this state."""
    async with reading() as connection:
        return await queries.list_surveys(
            connection,
            agent=uuid.UUID(int=0),
            unit=uuid.UUID(int=0),
            editing=None,
            following=None,
            animating=(),
            kind=None,
            state=state,
            text=None,
            now=NOW,
            after=None,
            limit=1_000,
        )
