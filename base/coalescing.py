"""Doing together what many ask for at once: one statement, one transaction, one commit for a whole batch.

A call that comes alone is served at once. Those that come while it is under way wait for it and are then served
together; the busier the process, the larger the batch, and nobody waits for a timer.
"""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class _Queue(Generic[Item, Answer]):
    """What waits in one event loop."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self.running: set[asyncio.Task[None]] = set()


class Coalescer(Generic[Item, Answer]):
    """Calls `work` with all items that wait, at most `most`, in at most `at_once` batches side by side.

    `work` answers each item in order. If it raises, all items of the batch get the error; but where `alone` says of the
    error that a single item may be its cause, each is tried alone, so that it harms nobody else.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]],
        *,
        most: int = 200,
        at_once: int = 1,
        alone: Callable[[Exception], bool] = lambda _: False,
    ) -> None:
        self._work = work
        self._most = most
        self._at_once = at_once
        self._alone = alone
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue[Item, Answer]] = WeakKeyDictionary()

    async def __call__(self, item: Item) -> Answer:
        """The answer to one item. Giving up waiting does not undo what its batch does."""
        loop = asyncio.get_running_loop()
        queue = self._queues.setdefault(loop, _Queue())
        future: asyncio.Future[Answer] = loop.create_future()
        queue.waiting.append((item, future))
        self._serve(queue)
        return await future

    def _serve(self, queue: _Queue[Item, Answer]) -> None:
        while queue.waiting and len(queue.running) < self._at_once:
            batch, queue.waiting = queue.waiting[: self._most], queue.waiting[self._most :]
            # Of no caller's context: a batch must not work in the transaction that one of its callers has open.
            task = asyncio.create_task(self._answer(batch), context=contextvars.Context())
            queue.running.add(task)
            task.add_done_callback(lambda done: self._next(queue, done))

    def _next(self, queue: _Queue[Item, Answer], done: asyncio.Task[None]) -> None:
        queue.running.discard(done)
        self._serve(queue)

    async def _answer(self, batch: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._work([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - it is handed to those who asked
            if len(batch) > 1 and self._alone(error):
                for one in batch:
                    await self._answer([one])
                return
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
        else:
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
