"""What fits a question, expressions aside: each kind reads the value that came and gives the answer to store."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias, assert_never

from forms.evaluating import Answer, ChoiceList, Value, iso_day, to_day, to_number, to_text
from forms.flaws import AnswerCode
from forms.questionnaire import (
    MAX_ANSWER,
    UNSTORABLE,
    AcknowledgeQuestion,
    CalculateQuestion,
    DateQuestion,
    DecimalQuestion,
    HiddenQuestion,
    IntegerQuestion,
    Number,
    Question,
    RangeQuestion,
    SelectMultipleQuestion,
    SelectOneQuestion,
    TextQuestion,
)

MAX_INTEGER: Final = 2**53 - 1
"""The largest whole number that JSON carries safely."""


class Unfit(Exception):  # noqa: N818 - it is no error of the program
    """A value does not fit its question: an answer flaw's code, reason and parameters."""

    def __init__(self, code: AnswerCode, reason: str, **parameters: object) -> None:
        super().__init__(reason)
        self.code: AnswerCode = code
        self.reason = reason
        self.parameters: dict[str, Any] = parameters


Reader: TypeAlias = Callable[[object], Answer]
"""From a value on the wire to the answer as stored; raises `Unfit`. It is never given what means no answer."""


def reader(question: Question, lists: Mapping[str, ChoiceList]) -> Reader:  # noqa: C901, PLR0911 - one case per kind
    """What a question accepts, leaving expressions aside; its list must exist and its bounds be sound."""
    match question:
        case TextQuestion(max_length=limit):
            return lambda value: _text(value, min(limit or MAX_ANSWER, MAX_ANSWER))
        case HiddenQuestion():
            return lambda value: _text(value, MAX_ANSWER)
        case IntegerQuestion(min=low, max=high):
            return lambda value: _bounded(_integer(value), low, high)
        case DecimalQuestion(min=low, max=high):
            return lambda value: _bounded(_number(value), low, high)
        case RangeQuestion():
            number = _integer if question.whole else _number
            return lambda value: _on_step(question, _bounded(number(value), question.min, question.max))
        case DateQuestion():
            return _day
        case SelectOneQuestion(choices=name):
            choices = lists[name]
            return lambda value: _choice(value, choices)
        case SelectMultipleQuestion(choices=name):
            choices = lists[name]
            return lambda value: _choices(value, choices)
        case AcknowledgeQuestion():
            return _acknowledged
        case CalculateQuestion():
            return _computed
        case _:
            assert_never(question)


def _text(value: object, limit: int) -> str:
    if not isinstance(value, str):
        raise Unfit("type", "text")
    if len(value) > limit:
        raise Unfit("length", "length", limit=limit, length=len(value))
    if UNSTORABLE.search(value):
        raise Unfit("type", "characters")
    return value


def _integer(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unfit("type", "integer")
    if abs(value) > MAX_INTEGER:
        raise Unfit("type", "too-large")
    return value


def _number(value: object) -> Number:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit("type", "number")
    if isinstance(value, int) and abs(value) <= MAX_INTEGER:
        return value
    try:
        number = float(value)
    except OverflowError:
        raise Unfit("type", "too-large") from None
    if not math.isfinite(number):
        raise Unfit("type", "number")
    return number


def _bounded(value: Number, low: Number | None, high: Number | None) -> Number:
    if low is not None and value < low:
        raise Unfit("range", "minimum", minimum=low)
    if high is not None and value > high:
        raise Unfit("range", "maximum", maximum=high)
    return value


def _on_step(question: RangeQuestion, value: Number) -> Number:
    """Decimal steps are not exact in binary: a billionth of a step, or the last digits of a number, are forgiven."""
    forgiven = max(1e-9 * question.step, 4 * math.ulp(max(abs(value), abs(question.min))))
    if abs(math.remainder(value - question.min, question.step)) > forgiven:
        raise Unfit("range", "step", minimum=question.min, step=question.step)
    return value


def _day(value: object) -> str:
    if not isinstance(value, str) or iso_day(value) is None:
        raise Unfit("type", "date")
    return value


def _choice(value: object, choices: ChoiceList) -> str:
    if not isinstance(value, str):
        raise Unfit("type", "choice-name")
    if value not in choices.positions:
        raise Unfit("choice", "choice")
    return value


def _choices(value: object, choices: ChoiceList) -> list[str] | None:
    """In the order of the list; none is no answer."""
    if not isinstance(value, list):
        raise Unfit("type", "choice-names")
    names = [_choice(name, choices) for name in value]
    if len(set(names)) < len(names):
        raise Unfit("choice", "choice-repeated")
    return sorted(names, key=choices.positions.__getitem__) or None


def _acknowledged(value: object) -> str:
    if value != "OK":
        raise Unfit("type", "acknowledge")
    return "OK"


def _computed(value: object) -> Answer:
    """A calculation's value as stored: whole numbers without a point, no NaN, no infinity."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, len(value))
    number = _number(value)
    return int(number) if float(number).is_integer() and abs(number) <= MAX_INTEGER else number


def as_wire(question: Question, value: Value) -> object:
    """A computed value in the form that the question's reader takes."""
    match question:
        case IntegerQuestion() | DecimalQuestion() | RangeQuestion():
            number = to_number(value)
            whole = isinstance(question, IntegerQuestion) or (isinstance(question, RangeQuestion) and question.whole)
            return math.trunc(number) if whole and math.isfinite(number) else number
        case DateQuestion():
            day = to_day(value)
            return "" if day is None else day.isoformat()
        case SelectMultipleQuestion():
            return to_text(value).split()
        case CalculateQuestion():
            return value
        case _:
            return to_text(value)


def is_empty(value: object) -> bool:
    """Whether a value means no answer."""
    return value is None or value == ""


def fitting(read: Reader, value: object) -> Answer:
    """A computed value as an answer; what does not fit the question is no answer."""
    try:
        return None if is_empty(value) else read(value)
    except Unfit:
        return None
