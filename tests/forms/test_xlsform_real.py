"""Real forms from public repositories are imported, or refused with reasons that say where."""

import csv
import json
import tomllib
from datetime import date
from pathlib import Path

import pytest

from forms.flaws import MESSAGES
from forms.questionnaire import (
    Note,
    Questionnaire,
    SelectMultipleQuestion,
    SelectOneQuestion,
    decode,
    encode,
    questions,
    walk,
)
from forms.validating import compile_judge
from forms.xlsform import Refused, read
from forms.xlsform_workbook import Cell, open_workbook

DATA = Path(__file__).resolve().parent.parent / "data"
FORMS = sorted((DATA / "forms").iterdir())

WAITS = "type-not-supported-yet"
FUNCTION = "expression-function"

REFUSED = {
    "all-question-types.xlsx": {WAITS},
    "correlaid-all-types.xlsx": {WAITS},
    "crvs-berfs-amharic.xlsx": {WAITS, FUNCTION, "metadata-referred"},
    "external-choices.xlsx": {WAITS},
    "good-eats-en-fr.xlsx": {WAITS},
    "iaso-denombrement.xlsx": {WAITS, FUNCTION},
    "iaso-formation-sanitaire-en-fr.xlsx": {WAITS},
    "iaso-repeat-group.xlsx": {WAITS, FUNCTION},
    "mali-health-en-fr.xlsx": {WAITS},
    "nested-repeats.xlsx": {WAITS},
    "pma-nigeria-femmes-5-langues.xlsx": {WAITS, FUNCTION, "unknown-type", "formula"},
    "pma-sdp-location-invalid.xlsx": {WAITS, FUNCTION, "text-reference"},
    "pyxform-case-insensitivity.xlsx": {WAITS},
    "pyxform-flat-xlsform-test.xlsx": {WAITS, "metadata-referred"},
    "pyxform-or-other.xlsx": {WAITS, "column-unknown"},
    "pyxform-repeat-date-test.xls": {WAITS},
    "pyxform-specify-other.xlsx": {WAITS},
    "pyxform-tutorial.xls": {WAITS},
    "pyxform-widgets.xls": {WAITS},
    "socio-economic-en-fr.xlsx": {WAITS, FUNCTION},
    "ucl-biomass.xlsx": {WAITS, FUNCTION},
}
"""The forms that cannot be imported yet, with the codes of their errors."""

IMPORTED = {
    "correlaid-mitwirken-de.xlsx": ["de"],
    "correlaid-testA.xlsx": ["de"],
    "iaso-cvs-stats.xlsx": ["fr"],
    "pyxform-allow-comment-rows-test.xls": ["en"],
    "pyxform-cascading-select-test-equivalent.xls": ["fr"],
    "pyxform-choice-filter-test.xlsx": ["fr"],
    "pyxform-extra-sheet-names.xlsx": ["fr"],
    "pyxform-table-list.xls": ["fr"],
    "pyxform-xml-escaping.xls": ["fr"],
    "pyxform-yes-or-no-question.xlsx": ["en"],
    "unicode-in-relevant.xlsx": ["en", "tetun"],
}
"""The forms that are imported, with their languages."""


def form(name: str, folder: str = "forms") -> Questionnaire:
    return read((DATA / folder / name).read_bytes(), file_name=name).questionnaire


def test_every_form_is_in_one_of_the_tables() -> None:
    """The tables speak of all forms."""
    assert sorted([*REFUSED, *IMPORTED]) == [path.name for path in FORMS]


@pytest.mark.parametrize("name", REFUSED)
def test_refused_forms(name: str) -> None:
    """Every reason names the sheet, the row and the column, and is worded."""
    with pytest.raises(Refused) as caught:
        form(name)
    flaws = caught.value.flaws
    assert {flaw.code for flaw in flaws if flaw.severity == "error"} == REFUSED[name]
    assert [flaw for flaw in flaws if not (flaw.sheet and flaw.row and flaw.column)] == []
    assert all(MESSAGES[flaw.code].format_map(flaw.parameters) for flaw in flaws)


@pytest.mark.parametrize("name", IMPORTED)
def test_imported_forms(name: str) -> None:
    """What is imported can be stored and read again, and every warning has its place."""
    result = read((DATA / "forms" / name).read_bytes(), file_name=name)
    assert result.questionnaire.languages == IMPORTED[name]
    assert decode(encode(result.questionnaire)) == result.questionnaire
    assert [flaw for flaw in result.warnings if not (flaw.sheet and flaw.row and flaw.column)] == []


def test_the_row_that_pyxform_only_calls_unknown() -> None:
    """Of the retired type `hidden string`, each row is named."""
    with pytest.raises(Refused) as caught:
        form("pma-nigeria-femmes-5-langues.xlsx")
    unknown = [(flaw.row, flaw.parameters) for flaw in caught.value.flaws if flaw.code == "unknown-type"]
    assert unknown == [
        (404, {"type": "hidden string"}),
        (405, {"type": "hidden geopoint"}),
        (406, {"type": "hidden string"}),
    ]


def test_a_survey_like_ours() -> None:
    """The form closest to a survey of agents comes out whole."""
    questionnaire = form("correlaid-mitwirken-de.xlsx")
    nodes = [node for node, _ in walk(questionnaire.questions)]
    assert questionnaire.title == {"de": "Bedarfserhebung für Migrant*innenorganisationen in Sachsen"}
    assert len(questions(questionnaire)) + sum(isinstance(node, Note) for node in nodes) == 42
    assert sum(isinstance(node, SelectOneQuestion) for node in nodes) == 8
    assert sum(isinstance(node, SelectMultipleQuestion) for node in nodes) == 12
    assert sum(1 for node in nodes if node.relevant) == 14
    assert len(questionnaire.choice_lists) == 17
    assert sum(map(len, questionnaire.choice_lists.values())) == 97


@pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")
@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_cells_are_those_that_pyxform_reads(path: Path) -> None:
    """Row by row, texts are those of pyxform's reader, dates and characters that it cannot keep aside."""
    from pyxform.xls2json_backends import get_xlsform  # noqa: PLC0415 - slow to import, and wanted here only

    theirs = get_xlsform(str(path))
    for name, sheet in open_workbook(path.read_bytes()).sheets.items():
        heads = {column: " ".join(cell.text.split()) for column, cell in sheet.header.items()}
        ours = {
            row.number: {
                heads[column]: cell.text for column, cell in row.cells.items() if column in heads and cell.text
            }
            for row in sheet.rows
        }
        for number, cells in enumerate(getattr(theirs, name) or [], 2):
            assert plain(ours.get(number, {})) == plain({head: text for head, text in cells.items() if text})


def test_formulas_in_old_workbooks() -> None:
    """In .xls, too, a formula is told from the number that it gave."""
    sheet = open_workbook((DATA / "forms" / "pyxform-allow-comment-rows-test.xls").read_bytes()).sheets["survey"]
    faults = {(row.number, column): cell for row in sheet.rows for column, cell in row.cells.items() if cell.fault}
    assert faults == {(37, 5): Cell("1200", "formula"), (44, 5): Cell("600", "formula")}


def plain(cells: dict[str, str]) -> dict[str, str]:
    return {
        " ".join(head.split()): text.replace("\xa0", " ").replace("T", " ").removesuffix(" 00:00:00")
        for head, text in cells.items()
    }


def test_our_own_form_fits_its_answers() -> None:
    """Each of the 2,000 answers of `hdv2003-fr.csv` is accepted, by labels and the map of columns."""
    questionnaire = form("hdv2003.xlsx", "forms-own")
    asked = {question.name: question for question in questions(questionnaire)}
    names = {
        name: {choice.label["fr"]: choice.name for choice in choices}
        for name, choices in questionnaire.choice_lists.items()
    }
    columns = tomllib.loads((DATA / "responses" / "hdv2003.toml").read_text("utf-8"))["columns"]
    judge = compile_judge(questionnaire)
    counts = dict.fromkeys(asked, 0)
    with (DATA / "responses" / "hdv2003-fr.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            answers = {}
            for column, name in columns.items():
                question, cell = asked[name], row[column]
                if cell and isinstance(question, SelectOneQuestion):
                    answers[name] = names[question.choices][cell]
                elif cell:
                    answers[name] = json.loads(cell)
            verdict = judge.validate(answers, today=date(2026, 6, 15))
            assert verdict.flaws == []
            assert {name: value for name, value in verdict.answers.items() if value is not None} == answers
            for name in answers:
                counts[name] += 1
    facts = json.loads((DATA / "responses" / "hdv2003-fr.csv.json").read_text("utf-8"))["column_facts"]
    assert counts == {name: facts[column]["answered"] for column, name in columns.items()}
