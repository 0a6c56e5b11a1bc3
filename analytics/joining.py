"""Blocks put together, and rows chosen from a block. Codes that stand for different values are brought to one book."""

from collections.abc import Sequence

import numpy as np

from analytics.encoding import FIRST, Array, Block, Column, Key, Values, in_order, narrow


def join(blocks: Sequence[Block]) -> Block:
    """All rows of the blocks, in order. A column that a block lacks is one of questions its editions did not have."""
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


def _joined(key: Key, blocks: Sequence[Block]) -> Column:
    family = key[1]
    there = [block.columns[key] for block in blocks if key in block.columns]
    values = _union(there)
    pieces = []
    for block in blocks:
        column = block.columns.get(key)
        pieces.append(np.zeros(block.rows, np.uint8) if column is None else _recoded(column, values))
    codes = np.concatenate(pieces)
    if family != "multiple":
        return Column(family, narrow(codes, len(values)), values)
    ticked = []
    for value in values:
        marks = [_ticks(block.columns.get(key), value, block.rows) for block in blocks]
        ticked.append(np.concatenate(marks))
    return Column(family, codes, values, tuple(ticked))


def _union(columns: Sequence[Column]) -> Values:
    """One book of values: sorted where the family sorts them, else in order of appearance."""
    first = columns[0]
    if all(_same(first.values, column.values) for column in columns[1:]):
        return first.values
    if first.family in {"number", "date"}:
        return np.unique(np.concatenate([column.values for column in columns]))
    found = dict.fromkeys(value for column in columns for value in column.values)
    return list(found) if first.family in {"choice", "multiple"} else in_order(found)


def _same(one: Values, other: Values) -> bool:
    if isinstance(one, np.ndarray):
        return bool(np.array_equal(one, other))
    return bool(one == other)


def _recoded(column: Column, values: Values) -> Array:
    """The codes of a column, for another book of values that has all of its own."""
    if column.family == "multiple" or _same(column.values, values):
        return column.codes
    if isinstance(values, np.ndarray):
        places = np.searchsorted(values, column.values)
    else:
        index = {value: place for place, value in enumerate(values)}
        places = np.array([index[value] for value in column.values], np.int64)
    lookup = np.concatenate([np.arange(FIRST), places + FIRST])
    return narrow(lookup[column.codes], len(values))


def _ticks(column: Column | None, value: object, rows: int) -> Array:
    if column is None or value not in column.values:
        return np.zeros(rows, np.bool_)
    return column.ticked[list(column.values).index(value)]
