"""A rebuild while people answer loses nothing and counts nothing twice."""

import asyncio
import itertools

import pytest

from analytics import rebuilding
from analytics.cube import Cube
from analytics.folding import fold_all, fold_part
from analytics.rebuilding import rebuild
from analytics.results import results
from base.database import reading

pytestmark = pytest.mark.anyio

NUMBERS = itertools.count(5000)


async def counted(part, sample):
    """Responses in the figures, and what waits."""
    view = await Cube(10_000_000).view([part])
    return results(view, sample.editions, survey="s").responses, view.pending


async def test_submissions_and_folds_meanwhile(sample, sender, monkeypatch):
    """Sending, amending, erasing, folding and rebuilding at once: afterwards the figures are those of what is held."""
    monkeypatch.setattr(rebuilding, "PAUSE", 0.002)
    part = next(NUMBERS) * 1024
    sending = sender()
    chance = sample.chance(1)
    await sending.send(part, sample.rows(chance, 20))
    done = asyncio.Event()

    async def send():
        for _ in range(25):
            await sending.send(part, sample.rows(chance, 2))
            response = chance.choice(list(sending.held))
            await (
                sending.erase(part, response)
                if chance.randrange(3) == 0
                else sending.amend(part, sample.row(chance, response))
            )
        done.set()

    async def fold():
        while not done.is_set():
            await fold_part(part, sample.load, batch=3)
            await asyncio.sleep(0)

    async def again():
        while not done.is_set():
            await rebuild([part], sample.load)
            view = await Cube(10_000_000).view([part])
            assert len(set(view.block.columns)) > 0

    await asyncio.gather(send(), fold(), again())
    await fold_all(sample.load)
    assert await counted(part, sample) == (len(sending.held), 0)
    view = await Cube(10_000_000).view([part])
    expected = sample.view(list(sending.held.values()))
    assert (
        results(view, sample.editions, survey="s").questions == results(expected, sample.editions, survey="s").questions
    )


async def test_a_rebuild_takes_the_queue_with_it(sample, sender):
    """What is in the responses is not folded a second time; progress is told."""
    part = next(NUMBERS) * 1024
    sending = sender()
    await sending.send(part, sample.rows(sample.chance(2), 7))
    told = []
    assert await rebuild([part], sample.load, progress=lambda *done: told.append(done)) == 7
    assert told == [(7, 7)]
    assert await fold_all(sample.load) == 0
    assert await counted(part, sample) == (7, 0)


async def test_large_parts_become_several_segments(sample, sender, monkeypatch):
    """A part of any size is rebuilt in pieces; its old segments are gone."""
    monkeypatch.setattr(rebuilding, "SEGMENT", 4)
    monkeypatch.setattr(rebuilding, "BATCH", 3)
    part = next(NUMBERS) * 1024
    sending = sender()
    await sending.send(part, sample.rows(sample.chance(3), 14))
    await fold_all(sample.load)
    assert await rebuild([part], sample.load) == 14
    async with reading() as connection:
        sizes = await connection.fetch("SELECT row_count FROM segment WHERE part = $1 ORDER BY row_count", part)
    assert [row["row_count"] for row in sizes] == [2, 6, 6]
    assert await counted(part, sample) == (14, 0)


async def test_parts_without_responses(sample, sender):
    """They are empty afterwards as before."""
    part = next(NUMBERS) * 1024
    assert await rebuild([part], sample.load) == 0
    assert await counted(part, sample) == (0, 0)


async def test_segments_of_large_answers_have_fewer_rows(sample, sender, monkeypatch):
    """What is held at a time is bounded by its bytes too."""
    part = next(NUMBERS) * 1024
    sending = sender()
    rows = sample.rows(sample.chance(4), 5)
    for row in rows:
        row.answers["q7"] = str(row.response) * 300
    await sending.send(part, rows)
    monkeypatch.setattr(rebuilding, "BATCH_BYTES", 15_000)
    monkeypatch.setattr(rebuilding, "SEGMENT_BYTES", 1)
    assert await rebuild([part], sample.load) == 5
    async with reading() as connection:
        sizes = await connection.fetch("SELECT row_count FROM segment WHERE part = $1 ORDER BY row_count", part)
    assert [row["row_count"] for row in sizes] == [1, 2, 2]
    assert await counted(part, sample) == (5, 0)
