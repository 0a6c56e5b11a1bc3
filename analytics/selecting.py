"""Choosing responses: the language of `where` and `by`, and the masks it turns into.

`NAME:VALUE` with `VALUE|VALUE` for "or", `a..b` (open ends allowed) for numbers and dates, and `NAME:` for "asked, not
answered"; `%7C` and `%3A` stand for `|` and `:` inside a value. NAME is a question or a dimension (`@region`). The same
two functions choose among the columns of the cube and among the rows of an export.
"""

import datetime as dt
import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple, assert_never

import numpy as np

from analytics.encoding import FIRST, NO_ANSWER, Array, Block, Column, days, encode
from analytics.problems import (
    BAD_FILTER,
    FILTER_DATE,
    FILTER_NAME,
    FILTER_NUMBER,
    FILTER_RANGE,
    FILTER_VALUE,
    TEXT_NOT_ALLOWED,
    TOO_MANY_VALUES,
)
from analytics.series import (
    DIMENSIONS,
    LEDGER_DIMENSIONS,
    Editions,
    Labels,
    Series,
    dimension,
    free_texts,
    series_of,
)
from base.problems import Problem
from surveys.rows import Row

_ESCAPE: Final = re.compile("%7C|%3A", re.IGNORECASE)
_RANGE: Final = ".."

MOST_VALUES: Final = 200
"""Values that all filters together may name: each is looked for in every column, and is a tag on the page."""


class Among(NamedTuple):
    """One of these names or texts."""

    values: frozenset[str]


class Between(NamedTuple):
    """A number or (as days since 1970) a date, ends included."""

    low: float
    high: float


class Condition(NamedTuple):
    """What a response must meet: any of `matches`, or, with `empty`, that the question was asked and not answered."""

    series: Series
    among: Among
    between: tuple[Between, ...]
    empty: bool
    source: str

    @property
    def name(self) -> str:
        """The question or dimension it is about."""
        return self.series.name


def parse(texts: Sequence[str], editions: Editions, labels: Labels | None = None) -> list[Condition]:
    """The conditions that all must hold; raises `analytics/bad-filter` naming the first that cannot be used.

    `labels` lists the keys of dimensions; values of a dimension that it does not list are taken as they are.
    """
    require_few(texts)
    known = series_of(editions)
    return [_condition(text, known, editions, labels or {}) for text in texts]


def require_few(texts: Sequence[str]) -> None:
    """Raise `analytics/bad-filter` where these conditions name more values than can be used at once."""
    count = sum(text.count("|") + 1 for text in texts)
    if count > MOST_VALUES:
        raise TOO_MANY_VALUES(count=count, limit=MOST_VALUES)


def named(name: str, editions: Editions, labels: Labels | None = None) -> Series:
    """The question or dimension of this name (for `by`, `question`, crosstab); raises `analytics/bad-filter`."""
    return _series(name, name, series_of(editions), editions, labels or {})


def refuse_texts(conditions: Sequence[Condition], sides: Sequence[Series | None], editions: Editions) -> None:
    """Raise `analytics/text-not-allowed` where conditions or groups (`by`, crosstab) would tell what somebody wrote.

    That a text was asked for and not given (`NAME:`) tells nothing.
    """
    guessing = [condition.series for condition in conditions if condition.among.values or condition.between]
    free = free_texts(editions)
    for series in (*guessing, *sides):
        if series is not None and series.family in {"text", "value"} and series.name in free:
            raise TEXT_NOT_ALLOWED(name=series.name)


def ledger_only(conditions: Sequence[Condition]) -> bool:
    """Whether the ledger of expected answers can be filtered the same way, so that a rate can be computed."""
    return all(condition.name in LEDGER_DIMENSIONS for condition in conditions)


def mask(block: Block, conditions: Sequence[Condition]) -> Array | None:
    """Which rows meet all the conditions, as booleans; null for all of them."""
    chosen: Array | None = None
    for condition in conditions:
        one = holds(block, condition)
        chosen = one if chosen is None else chosen & one
    return chosen


def mask_rows(rows: Sequence[Row], conditions: Sequence[Condition], editions: Editions) -> list[bool]:
    """For each row whether it meets all the conditions."""
    if not conditions:
        return [True] * len(rows)
    chosen = mask(encode(rows, editions, {condition.name for condition in conditions}), conditions)
    return [] if chosen is None else [bool(one) for one in chosen]


def holds(block: Block, condition: Condition) -> Array:
    """Which rows meet one condition, as booleans."""
    column = block.columns.get((condition.series.name, condition.series.family))
    if column is None:
        return np.zeros(block.rows, np.bool_)
    if column.family == "multiple":
        chosen = column.codes == NO_ANSWER if condition.empty else np.zeros(block.rows, np.bool_)
        for value, ticks in zip(column.values, column.ticked, strict=True):
            if value in condition.among.values:
                chosen = chosen | ticks
        return chosen
    allowed = np.zeros(FIRST + len(column.values), np.bool_)
    allowed[NO_ANSWER] = condition.empty
    allowed[FIRST:] = _allowed(column, condition)
    return allowed[column.codes]


def _allowed(column: Column, condition: Condition) -> Array:
    """Which values of a column a condition means."""
    allowed = np.zeros(len(column.values), np.bool_)
    if condition.among.values:
        allowed |= np.fromiter((v in condition.among.values for v in column.values), np.bool_, len(column.values))
    if condition.between:
        numbers = np.array([math.nan if isinstance(value, str) else value for value in column.values], np.float64)
        for low, high in condition.between:
            allowed |= (numbers >= low) & (numbers <= high)
    return allowed


def _condition(text: str, known: Mapping[str, Series], editions: Editions, labels: Labels) -> Condition:
    name, colon, rest = text.partition(":")
    if not colon:
        raise BAD_FILTER(filter=text)
    series = _series(name, text, known, editions, labels)
    among: set[str] = set()
    between: list[Between] = []
    empty = False
    for part in rest.split("|"):
        value = _ESCAPE.sub(lambda found: "|" if found[0].upper() == "%7C" else ":", part)
        if value == "":
            empty = True
            continue
        match series.family:
            case "choice" | "multiple":
                if not _exists(series, value, labels):
                    raise FILTER_VALUE(filter=text, value=value)
                among.add(value)
            case "number":
                between.append(_numbers(value, text))
            case "date":
                between.append(_dates(value, text))
            case "text":
                among.add(value)
            case "value":
                among.add(value)
                between += _numbers_if_any(value, text)
            case _:
                assert_never(series.family)
    return Condition(series, Among(frozenset(among)), tuple(between), empty, text)


def _series(name: str, text: str, known: Mapping[str, Series], editions: Editions, labels: Labels) -> Series:
    if name in DIMENSIONS:
        return dimension(name, editions, labels)
    if name not in known:
        raise FILTER_NAME(filter=text, name=name)
    return known[name]


def _exists(series: Series, value: str, labels: Labels) -> bool:
    if series.question is None and not series.choices:
        return series.name not in labels
    return value in series.choices


def _numbers(value: str, text: str) -> Between:
    low, dots, high = value.partition(_RANGE)
    try:
        if not dots:
            number = _number(value)
            return Between(number, number)
        found = Between(_number(low) if low else -math.inf, _number(high) if high else math.inf)
    except ValueError as error:
        raise FILTER_NUMBER(filter=text, value=value) from error
    return _ordered(found, value, text)


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _numbers_if_any(value: str, text: str) -> list[Between]:
    try:
        return [_numbers(value, text)]
    except Problem:
        return []  # a calculation may give texts: then it is one


def _dates(value: str, text: str) -> Between:
    low, dots, high = value.partition(_RANGE)
    try:
        if not dots:
            day = _day(value)
            return Between(day, day)
        found = Between(_day(low) if low else -math.inf, _day(high) if high else math.inf)
    except ValueError as error:
        raise FILTER_DATE(filter=text, value=value) from error
    return _ordered(found, value, text)


def _day(text: str) -> float:
    return float(days(dt.date.fromisoformat(text)))


def _ordered(found: Between, value: str, text: str) -> Between:
    if found.low > found.high:
        raise FILTER_RANGE(filter=text, value=value)
    return found


def names_needed(
    conditions: Sequence[Condition], by: Series | None, questions: Collection[str] | None
) -> set[str] | None:
    """The columns that a request reads; null for all."""
    if questions is None:
        return None
    return {condition.name for condition in conditions} | set(questions) | ({by.name} if by else set())
