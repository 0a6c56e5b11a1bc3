"""From rows to columns: small integer codes, and beside them what the codes stand for.

In every column 0 means that the row's edition does not have the question, 1 that it was not asked (not relevant), 2
that it was asked and not answered; code `3 + i` stands for `values[i]`. Numbers, dates and texts are coded by their
distinct values, sorted, so that counting anything is one `bincount`. Values are names, never labels.
"""

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from analytics.series import Editions, Family, choices_of, family_of
from base.ids import row_key
from forms.questionnaire import questions
from surveys.rows import Row

NOWHERE: Final = 0
NOT_ASKED: Final = 1
NO_ANSWER: Final = 2
FIRST: Final = 3
"""The code of the first value."""

Array: TypeAlias = NDArray[Any]
Values: TypeAlias = Sequence[Any] | Array
Key: TypeAlias = tuple[str, Family]
"""A column is known by its name and its family: a question that changed its kind has two."""

ASSIGNED: Final = "@assigned"
"""Has a value in the rows that answer an assignment."""

KEPT: Final[dict[str, Callable[[Row], str | None]]] = {
    "@territory": lambda row: row.territory,
    "@unit": lambda row: row.unit,
    "@stratum": lambda row: row.stratum,
    ASSIGNED: lambda row: "yes" if row.assigned else None,
}
"""What rows carry along that is no dimension to ask for."""

_SINGLE: Final[dict[str, Callable[[Row], str | None]]] = {
    "@region": lambda row: row.region,
    "@department": lambda row: row.department,
    "@unit_kind": lambda row: row.unit_kind,
    "@edition": lambda row: str(row.edition),
    "@status": lambda row: row.status,
    "@channel": lambda row: row.channel,
    **KEPT,
}
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Column:
    """One series over some rows. `ticked[i]` (family `multiple`, whose codes end at 3) says who ticked `values[i]`."""

    family: Family
    codes: Array
    values: Values
    ticked: tuple[Array, ...] = ()

    @property
    def nbytes(self) -> int:
        """About what it takes of memory."""
        own = self.codes.nbytes + sum(array.nbytes for array in self.ticked)
        if isinstance(self.values, np.ndarray):
            return int(own + self.values.nbytes)
        return int(own + sum(64 + 2 * len(str(value)) for value in self.values))


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows as columns. `plain` holds what is carried along: `row_key`, `record_key`, `base_weight`.

    `unfit` counts, by name, the values that no column of their question can hold; they count as not answered.
    """

    rows: int
    columns: Mapping[Key, Column]
    plain: Mapping[str, Array] = field(default_factory=dict)
    unfit: Mapping[str, int] = field(default_factory=dict)


def days(date: dt.date) -> int:
    """Days since 1970-01-01."""
    return date.toordinal() - _EPOCH


def date_of(number: int) -> dt.date:
    """The day that `days` numbered."""
    return dt.date.fromordinal(number + _EPOCH)


def encode(
    rows: Sequence[Row], editions: Editions, names: Collection[str] | None = None, keys: Sequence[int] | None = None
) -> Block:
    """The rows as columns, in their order; `names` limits the work to some questions and dimensions.

    `editions` must have the questionnaire of every row. `keys` are the row keys, if the caller has them.
    """
    count = len(rows)
    wanted = None if names is None else set(names)
    columns: dict[Key, Column] = {}
    unfit: Counter[str] = Counter()
    for name, get in _SINGLE.items():
        if wanted is None or name in wanted:
            columns[name, "choice"] = _choice([get(row) for row in rows], (), name, unfit)
    if wanted is None or "@community" in wanted:
        columns["@community", "multiple"] = _multiple([row.communities for row in rows], (), "@community", unfit)
    if wanted is None or "@day" in wanted:
        full = np.full(count, FIRST, np.uint8)
        columns["@day", "date"] = date_column(full, np.array([days(row.day) for row in rows], np.int32))

    present = {row.edition for row in rows}
    for (name, family), (having, known) in _asked(editions, present).items():
        if wanted is None or name in wanted:
            everywhere = len(having) == len(present)
            raw = [
                row.answers.get(name, _ABSENT) if everywhere or row.edition in having else _ELSEWHERE for row in rows
            ]
            columns[name, family] = _ENCODERS[family](raw, known, name, unfit)

    plain: dict[str, Array] = {}
    if wanted is None:
        named = keys if keys is not None else [row_key(0, row.response, row.revision) for row in rows]
        plain = {
            "row_key": np.array(named, np.int64),
            "record_key": np.array([row.record_key for row in rows], np.int64),
            "base_weight": np.array([row.base_weight for row in rows], np.float64),
        }
    return Block(count, columns, plain, unfit)


def _asked(editions: Editions, present: Iterable[int]) -> dict[Key, tuple[set[int], list[str]]]:
    """Per column: the editions (among those present) that have it, and its choices in order, newest edition first."""
    found: dict[Key, tuple[set[int], list[str]]] = {}
    for number in sorted(present, reverse=True):
        for question in questions(editions[number]):
            having, known = found.setdefault((question.name, family_of(question)), (set(), []))
            having.add(number)
            # A name may stand in a list several times, with other columns: it is one choice.
            listed = dict.fromkeys(choice.name for choice in choices_of(question, editions[number]))
            known += [name for name in listed if name not in known]
    return found


class _Marker:
    """A value that no answer can be."""


_ABSENT: Final = _Marker()
_ELSEWHERE: Final = _Marker()


def _mark(value: object) -> int:
    """The code of a value that is no answer."""
    if value is _ELSEWHERE:
        return NOWHERE
    return NOT_ASKED if value is _ABSENT else NO_ANSWER


def _choice(raw: list[Any], known: Sequence[str], name: str, unfit: Counter[str]) -> Column:
    book = {choice: FIRST + index for index, choice in enumerate(known)}
    codes = np.empty(len(raw), np.uint32)
    for index, value in enumerate(raw):
        if isinstance(value, str):
            # Never refused here: an answer that was accepted is counted, under its own name.
            codes[index] = book.setdefault(value, FIRST + len(book))
        else:
            codes[index] = _mark(value)
            unfit[name] += _is_unfit(value)
    return Column("choice", narrow(codes, len(book)), list(book))


def _multiple(raw: list[Any], known: Sequence[str], name: str, unfit: Counter[str]) -> Column:
    codes = np.empty(len(raw), np.uint8)
    holders: dict[str, list[int]] = {choice: [] for choice in known}
    for index, value in enumerate(raw):
        ticks = [tick for tick in value if isinstance(tick, str)] if isinstance(value, list) else []
        codes[index] = FIRST if ticks else _mark(value)
        unfit[name] += not ticks and value != [] and _is_unfit(value)
        for tick in ticks:
            holders.setdefault(tick, []).append(index)
    ticked = []
    for holding in holders.values():
        column = np.zeros(len(raw), np.bool_)
        column[holding] = True
        ticked.append(column)
    return Column("multiple", codes, list(holders), tuple(ticked))


def _number(raw: list[Any], _: Sequence[str], name: str, unfit: Counter[str]) -> Column:
    marks = np.full(len(raw), FIRST, np.uint8)
    numbers = np.zeros(len(raw), np.float64)
    for index, value in enumerate(raw):
        if is_number(value):
            numbers[index] = value
        else:
            marks[index] = _mark(value)
            unfit[name] += _is_unfit(value)
    return number_column(marks, numbers)


def _date(raw: list[Any], _: Sequence[str], name: str, unfit: Counter[str]) -> Column:
    marks = np.full(len(raw), FIRST, np.uint8)
    numbers = np.zeros(len(raw), np.int32)
    for index, value in enumerate(raw):
        try:
            numbers[index] = days(dt.date.fromisoformat(value))
        except (TypeError, ValueError):
            marks[index] = _mark(value)
            unfit[name] += _is_unfit(value)
    return date_column(marks, numbers)


def _text(raw: list[Any], _: Sequence[str], name: str, unfit: Counter[str]) -> Column:
    marks = np.full(len(raw), FIRST, np.uint8)
    texts = np.full(len(raw), None, object)
    for index, value in enumerate(raw):
        if isinstance(value, str):
            texts[index] = value
        else:
            marks[index] = _mark(value)
            unfit[name] += _is_unfit(value)
    return text_column(marks, texts)


def _value(raw: list[Any], _: Sequence[str], name: str, unfit: Counter[str]) -> Column:
    marks = np.full(len(raw), FIRST, np.uint8)
    numbers = np.zeros(len(raw), np.float64)
    texts = np.full(len(raw), None, object)
    for index, value in enumerate(raw):
        if is_number(value):
            numbers[index] = value
        elif isinstance(value, str | bool):
            texts[index] = value if isinstance(value, str) else str(value).lower()
        else:
            marks[index] = _mark(value)
            unfit[name] += _is_unfit(value)
    return value_column(marks, numbers, texts)


_ENCODERS: Final[dict[Family, Callable[[list[Any], Sequence[str], str, Counter[str]], Column]]] = {
    "choice": _choice,
    "multiple": _multiple,
    "number": _number,
    "date": _date,
    "text": _text,
    "value": _value,
}


def _is_unfit(value: object) -> bool:
    return value is not None and not isinstance(value, _Marker)


def is_number(value: object) -> bool:
    """Whether an answer is a number that can be added up."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def number_column(marks: Array, numbers: Array) -> Column:
    """The column of some numbers; `marks` is 3 where there is one."""
    return _coded("number", marks, numbers + 0.0)  # -0.0 becomes 0.0, so that no order of arrival shows


def date_column(marks: Array, numbers: Array) -> Column:
    """The column of some days."""
    return _coded("date", marks, numbers)


def _coded(family: Family, marks: Array, numbers: Array) -> Column:
    answered = marks >= FIRST
    values, places = np.unique(numbers[answered], return_inverse=True)
    codes = marks.astype(np.uint32)
    codes[answered] = places + FIRST
    return Column(family, narrow(codes, len(values)), values)


def text_column(marks: Array, texts: Array) -> Column:
    """The column of some texts (objects, null where there is none)."""
    return _coded_objects("text", marks, texts[marks >= FIRST].tolist())


def value_column(marks: Array, numbers: Array, texts: Array) -> Column:
    """The column of what a calculation gave: the text where there is one, else the number."""
    answered = marks >= FIRST
    pairs = zip(texts[answered].tolist(), (numbers[answered] + 0.0).tolist(), strict=True)
    return _coded_objects("value", marks, [number if text is None else text for text, number in pairs])


def _coded_objects(family: Family, marks: Array, objects: list[Any]) -> Column:
    values = in_order(set(objects))
    places = {value: FIRST + index for index, value in enumerate(values)}
    codes = marks.astype(np.uint32)
    codes[marks >= FIRST] = [places[item] for item in objects]
    return Column(family, narrow(codes, len(values)), values)


def in_order(values: Iterable[Any]) -> list[Any]:
    """Numbers before texts, each in its order."""
    return sorted(values, key=lambda value: (isinstance(value, str), value))


def narrow(codes: Array, values: int) -> Array:
    """The codes in the smallest type that holds them."""
    top = values + FIRST
    if top <= 1 << 8:
        return codes.astype(np.uint8, copy=False)
    return codes.astype(np.uint16 if top <= 1 << 16 else np.uint32, copy=False)
