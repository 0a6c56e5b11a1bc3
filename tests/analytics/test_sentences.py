"""The sentence beside a chart says what the figure says, in French typography and in English."""

import datetime as dt
from typing import Any

import pytest

from analytics.result import (
    Bucket,
    ChoiceResult,
    DateResult,
    Interval,
    NumberResult,
    QuestionResult,
    Result,
    TextResult,
)
from analytics.sentences import day, number, percent, sentence, told

YES_NO = ((("oui", {"fr": "Oui", "en": "Yes"}), 251), (("non", {"fr": "Non", "en": "No"}), 154))
MODES = ((("velo", {"fr": "Vélo", "en": "Bicycle"}), 300), (("train", {"fr": "Train"}), 120))
NUMBERS = {"0": 0, "0.25": 1234.5, "0.5": 2000, "0.75": 12000.25, "1": 90000}


def result(question: QuestionResult, **changes: Any) -> Result:
    values: dict[str, Any] = {"expected": 9000, "responses": 500, "assigned": 412} | changes
    return Result(
        survey="s",
        edition=1,
        pending=0,
        as_of=dt.datetime(2026, 3, 2, tzinfo=dt.UTC),
        version="1",
        questions=[question],
        **values,
    )


def choices(kind: Any, buckets: Any = YES_NO, **changes: Any) -> ChoiceResult:
    values: dict[str, Any] = {"name": "q", "label": {}, "eligible": 412, "asked": 412, "answered": 405} | changes
    return ChoiceResult(
        kind=kind,
        interval=Interval(),
        buckets=[
            Bucket(key=key, label=label, count=count, share=None if count is None else count / 405)
            for (key, label), count in buckets
        ],
        **values,
    )


def numbers(quantiles: dict[str, Any] | None = None, **changes: Any) -> NumberResult:
    values: dict[str, Any] = {"name": "q", "label": {}, "eligible": 412, "asked": 412, "answered": 405} | changes
    return NumberResult(
        kind="integer",
        sum=1,
        mean=1,
        sd=1,
        quantiles=NUMBERS if quantiles is None else quantiles,
        histogram=[],
        interval=Interval(),
        **values,
    )


def dates(first: str | None, last: str | None, answered: int = 405) -> DateResult:
    return DateResult(
        kind="date",
        name="q",
        label={},
        eligible=412,
        asked=412,
        answered=answered,
        first=dt.date.fromisoformat(first) if first else None,
        last=dt.date.fromisoformat(last) if last else None,
        period="day",
        interval=Interval(),
        buckets=[],
    )


def texts(answered: int | None, **changes: Any) -> TextResult:
    values: dict[str, Any] = {"name": "q", "label": {}, "eligible": 412, "asked": 412} | changes
    return TextResult(kind="text", answered=answered, distinct=None, **values)


COVERED = "; 4,6~% des 9~000 agents interrogés ont répondu"
TABLE: dict[str, tuple[QuestionResult, str, str]] = {
    "yes or no": (
        choices("select_one"),
        "62~% de oui parmi 405 réponses à cette question",
        "62% yes among 405 answers to this question",
    ),
    "a choice with a name of its own": (
        choices("select_one", MODES),
        "74,1~% de «~Vélo~» parmi 405 réponses à cette question",
        "74.1% “Bicycle” among 405 answers to this question",
    ),
    "select_multiple": (
        choices("select_multiple", MODES),
        "Le plus choisi~: «~Vélo~» (74,1~%), parmi 405 réponses à cette question",
        "Most chosen: “Bicycle” (74.1%), among 405 answers to this question",
    ),
    "acknowledge": (
        choices("acknowledge", ((("OK", {}), 405),)),
        "Case cochée~: 100~% (montrée 412 fois)",
        "Ticked: 100% (shown 412 times)",
    ),
    "a box that nobody ticked": (
        choices("acknowledge", ((("OK", {}), 0),), answered=0),
        "Case cochée~: 0~% (montrée 412 fois)",
        "Ticked: 0% (shown 412 times)",
    ),
    "numbers": (
        numbers(),
        "Médiane 2~000, la moitié des réponses entre 1~234,5 et 12~000,25, parmi 405 réponses à cette question",
        "Median 2,000, half of the answers between 1,234.5 and 12,000.25, among 405 answers to this question",
    ),
    "numbers that are all alike": (
        numbers(dict.fromkeys(NUMBERS, 2)),
        "Médiane 2, comme au moins la moitié des réponses, parmi 405 réponses à cette question",
        "Median 2, like at least half of the answers, among 405 answers to this question",
    ),
    "quantiles that are withheld": (
        numbers(dict.fromkeys(NUMBERS)),
        "405 réponses à cette question",
        "405 answers to this question",
    ),
    "dates": (
        dates("2026-03-01", "2026-12-24"),
        "Du 1er~mars~2026 au 24~décembre~2026, parmi 405 réponses à cette question",
        "From March~1,~2026 to December~24,~2026, among 405 answers to this question",
    ),
    "one date": (
        dates("2026-03-11", "2026-03-11"),
        "Toutes le 11~mars~2026, parmi 405 réponses à cette question",
        "All on March~11,~2026, among 405 answers to this question",
    ),
    "texts": (texts(1234), "1~234 réponses à cette question", "1,234 answers to this question"),
    "one text": (texts(1), "1 réponse à cette question", "1 answer to this question"),
    "below the floor": (
        choices("select_one", answered=4),
        "4 réponses à cette question~: trop peu de réponses pour conclure",
        "4 answers to this question: too few answers to conclude",
    ),
    "one answer": (
        numbers(answered=1),
        "1 réponse à cette question~: trop peu de réponses pour conclure",
        "1 answer to this question: too few answers to conclude",
    ),
    "withheld": (
        choices("select_one", ((("oui", {}), None),), answered=None, withheld=True),
        "Masqué~: trop peu de réponses pour conclure",
        "Withheld: too few answers to conclude",
    ),
    "every share withheld": (
        choices("select_one", ((("oui", {}), None),)),
        "405 réponses à cette question",
        "405 answers to this question",
    ),
    "nothing answered": (
        choices("select_one", ((("oui", {}), 0),), answered=0),
        "Aucune réponse à cette question",
        "No answer to this question",
    ),
    "nobody concerned": (
        texts(0, asked=0),
        "Cette question ne concernait personne",
        "This question concerned nobody",
    ),
}


def plain(text: str) -> str:
    """No-break spaces shown as ~, so that the table can be read."""
    return text.replace("\u00a0", "~").replace("\u202f", "~")


@pytest.mark.parametrize("case", TABLE)
def test_french(case: str) -> None:
    """What the figure says; then on how many of those asked it rests."""
    question, french, _ = TABLE[case]
    said = sentence(question, result(question), answering="agent", language="fr")
    assert plain(said) == f"{french}~{COVERED}"


@pytest.mark.parametrize("case", TABLE)
def test_english(case: str) -> None:
    """The same, without French spaces."""
    question, _, english = TABLE[case]
    said = sentence(question, result(question), answering="agent", language="en")
    assert plain(said) == f"{english}; 4.6% of the 9,000 agents asked have responded"


@pytest.mark.parametrize(
    ("expected", "assigned", "coverage"),
    [
        (None, 412, ""),
        (0, 412, ""),
        (1, 1, ""),
        (100, 412, ""),
        (412, 412, "~; 100~% des 412 services interrogés ont répondu"),
        (413, 412, "~; 99,8~% des 413 services interrogés ont répondu"),
        (9000, 0, "~; 0~% des 9~000 services interrogés ont répondu"),
    ],
)
def test_coverage(expected: int | None, assigned: int, coverage: str) -> None:
    """It is said of services where they are asked, of answers to assignments only, and not where it means nothing."""
    question = texts(3)
    shown = result(question, expected=expected, assigned=assigned)
    assert plain(sentence(question, shown, answering="unit")) == f"3 réponses à cette question{coverage}"


def test_floor_can_be_chosen() -> None:
    """A survey that promises more than our own floor says so."""
    question = choices("select_one")
    said = sentence(question, result(question), answering="agent", floor=406)
    assert "trop peu de réponses pour conclure" in said
    assert "62" not in said


@pytest.mark.parametrize(
    ("share", "french", "english"),
    [
        (0, "0~%", "0%"),
        (0.0004, "moins de 0,1~%", "less than 0.1%"),
        (0.0458, "4,6~%", "4.6%"),
        (0.9996, "plus de 99,9~%", "more than 99.9%"),
        (1, "100~%", "100%"),
    ],
)
def test_percent(share: float, french: str, english: str) -> None:
    """What is not nothing is never 0 %, what is not all never 100 %."""
    assert (plain(percent(share, "fr")), plain(percent(share, "en"))) == (french, english)


@pytest.mark.parametrize(
    ("value", "french"),
    [(0, "0"), (1234.5, "1~234,5"), (-0.00012, "-0,00012"), (0.05, "0,05"), (3.14159, "3,14"), (9000, "9~000")],
)
def test_number(value: float, french: str) -> None:
    """Two decimals at most, unless that would leave nothing of a small number."""
    assert plain(number(value, "fr")) == french


def test_day() -> None:
    """The first of a month is an ordinal in French; a date stays on one line."""
    assert plain(day(dt.date(2026, 1, 1), "fr")) == "1er~janvier~2026"
    assert plain(day(dt.date(2026, 1, 21), "fr")) == "21~janvier~2026"
    assert plain(day(dt.date(2026, 1, 1), "en")) == "January~1,~2026"


def test_a_name_and_its_value():
    """A name has its colon, but not after the mark that ends it."""
    assert told("Région", "Bretagne", "fr") == "Région\u00a0: Bretagne"
    assert told("Region", "Brittany", "en") == "Region: Brittany"
    assert told("Lequel\u202f?", "Le premier", "fr") == "Lequel\u202f? Le premier"
    assert told("Several are possible.", "None", "en") == "Several are possible. None"
