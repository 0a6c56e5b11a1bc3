"""A result: counts fit to show to somebody, as they go on the wire. `results.py` and `crosstab.py` make them.

A withheld number is null, with `withheld` true. Keys are question and choice names, territory codes, slugs; a null key
is the group of those without one ("Hors département", asked and not answered). Labels are for showing only.
"""

import datetime as dt
from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

Texts: TypeAlias = dict[str, str]
"""One text in several languages, by language key; empty where nobody wrote one (show the key)."""

Number: TypeAlias = int | float


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """What `low` and `high` of the buckets rest on; with method `none` there are none.

    `indicative`: everybody was asked and some answered; it holds only if those who did not answer resemble those who
    did. `coverage` is the share of the expected answers that came in.
    """

    method: Literal["none", "indicative", "sample"] = "none"
    level: float | None = None
    coverage: float | None = None


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """How many gave one answer. `share` is null where nobody answered."""

    key: str
    label: Texts
    count: int | None
    share: float | None
    low: float | None = None
    high: float | None = None
    withheld: bool = False


class Bin(msgspec.Struct, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """One bar of a histogram: `from` ≤ value < `to` (the only bar there is also holds its end)."""

    start: Number
    end: Number
    count: int | None


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """A word and in how many answers it stands."""

    term: str
    count: int | None


class _Question(msgspec.Struct, frozen=True, kw_only=True):
    """`eligible`: responses whose edition has the question; `asked`: it was relevant; `answered`: it has an answer."""

    name: str
    label: Texts
    eligible: int
    asked: int
    answered: int | None
    withheld: bool = False


class ChoiceResult(_Question, frozen=True, kw_only=True):
    """Counts by choice, in questionnaire order, choices of older editions behind.

    Shares: of those who answered (`select_one`), of those who ticked at least one (`select_multiple`: they add up to
    more than 1), of those asked (`acknowledge`, whose only answer is OK).
    """

    kind: Literal["select_one", "select_multiple", "acknowledge", "calculate"]
    interval: Interval
    buckets: list[Bucket]


class NumberResult(_Question, frozen=True, kw_only=True):
    """Moments, type-7 quantiles (keys `0 0.25 0.5 0.75 1`) and a histogram; a short scale has its steps as buckets."""

    kind: Literal["integer", "decimal", "range", "calculate"]
    sum: Number | None
    mean: float | None
    sd: float | None
    quantiles: dict[str, Number | None]
    histogram: list[Bin]
    interval: Interval
    buckets: list[Bucket] | UnsetType = UNSET


class DateResult(_Question, frozen=True, kw_only=True):
    """Counts by period: the key is its first day; periods without an answer between two others have a bucket too."""

    kind: Literal["date"]
    first: dt.date | None
    last: dt.date | None
    period: Literal["day", "week", "month", "year"]
    interval: Interval
    buckets: list[Bucket]


class TextResult(_Question, frozen=True, kw_only=True):
    """How many different texts, and (only where texts may be shown) the words found in most answers."""

    kind: Literal["text", "hidden", "calculate"]
    distinct: int | None
    terms: list[Term] | UnsetType = UNSET


QuestionResult: TypeAlias = ChoiceResult | NumberResult | DateResult | TextResult


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The same questions among the responses that share one value of what `by` names."""

    key: str | None
    label: Texts
    responses: int | None
    questions: list[QuestionResult]
    withheld: bool = False


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known about a survey's answers under some conditions.

    `responses` are all that are counted, `assigned` those of them that answer an assignment: rates and intervals are
    theirs alone. `expected` is null as soon as a condition is not about the ledger; `pending` is what was sent and is
    not counted yet. `groups` is there only with `by`.
    """

    survey: str
    edition: int
    expected: int | None
    responses: int
    pending: int
    assigned: int
    as_of: dt.datetime
    version: str
    regime: Literal["exact", "open", "protected", "anonymous"] = "exact"
    where: list[str] = []
    by: str | UnsetType = UNSET
    questions: list[QuestionResult]
    groups: list[Group] | UnsetType = UNSET


class Axis(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a crosstab: its keys in order, each with its label."""

    name: str
    label: Texts
    keys: list[str | None]
    labels: list[Texts]


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """How many gave both answers."""

    count: int | None
    withheld: bool = False


class Crosstab(msgspec.Struct, frozen=True, kw_only=True):
    """Two questions or dimensions crossed, among the responses that have both.

    `cells[i][j]` is row `i`, column `j`. Where a side is many-valued (select_multiple, @community) cells overlap,
    totals count responses once, and the statistics are null.
    """

    survey: str
    version: str
    as_of: dt.datetime
    pending: int
    regime: Literal["exact", "open", "protected", "anonymous"] = "exact"
    where: list[str] = []
    rows: Axis
    columns: Axis
    cells: list[list[Cell]]
    row_totals: list[int | None]
    column_totals: list[int | None]
    total: int | None
    chi2: float | None
    df: int | None
    p_value: float | None
    cramers_v: float | None
