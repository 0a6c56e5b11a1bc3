"""The cube shows exactly what the manifests name, loads it once, and keeps to its memory."""

import asyncio
import itertools
import threading

import pytest

from analytics import cube as cubes
from analytics.cube import Cube, Shelf
from analytics.folding import fold_all, fold_part, purge_all
from analytics.results import results
from base.ids import parts_of

pytestmark = pytest.mark.anyio

NUMBERS = itertools.count(9000)
MEMORY = 10_000_000


@pytest.fixture
def contents(monkeypatch):
    """How often segments were fetched."""
    fetched = []
    original = cubes.contents_of

    async def counted(connection, parts, ids):
        fetched.append(list(ids))
        return await original(connection, parts, ids)

    monkeypatch.setattr(cubes, "contents_of", counted)
    return fetched


async def filled(sample, sender, parts, count):
    """Some responses in each part, folded one by one so that there are several segments; and what is held."""
    sending = sender()
    chance = sample.chance(count)
    for part in parts:
        for _ in range(count):
            await sending.send(part, sample.rows(chance, 2))
            await fold_part(part, sample.load)
    return sending


async def test_all_parts_of_a_survey_are_one_view(sample, sender):
    """Rows of all parts, whatever their codebooks."""
    parts = parts_of(next(NUMBERS), 4)
    sending = await filled(sample, sender, parts, 3)
    view = await Cube(MEMORY).view(parts)
    expected = sample.view(list(sending.held.values()))
    found = results(view, sample.editions, survey="s")
    assert found.responses == 24
    assert found.questions == results(expected, sample.editions, survey="s").questions


async def test_only_what_is_asked_for_is_loaded_and_once(sample, sender, contents):
    """A second request for the same columns, or many at once, fetch nothing."""
    parts = [next(NUMBERS) * 1024]
    await filled(sample, sender, parts, 3)
    cube = Cube(MEMORY)
    views = await asyncio.gather(*(cube.view(parts, ["q1", "@region"]) for _ in range(5)))
    assert {len(view.block.columns) for view in views} == {2}
    loads = len(contents)
    assert loads == 2  # the row keys, which say that no row stands twice; the columns
    await cube.view(parts, ["q1"])
    assert len(contents) == loads
    await cube.view(parts, ["q3"])
    assert len(contents) == loads + 1


async def test_a_new_version_loads_only_the_new_segment(sample, sender, contents):
    """And what the version before had merged is forgotten."""
    parts = [next(NUMBERS) * 1024]
    sending = await filled(sample, sender, parts, 2)
    cube = Cube(MEMORY)
    before = await cube.view(parts, ["q1"])
    await sending.send(parts[0], sample.rows(sample.chance(1), 3))
    pending = await cube.view(parts, ["q1"])
    assert (pending.version, pending.pending, pending.block.rows) == (before.version, 3, 4)
    contents.clear()
    await fold_all(sample.load)
    after = await cube.view(parts, ["q1"])
    assert after.version != before.version
    assert (after.block.rows, after.pending) == (7, 0)
    assert len({name for ids in contents for name in ids}) == 1
    assert cube.shelf.get(before.version, ("q1", "choice")) is None
    assert (await Cube(MEMORY).view(parts, ["q1"])).version == after.version


async def test_compaction_between_manifest_and_segment_is_noticed(sample, sender, monkeypatch):
    """The manifests are read again; no row is missed."""
    parts = [next(NUMBERS) * 1024]
    sending = await filled(sample, sender, parts, 2)
    original = cubes.manifests_of
    times = []

    async def late(connection, wanted):
        found = await original(connection, wanted)
        times.append(len(found))
        if len(times) == 1:
            victim = next(iter(sending.held))
            await asyncio.create_task(_erase_and_purge(sample, sending, parts[0], victim))
        return found

    monkeypatch.setattr(cubes, "manifests_of", late)
    view = await Cube(MEMORY).view(parts)
    assert len(times) == 2
    assert view.block.rows == len(sending.held) == 3


async def _erase_and_purge(sample, sending, part, response):
    await sending.erase(part, response)
    await fold_all(sample.load)
    await purge_all()


async def test_counting_is_done_in_a_thread(sample, sender):
    """Never in the event loop's."""
    parts = [next(NUMBERS) * 1024]
    await filled(sample, sender, parts, 1)
    here = threading.get_ident()
    there, rows = await Cube(MEMORY).count(parts, None, lambda view: (threading.get_ident(), view.block.rows))
    assert there != here
    assert rows == 2


async def test_a_survey_without_answers(sample, database):
    """Has a version too, and no rows."""
    view = await Cube(MEMORY).view([next(NUMBERS) * 1024])
    found = results(view, sample.editions, survey="s", by=None)
    assert (found.responses, found.questions[0].answered) == (0, 0)


async def test_a_cube_without_memory_still_answers(sample, sender):
    """It keeps nothing, and loads again each time."""
    parts = [next(NUMBERS) * 1024]
    await filled(sample, sender, parts, 3)
    cube = Cube(1)
    for _ in range(2):
        assert (await cube.view(parts)).block.rows == 6
    assert cube.shelf.used <= 1


def test_the_shelf_drops_what_nobody_asked_for_longest():
    """By bytes, counting each thing once."""
    shelf = Shelf(100)
    for name in "abc":
        shelf.put("s", name, name, 30)
    assert shelf.get("s", "a") == "a"
    shelf.put("s", "d", "d", 30)
    assert [shelf.get("s", name) for name in "abcd"] == ["a", None, "c", "d"]
    shelf.put("s", "d", "e", 40)
    assert shelf.used == 100
    shelf.put("t", "x", "x", 101)
    assert (shelf.get("t", "x"), shelf.used) == (None, 100)
    shelf.forget({"s"})
    assert (shelf.get("s", "e"), shelf.used) == (None, 0)
