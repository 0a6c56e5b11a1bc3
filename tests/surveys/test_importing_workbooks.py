"""XLSForm workbooks over HTTP: a survey with its warnings, or every flaw at its sheet and row and no survey."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

pytestmark = pytest.mark.anyio

IMPORT = "/api/v1/surveys/import"
FORMS = Path(__file__).parent.parent / "data" / "forms"
YES_NO = [["list_name", "name", "label"], ["yn", "yes", "Oui"], ["yn", "no", "Non"]]
HEAD = ["type", "name", "label", "relevant"]


def workbook(**sheets: list[list[Any]]) -> bytes:
    """A workbook with these sheets; a text that begins with = is a formula."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return buffer.getvalue()


def bomb() -> bytes:
    """A small archive that unpacks to 90 MB."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(90_000_000))
    return buffer.getvalue()


GOOD = workbook(survey=[HEAD, ["select_one yn", "a", "A ?"]], choices=YES_NO, settings=[["form_title"], ["L’été"]])

BROKEN = {
    "not a workbook": (b"type,name\ntext,a\n", [("not-a-workbook", None, None)]),
    "nothing": (b"", [("not-a-workbook", None, None)]),
    "cut short": (GOOD[: len(GOOD) // 2], [("not-a-workbook", None, None)]),
    "zip bomb": (bomb(), [("workbook-too-big-unpacked", None, None)]),
    "too many rows": (
        workbook(survey=[HEAD, *(["text", f"q{row}", "Q"] for row in range(10_000))]),
        [("too-many-rows", "survey", 5_002)],
    ),
    "a formula": (workbook(survey=[HEAD, ["text", "a", "=NOW()"]]), [("formula", "survey", 2)]),
    "no survey sheet": (workbook(Feuil1=[["a"]]), [("sheet-missing", "survey", None)]),
    "no choices sheet": (
        workbook(survey=[HEAD, ["select_one yn", "a", "A"]]),
        [("list-missing", "survey", 2), ("choices-missing", "choices", None)],
    ),
    "everything": (
        workbook(
            survey=[
                HEAD,
                ["text", "a", "A"],
                ["texte", "b", "B"],
                ["text", "a", "A encore"],
                ["text", "c", '="A"&"B"'],
                ["text", "d", "D", "${nulle_part} = 1"],
                ["geopoint", "e", "Où ?"],
            ]
        ),
        [
            ("unknown-type", "survey", 3),
            ("duplicate-name", "survey", 4),
            ("formula", "survey", 5),
            ("reference-unknown", "survey", 6),
            ("type-not-supported-yet", "survey", 7),
        ],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_workbook(editor, sql, name) -> None:
    """Every flaw with its sheet, its row and what to do, and no survey."""
    content, expected = BROKEN[name]
    refused = await editor.post(IMPORT, files={"file": ("essai.xlsx", content)})
    assert (refused.status_code, refused.json()["code"]) == (422, "surveys/questionnaire-flaws")
    errors = [flaw for flaw in refused.json()["flaws"] if flaw["severity"] == "error"]
    assert [(flaw["code"], flaw["sheet"], flaw["row"]) for flaw in errors] == expected
    assert all(flaw["message"] for flaw in refused.json()["flaws"])
    assert await sql.fetchval("SELECT count(*) FROM survey") == 0


async def test_flaws_speak_french(editor) -> None:
    """The words of flaws follow Accept-Language, too."""
    content, _ = BROKEN["a formula"]
    answers = [
        await editor.post(IMPORT, files={"file": ("a.xlsx", content)}, headers={"Accept-Language": language})
        for language in ("fr", "en")
    ]
    french, english = (answer.json()["flaws"][0]["message"] for answer in answers)
    assert french != english


async def test_a_workbook_over_the_limit(editor, sql) -> None:
    """More than 10 MB are not read."""
    refused = await editor.post(IMPORT, files={"file": ("a.xlsx", b"PK" + bytes(10_200_000))})
    assert (refused.status_code, refused.json()["code"]) == (413, "too-large")
    assert await sql.fetchval("SELECT count(*) FROM survey") == 0


@pytest.mark.parametrize(
    ("content", "name", "slug"),
    [
        (GOOD, "photo.png", "l-ete"),
        (GOOD, "l'été.XLS", "l-ete"),
        ((FORMS / "pyxform-yes-or-no-question.xlsx").read_bytes(), "oui-non", "oui-non"),
        ((FORMS / "pyxform-tutorial.xls").read_bytes(), "x.xlsx", None),
    ],
)
async def test_told_by_content(editor, content, name, slug) -> None:
    """What a file is shows in its bytes; its name is at best a title."""
    imported = await editor.post(IMPORT, files={"file": (name, content)})
    assert imported.status_code in {201, 422}, imported.text
    codes = {flaw["code"] for flaw in imported.json().get("flaws", [])}
    assert "not-a-workbook" not in codes
    if slug:
        assert imported.json()["survey"]["slug"] == slug


async def test_what_goes_with_a_workbook(editor, sql) -> None:
    """Lane, short name, who answers and for whom may be said beside the file; the title is the form's."""
    fields = {"kind": "collection", "slug": "mien", "answering": "agent", "anonymity": "named", "owner": "DGALN"}
    imported = await editor.post(IMPORT, files={"file": ("a.xlsx", GOOD)}, data=fields)
    survey = imported.json()["survey"]
    assert {name: survey[name] for name in fields} == fields
    assert survey["title"] == {"fr": "L’été"}
    taken = await editor.post(IMPORT, files={"file": ("a.xlsx", GOOD)}, data=fields)
    assert (taken.status_code, taken.json()["code"]) == (409, "surveys/slug-taken")
    assert await sql.fetchval("SELECT count(*) FROM survey") == 1


@pytest.mark.parametrize(
    ("data", "path"),
    [({"kind": "sondage"}, "/kind"), ({"slug": "À"}, "/slug"), ({"answering": "tous"}, "/answering")],
)
async def test_fields_that_do_not_fit(editor, data, path) -> None:
    """Each is named."""
    refused = await editor.post(IMPORT, files={"file": ("a.xlsx", GOOD)}, data=data)
    assert refused.status_code == 422
    assert [fault["path"] for fault in refused.json()["invalid_params"]] == [path]


async def test_without_a_file(editor) -> None:
    """A form without its file, or whose file is a text field, is refused."""
    refused = await editor.post(IMPORT, files={"fichier": ("a.xlsx", GOOD)})
    assert [fault["path"] for fault in refused.json()["invalid_params"]] == ["/file"]
    assert (await editor.post(IMPORT, data={"file": "abc"})).status_code in {400, 422}
    assert (await editor.post(IMPORT, json={})).status_code in {400, 415, 422}


async def test_warnings_are_told(editor) -> None:
    """What was mended or left out on the way is said beside the survey."""
    content = workbook(survey=[HEAD, ["text", "a", "A"], ["start", "start", ""]])
    imported = await editor.post(IMPORT, files={"file": ("a.xlsx", content)})
    assert imported.status_code == 201
    assert [(flaw["sheet"], flaw["row"], flaw["severity"]) for flaw in imported.json()["warnings"]] == [
        ("survey", 3, "warning")
    ]
    assert imported.json()["warnings"][0]["message"]


async def test_real_forms(editor) -> None:
    """Every real form that is not very long is imported or refused with flaws."""
    for form in (form for form in sorted(FORMS.glob("*.xls*")) if form.stat().st_size < 50_000):
        answer = await editor.post(IMPORT, files={"file": (form.name, form.read_bytes())})
        assert answer.status_code in {201, 422}, (form.name, answer.text)
        if answer.status_code == 422:
            assert any(flaw["severity"] == "error" for flaw in answer.json()["flaws"]), form.name


async def test_importing_is_for_editors(anne, nobody) -> None:
    """For others no workbook is even read."""
    for content in (GOOD, b"rien"):
        refused = await anne.post(IMPORT, files={"file": ("a.xlsx", content)})
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await nobody.post(IMPORT, files={"file": ("a.xlsx", GOOD)})).status_code == 401
