"""The sentence beside each chart: what a figure says, in words that a reader can trust without the chart.

« 62 % de oui parmi 405 réponses à cette question ; 4,6 % des 9 000 agents interrogés ont répondu »
"""

import datetime as dt
from functools import cache, lru_cache
from typing import Final, Literal, TypeAlias, assert_never

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from analytics.result import (
    Bucket,
    ChoiceResult,
    DateResult,
    Number,
    NumberResult,
    QuestionResult,
    Result,
    TextResult,
    Texts,
)
from base.language import DEFAULT, N_, translate

Answering: TypeAlias = Literal["agent", "unit"]

FLOOR: Final = 5
"""With fewer answers than this, shares and medians say more about the few than about the question."""

LEAST: Final = 0.001
"""The smallest share that one decimal of a percentage shows."""

PLAIN: Final = {"oui", "non", "yes", "no"}
"""Choices that stand in the sentence as words; others are quoted."""

QUOTED: Final = {"fr": "«\u00a0{choice}\u00a0»", "en": "“{choice}”"}

MOST: Final = {
    "select_one": N_("{share} {choice} among {answers}"),
    "calculate": N_("{share} {choice} among {answers}"),
    "select_multiple": N_("Most chosen: {choice} ({share}), among {answers}"),
}
COVERAGE: Final[dict[Answering, str]] = {
    "agent": N_("{share} of the {expected} agents asked have responded"),
    "unit": N_("{share} of the {expected} services asked have responded"),
}
ENDINGS: Final = ("?", "!", ":", ".", "…")
"""What ends a sentence, or a name that needs no colon."""

ONE_ANSWER: Final = N_("1 answer to this question")
ANSWERS: Final = N_("{count} answers to this question")


def sentence(
    question: QuestionResult, result: Result, *, answering: Answering, language: str = DEFAULT, floor: int = FLOOR
) -> str:
    """What this question's figures say, and on how many of those who were asked they rest.

    The second half is left out where nobody in particular was expected (an open link, a filter on answers).
    """
    coverage = _coverage(result, answering, language)
    return (
        f"{first}{separator(language)}{coverage}"
        if (first := _first(question, language, floor)) and coverage
        else first
    )


def separator(language: str) -> str:
    """What stands between two halves of a sentence: French puts a no-break space before the semicolon."""
    return "\u202f; " if language == "fr" else "; "


def told(name: str, value: str, language: str) -> str:
    """A name and its value, with the colon of the language; a name that ends as a sentence does has no colon."""
    return f"{name}{colon_after(name, language)}{value}"


def colon_after(name: str, language: str) -> str:
    """What stands between a name and its value: « Lequel ? Le premier », « Région : Bretagne »."""
    if name.endswith(ENDINGS):
        return " "
    return "\u00a0: " if language == "fr" else ": "


def number(value: Number, language: str) -> str:
    """A number as the language writes it: 1 234,5 or 1,234.5. Two decimals at most, two significant digits at least."""
    return _number_written(value or 0, language)


def percent(share: float, language: str) -> str:
    """A share with one decimal at most; what is not nothing is never shown as 0 %, nor what is not all as 100 %."""
    if 0 < share < LEAST:
        return translate(N_("less than {share}"), {"share": percent(LEAST, language)}, language)
    if 1 - LEAST < share < 1:
        return translate(N_("more than {share}"), {"share": percent(1 - LEAST, language)}, language)
    return _percent_written(share, language)


# Writing a figure takes 20 µs, and a page shows hundreds, most of them the same as the last time.
@lru_cache(maxsize=16_384)
def _number_written(value: Number, language: str) -> str:
    pattern = "@#" if 0 < abs(value) < 0.1 else "#,##0.##"
    return str(format_decimal(value, pattern, locale=_locale(language)))


@lru_cache(maxsize=16_384)
def _percent_written(share: float, language: str) -> str:
    pattern = "#,##0.#\u202f%" if language == "fr" else "#,##0.#%"
    return str(format_percent(share, pattern, locale=_locale(language)))


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)


def day(date: dt.date, language: str) -> str:
    """A day in words, on one line: 1er mars 2026, March 1, 2026."""
    words = str(format_date(date, "long", locale=language))
    if language == "fr" and date.day == 1:
        words = words.replace("1", "1er", 1)
    return words.replace(" ", "\u00a0")


def text_of(texts: Texts, key: str, language: str) -> str:
    """The text in the reader's language, else in the first one that has it, else the key."""
    return texts.get(language) or next((text for text in texts.values() if text), key)


def _coverage(result: Result, answering: Answering, language: str) -> str:
    if not result.expected or result.expected == 1 or result.assigned > result.expected:
        return ""
    return translate(
        COVERAGE[answering],
        {"share": percent(result.assigned / result.expected, language), "expected": number(result.expected, language)},
        language,
    )


def _first(question: QuestionResult, language: str, floor: int) -> str:
    if question.withheld or question.answered is None:
        return translate(N_("Withheld: too few answers to conclude"), None, language)
    if question.eligible and not question.asked:
        return translate(N_("This question concerned nobody"), None, language)
    base = question.asked if question.kind == "acknowledge" else question.answered
    if not base:
        return translate(N_("No answer to this question"), None, language)
    answers = translate(
        ONE_ANSWER if question.answered == 1 else ANSWERS, {"count": number(question.answered, language)}, language
    )
    if base < floor and not isinstance(question, TextResult):
        return translate(N_("{answers}: too few answers to conclude"), {"answers": answers}, language)
    return _figures(question, answers, language)


def _figures(question: QuestionResult, answers: str, language: str) -> str:
    match question:
        case ChoiceResult():
            return _choice(question, answers, language)
        case NumberResult():
            return _number(question, answers, language)
        case DateResult():
            return _date(question, answers, language)
        case TextResult():
            return answers
        case _:
            assert_never(question)


def _choice(question: ChoiceResult, answers: str, language: str) -> str:
    known = [(bucket.share, bucket) for bucket in question.buckets if bucket.share is not None]
    if not known:
        return answers
    share, bucket = max(known, key=lambda pair: pair[0])
    if question.kind == "acknowledge":  # a box left empty is an answer too: its share is of those who saw it
        return translate(
            N_("Ticked: {share} (shown {asked} times)"),
            {"share": percent(share, language), "asked": number(question.asked, language)},
            language,
        )
    return translate(
        MOST[question.kind],
        {"share": percent(share, language), "choice": _quoted(bucket, language), "answers": answers},
        language,
    )


def _quoted(bucket: Bucket, language: str) -> str:
    label = text_of(bucket.label, bucket.key, language)
    return label.casefold() if label.casefold() in PLAIN else QUOTED[language].format(choice=label)


def _number(question: NumberResult, answers: str, language: str) -> str:
    low, median, high = (question.quantiles.get(key) for key in ("0.25", "0.5", "0.75"))
    if low is None or median is None or high is None:
        return answers
    message = (
        N_("Median {median}, like at least half of the answers, among {answers}")
        if low == high
        else N_("Median {median}, half of the answers between {low} and {high}, among {answers}")
    )
    shown: dict[str, object] = {
        "low": number(low, language),
        "median": number(median, language),
        "high": number(high, language),
        "answers": answers,
    }
    return translate(message, shown, language)


def _date(question: DateResult, answers: str, language: str) -> str:
    if question.first is None or question.last is None:
        return answers
    message = (
        N_("All on {first}, among {answers}")
        if question.first == question.last
        else N_("From {first} to {last}, among {answers}")
    )
    shown: dict[str, object] = {
        "first": day(question.first, language),
        "last": day(question.last, language),
        "answers": answers,
    }
    return translate(message, shown, language)
