"""Exports say exactly what was answered, hold nothing a spreadsheet would run, and never look complete when cut."""

import asyncio
import csv
import datetime as dt
import io
import json
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import exporting
from analytics.exporting import cell, export_csv, export_ndjson, question_names
from analytics.selecting import parse
from base.database import reading, transaction
from base.ids import part_of, parts_of, row_key, uuid7
from base.problems import Problem
from forms.questionnaire import (
    Choice,
    DecimalQuestion,
    Group,
    IntegerQuestion,
    Note,
    Questionnaire,
    SelectMultipleQuestion,
    TextQuestion,
)

NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
SPREAD = 4

FIRST = Questionnaire(
    title={},
    languages=["fr"],
    questions=[
        TextQuestion(name="old"),
        Group(name="g", questions=[IntegerQuestion(name="age"), Note(name="n")]),
        SelectMultipleQuestion(name="modes", choices="modes"),
    ],
    choice_lists={"modes": [Choice(name="velo"), Choice(name="train"), Choice(name="a|b 5%")]},
)
SECOND = Questionnaire(
    title={},
    languages=["fr"],
    questions=[
        SelectMultipleQuestion(name="modes", choices="modes"),
        DecimalQuestion(name="id"),
        IntegerQuestion(name="age"),
        TextQuestion(name="why"),
    ],
    choice_lists=FIRST.choice_lists,
)
EDITIONS = {1: FIRST, 2: SECOND}

HEADER = [
    *("id", "edition", "territory", "region", "department", "unit", "unit_kind", "communities", "channel"),
    *("submitted_at", "revision", "modes", "answers/id", "age", "why", "old"),
]


def plain(text: str) -> str:
    """A cell read back, as the docstring of the module says."""
    return text[1:] if re.match(r"'+[\s\u200b\ufeff]*[=+\-@\t\r\n＝＋－＠]", text) else text


DANGEROUS = st.text(alphabet=st.sampled_from(list("=+-@\t\r\n '\u00a0\ufeff＝|%,;\"a1")), max_size=12)


@given(DANGEROUS | st.text())
def test_cells_are_inert(text: str) -> None:
    """No text begins like a formula, whatever stands before it; taking the apostrophe off gives the text back."""
    (written,) = next(csv.reader(io.StringIO(_csv_line([cell(text)]), newline="")))
    assert written[:1] not in set("=+-@\t\r\n＝＋－＠")
    assert written.lstrip(" \u00a0\ufeff")[:1] not in set("=+-@＝＋－＠")
    assert plain(written) == text


@given(st.lists(st.text(min_size=1), min_size=1))
def test_lists_are_reversible(names: list[str]) -> None:
    """Names joined by `|` can be told apart again, whatever they hold."""
    back = [name.replace("%7C", "|").replace("%25", "%") for name in plain(cell(names)).split("|")]
    assert back == names


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_stay_numbers(number: float) -> None:
    """A number that is below zero is no formula."""
    assert type(number)(cell(number)) == number
    assert not cell(number).startswith("'")


def test_other_values() -> None:
    """Nothing is nothing; truth is JSON's; a moment is the wire's."""
    values = (None, True, False, [], {"a": 1}, NOW)
    assert [cell(value) for value in values] == ["", "true", "false", "", '{"a":1}', "2026-03-02T12:00:00Z"]


def test_columns() -> None:
    """The newest edition's questions in its order, then those that only older ones had; groups and notes have none."""
    assert question_names(EDITIONS) == ["modes", "id", "age", "why", "old"]


def _csv_line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


class Survey:
    """A survey with responses that a test adds."""

    def __init__(self, survey: UUID, number: int, unit: UUID) -> None:
        self.survey = survey
        self.unit = unit
        self.parts = parts_of(number, SPREAD)
        self.number = number

    async def answer(self, answers: dict[str, Any] | None, *, edition: int = 2, minutes: int = 0, **more: Any) -> UUID:
        """One more response; null answers are an erased one."""
        id_ = uuid7()
        part = part_of(self.number, SPREAD, id_)
        values = {
            "part": part,
            "id": id_,
            "survey": self.survey,
            "edition": edition,
            "channel": "import",
            "communities": [],
            "base_weight": 1.0,
            "submitted_at": NOW + dt.timedelta(minutes=minutes),
            "day": NOW.date(),
            "revision": 1,
            "revised_at": NOW,
            "answers": None if answers is None else json.dumps(answers),
            "erased_at": NOW if answers is None else None,
            "content_hash": bytes(32),
            "revision_hash": bytes(32),
            "row_key": row_key(part, id_, 1),
            "record_key": 1,
        } | more
        places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
        async with transaction() as connection:
            await connection.execute(f"INSERT INTO response ({', '.join(values)}) VALUES ({places})", *values.values())
        return id_


@pytest.fixture
async def survey(database: object) -> Survey:
    """A survey of two editions, without a response yet."""
    async with transaction() as connection:
        unit = await connection.fetchval(
            "INSERT INTO unit (id, code, name, kind, territory) VALUES ($1, 'ddtm-29', 'DDTM', 'ddtm', 'D-29')"
            " RETURNING id",
            uuid7(),
        )
        row = await connection.fetchrow(
            "INSERT INTO survey (id, slug, kind, title, owner, anonymity, answering, questionnaire, spread, created_at)"
            " VALUES ($1, 's', 'survey', '{}', $2, 'named', 'agent', '', $3, $4) RETURNING id, number",
            uuid7(),
            unit,
            SPREAD,
            NOW,
        )
    return Survey(row["id"], row["number"], unit)


async def joined(stream: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in stream])


async def table(survey: Survey, *where: str) -> list[dict[str, str]]:
    """The rows of a CSV export, read back."""
    content = await joined(export_csv(survey.parts, EDITIONS, parse(where, EDITIONS)))
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


async def lines(survey: Survey, *where: str) -> list[dict[str, Any]]:
    """The objects of an NDJSON export."""
    content = await joined(export_ndjson(survey.parts, EDITIONS, parse(where, EDITIONS)))
    return [json.loads(line) for line in content.splitlines()]


@pytest.mark.anyio
async def test_nothing_yet(survey: Survey) -> None:
    """A survey without responses is a header, and no line."""
    content = await joined(export_csv(survey.parts, EDITIONS, []))
    assert content.decode() == _csv_line(HEADER)
    assert await joined(export_ndjson(survey.parts, EDITIONS, [])) == b""


@pytest.mark.anyio
async def test_csv(survey: Survey) -> None:
    """One row a response: its dimensions, then its answers by name; an erased response is not there."""
    answers = {"modes": ["velo", "a|b 5%"], "id": -1.5, "age": -3, "why": "=1+1, « oui »\nligne"}
    id_ = await survey.answer(
        answers,
        unit=survey.unit,
        unit_kind="ddtm",
        territory="D-29",
        region="R-53",
        department="D-29",
        communities=["air", "eau"],
    )
    await survey.answer(None)
    content = await joined(export_csv(survey.parts, EDITIONS, []))
    assert not content.startswith(b"\xef\xbb\xbf")
    header, row = csv.reader(io.StringIO(content.decode(), newline=""))
    assert header == HEADER
    assert row == [
        *(str(id_), "2", "D-29", "R-53", "D-29", "ddtm-29", "ddtm", "air|eau", "import", "2026-03-02T12:00:00Z", "1"),
        *("velo|a%7Cb 5%25", "-1.5", "-3", "'=1+1, « oui »\nligne", ""),
    ]


@pytest.mark.anyio
async def test_ndjson_is_lossless(survey: Survey) -> None:
    """What is stored comes out as it is: types, null for not answered, an absent name for not asked."""
    answers = {"old": None, "age": 9_007_199_254_740_993, "modes": ["velo"], "why": "=1\r\n\u2028"}
    id_ = await survey.answer(answers, edition=1)
    (line,) = await lines(survey)
    assert line == {
        "id": str(id_),
        "edition": 1,
        "territory": None,
        "region": None,
        "department": None,
        "unit": None,
        "unit_kind": None,
        "communities": [],
        "channel": "import",
        "submitted_at": "2026-03-02T12:00:00Z",
        "revision": 1,
        "answers": answers,
    }
    assert list(line)[-1] == "answers"


@pytest.mark.anyio
async def test_order_and_batches(survey: Survey, monkeypatch: pytest.MonkeyPatch) -> None:
    """By part, then by submission, whatever the batches; every response once, the header once."""
    monkeypatch.setattr(exporting, "BATCH", 3)
    ids = [await survey.answer({"age": minutes}, minutes=minutes) for minutes in (5, 1, 4, 2, 3, 0, 7, 6)]
    minutes = dict(zip(ids, (5, 1, 4, 2, 3, 0, 7, 6), strict=True))
    wanted = sorted(ids, key=lambda id_: (part_of(survey.number, SPREAD, id_), minutes[id_]))
    assert [row["id"] for row in await table(survey)] == [str(id_) for id_ in wanted]
    assert [line["id"] for line in await lines(survey)] == [str(id_) for id_ in wanted]


@pytest.mark.anyio
async def test_where(survey: Survey, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what meets the conditions; a batch of which nothing does sends nothing."""
    monkeypatch.setattr(exporting, "BATCH", 1)
    for age, region in ((10, "R-53"), (20, "R-53"), (30, "R-28")):
        await survey.answer({"age": age}, region=region, minutes=age)
    assert [row["age"] for row in await table(survey, "age:20..", "@region:R-53")] == ["20"]
    assert [line["answers"]["age"] for line in await lines(survey, "age:30")] == [30]
    chunks = [chunk async for chunk in export_ndjson(survey.parts, EDITIONS, parse(["age:30"], EDITIONS))]
    assert len(chunks) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("export", [export_csv, export_ndjson])
async def test_an_error_breaks_the_stream(survey: Survey, export: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the server goes down after the first batch, the stream raises: it does not end as if all were said."""
    monkeypatch.setattr(exporting, "BATCH", 2)
    for minutes in range(5):
        await survey.answer({"age": minutes}, minutes=minutes)
    stream = export(survey.parts, EDITIONS, [])
    await anext(stream)
    async with reading() as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database() AND usename = current_user"
        )
    with pytest.raises(Problem, match="database"):
        _ = [chunk async for chunk in stream]


@pytest.mark.anyio
async def test_a_reader_that_leaves_frees_the_connection(survey: Survey, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing the stream ends its transaction and gives its connection back."""
    monkeypatch.setattr(exporting, "BATCH", 1)
    for minutes in range(3):
        await survey.answer({"age": minutes}, minutes=minutes)
    stream = export_ndjson(survey.parts, EDITIONS, [])
    await anext(stream)
    await stream.aclose()
    async with reading() as connection:
        busy = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND datname = current_database() AND state LIKE 'idle in transaction%'"
        )
    assert busy == 0


@pytest.mark.anyio
async def test_batches_of_large_answers_are_smaller(survey: Survey, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch ends where its answers pass the bytes."""
    monkeypatch.setattr(exporting, "BATCH_BYTES", 1_500)
    for minutes in range(4):
        await survey.answer({"why": "x" * 1_000}, minutes=minutes)
    chunks = [chunk async for chunk in export_ndjson(survey.parts, EDITIONS, [])]
    assert [chunk.count(b"\n") for chunk in chunks] == [2, 2]


@pytest.mark.anyio
@pytest.mark.parametrize("where", [[], ["age:20"]])
async def test_editions_published_meanwhile(survey: Survey, where: list[str]) -> None:
    """Responses to an edition that was not there when the export was asked for are not in it."""
    await survey.answer({"age": 20})
    await survey.answer({"age": 20}, edition=3)
    assert len(await lines(survey, *where)) == 1
    assert len(await table(survey, *where)) == 1


@pytest.mark.anyio
async def test_exports_take_turns(survey: Survey, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many at once; a further one waits, then is told to come back, and has its turn when one of them ends."""
    monkeypatch.setattr(exporting, "PATIENCE", 0.05)
    monkeypatch.setattr(exporting, "BATCH", 1)
    for minutes in range(3):
        await survey.answer({"age": minutes}, minutes=minutes)
    streams = [export_ndjson(survey.parts, EDITIONS, []) for _ in range(exporting.AT_ONCE)]
    for stream in streams:
        await anext(stream)
    with pytest.raises(Problem) as raised:
        await lines(survey)
    assert (raised.value.kind.code, raised.value.kind.status) == ("analytics/exports-busy", 503)
    assert raised.value.headers["Retry-After"]
    await streams[0].aclose()
    assert len(await lines(survey)) == 3
    await streams[1].aclose()


@pytest.mark.anyio
async def test_slow_readers_are_waited_for(survey: Survey, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server bears with an export for longer than with other transactions, and no longer than is said."""
    monkeypatch.setattr(exporting, "BATCH", 1)
    for minutes in range(1_002):  # more than the cursor fetches at a time
        await survey.answer({"age": minutes}, minutes=0, part=survey.parts[0])
    monkeypatch.setattr(exporting, "SLOWEST", "300ms")
    stream = export_ndjson(survey.parts, EDITIONS, [])
    await anext(stream)
    await asyncio.sleep(0.6)
    with pytest.raises(Problem, match="database"):
        _ = [chunk async for chunk in stream]
