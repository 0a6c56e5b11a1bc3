"""How surveys stand: the ledger counted by place, its rows one by one, what happened to each of them."""

import datetime as dt
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias
from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from surveys.queries.ledger import EXPECTED
from surveys.survey import Survey

LedgerState: TypeAlias = Literal["expected", "opened", "draft", "sent", "returned", "accepted", "exempt"]

_COUNTS: Final = """
    count(*) AS expected,
    count(*) FILTER (WHERE assignment.state IN ('draft', 'returned')) AS started,
    count(*) FILTER (WHERE assignment.state IN ('sent', 'accepted')) AS answered
"""

_INSIDE: Final = """
    ('FR' = ANY({codes}::text[]) OR {table}.territory = ANY({codes}) OR {table}.region = ANY({codes})
     OR {table}.department = ANY({codes}))
"""
"""Whether a row lies in one of these territories; the nation holds all of them."""

_ASSIGNED: Final = """
    SELECT assignment.part, assignment.id, assignment.agent, agent.given_name, agent.family_name, agent.email,
           unit.code AS unit_code, unit.name AS unit_name, assignment.territory, territory.name AS territory_name,
           territory.time_zone, assignment.state, assignment.entered_at, assignment.state_at, assignment.due_at,
           coalesce(agent.family_name, '') AS second, coalesce(agent.given_name, '') AS third
    FROM assignment
    JOIN unit ON unit.id = assignment.unit JOIN territory ON territory.code = assignment.territory
    LEFT JOIN agent ON agent.id = assignment.agent
"""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How many answers a survey expects, how many were begun, how many came."""

    expected: int = 0
    started: int = 0
    answered: int = 0


class PlaceCount(Standing, frozen=True, kw_only=True):
    """How one service stands, and the région and the département that it lies in (null above them)."""

    region: str | None
    region_name: str | None
    department: str | None
    department_name: str | None
    unit: str
    unit_name: str


class AssignedAgent(msgspec.Struct, frozen=True, kw_only=True):
    """The person whose answer is expected."""

    given_name: str
    family_name: str
    email: str


class AssignedUnit(msgspec.Struct, frozen=True, kw_only=True):
    """The service whose answer is expected, or that the person works in."""

    code: str
    name: str


class AssignmentItem(msgspec.Struct, frozen=True, kw_only=True):
    """One expected answer as lists show it; `agent` is null where the service answers, `response` until it did."""

    id: UUID
    agent: AssignedAgent | None
    unit: AssignedUnit
    territory: str
    territory_name: str
    time_zone: str
    state: LedgerState
    entered_at: dt.datetime
    state_at: dt.datetime
    due_at: dt.datetime | None
    response: UUID | None
    sent_at: dt.datetime | None
    revision: int | None


class AssignmentEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to an expected answer; `actor` is null for the service itself and for the command line."""

    state: LedgerState
    at: dt.datetime
    actor: str | None
    reason: str | None


async def survey_standings(
    connection: Connection, surveys: Sequence[Survey], whole: Sequence[UUID], inside: Sequence[str]
) -> dict[UUID, Standing]:
    """How each of these surveys stands: those of `whole` everywhere, the others inside these territories."""
    rows = await connection.fetch(
        f"""
        SELECT assignment.survey, {_COUNTS}
        FROM assignment
        WHERE assignment.part = ANY($1::bigint[]) AND assignment.survey = ANY($2::uuid[]) AND {EXPECTED}
          AND (assignment.survey = ANY($3::uuid[]) OR {_INSIDE.format(codes="$4", table="assignment")})
        GROUP BY assignment.survey
        """,  # noqa: S608 - the text is ours
        [part for survey in surveys for part in survey.parts],
        [survey.id for survey in surveys],
        list(whole),
        list(inside),
    )
    return {
        row["survey"]: Standing(expected=row["expected"], started=row["started"], answered=row["answered"])
        for row in rows
    }


async def ledger_tree(connection: Connection, survey: Survey, inside: Sequence[str]) -> list[PlaceCount]:
    """How every service of the ledger stands that lies in one of these territories, whether it answered or not."""
    rows = await connection.fetch(
        f"""
        WITH ledger AS (
            SELECT assignment.region, assignment.department, assignment.unit, {_COUNTS}
            FROM assignment
            WHERE assignment.part = ANY($1::bigint[]) AND assignment.survey = $2 AND {EXPECTED}
              AND {_INSIDE.format(codes="$3", table="assignment")}
            GROUP BY 1, 2, 3
        )
        SELECT ledger.region, region.name AS region_name, ledger.department, department.name AS department_name,
               unit.code AS unit, unit.name AS unit_name, ledger.expected, ledger.started, ledger.answered
        FROM ledger JOIN unit ON unit.id = ledger.unit
        LEFT JOIN territory region ON region.code = ledger.region
        LEFT JOIN territory department ON department.code = ledger.department
        """,  # noqa: S608 - the text is ours
        survey.parts,
        survey.id,
        list(inside),
    )
    return [PlaceCount(**dict(row)) for row in rows]


async def arrivals(connection: Connection, survey: Survey, inside: Sequence[str]) -> list[tuple[dt.date, int]]:
    """How many of the answers that count as given came on each day, where each of them was given; days without any
    are left out.
    """
    rows = await connection.fetch(
        f"""
        SELECT response.day, count(*) AS answered
        FROM assignment
        JOIN response ON response.part = assignment.part AND response.assignment = assignment.id
        WHERE assignment.part = ANY($1::bigint[]) AND assignment.survey = $2 AND {EXPECTED}
          AND assignment.state IN ('sent', 'accepted') AND {_INSIDE.format(codes="$3", table="assignment")}
        GROUP BY response.day ORDER BY response.day
        """,  # noqa: S608 - the text is ours
        survey.parts,
        survey.id,
        list(inside),
    )
    return [(row["day"], row["answered"]) for row in rows]


async def list_assignments(
    connection: Connection,
    survey: Survey,
    *,
    inside: Sequence[str],
    territory: str | None = None,
    unit: str | None = None,
    states: Sequence[LedgerState] | None = None,
    after: tuple[str, str, str, UUID] | None,
    limit: int,
) -> list[AssignmentItem]:
    """The expected answers that lie in one of these territories and in this one, of this service, in these states, by
    service and name.

    `after` is (name of the service, family name, given name, id) of the last one of the page before.
    """
    rows = await connection.fetch(
        f"""
        SELECT listed.*, response.id AS response, response.submitted_at AS sent_at, response.revision
        FROM (
            SELECT * FROM ({_ASSIGNED}
                WHERE assignment.part = ANY($1::bigint[]) AND assignment.survey = $2
                  AND assignment.origin <> 'test' AND {_INSIDE.format(codes="$3", table="assignment")}
                  AND ($4::text[] IS NULL OR {_INSIDE.format(codes="$4", table="assignment")})
                  AND ($5::text[] IS NULL OR assignment.state = ANY($5))
                  AND ($6::text IS NULL OR unit.code = $6)) known
            WHERE $7::text IS NULL OR (unit_name, second, third, id) > ($7, $8::text, $9::text, $10::uuid)
            ORDER BY unit_name, second, third, id LIMIT $11
        ) listed
        LEFT JOIN response ON response.part = listed.part AND response.assignment = listed.id
        ORDER BY listed.unit_name, listed.second, listed.third, listed.id
        """,  # noqa: S608 - the text is ours
        survey.parts,
        survey.id,
        list(inside),
        [territory] if territory is not None else None,
        list(states) if states is not None else None,
        unit,
        *(after or (None, None, None, None)),
        limit,
    )
    return [_item(row) for row in rows]


async def find_assignment(
    connection: Connection, survey: Survey, assignment: UUID, inside: Sequence[str]
) -> tuple[AssignmentItem, list[AssignmentEvent]] | None:
    """An expected answer that lies in one of these territories, with what happened to it, oldest first."""
    row = await connection.fetchrow(
        f"""
        SELECT known.*, response.id AS response, response.submitted_at AS sent_at, response.revision
        FROM ({_ASSIGNED}
            WHERE assignment.part = ANY($1::bigint[]) AND assignment.survey = $2 AND assignment.id = $3
              AND {_INSIDE.format(codes="$4", table="assignment")}) known
        LEFT JOIN response ON response.part = known.part AND response.assignment = known.id
        """,  # noqa: S608 - the text is ours
        survey.parts,
        survey.id,
        assignment,
        list(inside),
    )
    if row is None:
        return None
    events = await connection.fetch(
        """
        SELECT event.state, event.at, agent.given_name || ' ' || agent.family_name AS actor, event.reason
        FROM assignment_event event LEFT JOIN agent ON agent.id = event.actor
        WHERE event.part = $1 AND event.assignment = $2 ORDER BY event.at, event.id
        """,
        row["part"],
        assignment,
    )
    return _item(row), [AssignmentEvent(**dict(event)) for event in events]


def _item(row: Record) -> AssignmentItem:
    agent = None
    if row["agent"] is not None:
        agent = AssignedAgent(given_name=row["given_name"], family_name=row["family_name"], email=row["email"])
    return AssignmentItem(
        id=row["id"],
        agent=agent,
        unit=AssignedUnit(code=row["unit_code"], name=row["unit_name"]),
        territory=row["territory"],
        territory_name=row["territory_name"],
        time_zone=row["time_zone"],
        state=row["state"],
        entered_at=row["entered_at"],
        state_at=row["state_at"],
        due_at=row["due_at"],
        response=row["response"],
        sent_at=row["sent_at"],
        revision=row["revision"],
    )
