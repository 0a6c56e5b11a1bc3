"""Rebuilding: the cube of a survey made again from its responses. Figures must not change; if they do, folding erred.

A new generation of segments is written beside the old one and takes its place, in one transaction per part. That
transaction sees the responses and the queue as of one moment (a response is stored and queued in one transaction) and
deletes what was queued then: what is sent meanwhile stays queued, and is neither lost nor counted twice.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Final

import asyncpg
from asyncpg import Connection

from analytics import segments
from analytics.encoding import Block, encode
from analytics.folding import BATCH, EditionsLoader, in_batches, is_counted, survey_number
from analytics.joining import in_key_order, join
from analytics.queries import Stored, delete_segments, insert_segment, lock_manifest, open_manifest, update_manifest
from analytics.series import Editions
from base.clock import now
from base.database import reading, transaction
from base.ids import uuid7
from base.progress import Progress
from surveys.queries import FoldableResponse, clear_changes, count_responses, responses_of_part

SEGMENT: Final = 100_000
"""Rows of a segment of the new generation."""

SEGMENT_BYTES: Final = 64 << 20
"""Bytes of its columns after which a segment has fewer."""

BATCH_BYTES: Final = 16 << 20
"""Bytes of the answers, as JSON, that are made columns at a time."""

TRIES: Final = 50
"""How often a part is tried that others fold at the same time."""

PAUSE: Final = 0.1


async def rebuild(parts: Sequence[int], load: EditionsLoader, *, progress: Progress | None = None) -> int:
    """Make the segments of these parts again; returns the number of rows. `progress` hears of the responses read."""
    async with reading() as connection:
        total = await count_responses(connection, parts)
    read = 0

    def tell(rows: int) -> None:
        nonlocal read
        read = min(read + rows, total)  # a part that is tried again is read again
        if progress:
            progress(read, total)

    return sum([await _rebuild_part(part, load, tell) for part in parts])


async def _rebuild_part(part: int, load: EditionsLoader, tell: Callable[[int], None]) -> int:
    async with transaction() as connection:
        await open_manifest(connection, part, now())
    for _ in range(TRIES - 1):
        try:
            return await _swap(part, load, tell)
        except asyncpg.SerializationError:
            # Somebody folded while we waited for the manifest: our snapshot is older than what we would replace.
            await asyncio.sleep(PAUSE)
    return await _swap(part, load, tell)


async def _swap(part: int, load: EditionsLoader, tell: Callable[[int], None]) -> int:
    async with transaction(isolation="repeatable_read") as connection:
        manifest = await lock_manifest(connection, part, wait=True)
        if manifest is None:
            raise RuntimeError(f"the manifest of part {part} has gone")
        await clear_changes(connection, part)
        names = []
        rows = 0
        async with aclosing(_blocks(connection, part, load, tell)) as blocks:
            async for block in blocks:
                codebook, content = await asyncio.to_thread(segments.write, block)
                segment = Stored(uuid7(), codebook, content)
                await insert_segment(connection, part, segment, now())
                names.append(segment.id)
                rows += block.rows
        await delete_segments(connection, part, manifest.segments)
        await update_manifest(
            connection,
            manifest._replace(segments=names, tombstones=[], version=manifest.version + 1, updated_at=now()),
        )
    return rows


async def _blocks(
    connection: Connection, part: int, load: EditionsLoader, tell: Callable[[int], None]
) -> AsyncGenerator[Block]:
    """The responses of a part that count, as blocks of the size of a segment."""
    editions = await load(survey_number(part))
    pieces: list[Block] = []
    held = 0
    counted = _counted(connection, part)
    async with aclosing(counted), aclosing(in_batches(counted, BATCH, BATCH_BYTES)) as batches:
        async for batch in batches:
            if not batch:
                break
            piece, size = await asyncio.to_thread(_piece, batch, editions)
            pieces.append(piece)
            held += size
            tell(len(batch))
            if sum(piece.rows for piece in pieces) >= SEGMENT or held >= SEGMENT_BYTES:
                yield await asyncio.to_thread(_whole, pieces)
                pieces, held = [], 0
    if pieces:
        yield await asyncio.to_thread(_whole, pieces)


async def _counted(connection: Connection, part: int) -> AsyncGenerator[FoldableResponse]:
    async with aclosing(responses_of_part(connection, part)) as responses:
        async for response in responses:
            if is_counted(response.row):
                yield response


def _piece(batch: Sequence[FoldableResponse], editions: Editions) -> tuple[Block, int]:
    """The responses as columns, and about how many bytes these take."""
    block = encode([one.row for one in batch], editions, keys=[one.row_key for one in batch])
    return block, sum(column.nbytes for column in block.columns.values())


def _whole(pieces: Sequence[Block]) -> Block:
    return in_key_order(join(pieces))
