"""Whom an audience comes to, and how each of them gets an expected answer: set-based, whatever their number."""

import datetime as dt
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from asyncpg import Connection

from base.ids import SPREAD_LIMIT, UUID7_SQL, text_hash_sql
from surveys.survey import Answering, Audience, Reach, Survey

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

_DUE_AT: Final = """
    CASE WHEN {day}::date IS NULL THEN {instant}::timestamptz
         ELSE ({day}::date + 1)::timestamp AT TIME ZONE {zone} END
"""
"""When an answer is due: at the end of the closing day where its territory lies, else at one instant everywhere."""


class _Asking(NamedTuple):
    """The pieces that differ between asking agents and asking units."""

    reach: str
    who: str
    slugs: str
    known: str


_ASKING: Final[Mapping[Answering, _Asking]] = {
    "agent": _Asking(
        reach="""
        SELECT count(*) AS agents, count(DISTINCT u.id) AS units
        FROM asked_agent a JOIN asked_unit u ON u.id = a.unit
        """,
        who="""
        SELECT a.id AS agent, u.id AS unit, u.kind, u.territory, u.region, u.department, u.time_zone, s.slugs
        FROM asked_agent a JOIN asked_unit u ON u.id = a.unit LEFT JOIN slugs s ON s.agent = a.id
        """,
        slugs="""
        SELECT m.agent, array_agg(c.slug ORDER BY c.slug) AS slugs
        FROM membership m JOIN community c ON c.id = m.community GROUP BY m.agent
        """,
        known="k.agent = w.agent",
    ),
    "unit": _Asking(
        reach="""
        SELECT count(p.id) AS agents, count(DISTINCT u.id) AS units
        FROM asked_unit u LEFT JOIN agent p ON p.unit = u.id AND p.active
        WHERE cardinality($1::text[]) = 0 OR u.id IN (SELECT unit FROM asked_agent)
        """,
        who="""
        SELECT NULL::uuid AS agent, u.id AS unit, u.kind, u.territory, u.region, u.department, u.time_zone, s.slugs
        FROM asked_unit u LEFT JOIN slugs s ON s.unit = u.id
        WHERE cardinality($1::text[]) = 0 OR u.id IN (SELECT unit FROM asked_agent)
        """,
        slugs="""
        SELECT a.unit, array_agg(DISTINCT c.slug ORDER BY c.slug) AS slugs
        FROM membership m JOIN community c ON c.id = m.community JOIN agent a ON a.id = m.agent AND a.active
        GROUP BY a.unit
        """,
        known="k.agent IS NULL AND k.unit = w.unit",
    ),
}


async def reach(connection: Connection, answering: Answering, audience: Audience) -> Reach:
    """Count an audience. Of agents: the people who fit, and their units. Of units: those that fit (with communities
    given, those with an active member), and all their people.
    """
    row = await connection.fetchrow(
        f"{_ASKED} {_ASKING[answering].reach}",
        audience.communities,
        audience.territories,
        audience.unit_kinds,
    )
    return Reach(agents=row["agents"], units=row["units"])


async def people_by_territory(connection: Connection) -> dict[str, Reach]:
    """How many active people, and services that have any, lie in each territory; those of a département count in its
    région and in the nation too.
    """
    rows = await connection.fetch(
        """
        SELECT place.code, count(a.id) AS agents, count(DISTINCT u.id) AS units
        FROM agent a JOIN unit u ON u.id = a.unit JOIN territory t ON t.code = u.territory
        CROSS JOIN LATERAL unnest(t.path) AS place (code)
        WHERE a.active GROUP BY place.code
        """
    )
    return {row["code"]: Reach(agents=row["agents"], units=row["units"]) for row in rows}


async def insert_assignments(
    connection: Connection, survey: Survey, audience: Audience, *, origin: Literal["initial", "added"], at: dt.datetime
) -> int:
    """Add an assignment for everybody in the audience who has none yet; returns how many were added."""
    asking = _ASKING[survey.answering]
    status = await connection.execute(
        f"""
        {_ASKED}, slugs AS ({asking.slugs}),
        entering AS MATERIALIZED (
            SELECT {UUID7_SQL} AS id, w.* FROM ({asking.who}) w
            WHERE NOT EXISTS (
                SELECT FROM assignment k WHERE k.part = ANY($7::bigint[]) AND k.survey = $4 AND {asking.known}))
        INSERT INTO assignment (part, id, survey, agent, unit, unit_kind, territory, region, department, communities,
                                base_weight, origin, entered_at, disposition, disposition_at, state, state_at, due_at)
        SELECT $5::bigint * {SPREAD_LIMIT} + {text_hash_sql("e.id")} % $6::bigint, e.id, $4, e.agent, e.unit, e.kind,
               e.territory, e.region, e.department, coalesce(e.slugs, '{{}}'), 1,
               $8, $9, 'in_scope', $9, 'expected', $9,
               {_DUE_AT.format(day="$10", instant="$11", zone="e.time_zone")}
        FROM entering e
        """,  # noqa: S608 - the text is ours
        audience.communities,
        audience.territories,
        audience.unit_kinds,
        survey.id,
        survey.number,
        survey.spread,
        survey.parts,
        origin,
        at,
        survey.closes_on,
        survey.closes_at,
    )
    return int(status.split()[-1])


async def set_deadlines(connection: Connection, survey: Survey) -> None:
    """Give every assignment the survey's closing date, each in its own time zone."""
    await connection.execute(
        f"""
        UPDATE assignment a SET due_at = {_DUE_AT.format(day="$3", instant="$4", zone="t.time_zone")}
        FROM territory t
        WHERE a.part = ANY($1::bigint[]) AND a.survey = $2 AND t.code = a.territory
        """,  # noqa: S608 - the text is ours
        survey.parts,
        survey.id,
        survey.closes_on,
        survey.closes_at,
    )


async def unknown_names(connection: Connection, audience: Audience) -> dict[str, list[str]]:
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
