"""What is asked of somebody, over all surveys."""

import datetime as dt
from uuid import UUID

import msgspec
from asyncpg import Connection


class OwedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One expected answer of an agent or of their unit, with what became of it."""

    survey: UUID
    owner_name: str
    assignment: UUID
    for_unit: bool
    state: str
    state_at: dt.datetime
    due_at: dt.datetime | None
    time_zone: str
    saved_at: dt.datetime | None
    response: UUID | None
    sent_at: dt.datetime | None
    edition: int | None


async def owed_by(
    connection: Connection, *, agent: UUID, unit: UUID, ended_after: dt.datetime, sent: int
) -> list[OwedRow]:
    """What is expected of an agent and of their unit and not answered, unless it ended before `ended_after`; and the
    last `sent` answers that were.
    """
    rows = await connection.fetch(
        """
        WITH asked AS (
            -- in every part: what somebody is asked crosses surveys
            SELECT s.id AS survey, o.name AS owner_name, a.id AS assignment, a.agent IS NULL AS for_unit, a.state,
                   a.state_at, a.due_at, t.time_zone, d.saved_at, r.id AS response,
                   r.submitted_at AS sent_at, coalesce(r.edition, d.edition, s.edition) AS edition, s.closed_at
            FROM assignment a
            JOIN survey s ON s.id = a.survey JOIN unit o ON o.id = s.owner JOIN territory t ON t.code = a.territory
            LEFT JOIN draft d ON d.part = a.part AND d.assignment = a.id
            LEFT JOIN response r ON r.part = a.part AND r.assignment = a.id
            WHERE (a.agent = $1 OR (a.agent IS NULL AND a.unit = $2))
              AND a.disposition IN ('in_scope', 'unreachable') AND a.state <> 'exempt' AND a.origin <> 'test'
        ), answered AS (
            SELECT * FROM asked WHERE state IN ('sent', 'accepted')
            ORDER BY coalesce(sent_at, state_at) DESC, assignment LIMIT $4
        )
        SELECT survey, owner_name, assignment, for_unit, state, state_at, due_at, time_zone, saved_at, response,
               sent_at, edition
        FROM asked
        WHERE state NOT IN ('sent', 'accepted') AND coalesce(least(closed_at, due_at), 'infinity') > $3
        UNION ALL
        SELECT survey, owner_name, assignment, for_unit, state, state_at, due_at, time_zone, saved_at, response,
               sent_at, edition
        FROM answered
        """,
        agent,
        unit,
        ended_after,
        sent,
    )
    return [OwedRow(**dict(row)) for row in rows]
