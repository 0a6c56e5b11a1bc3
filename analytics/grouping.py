"""Groups: the rows that share one value of a question or a dimension. Those of many-valued ones overlap."""

from typing import Any, Final, NamedTuple

import numpy as np

from analytics.encoding import FIRST, NO_ANSWER, Array, Block, Values, date_of, is_number
from analytics.problems import TOO_MANY_GROUPS
from analytics.result import Texts
from analytics.series import Family, Series, without
from analytics.statistics import tidy

MOST_GROUPS: Final = 500


class Rows(NamedTuple):
    """A group: its key (null: those without a value), its label, the places of its rows."""

    key: str | None
    label: Texts
    rows: Array


def key_of(family: Family, value: Any) -> str:  # noqa: ANN401 - whatever a column holds
    """A value as a key on the wire. A number and a text that look alike share one: whoever counts adds them up."""
    if family == "date":
        return date_of(int(value)).isoformat()
    return str(tidy(float(value))) if is_number(value) or family == "number" else str(value)


def groups_of(block: Block, series: Series, index: Array | None) -> list[Rows]:
    """The groups that have a row among those at `index` (null: all): choices as they are listed, others by value.

    The last one, with a null key, has those that were asked and did not answer, or of which the dimension says nothing.
    A row that was not asked is in no group.
    """
    column = block.columns.get((series.name, series.family))
    if column is None:
        return []
    places = np.arange(block.rows) if index is None else index
    codes = column.codes[places]
    found: dict[int, Array] = {}
    if series.many:
        found = {place: places[ticks[places]] for place, ticks in enumerate(column.ticked)}
    else:
        order = np.argsort(codes, kind="stable")
        starts = np.searchsorted(codes[order], np.arange(FIRST, FIRST + len(column.values) + 1))
        spans = zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
        found = {place: places[order[start:end]] for place, (start, end) in enumerate(spans)}
    filled = [place for place, rows in found.items() if len(rows)]
    if len(filled) > MOST_GROUPS:
        raise TOO_MANY_GROUPS(name=series.name, count=len(filled), limit=MOST_GROUPS)
    keyed: dict[str, list[Array]] = {}
    for place in _ordered(filled, column.values, series):
        keyed.setdefault(key_of(series.family, column.values[place]), []).append(found[place])
    groups = [
        Rows(key, dict(series.choices.get(key, {})), rows[0] if len(rows) == 1 else np.sort(np.concatenate(rows)))
        for key, rows in keyed.items()
    ]
    empty = places[codes == NO_ANSWER]
    if len(empty):
        groups.append(Rows(None, without(series), empty))
    return groups


def _ordered(places: list[int], values: Values, series: Series) -> list[int]:
    """Choices as they are listed, others behind in their own order; numbers, dates and texts are sorted already."""
    if series.family not in {"choice", "multiple"}:
        return places
    listed = {name: rank for rank, name in enumerate(series.choices)}
    return sorted(places, key=lambda place: (listed.get(str(values[place]), len(listed)), str(values[place])))
