"""2,000 real respondents of an INSEE survey (Histoire de vie 2003), from their CSV file to figures that equal its own.

The facts of each column were computed apart (tests/data/responses); crosstabs are counted here from the file itself.
"""

import csv
import datetime as dt
import json
import math
import uuid
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import httpx
import pytest

from analytics.folding import fold_all
from analytics.reading import editions_of_number, export
from analytics.rebuilding import rebuild
from base.database import reading
from forms.questionnaire import Questionnaire, questions
from surveys import queries
from surveys.bulk import BulkReport
from surveys.drafting import create, questionnaire_of
from surveys.importing import ColumnMap, import_csv, import_ndjson, read_map
from surveys.publishing import Publication, publish
from surveys.survey import NewSurvey, Survey

pytestmark = pytest.mark.anyio

DATA = Path(__file__).parent.parent / "data"
ANSWERS = DATA / "responses" / "hdv2003-fr.csv"
FACTS = json.loads((DATA / "responses" / "hdv2003-fr.csv.json").read_text())
MAP = read_map(DATA / "responses" / "hdv2003.toml")
WORKBOOK = DATA / "forms-own" / "hdv2003.xlsx"
NOW = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
RESPONDENTS = 2000

with ANSWERS.open(newline="", encoding="utf-8") as file:
    ROWS = list(csv.DictReader(file))


def silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


async def published(slug: str) -> Survey:
    questionnaire, _ = questionnaire_of(WORKBOOK.read_bytes(), WORKBOOK.name)
    survey = await create(None, NewSurvey(questionnaire=questionnaire, slug=slug), now=NOW)
    return await publish(None, survey, Publication(open_link=True), now=NOW)


async def bring(survey: Survey, path: Path = ANSWERS, mapping: ColumnMap = MAP) -> BulkReport:
    return await import_csv(survey, path, mapping, now=NOW, progress=silent)


@pytest.fixture
async def survey(database) -> Survey:
    return await published("hdv")


@pytest.fixture
async def analyst(people) -> httpx.AsyncClient:
    return await people("root@navette.example", "administrator")


async def results(client: httpx.AsyncClient, survey: Survey, **asked: object) -> dict:
    """What the service counts, without what tells one counting from another."""
    found = (await client.get(f"/api/v1/surveys/{survey.slug}/results", params=asked)).raise_for_status().json()
    return {name: value for name, value in found.items() if name not in {"survey", "version", "as_of", "pending"}}


def keys(questionnaire: Questionnaire, name: str) -> dict[str, str]:
    """The text of a cell → the name of the choice."""
    choices = next(question.choices for question in questions(questionnaire) if question.name == name)
    return {choice.label["fr"]: choice.name for choice in questionnaire.choice_lists[choices]}


def column(question: str) -> str:
    """The column of the file that answers a question."""
    return next(column for column, name in MAP.columns.items() if name == question)


async def test_figures(survey, analyst):
    """The counts of every column, sums, means and medians equal the file's; a rerun replays and changes nothing."""
    report = await bring(survey)
    assert (report.accepted, report.replayed, report.rejected) == (RESPONDENTS, 0, [])
    assert await fold_all(editions_of_number) == RESPONDENTS
    found = await results(analyst, survey)
    assert found["responses"] == RESPONDENTS
    figures = {question["name"]: question for question in found["questions"]}
    async with reading() as connection:
        questionnaire = await queries.working_copy(connection, survey.id)
    assert sorted(figures) == sorted(MAP.columns.values())

    for name, question in figures.items():
        facts = FACTS["column_facts"][column(name)]
        assert question["eligible"] == RESPONDENTS
        assert question["answered"] == facts["answered"], name
        if "numeric" in facts:
            numeric = facts["numeric"]
            assert math.isclose(question["sum"], numeric["sum"], abs_tol=1e-6), name
            assert math.isclose(question["mean"], numeric["mean"], abs_tol=1e-6), name
            quantiles = [question["quantiles"][key] for key in ("0", "0.5", "1")]
            assert quantiles == [numeric["min"], numeric["median"], numeric["max"]], name
            assert sum(bar["count"] for bar in question["histogram"]) == facts["answered"], name
        else:
            key_of = keys(questionnaire, name)
            counts = {bucket["key"]: bucket["count"] for bucket in question["buckets"] if bucket["count"]}
            assert counts == {key_of[cell]: count for cell, count in facts["counts"].items()}, name
            for bucket in question["buckets"]:
                assert math.isclose(bucket["share"], bucket["count"] / facts["answered"], abs_tol=1e-4)
    working = FACTS["column_facts"]["occup"]["counts"]["Exerce une profession"]
    assert figures["trav_satisf"]["asked"] == working

    report = await bring(survey)
    assert (report.accepted, report.replayed, report.rejected) == (0, RESPONDENTS, [])
    assert await fold_all(editions_of_number) == 0
    assert await results(analyst, survey) == found

    assert await rebuild(survey.parts, editions_of_number) == RESPONDENTS
    assert await results(analyst, survey) == found


@pytest.mark.parametrize(
    ("rows", "columns", "where"),
    [
        ("sexe", "sport", {}),
        ("nivetud", "relig", {}),
        ("occup", "trav_satisf", {}),
        ("clso", "cinema", {"sexe": "femme"}),
        ("qualif", "bricol", {"sexe": "homme", "age": (30, 59)}),
    ],
)
async def test_crosstabs(survey, analyst, rows, columns, where):
    """Cells, margins and the chi-squared of crosstabs, also under conditions, equal those of the file."""
    await bring(survey)
    await fold_all(editions_of_number)
    conditions = [
        f"{name}:{value if isinstance(value, str) else '{}..{}'.format(*value)}" for name, value in where.items()
    ]
    asked = {"rows": rows, "columns": columns, "where": conditions}
    found = (await analyst.get("/api/v1/surveys/hdv/crosstab", params=asked)).raise_for_status().json()

    async with reading() as connection:
        questionnaire = await queries.working_copy(connection, survey.id)
    names = {name: keys(questionnaire, name) for name in (rows, columns, *where) if name != "age"}
    expected = Counter(
        (names[rows][row[column(rows)]], names[columns][row[column(columns)]])
        for row in ROWS
        if row[column(rows)]
        and row[column(columns)]
        and all(
            names[name].get(row[column(name)]) == value
            if isinstance(value, str)
            else value[0] <= int(row[name]) <= value[1]
            for name, value in where.items()
        )
    )
    counted = {
        (row, other): cell["count"]
        for row, line in zip(found["rows"]["keys"], found["cells"], strict=True)
        for other, cell in zip(found["columns"]["keys"], line, strict=True)
    }
    assert {pair: count for pair, count in counted.items() if count} == expected
    assert found["total"] == expected.total()
    for side, position in (("row", 0), ("column", 1)):
        totals = Counter()
        for pair, count in expected.items():
            totals[pair[position]] += count
        assert dict(zip(found[f"{side}s"]["keys"], found[f"{side}_totals"], strict=True)) == {
            key: totals[key] for key in found[f"{side}s"]["keys"]
        }
    if min(len(set(side)) for side in zip(*expected, strict=True)) > 1:
        assert math.isclose(found["chi2"], chi_squared(expected), rel_tol=1e-9)
    else:
        assert found["chi2"] is None  # only those at work are asked about it


def chi_squared(table: Counter) -> float:
    """Pearson's, from the definition."""
    lines, columns = Counter(), Counter()
    for (line, other), count in table.items():
        lines[line] += count
        columns[other] += count
    expected = {(line, other): lines[line] * columns[other] / table.total() for line in lines for other in columns}
    return sum((table[pair] - value) ** 2 / value for pair, value in expected.items())


async def test_exports(survey, analyst, tmp_path):
    """Both exports hold every cell of the file, and brought into another survey they give the same figures."""
    await bring(survey)
    await fold_all(editions_of_number)
    async with reading() as connection:
        questionnaire = await queries.working_copy(connection, survey.id)
    expected = {str(uuid.uuid5(survey.id, row["id"])): as_answers(row, questionnaire) for row in ROWS}

    exported = await collected(survey, "csv")
    told = list(csv.DictReader(exported.decode().splitlines()))
    assert {row["id"]: {name: row[name] for name in MAP.columns.values() if row[name]} for row in told} == {
        key: {name: str(answer) for name, answer in answers.items()} for key, answers in expected.items()
    }
    lines = [json.loads(line) for line in (await collected(survey, "ndjson")).splitlines()]
    assert {line["id"]: given(line["answers"]) for line in lines} == expected

    by_csv, by_ndjson = await published("par-csv"), await published("par-ndjson")
    report = await bring(by_csv, write(tmp_path / "a.csv", [exported]), ColumnMap())
    assert (report.accepted, report.rejected) == (RESPONDENTS, [])
    sent = (json.dumps({"id": line["id"], "answers": line["answers"]}).encode() + b"\n" for line in lines)
    report = await import_ndjson(by_ndjson, write(tmp_path / "a.ndjson", sent), now=NOW, progress=silent)
    assert (report.accepted, report.rejected) == (RESPONDENTS, [])
    await fold_all(editions_of_number)
    found = await results(analyst, survey)
    for other in (by_csv, by_ndjson):
        assert await results(analyst, other) == found


async def test_ledger_and_queue(survey):
    """An import leaves one response and one change for each row, on the channel of imports, and no expected answer."""
    await bring(survey)
    async with reading() as connection:
        assert await queries.count_changes(connection, survey.parts) == RESPONDENTS
        channels = await connection.fetch(
            "SELECT channel, count(*), count(DISTINCT id) FROM response WHERE part = ANY($1::bigint[]) GROUP BY 1",
            survey.parts,
        )
    assert [tuple(row) for row in channels] == [("import", RESPONDENTS, RESPONDENTS)]


def as_answers(row: dict[str, str], questionnaire: Questionnaire) -> dict[str, object]:
    """A row of the file as the answers that it means."""
    answers: dict[str, object] = {}
    for question in questions(questionnaire):
        cell = row[column(question.name)]
        if not cell:
            continue
        if hasattr(question, "choices"):
            answers[question.name] = keys(questionnaire, question.name)[cell]
        else:
            number = float(cell)
            answers[question.name] = int(number) if number.is_integer() else number
    return answers


def given(answers: dict[str, object]) -> dict[str, object]:
    return {name: answer for name, answer in answers.items() if answer is not None}


async def collected(survey: Survey, kind: str) -> bytes:
    return b"".join([chunk async for chunk in await export(survey, kind, [])])


def write(path: Path, chunks: Iterable[bytes]) -> Path:
    path.write_bytes(b"".join(chunks))
    return path
