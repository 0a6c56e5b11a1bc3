"""From the flaws of `forms`, which know no language, to the problems of the service."""

from collections.abc import Sequence
from typing import Any

from base.problems import InvalidParam, Worded
from forms.flaws import ANSWER_MESSAGES, MESSAGES, AnswerFlaw, Flaw


def invalid(path: str, code: str, message: str, **parameters: object) -> InvalidParam:
    """One fault of an input of ours."""
    return InvalidParam(path=path, code=code, reason=Worded(message=message, parameters=parameters))


def answer_fault(flaw: AnswerFlaw) -> InvalidParam:
    """One fault of an answer: in the words of the questionnaire's author where there are some."""
    return InvalidParam(
        path=flaw.path,
        code=flaw.code,
        reason=Worded(message=ANSWER_MESSAGES[flaw.reason], parameters=flaw.parameters, texts=flaw.message),
    )


def flaw_members(flaws: Sequence[Flaw]) -> list[dict[str, Any]]:
    """The flaws of a questionnaire as they go on the wire."""
    return [
        {
            "sheet": flaw.sheet,
            "row": flaw.row,
            "column": flaw.column,
            "question": flaw.node,
            "field": flaw.field,
            "code": flaw.code,
            "severity": flaw.severity,
            "message": Worded(message=MESSAGES[flaw.code], parameters=_fields(flaw)),
        }
        for flaw in flaws
    ]


def _fields(flaw: Flaw) -> dict[str, Any]:
    places = {"node": flaw.node, "field": flaw.field, "sheet": flaw.sheet, "row": flaw.row, "column": flaw.column}
    return {name: value for name, value in places.items() if value is not None} | flaw.parameters


def worded(members: list[dict[str, Any]], language: str) -> list[dict[str, Any]]:
    """Flaws with their messages in a language, where they are no problem but an answer's part."""
    return [
        {name: value.sentence(language) if isinstance(value, Worded) else value for name, value in member.items()}
        for member in members
    ]
