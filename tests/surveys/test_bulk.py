"""Answers in bulk: a line that is refused keeps no other from being taken, and the same stream again replays it."""

import datetime as dt
import itertools
import json
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.problems import Problem
from directory.actors import actor_by_email
from directory.granting import hold
from surveys import answering, bulk
from surveys.access import survey_to_submit_for
from surveys.bulk import BATCH, LINE_LIMIT, accept_stream
from surveys.publishing import close

pytestmark = pytest.mark.anyio


def ndjson(*lines: object) -> bytes:
    return b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)


async def send(client, survey: str, *lines: object) -> dict:
    answer = await client.post(
        f"{survey}/responses/bulk", content=ndjson(*lines), headers={"Content-Type": "application/x-ndjson"}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(report: dict) -> list[tuple[int, str]]:
    return [(line["line"], line["problem"]["code"]) for line in report["rejected"]]


async def test_bad_lines_are_numbered(editor, published, sent, stored, assignment_of) -> None:
    """Each refused line is reported by number, blank ones count and say nothing, all others are stored."""
    survey = await published()
    anne = await assignment_of(survey, "anne@ddtm-29.example")
    report = await send(
        editor,
        survey,
        sent(assignment=anne),
        b"",
        b"pas du JSON",
        b"   ",
        sent(territory="D-29"),
        b"[1, 2]",
        {"answers": {}},
        {"id": "x", "answers": {}},
        b'{"id": "\xff"}',
        b'{"a":' * 20_000,
        sent(territory="D-29", q1="peut-être"),
        sent(territory="D-0"),
        sent(territory="D-29\0"),
        sent(),
        sent(assignment=str(uuid.uuid4())),
        sent(assignment=anne),
        sent(territory="D-35") | {"inconnu": 1},
        b'{"id": 1e400}',
        sent(territory="D-35", q1="oui", avis="a\0"),
        sent(territory="D-35") | {"edition": 7},
        sent(territory="R-53"),
    )
    assert (report["accepted"], report["replayed"], report["unlisted"]) == (3, 0, 0)
    assert refused(report) == [
        (3, "surveys/bad-line"),
        (6, "surveys/bad-line"),
        (7, "surveys/bad-line"),
        (8, "surveys/bad-line"),
        (9, "surveys/bad-line"),
        (10, "surveys/bad-line"),
        (11, "surveys/invalid-response"),
        (12, "surveys/invalid-response"),
        (13, "surveys/bad-line"),
        (14, "surveys/not-asked"),
        (15, "surveys/unknown-assignment"),
        (16, "surveys/already-answered"),
        (17, "surveys/bad-line"),
        (18, "surveys/bad-line"),
        (19, "surveys/invalid-response"),
        (20, "surveys/edition-unknown"),
    ]
    assert report["rejected"][6]["problem"]["invalid_params"][0]["path"] == "/answers/q1"
    assert all(line["problem"]["detail"] for line in report["rejected"])
    assert await stored() == {"response": 3, "response_revision": 0, "assignment_event": 1, "change": 3}


async def test_a_line_too_long(editor, published, sent, stored) -> None:
    """More than a megabyte in a line is not kept; the lines around it are taken. The last needs no end."""
    survey = await published()
    report = await send(
        editor,
        survey,
        sent(territory="D-29"),
        sent(territory="D-29", avis="x" * LINE_LIMIT),
        sent(territory="D-29"),
        b"x" * (LINE_LIMIT + 1),
    )
    assert report["accepted"] == 2
    assert refused(report) == [(2, "surveys/line-too-long"), (4, "surveys/line-too-long")]
    assert (await stored())["response"] == 2


async def test_the_same_id_twice(editor, published, sent, stored, assignment_of) -> None:
    """In one stream the second of two equal lines is a replay, of two different ones a conflict."""
    survey = await published()
    line = sent(territory="D-29")
    anne = await assignment_of(survey, "anne@ddtm-29.example")
    report = await send(
        editor,
        survey,
        line,
        line,
        line | {"answers": {"q1": "oui"}},
        line | {"territory": "D-35"},
        sent(assignment=anne),
        line | {"assignment": anne},
        line,
    )
    assert (report["accepted"], report["replayed"]) == (2, 2)
    assert refused(report) == [
        (3, "surveys/response-conflict"),
        (4, "surveys/response-conflict"),
        (6, "surveys/response-conflict"),
    ]
    assert (await stored())["response"] == 2


async def test_one_id_many_times(editor, published, sent, monkeypatch) -> None:
    """However often an id comes in a batch, it is judged in few rounds, whether it is taken or refused."""
    rounds, store = [], answering._store

    async def noting(connection, batch):
        rounds.append(len(batch))
        return await store(connection, batch)

    monkeypatch.setattr(answering, "_store", noting)
    survey = await published()
    report = await send(editor, survey, *[sent(territory="D-29")] * 50)
    assert (report["accepted"], report["replayed"], rounds) == (1, 49, [1, 49])
    report = await send(editor, survey, *[sent(territory="D-29", q1="faux")] * 50)
    assert (len(report["rejected"]), rounds) == (50, [1, 49, 1])


async def test_a_line_nested_deep(editor, published, sent, stored) -> None:
    """Whatever depth a line has, the one beside it is taken."""
    survey = await published()
    depths = range(880, 1000, 3)
    for depth in depths:
        poison = b'{"id":"%s","territory":"D-29","answers":{"q1":%s}}' % (
            str(uuid.uuid4()).encode(),
            b"[" * depth + b"]" * depth,
        )
        report = await send(editor, survey, poison, sent(territory="D-29"))
        assert (report["accepted"], len(report["rejected"])) == (1, 1)
    assert (await stored())["response"] == len(depths)


async def test_a_stream_again(editor, published, sent, stored) -> None:
    """Everything taken is replayed, everything refused is refused again, also after closing."""
    survey = await published()
    lines = [sent(territory="D-29"), b"{", sent(territory="D-35", n=3, q1="oui")]
    assert (await send(editor, survey, *lines))["accepted"] == 2
    counted = await stored()
    await editor.post(f"{survey}/close")
    report = await send(editor, survey, *lines, sent(territory="D-29"))
    assert (report["accepted"], report["replayed"]) == (0, 2)
    assert refused(report) == [(2, "surveys/bad-line"), (4, "surveys/not-open")]
    assert await stored() == counted


async def test_nothing_at_all(editor, published) -> None:
    """An empty stream is fine."""
    assert await send(editor, await published()) == {"accepted": 0, "replayed": 0, "rejected": [], "unlisted": 0}


async def test_the_language_of_a_report(editor, published) -> None:
    """The words of each line's problem follow Accept-Language."""
    survey = await published()
    reports = [
        await editor.post(f"{survey}/responses/bulk", content=b"{", headers={"Accept-Language": language})
        for language in ("en", "fr")
    ]
    assert reports[0].json()["rejected"][0]["line"] == reports[1].json()["rejected"][0]["line"] == 1


async def test_bulk_is_for_those_who_run_the_survey(people, anne, nobody, editor, published, sent, stored) -> None:
    """Asked ones may not, strangers find nothing; what they sent is not read."""
    survey = await published()
    content = ndjson(sent(territory="D-29"))
    denis = await people("denis@ddtm-35.example")
    analyst = await people("analyst@dgaln.example", "analyst", "unit:DGALN")
    for client, status in ((nobody, 401), (denis, 404), (anne, 403), (analyst, 403)):
        assert (await client.post(f"{survey}/responses/bulk", content=content)).status_code == status
    assert (await stored())["response"] == 0
    admin = await people("admin@navette.example", "administrator")
    assert (await send(admin, survey, sent(territory="D-29")))["accepted"] == 1


async def test_closed_midway(published, sent, stored) -> None:
    """What comes after the closing is refused, also in the same stream; what was committed stays."""
    survey = await published()
    now = dt.datetime.now(dt.UTC)
    await hold("editor@dgaln.example", "editor", "unit:DGALN", now=now)
    actor = await actor_by_email("editor@dgaln.example")
    found = await survey_to_submit_for(actor, survey.rpartition("/")[2])

    async def stream() -> AsyncIterator[bytes]:
        yield ndjson(*(sent(territory="D-29") for _ in range(BATCH))) + b"\n"
        await close(found, now=now)
        yield ndjson(*(sent(territory="D-29") for _ in range(3)))

    report = await accept_stream(stream(), found, actor, now=now)
    assert (report.accepted, [(line.line, line.problem.kind.code) for line in report.rejected]) == (
        BATCH,
        [(BATCH + number, "surveys/not-open") for number in (1, 2, 3)],
    )
    assert (await stored())["response"] == BATCH


async def test_what_is_held_in_memory(editor, published, sent, monkeypatch) -> None:
    """A batch is as many lines as there may be, and fewer where they are long."""
    sizes, accept_batch = [], bulk.accept_batch

    async def noting(report, batch, *args, **named) -> None:
        sizes.append(len(batch))
        await accept_batch(report, batch, *args, **named)

    monkeypatch.setattr(bulk, "accept_batch", noting)
    monkeypatch.setattr(bulk, "BATCH", 4)
    monkeypatch.setattr(bulk, "BATCH_BYTES", 10_000)
    long = [sent(territory="D-29") | {"answers": {"avis": "x" * 6_000}} for _ in range(5)]
    await send(editor, await published(), *(sent(territory="D-29") for _ in range(8)), *long)
    assert sizes == [4, 4, 2, 2, 1]


async def test_a_report_has_an_end(editor, published, monkeypatch) -> None:
    """Beyond what a report lists, refused lines are counted."""
    monkeypatch.setattr(bulk, "REPORTED", 3)
    report = await send(editor, await published(), *[b"{"] * 5)
    assert (len(report["rejected"]), report["unlisted"]) == (3, 2)


# How a stream is cut


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    marks = [0, *sorted(places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(marks)]


async def read(pieces: Sequence[bytes]) -> list[tuple[int, bytes | str]]:
    async def chunks() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return [
        (number, line.kind.code if isinstance(line, Problem) else line) async for number, line in bulk._lines(chunks())
    ]


@given(
    st.lists(st.binary(max_size=12).map(lambda line: line.replace(b"\n", b"")), max_size=8),
    st.lists(st.integers(0, 60), max_size=6),
)
def test_any_cutting_gives_the_same_lines(lines: list[bytes], places: list[int]) -> None:
    """Wherever the stream is cut, in the middle of a character too, its lines and their numbers are the same."""
    data = b"\n".join(lines)
    expected = list(enumerate(data.split(b"\n"), 1))
    if not expected[-1][1]:
        expected.pop()
    assert anyio.run(read, cut(data, (min(place, len(data)) for place in places)), backend="asyncio") == expected


@pytest.mark.parametrize("step", [1, 7, 64])
async def test_the_limit_of_a_line(monkeypatch, step) -> None:
    """A line of the limit is kept and one byte more is not, however it is cut."""
    monkeypatch.setattr(bulk, "LINE_LIMIT", 100)
    data = b"\n".join([b"a" * 100, b"b" * 101, b"c", b"d" * 500])
    lines = await read([data[start : start + step] for start in range(0, len(data), step)])
    assert lines == [(1, b"a" * 100), (2, "surveys/line-too-long"), (3, b"c"), (4, "surveys/line-too-long")]


async def test_cut_inside_a_character(editor, published, sent, sql) -> None:
    """Over HTTP, byte by byte: what was written is what is stored."""
    survey = await published()
    body = sent(territory="D-29", avis="Œuvre à l’île d’Yeu 🐟")
    data = json.dumps(body, ensure_ascii=False).encode() + b"\n"

    async def chunks() -> AsyncIterator[bytes]:
        for byte in data:
            yield bytes([byte])

    answer = await editor.post(f"{survey}/responses/bulk", content=chunks())
    assert answer.json()["accepted"] == 1
    assert await sql.fetchval("SELECT answers ->> 'avis' FROM response") == "Œuvre à l’île d’Yeu 🐟"
