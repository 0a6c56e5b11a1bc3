"""Folding: from the queue of changes to segments, exactly once, by any number of workers.

Whoever holds the lock of a part's manifest takes that part's changes, writes a segment, changes the manifest and
deletes the changes, in one transaction. Other parts are folded by others at the same time. Next in the flow: `cube.py`.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from typing import Final, TypeAlias

import msgspec
import structlog
from asyncpg import Connection

from analytics import segments
from analytics.compacting import compact
from analytics.encoding import encode
from analytics.joining import in_key_order
from analytics.queries import (
    Manifest,
    Stored,
    insert_segment,
    lock_manifest,
    open_manifest,
    parts_with_tombstones,
    update_manifest,
)
from analytics.series import Editions
from base.clock import now
from base.database import reading, transaction
from base.ids import SPREAD_LIMIT, uuid7
from surveys.queries import FoldableResponse, changes_of, count_changes, delete_changes, parts_with_changes
from surveys.rows import Change, Row

BATCH: Final = 10_000
"""Changes taken in one transaction: as many as can be decoded without holding up the event loop."""

BATCH_BYTES: Final = 32 << 20
"""Bytes of their contents, which take about ten times as much when decoded."""

SWEEP: Final = 3600.0
"""Seconds after which rows that tombstones hide are removed from the segments, however few they are."""

LONGEST_PAUSE: Final = 60.0
"""Seconds between two tries at most, after errors."""

EditionsLoader: TypeAlias = Callable[[int], Awaitable[Editions]]
"""Survey number → all its editions."""

_log = structlog.get_logger(__name__)
_encoder: Final = msgspec.json.Encoder()


def survey_number(part: int) -> int:
    """The number of the survey that a part belongs to."""
    return part // SPREAD_LIMIT


def is_counted(row: Row) -> bool:
    """Whether figures count a row: those of a try-out never."""
    return row.channel != "test"


async def fold_part(part: int, load: EditionsLoader, *, batch: int = BATCH, wait: bool = True) -> int:
    """Fold the oldest changes of a part; returns how many were taken, 0 too if others hold it and we do not `wait`."""
    return (await _fold(part, load, batch, wait=wait))[0]


async def _fold(part: int, load: EditionsLoader, batch: int, *, wait: bool) -> tuple[int, bool]:
    """Fold the oldest changes of a part; how many were taken, and whether more were there."""
    async with transaction() as connection:
        await open_manifest(connection, part, now())
    async with transaction() as connection:
        manifest = await lock_manifest(connection, part, wait=wait)
        if manifest is None:
            return 0, False
        changes, more = await changes_of(connection, part, batch, BATCH_BYTES)
        if not changes:
            return 0, False
        rows, hidden = _net(changes)
        if rows:
            editions = await load(survey_number(part))
            written, unfit = await asyncio.to_thread(_segment, rows, editions)
            if unfit:
                _log.warning("folding.unfit_answers", part=part, questions=unfit)
            await insert_segment(connection, part, written, now())
            manifest = manifest._replace(segments=[*manifest.segments, written.id])
        manifest = manifest._replace(tombstones=sorted({*manifest.tombstones, *hidden}))
        await _commit(connection, await compact(connection, manifest, now()))
        await delete_changes(connection, part, [change.id for change in changes])
    return len(changes), more


async def fold_all(load: EditionsLoader, *, batch: int = BATCH) -> int:
    """Fold until nothing waits; returns how many changes were taken."""
    taken = 0
    async with reading() as connection:
        parts = await parts_with_changes(connection)
    for part in parts:
        while count := await fold_part(part, load, batch=batch):
            taken += count
    return taken


async def purge_part(part: int, *, wait: bool = True) -> None:
    """Remove from the segments of a part what tombstones hide, now.

    Where no change of the part waits, no tombstone is left: those that hid nothing never will. A tombstone is queued
    by a transaction that read its response, thus after the one that queued the row had committed: what waits behind
    the manifest's lock is every row that the manifest's tombstones may still have to hide.
    """
    async with transaction() as connection:
        manifest = await lock_manifest(connection, part, wait=wait)
        if manifest is None:
            return
        waiting = await count_changes(connection, [part])
        compacted = await compact(connection, manifest, now(), purge=True)
        if not waiting:
            compacted = compacted._replace(tombstones=[])
        if compacted != manifest:
            await _commit(connection, compacted)


async def purge_all() -> None:
    """Remove from all segments what tombstones hide, now."""
    async with reading() as connection:
        parts = await parts_with_tombstones(connection)
    for part in parts:
        await purge_part(part)


async def _commit(connection: Connection, manifest: Manifest) -> None:
    await update_manifest(connection, manifest._replace(version=manifest.version + 1, updated_at=now()))


def _net(changes: list[Change]) -> tuple[list[tuple[int, Row]], set[int]]:
    """The rows to add, one per key, and the keys to hide.

    A tombstone and its row in one batch leave nothing of each other.
    """
    rows = {change.row_key: change.row for change in changes if change.row is not None}
    hidden = {change.row_key for change in changes if change.row is None}
    added = [(key, row) for key, row in rows.items() if key not in hidden and is_counted(row)]
    return added, hidden - rows.keys()


def _segment(rows: list[tuple[int, Row]], editions: Editions) -> tuple[Stored, dict[str, int]]:
    block = encode([row for _, row in rows], editions, keys=[key for key, _ in rows])
    codebook, content = segments.write(in_key_order(block))
    return Stored(uuid7(), codebook, content), {name: count for name, count in block.unfit.items() if count}


async def in_batches(
    responses: AsyncIterable[FoldableResponse], rows: int, size: int
) -> AsyncGenerator[list[FoldableResponse]]:
    """Responses by so many, fewer where their answers pass `size` bytes as JSON; the last batch may be empty."""
    batch: list[FoldableResponse] = []
    held = 0
    async for response in responses:
        batch.append(response)
        held += len(_encoder.encode(response.row.answers))
        if len(batch) >= rows or held >= size:
            yield batch
            batch, held = [], 0
    yield batch


class Folder:
    """The fold loop that each process runs. No error ends it: it is logged, and that part is left alone for a while."""

    def __init__(self, load: EditionsLoader, *, interval: float) -> None:
        self._load = load
        self._interval = interval
        self._bell = asyncio.Event()
        self._stopping = False
        self._failures: dict[int, tuple[int, float]] = {}
        self._unpurged: dict[int, tuple[int, float]] = {}
        self._swept = 0.0

    def wake(self) -> None:
        """Look at the queue now (a read found something that is not counted yet)."""
        self._bell.set()

    def stop(self) -> None:
        """End `run` after the part at hand."""
        self._stopping = True
        self._bell.set()

    async def run(self) -> None:
        """Fold what comes, until `stop`."""
        failed = 0
        while not self._stopping:
            self._bell.clear()
            try:
                await self._pass()
                failed = 0
            except Exception:  # noqa: BLE001 - whatever it is, the loop goes on; it is logged
                failed += 1
                _log.exception("folding.queue_unreadable", tries=failed)
            await self._pause(self._after(failed))

    def _after(self, tries: int) -> float:
        return min(self._interval * 2.0 ** min(tries, 10), max(self._interval, LONGEST_PAUSE))

    async def _pause(self, seconds: float) -> None:
        if self._stopping:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._bell.wait()
        except TimeoutError:
            pass

    async def _pass(self) -> None:
        now = asyncio.get_running_loop().time()
        async with reading() as connection:
            parts = await parts_with_changes(connection)
            sweeping = now - self._swept >= SWEEP
            hiding = await parts_with_tombstones(connection) if sweeping else []
        self._failures = {part: failure for part, failure in self._failures.items() if part in parts}
        for part in parts:
            if not self._stopping and self._failures.get(part, (0, 0.0))[1] <= now:
                await self._guarded(part, now)
        if sweeping:
            self._swept = now
        for part in sorted({*hiding, *self._unpurged}):
            if not self._stopping and self._unpurged.get(part, (0, 0.0))[1] <= now:
                await self._purged(part, now)

    async def _guarded(self, part: int, now: float) -> None:
        try:
            while (await _fold(part, self._load, BATCH, wait=False))[1] and not self._stopping:
                pass
        except Exception:  # noqa: BLE001 - one part must not keep the others from being folded; it is logged
            tries = self._failures.get(part, (0, 0.0))[0] + 1
            self._failures[part] = (tries, now + self._after(tries))
            _log.exception("folding.failed", part=part, tries=tries)
        else:
            self._failures.pop(part, None)

    async def _purged(self, part: int, now: float) -> None:
        try:
            await purge_part(part, wait=False)
        except Exception:  # noqa: BLE001 - a part that cannot be purged must not hold up folding; it is logged
            tries = self._unpurged.get(part, (0, 0.0))[0] + 1
            self._unpurged[part] = (tries, now + min(LONGEST_PAUSE * 2.0 ** min(tries - 1, 10), SWEEP))
            _log.exception("folding.purge_failed", part=part, tries=tries)
        else:
            self._unpurged.pop(part, None)
