"""Compacting: few segments in place of many, without hidden rows. Call it under the lock of the part's manifest."""

import asyncio
import datetime as dt
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import numpy as np
from asyncpg import Connection

from analytics import segments
from analytics.encoding import Array
from analytics.joining import in_key_order, join, take
from analytics.queries import Manifest, Stored, delete_segments, insert_segment, segment_sizes, segments_of
from base.ids import uuid7

MOST_SEGMENTS: Final = 8
"""Small segments that a part may have."""

SMALL: Final = 1 << 16
"""Rows up to which a segment is small. Large ones are rewritten only to remove hidden rows."""

HEAVY: Final = 4 << 20
"""Bytes from which a segment is not small, however few rows it has: several are read at once to be put together."""

STEP: Final = 4
"""Segments are merged with those of at most this many times their rows, so that a row is rewritten few times."""

MANY_TOMBSTONES: Final = 1_000


async def compact(connection: Connection, manifest: Manifest, at: dt.datetime, *, purge: bool = False) -> Manifest:
    """The manifest after what compaction pays (the caller stores it). With `purge`, no segment keeps a hidden row."""
    crowded = len(manifest.segments) > MOST_SEGMENTS or len(manifest.tombstones) > MANY_TOMBSTONES
    if not crowded and not purge:
        return manifest
    sizes = await segment_sizes(connection, manifest.part, manifest.segments)
    counts = {name: rows for name, (rows, _) in sizes.items()}
    groups = mergers({name: rows for name, (rows, size) in sizes.items() if size < HEAVY})
    if purge or len(manifest.tombstones) > max(MANY_TOMBSTONES, sum(counts.values()) // 10):
        grouped = {name for group in groups for name in group}
        groups += [[name] for name in await _with_hidden_rows(connection, manifest) if name not in grouped]
    for group in groups:
        manifest = await _replace(connection, manifest, group, at)
    return manifest


async def _replace(connection: Connection, manifest: Manifest, group: Sequence[UUID], at: dt.datetime) -> Manifest:
    """The manifest with one segment in place of a group of them, or none where every row was hidden."""
    sources = await segments_of(connection, manifest.part, group)
    written, used = await asyncio.to_thread(_rewrite, sources, np.array(manifest.tombstones, np.int64))
    if written:
        await insert_segment(connection, manifest.part, written, at)
    await delete_segments(connection, manifest.part, group)
    return manifest._replace(
        segments=[*(name for name in manifest.segments if name not in group), *([written.id] if written else [])],
        tombstones=[key for key in manifest.tombstones if key not in used],
    )


async def _with_hidden_rows(connection: Connection, manifest: Manifest) -> list[UUID]:
    tombstones = np.array(manifest.tombstones, np.int64)
    found = []
    for name in manifest.segments:
        for source in await segments_of(connection, manifest.part, [name]):
            keys = (await asyncio.to_thread(segments.read, source.content, source.codebook, (), ("row_key",))).plain
            if hidden_places(keys["row_key"], tombstones).any():
                found.append(name)
    return found


def _rewrite(sources: Sequence[Stored], tombstones: Array) -> tuple[Stored | None, set[int]]:
    """One segment of the rows that count, in the order of their keys, each key once; and the tombstones used up."""
    block = in_key_order(
        join([segments.read(one.content, one.codebook, one.codebook.keys, segments.PLAIN) for one in sources])
    )
    keys = block.plain["row_key"]
    hidden = hidden_places(keys, tombstones)
    used = set(keys[hidden].tolist())
    if hidden.all():
        return None, used
    codebook, content = segments.write(take(block, np.flatnonzero(~hidden)))
    return Stored(uuid7(), codebook, content), used


def mergers(counts: dict[UUID, int]) -> list[list[UUID]]:
    """Which small segments to put together so that few are left: like with like, the smallest first."""
    sizes: dict[tuple[UUID, ...], int] = {(name,): count for name, count in counts.items() if count <= SMALL}
    large: list[tuple[UUID, ...]] = []
    while len(sizes) > MOST_SEGMENTS:
        # A group is found always: nine sizes that each exceed STEP times those below do not fit under SMALL.
        group: list[tuple[UUID, ...]] = []
        total = 0
        for names in sorted(sizes, key=lambda names: (sizes[names], names)):
            if group and sizes[names] > STEP * total:
                if len(group) > 1:
                    break
                group, total = [], 0
            group.append(names)
            total += sizes[names]
        merged = tuple(name for names in group for name in names)
        for names in group:
            del sizes[names]
        if total <= SMALL:
            sizes[merged] = total
        else:
            large.append(merged)
    return [list(names) for names in [*sizes, *large] if len(names) > 1]


def hidden_places(keys: Array, tombstones: Array) -> Array:
    """Which of the sorted keys tombstones hide, as booleans."""
    hidden = np.zeros(len(keys), np.bool_)
    if len(keys) and len(tombstones):
        places = np.minimum(np.searchsorted(keys, tombstones), len(keys) - 1)
        hidden[places[keys[places] == tombstones]] = True
    return hidden
