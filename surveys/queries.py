"""The SQL of the tables of surveys; rows become structs here."""

from uuid import UUID

from asyncpg import Connection

from surveys.rows import Change, decode_row


async def parts_with_changes(connection: Connection) -> list[int]:
    """The parts that have something to fold."""
    return [row["part"] for row in await connection.fetch("SELECT DISTINCT part FROM change ORDER BY part")]


async def changes_of(connection: Connection, part: int, limit: int) -> list[Change]:
    """The next changes of one part, oldest first; call it under the part's manifest lock."""
    rows = await connection.fetch(
        "SELECT id, row_key, content FROM change WHERE part = $1 ORDER BY id LIMIT $2", part, limit
    )
    return [
        Change(id=row["id"], row_key=row["row_key"], row=decode_row(row["content"]) if row["content"] else None)
        for row in rows
    ]


async def delete_changes(connection: Connection, part: int, ids: list[UUID]) -> None:
    """Take folded changes off the queue, in the transaction that folded them."""
    await connection.execute("DELETE FROM change WHERE part = $1 AND id = ANY($2::uuid[])", part, ids)


async def count_changes(connection: Connection, parts: list[int]) -> int:
    """How many changes of these parts wait to be folded."""
    return int(await connection.fetchval("SELECT count(*) FROM change WHERE part = ANY($1::bigint[])", parts))
