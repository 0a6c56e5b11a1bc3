"""The rows of the sheet `survey` as nodes: blocks are closed, names made unique, each cell converted to its field.

A row that cannot become what it asks for is flagged and stands as a plain question meanwhile, so that whatever refers
to it is not flagged as well.
"""

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from itertools import takewhile
from math import isfinite
from typing import Any, Final, TypeAlias, cast

import msgspec

from forms.expressions import REFERENCE
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
from forms.xlsform_table import Record, Table
from forms.xlsform_words import RowType, TypeKind, row_type, truth

_NAME: Final = re.compile(r"[^\W\d][\w.\-]*")
_MAX_NAME: Final = 128
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,4})?")
_FUNCTION_CALL: Final = re.compile(r"[A-Za-z][\w:.\-]*\s*\(.*\)", re.DOTALL)
_UNUSED: Final[dict[TypeKind, tuple[str, ...]]] = {
    "begin": ("required", "constraint", "calculation", "default", "choice_filter", "trigger"),
    "note": ("required", "constraint", "calculation", "default", "choice_filter", "trigger"),
    "acknowledge": ("default", "choice_filter"),
    "calculate": ("default", "choice_filter"),
    "select_one": (),
    "select_multiple": (),
}
"""Columns that say nothing for a kind; for the kinds not named, a choice filter."""


_MALFORMED: Final = re.compile(rf"(?!{REFERENCE.pattern})\$\{{.{{0,30}}", re.DOTALL)
_CONDITIONS: Final = {"relevant", "constraint"}
_NEVER: Final = "1 = 0"
"""What a cell FALSE means as a condition."""

Default: TypeAlias = str | Number | list[str]


class Line(msgspec.Struct, eq=False):
    """A row that becomes a node: `written` is its name in the workbook, `name` the one that the node gets."""

    record: Record
    type: RowType
    written: str
    name: str
    parent: "Line | None"

    def above(self) -> list["Line"]:
        """The blocks around it, outermost first."""
        lines = []
        line = self.parent
        while line:
            lines.append(line)
            line = line.parent
        return lines[::-1]


class Survey(msgspec.Struct, frozen=True):
    """The rows of the sheet in order; `metadata` has the rows that are not kept, by name."""

    table: Table
    lines: list[Line]
    metadata: dict[str, Record]


def read_survey(table: Table) -> Survey:
    """Each row that counts, in its group, under its final name."""
    survey = Survey(table, [], {})
    blocks: list[Line] = []
    for record in table.records:
        written = record.values.get("type", "")
        if written.startswith("#") or truth(record.values.get("disabled", "")):
            continue
        if not written:
            if record.values.get("name") or record.texts.get("label"):
                table.flag("row-without-type", record.number, "type")
            continue
        kind = row_type(written)
        if kind.kind == "metadata":
            name = record.values.get("name", kind.word)
            survey.metadata[name] = record
            table.flag("metadata-not-kept", record.number, "type", severity="warning", type=kind.word, name=name)
        elif kind.kind == "end":
            _close(table, record, kind, blocks)
        else:
            _flag_type(table, record, kind)
            line = Line(record, kind, *_name(table, record, kind), blocks[-1] if blocks else None)
            survey.lines.append(line)
            if kind.kind == "begin":
                blocks.append(line)
    for line in blocks:
        table.flag("begin-without-end", line.record.number, "type", block=line.type.word, name=line.written)
    _make_unique(survey)
    return survey


def _close(table: Table, record: Record, kind: RowType, blocks: list[Line]) -> None:
    if not blocks:
        table.flag("end-without-begin", record.number, "type", block=kind.word)
        return
    opened = blocks.pop()
    if opened.type.word != kind.word:
        begin = opened.record.number
        table.flag("end-of-another", record.number, "type", block=kind.word, opened=opened.type.word, begin=begin)


def _flag_type(table: Table, record: Record, kind: RowType) -> None:
    if kind.kind == "unknown":
        table.flag("unknown-type", record.number, "type", type=kind.word)
    elif kind.kind == "unsupported" or (kind.kind == "begin" and kind.word != "group"):
        table.flag("type-not-supported-yet", record.number, "type", type=kind.word)
    elif kind.kind in {"select_one", "select_multiple"}:
        if not kind.choices:
            table.flag("select-without-list", record.number, "type", type=kind.word)
        if kind.choices.startswith("${"):
            table.flag("type-not-supported-yet", record.number, "type", type=f"{kind.word} ${{…}}")
        if kind.other:
            table.flag("type-not-supported-yet", record.number, "type", type="or_other")


def _name(table: Table, record: Record, kind: RowType) -> tuple[str, str]:
    """The name as written and as it will be; a row without a fit one gets a name that nothing can refer to."""
    written = record.values.get("name", "")
    if not written and kind.kind == "note":
        written = f"generated_note_name_{record.number}"  # as pyxform calls it
    if not written:
        table.flag("row-without-name", record.number, "name", type=kind.word)
    elif not _NAME.fullmatch(written) or len(written) > _MAX_NAME:
        table.flag("invalid-name", record.number, "name", name=written)
    else:
        return written, written
    return "", f"row.{record.number}"


def _make_unique(survey: Survey) -> None:
    """Names are unique in the questionnaire, whatever their case; XLSForm asks that of each group only."""
    siblings: dict[tuple[Line | None, str], Line] = {}
    alike: dict[str, list[Line]] = defaultdict(list)
    for line in survey.lines:
        if not line.written:
            continue
        first = siblings.setdefault((line.parent, line.written.casefold()), line)
        if first is line:
            alike[line.written.casefold()].append(line)
            continue
        code = "duplicate-name" if first.written == line.written else "names-differ-by-case"
        row = line.record.number
        survey.table.flag(
            code, row, "name", node=line.name, name=line.written, other=first.written, first=first.record.number
        )
        line.name = f"row.{row}"
        line.written = ""
    taken = {key for key, lines in alike.items() if len(lines) == 1 or any(line.parent is None for line in lines)}
    for lines in alike.values():
        for line in lines if len(lines) > 1 else ():
            if line.parent is not None:
                line.name = _qualified(line, taken)
                taken.add(line.name.casefold())
                survey.table.flag(
                    "name-qualified",
                    line.record.number,
                    "name",
                    node=line.name,
                    severity="warning",
                    name=line.written,
                    qualified=line.name,
                )


def _qualified(line: Line, taken: set[str]) -> str:
    """`group.name`, with as many of the groups around it as make it unique; a number where that is not enough."""
    names = [block.written for block in line.above() if block.written]
    for depth in range(1, len(names) + 1):
        name = ".".join([*names[-depth:], line.written])
        if name.casefold() not in taken and len(name) <= _MAX_NAME:
            return name
    number = 2
    while f"{line.written[:100]}_{number}".casefold() in taken:
        number += 1
    return f"{line.written[:100]}_{number}"


def build(survey: Survey, languages: list[Language]) -> list[Node]:
    """The nodes; texts of columns that name no language are in the first of `languages`."""
    builder = _Builder(survey, languages)
    children: dict[Line | None, list[Node]] = defaultdict(list)
    for line in reversed(survey.lines):  # so that a group's children are there before it, however deep
        children[line.parent].append(builder.node(line, children.pop(line, [])[::-1]))
    stand_ins: list[Node] = [
        TextQuestion(name=name, label=dict.fromkeys(languages, name)) for name in builder.metadata_referred
    ]
    return [*stand_ins, *children[None][::-1]]


class _Builder:
    """Makes one node after the other; what they share is the survey they come from."""

    def __init__(self, survey: Survey, languages: list[Language]) -> None:
        self.table = survey.table
        self.metadata = survey.metadata
        self.language = languages[0]
        self.metadata_referred: dict[str, None] = {}
        self.named: dict[str, list[Line]] = defaultdict(list)
        for line in survey.lines:
            if line.written:
                self.named[line.written].append(line)

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
        for language, text in named.items():
            for match in _MALFORMED.finditer(text):
                row, node, found = line.record.number, line.name, match[0]
                self.table.flag("text-reference", row, field, node=node, language=language, found=found)
        return {language: self.referred(line, field, text) for language, text in named.items()}

    def expression(self, line: Line, field: str) -> str | None:
        source = line.record.values.get(field)
        if source and field in _CONDITIONS and (constant := truth(source)) is not None:
            return None if constant else _NEVER
        return self.referred(line, field, source) if source else None

    def referred(self, line: Line, field: str, text: str) -> str:
        """The text with each `${name}` under the name that its question got."""
        return REFERENCE.sub(lambda match: f"${{{self.resolve(line, field, match[1])}}}", text)

    def resolve(self, line: Line, field: str, name: str) -> str:
        """The nearest node of that name: the one that shares most groups with the row that refers to it."""
        candidates = self.named.get(name, [])
        if not candidates:
            if name in self.metadata and name not in self.metadata_referred:
                kind = row_type(self.metadata[name].values["type"]).word
                self.flag(line, "metadata-referred", field, name=name, type=kind)
            if name in self.metadata:
                self.metadata_referred[name] = None
            return name
        scope = [*line.above(), line]

        def nearness(candidate: Line) -> tuple[int, bool]:
            shared = takewhile(lambda pair: pair[0] is pair[1], zip(scope, candidate.above(), strict=False))
            return sum(1 for _ in shared), candidate.type.kind != "begin"

        best = max(map(nearness, candidates))
        nearest = [candidate for candidate in candidates if nearness(candidate) == best]
        if len(nearest) > 1:
            self.flag(
                line, "reference-ambiguous", field, name=name, candidates=", ".join(each.name for each in nearest)
            )
        return nearest[0].name

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
        if "${" in text or _FUNCTION_CALL.fullmatch(text):
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
    return date.fromisoformat(text).isoformat()


_CONVERTERS: Final[dict[TypeKind, Callable[[str], Default]]] = {
    "integer": _integer,
    "decimal": _number,
    "range": _number,
    "date": _day,
    "select_multiple": str.split,
}
"""The constant in a cell as the type of the kind; a string where the kind is not named."""
