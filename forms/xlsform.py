"""A questionnaire from an XLSForm workbook: bytes in, structs out, or every reason why not.

`xlsform_workbook.py` opens the bytes, `xlsform_table.py` reads sheets as records, `xlsform_words.py` knows synonyms,
`xlsform_survey.py` finds blocks and names, `xlsform_references.py` what `${…}` means, `xlsform_nodes.py` makes nodes.
pyxform's own conversion stops at the first fault; it is an oracle in the tests only.
"""

from pathlib import PureWindowsPath
from typing import Any, Final

import msgspec

from forms.checking import check
from forms.flaws import Flaw
from forms.questionnaire import MAX_CHOICE_NAME, MAX_LANGUAGES, Choice, Language, Questionnaire, Texts
from forms.xlsform_nodes import build, stand_ins
from forms.xlsform_references import References
from forms.xlsform_survey import Survey, read_survey
from forms.xlsform_table import Record, Table, read_table
from forms.xlsform_words import TEXT_FIELDS, language_key, truth
from forms.xlsform_workbook import Refused, Workbook, open_workbook

__all__ = ["Imported", "Refused", "read"]

DEFAULT_LANGUAGE: Final = "fr"

_SHEETS: Final = ("settings", "survey", "choices")
_COLUMNS: Final = {"choices": "type", "min": "parameters", "max": "parameters", "step": "parameters"}
"""Which column of the sheet gives a field of a question, where they are not named alike."""


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """A questionnaire that may be published, and what its author should know."""

    questionnaire: Questionnaire
    warnings: list[Flaw]


def read(data: bytes, *, file_name: str) -> Imported:
    """The questionnaire in a workbook (.xlsx or .xls, told by content); raises `Refused`, and nothing else."""
    tables = _tables(open_workbook(data))
    settings, survey_table, choices_table = (tables[name] for name in _SHEETS)
    languages = _languages(settings, survey_table, choices_table)
    survey = read_survey(survey_table)
    references = References(survey)
    lists = _choice_lists(settings, choices_table, languages[0], references)
    nodes = build(survey, languages, references)
    questionnaire = Questionnaire(
        title=_title(settings, languages[0], file_name),
        languages=languages,
        questions=[*stand_ins(references, languages), *nodes],
        choice_lists={name: [choice for _, choice in rows] for name, rows in lists.items()},
    )
    _flag_missing_choices(survey, choices_table)
    checked = _Places(survey, choices_table, lists).placed(check(questionnaire))
    order = {table.title: place for place, table in enumerate((settings, survey_table, choices_table))}
    flaws = sorted(
        (*settings.flaws, *survey_table.flaws, *choices_table.flaws, *checked),
        key=lambda flaw: (order.get(flaw.sheet or "", -1), flaw.row or 0),
    )
    if any(flaw.severity == "error" for flaw in flaws):
        raise Refused(flaws)
    return Imported(questionnaire=questionnaire, warnings=flaws)


def _tables(workbook: Workbook) -> dict[str, Table]:
    """The three sheets; one that is missing has no rows. Without `survey` and its columns there is nothing to read."""
    if "survey" not in workbook.sheets:
        found = ", ".join(workbook.titles)
        raise Refused([Flaw(code="sheet-missing", sheet="survey", parameters={"sheet": "survey", "found": found})])
    tables = {
        name: read_table(workbook.sheets[name], name) if name in workbook.sheets else Table(name) for name in _SHEETS
    }
    needed = {"survey": ("type", "name"), "choices": ("list_name", "name") if tables["choices"].records else ()}
    for name, fields in needed.items():
        for field in fields:
            if tables[name].column(field) is None:
                tables[name].flag("column-missing", 1, field, column=field)
    flaws = [flaw for name in _SHEETS for flaw in tables[name].flaws]
    if any(flaw.code == "column-missing" for flaw in flaws):
        raise Refused(flaws)
    return tables


def _setting(settings: Table, field: str) -> str:
    return next((record.values[field] for record in settings.records[:1] if field in record.values), "")


def _languages(settings: Table, survey: Table, choices: Table) -> list[Language]:
    """The languages in order of appearance, the default one first; it has the texts of columns that name none."""
    found = [*survey.languages(), *choices.languages()]
    named = list(dict.fromkeys(language for language in found if language))
    unnamed = None in found
    wanted = language_key(setting) if (setting := _setting(settings, "default_language")) else ""
    if wanted and wanted != "default" and (unnamed or not named or wanted in named):
        default = wanted
    elif named and None not in survey.languages(("label",)):
        default = named[0]
    else:
        default = DEFAULT_LANGUAGE
    if wanted not in {default, "", "default"}:
        settings.flag(
            "default-language-without-texts",
            2,
            "default_language",
            severity="warning",
            language=wanted,
            default=default,
        )
    for table in (survey, choices) if default in named else ():
        _flag_dropped_texts(table, default)
    languages = list(dict.fromkeys([default, *named]))
    if len(languages) > MAX_LANGUAGES:
        survey.flag("too-many-languages", 1, "label", limit=MAX_LANGUAGES)
    return languages


def _flag_dropped_texts(table: Table, default: Language) -> None:
    """Say so where a column without a language and one of the default language give different texts."""
    for field in TEXT_FIELDS:
        for record in table.records:
            texts = record.texts.get(field, {})
            if None in texts and texts.get(default, texts[None]) != texts[None]:
                column, other = table.column(field), table.column(field, default)
                table.flag(
                    "column-of-same-language",
                    record.number,
                    field,
                    severity="warning",
                    column=column,
                    other=other,
                    default=default,
                )
                break


def _title(settings: Table, default: Language, file_name: str) -> Texts:
    titles = settings.records[0].texts.get("form_title", {}) if settings.records else {}
    named = {language: title for language, title in titles.items() if language}
    fallback = titles.get(None) or _setting(settings, "form_id") or PureWindowsPath(file_name).stem
    return {default: fallback, **named}


def _choice_lists(
    settings: Table, choices: Table, default: Language, references: References
) -> dict[str, list[tuple[Record, Choice]]]:
    """The lists with the rows their choices stand in. Where the author allows it, a name may stand in several rows
    whose further columns differ.
    """
    allowed = truth(_setting(settings, "allow_choice_duplicates"))
    lists: dict[str, dict[Any, tuple[Record, Choice]]] = {}
    for record in choices.records:
        listed, name = record.values.get("list_name", ""), record.values.get("name", "")
        if not listed:
            if name or record.texts:
                choices.flag("choice-without-list", record.number, "list_name", severity="warning", choice=name)
            continue
        if not name or len(name) > MAX_CHOICE_NAME:
            code = "choice-name-too-long" if name else "choice-without-name"
            choices.flag(code, record.number, "name", node=listed, list=listed, limit=MAX_CHOICE_NAME)
            continue
        label = {language or default: text for language, text in record.texts.get("label", {}).items()}
        label |= {language: text for language, text in record.texts.get("label", {}).items() if language}
        label = references.at_choice(choices, record, listed).texts(label)
        same = (name, tuple(sorted(record.extra.items()))) if allowed else name
        choice = Choice(name=name, label=label, extra=record.extra)
        first, _ = lists.setdefault(listed, {}).setdefault(same, (record, choice))
        if first is not record:
            choices.flag(
                "duplicate-choice-dropped" if allowed else "duplicate-choice",
                record.number,
                "name",
                node=listed,
                severity="warning" if allowed else "error",
                list=listed,
                choice=name,
                first=first.number,
            )
    return {name: list(rows.values()) for name, rows in lists.items()}


def _flag_missing_choices(survey: Survey, choices: Table) -> None:
    selects = [line for line in survey.lines if line.type.kind in {"select_one", "select_multiple"}]
    if selects and not choices.columns:
        choices.flag("choices-missing", None, first=selects[0].record.number)


class _Places(msgspec.Struct, frozen=True):
    """Where things stand: nodes in the survey sheet, choices in theirs."""

    survey: Survey
    choices: Table
    lists: dict[str, list[tuple[Record, Choice]]]

    def placed(self, flaws: list[Flaw]) -> list[Flaw]:
        """The flaws of `check` with the sheet, row and column of what they speak of."""
        rows = {line.name: line.record.number for line in self.survey.lines}
        placed = []
        for flaw in flaws:
            language = flaw.parameters.get("language")
            if flaw.parameters.keys() >= {"list", "choice"}:
                table, field = self.choices, flaw.field
                row = self._row_of_choice(flaw)
            else:
                table, field = self.survey.table, _COLUMNS.get(flaw.field or "", flaw.field)
                row = rows.get(flaw.node or "") or self._too_deep(flaw)
            column = table.column(field, language)
            placed.append(msgspec.structs.replace(flaw, sheet=table.title, row=row, column=column))
        return placed

    def _row_of_choice(self, flaw: Flaw) -> int | None:
        """The row of the choice: of several, the one with the reference, if that is what the flaw speaks of."""
        rows = [each for each in self.lists[flaw.parameters["list"]] if each[1].name == flaw.parameters["choice"]]
        reference = f"${{{flaw.parameters.get('name')}}}"
        referring = [each for each in rows if any(reference in text for text in each[1].label.values())]
        record, _ = (referring or rows)[0]
        return record.number

    def _too_deep(self, flaw: Flaw) -> int | None:
        if flaw.code != "groups-deep":
            return None
        limit = flaw.parameters["limit"]
        return next(
            line.record.number for line in self.survey.lines if line.type.kind == "begin" and len(line.above()) >= limit
        )
