"""Between the fields of a page and answers on the wire. What does not fit its question stays as it was typed."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, assert_never

import msgspec

from forms.questionnaire import (
    UNSTORABLE,
    AcknowledgeQuestion,
    CalculateQuestion,
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
from surveys import cells

PREFIX: Final = "q."
"""Before a question's name, so that no question can be taken for a field of ours."""

ASKED: Final = "asked"
"""The field that names each question whose fields were sent: an empty list of boxes sends nothing of its own."""


SHOWN: Final = "shown."
"""Before a question's name: the field with the mark of the answer that the page showed."""


def field_of(name: str) -> str:
    """The name of the fields of a question."""
    return f"{PREFIX}{name}"


def typed_fields(form: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """What a form says of each question that it asked: the values of its fields."""
    return {name: list(form.get(field_of(name), ())) for name in form.get(ASKED, ())}


def shown_marks(form: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The marks that a form brings back, by question."""
    return {name: form[f"{SHOWN}{name}"][0] for name in form.get(ASKED, ()) if form.get(f"{SHOWN}{name}")}


def mark_of(value: object) -> str:
    """A mark of an answer, the same for the same answer: with it, a page says later what it had shown."""
    plain = None if value in ("", []) else value
    return base64.urlsafe_b64encode(hashlib.blake2b(msgspec.json.encode(plain), digest_size=9).digest()).decode()


def read(question: Question, typed: Sequence[str], questionnaire: Questionnaire) -> Any:  # noqa: ANN401 - JSON
    """The answer on the wire that these fields mean; None for no answer."""
    values = [text for one in typed if (text := _storable(one)) != ""]
    if not values:
        return None
    match question:
        case TextQuestion():
            return values[0]
        case SelectOneQuestion():
            return values[0]
        case SelectMultipleQuestion():
            return values
        case IntegerQuestion() | DecimalQuestion() | RangeQuestion() | DateQuestion() | AcknowledgeQuestion():
            reader = cells.reader_of(question, questionnaire, {})
            text = cells.content(values[0])
            return reader(text) if reader is not None and text else None
        case CalculateQuestion() | HiddenQuestion():
            return None  # nobody types them
        case _:
            assert_never(question)


def _storable(text: str) -> str:
    """A text as a browser sends it, with the line breaks of everybody else and without what cannot be stored."""
    return UNSTORABLE.sub("", text.replace("\r\n", "\n"))


def written(value: object, language: str) -> str:
    """An answer as a field for typing shows it: numbers with the language's decimal sign, all else as it is."""
    match value:
        case None | list() | dict():
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            text = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
            return text.replace(".", ",") if language == "fr" else text
        case _:
            return str(value)
