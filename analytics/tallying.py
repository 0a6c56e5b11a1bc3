"""Tallies: how often each value of a column stands in some rows. `partial` counts, `merge` adds up partial counts.

Everything that results say about one question follows from its tally, so that the rows may be spread over any number of
blocks, processes or machines.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from analytics.encoding import FIRST, NOT_ASKED, NOWHERE, Array, Block, Column, Key, Values
from analytics.joining import places_of, union
from analytics.series import Family


@dataclass(frozen=True, slots=True)
class Tally:
    """`marks` counts the rows by code 0, 1, 2 and 3 (answered); `counts[i]` those that have `values[i]`."""

    family: Family
    marks: tuple[int, int, int, int]
    values: Values
    counts: Array

    @property
    def rows(self) -> int:
        """All rows that were looked at."""
        return sum(self.marks)

    @property
    def eligible(self) -> int:
        """Those whose edition has the question."""
        return self.rows - self.marks[NOWHERE]

    @property
    def asked(self) -> int:
        """Those it was relevant for."""
        return self.eligible - self.marks[NOT_ASKED]

    @property
    def answered(self) -> int:
        """Those with an answer."""
        return self.marks[FIRST]


K = TypeVar("K")


def partial(block: Block, keys: Collection[Key], index: Array | None = None) -> dict[Key, Tally]:
    """The tallies of these columns over the rows at `index` (null: all rows)."""
    rows = block.rows if index is None else len(index)
    found: dict[Key, Tally] = {}
    for key in keys:
        column = block.columns.get(key)
        found[key] = (
            Tally(key[1], (rows, 0, 0, 0), [], np.zeros(0, np.int64)) if column is None else _tally(column, index)
        )
    return found


def _tally(column: Column, index: Array | None) -> Tally:
    codes = column.codes if index is None else column.codes.take(index)
    if column.family == "multiple":
        counted = np.bincount(codes, minlength=FIRST + 1)
        ticks = [array if index is None else array.take(index) for array in column.ticked]
        counts = np.array([np.count_nonzero(array) for array in ticks], np.int64)
    else:
        counted = np.bincount(codes, minlength=FIRST + len(column.values))
        counts = counted[FIRST:]
    nowhere, not_asked, no_answer = counted[:FIRST].tolist()
    marks = (nowhere, not_asked, no_answer, len(codes) - nowhere - not_asked - no_answer)
    return Tally(column.family, marks, column.values, counts)


def merge(parts: Sequence[Mapping[K, Tally]]) -> dict[K, Tally]:
    """The tallies of all rows together."""
    if len(parts) == 1:
        return dict(parts[0])
    keys = dict.fromkeys(key for part in parts for key in part)
    return {key: _sum([part[key] for part in parts if key in part]) for key in keys}


def _sum(tallies: Sequence[Tally]) -> Tally:
    values = union(tallies[0].family, [tally.values for tally in tallies])
    counts = np.zeros(len(values), np.int64)
    for tally in tallies:
        np.add.at(counts, places_of(tally.values, values), tally.counts)
    nowhere, not_asked, no_answer, answered = (sum(marks) for marks in zip(*(t.marks for t in tallies), strict=True))
    return Tally(tallies[0].family, (nowhere, not_asked, no_answer, answered), values, counts)
