"""The SQL of segments and manifests."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from asyncpg import Connection, Record

from analytics.segments import Codebook, decode_codebook, encode_codebook


class Manifest(NamedTuple):
    """Which segments of a part count, which of their rows are hidden, and how often that has changed."""

    part: int
    segments: list[UUID]
    tombstones: list[int]
    version: int
    updated_at: dt.datetime


class Stored(NamedTuple):
    """A segment, whole; its content is a Parquet file."""

    id: UUID
    codebook: Codebook
    content: bytes


_MANIFEST = "SELECT part, segments, tombstones, version, updated_at FROM manifest"


async def manifests_of(connection: Connection, parts: Sequence[int]) -> list[Manifest]:
    """The manifests of these parts, all of one moment; a part that nothing was folded for has none."""
    rows = await connection.fetch(f"{_MANIFEST} WHERE part = ANY($1::bigint[]) ORDER BY part", list(parts))
    return [_manifest(row) for row in rows]


async def open_manifest(connection: Connection, part: int, at: dt.datetime) -> None:
    """Make sure that the part has a manifest, be it empty.

    Do it in a transaction of its own: others that do the same wait for its end.
    """
    # An insert would wait for whoever is changing the manifest that is there.
    if await connection.fetchval("SELECT true FROM manifest WHERE part = $1", part):
        return
    await connection.execute(
        """
        INSERT INTO manifest (part, segments, tombstones, version, updated_at) VALUES ($1, '{}', '{}', 0, $2)
        ON CONFLICT (part) DO NOTHING
        """,
        part,
        at,
    )


async def lock_manifest(connection: Connection, part: int, *, wait: bool) -> Manifest | None:
    """The manifest, locked until the transaction ends; null if somebody else holds it and we do not `wait`."""
    row = await connection.fetchrow(f"{_MANIFEST} WHERE part = $1 FOR UPDATE {'' if wait else 'SKIP LOCKED'}", part)
    return _manifest(row) if row else None


async def update_manifest(connection: Connection, manifest: Manifest) -> None:
    """Write the manifest that we hold the lock of."""
    await connection.execute(
        "UPDATE manifest SET segments = $2, tombstones = $3, version = $4, updated_at = $5 WHERE part = $1",
        *manifest,
    )


async def parts_with_tombstones(connection: Connection) -> list[int]:
    """The parts that hide rows which are still stored."""
    rows = await connection.fetch("SELECT part FROM manifest WHERE cardinality(tombstones) > 0 ORDER BY part")
    return [row["part"] for row in rows]


async def insert_segment(connection: Connection, part: int, segment: Stored, at: dt.datetime) -> None:
    """Store a segment."""
    await connection.execute(
        "INSERT INTO segment (part, id, row_count, codebook, content, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        part,
        segment.id,
        segment.codebook.rows,
        encode_codebook(segment.codebook),
        segment.content,
        at,
    )


async def delete_segments(connection: Connection, part: int, ids: Sequence[UUID]) -> None:
    """Forget segments that no manifest names any more."""
    await connection.execute("DELETE FROM segment WHERE part = $1 AND id = ANY($2::uuid[])", part, list(ids))


async def segment_sizes(connection: Connection, part: int, ids: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """How many rows and bytes these segments have."""
    rows = await connection.fetch(
        "SELECT id, row_count, octet_length(content) AS size FROM segment WHERE part = $1 AND id = ANY($2::uuid[])",
        part,
        list(ids),
    )
    return {row["id"]: (row["row_count"], row["size"]) for row in rows}


async def segments_of(connection: Connection, part: int, ids: Sequence[UUID]) -> list[Stored]:
    """These segments of one part, whole."""
    rows = await connection.fetch(
        "SELECT id, codebook, content FROM segment WHERE part = $1 AND id = ANY($2::uuid[]) ORDER BY id",
        part,
        list(ids),
    )
    return [Stored(row["id"], decode_codebook(row["codebook"]), row["content"]) for row in rows]


async def codebooks_of(
    connection: Connection, parts: Sequence[int], ids: Sequence[UUID]
) -> dict[UUID, tuple[int, Codebook]]:
    """Part and codebook of those of these segments that are still there."""
    rows = await connection.fetch(
        "SELECT part, id, codebook FROM segment WHERE part = ANY($1::bigint[]) AND id = ANY($2::uuid[])",
        list(parts),
        list(ids),
    )
    return {row["id"]: (row["part"], decode_codebook(row["codebook"])) for row in rows}


async def contents_of(connection: Connection, parts: Sequence[int], ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """The Parquet files of those of these segments that are still there."""
    rows = await connection.fetch(
        "SELECT id, content FROM segment WHERE part = ANY($1::bigint[]) AND id = ANY($2::uuid[])",
        list(parts),
        list(ids),
    )
    return {row["id"]: row["content"] for row in rows}


def _manifest(row: Record) -> Manifest:
    return Manifest(**row)
