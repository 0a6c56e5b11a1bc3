"""Logs: every failure of ours is there with its number and place, and nothing that anybody answered."""

import io
import json
import uuid
from collections.abc import Callable, Iterator

import asyncpg
import pytest
import structlog

from base import logs
from surveys import answering, editions

pytestmark = pytest.mark.anyio

CANARY = "canari-9402"


@pytest.fixture
def written() -> Iterator[Callable[[], list[dict]]]:
    """Reads the log as it was written since the test began."""
    file = io.StringIO()
    logs.configure("debug")
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file))
    yield lambda: [json.loads(line) for line in file.getvalue().splitlines()]
    structlog.reset_defaults()


def answer() -> dict:
    return {"id": str(uuid.uuid4()), "answers": {"q1": "oui", "avis": CANARY}}


async def test_a_failure_of_the_database(anne, survey, database, written) -> None:
    """The driver's own words repeat the row; the log has the constraint and the place, the caller a number."""
    connection = await asyncpg.connect(database.owner)
    try:
        await connection.execute(
            "ALTER TABLE response ADD CONSTRAINT canary CHECK (answers ->> 'avis' IS NULL) NOT VALID"
        )
        failed = await anne.post(f"{survey}/responses", json=answer())
    finally:
        await connection.execute("ALTER TABLE response DROP CONSTRAINT canary")
        await connection.close()
    assert (failed.status_code, failed.json()["code"]) == (500, "internal")
    assert CANARY not in failed.text
    lines = written()
    (line,) = [line for line in lines if line["event"] == "unexpected"]
    assert line["incident"] in failed.json()["detail"]
    assert (line["method"], line["route"]) == ("POST", "/api/v1/surveys/{survey}/responses")
    assert line["failure"][0]["constraint"] == "canary"
    assert any("surveys/queries/" in place for place in line["failure"][0]["at"])
    assert CANARY not in json.dumps(lines)


async def test_a_failure_of_ours(anne, survey, written, monkeypatch) -> None:
    """A message that quotes what it stumbled over is left out, as are those of its causes."""

    def stumble(sent) -> bytes:
        try:
            return {}[sent.answers["avis"]]
        except KeyError as error:
            raise ValueError(f"cannot read {sent.answers}") from error

    monkeypatch.setattr(answering, "content_hash", stumble)
    failed = await anne.post(f"{survey}/responses", json=answer())
    assert failed.status_code == 500
    lines = written()
    assert [fault["type"] for fault in lines[-1]["failure"]] == ["builtins.ValueError", "builtins.KeyError"]
    assert CANARY not in json.dumps(lines) + failed.text


async def test_a_problem_of_ours(anne, editor, survey, database, written) -> None:
    """A problem that is no fault of the caller is logged too."""
    connection = await asyncpg.connect(database.owner)
    try:
        await connection.execute("UPDATE edition SET hash = sha256('autre')")
    finally:
        await connection.close()
    editions._kept.clear()
    failed = await anne.post(f"{survey}/responses", json=answer())
    assert failed.json()["code"] == "surveys/edition-damaged"
    lines = written()
    assert [line["code"] for line in lines if line["level"] == "error"] == ["surveys/edition-damaged"]
    assert CANARY not in json.dumps(lines)


async def test_what_goes_well_is_silent_about_answers(anne, editor, survey, written) -> None:
    """Stored, refused, replayed, changed and in bulk: no answer is logged at any level."""
    body = answer()
    for content in (body, body, body | {"answers": {"q1": CANARY}}, answer()):
        await anne.post(f"{survey}/responses", json=content)
    amended = {"answers": {"q1": "non", "avis": CANARY + "2"}}
    await anne.put(f"{survey}/responses/{body['id']}", json=amended, headers={"If-Match": "1"})
    await editor.post(f"{survey}/responses/bulk", content=json.dumps(answer()) + "\n{" + CANARY)
    await editor.get(f"{survey}/results", params={"where": f"avis:{CANARY}"})
    assert CANARY not in json.dumps(written())
