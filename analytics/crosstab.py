"""Crosstabs: two questions or dimensions against each other, with margins and the test of independence."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

import numpy as np

from analytics.cube import View
from analytics.encoding import FIRST, NO_ANSWER, Array, Block, Column, Key
from analytics.grouping import MOST_GROUPS, groups_of, key_of
from analytics.problems import TOO_MANY_GROUPS
from analytics.result import Axis, Cell, Crosstab
from analytics.selecting import Condition, mask
from analytics.series import Series, without
from analytics.statistics import Independence, independence
from analytics.tallying import Tally, merge, partial

Line: TypeAlias = tuple[str | None] | tuple[()]
"""A row of the table by its key, or (empty) all rows together."""

ALL: Final[Line] = ()


def crosstab(view: View, rows: Series, columns: Series, *, survey: str, where: Sequence[Condition] = ()) -> Crosstab:
    """How often each value of one goes with each value of the other, among the responses that have both.

    Of questions every listed choice has a line, of dimensions what there is.
    """
    both = np.flatnonzero(_has(view.block, rows) & _has(view.block, columns))
    if (chosen := mask(view.block, where)) is not None:
        both = both[chosen[both]]
    block = Block(len(both), {key: column for one in (rows, columns) for key, column in _small(view.block, one, both)})
    lines = merge([partial_lines(block, rows, columns, None)])
    every = lines.pop(ALL)
    row_keys = _with_listed(rows, [line[0] for line, tally in lines.items() if line and _both(tally, columns)])
    counts = {line[0]: _counts(tally, columns) for line, tally in lines.items() if line}
    totals = _counts(every, columns)
    column_keys = _with_listed(columns, [key for key, count in totals.items() if count])
    for series, keys in ((rows, row_keys), (columns, column_keys)):
        if len(keys) > MOST_GROUPS:
            raise TOO_MANY_GROUPS(name=series.name, count=len(keys), limit=MOST_GROUPS)
    table = [[counts.get(row, {}).get(column, 0) for column in column_keys] for row in row_keys]
    tested = Independence(None, None, None, None)
    if not rows.many and not columns.many:
        tested = independence(np.array(table, np.int64).reshape(len(row_keys), len(column_keys)))
    return Crosstab(
        survey=survey,
        version=view.version,
        as_of=view.as_of,
        pending=view.pending,
        where=[condition.source for condition in where],
        rows=_axis(rows, row_keys),
        columns=_axis(columns, column_keys),
        cells=[[Cell(count=count) for count in line] for line in table],
        row_totals=[_both(lines[key,], columns) if (key,) in lines else 0 for key in row_keys],
        column_totals=[totals.get(key, 0) for key in column_keys],
        total=_both(every, columns),
        **tested._asdict(),
    )


def partial_lines(block: Block, rows: Series, columns: Series, index: Array | None) -> dict[Line, Tally]:
    """For each row of the table, and for all of them together, the tally of the columns in some rows of a block."""
    groups = [group for group in groups_of(block, rows, index) if group.key is not None or _counts_null(rows)]
    chosen = np.unique(np.concatenate([group.rows for group in groups])) if groups else np.zeros(0, np.int64)
    key = (columns.name, columns.family)
    found: dict[Line, Tally] = {(group.key,): partial(block, [key], group.rows)[key] for group in groups}
    return found | {ALL: partial(block, [key], chosen)[key]}


def _has(block: Block, series: Series) -> Array:
    """Which rows have a place on this side."""
    column = block.columns.get((series.name, series.family))
    if column is None:
        return np.zeros(block.rows, np.bool_)
    return column.codes >= (NO_ANSWER if _counts_null(series) else FIRST)


def _small(block: Block, series: Series, index: Array) -> Iterator[tuple[Key, Column]]:
    """The column of one side in these rows with the values that stand there, which must be few: each line of the table
    counts them all.
    """
    key = (series.name, series.family)
    column = block.columns.get(key)
    if column is None:
        return
    codes = column.codes[index]
    if series.many:
        yield key, Column(column.family, codes, column.values, tuple(ticks[index] for ticks in column.ticked))
        return
    used = np.unique(codes[codes >= FIRST])
    if len(used) > MOST_GROUPS:
        raise TOO_MANY_GROUPS(name=series.name, count=len(used), limit=MOST_GROUPS)
    recoded = np.where(codes >= FIRST, np.searchsorted(used, codes) + FIRST, codes)
    values = [column.values[place - FIRST] for place in used.tolist()]
    book = np.array(values, column.values.dtype) if isinstance(column.values, np.ndarray) else values
    yield key, Column(column.family, recoded, book)


def _counts_null(series: Series) -> bool:
    """Whether those without a value are a line of their own: of a dimension they are, of a question never."""
    return series.question is None


def _both(tally: Tally, columns: Series) -> int:
    """How many responses of a row have a column."""
    return tally.answered + (tally.marks[NO_ANSWER] if _counts_null(columns) else 0)


def _counts(tally: Tally, columns: Series) -> dict[str | None, int]:
    found: Counter[str | None] = Counter()
    for value, count in zip(tally.values, tally.counts.tolist(), strict=True):
        if count:
            found[key_of(columns.family, value)] += count
    if _counts_null(columns) and tally.marks[NO_ANSWER]:
        found[None] = tally.marks[NO_ANSWER]
    return found


def _with_listed(series: Series, keys: Sequence[str | None]) -> list[str | None]:
    """The keys in order, with all choices of a question; the null key last."""
    there = dict.fromkeys(key for key in keys if key is not None)
    listed = [key for key in series.choices if series.question or key in there]
    ordered: list[str | None] = [*listed, *(key for key in _by_value(series, there) if key not in series.choices)]
    return [*ordered, None] if None in keys else ordered


def _by_value(series: Series, keys: Iterable[str]) -> list[str]:
    """Names by themselves; numbers, dates and texts come in their order already."""
    return sorted(keys) if series.family in {"choice", "multiple"} else list(keys)


def _axis(series: Series, keys: list[str | None]) -> Axis:
    labels = [without(series) if key is None else dict(series.choices.get(key, {})) for key in keys]
    return Axis(name=series.name, label=dict(series.label), keys=keys, labels=labels)
