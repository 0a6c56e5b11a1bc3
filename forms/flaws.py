"""What may be wrong with a questionnaire or with answers: codes with parameters, and their wording.

A flaw of a questionnaire names the node and the field; `xlsform.py` adds where that stands in the workbook. The words
are English message ids with `{name}` fields; the catalogue in `locale/` has the French.
"""

from typing import Any, Final, Literal

import msgspec

from forms.questionnaire import Texts

Severity = Literal["error", "warning"]


def N_(message: str) -> str:  # noqa: N802 - the name that gettext's tools look for
    """Mark a message id for the catalogue."""
    return message


class Flaw(msgspec.Struct, frozen=True, kw_only=True):
    """One fault of a questionnaire. `node` is a question, group or list name; `field` is a field of its struct.

    `sheet`, `row` (1 is the header) and `column` (its header) say where it stands in a workbook, if it came from one.
    """

    code: str
    severity: Severity = "error"
    node: str | None = None
    field: str | None = None
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    parameters: dict[str, Any] = {}


AnswerCode = Literal["unknown", "type", "choice", "required", "constraint", "range", "length", "territory"]


class AnswerFlaw(msgspec.Struct, frozen=True, kw_only=True):
    """One fault of an answer: `path` is a JSON Pointer below the request (`/answers/age`).

    `message` is what the author wrote for this case, if anything; else `ANSWER_MESSAGES[reason]` words it.
    """

    path: str
    code: AnswerCode
    reason: str
    parameters: dict[str, Any] = {}
    message: Texts = {}


MESSAGES: Final[dict[str, str]] = {}
"""Flaw code → English message id: what is wrong and what to do."""

ANSWER_MESSAGES: Final[dict[str, str]] = {}
"""Answer flaw reason → English message id."""
