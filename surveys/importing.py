"""Answers from a file: a CSV whose columns are questions, or NDJSON as the bulk route takes it. A rerun replays."""

import csv
import datetime as dt
import tomllib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final
from uuid import uuid5

import msgspec

from base.database import reading
from base.language import N_
from base.problems import Worded
from forms.questionnaire import Questionnaire, questions
from surveys.bulk import BATCH, BulkReport, accept_batch, accept_stream
from surveys.cells import Reader, reader_of
from surveys.editions import editions_by_number
from surveys.problems import BAD_IMPORT, NOT_PUBLISHED
from surveys.submission import Sent
from surveys.survey import Survey

Progress = Callable[[int, int], None]
"""Told how many bytes of how many are done."""

CHUNK: Final = 1 << 20


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

    The id of each is UUIDv5 of the survey and the id column, else the number of the row. Raises `surveys/bad-import`
    where the columns do not fit the questionnaire, before anything is stored.
    """
    if survey.edition is None:
        raise NOT_PUBLISHED()
    async with reading() as connection:
        edition = (await editions_by_number(connection, survey.id, [survey.edition]))[survey.edition]
    report = BulkReport()
    waiting: list[tuple[int, Sent]] = []
    size = path.stat().st_size  # noqa: ASYNC240 - a command's own file; nothing else runs in its loop
    with path.open("rb") as raw:
        try:
            for line, sent in _rows(raw, survey, mapping, edition.questionnaire):
                waiting.append((line, sent))
                if len(waiting) >= BATCH:
                    await accept_batch(report, waiting, survey, None, channel="import", now=now)
                    waiting = []
                    progress(raw.tell(), size)
        except UnicodeDecodeError as error:
            raise BAD_IMPORT(
                reason=Worded(message=N_("The file is not in UTF-8. Save it as CSV UTF-8 and import it again."))
            ) from error
        except csv.Error as error:
            raise BAD_IMPORT(
                reason=Worded(message=N_("The file is no CSV table: {fault}"), parameters={"fault": str(error)})
            ) from error
    await accept_batch(report, waiting, survey, None, channel="import", now=now)
    progress(size, size)
    return report


def _rows(
    raw: BinaryIO, survey: Survey, mapping: ColumnMap, questionnaire: Questionnaire
) -> Iterator[tuple[int, Sent]]:
    """The rows as submissions, by the line on which each begins."""
    lines = (line.decode("utf-8-sig" if number == 0 else "utf-8") for number, line in enumerate(raw))
    first = next(lines, "")
    delimiter = max(",;\t", key=first.count)
    header = next(csv.reader([first], delimiter=delimiter), [])
    readers = _readers(header, mapping, questionnaire)
    table = csv.reader(lines, delimiter=delimiter, strict=True)
    begins = 2
    for number, cells in enumerate(table, 1):
        if cells:
            row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
            key = row.get(mapping.id or "id", "") or str(number)
            yield (
                begins,
                Sent(
                    id=uuid5(survey.id, key),
                    answers={
                        question: read(row[column]) for column, (question, read) in readers.items() if row.get(column)
                    },
                    territory=(row.get(mapping.territory) or None) if mapping.territory else None,
                ),
            )
        begins = table.line_num + 2


def _readers(header: list[str], mapping: ColumnMap, questionnaire: Questionnaire) -> dict[str, tuple[str, Reader]]:
    """Column → the question it answers and how its cells are read; raises naming every column that fits nothing."""
    known = {question.name: question for question in questions(questionnaire)}
    special = {mapping.id or "id", mapping.territory}
    readers, strangers = {}, []
    for column in header:
        name = mapping.columns.get(column, column)
        if name in known:
            read = reader_of(known[name], questionnaire, mapping.values.get(name, {}))
            if read:
                readers[column] = (name, read)
        elif name and column not in special:
            strangers.append(column)
    strangers += [column for column in mapping.columns if column not in header]
    if strangers:
        raise BAD_IMPORT(
            reason=Worded(
                message=N_(
                    "No question or column fits: {columns}. Say in a file for --columns which question each column is, "
                    'or "" to leave it out.'
                ),
                parameters={"columns": ", ".join(strangers)},
            )
        )
    return readers


async def _chunks(path: Path, progress: Progress) -> AsyncIterator[bytes]:
    size = path.stat().st_size  # noqa: ASYNC240 - same
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
            progress(file.tell(), size)
