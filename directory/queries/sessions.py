"""The SQL of sessions: who is signed in."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Connection

from directory.queries.actors import ACTOR, actor_of
from directory.rows import Actor


async def insert_session(connection: Connection, session: UUID, agent: UUID, digest: bytes, now: datetime) -> bool:
    """Sign an active agent in; false if there is none of this id."""
    return bool(
        await connection.fetchval(
            """
            INSERT INTO session (id, agent, hash, created_at, seen_at)
            SELECT $1, id, $3, $4, $4 FROM agent WHERE id = $2 AND active RETURNING true
            """,
            session,
            agent,
            digest,
            now,
        )
    )


async def actors_of_sessions(
    connection: Connection, digests: Sequence[bytes], *, begun_after: datetime, seen_after: datetime
) -> dict[bytes, tuple[Actor, datetime]]:
    """The active agents of the sessions in force among these, by hash, each with when the session was last seen."""
    rows = await connection.fetch(
        f"""
        SELECT actor.*, s.hash, s.seen_at
        FROM session s JOIN LATERAL ({ACTOR} WHERE a.id = s.agent AND a.active) actor ON true
        WHERE s.hash = ANY($1::bytea[]) AND s.ended_at IS NULL AND s.created_at > $2 AND s.seen_at > $3
        """,  # noqa: S608 - the text is ours
        list(digests),
        begun_after,
        seen_after,
    )
    return {row["hash"]: (actor_of(row), row["seen_at"]) for row in rows}


async def see_sessions(connection: Connection, digests: Sequence[bytes], now: datetime, *, before: datetime) -> None:
    """Note that these sessions are in use; one seen since `before`, or being noted by another process, is left."""
    await connection.execute(
        """
        UPDATE session SET seen_at = $2 WHERE id IN (
            SELECT id FROM session WHERE hash = ANY($1::bytea[]) AND seen_at <= $3 ORDER BY id FOR UPDATE SKIP LOCKED
        )
        """,
        list(digests),
        now,
        before,
    )


async def end_session(connection: Connection, digest: bytes, now: datetime) -> None:
    """End the session of this hash; one that has ended keeps its date."""
    await connection.execute("UPDATE session SET ended_at = $2 WHERE hash = $1 AND ended_at IS NULL", digest, now)


async def end_sessions_of(connection: Connection, agent: UUID, now: datetime) -> None:
    """End all sessions of an agent."""
    await connection.execute("UPDATE session SET ended_at = $2 WHERE agent = $1 AND ended_at IS NULL", agent, now)


async def delete_sessions(connection: Connection, begun_before: datetime, most: int) -> None:
    """Delete sessions that began so long ago, at most so many, and none that somebody else is deleting.

    With `IN` the planner may run the inner query for each row, and its limit holds for nothing; an array is made once.
    """
    await connection.execute(
        """
        DELETE FROM session WHERE id = ANY(ARRAY(
            SELECT id FROM session WHERE created_at <= $1 ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
        ))
        """,
        begun_before,
        most,
    )
