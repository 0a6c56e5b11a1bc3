"""A sheet as records: what each row says by field and language, with every flaw placed at its row and column."""

import msgspec

from forms.flaws import Flaw, Severity
from forms.questionnaire import MAX_TEXT, Language
from forms.xlsform_words import TEXT_FIELDS, header
from forms.xlsform_workbook import Cell, Row, Sheet, cell_reference


class Record(msgspec.Struct, frozen=True):
    """One row. `values` are by field; `texts` by field and language (None: the header names no language)."""

    number: int
    values: dict[str, str]
    texts: dict[str, dict[Language | None, str]]
    extra: dict[str, str]


class Column(msgspec.Struct, frozen=True):
    index: int
    title: str
    field: str | None
    language: Language | None


class Table(msgspec.Struct, frozen=True):
    """A sheet of the workbook: its records, and the flaws found while reading it."""

    title: str
    columns: list[Column] = []
    records: list[Record] = []
    flaws: list[Flaw] = []

    def flag(
        self,
        code: str,
        row: int | None,
        field: str | None = None,
        *,
        node: str | None = None,
        language: Language | None = None,
        severity: Severity = "error",
        **parameters: object,
    ) -> None:
        """Note a flaw at this row, in the column of `field`; a `language` is looked for, and a parameter too."""
        if language:
            parameters["language"] = language
        self.flaws.append(
            Flaw(
                code=code,
                severity=severity,
                node=node,
                field=field,
                sheet=self.title,
                row=row,
                column=self.column(field, language),
                parameters=parameters,
            )
        )

    def column(self, field: str | None, language: Language | None = None) -> str | None:
        """The header of the column of `field`: that of `language` where there is one."""
        titles = {column.language: column.title for column in reversed(self.columns) if column.field == field}
        return titles.get(language) or next(reversed(titles.values()), None) if field else None

    def languages(self, fields: tuple[str, ...] = TEXT_FIELDS) -> list[Language | None]:
        """The languages in which there is some text, in order of appearance."""
        filled = {
            language
            for record in self.records
            for field, texts in record.texts.items()
            if field in fields
            for language in texts
        }
        order = dict.fromkeys(column.language for column in self.columns if column.field in fields)
        return [language for language in order if language in filled]


def read_table(sheet: Sheet, name: str) -> Table:
    """The records of a sheet; `name` says which one it is (`survey`), however its title spells that."""
    table = Table(
        sheet.title,
        [Column(index, cell.text, *header(cell.text, name)) for index, cell in sheet.header.items() if cell.text],
    )
    for column in table.columns:
        if column.field or name == "choices":
            cells = {row.number: row.cells[column.index] for row in sheet.rows if column.index in row.cells}
            _flag_cells(table, column, cells, sheet.header[column.index])
    table.records.extend(_record(table, row, name) for row in sheet.rows)
    return table


def _flag_cells(table: Table, column: Column, cells: dict[int, Cell], head: Cell) -> None:
    def flag(code: str, row: int, severity: Severity = "error", **parameters: object) -> None:
        table.flaws.append(
            Flaw(
                code=code,
                severity=severity,
                sheet=table.title,
                row=row,
                column=column.title,
                parameters={"cell": cell_reference(row, column.index), "column": column.title, **parameters},
            )
        )

    if column.field == "ignored":
        if cells:
            flag("column-ignored", 1, "warning")
        return
    kept = [number for number, cell in cells.items() if cell.fault == "formula-value-kept"]
    if kept:
        flag("formula-value-kept", kept[0], "warning", count=len(kept))
    for number, cell in {1: head, **cells}.items():
        if cell.fault and cell.fault != "formula-value-kept":
            flag(cell.fault, number)
        elif len(cell.text) > MAX_TEXT:
            flag("text-too-long", number, limit=MAX_TEXT)


def _record(table: Table, row: Row, name: str) -> Record:
    record = Record(row.number, {}, {}, {})
    for column in table.columns:
        text = row.cells[column.index].text if column.index in row.cells else ""
        if not text or column.field == "ignored":
            continue
        if column.field is None:
            if name == "choices":
                record.extra.setdefault(column.title, text)
        elif column.field in TEXT_FIELDS or column.field == "form_title":
            texts = record.texts.setdefault(column.field, {})
            _keep(table, record, column, texts.setdefault(column.language, text), text)
        else:
            _keep(table, record, column, record.values.setdefault(column.field, text), text)
    return record


def _keep(table: Table, record: Record, column: Column, kept: str, text: str) -> None:
    if kept != text:
        other = table.column(column.field, column.language)
        table.flag("columns-disagree", record.number, column.field, column=column.title, other=other)
