"""The queue of changes: written with a response, read and emptied by `analytics/folding.py`."""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from asyncpg import Connection, Record

from base.ids import uuid7
from surveys.rows import Change, decode_row

_SIZES_AT_ONCE: Final = 500


async def parts_with_changes(connection: Connection) -> list[int]:
    """The parts that have something to fold."""
    return [row["part"] for row in await connection.fetch("SELECT DISTINCT part FROM change ORDER BY part")]


async def changes_of(connection: Connection, part: int, limit: int, size: int) -> tuple[list[Change], bool]:
    """The next changes of one part, oldest first, and whether more wait; call it under the part's manifest lock.

    There are at most `limit`, and their contents have at most `size` bytes; the first is taken however large it is.
    """
    ids, more = await _next_ids(connection, part, limit, size)
    rows = await connection.fetch(
        "SELECT id, row_key, content FROM change WHERE part = $1 AND id = ANY($2::uuid[]) ORDER BY id", part, ids
    )
    # Decoding thousands of documents takes long enough to hold up the event loop.
    return await asyncio.to_thread(list, map(_change, rows)), more


async def _next_ids(connection: Connection, part: int, limit: int, size: int) -> tuple[list[UUID], bool]:
    # A cursor, so that the sizes of what is not taken are not computed either.
    cursor = await connection.cursor(
        """
        SELECT id, coalesce(octet_length(content::text), 0) AS size FROM change WHERE part = $1 ORDER BY id LIMIT $2
        """,
        part,
        limit + 1,
    )
    ids: list[UUID] = []
    while rows := await cursor.fetch(_SIZES_AT_ONCE):
        for row in rows:
            size -= row["size"]
            if len(ids) == limit or (ids and size < 0):
                return ids, True
            ids.append(row["id"])
    return ids, False


def _change(row: Record) -> Change:
    return Change(id=row["id"], row_key=row["row_key"], row=decode_row(row["content"]) if row["content"] else None)


async def delete_changes(connection: Connection, part: int, ids: list[UUID]) -> None:
    """Take folded changes off the queue, in the transaction that folded them."""
    await connection.execute("DELETE FROM change WHERE part = $1 AND id = ANY($2::uuid[])", part, ids)


async def clear_changes(connection: Connection, part: int) -> None:
    """Take all changes of a part off the queue that the transaction sees, without folding them."""
    await connection.execute("DELETE FROM change WHERE part = $1", part)


async def count_changes(connection: Connection, parts: list[int]) -> int:
    """How many changes of these parts wait to be folded."""
    return int(await connection.fetchval("SELECT count(*) FROM change WHERE part = ANY($1::bigint[])", parts))


async def queue_changes(connection: Connection, changes: Sequence[tuple[int, int, str | None]]) -> None:
    """Queue rows and tombstones: (part, row key, content; null for a tombstone)."""
    await connection.execute(
        """
        INSERT INTO change (part, id, row_key, content)
        SELECT part, id, row_key, content
        FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::jsonb[]) AS queued (part, id, row_key, content)
        """,
        [part for part, _, _ in changes],
        [uuid7() for _ in changes],
        [key for _, key, _ in changes],
        [content for _, _, content in changes],
    )
