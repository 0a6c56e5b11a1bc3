"""Reading a CSV file that people made: comma or semicolon, with or without BOM, every flaw with its physical line."""

import csv
import io
import unicodedata
from collections.abc import Iterator
from typing import Final

import msgspec

from directory.problems import Flaw

LONGEST: Final = 250
"""The most characters that a cell may hold, lists apart."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One row: the physical line it begins on, and its cells by column, tidied, for the columns that we know."""

    number: int
    cells: dict[str, str]


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of a file and the known columns that it has."""

    columns: frozenset[str]
    lines: list[Line]


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of a kind of file: all, in the order to tell them; which may be absent; which hold long lists."""

    known: tuple[str, ...]
    optional: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()


def read_sheet(data: bytes, columns: Columns, flaws: list[Flaw]) -> Sheet:
    """The rows of a file, as far as it can be read; what is wrong with it is added to `flaws`."""
    nothing = Sheet(columns=frozenset(), lines=[])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        flaws.append(Flaw(line=line, column=None, code="encoding"))
        return nothing
    records = _records(text, flaws)
    _, header = next(records, (1, []))
    if not header:
        if not flaws:
            flaws.append(Flaw(line=1, column=None, code="empty", parameters={"columns": ", ".join(columns.known)}))
        return nothing
    flaws += _flaws_of_header(header, columns)
    lines = []
    for number, record in records:
        if not any(cell.strip() for cell in record):
            continue
        if len(record) != len(header):
            counts: dict[str, object] = {"count": len(record), "expected": len(header)}
            flaws.append(Flaw(line=number, column=None, code="cells", parameters=counts))
            continue
        cells = {name: _tidied(cell) for name, cell in zip(header, record, strict=True) if name in columns.known}
        flaws += _flaws_of_cells(number, cells, columns)
        lines.append(Line(number=number, cells=cells))
    return Sheet(columns=frozenset(header).intersection(columns.known), lines=lines)


def _records(text: str, flaws: list[Flaw]) -> Iterator[tuple[int, list[str]]]:
    """The records of the file, each with the line it begins on; stops where the quotes no longer match."""
    source = io.StringIO(text, newline="")
    delimiter = ";" if ";" in source.readline() else ","
    source.seek(0)
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            record = next(reader, None)
        except csv.Error:
            flaws.append(Flaw(line=begins, column=None, code="quoting"))
            return
        if record is None:
            return
        yield begins, record


def _tidied(cell: str) -> str:
    return unicodedata.normalize("NFC", " ".join(cell.split()))


def _flaws_of_header(header: list[str], columns: Columns) -> Iterator[Flaw]:
    for position, name in enumerate(header):
        if name not in columns.known:
            parameters: dict[str, object] = {"name": name, "columns": ", ".join(columns.known)}
            yield Flaw(line=1, column=name, code="column-unknown", parameters=parameters)
        elif name in header[:position]:
            yield Flaw(line=1, column=name, code="column-twice", parameters={"name": name})
    for name in columns.known:
        if name not in header and name not in columns.optional:
            yield Flaw(line=1, column=name, code="column-missing", parameters={"name": name})


def _flaws_of_cells(number: int, cells: dict[str, str], columns: Columns) -> Iterator[Flaw]:
    for column, cell in cells.items():
        if not cell.isprintable() and any(unicodedata.category(character) == "Cc" for character in cell):
            yield Flaw(line=number, column=column, code="character")
        if len(cell) > LONGEST and column not in columns.lists:
            yield Flaw(line=number, column=column, code="long", parameters={"limit": LONGEST})
