"""Many answers at once, one JSON object a line: read as they stream in, taken in batches, each line judged alone."""

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from typing import Final, assert_never

import msgspec

from base.database import transaction
from base.language import N_
from base.problems import Problem, Worded
from directory.actors import Actor
from surveys.answering import accept
from surveys.problems import BAD_LINE, LINE_TOO_LONG
from surveys.submission import Channel, Refused, Sent, Stored, Submission
from surveys.survey import Survey

LINE_LIMIT: Final = 1_000_000
"""Bytes in a line."""

BATCH: Final = 500
"""Lines in a transaction."""

BATCH_BYTES: Final = 8_000_000
"""From this many bytes on, fewer lines do: a batch is held in memory."""

REPORTED: Final = 10_000
"""Rejected lines that a report lists; the others are counted."""

_decoder: Final = msgspec.json.Decoder(Sent)


class RejectedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that was not taken (the first is 1), and why."""

    line: int
    problem: Problem


class BulkReport(msgspec.Struct, kw_only=True):
    """What became of a stream: how many are stored by it, were stored before, and which lines were refused."""

    accepted: int = 0
    replayed: int = 0
    rejected: list[RejectedLine] = []
    unlisted: int = 0

    def refuse(self, line: int, problem: Problem) -> None:
        """Note a refused line, up to what a report holds."""
        if len(self.rejected) < REPORTED:
            self.rejected.append(RejectedLine(line=line, problem=problem))
        else:
            self.unlisted += 1


async def accept_stream(
    chunks: AsyncIterator[bytes], survey: Survey, actor: Actor | None, *, now: dt.datetime
) -> BulkReport:
    """Take the lines of a stream; every batch is committed before the next is read.

    A line that is refused keeps no other from being taken. Sending the same stream again replays it.
    """
    report = BulkReport()
    waiting: list[tuple[int, Sent]] = []
    size = 0
    async for number, line in _lines(chunks):
        if isinstance(line, Problem):
            report.refuse(number, line)
            continue
        if not line.strip():
            continue
        try:
            waiting.append((number, _decoder.decode(line)))
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            report.refuse(number, _unreadable(error))
            continue
        size += len(line)
        if len(waiting) >= BATCH or size >= BATCH_BYTES:
            await accept_batch(report, waiting, survey, actor, channel="import", now=now)
            waiting, size = [], 0
    await accept_batch(report, waiting, survey, actor, channel="import", now=now)
    report.rejected.sort(key=lambda line: line.line)
    return report


async def accept_batch(
    report: BulkReport,
    batch: Sequence[tuple[int, Sent]],
    survey: Survey,
    actor: Actor | None,
    *,
    channel: Channel,
    now: dt.datetime,
) -> None:
    """Take these numbered lines in one transaction and add to the report what became of them, once it is committed."""
    if not batch:
        return
    async with transaction() as connection:
        outcomes = await accept(
            connection,
            [
                Submission(sent=sent, survey=survey, actor=actor, right="others", channel=channel, at=now)
                for _, sent in batch
            ],
        )
    for (number, _), outcome in zip(batch, outcomes, strict=True):
        match outcome:
            case Stored(replayed=replayed):
                report.replayed += replayed
                report.accepted += not replayed
            case Refused(problem=problem):
                report.refuse(number, problem)
            case _:
                assert_never(outcome)


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[int, bytes | Problem]]:
    """The lines of a stream by number; one over the limit comes as its problem and is not kept in memory."""
    number, held, overlong = 1, bytearray(), False
    async for chunk in chunks:
        start = 0
        while True:
            end = chunk.find(b"\n", start)
            piece = chunk[start : end if end >= 0 else None]
            overlong = overlong or len(held) + len(piece) > LINE_LIMIT
            held = bytearray() if overlong else held + piece
            if end < 0:
                break
            yield number, LINE_TOO_LONG(limit=LINE_LIMIT) if overlong else bytes(held)
            number, held, overlong, start = number + 1, bytearray(), False, end + 1
    if overlong or held:
        yield number, LINE_TOO_LONG(limit=LINE_LIMIT) if overlong else bytes(held)


def _unreadable(error: Exception) -> Problem:
    reason = N_("The JSON is nested too deep.") if isinstance(error, RecursionError) else str(error)
    return BAD_LINE(reason=Worded(message=reason))
