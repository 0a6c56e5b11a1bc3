"""From the cells of a table that people made to answers as they go on the wire.

What cannot be read as its question wants is passed on as text: the judge of answers then says what is wrong with it.
"""

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, assert_never

from forms.questionnaire import (
    AcknowledgeQuestion,
    CalculateQuestion,
    Choice,
    DateQuestion,
    DecimalQuestion,
    HiddenQuestion,
    IntegerQuestion,
    Question,
    Questionnaire,
    RangeQuestion,
    SelectMultipleQuestion,
    SelectOneQuestion,
    TextQuestion,
)

SEPARATOR: Final = "|"
"""Between the choices in one cell."""

TICKED: Final = frozenset({"ok", "1", "x", "oui", "yes", "true", "vrai"})
NOT_TICKED: Final = frozenset({"0", "non", "no", "false", "faux"})

_GUARDED: Final = re.compile(r"'+[\s\u200b\ufeff]*[=+\-@\t\r\n＝＋－＠]")
"""A text behind the apostrophe that our own export puts before what a spreadsheet would take for a formula."""

_LONGEST: Final = 40
"""Characters in a number; Python refuses to read thousands of digits."""

_THOUSANDS: Final = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))")
_WHOLE: Final = re.compile(r"[+-]?\d+([.,]0*)?")
_NUMBER: Final = re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?")
_FRENCH_DATE: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")

Reader = Callable[[str], Any]
"""From a cell that is not empty to an answer."""


def content(cell: str) -> str:
    """What a cell holds: without the spaces around it and without the apostrophe of our own export."""
    return (cell[1:] if _GUARDED.match(cell) else cell).strip()


def reader_of(  # noqa: PLR0911 - one case per kind
    question: Question, questionnaire: Questionnaire, values: Mapping[str, str]
) -> Reader | None:
    """How to read this question's cells: `values` maps cells to choices, else a cell is a choice's name, else a label
    of one. Nothing for a question whose answers nobody sends.
    """
    match question:
        case CalculateQuestion():
            return None
        case TextQuestion() | HiddenQuestion():
            return lambda cell: values.get(cell, cell)
        case IntegerQuestion():
            return lambda cell: _integer(values.get(cell, cell))
        case DecimalQuestion():
            return lambda cell: _number(values.get(cell, cell))
        case RangeQuestion():
            return lambda cell: (_integer if question.whole else _number)(values.get(cell, cell))
        case DateQuestion():
            return lambda cell: _date(values.get(cell, cell))
        case AcknowledgeQuestion():
            return lambda cell: _ticked(values.get(cell, cell))
        case SelectOneQuestion():
            names = _names(questionnaire.choice_lists[question.choices], values)
            return lambda cell: names.get(cell, cell)
        case SelectMultipleQuestion():
            names = _names(questionnaire.choice_lists[question.choices], values)
            return lambda cell: _several(cell, names)
        case _:
            assert_never(question)


def _names(choices: list[Choice], values: Mapping[str, str]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for choice in choices:
        for text in choice.label.values():
            # A label that two choices share tells neither: it stays as it is, and is refused.
            labels[text] = choice.name if labels.get(text, choice.name) == choice.name else text
    return labels | {choice.name: choice.name for choice in choices} | dict(values)


def _several(cell: str, names: Mapping[str, str]) -> list[str]:
    if cell in names:
        return [names[cell]]
    parts = [part.strip() for part in cell.split(SEPARATOR) if part.strip()]
    if len(parts) == 1 and all(word in names for word in cell.split()):
        parts = cell.split()  # as XLSForm tools write it
    return [names.get(part) or names.get(_plain(part), part) for part in parts]


def _plain(part: str) -> str:
    """A choice's name without what our own export writes for the two characters that a list cannot hold."""
    return part.replace("%7C", SEPARATOR).replace("%25", "%")


def _ticked(cell: str) -> str | None:
    word = cell.lower()
    return "OK" if word in TICKED else None if word in NOT_TICKED else cell


def _integer(cell: str) -> int | str:
    number = _THOUSANDS.sub("", cell)
    return int(re.split("[.,]", number)[0]) if len(number) <= _LONGEST and _WHOLE.fullmatch(number) else cell


def _number(cell: str) -> float | int | str:
    whole = _integer(cell)
    number = _THOUSANDS.sub("", cell)
    if whole != cell or len(number) > _LONGEST or not _NUMBER.fullmatch(number):
        return whole
    value = float(number.replace(",", "."))
    return value if math.isfinite(value) else cell


def _date(cell: str) -> str:
    match = _FRENCH_DATE.fullmatch(cell)
    if not match:
        return cell
    day, month, year = (int(part) for part in match.groups())
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return cell
