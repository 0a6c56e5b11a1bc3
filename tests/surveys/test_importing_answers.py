"""Answers from files: columns by map or by name, every stranger named, every refused row by its line, reruns replay."""

import datetime as dt
import json
import uuid
from pathlib import Path

import pytest

from analytics.exporting import COLUMNS
from analytics.reading import export
from base.database import reading
from base.problems import Problem
from forms.questionnaire import decode
from surveys.bulk import BulkReport
from surveys.drafting import create
from surveys.importing import EXPORTED, ColumnMap, import_csv, import_ndjson, read_map
from surveys.publishing import Publication, publish
from surveys.survey import NewSurvey, Survey

pytestmark = pytest.mark.anyio

NOW = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)

QUESTIONNAIRE = {
    "title": {"fr": "Essai"},
    "languages": ["fr"],
    "questions": [
        {"kind": "select_one", "name": "q1", "choices": "sujets", "label": {"fr": "Lequel ?"}},
        {"kind": "select_multiple", "name": "q2", "choices": "sujets", "label": {"fr": "Lesquels ?"}},
        {"kind": "decimal", "name": "n", "label": {"fr": "Combien ?"}, "constraint": ". < 1000"},
        {"kind": "text", "name": "t", "label": {"fr": "Pourquoi ?"}},
        {"kind": "date", "name": "d", "label": {"fr": "Quand ?"}},
        {"kind": "text", "name": "unit", "label": {"fr": "Quelle unité ?"}},
        {"kind": "calculate", "name": "double", "calculation": "${n} * 2"},
    ],
    "choice_lists": {
        "sujets": [{"name": "eau", "label": {"fr": "L'eau"}}, {"name": "air", "label": {"fr": "L'air"}}],
    },
}


def silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


async def new_survey(slug: str = "essai") -> Survey:
    survey = await create(None, NewSurvey(questionnaire=decode(json.dumps(QUESTIONNAIRE)), slug=slug), now=NOW)
    return await publish(None, survey, Publication(open_link=True), now=NOW)


@pytest.fixture
async def survey(database) -> Survey:
    return await new_survey()


@pytest.fixture
def bring(survey, tmp_path):
    """Imports a text or bytes as a CSV file."""

    async def brought(content: str | bytes, into: Survey = survey, **mapping) -> BulkReport:
        path = tmp_path / "answers.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return await import_csv(into, path, ColumnMap(**mapping), now=NOW, progress=silent)

    return brought


async def stored(survey: Survey) -> list[dict]:
    """The answers of a survey as they stand, in the order of their ids."""
    async with reading() as connection:
        rows = await connection.fetch(
            "SELECT answers FROM response WHERE part = ANY($1::bigint[]) ORDER BY answers->>'t', id", survey.parts
        )
    return [json.loads(row["answers"]) for row in rows]


async def refusal(bring, content: str | bytes, **mapping) -> str:
    with pytest.raises(Problem) as raised:
        await bring(content, **mapping)
    assert raised.value.kind.code == "surveys/bad-import"
    return raised.value.sentence("en")


def told(report: BulkReport) -> dict[int, str]:
    return {refused.line: refused.problem.kind.code for refused in report.rejected}


async def test_by_name(bring, survey):
    """Without a map a column is a question's name, and a cell a choice's name or label."""
    report = await bring("id,q1,q2,n,t,d\n1,eau,L'eau|air,\"2,5\",a,25/11/2026\n2,L'air,,,b,\n")
    assert (report.accepted, report.replayed, report.rejected) == (2, 0, [])
    empty = {"unit": None}
    assert await stored(survey) == [
        {"q1": "eau", "q2": ["eau", "air"], "n": 2.5, "t": "a", "d": "2026-11-25", "double": 5} | empty,
        {"q1": "air", "q2": None, "n": None, "t": "b", "d": None, "double": None} | empty,
    ]


async def test_by_map(bring, survey):
    """A map renames columns, leaves some out, gives cells their meaning, and names id and territory."""
    report = await bring(
        "clé;lieu;Sujet;bruit\nx;D-29;1;?\ny;R-53;2;?\n",
        id="clé",
        territory="lieu",
        columns={"Sujet": "q1", "bruit": ""},
        values={"q1": {"1": "eau", "2": "air"}},
    )
    assert report.accepted == 2
    async with reading() as connection:
        rows = await connection.fetch(
            "SELECT id, territory, region, department FROM response WHERE part = ANY($1::bigint[])", survey.parts
        )
    assert {row["id"] for row in rows} == {uuid.uuid5(survey.id, "x"), uuid.uuid5(survey.id, "y")}
    assert {(row["territory"], row["region"], row["department"]) for row in rows} == {
        ("D-29", "R-53", "D-29"),
        ("R-53", "R-53", None),
    }


async def test_rerun(bring):
    """The same file again replays, with an id column or by row number; a changed row is refused by its line."""
    for header, first, second in (("id,t", "x,a", "y,b"), ("t", "a", "b")):
        report = await bring(f"{header}\n{first}\n{second}\n")
        assert (report.accepted, report.replayed) == (2, 0)
        report = await bring(f"{header}\n{first}\n{second}\n")
        assert (report.accepted, report.replayed) == (0, 2)
        report = await bring(f"{header}\n{first}\n{second}z\n")
        assert (report.accepted, report.replayed) == (0, 1)
        assert told(report) == {3: "surveys/response-conflict"}


async def test_a_row_without_id_is_no_other_row(bring):
    """The number of a row that has no id of its own is not taken for the id of another row."""
    rows = "3,a\nrow 5,b\n,c\n4,d\n,e\n"
    report = await bring(f"id,t\n{rows}")
    assert (report.accepted, told(report)) == (5, {})
    assert (await bring(f"id,t\n{rows}")).replayed == 5


async def test_refused_rows(bring, survey):
    """A row that does not fit is refused by the line on which it begins, with each path; the others are taken."""
    report = await bring(
        "id,q1,n,t\n"
        '1,eau,1,"deux\nlignes"\n'  # lines 2 and 3
        "2,feu,beaucoup,\n"  # 4
        "\n"
        ",,,\n"
        '3,air,2000,"trois\r\n\r\nlignes"\n'  # 7 to 9
        "4,air,3\n"  # 10
        "5,air,3,oui,trop\n"  # 11
        "6,air,3,fin,,\n"
    )
    assert report.accepted == 2
    assert told(report) == {
        4: "surveys/invalid-response",
        7: "surveys/invalid-response",
        10: "surveys/bad-row",
        11: "surveys/bad-row",
    }
    faults = {
        refused.line: [(fault.path, fault.code) for fault in refused.problem.invalid_params]
        for refused in report.rejected
    }
    assert faults[4] == [("/answers/q1", "choice"), ("/answers/n", "type")]
    assert faults[7] == [("/answers/n", "constraint")]
    assert [answers["t"] for answers in await stored(survey)] == ["deux\nlignes", "fin"]


async def test_strangers(bring, survey):
    """Columns that fit nothing are all named, before anything is stored; so is what a map names in vain."""
    sentence = await refusal(bring, "id,q1,q9,âge\n1,eau,2,3\n")
    assert "q9, âge" in sentence
    assert "--columns" in sentence
    sentence = await refusal(
        bring,
        "id,q1\n1,eau\n",
        id="clé",
        territory="lieu",
        columns={"Sujet": "q1", "q1": "q7"},
        values={"q8": {"1": "2"}},
    )
    for name in ("clé", "lieu", "Sujet", "q1", "q8"):
        assert name in sentence
    assert await stored(survey) == []


async def test_same_question_twice(bring):
    """Two columns for one question, or a column twice, are refused rather than one of them dropped."""
    assert "q1" in await refusal(bring, "id,q1,q1\n1,eau,air\n")
    assert "q1, Sujet" in await refusal(bring, "q1,Sujet\neau,air\n", columns={"Sujet": "q1"})


async def test_encodings(bring, survey):
    """UTF-8 with or without a byte order mark is read; another encoding is named by its line."""
    assert (await bring("\ufeffid,t\n1,é\n")).accepted == 1
    assert "Line 3 is not in UTF-8" in await refusal(bring, "id,t\n2,e\n3,é\n".encode("latin-1"))
    assert "Line 1 is not in UTF-8" in await refusal(bring, "id,âge\n".encode("utf-16"))


async def test_separators(bring):
    """Commas, semicolons and tabs are told by the first line."""
    for key, separator in enumerate(",;\t"):
        report = await bring(f"id{separator}t{separator}q1\r\n{key}{separator}x{separator}eau\r\n")
        assert (report.accepted, report.rejected) == (1, [])


async def test_quotes(bring):
    """A quote that is not closed is named by the line on which its row begins."""
    assert "line 3 " in await refusal(bring, 'id,t\n1,a\n2,"b\n3,c\n')


async def test_empty_file(bring):
    """A file without rows brings nothing, and is no fault."""
    for content in ("", "id,t\n", "\n"):
        assert (await bring(content)).accepted == 0


async def test_many_rows(bring):
    """Files longer than one batch come in whole."""
    report = await bring("id,n\n" + "".join(f"{number},{number % 1000}\n" for number in range(1_234)))
    assert (report.accepted, report.rejected) == (1_234, [])


async def test_not_published(database, written):
    """A draft takes no answers."""
    survey = await create(None, NewSurvey(questionnaire=decode(json.dumps(QUESTIONNAIRE)), slug="brouillon"), now=NOW)
    path = written("answers.csv", ["t", "a"])
    with pytest.raises(Problem) as raised:
        await import_csv(survey, path, ColumnMap(), now=NOW, progress=silent)
    assert raised.value.kind.code == "surveys/not-published"


async def test_own_export(bring, survey):
    """What we export as CSV comes in again as it is: guarded cells, lists, names that our columns have too."""
    assert EXPORTED == COLUMNS
    await bring(
        "id,q1,q2,n,t,d,unit\n"
        '1,eau,eau|air,"-2,5",=HYPERLINK(1),25/11/2026,m²\n'
        "2,air,,3,'=déjà,,-\n"
        '3,,,,"+33 1 ""40""\n@",,\n'
    )
    exported = b"".join([chunk async for chunk in await export(survey, "csv", [])])
    assert b"'=HYPERLINK(1)" in exported
    assert b"answers/unit" in exported
    other = await new_survey("autre")
    report = await bring(exported, other)
    assert (report.accepted, told(report)) == (3, {})
    assert await stored(other) == await stored(survey)


@pytest.fixture
def written(tmp_path):
    """Writes lines to a file."""

    def write(name: str, lines: list[str]) -> Path:
        path = tmp_path / name
        path.write_text("\n".join(lines))
        return path

    return write


async def test_ndjson(survey, written):
    """NDJSON comes in as the bulk route takes it; a line that is no JSON is refused by its number."""
    ids = [str(uuid.uuid4()) for _ in range(3)]
    path = written(
        "answers.ndjson",
        [
            json.dumps({"id": ids[0], "answers": {"t": "a"}}),
            "no json",
            json.dumps({"id": ids[1], "answers": {"q1": "feu"}}),
            "",
            json.dumps({"id": ids[2], "answers": {"t": "b"}}),
        ],
    )
    for expected in ((2, 0), (0, 2)):
        report = await import_ndjson(survey, path, now=NOW, progress=silent)
        assert (report.accepted, report.replayed) == expected
        assert told(report) == {2: "surveys/bad-line", 3: "surveys/invalid-response"}


def test_map_file(tmp_path):
    """MAP.toml as it is documented; what it may not hold is refused by name."""
    path = tmp_path / "map.toml"
    path.write_text('id = "clé"\nterritory = "lieu"\n[columns]\n"a.b" = "q1"\n[values.q1]\n"1" = "eau"\n')
    assert read_map(path) == ColumnMap(id="clé", territory="lieu", columns={"a.b": "q1"}, values={"q1": {"1": "eau"}})
    assert read_map(None) == ColumnMap()
    for content in (b"id = ", b'identifier = "x"', b"id = 3", b'id = "\xe9"'):
        path.write_bytes(content)
        with pytest.raises(Problem) as raised:
            read_map(path)
        assert raised.value.kind.code == "surveys/bad-import"
        assert "map.toml" in raised.value.sentence("en")
