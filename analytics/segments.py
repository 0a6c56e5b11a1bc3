"""Segments: columns at rest, as one Parquet file and the codebook that says what its columns and codes are.

Column `i` of the codebook is `c{i}` in the file (0, 1, 2 as everywhere; 3… choices, or 3 for what stands beside it):
`v{i}` a number, days or a text, `n{i}` the number where a calculation gave one, `t{i}_{j}` whether choice `j` is
ticked.
"""

import tempfile
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Final

import duckdb
import msgspec
import numpy as np

from analytics.encoding import (
    FIRST,
    Array,
    Block,
    Column,
    Key,
    date_column,
    number_column,
    text_column,
    value_column,
)
from analytics.series import Family

PLAIN: Final = ("row_key", "record_key", "base_weight")


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one column is: its name, its family, and (for choices) what its codes stand for, by name."""

    name: str
    family: Family
    values: list[str] = []


class Codebook(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in a segment."""

    rows: int
    columns: list[Entry]

    @property
    def keys(self) -> list[Key]:
        """The columns it has."""
        return [(entry.name, entry.family) for entry in self.columns]


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Codebook)


def encode_codebook(codebook: Codebook) -> str:
    """The codebook as its JSON document."""
    return _encoder.encode(codebook).decode()


def decode_codebook(document: str | bytes) -> Codebook:
    """The codebook in a JSON document."""
    return _decoder.decode(document)


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """DuckDB in memory; each use takes a cursor of its own, since a connection is for one thread at a time."""
    return duckdb.connect(config={"threads": 2, "autoinstall_known_extensions": False})


def write(block: Block) -> tuple[Codebook, bytes]:
    """The block as a Parquet file."""
    arrays: dict[str, Array] = {name: block.plain[name] for name in PLAIN}
    entries = []
    for index, ((name, family), column) in enumerate(block.columns.items()):
        named = [str(value) for value in column.values] if family in {"choice", "multiple"} else []
        entries.append(Entry(name=name, family=family, values=named))
        arrays |= _at_rest(index, column)
    with tempfile.TemporaryDirectory(prefix="navette-segment-") as folder, _database().cursor() as cursor:
        path = Path(folder) / "segment.parquet"
        cursor.register("block", arrays)
        cursor.execute(f"COPY block TO '{_quoted(path)}' (FORMAT parquet, COMPRESSION zstd)")
        return Codebook(rows=block.rows, columns=entries), path.read_bytes()


def read(content: bytes, codebook: Codebook, keys: Collection[Key], plain: Collection[str] = ()) -> Block:
    """Those columns of a segment that are asked for and that it has; nothing else is read."""
    wanted = [(index, entry) for index, entry in enumerate(codebook.columns) if (entry.name, entry.family) in keys]
    names = [*plain, *(name for index, entry in wanted for name in _names(index, entry))]
    if not names:
        return Block(codebook.rows, {})
    with tempfile.TemporaryDirectory(prefix="navette-segment-") as folder, _database().cursor() as cursor:
        path = Path(folder) / "segment.parquet"
        path.write_bytes(content)
        found = cursor.execute(
            f"SELECT {', '.join(names)} FROM read_parquet('{_quoted(path)}')"  # noqa: S608 - names we made
        ).fetchnumpy()
    arrays = {name: _unmasked(array) for name, array in found.items()}
    columns = {(entry.name, entry.family): _loaded(index, entry, arrays) for index, entry in wanted}
    return Block(codebook.rows, columns, {name: arrays[name] for name in plain})


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _names(index: int, entry: Entry) -> list[str]:
    match entry.family:
        case "choice":
            beside = []
        case "multiple":
            beside = [f"t{index}_{place}" for place in range(len(entry.values))]
        case "number" | "date" | "text":
            beside = [f"v{index}"]
        case "value":
            beside = [f"v{index}", f"n{index}"]
    return [f"c{index}", *beside]


def _at_rest(index: int, column: Column) -> dict[str, Array]:
    codes = column.codes
    match column.family:
        case "choice":
            return {f"c{index}": codes}
        case "multiple":
            ticks = {f"t{index}_{place}": array for place, array in enumerate(column.ticked)}
            return {f"c{index}": codes} | ticks
        case "number":
            lookup = np.concatenate([np.zeros(FIRST), column.values])
            beside = {f"v{index}": lookup[codes]}
        case "date":
            lookup = np.concatenate([np.zeros(FIRST, np.int32), column.values]).astype(np.int32)
            beside = {f"v{index}": lookup[codes]}
        case "text":
            beside = {f"v{index}": _objects(list(column.values))[codes]}
        case "value":
            texts = _objects([value if isinstance(value, str) else None for value in column.values])
            numbers = np.zeros(FIRST + len(column.values))
            numbers[FIRST:] = [0.0 if isinstance(value, str) else value for value in column.values]
            beside = {f"v{index}": texts[codes], f"n{index}": numbers[codes]}
    return {f"c{index}": np.minimum(codes, FIRST).astype(np.uint8)} | beside


def _objects(values: list[str | None]) -> Array:
    lookup = np.full(FIRST + len(values), None, object)
    lookup[FIRST:] = values
    return lookup


def _loaded(index: int, entry: Entry, arrays: dict[str, Array]) -> Column:
    codes = arrays[f"c{index}"]
    match entry.family:
        case "choice":
            return Column("choice", codes, entry.values)
        case "multiple":
            ticked = tuple(arrays[f"t{index}_{place}"] for place in range(len(entry.values)))
            return Column("multiple", codes, entry.values, ticked)
        case "number":
            return number_column(codes, arrays[f"v{index}"])
        case "date":
            return date_column(codes, arrays[f"v{index}"])
        case "text":
            return text_column(codes, arrays[f"v{index}"])
        case "value":
            return value_column(codes, arrays[f"n{index}"], arrays[f"v{index}"])


def _unmasked(array: Array) -> Array:
    """Without DuckDB's mask: a missing text becomes null (nothing else is ever missing)."""
    if not isinstance(array, np.ma.MaskedArray):
        return array
    plain: Array = array.data.copy()
    plain[np.ma.getmaskarray(array)] = None
    return plain
