"""Blocks put together, and rows chosen from a block. Codes that stand for different values are brought to one book."""

from collections.abc import Sequence

import numpy as np

from analytics.encoding import FIRST, Array, Block, Column, Key, Values, in_order, narrow
from analytics.series import Family


def join(blocks: Sequence[Block]) -> Block:
    """All rows of the blocks (at least one), in order. Where a block lacks a column, its editions lack the question."""
    if len(blocks) == 1:
        return blocks[0]
    keys = dict.fromkeys(key for block in blocks for key in block.columns)
    columns = {key: _joined(key, blocks) for key in keys}
    names = dict.fromkeys(name for block in blocks for name in block.plain)
    plain = {name: np.concatenate([block.plain[name] for block in blocks]) for name in names}
    return Block(sum(block.rows for block in blocks), columns, plain)


def take(block: Block, index: Array | None) -> Block:
    """The rows at these places; all of them where `index` is null."""
    if index is None:
        return block
    columns = {
        key: Column(column.family, column.codes[index], column.values, tuple(ticks[index] for ticks in column.ticked))
        for key, column in block.columns.items()
    }
    return Block(len(index), columns, {name: array[index] for name, array in block.plain.items()})


def in_key_order(block: Block) -> Block:
    """The rows in the order of their row keys (which tells nothing about their arrival), each key once."""
    keys, first = np.unique(block.plain["row_key"], return_index=True)
    return block if len(keys) == block.rows and np.array_equal(first, np.arange(block.rows)) else take(block, first)


def union(family: Family, books: Sequence[Values]) -> Values:
    """One book of values in place of several: sorted where the family sorts them, else in order of appearance."""
    filled = [book for book in books if len(book)]
    if not filled:
        return books[0]
    if all(_same(filled[0], book) for book in filled[1:]):
        return filled[0]
    if family in {"number", "date"}:
        return np.unique(np.concatenate(filled))
    found = dict.fromkeys(value for book in filled for value in book)
    return list(found) if family in {"choice", "multiple"} else in_order(found)


def places_of(values: Values, book: Values) -> Array:
    """Where each of the values stands in a book that has them all."""
    if len(values) == 0 or isinstance(book, np.ndarray):
        return np.searchsorted(book, values) if len(values) else np.zeros(0, np.int64)
    places = {value: place for place, value in enumerate(book)}
    return np.array([places[value] for value in values], np.int64)


def _joined(key: Key, blocks: Sequence[Block]) -> Column:
    family = key[1]
    values = union(family, [block.columns[key].values for block in blocks if key in block.columns])
    pieces = []
    for block in blocks:
        column = block.columns.get(key)
        pieces.append(np.zeros(block.rows, np.uint8) if column is None else _recoded(column, values))
    if family != "multiple":
        return Column(family, narrow(np.concatenate(pieces), len(values)), values)
    ticked = [
        np.concatenate([_ticks(block.columns.get(key), value, block.rows) for block in blocks]) for value in values
    ]
    return Column(family, np.concatenate(pieces), values, tuple(ticked))


def _same(one: Values, other: Values) -> bool:
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other)
    return bool(one == other)


def _recoded(column: Column, values: Values) -> Array:
    """The codes of a column, for another book of values that has all of its own."""
    if column.family == "multiple" or len(column.values) == 0 or _same(column.values, values):
        return column.codes
    lookup = np.concatenate([np.arange(FIRST), places_of(column.values, values) + FIRST])
    return narrow(lookup[column.codes], len(values))


def _ticks(column: Column | None, value: object, rows: int) -> Array:
    if column is None or value not in column.values:
        return np.zeros(rows, np.bool_)
    return column.ticked[list(column.values).index(value)]
