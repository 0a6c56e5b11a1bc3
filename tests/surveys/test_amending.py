"""Amending: new answers in place of a revision that was read; every state is kept."""

import asyncio
import datetime as dt
import uuid

import pytest

from base.database import reading
from base.problems import Problem
from directory.actors import actor_by_email
from surveys import queries
from surveys.amending import amend
from surveys.problems import INVALID_RESPONSE
from surveys.submission import Amendment

pytestmark = pytest.mark.anyio


@pytest.fixture
async def answered(anne, published, sent):
    """The address of Anne's answer."""
    survey, body = await published(), sent(q1="oui", n=1)
    assert (await anne.post(f"{survey}/responses", json=body)).status_code == 201
    return f"{survey}/responses/{body['id']}"


def put(client, response, answers, revision):
    return client.put(response, json={"answers": answers}, headers={"If-Match": str(revision)})


async def test_new_answers(anne, editor, answered, sql, stored) -> None:
    """The response holds the new answers, the old ones are kept, the queue gets a tombstone and a row."""
    before = (await anne.get(answered)).json()
    receipt = await put(anne, answered, {"q1": "oui", "n": 2}, 1)
    assert receipt.status_code == 200
    assert (receipt.json()["revision"], receipt.json()["submitted_at"]) == (2, before["submitted_at"])
    read = await anne.get(answered)
    assert read.headers["ETag"] == '"2"'
    assert read.json()["answers"]["n"] == 2
    assert read.json()["revised_at"] > before["revised_at"]
    assert await stored() == {"response": 1, "response_revision": 1, "assignment_event": 2, "change": 3}
    assert sorted(await sql.fetchval("SELECT array_agg(content IS NULL) FROM change")) == [False, False, True]
    assert await sql.fetchval("SELECT reason FROM assignment_event ORDER BY at DESC LIMIT 1") == "amended"


async def test_all_states_are_told(anne, editor, answered) -> None:
    """Oldest first, the present one last; with the edition each was given under."""
    for number in (1, 2):
        await put(anne, answered, {"q1": "oui", "n": number * 10}, number)
    revisions = (await editor.get(f"{answered}/revisions")).json()["items"]
    assert [(one["revision"], one["answers"]["n"], one["edition"]) for one in revisions] == [
        (1, 1, 1),
        (2, 10, 1),
        (3, 20, 1),
    ]
    assert (await anne.get(f"{answered}/revisions")).json()["items"] == revisions


UNREADABLE = [None, "", "*", '"abc"', "-1", "9" * 5_000]


async def test_what_was_sent_first_can_be_sent_again_with_other_answers(anne, answered) -> None:
    """Its id may stay in the body; another response's is a mistake."""
    own = answered.rpartition("/")[2]
    same = await anne.put(answered, json={"id": own, "answers": {"q1": "non"}}, headers={"If-Match": "1"})
    assert same.status_code == 200
    other = {"id": "00000000-0000-4000-8000-000000000000", "answers": {"q1": "oui"}}
    refused = await anne.put(answered, json=other, headers={"If-Match": "2"})
    assert refused.status_code == 422
    assert [fault["path"] for fault in refused.json()["invalid_params"]] == ["/id"]


async def test_a_repeated_change_after_a_stricter_edition(anne, editor, answered, questionnaire) -> None:
    """A repeat is known by what it was judged by then, whatever was published since."""
    assert (await put(anne, answered, {"q1": "oui", "n": 2}, 1)).status_code == 200
    survey = answered.rpartition("/responses")[0]
    questionnaire["questions"].append({"kind": "text", "name": "added", "label": {"fr": "Et ?"}, "required": True})
    assert (await editor.put(f"{survey}/questionnaire", json=questionnaire)).status_code == 200
    assert (await editor.post(f"{survey}/publish")).json()["edition"] == 2
    again = await put(anne, answered, {"q1": "oui", "n": 2}, 1)
    assert (again.status_code, again.json()["revision"], again.json()["edition"]) == (200, 2, 1)


async def test_the_revision_must_be_said(anne, answered, stored) -> None:
    """Without one that can be read nothing is changed."""
    for header in UNREADABLE:
        headers = {} if header is None else {"If-Match": header}
        refused = await anne.put(answered, json={"answers": {"q1": "non"}}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (428, "surveys/revision-required")
        assert (await stored())["response_revision"] == 0


@pytest.mark.parametrize("header", ["1", '"1"', 'W/"1"', " 1 "])
async def test_spellings_of_a_revision(anne, answered, header) -> None:
    """An ETag may be sent back as it came."""
    assert (await anne.put(answered, json={"answers": {"q1": "non"}}, headers={"If-Match": header})).status_code == 200


async def test_a_stale_revision(anne, answered, stored) -> None:
    """Who has not seen the last state changes nothing and is told where it stands."""
    await put(anne, answered, {"q1": "oui", "n": 2}, 1)
    for revision in (1, 3, 999_999_999):
        refused = await put(anne, answered, {"q1": "non"}, revision)
        assert (refused.status_code, refused.json()["code"], refused.json()["revision"]) == (
            412,
            "surveys/revision-conflict",
            2,
        )
    assert (await stored())["response_revision"] == 1


async def test_a_repeated_change(anne, editor, answered, stored) -> None:
    """The same change again, also after closing, gives the same receipt and changes nothing."""
    survey = answered.partition("/responses")[0]
    first = await put(anne, answered, {"q1": "oui", "n": 2}, 1)
    counted = await stored()
    await editor.post(f"{survey}/close")
    again = await put(anne, answered, {"q1": "oui", "n": 2}, 1)
    assert (again.status_code, again.json()) == (200, first.json())
    assert await stored() == counted


UNLIKE = [
    {"q1": "oui", "n": "NOT A NUMBER", "nonsense": 1},
    {"q1": "non", "n": 7},  # judged, it would come to what is stored
    {"q1": "non", "nonsense": 1},
    {"q1": "non", "avis": None},
]


async def test_a_change_that_only_comes_to_the_same(anne, answered, stored) -> None:
    """A request is a repeat if the same was sent, not if what is stored could have come of it."""
    assert (await put(anne, answered, {"q1": "non"}, 1)).status_code == 200
    before = await stored()
    for answers in UNLIKE:
        refused = await put(anne, answered, answers, 1)
        assert (refused.status_code, refused.json()["code"]) == (412, "surveys/revision-conflict"), answers
    other_edition = {"answers": {"q1": "non"}, "edition": 1}
    assert (await anne.put(answered, json=other_edition, headers={"If-Match": "1"})).status_code == 412
    assert await stored() == before
    assert (await put(anne, answered, {"q1": "non"}, 1)).status_code == 200


async def test_the_first_answer_is_no_change(anne, published, sent) -> None:
    """There is no revision before the first: what was sent then is no repeat of a change of it."""
    survey, body = await published(), sent(q1="oui", n=1)
    await anne.post(f"{survey}/responses", json=body)
    refused = await put(anne, f"{survey}/responses/{body['id']}", body["answers"], 0)
    assert (refused.status_code, refused.json()["code"]) == (412, "surveys/revision-conflict")


async def test_a_repeated_change_after_midnight(anne, published, sent, questionnaire) -> None:
    """A repeat is the same request, also where it would be judged otherwise today."""
    questionnaire["questions"][4] |= {"constraint": ". >= today()"}
    survey, now = await published(), dt.datetime.now(dt.UTC)
    body = sent()
    assert (await anne.post(f"{survey}/responses", json=body)).status_code == 201
    async with reading() as connection:
        found = await queries.find_survey(connection, survey.rpartition("/")[2])
    actor = await actor_by_email("anne@ddtm-29.example")
    change = Amendment(answers={"q1": "oui", "jour": (now + dt.timedelta(days=1)).date().isoformat()})
    later = now + dt.timedelta(days=3)
    first = await amend(actor, found, uuid.UUID(body["id"]), change, revision=1, now=now)
    assert await amend(actor, found, uuid.UUID(body["id"]), change, revision=1, now=later) == first
    with pytest.raises(Problem) as refused:
        await amend(actor, found, uuid.UUID(body["id"]), change, revision=2, now=later)
    assert refused.value.kind is INVALID_RESPONSE


async def test_a_test_leaves_the_ledger_alone(anne, editor, answered, sql, stored) -> None:
    """What is answered to try a survey is not counted, whatever becomes of it."""
    await sql.execute("UPDATE response SET channel = 'test'")
    before = await stored()
    assert (await put(anne, answered, {"q1": "non"}, 1)).status_code == 200
    assert (await editor.delete(answered)).status_code == 204
    assert (await stored())["assignment_event"] == before["assignment_event"]


async def test_answers_that_do_not_fit(anne, answered, stored) -> None:
    """A change is judged as a first answer is."""
    refused = await put(anne, answered, {"q1": "oui", "n": -2, "zz": 1}, 1)
    assert refused.json()["code"] == "surveys/invalid-response"
    assert [fault["path"] for fault in refused.json()["invalid_params"]] == ["/answers/n", "/answers/zz"]
    assert (await stored())["response_revision"] == 0


async def test_a_change_under_another_edition(anne, editor, answered, questionnaire, sql) -> None:
    """A change is judged by the current edition, or by the one it names."""
    survey = answered.partition("/responses")[0]
    questionnaire["questions"].append({"kind": "text", "name": "z", "label": {"fr": "Z"}})
    await editor.put(f"{survey}/questionnaire", json=questionnaire)
    await editor.post(f"{survey}/publish", json={})
    old = {"answers": {"q1": "non", "z": "Z"}, "edition": 1}
    refused = await anne.put(answered, json=old, headers={"If-Match": "1"})
    assert [fault["path"] for fault in refused.json()["invalid_params"]] == ["/answers/z"]
    taken = await put(anne, answered, {"q1": "non", "z": "Z"}, 1)
    assert taken.json()["edition"] == 2
    revisions = (await anne.get(f"{answered}/revisions")).json()["items"]
    assert [one["edition"] for one in revisions] == [1, 2]


async def test_who_may_change(people, anne, editor, answered) -> None:
    """The author and the survey's editors; colleagues and strangers find nothing, readers may only read."""
    for email, role, scope, reads in (
        ("bran@ddtm-29.example", None, None, 404),
        ("denis@ddtm-35.example", None, None, 404),
        ("reviewer@dreal-53.example", "reviewer", "territory:R-53", 200),
        ("reviewer@dreal-53.example", "reviewer", "territory:D-75", 404),
        ("analyst@dgaln.example", "analyst", "unit:DGALN", 404),
    ):
        client = await people(email, role, scope)
        assert (await client.get(answered)).status_code == reads, (email, scope)
        assert (await client.get(f"{answered}/revisions")).status_code == reads
        assert (await put(client, answered, {"q1": "non"}, 1)).status_code == 404
    assert (await put(editor, answered, {"q1": "non"}, 1)).status_code == 200
    assert (await put(anne, answered, {"q1": "oui"}, 2)).status_code == 200


async def test_after_closing(anne, editor, answered) -> None:
    """The author changes nothing any more; editors still correct."""
    survey = answered.partition("/responses")[0]
    await editor.post(f"{survey}/close")
    late = await put(anne, answered, {"q1": "non"}, 1)
    assert (late.status_code, late.json()["code"]) == (409, "surveys/not-open")
    assert (await put(editor, answered, {"q1": "non"}, 1)).status_code == 200


async def test_two_changes_at_once(anne, answered, stored) -> None:
    """Of two changes of the same revision one is taken."""
    answers = await asyncio.gather(*(put(anne, answered, {"q1": "oui", "n": number}, 1) for number in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412, 412]
    assert (await stored())["response_revision"] == 1


async def test_an_unknown_response(anne, answered) -> None:
    """Another survey's response, and none at all, are not found."""
    nowhere = answered[:-36] + "00000000-0000-4000-8000-000000000000"
    for address in (nowhere, answered[:-36] + "abc"):
        assert (await anne.get(address)).status_code == 404
        assert (await put(anne, address, {"q1": "non"}, 1)).status_code == 404
