"""Publishing: the working copy becomes an edition that never changes, the audience becomes the ledger, dates decide."""

import asyncio
import datetime as dt
import hashlib
import json
import uuid

import asyncpg
import pytest

from base.database import reading
from base.problems import Problem
from directory.actors import actor_by_email
from directory.importing import import_agents
from surveys import editions, queries
from surveys.answering import submit
from surveys.assigning import spread_for
from surveys.problems import EDITION_CLOSED
from surveys.submission import Refused, Sent, Submission

pytestmark = pytest.mark.anyio

NOW = dt.datetime.now(dt.UTC)


async def test_nobody_is_asked(editor, drafted, sql) -> None:
    """A survey without an audience, or whose audience is empty, is not published; nothing is frozen."""
    survey = await drafted()
    for audience in (None, {"communities": ["eau"], "unit_kinds": ["dreal"]}):
        if audience:
            await editor.put(f"{survey}/audience", json=audience)
        refused = await editor.post(f"{survey}/publish", json={})
        assert (refused.status_code, refused.json()["code"]) == (409, "surveys/no-audience")
    assert await sql.fetchval("SELECT count(*) FROM edition") == 0
    assert (await editor.get(survey)).json()["state"] == "draft"


async def test_a_link_is_an_audience(editor, anne, drafted) -> None:
    """An open survey may ask nobody in particular; only editors see its link, which stays over editions."""
    survey = await drafted()
    opened = await editor.post(f"{survey}/publish", json={"open_link": True})
    link = opened.json()["link"]
    assert len(link) >= 22  # 128 bits
    again = await editor.post(f"{survey}/publish", json={})
    assert again.json()["link"] == link
    assert (await anne.get(survey)).status_code == 404
    shut = await editor.post(f"{survey}/publish", json={"open_link": False})
    assert shut.json()["link"] is None


async def test_anonymous_surveys_wait(editor, drafted, sql) -> None:
    """An anonymous survey may be drafted and is refused by name when it is to be published."""
    survey = await drafted(anonymity="anonymous")
    await editor.put(f"{survey}/audience", json={})
    refused = await editor.post(f"{survey}/publish", json={})
    assert (refused.status_code, refused.json()["code"]) == (422, "surveys/anonymous-not-available")
    assert await sql.fetchval("SELECT count(*) FROM assignment") == 0


async def test_editions_are_counted(editor, published, questionnaire, sql) -> None:
    """A changed questionnaire makes the next edition, an unchanged one does not."""
    survey = await published()
    assert (await editor.post(f"{survey}/publish", json={})).json()["edition"] == 1
    questionnaire["questions"].append({"kind": "text", "name": "z", "label": {"fr": "Z"}})
    await editor.put(f"{survey}/questionnaire", json=questionnaire)
    assert (await editor.get(survey)).json()["edition"] == 1
    assert (await editor.post(f"{survey}/publish", json={})).json()["edition"] == 2
    assert (await editor.post(f"{survey}/publish", json={})).json()["edition"] == 2
    rows = await sql.fetch("SELECT number, questionnaire, hash FROM edition ORDER BY number")
    assert [row["number"] for row in rows] == [1, 2]
    assert all(hashlib.sha256(row["questionnaire"]).digest() == row["hash"] for row in rows)
    assert json.loads(rows[1]["questionnaire"])["questions"][-1]["name"] == "z"


async def test_those_who_come_later(editor, published, sql) -> None:
    """Publishing again asks whoever entered the audience since, once, and marks them as added."""
    survey = await published()
    first = await sql.fetch("SELECT id, agent, origin FROM assignment ORDER BY id")
    assert [row["origin"] for row in first] == ["initial"] * 3
    row = "gael@ddtm-29.example,Gaël,Nouveau,DDTM-29,,,,eau\n"
    header = "email,given_name,family_name,unit,unit_name,unit_kind,territory,communities\n"
    await import_agents((header + row).encode(), lambda *_: None, now=NOW)
    for _ in range(2):
        await editor.post(f"{survey}/publish", json={})
    after = await sql.fetch("SELECT id, agent, origin FROM assignment ORDER BY entered_at, id")
    assert after[:3] == first
    assert [row["origin"] for row in after[3:]] == ["added"]
    assert len({row["agent"] for row in after}) == 4
    participation = (await editor.get(f"{survey}/participation", params={"by": "unit"})).json()
    assert participation["expected"] == 4


async def test_a_smaller_audience_takes_nobody_out(editor, published, sql) -> None:
    """Who was asked stays asked."""
    survey = await published()
    await editor.put(f"{survey}/audience", json={"territories": ["D-75"]})
    await editor.post(f"{survey}/publish", json={})
    assert await sql.fetchval("SELECT count(*) FROM assignment") == 4


async def test_dimensions_are_frozen(editor, anne, published, sent, sql) -> None:
    """An expected answer keeps the dimensions it entered with, and its response copies them, whatever moves later."""
    survey = await published()
    moved = (
        "email,given_name,family_name,unit,unit_name,unit_kind,territory,communities\n"
        "anne@ddtm-29.example,Anne,Le Goff,DRIEAT-75,,,,habitat\n"
    )
    await import_agents(moved.encode(), lambda *_: None, now=NOW)
    await editor.post(f"{survey}/publish", json={})
    response = sent()
    assert (await anne.post(f"{survey}/responses", json=response)).status_code == 201
    for table in ("assignment a JOIN agent p ON p.id = a.agent", "response a JOIN agent p ON p.id = a.actor"):
        row = await sql.fetchrow(
            f"""
            SELECT u.code, a.unit_kind, a.territory, a.region, a.department, a.communities, a.base_weight, a.stratum
            FROM {table} JOIN unit u ON u.id = a.unit WHERE p.email = 'anne@ddtm-29.example'
            """
        )
        assert tuple(row) == ("DDTM-29", "ddtm", "D-29", "R-53", "D-29", ["eau", "habitat"], 1.0, None)


async def test_a_date_ends_where_one_lives(editor, published, sql, people) -> None:
    """A closing date lasts until midnight in each territory, and the deadline of each is what is tested."""
    survey = await published({}, {"closes_at": "2030-01-31"})
    assert (await editor.get(survey)).json()["closes_at"] == "2030-02-01T10:00:00Z"  # Tahiti's midnight
    rows = await sql.fetch("SELECT DISTINCT territory, due_at FROM assignment ORDER BY territory")
    due = {row["territory"]: row["due_at"] for row in rows}
    paris = dt.datetime(2030, 1, 31, 23, tzinfo=dt.UTC)
    guyane = dt.datetime(2030, 2, 1, 3, tzinfo=dt.UTC)
    assert due["D-29"] == due["D-75"] == due["FR"] == paris
    assert due["D-973"] == guyane

    async with reading() as connection:
        found = await queries.find_survey(connection, survey.rpartition("/")[2])
    for email, until in (("anne@ddtm-29.example", paris), ("felix@dgtm-973.example", guyane)):
        for moment, code in ((until, "surveys/not-open"), (until - dt.timedelta(seconds=1), None)):
            outcome = await submit(
                Submission(
                    sent=Sent(id=uuid.uuid4(), answers={"q1": "non"}),
                    survey=found,
                    actor=await actor_by_email(email),
                    right="own",
                    channel="assigned",
                    at=moment,
                )
            )
            assert (outcome.problem.kind.code if isinstance(outcome, Refused) else None) == code, (email, moment)
    days = await sql.fetch("SELECT territory, day FROM response ORDER BY territory")
    assert [tuple(row) for row in days] == [("D-29", dt.date(2030, 1, 31)), ("D-973", dt.date(2030, 1, 31))]


async def test_a_time_is_the_same_everywhere(published, sql) -> None:
    """A closing time with an offset is that instant; without one it is Paris's."""
    for text in ("2030-07-01T12:00:00", "2030-07-01T12:00:00+02:00", "2030-07-01T10:00:00Z"):
        await published({}, {"closes_at": text})
    assert await sql.fetchval("SELECT array_agg(DISTINCT due_at) FROM assignment") == [
        dt.datetime(2030, 7, 1, 10, tzinfo=dt.UTC)
    ]


async def test_new_dates_reach_everybody(editor, published, sql) -> None:
    """A closing date that is given again replaces every deadline; one that is left out stays."""
    survey = await published({}, {"closes_at": "2030-01-31", "opens_at": "2026-01-01"})
    await editor.post(f"{survey}/publish", json={"closes_at": "2031-01-31T00:00:00Z"})
    again = (await editor.post(f"{survey}/publish", json={})).json()
    assert (again["opens_at"], again["closes_at"]) == ("2025-12-31T23:00:00Z", "2031-01-31T00:00:00Z")
    assert await sql.fetchval("SELECT array_agg(DISTINCT due_at) FROM assignment") == [
        dt.datetime(2031, 1, 31, tzinfo=dt.UTC)
    ]
    never = (await editor.post(f"{survey}/publish", json={"closes_at": None})).json()
    assert never["closes_at"] is None
    assert await sql.fetchval("SELECT count(due_at) FROM assignment") == 0


BAD_DATES = [
    ({"opens_at": "demain"}, "/opens_at", "type"),
    ({"opens_at": "2026-02-30"}, "/opens_at", "type"),
    ({"opens_at": "0001-01-01"}, "/opens_at", "type"),
    ({"opens_at": "9999-12-31T23:59:59-10:00"}, "/opens_at", "type"),
    ({"opens_at": 3}, "/opens_at", "type"),
    ({"closes_at": ""}, "/closes_at", "type"),
    ({"closes_at": "2030-13-01"}, "/closes_at", "type"),
    ({"closes_at": "9999-12-31"}, "/closes_at", "type"),
    ({"closes_at": "0001-01-01T00:00:00+14:00"}, "/closes_at", "type"),
    ({"closes_at": "2020-01-01"}, "/closes_at", "range"),
    ({"opens_at": "2019-01-01", "closes_at": "2020-01-01"}, "/closes_at", "range"),
    ({"opens_at": "2030-06-02", "closes_at": "2030-05-31"}, "/closes_at", "range"),
    ({"open_link": "oui"}, "/open_link", "type"),
    ({"ouvert": True}, "/ouvert", "unknown"),
]


async def test_bad_dates(editor, drafted, sql) -> None:
    """A date that is none, that no calendar holds, or that is before the opening is refused; nothing is published."""
    for publication, path, code in BAD_DATES:
        survey = await drafted()
        await editor.put(f"{survey}/audience", json={})
        refused = await editor.post(f"{survey}/publish", json=publication)
        assert refused.status_code == 422, refused.text
        assert [(fault["path"], fault["code"]) for fault in refused.json()["invalid_params"]] == [(path, code)]
        assert await sql.fetchval("SELECT count(*) FROM edition") == 0


async def test_an_open_survey_is_not_opened_later(editor, published) -> None:
    """It would be closed to everybody; the day on which it opened stays, also where none is given again."""
    survey = await published({}, {"opens_at": "2026-01-01"})
    refused = await editor.post(f"{survey}/publish", json={"opens_at": "2031-01-01"})
    assert (refused.status_code, refused.json()["invalid_params"][0]["path"]) == (422, "/opens_at")
    for kept in ({"opens_at": None}, {"opens_at": "2026-01-01"}):
        again = await editor.post(f"{survey}/publish", json=kept)
        assert (again.json()["state"], again.json()["opens_at"]) == ("open", "2025-12-31T23:00:00Z")


async def test_opening_after_closing(editor, published) -> None:
    """A new opening is held against the closing that stays."""
    survey = await published(publication={"opens_at": "2029-01-01", "closes_at": "2030-01-01"})
    refused = await editor.post(f"{survey}/publish", json={"opens_at": "2031-01-01"})
    assert refused.status_code == 422
    assert refused.json()["invalid_params"][0]["path"] == "/opens_at"


async def test_states(editor, published, sql) -> None:
    """The state follows from the dates; a list can be asked for each."""
    scheduled = await published(publication={"opens_at": "2040-01-01"}, slug="scheduled")
    opened = await published(publication={"opens_at": "2020-01-01"}, slug="open")
    closed = await published(publication={"opens_at": "2020-01-01"}, slug="closed")
    await sql.execute("UPDATE survey SET closes_at = '2021-01-01' WHERE slug = 'closed'")
    for survey, state in ((scheduled, "scheduled"), (opened, "open"), (closed, "closed")):
        assert (await editor.get(survey)).json()["state"] == state
        listed = (await editor.get("/api/v1/surveys", params={"state": state})).json()["items"]
        assert [one["slug"] for one in listed] == [state]


async def test_closing_and_reopening(editor, anne, published, sent, sql) -> None:
    """Closed, nobody answers; reopened, those asked do again, until the new date. Doing it twice changes nothing."""
    survey = await published(publication={"closes_at": "2030-01-01"})
    closed = [(await editor.post(f"{survey}/close")).json() for _ in range(2)]
    assert closed[0] == closed[1]
    assert closed[0]["state"] == "closed"
    assert (await anne.post(f"{survey}/responses", json=sent())).json()["code"] == "surveys/not-open"
    assert (await editor.post(f"{survey}/publish", json={})).json()["state"] == "closed"
    bad = await editor.post(f"{survey}/reopen", json={"closes_at": "2020-01-01"})
    assert bad.json()["invalid_params"][0]["path"] == "/closes_at"
    reopened = (await editor.post(f"{survey}/reopen", json={"closes_at": "2031-01-01"})).json()
    assert (reopened["state"], reopened["closes_at"]) == ("open", "2031-01-02T10:00:00Z")
    assert await sql.fetchval("SELECT min(due_at) FROM assignment") == dt.datetime(2031, 1, 1, 23, tzinfo=dt.UTC)
    assert (await anne.post(f"{survey}/responses", json=sent())).status_code == 201
    forever = (await editor.post(f"{survey}/reopen", json={})).json()
    assert forever["closes_at"] is None


async def test_a_draft_is_neither_closed_nor_reopened(editor, drafted) -> None:
    """First it must be published."""
    survey = await drafted()
    for act in ("close", "reopen"):
        refused = await editor.post(f"{survey}/{act}", json={})
        assert (refused.status_code, refused.json()["code"]) == (409, "surveys/not-published")


async def test_an_edition_judges_for_a_week_more(editor, anne, published, questionnaire, sent, sql) -> None:
    """A page opened before a new edition may still be sent for 7 days, and is judged by the edition it shows."""
    survey = await published()
    questionnaire["questions"] = questionnaire["questions"][:1]
    await editor.put(f"{survey}/questionnaire", json=questionnaire)
    await editor.post(f"{survey}/publish", json={})
    await sql.execute("UPDATE edition SET published_at = now() - interval '8 days' WHERE number = 2")
    old = sent(avis="Bien", edition=1)
    late = await anne.post(f"{survey}/responses", json=old)
    assert (late.status_code, late.json()["code"]) == (409, "surveys/edition-closed")
    unknown = await anne.post(f"{survey}/responses", json=old | {"edition": 3})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "surveys/edition-unknown")
    current = await anne.post(f"{survey}/responses", json=old | {"edition": 2})
    assert [fault["path"] for fault in current.json()["invalid_params"]] == ["/answers/avis"]
    await sql.execute("UPDATE edition SET published_at = now() - interval '6 days 23 hours' WHERE number = 2")
    taken = await anne.post(f"{survey}/responses", json=old)
    assert (taken.status_code, taken.json()["edition"]) == (201, 1)


async def test_the_week_ends_to_the_moment(editor, published, questionnaire, sql) -> None:
    """Seven days after the next edition the one before judges nothing; the moment before it still does."""
    survey = await published()
    questionnaire["questions"] = questionnaire["questions"][:1]
    await editor.put(f"{survey}/questionnaire", json=questionnaire)
    await editor.post(f"{survey}/publish", json={})
    end = await sql.fetchval("SELECT published_at FROM edition WHERE number = 2") + editions.GRACE
    async with reading() as connection:
        found = await queries.find_survey(connection, survey.rpartition("/")[2])
        still = await editions.edition_to_judge(connection, found, 1, end - dt.timedelta(microseconds=1))
        assert (still.number, len(still.questionnaire.questions)) == (1, 5)
        with pytest.raises(Problem) as refused:
            await editions.edition_to_judge(connection, found, 1, end)
    assert refused.value.kind is EDITION_CLOSED


@pytest.mark.parametrize(("expected", "parts"), [(0, 1), (99_999, 1), (100_000, 64), (1_000_000, 64)])
def test_a_national_survey_is_spread(expected, parts) -> None:
    """From a hundred thousand expected answers on it lives in many parts."""
    assert spread_for(expected) == parts


async def test_a_damaged_edition_judges_nothing(editor, anne, published, sent, sql) -> None:
    """An edition that does not match its fingerprint is refused by name, wherever it is read."""
    survey = await published()
    await sql.execute("UPDATE edition SET questionnaire = replace(questionnaire::text, '6f7569', '6e6f6e')::bytea")
    editions._kept.clear()
    for answer in (await anne.post(f"{survey}/responses", json=sent()), await editor.get(f"{survey}/results")):
        assert (answer.status_code, answer.json()["code"]) == (500, "surveys/edition-damaged")
    assert await sql.fetchval("SELECT count(*) FROM response") == 0


async def test_the_service_cannot_touch_an_edition(published, database) -> None:
    """The role that the service connects as may neither change nor delete what was published."""
    await published()
    connection = await asyncpg.connect(database.app)
    try:
        for statement in ("UPDATE edition SET number = 2", "DELETE FROM edition", "TRUNCATE edition"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_publishing_twice_at_once(editor, anne, drafted, sql) -> None:
    """Two who publish at the same moment take turns: one edition, nobody asked twice."""
    survey = await drafted()
    await editor.put(f"{survey}/audience", json={})
    both = await asyncio.gather(*(editor.post(f"{survey}/publish", json={}) for _ in range(4)))
    assert [(one.status_code, one.json()["edition"]) for one in both] == [(200, 1)] * 4
    assert await sql.fetchval("SELECT count(*) FROM edition") == 1
    assert await sql.fetchval("SELECT count(*) FROM assignment") == 9


async def test_a_flawed_draft_is_not_published(editor, drafted, sql) -> None:
    """What was stored by an older version is checked again before it is frozen."""
    survey = await drafted()
    await editor.put(f"{survey}/audience", json={})
    await sql.execute(
        "UPDATE survey SET questionnaire = $1", json.dumps({"title": {"fr": "T"}, "languages": ["fr"]}).encode()
    )
    refused = await editor.post(f"{survey}/publish", json={})
    assert refused.json()["code"] == "surveys/questionnaire-flaws"
    assert await sql.fetchval("SELECT count(*) FROM edition") == 0
