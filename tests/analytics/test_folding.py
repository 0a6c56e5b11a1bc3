"""Folding counts every change exactly once, in whatever order and batches it comes and whoever folds."""

import asyncio
import itertools

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics import compacting, folding
from analytics.compacting import MOST_SEGMENTS, SMALL, mergers
from analytics.cube import Cube
from analytics.folding import Folder, fold_all, fold_part, purge_all, purge_part
from analytics.rebuilding import rebuild
from analytics.results import results
from base.database import reading, transaction
from base.ids import row_key, uuid7
from surveys.queries import count_changes, queue_changes
from surveys.rows import encode_row

pytestmark = pytest.mark.anyio

NUMBERS = itertools.count(1000)
MEMORY = 50_000_000


def part_of_new_survey():
    """Parts are never used twice, so that examples of one test do not meet."""
    return next(NUMBERS) * 1024


async def figures(sample, part):
    """All that can be seen of a part, without when it was seen."""
    view = await Cube(MEMORY).view([part])
    found = msgspec.to_builtins(results(view, sample.editions, survey="s"))
    return {name: value for name, value in found.items() if name not in {"version", "as_of"}}


async def manifest(part):
    """The manifest as it is stored."""
    async with reading() as connection:
        return await connection.fetchrow("SELECT * FROM manifest WHERE part = $1", part)


@given(seed=st.integers(0, 2**32), count=st.integers(1, 12), batch=st.integers(1, 6), folders=st.integers(1, 3))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_order_any_batches_any_folders_equal_a_rebuild(sample, sender, seed, count, batch, folders):
    """Amended, erased, out of order, folded in pieces, by several at once, purged or not: the figures are the net's."""
    part = part_of_new_survey()
    sending = sender()
    chance = sample.chance(seed)
    await sending.send(part, sample.rows(chance, count))
    for response in list(sending.held):
        while chance.randrange(3) == 0:
            await sending.amend(part, sample.row(chance, response))
        if chance.randrange(4) == 0:
            await sending.erase(part, response)
    await sending.shuffle(part)
    if chance.randrange(2):
        await fold_part(part, sample.load, batch=batch)
        await purge_all()
    await asyncio.gather(*(fold_all(sample.load, batch=batch) for _ in range(folders)))

    folded = await figures(sample, part)
    net = sample.view(list(sending.held.values()))
    counted = msgspec.to_builtins(results(net, sample.editions, survey="s"))
    assert folded == {name: counted[name] for name in folded}

    await rebuild([part], sample.load)
    assert await figures(sample, part) == folded
    stored = await manifest(part)
    assert list(stored["tombstones"]) == []


async def test_a_tombstone_that_comes_first_waits(sample, sender):
    """It hides its row when that comes, and is gone once the segments are purged."""
    part = part_of_new_survey()
    row = sample.row(sample.chance(1))
    key = row_key(part, row.response, row.revision)
    async with transaction() as connection:
        await queue_changes(connection, [(part, key, None)])
    await fold_all(sample.load)
    assert (await manifest(part))["tombstones"] == [key]
    async with transaction() as connection:
        await queue_changes(connection, [(part, key, encode_row(row))])
    await fold_all(sample.load)
    assert (await figures(sample, part))["responses"] == 0
    await purge_all()
    after = await manifest(part)
    assert (list(after["segments"]), list(after["tombstones"])) == ([], [])


async def test_a_row_queued_twice_counts_once(sample, sender):
    """In one batch or in two."""
    part = part_of_new_survey()
    rows = sample.rows(sample.chance(2), 3)
    queued = [(part, row_key(part, row.response, 1), encode_row(row)) for row in rows]
    for batch in (queued, queued[:2], [*queued, *queued]):
        async with transaction() as connection:
            await queue_changes(connection, batch)
        await fold_all(sample.load)
        assert (await figures(sample, part))["responses"] == 3


async def test_try_outs_are_taken_and_not_counted(sample, sender):
    """Channel `test` is in no figure."""
    part = part_of_new_survey()
    row = msgspec.structs.replace(sample.row(sample.chance(3)), channel="test")
    sending = sender()
    await sending.send(part, [row])
    assert await fold_all(sample.load) == 1
    assert (await figures(sample, part))["responses"] == 0
    assert await rebuild([part], sample.load) == 0


async def test_many_small_folds_leave_few_segments(sample, sender):
    """Segments are compacted as they come, and no row is lost by it."""
    part = part_of_new_survey()
    sending = sender()
    chance = sample.chance(4)
    for _ in range(40):
        await sending.send(part, sample.rows(chance, 1))
        await fold_part(part, sample.load)
        assert len((await manifest(part))["segments"]) <= MOST_SEGMENTS
    assert (await figures(sample, part))["responses"] == 40
    async with reading() as connection:
        named = set((await manifest(part))["segments"])
        assert {row["id"] for row in await connection.fetch("SELECT id FROM segment WHERE part = $1", part)} == named


@given(st.lists(st.integers(1, 2 * SMALL), max_size=40))
def test_merging_always_ends_with_few_small_segments(sizes):
    """Each segment is in one group at most, groups have two or more."""
    counts = {uuid7(): size for size in sizes}
    groups = mergers(counts)
    merged = [name for group in groups for name in group]
    assert len(merged) == len(set(merged))
    assert all(len(group) > 1 for group in groups)
    left = [size for name, size in counts.items() if name not in merged]
    left += [sum(counts[name] for name in group) for group in groups]
    assert sum(size <= SMALL for size in left) <= MOST_SEGMENTS


async def test_erased_answers_leave_the_segments(sample, sender):
    """After a purge no stored byte knows them."""
    part = part_of_new_survey()
    sending = sender()
    rows = sample.rows(sample.chance(5), 5)
    rows[0].answers["q7"] = "introuvable"
    await sending.send(part, rows)
    await fold_all(sample.load)
    await sending.erase(part, rows[0].response)
    await fold_all(sample.load)
    await purge_all()
    async with reading() as connection:
        contents = await connection.fetch("SELECT content FROM segment WHERE part = $1", part)
    assert len(contents) == 1
    assert (await figures(sample, part))["responses"] == 4
    view = await Cube(MEMORY).view([part], ["q7"])
    assert "introuvable" not in list(view.block.columns["q7", "text"].values)


async def test_a_folder_that_dies_changes_nothing(sample, sender):
    """An error anywhere leaves the queue as it was and the manifest empty."""
    part = part_of_new_survey()
    sending = sender()
    await sending.send(part, sample.rows(sample.chance(6), 3))

    async def broken(_number):
        raise ConnectionError("cut")

    with pytest.raises(Exception, match="database"):
        await fold_part(part, broken)
    assert (await manifest(part))["segments"] == []
    assert await fold_all(sample.load) == 3


async def test_the_loop_survives_errors_and_folds_the_other_parts(sample, sender, monkeypatch):
    """A part that cannot be folded is logged and left alone for a while; waking folds what is new."""
    broken, sound = part_of_new_survey(), part_of_new_survey()
    sending = sender()
    await sending.send(broken, sample.rows(sample.chance(7), 2))
    await sending.send(sound, sample.rows(sample.chance(8), 2))

    async def load(number):
        if number == broken // 1024:
            raise ValueError("no such edition")
        return sample.editions

    monkeypatch.setattr(folding, "LONGEST_PAUSE", 3600.0)
    folder = Folder(load, interval=3600.0)
    running = asyncio.create_task(folder.run())
    async with asyncio.timeout(10):
        await _until(sound, 0)
        await sending.send(sound, sample.rows(sample.chance(9), 1))
        folder.wake()
        await _until(sound, 0)
    assert (await figures(sample, sound))["responses"] == 3
    assert (await figures(sample, broken))["pending"] == 2
    folder.stop()
    async with asyncio.timeout(10):
        await running


async def test_large_changes_are_taken_few_at_a_time(sample, sender, monkeypatch):
    """A batch ends where its contents pass the bytes, and has one change at least; the loop takes them all."""
    part = part_of_new_survey()
    sending = sender()
    rows = sample.rows(sample.chance(10), 5)
    for row in rows:
        row.answers["q7"] = "x" * 10_000
    await sending.send(part, rows)
    monkeypatch.setattr(folding, "BATCH_BYTES", 25_000)
    assert await fold_part(part, sample.load) == 2
    monkeypatch.setattr(folding, "BATCH_BYTES", 1)
    assert await fold_part(part, sample.load) == 1
    await Folder(sample.load, interval=3600.0)._pass()
    assert (await figures(sample, part))["responses"] == 5
    assert (await figures(sample, part))["pending"] == 0


async def test_heavy_segments_are_not_merged(sample, sender, monkeypatch):
    """Few rows of many bytes would be too much to read at once; they still count."""
    part = part_of_new_survey()
    monkeypatch.setattr(compacting, "HEAVY", 1)
    sending = sender()
    chance = sample.chance(11)
    for _ in range(MOST_SEGMENTS + 3):
        await sending.send(part, sample.rows(chance, 1))
        await fold_part(part, sample.load)
    assert len((await manifest(part))["segments"]) == MOST_SEGMENTS + 3
    assert (await figures(sample, part))["responses"] == MOST_SEGMENTS + 3


async def test_a_purge_that_fails_holds_nobody_up(sample, sender, monkeypatch):
    """The other parts are purged, the hour's sweep is over, and the broken part is tried again later."""
    broken, sound = part_of_new_survey(), part_of_new_survey()
    sending = sender()
    for part in (broken, sound):
        rows = sample.rows(sample.chance(part), 2)
        await sending.send(part, rows)
        await fold_all(sample.load)
        await sending.erase(part, rows[0].response)
        await fold_all(sample.load)
    async with transaction() as connection:
        await connection.execute("UPDATE segment SET content = 'broken' WHERE part = $1", broken)
    folder = Folder(sample.load, interval=0.1)
    folder._swept = -folding.SWEEP
    tried = []
    purge = folding.purge_part

    async def counting(part, *, wait):
        tried.append(part)
        await purge(part, wait=wait)

    monkeypatch.setattr(folding, "purge_part", counting)
    await folder._pass()
    await folder._pass()
    assert tried.count(broken) == 1
    assert (await manifest(sound))["tombstones"] == []
    assert len((await manifest(broken))["tombstones"]) == 1
    folder._unpurged[broken] = (1, 0.0)
    await folder._pass()
    assert tried.count(broken) == 2
    assert folder._unpurged[broken][0] == 2
    async with transaction() as connection:
        await connection.execute("DELETE FROM segment WHERE part = $1", broken)
        await connection.execute("DELETE FROM manifest WHERE part = $1", broken)


async def test_tombstones_that_hid_nothing_go(sample, sender):
    """A purge drops them, but not while a change of the part waits."""
    part = part_of_new_survey()
    sending = sender()
    await sending.send(part, sample.rows(sample.chance(12), 2))
    row = sample.row(sample.chance(13))
    key = row_key(part, row.response, row.revision)
    async with transaction() as connection:
        await queue_changes(connection, [(part, key, None)])
    await fold_all(sample.load)
    await sending.send(part, [row])
    await purge_part(part)
    assert (await manifest(part))["tombstones"] == [key]
    await fold_all(sample.load)
    assert (await figures(sample, part))["responses"] == 2
    await purge_part(part)
    assert (await manifest(part))["tombstones"] == []
    async with transaction() as connection:
        await queue_changes(connection, [(part, key, None)])
    await fold_all(sample.load)
    await purge_part(part)
    assert (await manifest(part))["tombstones"] == []
    assert (await figures(sample, part))["responses"] == 2


@pytest.mark.parametrize("before", [0, 2])
async def test_who_does_not_wait_does_not_wait(sample, sender, before):
    """Not for who folds the part's first changes either, nor for who is changing its manifest."""
    part = part_of_new_survey()
    sending = sender()
    await sending.send(part, sample.rows(sample.chance(14), before))
    await fold_all(sample.load)
    await sending.send(part, sample.rows(sample.chance(15), 2))
    loading, go = asyncio.Event(), asyncio.Event()

    async def slow(number):
        loading.set()
        await go.wait()
        return await sample.load(number)

    folding_it = asyncio.create_task(fold_part(part, slow))
    async with asyncio.timeout(5):
        await loading.wait()
        assert await fold_part(part, sample.load, wait=False) == 0
    go.set()
    assert await folding_it == 2


async def _until(part, waiting):
    while True:
        async with reading() as connection:
            if await count_changes(connection, [part]) == waiting:
                return
        await asyncio.sleep(0.02)
