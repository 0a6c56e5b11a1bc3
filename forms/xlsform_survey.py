"""The rows of the sheet `survey` that count: blocks are closed, names made unique."""

import re
from collections import defaultdict
from typing import Final

import msgspec

from forms.questionnaire import MAX_NAME, NAME
from forms.xlsform_table import Record, Table
from forms.xlsform_words import RowType, row_type, truth

_NAME: Final = re.compile(NAME)


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
    elif not _NAME.fullmatch(written) or len(written) > MAX_NAME:
        table.flag("invalid-name", record.number, "name", name=written, limit=MAX_NAME)
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
        if name.casefold() not in taken and len(name) <= MAX_NAME:
            return name
    number = 2
    while f"{line.written[:100]}_{number}".casefold() in taken:
        number += 1
    return f"{line.written[:100]}_{number}"
