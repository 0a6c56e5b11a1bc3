"""Answers from a file: a CSV whose columns are questions, or NDJSON as the bulk route takes it. A rerun replays."""

import csv
import datetime as dt
import tomllib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final
from uuid import uuid5

import msgspec

from base.database import reading
from base.language import N_
from base.problems import Problem, Worded
from forms.questionnaire import Questionnaire, questions
from surveys.bulk import BATCH, BulkReport, accept_batch, accept_stream
from surveys.cells import Reader, content, reader_of
from surveys.editions import editions_by_number
from surveys.problems import BAD_IMPORT, BAD_ROW, NOT_PUBLISHED
from surveys.submission import Sent
from surveys.survey import Survey

Progress = Callable[[int, int], None]
"""Told how many bytes of how many are done."""

CHUNK: Final = 1 << 20

EXPORTED: Final = (
    "id",
    "edition",
    "territory",
    "region",
    "department",
    "unit",
    "unit_kind",
    "communities",
    "channel",
    "submitted_at",
    "revision",
)
"""The first columns of our own export (a test compares), which are no answers: such a file comes in without a map."""

ROW: Final = "row"
"""Names the namespace in which rows without an id get theirs."""

OURS: Final = "answers/"
"""Before the name of a question that is called like one of those columns."""


class ColumnMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """MAP.toml: which columns hold the id and the territory, which question a column is, what its cells mean."""

    id: str | None = None
    territory: str | None = None
    columns: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}


def read_map(path: Path | None) -> ColumnMap:
    """The column map in a TOML file; the empty one where there is none."""
    if path is None:
        return ColumnMap()
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), ColumnMap)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError, OSError) as error:
        raise BAD_IMPORT(
            reason=Worded(message=N_("{file}: {fault}"), parameters={"file": path.name, "fault": str(error)})
        ) from error


async def import_ndjson(survey: Survey, path: Path, *, now: dt.datetime, progress: Progress) -> BulkReport:
    """Take the lines of a file, each a submission."""
    return await accept_stream(_chunks(path, progress), survey, None, now=now)


async def import_csv(
    survey: Survey, path: Path, mapping: ColumnMap, *, now: dt.datetime, progress: Progress
) -> BulkReport:
    """Take the rows of a table, each the answers of somebody.

    The id of each is UUIDv5 of the survey and the id column, else the number of the row (in a namespace of its own, so
    that it is never another row's id). Raises `surveys/bad-import` where the columns do not fit the questionnaire,
    before anything is stored.
    """
    if survey.edition is None:
        raise NOT_PUBLISHED()
    async with reading() as connection:
        edition = (await editions_by_number(connection, survey.id, [survey.edition]))[survey.edition]
    report = BulkReport()
    waiting: list[tuple[int, Sent]] = []
    size = path.stat().st_size  # noqa: ASYNC240 - a command's own file; nothing else runs in its loop
    with path.open("rb") as raw:
        for line, sent in _rows(raw, survey, mapping, edition.questionnaire):
            if isinstance(sent, Problem):
                report.refuse(line, sent)
                continue
            waiting.append((line, sent))
            if len(waiting) >= BATCH:
                await accept_batch(report, waiting, survey, None, channel="import", now=now)
                waiting = []
                progress(raw.tell(), size)
    await accept_batch(report, waiting, survey, None, channel="import", now=now)
    report.rejected.sort(key=lambda refused: refused.line)
    progress(size, size)
    return report


def _rows(
    raw: BinaryIO, survey: Survey, mapping: ColumnMap, questionnaire: Questionnaire
) -> Iterator[tuple[int, Sent | Problem]]:
    """The rows as submissions, by the line on which each begins; a row that does not fit the header as its problem."""
    lines = _text(raw)
    first = next(lines, "")
    table = csv.reader(chain([first], lines), delimiter=max(",;\t", key=first.count), strict=True)
    begins = 1
    try:
        header = [content(cell) for cell in next(table, [])]
        readers = _readers(header, mapping, questionnaire)
        begins = table.line_num + 1
        for number, cells in enumerate(table, 1):
            if len(cells) < len(header) or any(cells[len(header) :]):
                if cells:
                    yield begins, BAD_ROW(cells=len(cells), columns=len(header))
            elif any(cells):
                row = dict(zip(header, map(content, cells), strict=False))
                yield begins, _sent(row, number, survey, mapping, readers)
            begins = table.line_num + 1
    except csv.Error as error:
        raise BAD_IMPORT(
            reason=Worded(
                message=N_("The row that begins on line {line} cannot be read ({fault}). Check its quotes."),
                parameters={"line": begins, "fault": str(error)},
            )
        ) from error


def _sent(
    row: dict[str, str], number: int, survey: Survey, mapping: ColumnMap, readers: dict[str, tuple[str, Reader]]
) -> Sent:
    answers = {name: read(row[column]) for column, (name, read) in readers.items() if row[column]}
    said = row.get(mapping.id or "id")
    return Sent(
        id=uuid5(survey.id, said) if said else uuid5(uuid5(survey.id, ROW), str(number)),
        answers=answers,
        territory=(row[mapping.territory] or None) if mapping.territory else None,
    )


def _text(raw: BinaryIO) -> Iterator[str]:
    for number, line in enumerate(raw, 1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise BAD_IMPORT(
                reason=Worded(
                    message=N_("Line {line} is not in UTF-8. Save the file as CSV UTF-8 and import it again."),
                    parameters={"line": number},
                )
            ) from error


def _readers(header: list[str], mapping: ColumnMap, questionnaire: Questionnaire) -> dict[str, tuple[str, Reader]]:
    """Column → the question it answers and how its cells are read; raises naming every column that fits nothing."""
    known = {question.name: question for question in questions(questionnaire)}
    ours = tuple(header[: len(EXPORTED)]) == EXPORTED
    special = {mapping.id or "id", mapping.territory, *(EXPORTED if ours else ())}
    readers: dict[str, tuple[str, Reader]] = {}
    strangers, several = [], [column for column, count in Counter(header).items() if count > 1]
    for column in dict.fromkeys(header):
        name = mapping.columns.get(column, column.removeprefix(OURS) if ours else column)
        if ours and column in EXPORTED:
            continue
        if name in known:
            several += [one for earlier, (taken, _) in readers.items() if taken == name for one in (earlier, column)]
            read = reader_of(known[name], questionnaire, mapping.values.get(name, {}))
            if read:
                readers[column] = (name, read)
        elif name and column not in special:
            strangers.append(column)
    wanted = [*mapping.columns, *filter(None, (mapping.id, mapping.territory))]
    strangers += [column for column in wanted if column not in header]
    strangers += [name for name in mapping.values if name not in known]
    if strangers:
        raise BAD_IMPORT(
            reason=Worded(
                message=N_(
                    "No question or column fits: {columns}. Say in a file for --columns which question each column is, "
                    'or "" to leave it out.'
                ),
                parameters={"columns": ", ".join(dict.fromkeys(strangers))},
            )
        )
    if several:
        raise BAD_IMPORT(
            reason=Worded(
                message=N_(
                    "These columns answer a question that another column answers too: {columns}. Keep one of them."
                ),
                parameters={"columns": ", ".join(dict.fromkeys(several))},
            )
        )
    return readers


async def _chunks(path: Path, progress: Progress) -> AsyncIterator[bytes]:
    size = path.stat().st_size  # noqa: ASYNC240 - same
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
            progress(file.tell(), size)
