"""Nodes from the rows of the sheet `survey`: each cell is converted to its field.

A row that cannot become what it asks for is flagged and stands as a plain question meanwhile, so that whatever refers
to it is not flagged as well.
"""

import re
from collections import defaultdict
from collections.abc import Callable
from math import isfinite
from typing import Any, Final, TypeAlias, cast

from forms.evaluating import iso_day
from forms.flaws import Severity
from forms.questionnaire import (
    AcknowledgeQuestion,
    CalculateQuestion,
    DateQuestion,
    DecimalQuestion,
    Group,
    HiddenQuestion,
    IntegerQuestion,
    Language,
    Node,
    Note,
    Number,
    Question,
    RangeQuestion,
    SelectMultipleQuestion,
    SelectOneQuestion,
    TextQuestion,
    Texts,
)
from forms.xlsform_references import References
from forms.xlsform_survey import Line, Survey
from forms.xlsform_words import FUNCTION_CALL, TypeKind, truth

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,4})?")
_UNUSED: Final[dict[TypeKind, tuple[str, ...]]] = {
    "begin": ("required", "constraint", "calculation", "default", "choice_filter", "trigger"),
    "note": ("required", "constraint", "calculation", "default", "choice_filter", "trigger"),
    "acknowledge": ("default", "choice_filter"),
    "calculate": ("default", "choice_filter"),
    "select_one": (),
    "select_multiple": (),
}
"""Columns that say nothing for a kind; for the kinds not named, a choice filter."""


_CONDITIONS: Final = {"relevant", "constraint", "choice_filter"}
_NEVER: Final = "1 = 0"
"""What a cell FALSE means as a condition."""

Default: TypeAlias = str | Number | list[str]


def build(survey: Survey, languages: list[Language], references: References) -> list[Node]:
    """The nodes; texts of columns that name no language are in the first of `languages`."""
    builder = _Builder(survey, languages[0], references)
    children: dict[Line | None, list[Node]] = defaultdict(list)
    for line in reversed(survey.lines):  # so that a group's children are there before it, however deep
        children[line.parent].append(builder.node(line, children.pop(line, [])[::-1]))
    return children[None][::-1]


def stand_ins(references: References, languages: list[Language]) -> list[Node]:
    """Questions in place of the metadata that something refers to, once all references have been found."""
    return [TextQuestion(name=name, label=dict.fromkeys(languages, name)) for name in references.metadata]


class _Builder:
    """Makes one node after the other; what they share is the survey they come from."""

    def __init__(self, survey: Survey, language: Language, references: References) -> None:
        self.table = survey.table
        self.language = language
        self.references = references

    def node(self, line: Line, children: list[Node]) -> Node:
        self.flag_unused(line)
        common: dict[str, Any] = {
            "name": line.name,
            "label": self.texts(line, "label"),
            "hint": self.texts(line, "hint"),
            "relevant": self.expression(line, "relevant"),
            "appearance": line.record.values.get("appearance"),
        }
        match line.type.kind:
            case "begin":
                if "table-list" in (common["appearance"] or "").lower().split():
                    self.flag(line, "table-list-as-group", "appearance", severity="warning")
                return Group(**common, questions=children)
            case "note":
                return Note(**common)
            case "unknown" | "unsupported":
                return TextQuestion(**common)
            case _:
                common |= {
                    "required": self.required(line),
                    "required_message": self.texts(line, "required_message"),
                    "constraint": self.expression(line, "constraint"),
                    "constraint_message": self.texts(line, "constraint_message"),
                    "calculation": self.expression(line, "calculation"),
                    "read_only": self.read_only(line),
                }
                return self.question(line, common)

    def question(self, line: Line, common: dict[str, Any]) -> Question:  # noqa: PLR0911 - a line for each kind
        match line.type.kind:
            case "acknowledge":
                return AcknowledgeQuestion(**common)
            case "calculate":
                return CalculateQuestion(**common)
            case _:
                common["default"] = self.default(line)
        match line.type.kind:
            case "integer":
                return IntegerQuestion(**common)
            case "decimal":
                return DecimalQuestion(**common)
            case "range":
                return RangeQuestion(**common, **self.scale(line))
            case "date":
                return DateQuestion(**common)
            case "hidden":
                return HiddenQuestion(**common)
            case "select_one" | "select_multiple" as kind if line.type.choices:
                select = SelectOneQuestion if kind == "select_one" else SelectMultipleQuestion
                choice_filter = self.expression(line, "choice_filter")
                return select(**common, choices=line.type.choices, choice_filter=choice_filter)
            case _:
                return TextQuestion(**common)

    def flag(self, line: Line, code: str, field: str, *, severity: Severity = "error", **parameters: str) -> None:
        self.table.flag(code, line.record.number, field, node=line.name, severity=severity, **parameters)

    def flag_unused(self, line: Line) -> None:
        """Say which cells of the row mean nothing for its kind, so that nobody counts on them."""
        values = line.record.values
        for field in _UNUSED.get(line.type.kind, ("choice_filter",)):
            if field in values and not (field == "required" and truth(values[field]) is False):
                self.flag(line, "cell-unused", field, severity="warning", type=line.type.word)
        if "trigger" in values and line.type.kind not in {"begin", "note"}:
            self.flag(line, "trigger-not-supported", "trigger")
        if "parameters" in values and line.type.kind not in {"range", "unknown", "unsupported"}:
            self.flag(line, "parameter-unused", "parameters", severity="warning", parameter=values["parameters"])

    def texts(self, line: Line, field: str) -> Texts:
        texts = line.record.texts.get(field, {})
        named = {language: text for language, text in texts.items() if language is not None}
        if None in texts:
            named.setdefault(self.language, texts[None])
        return self.references.at(line, self.table, field).texts(named)

    def expression(self, line: Line, field: str) -> str | None:
        source = line.record.values.get(field)
        if source and field in _CONDITIONS and (constant := truth(source)) is not None:
            return None if constant else _NEVER
        return self.references.at(line, self.table, field).text(source) if source else None

    def required(self, line: Line) -> bool | str:
        constant = truth(line.record.values.get("required", ""))
        return cast("str", self.expression(line, "required")) if constant is None else constant

    def read_only(self, line: Line) -> bool:
        constant = truth(line.record.values.get("read_only", ""))
        if constant is None:
            self.flag(line, "read-only-expression", "read_only")
        return bool(constant)

    def default(self, line: Line) -> Default | None:
        """The constant in the cell, as the kind's type."""
        text = line.record.values.get("default")
        if text is None:
            return None
        if "${" in text or FUNCTION_CALL.search(text):
            self.flag(line, "default-dynamic", "default", default=text)
            return None
        try:
            return _CONVERTERS.get(line.type.kind, str)(text)
        except ValueError:
            self.flag(line, "default-wrong-type", "default", default=text, type=line.type.word)
            return None

    def scale(self, line: Line) -> dict[str, Any]:
        """The bounds and the step of a range, from `start=1 end=10 step=1`."""
        text = line.record.values.get("parameters", "")
        scale: dict[str, Number] = {}
        for part in re.split(r"[\s,;]+", re.sub(r"\s*=\s*", "=", text.strip())) if text else ():
            name, _, value = part.partition("=")
            field = {"start": "min", "end": "max", "step": "step"}.get(name.lower())
            if field is None:
                self.flag(line, "parameter-unused", "parameters", severity="warning", parameter=part)
                continue
            try:
                scale[field] = _number(value)
            except ValueError:
                self.flag(line, "parameter-not-a-number", "parameters", parameter=part)
        return scale


def _number(text: str) -> Number:
    """A finite number, whole if it can be; raises ValueError."""
    if not _NUMBER.fullmatch(text) or not isfinite(value := float(text)):
        raise ValueError(text)
    return int(value) if value.is_integer() else value


def _integer(text: str) -> int:
    return int(str(_number(text)))  # "2.5" is refused, "2.0" has become 2


def _day(text: str) -> str:
    if iso_day(text) is None:
        raise ValueError(text)
    return text


_CONVERTERS: Final[dict[TypeKind, Callable[[str], Default]]] = {
    "integer": _integer,
    "decimal": _number,
    "range": _number,
    "date": _day,
    "select_multiple": str.split,
}
"""The constant in a cell as the type of the kind; a string where the kind is not named."""
