"""The ledger's beginning: who is asked becomes one assignment each, in one statement, whatever their number."""

import datetime as dt
from typing import Final

import msgspec
from asyncpg import Connection

from base.ids import SPREAD_LIMIT, UUID7_SQL, text_hash_sql
from surveys.survey import Audience, Survey

NATIONAL: Final = 100_000
"""From this many expected answers on, a survey is spread over many parts."""

NATIONAL_SPREAD: Final = 64

_ASKED: Final = """
    WITH asked_agent AS (
        SELECT a.id, a.unit FROM agent a
        WHERE a.active
          AND (cardinality($1::text[]) = 0 OR EXISTS (
                SELECT FROM membership m JOIN community c ON c.id = m.community
                WHERE m.agent = a.id AND c.slug = ANY($1)))
    ), asked_unit AS (
        SELECT u.id, u.kind, t.code AS territory, t.region, t.department, t.time_zone
        FROM unit u JOIN territory t ON t.code = u.territory
        WHERE (cardinality($2::text[]) = 0 OR t.path && $2)
          AND (cardinality($3::text[]) = 0 OR u.kind = ANY($3))
    )
"""

_SLUGS_OF_AGENTS: Final = """
    SELECT m.agent, array_agg(c.slug ORDER BY c.slug) AS slugs
    FROM membership m JOIN community c ON c.id = m.community GROUP BY m.agent
"""

_SLUGS_OF_UNITS: Final = """
    SELECT a.unit, array_agg(DISTINCT c.slug ORDER BY c.slug) AS slugs
    FROM membership m JOIN community c ON c.id = m.community JOIN agent a ON a.id = m.agent AND a.active
    GROUP BY a.unit
"""


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How many people and services an audience comes to."""

    agents: int
    units: int


async def reach(connection: Connection, audience: Audience) -> Reach:
    """Count an audience: the people who fit, and their units (all of which would be asked if units answer)."""
    row = await connection.fetchrow(
        f"""
        {_ASKED}
        SELECT count(*) AS agents, count(DISTINCT u.id) AS units
        FROM asked_agent a JOIN asked_unit u ON u.id = a.unit
        """,  # noqa: S608 - the text is ours
        audience.communities,
        audience.territories,
        audience.unit_kinds,
    )
    return Reach(agents=row["agents"], units=row["units"])


async def reach_of_units(connection: Connection, audience: Audience) -> Reach:
    """Count an audience of units (with communities given, those with an active member) and all their people."""
    row = await connection.fetchrow(
        f"""
        {_ASKED}
        SELECT count(DISTINCT u.id) AS units, count(p.id) AS agents
        FROM asked_unit u LEFT JOIN agent p ON p.unit = u.id AND p.active
        WHERE cardinality($1::text[]) = 0 OR u.id IN (SELECT unit FROM asked_agent)
        """,  # noqa: S608 - the text is ours
        audience.communities,
        audience.territories,
        audience.unit_kinds,
    )
    return Reach(agents=row["agents"], units=row["units"])


def spread_for(expected: int) -> int:
    """How many parts a survey of this size is spread over; fixed when it is first published."""
    return NATIONAL_SPREAD if expected >= NATIONAL else 1


async def assign(connection: Connection, survey: Survey, audience: Audience, *, now: dt.datetime) -> int:
    """Add an assignment for everybody in the audience who has none yet; returns how many were added.

    Call it with the survey locked. Dimensions are frozen here: later changes of the directory touch none of them.
    """
    by_unit = survey.answering == "unit"
    who = (
        """
        SELECT NULL::uuid AS agent, u.id AS unit, u.kind, u.territory, u.region, u.department, u.time_zone, s.slugs
        FROM asked_unit u LEFT JOIN slugs s ON s.unit = u.id
        WHERE cardinality($1::text[]) = 0 OR u.id IN (SELECT unit FROM asked_agent)
        """
        if by_unit
        else """
        SELECT a.id AS agent, u.id AS unit, u.kind, u.territory, u.region, u.department, u.time_zone, s.slugs
        FROM asked_agent a JOIN asked_unit u ON u.id = a.unit LEFT JOIN slugs s ON s.agent = a.id
        """
    )
    known = "SELECT FROM assignment k WHERE k.part = ANY($7::bigint[]) AND k.survey = $4 " + (
        "AND k.agent IS NULL AND k.unit = w.unit" if by_unit else "AND k.agent = w.agent"
    )
    status = await connection.execute(
        f"""
        {_ASKED}, slugs AS ({_SLUGS_OF_UNITS if by_unit else _SLUGS_OF_AGENTS}),
        entering AS MATERIALIZED (SELECT {UUID7_SQL} AS id, w.* FROM ({who}) w WHERE NOT EXISTS ({known}))
        INSERT INTO assignment (part, id, survey, agent, unit, unit_kind, territory, region, department, communities,
                                base_weight, origin, entered_at, disposition, disposition_at, state, state_at, due_at)
        SELECT $5::bigint * {SPREAD_LIMIT} + {text_hash_sql("e.id")} % $6::bigint, e.id, $4, e.agent, e.unit, e.kind,
               e.territory, e.region, e.department, coalesce(e.slugs, '{{}}'), 1,
               $8, $9, 'in_scope', $9, 'expected', $9,
               CASE WHEN $10::date IS NULL THEN $11::timestamptz
                    ELSE ($10::date + 1)::timestamp AT TIME ZONE e.time_zone END
        FROM entering e
        """,  # noqa: S608 - the text is ours
        audience.communities,
        audience.territories,
        audience.unit_kinds,
        survey.id,
        survey.number,
        survey.spread,
        survey.parts,
        "initial" if survey.edition is None else "added",
        now,
        survey.closes_on,
        survey.closes_at,
    )
    return int(status.split()[-1])


async def set_deadlines(connection: Connection, survey: Survey) -> None:
    """Give every assignment the survey's closing date, each in its own time zone."""
    await connection.execute(
        """
        UPDATE assignment a
        SET due_at = CASE WHEN $3::date IS NULL THEN $4::timestamptz
                          ELSE ($3::date + 1)::timestamp AT TIME ZONE t.time_zone END
        FROM territory t
        WHERE a.part = ANY($1::bigint[]) AND a.survey = $2 AND t.code = a.territory
        """,
        survey.parts,
        survey.id,
        survey.closes_on,
        survey.closes_at,
    )


async def unknown_of(connection: Connection, audience: Audience) -> dict[str, list[str]]:
    """The communities and territories of an audience that do not exist, by field."""
    rows = await connection.fetch(
        """
        SELECT 'communities' AS field, x AS name FROM unnest($1::text[]) x
        WHERE NOT EXISTS (SELECT FROM community WHERE slug = x)
        UNION ALL
        SELECT 'territories', x FROM unnest($2::text[]) x WHERE NOT EXISTS (SELECT FROM territory WHERE code = x)
        """,
        audience.communities,
        audience.territories,
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["field"], []).append(row["name"])
    return found
