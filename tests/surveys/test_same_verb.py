"""Bulk, API and made-up answers pass through the same verb: what they leave behind differs in nothing but the way."""

import datetime as dt
import json
import uuid

import pytest

from base.database import reading
from surveys import queries
from surveys.generating import answer_for_all
from surveys.submission import Stored

pytestmark = pytest.mark.anyio

RESPONSES = """
    SELECT coalesce(p.email, '') AS who, r.edition, u.code AS unit, r.unit_kind, r.territory, r.region, r.department,
           r.communities, r.stratum, r.base_weight, r.day, r.revision, r.answers, r.erased_at,
           r.revised_at = r.submitted_at AS untouched, length(r.content_hash) AS hashed,
           r.part - s.number * 1024 AS spread
    FROM response r JOIN survey s ON s.id = r.survey JOIN unit u ON u.id = r.unit
    JOIN assignment a ON (a.part, a.id) = (r.part, r.assignment) LEFT JOIN agent p ON p.id = a.agent
    WHERE r.survey = $1 ORDER BY 1, u.code
"""

LEDGER = """
    SELECT coalesce(p.email, '') AS who, u.code AS unit, a.state, a.disposition, a.origin, a.communities,
           (SELECT array_agg(ARRAY[e.state, e.reason] ORDER BY e.id) FROM assignment_event e
            WHERE (e.part, e.assignment) = (a.part, a.id)) AS events,
           a.state_at = r.submitted_at AS dated
    FROM assignment a JOIN unit u ON u.id = a.unit LEFT JOIN agent p ON p.id = a.agent
    LEFT JOIN response r ON (r.part, r.assignment) = (a.part, a.id)
    WHERE a.survey = $1 ORDER BY 1, u.code
"""

QUEUE = """
    SELECT c.content, c.row_key = r.row_key AS keyed, r.channel, r.id, r.record_key
    FROM change c JOIN response r ON r.part = c.part AND r.id = (c.content ->> 'response')::uuid
    WHERE r.survey = $1
"""


async def test_three_ways_in(editor, people, published, sql) -> None:
    """The same answers of the same people, made up, one by one and in bulk: the same ledger, queue and rows."""
    surveys = {way: await published({"territories": ["R-53"]}, slug=way) for way in ("generated", "api", "bulk")}
    ids = {way: uuid.UUID(address.rpartition("/")[2]) for way, address in surveys.items()}
    async with reading() as connection:
        found = (await queries.surveys_by_id(connection, [ids["generated"]]))[ids["generated"]]
    outcomes = await answer_for_all(found, seed=7, share=0.5, now=dt.datetime.now(dt.UTC))
    assert 1 < len(outcomes) < 5
    assert all(isinstance(outcome, Stored) for outcome in outcomes)

    answers = {row["who"]: json.loads(row["answers"]) for row in await sql.fetch(RESPONSES, ids["generated"])}
    given = {who: {name: value for name, value in one.items() if value is not None} for who, one in answers.items()}
    for who, one in given.items():
        client = await people(who)
        sent = await client.post(f"{surveys['api']}/responses", json={"id": str(uuid.uuid4()), "answers": one})
        assert sent.status_code == 201, sent.text
    expected = {
        row["email"]: str(row["id"])
        for row in await sql.fetch(
            "SELECT p.email, a.id FROM assignment a JOIN agent p ON p.id = a.agent WHERE a.survey = $1", ids["bulk"]
        )
    }
    lines = [
        json.dumps({"id": str(uuid.uuid4()), "answers": one, "assignment": expected[who]}) for who, one in given.items()
    ]
    report = await editor.post(f"{surveys['bulk']}/responses/bulk", content="\n".join(lines))
    assert report.json()["accepted"] == len(given)

    for query in (RESPONSES, LEDGER):
        one, *others = [[dict(row) for row in await sql.fetch(query, survey)] for survey in ids.values()]
        assert one
        assert all(other == one for other in others)

    queued = {way: await sql.fetch(QUEUE, survey) for way, survey in ids.items()}
    assert await sql.fetchval("SELECT count(*) FROM change") == 3 * len(given)
    contents = {way: sorted((content(row) for row in rows), key=str) for way, rows in queued.items()}
    assert contents["generated"] == contents["api"] == contents["bulk"]
    assert {way: {row["channel"] for row in rows} for way, rows in queued.items()} == {
        "generated": {"assigned"},
        "api": {"assigned"},
        "bulk": {"import"},
    }


def content(row) -> dict:
    """What is queued, without what names the response and the way it came; those must be the response's own."""
    document = json.loads(row["content"])
    assert row["keyed"]
    assert uuid.UUID(document.pop("response")) == row["id"]
    assert (document.pop("channel"), document.pop("record_key")) == (row["channel"], row["record_key"])
    return document
