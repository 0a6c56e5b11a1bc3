"""Drafts: typed, saved, resumed by whoever of those asked, merged, and gone once sent."""

import asyncio
import datetime as dt
import itertools
import json
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from base.clock import now as clock
from base.problems import Problem
from directory.actors import Actor, actor_by_email
from directory.tokens import actor_of_token
from surveys.drafts import answer_in_hand, open_assignment
from surveys.merging import MAX_DRAFT
from surveys.problems import DRAFT_CHANGED
from surveys.sending import send
from surveys.submission import Sent, Stored

pytestmark = pytest.mark.anyio

ANNE, BRAN, EMMA = "anne@ddtm-29.example", "bran@ddtm-29.example", "emma@ddt-75.example"
FINISTERE = {"territories": ["D-29"]}
NUMBERS = itertools.count()
DEEP = b'{"version": 0, "set": {"/avis": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}"


@pytest.fixture
async def bran(people):
    return await people(BRAN)


@pytest.fixture
async def survey(published) -> str:
    return await published()


async def draft_of(client, survey: str, **params: Any) -> dict[str, Any]:
    answer = await client.get(f"{survey}/draft", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def patch(client, survey: str, draft: dict[str, Any] | str, version: int, *unset: str, **values: Any):
    """The answer to a save of these values; a draft says its id."""
    number = draft if isinstance(draft, str) else draft["id"]
    body = {"version": version, "set": {f"/{name}": value for name, value in values.items()}, "unset": list(unset)}
    return await client.patch(f"{survey}/drafts/{number}", json=body)


async def saved(client, survey: str, **values: Any) -> dict[str, Any]:
    """The draft once these values are saved in it."""
    draft = await draft_of(client, survey)
    answer = await patch(client, survey, draft, draft["version"], **values)
    assert answer.status_code == 200, answer.text
    return await draft_of(client, survey)


async def ledger(sql, survey: str, email: str) -> tuple[str, list[str]]:
    """The state of somebody's expected answer, and its events, oldest first."""
    row = await sql.fetchrow(
        """
        SELECT a.state, array_remove(array_agg(e.state ORDER BY e.at, e.id), NULL) AS events
        FROM assignment a LEFT JOIN agent p ON p.id = a.agent JOIN unit u ON u.id = a.unit
        LEFT JOIN assignment_event e ON (e.part, e.assignment) = (a.part, a.id)
        WHERE a.survey = $1 AND coalesce(p.email, u.code) = $2 GROUP BY a.part, a.id
        """,
        uuid.UUID(survey.rpartition("/")[2]),
        email,
    )
    return row["state"], row["events"]


# What is kept


async def test_nothing_is_saved_yet(anne, survey, sql) -> None:
    """The draft has an id before anything is stored, the same each time, and opening it is told once in the ledger."""
    first = await draft_of(anne, survey)
    assert first | {"id": None} == {"id": None, "version": 0, "edition": 1, "answers": {}, "saved_at": None}
    assert await draft_of(anne, survey) == first
    assert await sql.fetchval("SELECT count(*) FROM draft") == 0
    assert await ledger(sql, survey, ANNE) == ("opened", ["opened"])


async def test_what_is_saved_is_there_again(anne, people, survey, sql) -> None:
    """Another client of the same agent goes on where the first stopped; the ledger says draft, once."""
    draft = await draft_of(anne, survey)
    answer = await patch(anne, survey, draft, 0, q1="oui", n=3)
    assert answer.status_code == 200
    assert answer.json()["version"] == 1
    assert (await patch(anne, survey, draft, 1, avis="à suivre")).json()["version"] == 2
    elsewhere = await draft_of(await people(ANNE), survey)
    assert elsewhere["id"] == draft["id"]
    assert (elsewhere["version"], elsewhere["edition"]) == (2, 1)
    assert elsewhere["answers"] == {"q1": "oui", "n": 3, "avis": "à suivre"}
    assert dt.datetime.fromisoformat(elsewhere["saved_at"]) >= dt.datetime.fromisoformat(answer.json()["saved_at"])
    assert await ledger(sql, survey, ANNE) == ("draft", ["opened", "draft"])
    row = await sql.fetchrow("SELECT d.region, d.department, p.email FROM draft d JOIN agent p ON p.id = d.saved_by")
    assert tuple(row) == ("R-53", "D-29", ANNE)


async def test_saving_without_opening(anne, survey, sql) -> None:
    """A save by a program that never read the draft moves the ledger from expected."""
    draft = await draft_of(anne, survey)
    await sql.execute("DELETE FROM assignment_event")
    await sql.execute("UPDATE assignment SET state = 'expected'")
    assert (await patch(anne, survey, draft, 0, q1="oui")).status_code == 200
    assert await ledger(sql, survey, ANNE) == ("draft", ["draft"])


async def test_what_was_sent_back_stays_to_correct(anne, survey, sql) -> None:
    """Saving does not hide that an answer was sent back."""
    draft = await draft_of(anne, survey)
    await sql.execute("UPDATE assignment SET state = 'returned'")
    assert (await patch(anne, survey, draft, 0, q1="oui")).status_code == 200
    assert await ledger(sql, survey, ANNE) == ("returned", ["opened"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", "douze"),
        ("n", -5),
        ("n", 1e20),
        ("q1", "peut-être"),
        ("q1", True),
        ("themes", ["eau", "nulle part"]),
        ("themes", []),
        ("avis", "x" * 10_000),
        ("avis", ""),
        ("jour", "demain"),
    ],
)
async def test_what_does_not_fit_is_kept_as_typed(anne, survey, name, value) -> None:
    """A draft is not judged: correcting is easier than typing again."""
    assert (await saved(anne, survey, **{name: value}))["answers"] == {name: value}


async def test_taken_back(anne, survey) -> None:
    """A value that is unset, or set to null, is gone; the rest stays."""
    draft = await saved(anne, survey, q1="oui", n=3, avis="non")
    assert (await patch(anne, survey, draft, 1, "/n", avis=None)).json()["version"] == 2
    assert (await draft_of(anne, survey))["answers"] == {"q1": "oui"}


async def test_nothing_new_is_no_new_version(anne, survey, sql) -> None:
    """An empty save, and one of what is there already, write nothing."""
    draft = await draft_of(anne, survey)
    assert (await patch(anne, survey, draft, 0, "/n", avis=None)).json() == {"version": 0, "saved_at": None}
    assert await ledger(sql, survey, ANNE) == ("opened", ["opened"])
    first = (await patch(anne, survey, draft, 0, q1="oui")).json()
    assert (await patch(anne, survey, draft, 1, "/n", q1="oui")).json() == first
    assert (await patch(anne, survey, draft, 0, q1="oui")).json() == first


# What is refused


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({"set": {"/inconnue": 1}}, "/set/~1inconnue", "unknown"),
        ({"set": {"q1": "oui"}}, "/set/q1", "unknown"),
        ({"set": {"//q1": "oui"}}, "/set/~1~1q1", "unknown"),
        ({"set": {"/total": 3}}, "/set/~1total", "unknown"),
        ({"set": {"/lu": "x"}}, "/set/~1lu", "unknown"),
        ({"set": {"/note": "x"}}, "/set/~1note", "unknown"),
        ({"unset": ["/inconnue"]}, "/unset/0", "unknown"),
        ({"set": {"/q1": "oui"}, "unset": ["/n", "/q1"]}, "/unset/1", "unknown"),
        ({"set": {"/avis": "x" * 10_001}}, "/set/~1avis", "length"),
        ({"set": {"/avis": "a\0b"}}, "/set/~1avis", "type"),
        ({"set": {"/q1": {"a": 1}}}, "/set/~1q1", "type"),
        ({"set": {"/q1": ["oui"]}}, "/set/~1q1", "type"),
        ({"set": {"/themes": ["eau", "bruit", "air", "eau"]}}, "/set/~1themes", "type"),
        ({"set": {"/themes": ["eau", 1]}}, "/set/~1themes", "type"),
        ({"set": {"/themes": ["a\0b"]}}, "/set/~1themes", "type"),
        ({"version": -1}, "/version", "range"),
        ({"autre": 1}, "/autre", "unknown"),
    ],
)
async def test_what_cannot_be_kept(anne, published, questionnaire, sql, body, path, code) -> None:
    """The fault is named by its place, and what else the save brings is not stored either."""
    questionnaire["questions"] += [
        {"kind": "calculate", "name": "total", "calculation": "${n} * 2"},
        {"kind": "text", "name": "lu", "label": {"fr": "Lu"}, "read_only": True},
        {"kind": "note", "name": "note", "label": {"fr": "À lire"}},
    ]
    survey = await published()
    draft = await saved(anne, survey, jour="2026-11-25")
    body = {"version": 1, "set": {"/jour": "2026-11-26"} | body.pop("set", {})} | body
    answer = await anne.patch(f"{survey}/drafts/{draft['id']}", json=body)
    assert answer.status_code == 422
    assert [(fault["path"], fault["code"]) for fault in answer.json()["invalid_params"]] == [(path, code)]
    assert (await draft_of(anne, survey)) == draft


async def test_a_draft_has_an_end(anne, published, questionnaire, sql) -> None:
    """So many long texts that the draft would be too large are refused; it keeps what it had."""
    questionnaire["questions"] += [
        {"kind": "text", "name": f"t{number}", "label": {"fr": "Texte"}} for number in range(110)
    ]
    survey = await published()
    draft = await draft_of(anne, survey)
    texts = {f"t{number}": "x" * 10_000 for number in range(110)}
    half = dict(itertools.islice(texts.items(), 55))
    assert (await patch(anne, survey, draft, 0, **half)).status_code == 200
    answer = await patch(anne, survey, draft, 1, **texts)
    assert answer.status_code == 422
    assert str(MAX_DRAFT) in answer.json()["invalid_params"][0]["reason"]
    assert (await draft_of(anne, survey))["answers"] == half


@pytest.mark.parametrize(
    "content", [b'{"version": 0, "set": {"/avis": "\\ud800"}}', b"{", b'{"version": "x"}', b"[]", DEEP], ids=range(5)
)
async def test_unreadable(anne, survey, content) -> None:
    """Half a pair of surrogates, what is no change and what is nested without end are the sender's fault."""
    draft = await draft_of(anne, survey)
    headers = {"Content-Type": "application/json"}
    answer = await anne.patch(f"{survey}/drafts/{draft['id']}", content=content, headers=headers)
    assert answer.status_code in (400, 422)


# Who may


async def test_a_draft_is_of_those_asked(people, editor, anne, survey) -> None:
    """Others cannot even tell whether it exists, those who follow the survey included."""
    draft = await saved(anne, survey, q1="oui")
    cases = {
        "bran@ddtm-29.example": 404,  # asked for an answer of his own: this draft is not his
        "denis@ddtm-35.example": 404,
        "editor@dgaln.example": 403,
    }
    for email, status in cases.items():
        client = await people(email)
        if email == "editor@dgaln.example":
            client = editor
        assert (await patch(client, survey, draft, 1, q1="non")).status_code == status, email
    denied = {email: (await (await people(email)).get(f"{survey}/draft")).status_code for email in (EMMA, BRAN)}
    assert denied == {EMMA: 404, BRAN: 200}
    assert (await editor.get(f"{survey}/draft")).json()["code"] == "surveys/not-asked"
    assert (await patch(anne, survey, str(uuid.uuid4()), 1, q1="non")).status_code == 404
    assert (await draft_of(anne, survey))["answers"] == {"q1": "oui"}


async def test_one_draft_for_a_unit(anne, bran, people, published, sql) -> None:
    """Everybody of the unit has the same draft, and nobody else."""
    survey = await published(FINISTERE, answering="unit")
    first = await saved(anne, survey, q1="oui")
    assert await draft_of(bran, survey) == first
    assert (await patch(bran, survey, first, 1, n=4)).status_code == 200
    assert (await draft_of(anne, survey))["answers"] == {"q1": "oui", "n": 4}
    assert (await (await people("cecile@ddtm-35.example")).get(f"{survey}/draft")).status_code == 404
    assert await ledger(sql, survey, "DDTM-29") == ("draft", ["opened", "draft"])
    assert await sql.fetchval("SELECT p.email FROM draft d JOIN agent p ON p.id = d.saved_by") == BRAN, (
        "the draft names who saved last"
    )


async def test_own_answer_and_that_of_the_unit(anne, survey, sql, assignment_of) -> None:
    """Somebody who is asked for both names the one they mean; without, it is their own."""
    of_unit = uuid.uuid4()
    await sql.execute(
        """
        INSERT INTO assignment
        SELECT part, $2, survey, NULL, unit, unit_kind, territory, region, department, communities, stratum,
               base_weight, origin, entered_at, disposition, disposition_reason, disposition_at, state, state_at, due_at
        FROM assignment WHERE id = $1
        """,
        uuid.UUID(await assignment_of(survey, ANNE)),
        of_unit,
    )
    mine = await draft_of(anne, survey)
    ours = await draft_of(anne, survey, assignment=str(of_unit))
    assert mine == await draft_of(anne, survey, assignment=await assignment_of(survey, ANNE))
    assert mine["id"] != ours["id"]
    for draft, answer in ((mine, "oui"), (ours, "non")):
        assert (await patch(anne, survey, draft, 0, q1=answer)).status_code == 200
    assert (await draft_of(anne, survey))["answers"] == {"q1": "oui"}
    assert (await draft_of(anne, survey, assignment=str(of_unit)))["answers"] == {"q1": "non"}
    foreign = await assignment_of(survey, BRAN)
    for other in (foreign, str(uuid.uuid4())):
        answer = await anne.get(f"{survey}/draft", params={"assignment": other})
        assert answer.json()["code"] == "surveys/not-asked"


async def test_drafts_of_anonymous_surveys_stay_on_the_device(anne, survey, sql) -> None:
    """Nothing of them is stored or read here, and opening one leaves no trace."""
    draft = await draft_of(anne, survey)
    await sql.execute("UPDATE survey SET anonymity = 'anonymous'")
    await sql.execute("UPDATE assignment SET state = 'expected'")
    assert (await anne.get(f"{survey}/draft")).json()["code"] == "surveys/draft-on-device"
    assert (await patch(anne, survey, draft, 0, q1="oui")).json()["code"] == "surveys/draft-on-device"
    assert await sql.fetchval("SELECT count(*) FROM draft") == 0
    assert (await ledger(sql, survey, ANNE))[0] == "expected"


# Several at once


async def test_different_questions_are_merged(anne, survey) -> None:
    """Two pages on the same version that change different questions both succeed."""
    draft = await saved(anne, survey, q1="oui", n=1)
    assert (await patch(anne, survey, draft, 1, n=2)).json()["version"] == 2
    assert (await patch(anne, survey, draft, 1, avis="oui")).json()["version"] == 3
    assert (await draft_of(anne, survey))["answers"] == {"q1": "oui", "n": 2, "avis": "oui"}


async def test_the_same_question_is_a_conflict(anne, survey) -> None:
    """Both values are told, nothing of the save is stored, and with the version told one of them is chosen."""
    draft = await saved(anne, survey, q1="oui", n=1)
    assert (await patch(anne, survey, draft, 1, "/n", q1="non")).status_code == 200
    answer = await patch(anne, survey, draft, 1, q1="oui", n=7, avis="nouveau")
    assert answer.status_code == 409
    told = answer.json()
    assert (told["code"], told["version"]) == ("surveys/draft-conflict", 2)
    # q1 holds what this page saw last, but "non" was chosen since: silence would undo that.
    assert told["conflicts"] == [
        {"path": "/q1", "yours": "oui", "theirs": "non"},
        {"path": "/n", "yours": 7, "theirs": None},
    ]
    assert (await draft_of(anne, survey))["answers"] == {"q1": "non"}
    assert (await patch(anne, survey, draft, 2, n=7, avis="nouveau")).json()["version"] == 3
    assert (await draft_of(anne, survey))["answers"] == {"q1": "non", "n": 7, "avis": "nouveau"}


async def test_a_version_that_never_was(anne, survey) -> None:
    """A page that knows more than the draft (a backup was restored) overwrites nothing that it has not seen."""
    draft = await saved(anne, survey, q1="oui")
    assert (await patch(anne, survey, draft, 40, q1="non")).json()["code"] == "surveys/draft-conflict"
    assert (await patch(anne, survey, draft, 40, n=3)).json()["version"] == 2


async def test_first_saves_at_once(anne, bran, published, sql) -> None:
    """Two pages that nobody has saved in yet come to one draft that holds what both brought."""
    for answers in ({"n": 1}, {"q1": "oui", "avis": "b"}):
        survey = await published(FINISTERE, answering="unit")
        draft, same = await asyncio.gather(draft_of(anne, survey), draft_of(bran, survey))
        assert draft == same
        results = await asyncio.gather(
            patch(anne, survey, draft, 0, q1="oui"), patch(bran, survey, draft, 0, **answers)
        )
        assert {result.status_code for result in results} == {200}
        assert (await draft_of(anne, survey))["answers"] == {"q1": "oui"} | answers
        state, events = await ledger(sql, survey, "DDTM-29")
        assert (state, sorted(events)) == ("draft", ["draft", "opened"])
    assert await sql.fetchval("SELECT count(*) FROM draft") == 2


async def test_many_at_once(anne, bran, published, sql) -> None:
    """Of many different values of one question at once, the first is stored and the others are conflicts with it."""
    survey = await published(FINISTERE, answering="unit")
    draft = await draft_of(anne, survey)
    results = await asyncio.gather(
        *(patch((anne, bran)[number % 2], survey, draft, 0, n=number) for number in range(8))
    )
    winners = [number for number, result in enumerate(results) if result.status_code == 200]
    assert len(winners) == 1
    for result in results:
        if result.status_code != 200:
            assert [conflict["theirs"] for conflict in result.json()["conflicts"]] == winners
    assert (await draft_of(anne, survey))["answers"] == {"n": winners[0]}


async def test_opened_once(people, survey, sql) -> None:
    """Pages opened at once leave one event."""
    clients = [await people(ANNE) for _ in range(6)]
    await asyncio.gather(*(draft_of(client, survey) for client in clients))
    assert await ledger(sql, survey, ANNE) == ("opened", ["opened"])


async def test_opening_what_was_sent_meanwhile(anne, editor, survey, sent, sql) -> None:
    """A page that was slow to open does not take back in the ledger what was sent since."""
    now = dt.datetime.now(dt.UTC)
    actor = await actor_of_token(anne.headers["Authorization"].removeprefix("Bearer "), now)
    in_hand = await answer_in_hand(actor, survey.rpartition("/")[2], now=now)
    assert in_hand.assignment.state == "expected"
    assert (await anne.post(f"{survey}/responses", json=sent())).status_code == 201
    await open_assignment(actor, in_hand, now=now)
    assert await ledger(sql, survey, ANNE) == ("sent", ["sent"])


# The end of a draft


@pytest.mark.parametrize("own_id", [True, False])
async def test_sending_ends_the_draft(anne, survey, sent, sql, own_id) -> None:
    """It is gone with the response, by whatever id that came; a late save is told that it is answered."""
    draft = await saved(anne, survey, q1="non", avis="fini")
    body = sent(id=draft["id"] if own_id else None, **draft["answers"])
    assert (await anne.post(f"{survey}/responses", json=body)).status_code == 201
    assert await sql.fetchval("SELECT count(*) FROM draft") == 0
    assert await ledger(sql, survey, ANNE) == ("sent", ["opened", "draft", "sent"])
    for answer in (await anne.get(f"{survey}/draft"), await patch(anne, survey, draft, 1, avis="trop tard")):
        assert answer.status_code == 409
        assert (answer.json()["code"], answer.json()["id"]) == ("surveys/already-answered", body["id"])
    assert (await anne.post(f"{survey}/responses", json=body)).status_code == 200


async def test_sent_in_other_ways(editor, anne, people, survey, sent, sql, assignment_of) -> None:
    """Answers that somebody else brings, alone or in bulk, end the drafts of those whose they are, and no others."""
    cecile = await people("cecile@ddtm-35.example")
    bran = await people(BRAN)
    for client in (anne, bran, cecile):
        await saved(client, survey, q1="oui")
    one = sent(assignment=await assignment_of(survey, ANNE))
    assert (await editor.post(f"{survey}/responses", json=one)).status_code == 201
    lines = [sent(assignment=await assignment_of(survey, BRAN)), sent(territory="D-35")]
    bulk = await editor.post(f"{survey}/responses/bulk", content="\n".join(map(json.dumps, lines)))
    assert bulk.json()["accepted"] == 2
    left = await sql.fetch(
        "SELECT p.email FROM draft d JOIN assignment a ON a.id = d.assignment JOIN agent p ON p.id = a.agent"
    )
    assert [row["email"] for row in left] == ["cecile@ddtm-35.example"]


async def test_a_refused_send_keeps_it(anne, survey, sent) -> None:
    """What did not fit is still there to correct."""
    draft = await saved(anne, survey, q1="oui", n=-3)
    answer = await anne.post(f"{survey}/responses", json=sent(id=draft["id"], **draft["answers"]))
    assert answer.status_code == 422
    assert await draft_of(anne, survey) == draft


async def test_amending_and_erasing(anne, editor, survey, sent, sql) -> None:
    """An amended answer has no draft; an erased one is expected again, with a draft under a new id."""
    draft = await saved(anne, survey, q1="non")
    body = sent(id=draft["id"], **draft["answers"])
    assert (await anne.post(f"{survey}/responses", json=body)).status_code == 201
    change = {"answers": {"q1": "oui", "n": 1}}
    address = f"{survey}/responses/{draft['id']}"
    assert (await anne.put(address, json=change, headers={"If-Match": "1"})).status_code == 200
    assert (await anne.get(f"{survey}/draft")).status_code == 409
    assert (await editor.delete(address)).status_code == 204
    anew = await draft_of(anne, survey)
    assert (anew["version"], anew["answers"]) == (0, {})
    assert anew["id"] != draft["id"]
    assert (await patch(anne, survey, draft, 1, q1="oui")).status_code == 404
    assert (await patch(anne, survey, anew, 0, q1="oui")).status_code == 200
    assert (await anne.post(f"{survey}/responses", json=sent(id=anew["id"], q1="non"))).status_code == 201
    assert (await ledger(sql, survey, ANNE))[1][-4:] == ["expected", "opened", "draft", "sent"]


async def test_saving_while_it_is_sent(anne, people, published, sent, sql) -> None:
    """Whichever is first, no draft is left beside a response."""
    other = await people(ANNE)
    for _ in range(8):
        survey = await published()
        draft = await draft_of(anne, survey)
        results = await asyncio.gather(
            patch(other, survey, draft, 0, avis="en même temps"),
            anne.post(f"{survey}/responses", json=sent(id=draft["id"], q1="non")),
            patch(other, survey, draft, 0, q1="oui"),
        )
        assert results[1].status_code == 201
        assert {result.status_code for result in results} <= {200, 201, 409}
        assert (await ledger(sql, survey, ANNE))[0] == "sent"
        assert (await ledger(sql, survey, ANNE))[1][-1] == "sent"
    assert await sql.fetchval("SELECT count(*) FROM draft") == 0


async def test_what_is_saved_while_a_page_sends_is_not_lost(anne, bran, people, published, sql) -> None:
    """Whoever sends a draft says which version: saved again meanwhile, it is not sent. Others' sending goes on."""
    survey = await published()
    other = await people(ANNE)
    drafts = [await saved(client, survey, q1="non") for client in (anne, bran)]
    assert (await patch(other, survey, drafts[0], 1, avis="à temps")).status_code == 200
    reference = survey.rpartition("/")[2]
    outcomes = await asyncio.gather(
        send(await actor(ANNE), reference, sent_by(drafts[0]), now=clock(), draft=1),
        send(await actor(BRAN), reference, sent_by(drafts[1]), now=clock(), draft=1),
        return_exceptions=True,
    )
    assert isinstance(outcomes[0], Problem)
    assert outcomes[0].kind is DRAFT_CHANGED
    assert isinstance(outcomes[1], Stored)
    assert [(await ledger(sql, survey, email))[0] for email in (ANNE, BRAN)] == ["draft", "sent"]
    assert (await draft_of(anne, survey))["answers"] == {"q1": "non", "avis": "à temps"}
    await send(await actor(ANNE), reference, sent_by(drafts[0]), now=clock(), draft=2)
    assert await sql.fetchval("SELECT count(*) FROM draft") == 0


async def actor(email: str) -> Actor:
    found = await actor_by_email(email)
    assert found is not None
    return found


def sent_by(draft: dict[str, Any]) -> Sent:
    return Sent(id=uuid.UUID(draft["id"]), answers=draft["answers"], edition=draft["edition"])


# Time and editions


async def test_closed(anne, editor, survey) -> None:
    """What was saved can still be read, nothing is stored any more, and reopening goes on where it stopped."""
    draft = await saved(anne, survey, q1="oui")
    assert (await editor.post(f"{survey}/close")).status_code == 200
    assert (await patch(anne, survey, draft, 1, q1="non")).json()["code"] == "surveys/not-open"
    assert await draft_of(anne, survey) == draft
    assert (await editor.post(f"{survey}/reopen", json={})).status_code == 200
    assert (await patch(anne, survey, draft, 1, q1="non")).json()["version"] == 2


async def test_not_yet_or_no_more_expected(anne, published, sql) -> None:
    """Before a survey opens, and once an answer was waived, nothing is saved and nothing is called opened."""
    later = await published(publication={"opens_at": "2099-01-01"})
    draft = await draft_of(anne, later)
    assert (await patch(anne, later, draft, 0, q1="oui")).json()["code"] == "surveys/not-open"
    assert await ledger(sql, later, ANNE) == ("expected", [])
    waived = await published()
    draft = await draft_of(anne, waived)
    await sql.execute("UPDATE assignment SET state = 'exempt'")
    assert (await patch(anne, waived, draft, 0, q1="oui")).json()["code"] == "surveys/exempted"
    assert await sql.fetchval("SELECT count(*) FROM draft") == 0


async def test_the_next_edition(anne, bran, editor, survey, questionnaire, sent, sql) -> None:
    """For a week a draft keeps the edition it was begun under; then it is that of the new one, in which what is no
    longer asked waits unseen. Drafts begun since have the new one at once.
    """
    await saved(anne, survey, q1="oui", n=2, avis="long")
    asked = [one for one in questionnaire["questions"] if one["name"] != "avis"]
    anew = questionnaire | {"questions": [*asked, {"kind": "text", "name": "suite", "label": {"fr": "Et ?"}}]}
    assert (await editor.put(f"{survey}/questionnaire", json=anew)).status_code == 200
    assert (await editor.post(f"{survey}/publish", json={})).json()["edition"] == 2

    assert (await draft_of(bran, survey))["edition"] == 2
    draft = await draft_of(anne, survey)
    assert (draft["edition"], draft["answers"]) == (1, {"q1": "oui", "n": 2, "avis": "long"})
    assert (await patch(anne, survey, draft, 1, avis="plus long")).status_code == 200
    assert (await patch(anne, survey, draft, 2, suite="?")).status_code == 422

    await sql.execute("UPDATE edition SET published_at = published_at - interval '8 days'")
    draft = await draft_of(anne, survey)
    assert (draft["edition"], draft["answers"]) == (2, {"q1": "oui", "n": 2})
    assert (await patch(anne, survey, draft, 2, avis="encore")).status_code == 422
    assert (await patch(anne, survey, draft, 2, suite="oui")).json()["version"] == 3
    draft = await draft_of(anne, survey)
    assert (draft["edition"], draft["answers"]) == (2, {"q1": "oui", "n": 2, "suite": "oui"})
    body = sent(id=draft["id"], answers=draft["answers"], edition=draft["edition"])
    assert (await anne.post(f"{survey}/responses", json=body)).status_code == 201


# The law


NAMES = ("q1", "n", "avis")
VALUES = st.sampled_from(["oui", "non", 1, True, "", None])
SAVES = st.tuples(st.just("save"), st.integers(0, 2), st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3))
RESUMES = st.tuples(st.just("resume"), st.integers(0, 2))
AGAIN = st.tuples(st.just("again"), st.integers(0, 2))


class Tab:
    """A page as it is open somewhere: the version it saw, and the last save that it sent."""

    def __init__(self) -> None:
        self.version = 0
        self.last: tuple[int, dict[str, Any]] = (0, {})


@given(steps=st.lists(st.one_of(SAVES, SAVES, RESUMES, AGAIN), min_size=1, max_size=14))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_last_acknowledged_value_is_kept(published, people, steps) -> None:
    """Any sequence of saves, resumptions and repeated saves in three pages, by two people of a unit, leaves each
    question with the last value that was acknowledged for it; a save is refused exactly where it would put another
    value in place of one that its page has not seen.
    """
    survey = await published(FINISTERE, answering="unit", slug=f"loi-{next(NUMBERS)}")
    clients = [await client_of(people, email) for email in (ANNE, BRAN, ANNE)]
    identity = (await draft_of(clients[0], survey))["id"]
    tabs = [Tab(), Tab(), Tab()]
    version, values, changed = 0, dict.fromkeys(NAMES), dict.fromkeys(NAMES, 0)
    for step, number, *rest in steps:
        tab, client = tabs[number], clients[number]
        if step == "resume":
            draft = await draft_of(client, survey)
            assert (draft["version"], draft["answers"]) == (version, present(values))
            tab.version = version
            continue
        if step == "save":
            tab.last = (tab.version, rest[0])
        seen, wanted = tab.last
        differing = {name: value for name, value in wanted.items() if typed(value) != typed(values[name])}
        unseen = {name for name in differing if changed[name] > seen}
        answer = await patch(client, survey, identity, seen, **wanted)
        if unseen:
            assert answer.status_code == 409
            told = {one["path"]: (typed(one["yours"]), typed(one["theirs"])) for one in answer.json()["conflicts"]}
            assert told == {f"/{name}": (typed(wanted[name]), typed(values[name])) for name in unseen}
            assert answer.json()["version"] == version
        else:
            assert answer.status_code == 200
            if differing:
                version += 1
                values |= differing
                changed |= dict.fromkeys(differing, version)
            assert answer.json()["version"] == version
            tab.version = version
    draft = await draft_of(clients[1], survey)
    assert (draft["version"], draft["answers"]) == (version, present(values))


def typed(value: Any) -> tuple[type, Any]:
    return type(value), value


def present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


async def client_of(people, email: str):
    """One client for each agent over all examples of a test."""
    kept = people.__dict__.setdefault("kept", {})
    if email not in kept:
        kept[email] = await people(email)
    return kept[email]
