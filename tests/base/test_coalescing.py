"""What is asked at once is done together, and nobody is harmed by another's failure."""

import asyncio
import contextvars
from collections.abc import Sequence

import pytest

from base.coalescing import Coalescer

pytestmark = pytest.mark.anyio


class Work:
    """Doubles numbers and remembers in which batches; the first batch waits until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = asyncio.Event()

    async def __call__(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        await self.go.wait()
        if 13 in items:
            raise ValueError(13)
        return [2 * item for item in items]


async def calls(coalescer: Coalescer[int, int], work: Work, items: list[int]) -> list[int | BaseException]:
    """Ask for one, then for the others while it is under way, then let go."""
    tasks = []
    for item in items:
        tasks.append(asyncio.create_task(coalescer(item)))
        await asyncio.sleep(0)
    work.go.set()
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_those_who_come_meanwhile_are_served_together() -> None:
    """The first is served alone and at once, the others in one batch, each with its own answer."""
    work = Work()
    assert await calls(Coalescer(work), work, [1, 2, 3, 4]) == [2, 4, 6, 8]
    assert work.batches == [[1], [2, 3, 4]]


async def test_a_batch_has_its_limit() -> None:
    """No batch is larger than `most`."""
    work = Work()
    assert await calls(Coalescer(work, most=2), work, [1, 2, 3, 4]) == [2, 4, 6, 8]
    assert work.batches == [[1], [2, 3], [4]]


async def test_a_failure_is_everybodys() -> None:
    """Without `alone`, all of a batch get its error, and the next batch is served."""
    work = Work()
    coalescer = Coalescer(work)
    answers = await calls(coalescer, work, [1, 2, 13])
    assert answers[0] == 2
    assert [type(answer) for answer in answers[1:]] == [ValueError, ValueError]
    assert await coalescer(5) == 10


async def test_a_failure_is_its_own_where_each_can_be_tried_alone() -> None:
    """Where `alone` says so of the error, only the one that cannot be served gets it; a batch of two is enough."""
    work = Work()
    answers = await calls(Coalescer(work, alone=lambda error: isinstance(error, ValueError)), work, [1, 2, 13, 3])
    assert [answer for answer in answers if not isinstance(answer, BaseException)] == [2, 4, 6]
    assert isinstance(answers[2], ValueError)


async def test_what_one_item_cannot_cause_is_not_tried_again() -> None:
    """A database that is away fails a batch once, not once for each of those who wait."""
    work = Work()
    answers = await calls(Coalescer(work, alone=lambda error: isinstance(error, OSError)), work, [1, 2, 13])
    assert [type(answer) for answer in answers[1:]] == [ValueError, ValueError]
    assert work.batches == [[1], [2, 13]]


async def test_a_batch_of_two_is_tried_alone_too() -> None:
    """The smallest batch in which one can harm another."""
    work = Work()
    answers = await calls(Coalescer(work, alone=lambda _: True), work, [1, 2, 13])
    assert answers[:2] == [2, 4]
    assert isinstance(answers[2], ValueError)


async def test_giving_up_harms_nobody() -> None:
    """A caller that goes away does not keep the others of its batch from their answers."""
    work = Work()
    coalescer = Coalescer(work)
    tasks = [asyncio.create_task(coalescer(item)) for item in (1, 2, 3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    work.go.set()
    assert await asyncio.gather(tasks[0], tasks[2]) == [2, 6]


async def test_a_batch_works_in_nobodys_context() -> None:
    """A transaction that one caller has open is not the batch's."""
    mine: contextvars.ContextVar[str] = contextvars.ContextVar("mine", default="nobody's")

    async def look(items: Sequence[int]) -> list[str]:
        return [mine.get() for _ in items]

    mine.set("a caller's")
    assert await Coalescer(look)(1) == "nobody's"
