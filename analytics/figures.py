"""Figures: what a tally of one question says, as it goes on the wire."""

import datetime as dt
import heapq
import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple, TypeAlias, assert_never

import numpy as np
from msgspec import UNSET

from analytics.encoding import Array, date_of, days, is_number
from analytics.grouping import key_of
from analytics.result import (
    Bin,
    Bucket,
    ChoiceResult,
    DateResult,
    Interval,
    NumberResult,
    QuestionResult,
    Term,
    TextResult,
    Texts,
)
from analytics.series import Series
from analytics.statistics import (
    LEAST_ANSWERS,
    LEAST_COVERAGE,
    LEVEL,
    QUANTILES,
    bin_edges,
    interval,
    moments,
    quantile,
    tidy,
)
from analytics.tallying import Tally
from forms.questionnaire import (
    AcknowledgeQuestion,
    CalculateQuestion,
    DateQuestion,
    DecimalQuestion,
    HiddenQuestion,
    IntegerQuestion,
    Question,
    RangeQuestion,
    SelectMultipleQuestion,
    SelectOneQuestion,
    TextQuestion,
)

MOST_CATEGORIES: Final = 50
"""Different texts that a calculation may give to be counted each; beyond, it is as good as free text."""

MOST_STEPS: Final = 20
"""Steps of a scale up to which each has its bucket."""

MOST_PERIODS: Final = 400
"""Periods up to which those without an answer are shown too."""

MOST_TERMS: Final = 50

Period: TypeAlias = Literal["day", "week", "month", "year"]

_SPANS: Final[tuple[tuple[int, Period], ...]] = ((31, "day"), (182, "week"), (3653, "month"))
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_STOP: Final = frozenset(
    _WORD.findall(
        "les des une aux ces ses mes tes nos vos leur leurs cette mon ton son que qui quoi dont est sont été être "
        "avoir ont avait avec sans sous sur dans par pour pas plus moins très trop mais donc car comme aussi ainsi "
        "alors nous vous ils elle elles lui eux tout tous toute toutes même fait faire peut entre vers chez lors dès"
    )
)
"""What stands in every French text: articles, pronouns, auxiliaries, link words."""


class Asked(NamedTuple):
    """What a figure needs besides the tally: how many were `expected` (null: no interval), what may be shown."""

    expected: float | None = None
    texts: bool = False
    terms: bool = True
    """Whether the words of texts that may be shown are wanted: to read them takes as long as all the rest."""

    free: bool = False
    """Whether the calculation may give what somebody wrote."""

    assigned: Tally | None = None
    """The tally over the rows that answer an assignment (null: none does): coverage is theirs alone."""

    numeric: bool = True
    """Whether the calculation gives numbers only (over all rows, so that no filter changes the kind of figure)."""


def figure(question: Question, series: Series, tally: Tally, asked: Asked) -> QuestionResult:
    """What is known about one question."""
    match question:
        case SelectOneQuestion() | SelectMultipleQuestion() | AcknowledgeQuestion():
            return _choices(question, series, tally, asked)
        case IntegerQuestion() | DecimalQuestion() | RangeQuestion():
            return _numbers(question, tally, asked)
        case DateQuestion():
            return _dates(question, tally)
        case TextQuestion() | HiddenQuestion():
            return _texts(question, tally, asked)
        case CalculateQuestion():
            return _calculated(question, tally, asked)
        case _:
            assert_never(question)


def is_numeric(tally: Tally) -> bool:
    """Whether all that was calculated is numbers."""
    return all(is_number(value) for value, count in zip(tally.values, tally.counts.tolist(), strict=True) if count)


def _base(question: Question, tally: Tally) -> dict[str, Any]:
    return {
        "name": question.name,
        "label": dict(question.label),
        "eligible": tally.eligible,
        "asked": tally.asked,
        "answered": tally.answered,
    }


class _Shares:
    """Makes buckets whose shares are of `whole`, with intervals where they mean something.

    The population of a question is the expected answers, as far as it was relevant for those who did answer. Responses
    without an assignment have their part in the shares; they make no interval narrower.
    """

    def __init__(self, tally: Tally, asked: Asked, whole: int) -> None:
        self._whole = whole
        self._population = 0.0
        self._assigned = 0
        self.interval = Interval()
        answering = asked.assigned
        if asked.expected and answering and answering.rows and answering.rows <= asked.expected:
            population = asked.expected * answering.asked / answering.rows
            coverage = answering.answered / population if population else 0.0
            if answering.answered >= LEAST_ANSWERS and coverage >= LEAST_COVERAGE:
                self._population = population
                self._assigned = answering.asked if whole == tally.asked else answering.answered
                self.interval = Interval(method="indicative", level=LEVEL, coverage=coverage)

    def bucket(self, key: str, label: Mapping[str, str], count: int) -> Bucket:
        if not self._whole:
            return Bucket(key=key, label=dict(label), count=count, share=None)
        share = count / self._whole
        if not self._population:
            return Bucket(key=key, label=dict(label), count=count, share=share)
        low, high = interval(share, self._assigned, self._population)
        return Bucket(key=key, label=dict(label), count=count, share=share, low=low, high=high)


def _choices(
    question: SelectOneQuestion | SelectMultipleQuestion | AcknowledgeQuestion,
    series: Series,
    tally: Tally,
    asked: Asked,
) -> ChoiceResult:
    match question:
        case SelectOneQuestion():
            kind: Literal["select_one", "select_multiple", "acknowledge"] = "select_one"
        case SelectMultipleQuestion():
            kind = "select_multiple"
        case AcknowledgeQuestion():
            kind = "acknowledge"
    shares = _Shares(tally, asked, tally.asked if kind == "acknowledge" else tally.answered)
    counts = {str(value): count for value, count in zip(tally.values, tally.counts.tolist(), strict=True)}
    labels: dict[str, Texts] = series.choices | {
        key: {} for key, count in sorted(counts.items()) if count and key not in series.choices
    }
    buckets = [shares.bucket(key, label, counts.get(key, 0)) for key, label in labels.items()]
    return ChoiceResult(kind=kind, interval=shares.interval, buckets=buckets, **_base(question, tally))


def _numbers(
    question: IntegerQuestion | DecimalQuestion | RangeQuestion | CalculateQuestion, tally: Tally, asked: Asked
) -> NumberResult:
    match question:
        case IntegerQuestion():
            kind: Literal["integer", "decimal", "range", "calculate"] = "integer"
        case DecimalQuestion():
            kind = "decimal"
        case RangeQuestion():
            kind = "range"
        case CalculateQuestion():
            kind = "calculate"
    given = tally.counts.nonzero()[0]
    counts = tally.counts[given]
    # What is left in a book of values but stands in no row (it may be a text) is passed over.
    values = (
        tally.values[given]
        if isinstance(tally.values, np.ndarray)
        else np.array([tally.values[place] for place in given.tolist()], np.float64)
    )
    shares = _Shares(tally, asked, tally.answered)
    steps = _steps(question) if isinstance(question, RangeQuestion) else []
    return NumberResult(
        kind=kind,
        **moments(values, counts)._asdict(),
        quantiles=_quantiles(values, counts),
        histogram=_histogram(values, counts),
        interval=shares.interval if steps else Interval(),
        buckets=_step_buckets(steps, values, counts, shares) if steps else UNSET,
        **_base(question, tally),
    )


def _quantiles(values: Array, counts: Array) -> dict[str, Any]:
    if not len(values):
        return dict.fromkeys(QUANTILES)
    cumulated = np.cumsum(counts)
    return {name: quantile(values, cumulated, probability) for name, probability in QUANTILES.items()}


def _histogram(values: Array, counts: Array) -> list[Bin]:
    if not len(values):
        return []
    whole = bool((values == np.floor(values)).all())
    edges = bin_edges(float(values[0]), float(values[-1]), whole=whole)
    places = np.searchsorted(np.array(edges, np.float64), values, side="right") - 1
    heights = np.bincount(np.minimum(places, len(edges) - 2), weights=counts, minlength=len(edges) - 1)
    return [
        Bin(start=start, end=end, count=int(height))
        for start, end, height in zip(edges[:-1], edges[1:], heights, strict=True)
    ]


def _steps(question: RangeQuestion) -> list[float]:
    """The points of a short scale, from its lower end; exact decimals, since 3 × 0.1 is not 0.3 in floats."""
    low, high, step = (Decimal(str(bound)) for bound in (question.min, question.max, question.step))
    low, high, step = min(low, high), max(low, high), abs(step)
    if not step or (high - low) / step > MOST_STEPS:
        return []
    return [float(low + place * step) for place in range(math.floor((high - low) / step) + 1)]


def _step_buckets(steps: list[float], values: Array, counts: Array, shares: _Shares) -> list[Bucket]:
    given = dict(zip(values.tolist(), counts.tolist(), strict=True))
    points = sorted({*steps, *given})  # an older edition may have had another scale
    return [shares.bucket(str(tidy(point)), {}, given.get(point, 0)) for point in points]


def _dates(question: DateQuestion, tally: Tally) -> DateResult:
    given = tally.counts > 0
    values, counts = np.asarray(tally.values)[given].tolist(), tally.counts[given].tolist()
    if not values:
        return DateResult(
            kind="date", first=None, last=None, period="day", interval=Interval(), buckets=[], **_base(question, tally)
        )
    first, last = date_of(values[0]), date_of(values[-1])
    period: Period = next((name for span, name in _SPANS if values[-1] - values[0] <= span), "year")
    heights: Counter[dt.date] = Counter()
    for value, count in zip(values, counts, strict=True):
        heights[_begin(date_of(value), period)] += count
    every = list(_between(_begin(first, period), last, period))
    shown = every if len(every) <= MOST_PERIODS else sorted(heights)
    shares = _Shares(tally, Asked(), tally.answered)
    return DateResult(
        kind="date",
        first=first,
        last=last,
        period=period,
        interval=Interval(),
        buckets=[shares.bucket(day.isoformat(), {}, heights[day]) for day in shown],
        **_base(question, tally),
    )


def _begin(day: dt.date, period: Period) -> dt.date:
    """The first day of the period that a day is in."""
    match period:
        case "day":
            return day
        case "week":
            return date_of(max(days(day) - day.weekday(), days(dt.date.min)))
        case "month":
            return day.replace(day=1)
        case "year":
            return day.replace(month=1, day=1)


def _between(first: dt.date, last: dt.date, period: Period) -> Iterator[dt.date]:
    """The first days of the periods from one to the next, one more than we show at the most."""
    day = first
    for _ in range(MOST_PERIODS + 1):
        yield day
        # A day that is surely in the next period, then back to its beginning.
        ahead = days(day) + {"day": 1, "week": 7, "month": 31, "year": 366}[period]
        if ahead > days(dt.date.max):
            return
        day = _begin(date_of(ahead), period)
        if day > last:
            return


def _texts(question: TextQuestion | HiddenQuestion | CalculateQuestion, tally: Tally, asked: Asked) -> TextResult:
    match question:
        case TextQuestion():
            kind: Literal["text", "hidden", "calculate"] = "text"
        case HiddenQuestion():
            kind = "hidden"
        case CalculateQuestion():
            kind = "calculate"
    given = _by_key(tally)
    terms = _terms(given) if asked.texts and asked.terms and kind == "text" else UNSET
    return TextResult(kind=kind, distinct=len(given), terms=terms, **_base(question, tally))


def _by_key(tally: Tally) -> Counter[str]:
    """How often each key was given: a number and a text that look alike are one."""
    counts = tally.counts.tolist()
    if tally.family == "text":  # there a text is its own key, and there may be as many as answers
        return Counter({text: count for text, count in zip(tally.values, counts, strict=True) if count})
    found: Counter[str] = Counter()
    for value, count in zip(tally.values, counts, strict=True):
        if count:
            found[key_of(tally.family, value)] += count
    return found


def _terms(texts: Mapping[str, int]) -> list[Term]:
    """The words that stand in most answers: runs of three letters or more, case folded, without the commonest words."""
    # Nearly every text was given once: those are counted without a loop of ours.
    found = Counter(itertools.chain.from_iterable(_words(text) for text, count in texts.items() if count == 1))
    for text, count in texts.items():
        if count > 1:
            for word in _words(text):
                found[word] += count
    known = (item for item in found.items() if item[0] not in _STOP)
    most = heapq.nsmallest(MOST_TERMS, known, key=lambda item: (-item[1], item[0]))
    return [Term(term=word, count=count) for word, count in most]


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _calculated(question: CalculateQuestion, tally: Tally, asked: Asked) -> QuestionResult:
    """Numbers as numbers; anything else by value, as long as there are few different ones."""
    if asked.numeric:
        return _numbers(question, tally, asked)
    given = _by_key(tally)
    if len(given) > MOST_CATEGORIES or (asked.free and not asked.texts):
        return _texts(question, tally, asked)
    shares = _Shares(tally, asked, tally.answered)
    buckets = [shares.bucket(key, {}, count) for key, count in given.items()]
    return ChoiceResult(kind="calculate", interval=shares.interval, buckets=buckets, **_base(question, tally))
