"""Cells of tables that people made, read as their questions want: French numbers and dates, labels, lists."""

import pytest

from forms.questionnaire import (
    AcknowledgeQuestion,
    CalculateQuestion,
    Choice,
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
from surveys.cells import content, reader_of

LABEL = {"fr": "Une question"}
CHOICES = [
    Choice(name="eau", label={"fr": "L'eau", "en": "Water"}),
    Choice(name="air", label={"fr": "L’air"}),
    Choice(name="sol", label={"fr": "eau"}),  # the name of another
    Choice(name="a|b", label={"fr": "A ou B"}),
    Choice(name="un", label={"fr": "Le même"}),
    Choice(name="deux", label={"fr": "Le même"}),
]


def read(question: Question, cell: str, values: dict[str, str] | None = None) -> object:
    questionnaire = Questionnaire(
        title=LABEL, languages=["fr", "en"], questions=[question], choice_lists={"liste": CHOICES}
    )
    found = reader_of(question, questionnaire, values or {})
    assert found is not None
    return found(cell)


TEXT = TextQuestion(name="q", label=LABEL)
INTEGER = IntegerQuestion(name="q", label=LABEL)
DECIMAL = DecimalQuestion(name="q", label=LABEL)
DATE = DateQuestion(name="q", label=LABEL)
ONE = SelectOneQuestion(name="q", label=LABEL, choices="liste")
SEVERAL = SelectMultipleQuestion(name="q", label=LABEL, choices="liste")
TICK = AcknowledgeQuestion(name="q", label=LABEL)


@pytest.mark.parametrize("question", [TEXT, HiddenQuestion(name="q")])
def test_text(question):
    """A text is what the cell holds."""
    for cell in ("Été à l'île", "12", "a|b", "'cité'"):
        assert read(question, cell) == cell


@pytest.mark.parametrize(
    ("cell", "answer"),
    [
        ("12", 12),
        ("-3", -3),
        ("+3", 3),
        ("007", 7),
        ("12.0", 12),
        ("12,00", 12),
        ("12,", 12),
        ("1 234", 1234),
        ("1\u202f234\u00a0567", 1234567),
        ("12,5", 12.5),
        ("douze", "douze"),
        ("12 ans", "12 ans"),
        ("1 2", "1 2"),
        ("9" * 5_000, "9" * 5_000),
    ],
)
def test_integer(cell, answer):
    """Whole numbers, as spreadsheets write them too; what is none stays for the judge to refuse."""
    assert read(INTEGER, cell) == (cell if isinstance(answer, float) else answer)


@pytest.mark.parametrize(
    ("cell", "answer"),
    [
        ("12.5", 12.5),
        ("12,5", 12.5),
        ("-0,25", -0.25),
        ("1 234,5", 1234.5),
        ("1\u202f234,5", 1234.5),
        ("2634.3982157", 2634.3982157),
        ("1e3", 1000.0),
        ("3", 3),
        ("3.0", 3),
        ("1,234.5", "1,234.5"),
        ("1.234,5", "1.234,5"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("1e999", "1e999"),
        ("12,5 %", "12,5 %"),
        ("9" * 5_000 + ",5", "9" * 5_000 + ",5"),
    ],
)
def test_decimal(cell, answer):
    """A comma or a point before the decimals, thousands apart or not; what is ambiguous or endless stays as it is."""
    assert read(DECIMAL, cell) == answer


def test_range():
    """A scale of whole steps is read as whole numbers, another as decimals."""
    assert read(RangeQuestion(name="q", label=LABEL, min=0, max=10, step=1), "7,0") == 7
    assert read(RangeQuestion(name="q", label=LABEL, min=0, max=1, step=0.5), "0,5") == 0.5


@pytest.mark.parametrize(
    ("cell", "answer"),
    [
        ("25/11/2026", "2026-11-25"),
        ("1/2/2026", "2026-02-01"),
        ("2026-11-25", "2026-11-25"),
        ("31/02/2026", "31/02/2026"),
        ("11/25/2026", "11/25/2026"),
        ("25/11/26", "25/11/26"),
        ("hier", "hier"),
    ],
)
def test_date(cell, answer):
    """Day, month, year as in France; what is no such day stays for the judge to refuse."""
    assert read(DATE, cell) == answer


@pytest.mark.parametrize(
    ("cell", "answer"),
    [
        ("air", "air"),
        ("L’air", "air"),
        ("Water", "eau"),
        ("eau", "eau"),
        ("feu", "feu"),
        ("Le même", "Le même"),
    ],
)
def test_select_one(cell, answer):
    """A choice by name, else by label in any language; a name wins, and a label of two choices tells neither."""
    assert read(ONE, cell) == answer


@pytest.mark.parametrize(
    ("cell", "answer"),
    [
        ("air", ["air"]),
        ("air|eau", ["air", "eau"]),
        (" L'eau | L’air |", ["eau", "air"]),
        ("air eau", ["air", "eau"]),
        ("air feu", ["air feu"]),
        ("air|feu", ["air", "feu"]),
        ("a%7Cb|air", ["a|b", "air"]),
        ("a|b", ["a|b"]),
        ("A ou B", ["a|b"]),
    ],
)
def test_select_multiple(cell, answer):
    """Choices joined by bars, or names joined by spaces; a bar in a name as our own export writes it."""
    assert read(SEVERAL, cell) == answer


@pytest.mark.parametrize(
    ("cell", "answer"),
    [("OK", "OK"), ("x", "OK"), ("Oui", "OK"), ("1", "OK"), ("VRAI", "OK"), ("non", None), ("0", None), ("bof", "bof")],
)
def test_acknowledge(cell, answer):
    """Ticked or not; what is neither stays for the judge to refuse."""
    assert read(TICK, cell) == answer


def test_values():
    """What a map says of a cell comes before its name or label."""
    assert read(ONE, "1", {"1": "air"}) == "air"
    assert read(ONE, "eau", {"eau": "air"}) == "air"
    assert read(SEVERAL, "1|2", {"1": "air", "2": "eau"}) == ["air", "eau"]
    assert read(INTEGER, "aucun", {"aucun": "0"}) == 0
    assert read(DECIMAL, "la moitié", {"la moitié": "0,5"}) == 0.5
    assert read(DATE, "Noël", {"Noël": "25/12/2026"}) == "2026-12-25"
    assert read(TICK, "vu", {"vu": "OK"}) == "OK"
    assert read(TEXT, "NSP", {"NSP": ""}) == ""


def test_calculated():
    """Nobody sends what is calculated: such a column is not read."""
    question = CalculateQuestion(name="q", calculation="1 + 1")
    questionnaire = Questionnaire(title=LABEL, languages=["fr"], questions=[question], choice_lists={})
    assert reader_of(question, questionnaire, {}) is None


@pytest.mark.parametrize(
    ("cell", "holds"),
    [
        ("'=1+1", "=1+1"),
        ("'-5 °C", "-5 °C"),
        ("'+33 1 40 81 21 22", "+33 1 40 81 21 22"),
        ("'@moi", "@moi"),
        ("' =1", "=1"),
        ("''=1", "'=1"),
        ("'＝1", "＝1"),
        ("'cité'", "'cité'"),
        ("''", "''"),
        ("=1+1", "=1+1"),
        ("  air  ", "air"),
    ],
)
def test_content(cell, holds):
    """One apostrophe goes where our own export put it, before what looks like a formula; others stay."""
    assert content(cell) == holds
