"""The cells of a workbook that nobody vouches for: bytes in, rows with their numbers out.

pyxform's own readers lose what an author must be told (formulas, errors, which row was blank), so the openpyxl and xlrd
that it brings are used directly, in values mode. Both trust their input: what they are given is bounded first.
"""

import io
import math
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time
from typing import IO, Any, Final, Literal, NamedTuple, TypeAlias
from xml.parsers import expat

from pyxform.xls2json_backends import (
    XL_CELL_BOOLEAN,
    XL_CELL_DATE,
    pyxl_open,
    xldate_as_tuple,
    xlrd_open,
)

from forms.flaws import Flaw
from forms.xlsform_words import plain

MAX_BYTES: Final = 10 * 1024 * 1024
MAX_UNPACKED: Final = 100 * 1024 * 1024
MAX_RATIO: Final = 200
"""Deflate reaches 1032; the most repetitive choice list that we could make reaches 40."""
MAX_PARTS: Final = 2_000
MAX_CELL_ELEMENTS: Final = 2_000_000
"""XML elements that make up cells and their texts: 50,000 choices in five languages come to 1.4 million."""
MAX_OTHER_ELEMENTS: Final = 200_000
"""All others (styles, names, validations), of which openpyxl makes large objects."""
MAX_COLUMNS: Final = 500
MAX_ROWS: Final = {"survey": 5_000, "choices": 50_000, "settings": 1_000}
"""Rows with content, by sheet; these are the sheets that are read."""

_CELLS: Final = frozenset({"row", "c", "v", "f", "is", "si", "t", "r"})
_BEGIN: Final = 0x0809
_END: Final = 0x000A
_BOUNDSHEET: Final = 0x0085
_FORMULA: Final = 0x0006
_LAST_ROW: Final = 1_048_576
_XL_CELL_ERROR: Final = 5
_UNPRINTABLE: Final = {code: None for code in (*range(32), 127, *range(0xD800, 0xE000)) if chr(code) not in "\n\t"}
"""Control characters and lone surrogates: neither JSON in PostgreSQL nor a reader has any use for them."""
_BOOLEANS: Final = {"=TRUE()": "TRUE", "=TRUE": "TRUE", "=FALSE()": "FALSE", "=FALSE": "FALSE"}
"""How LibreOffice and Google Sheets save a TRUE that somebody typed."""

Foreign: TypeAlias = Any
"""An object of openpyxl or xlrd: neither has types."""

Fault = Literal["formula", "formula-value-kept", "error-cell"]


class Refused(Exception):  # noqa: N818 - an outcome: the form was read and is not fit
    """The workbook cannot become a questionnaire; `flaws` has every reason, and the warnings beside them."""

    def __init__(self, flaws: list[Flaw]) -> None:
        super().__init__(", ".join(sorted({flaw.code for flaw in flaws})))
        self.flaws = flaws


class Cell(NamedTuple):
    """What a cell shows. With the fault `formula-value-kept` that is what the formula showed when it was saved."""

    text: str
    fault: Fault | None = None


class Row(NamedTuple):
    """A row with content: its number as in Excel, and its cells by column index (from 0)."""

    number: int
    cells: dict[int, Cell]


class Sheet(NamedTuple):
    title: str
    header: dict[int, Cell]
    rows: list[Row]


class Workbook(NamedTuple):
    """The sheets of an XLSForm by their plain name (`survey`), and the titles of all sheets."""

    sheets: dict[str, Sheet]
    titles: list[str]


def cell_reference(row: int, column: int) -> str:
    """`B7` for row 7 (from 1) and column 1 (from 0)."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row}"


def open_workbook(data: bytes) -> Workbook:
    """The sheets that matter; raises `Refused` for anything that is not a workbook of reasonable size."""
    if len(data) > MAX_BYTES:
        raise _refused("workbook-too-big", limit=MAX_BYTES // 1024 // 1024)
    if data.startswith(b"PK"):
        return _read(data, _xlsx)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise _refused("workbook-encrypted")
        return _read(data, _xls)
    raise _refused("not-a-workbook")


def _refused(code: str, sheet: str | None = None, row: int | None = None, **parameters: object) -> Refused:
    return Refused([Flaw(code=code, sheet=sheet, row=row, parameters=parameters)])


def _too_big_unpacked() -> Refused:
    return _refused("workbook-too-big-unpacked", limit=MAX_UNPACKED // 1024 // 1024)


def _read(data: bytes, reader: Callable[[bytes], Workbook]) -> Workbook:
    try:
        # openpyxl warns of styles and extensions that it will not keep; they are of no interest here.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return reader(data)
    except Refused:
        raise
    except Exception as error:  # a damaged file makes these libraries raise anything at all
        code = "workbook-encrypted" if "encrypted" in str(error) else "not-a-workbook"
        raise _refused(code) from error


def _bound_archive(data: bytes) -> None:
    """Refuse what would cost openpyxl too much: sizes are declared, then counted, as are the XML elements."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    parts = archive.infolist()
    if any(part.flag_bits & 1 for part in parts):
        raise _refused("workbook-encrypted")
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS or unpacked > min(MAX_UNPACKED, MAX_RATIO * len(data)):
        raise _too_big_unpacked()
    if any(part.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} for part in parts):
        raise _refused("not-a-workbook")  # the others unpack without limit
    budget = _Budget()
    for part in parts:
        with archive.open(part) as file:
            budget.spend(file)


class _Budget:
    """Counts bytes and XML elements over all parts of an archive, and refuses what openpyxl would read again and again:
    entities (a document type), and a part that stands for more than one sheet.
    """

    def __init__(self) -> None:
        self.bytes = 0
        self.cells = 0
        self.others = 0
        self.sheets: set[str] = set()

    def spend(self, file: IO[bytes]) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._element
        parser.StartDoctypeDeclHandler = self._doctype
        well_formed = True
        while chunk := file.read(65_536):
            self.bytes += len(chunk)
            if self.bytes > MAX_UNPACKED:
                raise _too_big_unpacked()
            try:
                if well_formed:
                    parser.Parse(chunk)
            except expat.ExpatError:
                well_formed = False  # a picture, or an old drawing; openpyxl stops at the same byte if it looks

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name in _CELLS:
            self.cells += 1
        else:
            self.others += 1
        if self.cells > MAX_CELL_ELEMENTS or self.others > MAX_OTHER_ELEMENTS:
            raise _too_big_unpacked()
        if name == "Relationship" and attributes.get("Type", "").endswith("sheet"):
            self._sheet(attributes.get("Target", "").rpartition("/")[2])
        elif name == "sheet":
            self._sheet(next((value for key, value in attributes.items() if key.endswith(":id")), ""))

    def _sheet(self, key: str) -> None:
        if key in self.sheets:
            raise _refused("not-a-workbook")
        self.sheets.add(key)

    def _doctype(self, *_arguments: object) -> None:
        raise _refused("not-a-workbook")


def _sheets(titles: list[str]) -> Iterator[tuple[str, str]]:
    """The sheets to read: plain name and title; the first of that name counts."""
    seen = set()
    for title in titles:
        name = plain(title)
        if name in MAX_ROWS and name not in seen:
            seen.add(name)
            yield name, title


def _xlsx(data: bytes) -> Workbook:
    """With formulas the workbook is opened twice, since openpyxl shows either a formula or what it gave."""
    _bound_archive(data)
    written = pyxl_open(io.BytesIO(data), read_only=True, keep_links=False)
    sheets = {}
    for name, title in _sheets(written.sheetnames):
        rows = dict(_bounded(_xlsx_rows(written[title]), name, title))
        if any(cell.fault == "formula" for row in rows.values() for cell in row.values()):
            shown = pyxl_open(io.BytesIO(data), read_only=True, keep_links=False, data_only=True)
            for number, shown_row in _bounded(_xlsx_rows(shown[title]), name, title):
                rows[number] |= {
                    column: _formula(rows[number][column].text, cell, name)
                    for column, cell in shown_row.items()
                    if rows[number][column].fault == "formula"
                }
        sheets[name] = _sheet(title, rows)
    return Workbook(sheets, list(written.sheetnames))


def _xlsx_rows(worksheet: Foreign) -> Iterator[tuple[int, dict[int, Cell]]]:
    worksheet.reset_dimensions()  # a sheet may declare any size
    for number, row in enumerate(worksheet.iter_rows(max_row=_LAST_ROW), 1):
        yield number, {column: _xlsx_cell(cell) for column, cell in enumerate(row) if cell.value is not None}


def _xlsx_cell(cell: Foreign) -> Cell:
    if cell.data_type == "f":
        return Cell(str(getattr(cell.value, "text", cell.value)), "formula")
    if cell.data_type == "e":
        return Cell(str(cell.value), "error-cell")
    return Cell(_text(cell.value))


def _formula(written: str, shown: Cell, sheet: str) -> Cell:
    """What stands for a formula. Its value is believed where it is surely what the author saw: a typed TRUE, a formula
    that Google Sheets could only export with its value, and settings, of which the title at most is used.
    """
    if written.upper() in _BOOLEANS:
        return Cell(_BOOLEANS[written.upper()])
    kept = shown.text and not shown.fault and (sheet == "settings" or "__xludf.DUMMYFUNCTION" in written)
    return Cell(shown.text, "formula-value-kept" if kept else "formula")


def _xls(data: bytes) -> Workbook:
    book = xlrd_open(file_contents=data, logfile=io.StringIO(), on_demand=True, ragged_rows=True)
    formulas = _xls_formulas(book.mem[book.base : book.base + book.stream_len])
    titles = list(book.sheet_names())
    sheets = {}
    for name, title in _sheets(titles):
        sheet = book.sheet_by_name(title)
        rows = (
            (number, {column: _xls_cell(cell, book.datemode) for column, cell in enumerate(row) if cell.value != ""})
            for number, row in enumerate(sheet.get_rows(), 1)
        )
        bounded = dict(_bounded(rows, name, title))
        for number, column in formulas.get(title, set()) & {(n, c) for n, row in bounded.items() for c in row}:
            bounded[number][column] = _formula("", bounded[number][column], name)
        sheets[name] = _sheet(title, bounded)
        book.unload_sheet(title)
    return Workbook(sheets, titles)


def _xls_cell(cell: Foreign, datemode: int) -> Cell:
    match cell.ctype:
        case code if code == XL_CELL_BOOLEAN:
            return Cell(_text(bool(cell.value)))
        case code if code == XL_CELL_DATE:
            parts = xldate_as_tuple(cell.value, datemode)
            return Cell(_text(datetime(*parts) if any(parts[:3]) else time(*parts[3:])))  # noqa: DTZ001 - as in the cell
        case code if code == _XL_CELL_ERROR:
            return Cell("", "error-cell")
        case _:
            return Cell(_text(cell.value))


def _xls_formulas(stream: bytes) -> dict[str, set[tuple[int, int]]]:
    """Where formulas stand, by sheet title; xlrd tells only what they gave."""
    starts = {}
    for code, content in _records(stream, 0):
        if code == _BOUNDSHEET:
            start, length, wide = struct.unpack_from("<IxxBB", content)
            starts[content[8:].decode("utf-16-le" if wide & 1 else "latin-1")[:length]] = start
    return {
        title: {
            (row + 1, column)
            for row, column in (
                struct.unpack_from("<HH", content) for code, content in _records(stream, start) if code == _FORMULA
            )
        }
        for title, start in starts.items()
    }


def _records(stream: bytes, position: int) -> Iterator[tuple[int, bytes]]:
    """The records (code, length, content) of one substream of BIFF8; charts in a sheet are substreams of their own."""
    depth = 0
    while position + 4 <= len(stream):
        code, length = struct.unpack_from("<HH", stream, position)
        depth += (code == _BEGIN) - (code == _END)
        if depth == 0:
            return
        yield code, stream[position + 4 : position + 4 + length]
        position += 4 + length


def _bounded(
    rows: Iterable[tuple[int, dict[int, Cell]]], name: str, title: str
) -> Iterator[tuple[int, dict[int, Cell]]]:
    """The rows with content, as long as they are not too many."""
    count = 0
    for number, row in rows:
        if not row:
            continue
        count += 1
        if count > MAX_ROWS[name] + 1:  # and the header
            raise _refused("too-many-rows", sheet=title, row=number, limit=MAX_ROWS[name])
        if max(row) >= MAX_COLUMNS:
            raise _refused("too-many-columns", sheet=title, row=number, limit=MAX_COLUMNS)
        yield number, row


def _sheet(title: str, rows: dict[int, dict[int, Cell]]) -> Sheet:
    header = rows.pop(1, {})
    return Sheet(title, header, [Row(number, cells) for number, cells in rows.items()])


def _text(value: object) -> str:
    """A cell as text, as a reader of the workbook would write it down."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if math.isfinite(value):
            return str(int(value)) if value.is_integer() else format(value, ".15g")
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return str(value).translate(_UNPRINTABLE).strip()
