"""Responses as files, streamed: what was answered, one response a line or row, in the order (part, submission, id).

Both formats read one snapshot by a server-side cursor and hold one batch in memory. A process writes `AT_ONCE` exports
at a time, since each holds a connection for as long as its reader takes. Responses to an edition that was published
after the editions were read are not in the file: they came after it was asked for. The first bytes come with the first
batch, so that a database that is away is a problem and not a broken file; an error after that is raised out of the
generator, and whoever sends the bytes must break the connection: a file cut short never looks complete.

**NDJSON** is the lossless one: null stands for asked and not answered, an absent name for not asked.

**CSV** is for programs and import dialogs: UTF-8 without a byte order mark, commas, points in decimals, CRLF (RFC
4180), which is what every library reads without being told and what `navette responses import` takes back. It is not
made for a double click in a French Excel, which would want semicolons and decimal commas. After the columns of
`COLUMNS` comes one column per question of all editions: those of the newest edition in its order, then those that only
older ones had. A question that bears the name of one of the first columns is headed `answers/NAME`. A cell is empty
where there is no answer. A list (`select_multiple`, communities) is one cell of names joined by `|`, in the
questionnaire's order (a `%` or `|` inside a name is written `%25`, `%7C`): one column per choice would change the shape
of the file whenever an edition adds a choice.

Cells are inert: a text (or header) that a spreadsheet would take for a formula, one that begins with `= + - @`, TAB, CR
or LF, also behind spaces or apostrophes, gets an apostrophe in front. To read it back, take one apostrophe off every
cell that begins with apostrophes and then such a character. Numbers typed as numbers stay as they are.
"""

import asyncio
import contextlib
import csv
import datetime as dt
import io
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec
from asyncpg import Connection

from analytics.folding import in_batches
from analytics.selecting import Condition, mask_rows
from base.database import reading
from base.language import N_
from base.problems import Kind, problem
from forms.questionnaire import Questionnaire, questions
from surveys.queries import FoldableResponse, responses_of_part

BATCH: Final = 1_000
"""Responses in memory at a time."""

BATCH_BYTES: Final = 16 << 20
"""Bytes of their answers as JSON after which a batch has fewer."""

AT_ONCE: Final = 2
"""Exports that a process writes at the same time."""

PATIENCE: Final = 10.0
"""Seconds that a further one waits for its turn."""

SLOWEST: Final = "10min"
"""How long a reader may take for one batch before the server ends the transaction."""

EXPORTS_BUSY: Final[Kind] = problem(
    "analytics/exports-busy",
    503,
    N_("Too many exports at the same time"),
    N_("Others are downloading responses right now. Try again in a minute."),
)

FORMULA: Final = re.compile(r"'*[\s\u200b\ufeff]*[=+\-@\t\r\n＝＋－＠]")
"""How a cell begins that a spreadsheet may take for a formula (some convert full-width signs)."""


class ExportedResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an NDJSON export."""

    id: UUID
    edition: int
    territory: str | None
    region: str | None
    department: str | None
    unit: str | None
    unit_kind: str | None
    communities: list[str]
    channel: str
    submitted_at: dt.datetime
    revision: int
    answers: dict[str, Any]


COLUMNS: Final = ExportedResponse.__struct_fields__[:-1]
"""The first columns of a CSV export: all of a response but its answers."""

_encoder: Final = msgspec.json.Encoder()
_turns: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]] = WeakKeyDictionary()


async def export_ndjson(
    parts: Sequence[int], editions: Mapping[int, Questionnaire], conditions: Sequence[Condition]
) -> AsyncGenerator[bytes]:
    """The responses in these parts that meet the conditions, as NDJSON."""
    async with contextlib.aclosing(_batches(parts, editions, conditions)) as batches:
        async for batch in batches:
            if batch:  # an empty chunk would end the body of an HTTP/1.1 response
                yield await asyncio.to_thread(_encoder.encode_lines, batch)


async def export_csv(
    parts: Sequence[int], editions: Mapping[int, Questionnaire], conditions: Sequence[Condition]
) -> AsyncGenerator[bytes]:
    """The responses in these parts that meet the conditions, as CSV with a header row."""
    names = question_names(editions)
    lines = [[*COLUMNS, *(f"answers/{name}" if name in COLUMNS else name for name in names)]]
    async with contextlib.aclosing(_batches(parts, editions, conditions)) as batches:
        async for batch in batches:
            if lines or batch:
                yield await asyncio.to_thread(_csv, lines, batch, names)
            lines = []


def question_names(editions: Mapping[int, Questionnaire]) -> list[str]:
    """The questions of all editions: the newest edition's in its order, then those that only older ones had."""
    newest_first = (questions(editions[number]) for number in sorted(editions, reverse=True))
    return list(dict.fromkeys(question.name for each in newest_first for question in each))


def cell(value: object) -> str:
    """A value as the text of an inert CSV cell."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            text = value
        case list():
            text = "|".join(str(item).replace("%", "%25").replace("|", "%7C") for item in value)
        case dict():
            text = _encoder.encode(value).decode()
        case _:
            text = str(msgspec.to_builtins(value))
    return f"'{text}" if FORMULA.match(text) else text


def _csv(lines: Iterable[Sequence[object]], batch: list[ExportedResponse], names: list[str]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([cell(value) for value in line] for line in lines)
    writer.writerows(
        [
            *(cell(getattr(response, column)) for column in COLUMNS),
            *(cell(response.answers.get(name)) for name in names),
        ]
        for response in batch
    )
    return text.getvalue().encode()


async def _batches(
    parts: Sequence[int], editions: Mapping[int, Questionnaire], conditions: Sequence[Condition]
) -> AsyncGenerator[list[ExportedResponse]]:
    """What meets the conditions, batch by batch, all of one snapshot; at least one batch, be it empty."""
    async with _turn(), _snapshot() as connection:
        stored = _stored(connection, sorted(parts))
        async with contextlib.aclosing(stored), contextlib.aclosing(in_batches(stored, BATCH, BATCH_BYTES)) as batches:
            async for batch in batches:
                yield await asyncio.to_thread(_matching, batch, editions, conditions)


@contextlib.asynccontextmanager
async def _turn() -> AsyncIterator[None]:
    turns = _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
    try:
        async with asyncio.timeout(PATIENCE):
            await turns.acquire()
    except TimeoutError as error:
        raise EXPORTS_BUSY(headers={"Retry-After": "60"}) from error
    try:
        yield
    finally:
        turns.release()


@contextlib.asynccontextmanager
async def _snapshot() -> AsyncIterator[Connection]:
    # `transaction()` would bind itself to the task that reads the stream; the cursor only needs a snapshot.
    async with reading() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{SLOWEST}'")
        yield connection


async def _stored(connection: Connection, parts: Sequence[int]) -> AsyncGenerator[FoldableResponse]:
    for part in parts:
        async with contextlib.aclosing(responses_of_part(connection, part)) as stored:
            async for response in stored:
                yield response


def _matching(
    batch: list[FoldableResponse], editions: Mapping[int, Questionnaire], conditions: Sequence[Condition]
) -> list[ExportedResponse]:
    batch = [response for response in batch if response.row.edition in editions]
    chosen = mask_rows([response.row for response in batch], conditions, editions)
    return [_exported(response) for response, keep in zip(batch, chosen, strict=True) if keep]


def _exported(stored: FoldableResponse) -> ExportedResponse:
    row = stored.row
    return ExportedResponse(
        id=row.response,
        edition=row.edition,
        territory=row.territory,
        region=row.region,
        department=row.department,
        unit=row.unit,
        unit_kind=row.unit_kind,
        communities=row.communities,
        channel=row.channel,
        submitted_at=stored.submitted_at,
        revision=row.revision,
        answers=row.answers,
    )
