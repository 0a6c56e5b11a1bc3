"""All that a dashboard shows, counted in one pass over one version of the answers.

The figures under the filters and those of everybody, how the territories compare, when answers came in. Next in the
flow: `web/pages/dashboard.py`.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

import msgspec
import numpy as np

from analytics.cube import View
from analytics.encoding import ASSIGNED, FIRST, NO_ANSWER, Array, Block, date_of
from analytics.participation import Item, Participation
from analytics.result import Result
from analytics.results import Ledger, results
from analytics.selecting import Condition, mask
from analytics.series import Editions, Labels
from base.problems import Problem
from forms.questionnaire import Questionnaire

Places: TypeAlias = Literal["@region", "@department"]

PLACES: Final[tuple[Places, ...]] = ("@region", "@department")


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A filter that was left out, and why."""

    source: str
    problem: Problem


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """A request's filters understood: those that hold, those left out, and what the dimensions may be."""

    conditions: list[Condition]
    refused: list[Refused]
    labels: Labels


class Here(msgspec.Struct, frozen=True, kw_only=True):
    """One territory, whatever territories are chosen: `chosen` of its `responses` meet the other filters.

    `expected` and `assigned` are under the other filters too; `expected` is null where one of them is about answers.
    """

    responses: int = 0
    chosen: int = 0
    assigned: int = 0
    expected: int | None = None


class Panorama(msgspec.Struct, frozen=True, kw_only=True):
    """A dashboard's figures: `result` under the filters (a question's own do not apply to it), `whole` without
    any (and then without the words of texts).

    `questionnaire` is the newest edition's; `places` has each territory with a response or an expected answer; `days`
    are the arrivals under the filters (but those on days), days without one between two others included; `latest` is
    the last day of all.
    """

    result: Result
    whole: Result
    words: Words
    questionnaire: Questionnaire | None
    places: dict[Places, dict[str | None, Here]]
    days: list[tuple[dt.date, int]]
    latest: dt.date | None


def panorama(
    view: View,
    editions: Editions,
    words: Words,
    *,
    survey: str,
    ledger: Ledger,
    everybody: Ledger,
    expected: Mapping[Places, Mapping[str | None, int]] | None,
    texts: bool,
) -> Panorama:
    """Count. `ledger` is under the filters, `everybody` without; `expected` by territory under all but theirs."""
    where = words.conditions
    result = results(view, editions, survey=survey, where=where, own=False, ledger=ledger, texts=texts)
    # Shares of everybody stand beside those chosen, without intervals and words: the count is cheaper.
    whole = (
        results(view, editions, survey=survey, ledger=everybody._replace(indicative=False), texts=texts, terms=False)
        if where
        else result
    )
    # As a question's, the days' own filter leaves the others in sight.
    arrived = mask(view.block, [condition for condition in where if condition.name != "@day"])
    every = _days(view.block, None)
    return Panorama(
        result=result,
        whole=whole,
        words=words,
        questionnaire=editions[max(editions)] if editions else None,
        places=_places(view.block, where, expected),
        days=every if arrived is None else _days(view.block, arrived),
        latest=every[-1][0] if every else None,
    )


def arrivals(days: Sequence[tuple[dt.date, int]]) -> Participation:
    """The days as participation by day, which is what the figure of arrivals draws."""
    items = [
        Item(key=day.isoformat(), label=day.isoformat(), expected=None, started=None, answered=count, rate=None)
        for day, count in days
    ]
    return Participation(
        by="day", expected=0, started=0, answered=sum(count for _, count in days), rate=None, items=items
    )


def _places(
    block: Block, where: Sequence[Condition], expected: Mapping[Places, Mapping[str | None, int]] | None
) -> dict[Places, dict[str | None, Here]]:
    """The territories compared: what is chosen among them does not hide the others."""
    others = mask(block, [condition for condition in where if condition.name not in PLACES])
    column = block.columns.get((ASSIGNED, "choice"))
    assigned = np.zeros(block.rows, np.bool_) if column is None else column.codes >= FIRST
    found: dict[Places, dict[str | None, Here]] = {}
    for dimension in PLACES:
        responses = _count(block, dimension, None)
        chosen = responses if others is None else _count(block, dimension, others)
        answering = _count(block, dimension, assigned if others is None else assigned & others)
        due = None if expected is None else expected[dimension]
        found[dimension] = {
            key: Here(
                responses=responses[key],
                chosen=chosen[key],
                assigned=answering[key],
                expected=None if due is None else due.get(key, 0),
            )
            for key in dict.fromkeys([*responses, *(due or ())])
        }
    return found


def _count(block: Block, dimension: Places, rows: Array | None) -> Counter[str | None]:
    """How many of these rows lie in each territory; under null those that lie in none."""
    column = block.columns.get((dimension, "choice"))
    if column is None:
        return Counter()
    codes = column.codes if rows is None else column.codes[rows]
    counted = np.bincount(codes, minlength=FIRST + len(column.values)).tolist()
    keys: list[str | None] = [str(value) for value in column.values]
    found = dict(zip(keys, counted[FIRST:], strict=True)) | {None: counted[NO_ANSWER]}
    return Counter({key: count for key, count in found.items() if count})


def _days(block: Block, rows: Array | None) -> list[tuple[dt.date, int]]:
    """How many of these rows arrived on each day."""
    column = block.columns.get(("@day", "date"))
    if column is None:
        return []
    codes = column.codes if rows is None else column.codes[rows]
    counted = np.bincount(codes, minlength=FIRST + len(column.values))[FIRST:].tolist()
    known = {date_of(int(value)): count for value, count in zip(column.values, counted, strict=True) if count}
    if not known:
        return []
    first, last = min(known), max(known)
    every = (first + dt.timedelta(days=place) for place in range((last - first).days + 1))
    return [(day, known.get(day, 0)) for day in every]
