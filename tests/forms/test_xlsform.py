"""Workbooks become questionnaires, rule by rule, and hostile ones are refused with every reason at its place."""

import io
import struct
import zipfile
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from forms.flaws import MESSAGES, Flaw
from forms.questionnaire import (
    AcknowledgeQuestion,
    CalculateQuestion,
    Choice,
    DateQuestion,
    DecimalQuestion,
    Group,
    HiddenQuestion,
    IntegerQuestion,
    Note,
    Questionnaire,
    RangeQuestion,
    SelectMultipleQuestion,
    SelectOneQuestion,
    TextQuestion,
    decode,
    encode,
    walk,
)
from forms.xlsform import Imported, Refused, read

Rows = list[list[Any]]

YES_NO: Rows = [["list_name", "name", "label"], ["yn", "yes", "Oui"], ["yn", "no", "Non"]]


def workbook(**sheets: Rows) -> bytes:
    """The bytes of a workbook with these sheets; a text that begins with = is a formula."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return buffer.getvalue()


def imported(file_name: str = "essai.xlsx", **sheets: Rows) -> Imported:
    result = read(workbook(**sheets), file_name=file_name)
    assert decode(encode(result.questionnaire)) == result.questionnaire
    assert all(flaw.severity == "warning" and worded(flaw) for flaw in result.warnings)
    return result


def survey(*rows: list[Any], head: str = "type name label", **sheets: Rows) -> Questionnaire:
    return imported(survey=[head.split(), *rows], **{"choices": YES_NO, **sheets}).questionnaire


def refused(data: bytes) -> list[Flaw]:
    with pytest.raises(Refused) as caught:
        read(data, file_name="essai.xlsx")
    assert all(worded(flaw) for flaw in caught.value.flaws)
    assert any(flaw.severity == "error" for flaw in caught.value.flaws)
    return caught.value.flaws


def worded(flaw: Flaw) -> str:
    return MESSAGES[flaw.code].format_map(flaw.parameters)


def places(flaws: list[Flaw], severity: str = "error") -> list[tuple[str, str | None, int | None, str | None]]:
    return [(flaw.code, flaw.sheet, flaw.row, flaw.column) for flaw in flaws if flaw.severity == severity]


def flawed(*rows: list[Any], head: str = "type name label", **sheets: Rows) -> list[tuple[str, int | None, str | None]]:
    """Code, row and column of each error of a survey sheet."""
    flaws = refused(workbook(survey=[head.split(), *rows], **{"choices": YES_NO, **sheets}))
    return [(code, row, column) for code, _, row, column in places(flaws)]


def warned(*rows: list[Any], head: str = "type name label", **sheets: Rows) -> list[tuple[str, int | None, str | None]]:
    result = imported(survey=[head.split(), *rows], **{"choices": YES_NO, **sheets})
    return [(code, row, column) for code, _, row, column in places(result.warnings, "warning")]


# What becomes of each type


def test_every_kind() -> None:
    """Each supported type gives its kind, with the fields of its columns."""
    head = "type name label hint required relevant constraint calculation default appearance parameters choice_filter"
    nodes = survey(
        ["text", "t", "T", "aide", "yes", "", "string-length(.) < 9", "", "abc", "multiline"],
        ["integer", "i", "I", "", "no", "${t} = 'a'", ". > 0", "", "3"],
        ["decimal", "d", "D", "", "${i} > 1", "", "", "", 2.5],
        ["range", "r", "R", "", "", "", "", "", "0.5", "", "start=0 end=1 step=0.5"],
        ["date", "day", "J", "", "", "", "", "", "2026-02-28"],
        ["select_one yn", "one", "Un", "", "", "", "", "", "yes", "minimal", "", "name != ${t}"],
        ["select_multiple yn", "many", "Plusieurs", "", "", "", "", "", "no yes"],
        ["note", "n", "Merci"],
        ["acknowledge", "ok", "Vu"],
        ["calculate", "c", "", "", "", "", "", "${i} + 1"],
        ["hidden", "h", "", "", "", "", "", "", "v1"],
        head=head,
    ).questions
    label = {"fr": "T"}
    assert nodes == [
        TextQuestion(
            name="t",
            label=label,
            hint={"fr": "aide"},
            required=True,
            constraint="string-length(.) < 9",
            default="abc",
            appearance="multiline",
        ),
        IntegerQuestion(name="i", label={"fr": "I"}, relevant="${t} = 'a'", constraint=". > 0", default=3),
        DecimalQuestion(name="d", label={"fr": "D"}, required="${i} > 1", default=2.5),
        RangeQuestion(name="r", label={"fr": "R"}, min=0, max=1, step=0.5, default=0.5),
        DateQuestion(name="day", label={"fr": "J"}, default="2026-02-28"),
        SelectOneQuestion(
            name="one",
            label={"fr": "Un"},
            choices="yn",
            choice_filter="name != ${t}",
            default="yes",
            appearance="minimal",
        ),
        SelectMultipleQuestion(name="many", label={"fr": "Plusieurs"}, choices="yn", default=["no", "yes"]),
        Note(name="n", label={"fr": "Merci"}),
        AcknowledgeQuestion(name="ok", label={"fr": "Vu"}),
        CalculateQuestion(name="c", calculation="${i} + 1"),
        HiddenQuestion(name="h", default="v1"),
    ]


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("Select_One yn", SelectOneQuestion),
        ("select one from yn", SelectOneQuestion),
        ("select1 yn", SelectOneQuestion),
        ("add select one prompt using yn", SelectOneQuestion),
        ("select all that apply from yn", SelectMultipleQuestion),
        ("select multiple yn", SelectMultipleQuestion),
        ("string", TextQuestion),
        (" INT ", IntegerQuestion),
        ("trigger", AcknowledgeQuestion),
    ],
)
def test_synonyms_of_types(written: str, kind: type) -> None:
    """Types are known by any of their names, in any case."""
    assert isinstance(survey([written, "q", "Q"]).questions[0], kind)


@pytest.mark.parametrize(
    "written",
    [
        "geopoint",
        "image",
        "dateTime",
        "date time",
        "time",
        "barcode",
        "file",
        "rank yn",
        "select_one_from_file communes.csv",
        "select_one_external yn",
        "select_one yn or_other",
        "select_multiple yn or specify other",
        "select_one ${names}",
    ],
)
def test_known_types_that_wait(written: str) -> None:
    """What XLSForm knows and we do not yet is refused by name, and what refers to it is not."""
    flaws = flawed([written, "q", "Q"], ["text", "t", "${q}"])
    assert ("type-not-supported-yet", 2, "type") in flaws
    assert {row for _, row, _ in flaws} == {2}


@pytest.mark.parametrize("written", ["hidden string", "texte", "select_one yn no", "begin", "begin groupe"])
def test_unknown_types(written: str) -> None:
    """A word that XLSForm does not know is said to be unknown."""
    assert flawed([written, "q", "Q"], ["text", "t", "T"]) == [("unknown-type", 2, "type")]


def test_a_repeat_waits_with_its_row() -> None:
    """A repeat is refused once, at its first row."""
    assert flawed(["begin repeat", "r", "R"], ["text", "t", "T"], ["end_repeat"]) == [
        ("type-not-supported-yet", 2, "type")
    ]


def test_a_select_without_list() -> None:
    """A select names its list."""
    assert flawed(["select_one", "q", "Q"]) == [("select-without-list", 2, "type")]
    assert flawed(["select_one nulle_part", "q", "Q"]) == [("list-missing", 2, "type")]


def test_metadata_is_left_out_with_a_warning() -> None:
    """Data about device and sender are not collected."""
    kept = [["text", "t", "T"]]
    assert warned(["start", "start"], ["deviceid", "device"], ["audit", "audit"], *kept) == [
        ("metadata-not-kept", row, "type") for row in (2, 3, 4)
    ]
    assert [node.name for node in survey(["today", "today"], *kept).questions] == ["t"]


def test_metadata_that_is_needed_is_an_error() -> None:
    """A reference to what is left out is said to be one, at each row that has it first."""
    rows = [["today", "jour", ""], ["text", "t", "T", "${jour} = 'x'"]]
    assert flawed(*rows, head="type name label relevant") == [("metadata-referred", 3, "relevant")]


# Sheets, headers, languages, titles


def test_spellings_of_sheets_and_headers() -> None:
    """Names of sheets and headers are known in any case and with blanks, underscores or colons."""
    questionnaire = imported(
        **{
            "SURVEY": [
                [
                    "Type",
                    "NAME",
                    "Label",
                    "bind::relevant",
                    "bind:jr:constraintMsg",
                    "constraint",
                    "Required Message",
                    "read only",
                    "calculate",
                ],
                ["text", "a", "A", "", "Non", ". != 'x'", "Il faut", "TRUE", ""],
                ["calculate", "b", "", "${a} = 'y'", "", "", "", "", "1 + 1"],
            ],
            " Choices ": [["List Name", "value", "caption"], ["yn", "yes", "Oui"]],
            "Settings": [["Form Title"], ["Essai"]],
        }
    ).questionnaire
    assert questionnaire.questions == [
        TextQuestion(
            name="a",
            label={"fr": "A"},
            constraint=". != 'x'",
            constraint_message={"fr": "Non"},
            required_message={"fr": "Il faut"},
            read_only=True,
        ),
        CalculateQuestion(name="b", relevant="${a} = 'y'", calculation="1 + 1"),
    ]
    assert questionnaire.choice_lists == {"yn": [Choice(name="yes", label={"fr": "Oui"})]}
    assert questionnaire.title == {"fr": "Essai"}


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("label::French (fr)", "fr"),
        ("label::french", "fr"),
        ("label:French", "fr"),
        ("Label :: Français", "fr"),
        ("label::FR", "fr"),
        ("label::Deutsch", "de"),
        ("label::አማርኛ", "am"),
        ("label::Português (pt-BR)", "pt-br"),
        ("label::French (France)", "fr-france"),
        ("label::Chinese (Simplified)", "zh-simplified"),
        ("label::中文 (简体)", "zh-简体"),
        ("label::Portuguese (Brazil)", "pt-brazil"),
        ("label::Portuguese (BR)", "pt-br"),
        ("label::Portuguese (pt_BR)", "pt-br"),
        ("label::English (UK)", "en-uk"),
        ("label::Ukrainian (uk)", "uk"),
        ("label::Afrikaans (af)", "af"),
        ("label::Langue inconnue (fr)", "fr"),
        ("label::Créole (Nord)", "creole-nord"),
        ("label::French ()", "fr"),
        ("label::(fr)", "fr"),
        ("label::???", "und"),
        ("label::" + "b" * 64, "b" * 64),
        ("label::" + "b" * 65, "b" * 64),
        ("label::English (" + "b" * 70 + ")", "en-" + "b" * 61),
        ("label::Langue d’oïl", "langue-d-oil"),
        ("label", "fr"),
    ],
)
def test_language_keys(written: str, key: str) -> None:
    """The code in brackets, else that of the language's name, else the name."""
    result = imported(survey=[["type", "name", written], ["text", "a", "A"]])
    assert result.questionnaire.languages == [key]
    assert result.questionnaire.questions[0].label == {key: "A"}


def test_two_variants_of_one_language() -> None:
    """Each has its own texts."""
    result = imported(
        survey=[
            ["type", "name", "label::Chinese (Simplified)", "label::Chinese (Traditional)"],
            ["text", "a", "简体", "繁體"],
        ]
    )
    assert result.questionnaire.languages == ["zh-simplified", "zh-traditional"]
    assert result.questionnaire.questions[0].label == {"zh-simplified": "简体", "zh-traditional": "繁體"}
    assert result.warnings == []


def test_languages_in_order_with_the_default_first() -> None:
    """Columns without a language belong to the default language."""
    result = imported(
        survey=[
            ["type", "name", "label::English", "label::Français (fr)", "hint"],
            ["select_one yn", "a", "A", "Â", "Aide"],
        ],
        choices=[
            ["list_name", "name", "label::English", "label::French", "label::Deutsch"],
            ["yn", "yes", "Yes", "Oui", "Ja"],
        ],
        settings=[["default_language"], ["French"]],
    )
    assert result.questionnaire.languages == ["fr", "en", "de"]
    assert result.questionnaire.questions[0].hint == {"fr": "Aide"}
    assert result.questionnaire.choice_lists["yn"][0].label == {"en": "Yes", "fr": "Oui", "de": "Ja"}


def test_an_empty_language_is_none() -> None:
    """A column with a header alone makes no language, and what nobody wrote in is not the default."""
    result = imported(
        survey=[["type", "name", "label::English", "label::Language2"], ["text", "a", "A", ""]],
        settings=[["default_language"], ["Swahili"]],
    )
    assert result.questionnaire.languages == ["en"]
    assert places(result.warnings, "warning") == [("default-language-without-texts", "settings", 2, "default_language")]


def test_two_columns_for_one_language() -> None:
    """A column without language that says something else than that of the default language is named."""
    assert warned(["text", "a", "Name", "Nom"], head="type name label label::French") == [
        ("column-of-same-language", 2, "label")
    ]


def test_columns_that_disagree() -> None:
    """The same field twice is an error where the two differ."""
    rows = [["text", "a", "A"], ["text", "b", "B", "${a} = 1", "${a} = 2"]]
    assert flawed(*rows, head="type name label relevant bind:relevant") == [("columns-disagree", 3, "relevant")]


@pytest.mark.parametrize(
    ("settings", "title"),
    [
        ([["form_title", "form_id"], ["Titre", "id"]], {"fr": "Titre"}),
        ([["form_title::English", "form_title::French"], ["Title", "Titre"]], {"en": "Title", "fr": "Titre"}),
        ([["form_id"], ["enquete_2026"]], {"fr": "enquete_2026"}),
        ([["version"], [3]], {"fr": "essai"}),
    ],
)
def test_title(settings: Rows, title: dict[str, str]) -> None:
    """The form's title, else its id, else the name of the file."""
    sheet = [["type", "name", "label"], ["text", "a", "A"]]
    if "en" in title:
        sheet = [["type", "name", "label::French", "label::English"], ["text", "a", "A", "A"]]
        assert imported(survey=sheet, settings=settings).questionnaire.title == title
    else:
        assert imported("C:\\formulaires\\essai.xlsx", survey=sheet, settings=settings).questionnaire.title == title


def test_rows_that_are_passed_over() -> None:
    """Comments, blank rows, disabled rows, further sheets and further columns are of no interest."""
    result = imported(
        survey=[
            ["notes", "type", "name", "label", "disabled"],
            ["x", "# text", "z", "Z"],
            [],
            ["une remarque"],
            ["", "text", "a", "A", "no"],
            ["", "geopoint", "b", "B", "yes"],
        ],
        autre=[["n’importe quoi"]],
    )
    assert [node.name for node in result.questionnaire.questions] == ["a"]
    assert result.warnings == []


def test_columns_that_are_not_kept() -> None:
    """Media and the like are named once per column that holds any."""
    head = "type name label image media::audio::French guidance_hint video"
    assert warned(["text", "a", "A", "a.png", "a.mp3", "aide"], ["text", "b", "B", "b.png"], head=head) == [
        ("column-ignored", 1, "image"),
        ("column-ignored", 1, "media::audio::French"),
        ("column-ignored", 1, "guidance_hint"),
    ]


# Cells


def test_numbers_and_booleans_in_cells() -> None:
    """A cell is read as it is shown."""
    result = imported(
        survey=[
            ["type", "name", "label", "required", "default", "relevant"],
            ["select_one c", "a", "A", True, 1.0, ""],
            ["text", "b", "B", False, 0.1 + 0.2, True],
            ["text", "c", "C", "true()", True, False],
        ],
        choices=[["list_name", "name", "label", "poids"], ["c", 1.0, 2026, 1.5], ["c", 2, "Deux"]],
    )
    a, b, c = result.questionnaire.questions
    assert result.questionnaire.choice_lists["c"] == [
        Choice(name="1", label={"fr": "2026"}, extra={"poids": "1.5"}),
        Choice(name="2", label={"fr": "Deux"}),
    ]
    assert (a.required, a.default) == (True, "1")
    assert (b.required, b.default, b.relevant) == (False, "0.3", None)
    assert (c.required, c.default, c.relevant) == (True, "TRUE", "1 = 0")


def test_dates_in_cells() -> None:
    """A date cell gives an ISO date."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet("survey")
        sheet.write_row(0, 0, ["type", "name", "label", "default"])
        sheet.write_row(1, 0, ["date", "a", "A"])
        sheet.write_number(1, 3, 46081, book.add_format({"num_format": "dd/mm/yyyy"}))
    (question,) = read(buffer.getvalue(), file_name="x").questionnaire.questions
    assert isinstance(question, DateQuestion)
    assert question.default == "2026-02-28"


def test_typographic_quotes() -> None:
    """Word processors bend quotes; expressions are understood all the same, and kept as written."""
    nodes = survey(
        ["text", "a", "L’eau “potable”"],
        ["text", "b", "B", "${a} = ‘oui’"],
        ["text", "c", "C", "${a} = 'l’eau'"],
        ["text", "d", "D", "selected(${a}, 'x’)"],
        head="type name label relevant",
    ).questions
    assert nodes[0].label == {"fr": "L’eau “potable”"}
    assert [node.relevant for node in nodes[1:]] == ["${a} = ‘oui’", "${a} = 'l’eau'", "selected(${a}, 'x’)"]


def test_defaults() -> None:
    """A default is a constant of the question's type."""
    assert flawed(
        ["integer", "a", "A", "douze"],
        ["date", "b", "B", "28/02/2026"],
        ["decimal", "c", "C", "1e999"],
        ["integer", "d", "D", "2.5"],
        ["text", "e", "E", "${a}"],
        ["date", "f", "F", "today()"],
        ["select_one yn", "g", "G", "peut-être"],
        ["date", "h", "H", "2020-W01-1"],
        ["date", "i", "I", "20200101"],
        ["text", "j", "J", "today() - 1"],
        ["text", "k", "K", "'x' + concat('a', 'b')"],
        head="type name label default",
    ) == [
        ("default-wrong-type", 2, "default"),
        ("default-wrong-type", 3, "default"),
        ("default-wrong-type", 4, "default"),
        ("default-wrong-type", 5, "default"),
        ("default-dynamic", 6, "default"),
        ("default-dynamic", 7, "default"),
        ("default-choice", 8, "default"),
        ("default-wrong-type", 9, "default"),
        ("default-wrong-type", 10, "default"),
        ("default-dynamic", 11, "default"),
        ("default-dynamic", 12, "default"),
    ]


@pytest.mark.parametrize("text", ["Paris (75)", "Paris(75)", "f(x)", "update(s)", "sous-date(1)", "if (1)", "()", "$"])
def test_a_default_with_brackets_is_a_text(text: str) -> None:
    """Only the name of a function and its bracket make it an expression."""
    (question,) = survey(["text", "a", "A", text], head="type name label default").questions
    assert isinstance(question, TextQuestion)
    assert question.default == text


@pytest.mark.parametrize(("cell", "kept"), [("true()", None), ("yes", None), (True, None), ("false()", "1 = 0")])
def test_conditions_that_are_constants(cell: Any, kept: str | None) -> None:
    """Relevance, constraint and filter of choices read `true()` alike."""
    head = "type name label relevant constraint choice_filter"
    (question,) = survey(["select_one yn", "q", "Q", cell, cell, cell], head=head).questions
    assert isinstance(question, SelectOneQuestion)
    assert (question.relevant, question.constraint, question.choice_filter) == (kept, kept, kept)


def test_cells_that_mean_nothing() -> None:
    """What a kind cannot use is said to be left out; what would change its meaning is refused."""
    head = "type name label required choice_filter parameters"
    rows = [
        ["note", "a", "A", "yes"],
        ["text", "b", "B", "", "x = 1"],
        ["select_one yn", "c", "C", "", "", "randomize=true"],
        ["note", "d", "D", "no"],
        ["range", "e", "E", "", "", "start=1;end=5 couleur=bleu"],
    ]
    assert warned(*rows, head=head) == [
        ("cell-unused", 2, "required"),
        ("cell-unused", 3, "choice_filter"),
        ("parameter-unused", 4, "parameters"),
        ("parameter-unused", 6, "parameters"),
    ]
    assert flawed(
        ["text", "a", "A"],
        ["text", "b", "B", "${a}", ""],
        ["text", "c", "C", "", "${a} = 'x'"],
        head="type name label trigger read_only",
    ) == [("trigger-not-supported", 3, "trigger"), ("read-only-expression", 4, "read_only")]
    assert flawed(["range", "a", "A", "start=un"], head="type name label parameters") == [
        ("parameter-not-a-number", 2, "parameters")
    ]


# Names and groups


def test_groups() -> None:
    """Groups nest, with their relevance; a table of questions is asked one by one, and says so."""
    rows = [
        ["begin group", "g", "G", "", "field-list"],
        ["begin_group", "h", "H", "${a} = 'x'", "table-list minimal"],
        ["text", "b", "B"],
        ["end group", ""],
        ["end_group"],
    ]
    head = "type name label relevant appearance"
    assert survey(["text", "a", "A"], *rows, head=head).questions[1] == Group(
        name="g",
        label={"fr": "G"},
        appearance="field-list",
        questions=[
            Group(
                name="h",
                label={"fr": "H"},
                relevant="${a} = 'x'",
                appearance="table-list minimal",
                questions=[TextQuestion(name="b", label={"fr": "B"})],
            )
        ],
    )
    assert warned(["text", "a", "A"], *rows, head=head) == [("table-list-as-group", 4, "appearance")]


def test_unbalanced_groups() -> None:
    """Each begin has its end, of the same thing."""
    assert flawed(["text", "a", "A"], ["end group"]) == [("end-without-begin", 3, "type")]
    assert flawed(["begin group", "g", "G"], ["begin group", "h", "H"], ["text", "a", "A"], ["end group"]) == [
        ("begin-without-end", 2, "type")
    ]
    assert flawed(["begin group", "g", "G"], ["text", "a", "A"], ["end repeat"]) == [("end-of-another", 4, "type")]


def test_groups_too_deep() -> None:
    """However deep groups go, the answer is a flaw at the first that goes too deep."""
    depth = 1_500
    rows = [["begin group", f"g{level}", "G"] for level in range(depth)]
    flaws = flawed(*rows, ["text", "a", "A"], *(["end group"] for _ in range(depth)))
    assert [code for code, _, _ in flaws] == ["groups-deep"]
    assert flaws[0][1] == 34  # the 33rd group, below the header


def test_names() -> None:
    """A name is fit, there, and once in its group whatever its case."""
    assert flawed(
        ["text", "1er", "A"],
        ["text", "", "B"],
        ["text", "c", "C"],
        ["text", "c", "C"],
        ["text", "C", "C"],
        ["text", "d" * 129, "D"],
        ["", "sans_type", "E"],
    ) == [
        ("invalid-name", 2, "name"),
        ("row-without-name", 3, "name"),
        ("duplicate-name", 5, "name"),
        ("names-differ-by-case", 6, "name"),
        ("invalid-name", 7, "name"),
        ("row-without-type", 8, "type"),
    ]


def test_a_note_needs_no_name() -> None:
    """It gets the one that pyxform gives."""
    assert survey(["text", "a", "A"], ["note", "", "N"]).questions[1].name == "generated_note_name_3"


TWO_GROUPS = [
    ["begin group", "pere", "P"],
    ["integer", "age", "A"],
    ["text", "metier", "${age} ans", "${age} > 15"],
    ["end group"],
    ["begin group", "mere", "M"],
    ["integer", "Age", "A"],
    ["text", "metier", "${Age} ans", "${Age} > 15"],
    ["end group"],
]


def test_a_name_in_two_groups_is_qualified() -> None:
    """Names become unique, each reference follows the nearest, and each change is said."""
    head = "type name label relevant"
    nodes = {node.name: node for node, _ in walk(survey(*TWO_GROUPS, head=head).questions)}
    assert list(nodes) == ["pere", "pere.age", "pere.metier", "mere", "mere.Age", "mere.metier"]
    assert nodes["pere.metier"].relevant == "${pere.age} > 15"
    assert nodes["mere.metier"].label == {"fr": "${mere.Age} ans"}
    assert warned(*TWO_GROUPS, head=head) == [("name-qualified", row, "name") for row in (3, 4, 7, 8)]


def test_a_question_named_as_its_group() -> None:
    """The outer one keeps its name; a reference means the question."""
    head = "type name label relevant"
    rows = [["begin group", "eau", "E"], ["text", "eau", "E"], ["text", "b", "B", "${eau} = 'x'"], ["end group"]]
    (group,) = survey(*rows, head=head).questions
    assert isinstance(group, Group)
    assert [group.name, *(node.name for node in group.questions)] == ["eau", "eau.eau", "b"]
    assert group.questions[1].relevant == "${eau.eau} = 'x'"


def test_a_question_and_a_group_equally_near() -> None:
    """Of two nodes that are as near, a reference means the question, in whichever order they stand."""
    question = [["begin group", "x", "X"], ["text", "eau", "E"], ["end group"]]
    group = [["begin group", "y", "Y"], ["begin group", "eau", "E"], ["text", "c", "C"], ["end group"], ["end group"]]
    for rows in ([*question, *group], [*group, *question]):
        nodes = survey(*rows, ["text", "b", "B", "${eau} = 'x'"], head="type name label relevant").questions
        assert nodes[-1].relevant == "${x.eau} = 'x'"


def test_a_group_does_not_take_the_name_of_a_question_without_one() -> None:
    """A name outside groups is never changed, and so never given to another."""
    rows = [
        ["begin group", "g", "G"],
        ["text", "a", "A"],
        ["end group"],
        ["begin group", "h", "H"],
        ["text", "a", "A"],
        ["text", "g.a", "A"],
        ["end group"],
        ["text", "g.a", "A"],
    ]
    names = [node.name for node, _ in walk(survey(*rows).questions)]
    assert names == ["g", "a_2", "h", "h.a", "h.g.a", "g.a"]


def test_a_reference_that_may_mean_two() -> None:
    """From outside, a name used in two groups is ambiguous."""
    rows = [*TWO_GROUPS, ["text", "z", "Z", "${metier} = 'x'"]]
    assert flawed(*rows, head="type name label relevant") == [("reference-ambiguous", 10, "relevant")]


def test_qualified_names_stay_unique() -> None:
    """Where group and name are taken, more of the path is used, then a number."""
    rows = [
        ["text", "g.a", "A"],
        ["begin group", "x", "X"],
        ["begin group", "g", "G"],
        ["text", "a", "A"],
        ["end group"],
        ["end group"],
        ["begin group", "y", "Y"],
        ["text", "a", "A"],
        ["end group"],
    ]
    assert [node.name for node, _ in walk(survey(*rows).questions)] == ["g.a", "x", "g", "x.g.a", "y", "y.a"]


# Choices


def test_choices() -> None:
    """Names are there, once, and without blanks where several may be chosen; further columns are kept."""
    choices = [
        ["list_name", "name", "label", "filtre"],
        ["l", "a", "A", "x"],
        ["l", "a", "A"],
        ["l", "", "B"],
        ["l", "c d", "C"],
        ["", "e", "E"],
        ["l", "f" * 257, "F"],
        ["autre", "g h", "G"],
    ]
    flaws = refused(workbook(survey=[["type", "name", "label"], ["select_multiple l", "q", "Q"]], choices=choices))
    assert places(flaws) == [
        ("duplicate-choice", "choices", 3, "name"),
        ("choice-without-name", "choices", 4, "name"),
        ("choice-blank", "choices", 5, "name"),
        ("choice-name-too-long", "choices", 7, "name"),
    ]
    assert places(flaws, "warning") == [("choice-without-list", "choices", 6, "list_name")]


def test_duplicate_choices_with_their_own_columns() -> None:
    """Where the form allows them, each row is kept with its columns."""
    choices = [
        ["list_name", "name", "label", "dep"],
        ["l", "saint-jean", "Saint-Jean", "29"],
        ["l", "brest", "Brest", "29"],
        ["l", "saint-jean", "Saint-Jean", "35"],
        ["l", "saint-jean", "Encore", "29"],
    ]
    sheet = [
        ["type", "name", "label", "choice_filter"],
        ["text", "d", "D"],
        ["select_multiple l", "q", "Q", "dep = ${d}"],
    ]
    result = imported(survey=sheet, choices=choices, settings=[["allow_choice_duplicates"], ["yes"]])
    label = {"fr": "Saint-Jean"}
    assert result.questionnaire.choice_lists["l"] == [
        Choice(name="saint-jean", label=label, extra={"dep": "29"}),
        Choice(name="brest", label={"fr": "Brest"}, extra={"dep": "29"}),
        Choice(name="saint-jean", label=label, extra={"dep": "35"}),
    ]
    assert places(result.warnings, "warning") == [("duplicate-choice-dropped", "choices", 5, "name")]
    assert places(refused(workbook(survey=sheet, choices=choices))) == [
        ("duplicate-choice", "choices", 4, "name"),
        ("duplicate-choice", "choices", 5, "name"),
    ]


def test_references_in_labels_of_choices() -> None:
    """They are those of the questions that use the list, and are flagged at the row of their choice."""
    heads = ["list_name", "name", "label::fr", "label::en", "x"]
    choices = [
        heads,
        ["l", "a", "Depuis ${metier}", "Since ${ metier }"],
        ["libre", "b", "Sans ${seul}", "Without"],
    ]
    sheet = [
        ["type", "name", "label::fr", "label::en"],
        *([*row[:3], row[2]] for row in TWO_GROUPS[:3] if len(row) > 2),
        ["select_one l", "q", "Q", "Q"],
        ["end group"],
        *([*row[:3], row[2]] if len(row) > 2 else row for row in TWO_GROUPS[4:]),
        ["text", "seul", "S", "S"],
    ]
    lists = imported(survey=sheet, choices=choices).questionnaire.choice_lists
    assert lists["l"][0].label == {"fr": "Depuis ${pere.metier}", "en": "Since ${pere.metier}"}
    assert lists["libre"][0].label == {"fr": "Sans ${seul}", "en": "Without"}

    elsewhere = [*sheet, ["select_one l", "z", "Z", "Z"]]
    flaws = refused(workbook(survey=elsewhere, choices=choices))
    assert places(flaws) == [
        ("reference-ambiguous", "choices", 2, "label::fr"),
        ("reference-ambiguous", "choices", 2, "label::en"),
    ]
    assert flaws[-1].parameters["candidates"] == "pere.metier, mere.metier"

    broken = [
        heads,
        ["l", "a", "A", "A", "1"],
        ["l", "a", "${perdu}", "A", "2"],
        ["l", "b", "${metier", "B"],
        ["l", "c", "C", "${jour}"],
    ]
    sheet = [*sheet, ["today", "jour"]]
    settings = [["allow_choice_duplicates"], ["yes"]]
    assert places(refused(workbook(survey=sheet, choices=broken, settings=settings))) == [
        ("reference-unknown", "choices", 3, "label::fr"),
        ("text-reference", "choices", 4, "label::fr"),
        ("metadata-referred", "choices", 5, "label::en"),
    ]


def test_duplicate_choices_where_the_form_allows_them() -> None:
    """Of those that differ in nothing but the label, the first is kept, with a warning."""
    result = imported(
        survey=[["type", "name", "label"], ["select_one l", "q", "Q"]],
        choices=[["list_name", "name", "label"], ["l", "a", "A"], ["l", "a", "B"]],
        settings=[["allow_choice_duplicates"], ["yes"]],
    )
    assert result.questionnaire.choice_lists == {"l": [Choice(name="a", label={"fr": "A"})]}
    assert places(result.warnings, "warning") == [("duplicate-choice-dropped", "choices", 3, "name")]


def test_missing_sheets_and_columns() -> None:
    """`survey` must be there; `choices` only for a select; and their columns."""
    assert places(refused(workbook(Feuil1=[["a"]]))) == [("sheet-missing", "survey", None, None)]
    only = [["type", "name", "label"], ["text", "a", "A"]]
    assert imported(survey=only).warnings == []
    flaws = refused(workbook(survey=[*only, ["select_one yn", "b", "B"]]))
    assert places(flaws) == [("list-missing", "survey", 3, "type"), ("choices-missing", "choices", None, None)]
    assert places(refused(workbook(survey=[["kind", "name"], ["text", "a"]], choices=[["name"], ["x"]]))) == [
        ("column-missing", "survey", 1, None),
        ("column-missing", "choices", 1, None),
    ]
    assert places(refused(workbook(survey=[[]])))[0] == ("column-missing", "survey", 1, None)


def test_everything_wrong_at_once() -> None:
    """One reading tells all: unknown type, duplicate name, formula, reference to nowhere, in the order of the rows."""
    flaws = refused(
        workbook(
            survey=[
                ["type", "name", "label", "relevant"],
                ["text", "a", "A"],
                ["texte", "b", "B"],
                ["text", "a", "A encore"],
                ["text", "c", '="A"&"B"'],
                ["text", "d", "D", "${nulle_part} = 1"],
                ["text", "e", "Bonjour ${personne}"],
                ["text", "f", "Bonjour ${a"],
                ["text", "g", "G", "${a} = "],
            ],
            choices=[["list_name", "name", "label"], ["l", "x", "X"], ["l", "x", "X"]],
        )
    )
    assert places(flaws) == [
        ("unknown-type", "survey", 3, "type"),
        ("duplicate-name", "survey", 4, "name"),
        ("formula", "survey", 5, "label"),
        ("reference-unknown", "survey", 6, "relevant"),
        ("reference-unknown", "survey", 7, "label"),
        ("text-reference", "survey", 8, "label"),
        ("expression-incomplete", "survey", 9, "relevant"),
        ("duplicate-choice", "choices", 3, "name"),
    ]
    assert next(flaw for flaw in flaws if flaw.code == "formula").parameters["cell"] == "C5"


# Cells and files that are not to be trusted


def test_formulas() -> None:
    """A formula is refused, unless its value is certain; in columns that are not read it is of no interest."""
    assert flawed(["text", "a", "A", "=1+1", "=NOW()"], head="type name label relevant notes") == [
        ("formula", 2, "relevant")
    ]
    assert flawed(["text", "a", "A"], ["=A2", "b", "B"])[0] == ("formula", 3, "type")


def test_formulas_whose_value_is_certain() -> None:
    """A typed TRUE, a Google Sheets function exported with its value, and the title."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet("survey")
        sheet.write_row(0, 0, ["type", "name", "label", "required"])
        sheet.write_row(1, 0, ["text", "a"])
        sheet.write_formula(1, 2, '=IFERROR(__xludf.DUMMYFUNCTION("GOOGLETRANSLATE(D2)"),"Nom")', value="Nom")
        sheet.write_formula(1, 3, "=TRUE()", value=True)
        settings = book.add_worksheet("settings")
        settings.write_row(0, 0, ["form_title"])
        settings.write_formula(1, 0, '="Enquête "&2026', value="Enquête 2026")
    result = read(buffer.getvalue(), file_name="x.xlsx")
    assert result.questionnaire.questions == [TextQuestion(name="a", label={"fr": "Nom"}, required=True)]
    assert result.questionnaire.title == {"fr": "Enquête 2026"}
    assert places(result.warnings, "warning") == [
        ("formula-value-kept", "settings", 2, "form_title"),
        ("formula-value-kept", "survey", 2, "label"),
    ]


def test_error_cells() -> None:
    """A cell that shows #REF! is refused with its reference."""
    data = replaced(workbook(survey=[["type", "name", "label"], ["text", "a", 4711]]), b"<v>4711</v>", b"<v>#REF!</v>")
    data = replaced(data, b'<c r="C2">', b'<c r="C2" t="e">')
    (flaw,) = [flaw for flaw in refused(data) if flaw.severity == "error"]
    assert (flaw.code, flaw.row, flaw.column, flaw.parameters["cell"]) == ("error-cell", 2, "label", "C2")


def test_long_texts() -> None:
    """A text that no questionnaire may hold is refused at its cell."""
    assert flawed(["text", "a", "A" * 20_001]) == [("text-too-long", 2, "label")]


@pytest.mark.parametrize(
    ("rows", "sheet"), [(10_000, "survey"), (50_001, "choices")], ids=["10,000 questions", "50,001 choices"]
)
def test_too_many_rows(rows: int, sheet: str) -> None:
    """A form that nobody could fill in is refused by name."""
    sheets: dict[str, Rows] = {"survey": [["type", "name", "label"], ["text", "a", "A"]], "choices": YES_NO[:1]}
    sheets[sheet] += [["text", f"q{row}", "Q"] for row in range(rows)]
    flaws = refused(workbook(**sheets))
    assert [flaw.code for flaw in flaws] == ["too-many-rows"]
    assert flaws[0].sheet == sheet
    assert flaws[0].row in {5_002, 50_002}


def test_a_wide_sheet() -> None:
    """A cell far to the right is refused, not read."""
    row: list[Any] = ["text", "a", "A"]
    assert flawed([*row, *[None] * 600, "x"]) == [("too-many-columns", 2, None)]


def test_a_sheet_that_declares_every_row() -> None:
    """The declared size of a sheet is not believed, nor is a lone cell in the last row a reason to read for long."""
    data = workbook(survey=[["type", "name", "label"], ["text", "a", "A"]])
    data = replaced(data, b'<dimension ref="A1:C2"/>', b'<dimension ref="A1:XFD1048576"/>')
    assert len(read(data, file_name="x").questionnaire.questions) == 1
    far = replaced(data, b'<row r="2"', b'<row r="1048576"')
    assert len(read(far, file_name="x").questionnaire.questions) == 1


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\x03\x04" + b"\0" * 60, b"%PDF-1.7", b"type,name\ntext,a\n"])
def test_not_a_workbook(data: bytes) -> None:
    """What is no workbook is said to be none, without a sheet."""
    assert [flaw.code for flaw in refused(data)] == ["not-a-workbook"]


def test_a_truncated_workbook() -> None:
    """Half a file is no workbook."""
    data = workbook(survey=[["type", "name", "label"], ["text", "a", "A"]])
    for length in range(10, len(data), len(data) // 20):
        assert [flaw.code for flaw in refused(data[:length])] == ["not-a-workbook"]


def test_another_archive() -> None:
    """A zip that holds no workbook is none."""
    assert [
        flaw.code for flaw in refused(archive({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}))
    ] == ["not-a-workbook"]


def test_archives_that_explode() -> None:
    """Compressed size, size and number of parts, ratio and number of XML elements are all bounded."""
    sheet = b"<worksheet>" + b"<c/>" * 2_500_000 + b"</worksheet>"
    assert [flaw.code for flaw in refused(b"PK" + b"\0" * 10_500_000)] == ["workbook-too-big"]
    for parts in (
        {"xl/worksheets/sheet1.xml": b"\0" * 90_000_000},
        {f"{number}": b"\0" * 40_000_000 for number in range(3)},
        {f"{number}": b"" for number in range(2_001)},
    ):
        assert [flaw.code for flaw in refused(archive(parts))] == ["workbook-too-big-unpacked"]
    noise = {"noise": bytes(range(256)) * 256}
    flaws = refused(archive(noise | {"xl/worksheets/sheet1.xml": sheet}, stored="noise"))
    assert [flaw.code for flaw in flaws] == ["workbook-too-big-unpacked"]


def test_one_part_that_stands_for_many_sheets() -> None:
    """It would be read once for each of them."""
    data = workbook(survey=[["type", "name", "label"], ["text", "a", "A"]])
    twice = replaced(data, b"</sheets>", b'<sheet name="b" sheetId="9" r:id="rId1"/></sheets>')
    target = b'<Relationship Id="rId%d" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
    target += b'worksheet" Target="%sworksheets/sheet1.xml"/>'
    alias = replaced(data, target % (1, b""), target % (1, b"") + target % (9, b"./"))
    for hostile in (twice, alias):
        assert [flaw.code for flaw in refused(hostile)] == ["not-a-workbook"]


def test_an_archive_that_lies_about_its_sizes() -> None:
    """The size in the directory bounds what is read, and a wrong one is a damaged file."""
    data = bytearray(archive({"xl/workbook.xml": b"<a/>" * 10_000}))
    directory = data.rindex(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = struct.pack("<I", 10)
    assert [flaw.code for flaw in refused(bytes(data))] == ["not-a-workbook"]


def test_a_document_type_is_refused() -> None:
    """Entities have no place in a workbook."""
    data = workbook(survey=[["type", "name", "label"], ["text", "a", "A"]])
    bomb = b'?>\n<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">]>\n<worksheet'
    assert [flaw.code for flaw in refused(replaced(data, b"?>\n<worksheet", bomb))] == ["not-a-workbook"]


def test_protected_workbooks() -> None:
    """A workbook with a password is said to have one."""
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
    data = bytearray(archive({"xl/workbook.xml": b"<a/>"}))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    for protected in (ole, bytes(data)):
        assert [flaw.code for flaw in refused(protected)] == ["workbook-encrypted"]


@given(
    st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=400).map(lambda data: b"PK\x03\x04" + data),
        st.binary(max_size=2_000).map(lambda data: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + data),
    )
)
def test_any_bytes(data: bytes) -> None:
    """Whatever the bytes, the outcome is a questionnaire or `Refused`."""
    with pytest.raises(Refused):
        read(data, file_name="x")


SMALL = workbook(survey=[["type", "name", "label"], ["select_one yn", "a", "A"]], choices=YES_NO)


@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_any_damage(changes: list[tuple[int, int]]) -> None:
    """Bytes of a good workbook that were changed lead to nothing else either."""
    data = bytearray(SMALL)
    for position, value in changes:
        data[position] = value
    survives(bytes(data))


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 10**6),
    st.sampled_from(
        [
            *("text", "integer", "note", "select_one yn", "select_multiple yn", "begin group", "end group", "range"),
            *("begin repeat", "end repeat", "start", "geopoint", "a", "b", "yes", "${a}", "${a} = 1", ". > ${b}", "yn"),
            *("today()", "'", "(", "${", "start=1 end=x", "table-list", "#"),
        ]
    ),
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12),
)
HEADS = "type,name,label,hint::English,required,relevant,constraint,calculation,default,parameters"


@given(st.lists(st.lists(CELLS, max_size=10), max_size=12), st.lists(st.lists(CELLS, max_size=4), max_size=4))
def test_any_cells(rows: Rows, choices: Rows) -> None:
    """Whatever the cells, a workbook is imported and can be stored, or refused with flaws that are worded."""
    heads = ["list_name", "name", "label", "x"]
    survives(workbook(survey=[HEADS.split(","), *rows], choices=[heads, *choices]))


def survives(data: bytes) -> None:
    try:
        result = read(data, file_name="x")
    except Refused as refusal:
        flaws = refusal.flaws
    else:
        flaws = result.warnings
        assert decode(encode(result.questionnaire)) == result.questionnaire
    assert all(worded(flaw) for flaw in flaws)


def archive(parts: dict[str, bytes], stored: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content, zipfile.ZIP_STORED if name == stored else zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    """The workbook with this text exchanged in each of its parts."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    assert any(old in content for content in parts.values())
    return archive({name: content.replace(old, new) for name, content in parts.items()})
