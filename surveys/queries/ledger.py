"""The ledger: expected answers, their events, and how many there are."""

import datetime as dt
from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
from asyncpg import Connection

from base.ids import uuid7
from surveys.survey import Survey


class LedgerCount(msgspec.Struct, frozen=True, kw_only=True):
    """How a group of the ledger stands; `total` marks the one row that counts the whole ledger, each assignment once.

    A null `key` is the group of those that lack this dimension; `names` is what the directory calls the key.
    """

    total: bool
    key: str | None
    names: dict[str, str]
    expected: int
    started: int
    answered: int


class _Dimension(NamedTuple):
    """The pieces of `ledger_counts` that differ: what the ledger is grouped by, and how groups find key and names."""

    group: str
    groups: str
    key: str
    names: str
    joins: str = ""


_TERRITORY: Final = "ledger LEFT JOIN territory ON territory.code = ledger.dimension"


_TERRITORY_NAME: Final = "jsonb_build_object('fr', territory.name)"


_DIMENSIONS: Final = {
    "region": _Dimension("assignment.region", _TERRITORY, "ledger.dimension", _TERRITORY_NAME),
    "department": _Dimension("assignment.department", _TERRITORY, "ledger.dimension", _TERRITORY_NAME),
    "unit": _Dimension(
        "assignment.unit",
        "ledger JOIN unit ON unit.id = ledger.dimension",
        "unit.code",
        "jsonb_build_object('fr', unit.name)",
    ),
    "community": _Dimension(
        "assignment.communities",
        "ledger LEFT JOIN LATERAL unnest(ledger.dimension) AS slugs (slug) ON true"
        " LEFT JOIN community ON community.slug = slugs.slug",
        "slugs.slug",
        "community.name",
    ),
    # An anonymous answer leaves no response that is tied to its assignment, only the moment it was sent.
    "day": _Dimension(
        "CASE WHEN assignment.state IN ('sent', 'accepted') THEN"
        " coalesce(response.day, (assignment.state_at AT TIME ZONE territory.time_zone)::date) END",
        "ledger",
        "ledger.dimension::text",
        "'{}'::jsonb",
        "JOIN territory ON territory.code = assignment.territory"
        " LEFT JOIN response ON response.part = assignment.part AND response.assignment = assignment.id",
    ),
}


EXPECTED: Final = """
        assignment.disposition IN ('in_scope', 'unreachable')
        AND assignment.state <> 'exempt' AND assignment.origin <> 'test'
"""
"""Which answers count as expected: those in scope and those that could not be reached, no exempt ones, no tests."""


_LEDGER_COUNTS: Final = f"""
WITH ledger AS (
    SELECT {{group}} AS dimension, count(*) AS expected,
        count(*) FILTER (WHERE assignment.state IN ('draft', 'returned')) AS started,
        count(*) FILTER (WHERE assignment.state IN ('sent', 'accepted')) AS answered
    FROM assignment {{joins}}
    WHERE assignment.part = ANY($1::bigint[]) AND {EXPECTED}
    GROUP BY 1
)
SELECT true AS total, NULL AS key, NULL AS names,
    coalesce(sum(expected), 0)::bigint AS expected,
    coalesce(sum(started), 0)::bigint AS started,
    coalesce(sum(answered), 0)::bigint AS answered
FROM ledger
UNION ALL
SELECT false, {{key}}, {{names}}, sum(expected)::bigint, sum(started)::bigint, sum(answered)::bigint
FROM {{groups}}
GROUP BY 2, 3
"""  # noqa: S608 - the text is ours


async def ledger_counts(connection: Connection, parts: list[int], by: str) -> list[LedgerCount]:
    """How the ledger of these parts stands, in all and by region, department, unit, community or day of answering.

    Communities overlap: an assignment counts in each of its own. By day, what is not answered yet stands under a null
    key.
    """
    rows = await connection.fetch(_LEDGER_COUNTS.format_map(_DIMENSIONS[by]._asdict()), parts)
    return [
        LedgerCount(
            total=row["total"],
            key=row["key"],
            names={
                language: name
                for language, name in msgspec.json.decode(row["names"] or "{}", type=dict[str, str | None]).items()
                if name
            },
            expected=row["expected"],
            started=row["started"],
            answered=row["answered"],
        )
        for row in rows
    ]


class ExpectedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """How many answers are expected from one kind of place; what the question did not tell apart is null or empty."""

    region: str | None
    department: str | None
    unit_kind: str | None
    communities: list[str]
    expected: int


async def expected_by_place(
    connection: Connection, parts: Sequence[int], *, unit_kind: bool, communities: bool
) -> list[ExpectedGroup]:
    """The expected answers of these parts, counted as `ledger_counts` does, by région and département; also by kind of
    service and by set of communities where that is wanted: so there are as many groups as people, almost.
    """
    rows = await connection.fetch(
        f"""
        SELECT region, department, CASE WHEN $2 THEN unit_kind END AS unit_kind,
            CASE WHEN $3 THEN communities ELSE '{{}}' END AS communities, count(*) AS expected
        FROM assignment
        WHERE part = ANY($1::bigint[]) AND {EXPECTED}
        GROUP BY 1, 2, 3, 4
        """,  # noqa: S608 - the text is ours
        list(parts),
        unit_kind,
        communities,
    )
    return [ExpectedGroup(**dict(row)) for row in rows]


class AssignmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """What answering needs of an expected answer: its key, its frozen dimensions, its state and deadline."""

    part: int
    id: UUID
    survey: UUID
    agent: UUID | None
    unit: UUID
    unit_code: str
    unit_kind: str
    territory: str
    region: str | None
    department: str | None
    communities: list[str]
    stratum: str | None
    base_weight: float
    state: str
    due_at: dt.datetime | None
    time_zone: str


async def assignments_for(
    connection: Connection,
    parts: Sequence[int],
    surveys: Sequence[UUID],
    *,
    agents: Sequence[UUID] = (),
    units: Sequence[UUID] = (),
    ids: Sequence[UUID] = (),
) -> list[AssignmentRow]:
    """The expected answers of these agents, of these units, and of these ids, in these surveys."""
    rows = await connection.fetch(
        """
        WITH found AS (
            SELECT part, id FROM assignment
            WHERE part = ANY($1::bigint[]) AND survey = ANY($2::uuid[]) AND agent = ANY($3::uuid[])
            UNION
            SELECT part, id FROM assignment
            WHERE part = ANY($1::bigint[]) AND survey = ANY($2::uuid[]) AND agent IS NULL AND unit = ANY($4::uuid[])
            UNION
            SELECT part, id FROM assignment
            WHERE part = ANY($1::bigint[]) AND id = ANY($5::uuid[]) AND survey = ANY($2::uuid[])
        )
        SELECT a.part, a.id, a.survey, a.agent, a.unit, u.code AS unit_code, a.unit_kind, a.territory, a.region,
               a.department, a.communities, a.stratum, a.base_weight, a.state, a.due_at, t.time_zone
        FROM found JOIN assignment a USING (part, id)
        JOIN unit u ON u.id = a.unit JOIN territory t ON t.code = a.territory
        """,
        list(parts),
        list(surveys),
        list(agents),
        list(units),
        list(ids),
    )
    return [AssignmentRow(**dict(row)) for row in rows]


LATER: Final = """
    CASE WHEN a.state = 'expected' THEN {at} ELSE greatest({at}, a.state_at + interval '1 microsecond') END
"""
"""When a state begins that follows another: where that one was reached by an event, later than it."""


async def move_assignments(
    connection: Connection,
    keys: Sequence[tuple[int, UUID]],
    state: str,
    *,
    at: Sequence[dt.datetime],
    actors: Sequence[UUID | None],
    reason: str | None = None,
) -> None:
    """Put these expected answers in a state, with the event that says so; `at` and `actors` go with `keys`.

    An event is later than the one before it, also where two requests that came at once were stored in the other order.
    """
    parts, ids = [part for part, _ in keys], [assignment for _, assignment in keys]
    moved = await connection.fetch(
        f"""
        UPDATE assignment a SET state = $4, state_at = {LATER.format(at="moved.at")}
        FROM unnest($1::bigint[], $2::uuid[], $3::timestamptz[]) AS moved (part, id, at)
        WHERE a.part = moved.part AND a.id = moved.id AND a.part = ANY($1::bigint[])
        RETURNING a.part, a.id, a.state_at
        """,  # noqa: S608 - the text is ours
        parts,
        ids,
        list(at),
        state,
    )
    moments = {(row["part"], row["id"]): row["state_at"] for row in moved}
    await connection.execute(
        """
        INSERT INTO assignment_event (part, id, assignment, state, at, actor, reason)
        SELECT part, id, assignment, $6, at, actor, $7
        FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::uuid[])
             AS moved (part, id, assignment, at, actor)
        """,
        parts,
        [uuid7() for _ in keys],
        ids,
        [moments[key] for key in keys],
        list(actors),
        state,
        reason,
    )


async def expected_assignments(connection: Connection, survey: Survey) -> list[UUID]:
    """The ids of the answers of a survey that are expected and not given yet, in a stable order."""
    rows = await connection.fetch(
        """
        SELECT a.id FROM assignment a
        LEFT JOIN agent p ON p.id = a.agent JOIN unit u ON u.id = a.unit
        WHERE a.part = ANY($1::bigint[]) AND a.survey = $2 AND a.disposition = 'in_scope'
          AND a.state IN ('expected', 'opened', 'draft')
        ORDER BY p.email, u.code
        """,
        survey.parts,
        survey.id,
    )
    return [row["id"] for row in rows]
