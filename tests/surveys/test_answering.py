"""Answering: each answer is stored once, for whom it is expected, while it is expected, and only if it fits."""

import asyncio
import uuid

import pytest

pytestmark = pytest.mark.anyio


async def test_an_answer_is_stored(anne, published, sent, sql, stored) -> None:
    """A receipt, the response with nulls for what was asked and not answered, the ledger moved, a change queued."""
    survey = await published()
    body = sent(q1="oui", n=3, themes=["air", "eau"])
    receipt = await anne.post(f"{survey}/responses", json=body)
    assert receipt.status_code == 201
    assert set(receipt.json()) == {"id", "survey", "edition", "revision", "submitted_at"}
    assert receipt.json() | {"submitted_at": None} == {
        "id": body["id"],
        "survey": survey.rpartition("/")[2],
        "edition": 1,
        "revision": 1,
        "submitted_at": None,
    }
    read = (await anne.get(f"{survey}/responses/{body['id']}")).json()
    assert read["answers"] == {"q1": "oui", "n": 3, "themes": ["eau", "air"], "avis": None, "jour": None}
    assert (read["channel"], read["unit"], read["territory"], read["region"]) == ("assigned", "DDTM-29", "D-29", "R-53")
    state, event, actor = await sql.fetchrow(
        """
        SELECT a.state, e.state, p.email FROM assignment_event e
        JOIN assignment a ON (a.part, a.id) = (e.part, e.assignment) JOIN agent p ON p.id = e.actor
        """
    )
    assert (state, event, actor) == ("sent", "sent", "anne@ddtm-29.example")
    assert await stored() == {"response": 1, "response_revision": 0, "assignment_event": 1, "change": 1}


async def test_what_is_not_asked_is_not_stored(anne, published, sent) -> None:
    """An irrelevant answer is dropped, whatever it is; absent from what is stored, it was not asked."""
    survey = await published()
    body = sent(q1="non", n=-3)
    assert (await anne.post(f"{survey}/responses", json=body)).status_code == 201
    assert "n" not in (await anne.get(f"{survey}/responses/{body['id']}")).json()["answers"]


MISFITS = [
    ({"q1": "oui", "zz": 1}, [("/answers/zz", "unknown")]),
    ({"q1": "oui", "a/b~c": 1}, [("/answers/a~1b~0c", "unknown")]),
    ({"q1": "oui", "n": "3"}, [("/answers/n", "type")]),
    ({"q1": "oui", "n": True}, [("/answers/n", "type")]),
    ({"q1": "oui", "n": 1.5}, [("/answers/n", "type")]),
    ({"q1": "oui", "n": 10**30}, [("/answers/n", "type")]),
    ({"q1": "oui", "n": -1}, [("/answers/n", "constraint")]),
    ({"q1": "peut-être"}, [("/answers/q1", "choice")]),
    ({"q1": ["oui"]}, [("/answers/q1", "type")]),
    ({"q1": "oui", "themes": ["eau", "feu"]}, [("/answers/themes", "choice")]),
    ({"q1": "oui", "themes": ["eau", "eau"]}, [("/answers/themes", "choice")]),
    ({"q1": "oui", "themes": "eau"}, [("/answers/themes", "type")]),
    ({"q1": "oui", "avis": "x" * 51}, [("/answers/avis", "length")]),
    ({"q1": "oui", "avis": "a\0"}, [("/answers/avis", "type")]),
    ({"q1": "oui", "jour": "2026-02-30"}, [("/answers/jour", "type")]),
    ({"themes": ["air"]}, [("/answers/q1", "required")]),
    ({"q1": None}, [("/answers/q1", "required")]),
    (
        {"q1": "oui", "n": -1, "avis": 3, "jour": "hier", "zz": {}},
        [
            ("/answers/n", "constraint"),
            ("/answers/avis", "type"),
            ("/answers/jour", "type"),
            ("/answers/zz", "unknown"),
        ],
    ),
]


async def test_answers_that_do_not_fit(anne, published, sent, stored) -> None:
    """Each fault has its path and its code, all at once, and nothing is stored; the same id may be sent again."""
    survey, body = await published(), sent()
    for answers, faults in MISFITS:
        refused = await anne.post(f"{survey}/responses", json=body | {"answers": answers})
        assert (refused.status_code, refused.json()["code"]) == (422, "surveys/invalid-response")
        assert [(fault["path"], fault["code"]) for fault in refused.json()["invalid_params"]] == faults
    assert set((await stored()).values()) == {0}
    assert (await anne.post(f"{survey}/responses", json=body)).status_code == 201


async def test_an_author_words_a_constraint(anne, published, sent) -> None:
    """A broken constraint is told in the words of who wrote it."""
    refused = await anne.post(f"{await published()}/responses", json=sent(q1="oui", n=-1))
    assert refused.json()["invalid_params"][0]["reason"] == "Pas négatif"


BODIES = [
    ({"id": "x"}, "/id"),
    ({"answers": []}, "/answers"),
    ({"assignment": 3}, "/assignment"),
    ({"edition": "un"}, "/edition"),
    ({"territory": "D-29\0"}, "/territory"),
    ({"inconnu": 1}, "/inconnu"),
]


async def test_a_body_that_does_not_fit(anne, published, sent, stored) -> None:
    """What is around the answers is judged too."""
    survey = await published()
    for change, path in BODIES:
        refused = await anne.post(f"{survey}/responses", json=sent() | change)
        assert refused.status_code == 422
        assert [fault["path"] for fault in refused.json()["invalid_params"]] == [path]
    assert set((await stored()).values()) == {0}


# The sender's id


async def test_a_replay_gives_the_first_receipt(editor, anne, published, questionnaire, sent, stored) -> None:
    """Sent again, also after closing, under a new edition, and after an amendment: the first receipt, nothing more."""
    survey = await published()
    body = sent(avis="Bien", themes=["eau"])
    first = await anne.post(f"{survey}/responses", json=body)

    async def replayed() -> None:
        again = await anne.post(f"{survey}/responses", json=body)
        assert (again.status_code, again.json()) == (200, first.json())

    await replayed()
    other_order = body | {"answers": dict(reversed(body["answers"].items()))}
    assert (await anne.post(f"{survey}/responses", json=other_order)).json() == first.json()
    questionnaire["questions"] = questionnaire["questions"][:1]
    await editor.put(f"{survey}/questionnaire", json=questionnaire)
    assert (await editor.post(f"{survey}/publish", json={})).json()["edition"] == 2
    await replayed()
    amended = {"answers": {"q1": "oui"}}
    put = await anne.put(f"{survey}/responses/{body['id']}", json=amended, headers={"If-Match": "1"})
    assert (put.json()["edition"], put.json()["revision"]) == (2, 2)
    await replayed()
    await editor.post(f"{survey}/close")
    await replayed()
    assert await stored() == {"response": 1, "response_revision": 1, "assignment_event": 2, "change": 3}


async def test_another_content_is_a_conflict(anne, published, sent, stored) -> None:
    """The same id never stands for two answers, also where the second says the same after judging."""
    survey = await published()
    body = sent(q1="non", avis="Bien")
    await anne.post(f"{survey}/responses", json=body)
    for answers in ({"q1": "oui", "avis": "Bien"}, {"q1": "non", "avis": "Bien", "n": 3}, {"q1": "faux"}):
        refused = await anne.post(f"{survey}/responses", json=body | {"answers": answers})
        assert (refused.status_code, refused.json()["code"]) == (409, "surveys/response-conflict")
    assert (await stored())["response"] == 1


async def test_one_answer_each(anne, published, sent, stored) -> None:
    """A second id for what is answered is refused with the first, in the body and in words."""
    survey = await published()
    first, second = sent(), sent()
    await anne.post(f"{survey}/responses", json=first)
    refused = await anne.post(f"{survey}/responses", json=second)
    assert (refused.status_code, refused.json()["code"]) == (409, "surveys/already-answered")
    assert refused.json()["id"] == first["id"]
    assert first["id"] in refused.json()["detail"]
    assert (await stored())["response"] == 1


async def test_the_same_answer_at_once(anne, published, sent, stored) -> None:
    """Of many identical requests at the same moment one is stored, the others are its replays."""
    survey, body = await published(), sent()
    answers = await asyncio.gather(*(anne.post(f"{survey}/responses", json=body) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [200] * 11 + [201]
    assert len({answer.text for answer in answers}) == 1
    assert await stored() == {"response": 1, "response_revision": 0, "assignment_event": 1, "change": 1}


async def test_different_answers_at_once(anne, published, sent, stored) -> None:
    """Of many different ones for the same expected answer one is stored, and the others are told which."""
    survey = await published()
    answers = await asyncio.gather(*(anne.post(f"{survey}/responses", json=sent()) for _ in range(12)))
    (first,) = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    assert {answer.json()["id"] for answer in answers if answer.status_code == 409} == {first}
    assert (await stored())["change"] == 1


async def test_an_erased_answer_stays_erased(editor, anne, published, sent) -> None:
    """Its id is gone for good; the one expected may be given again under another."""
    survey, body = await published(), sent()
    await anne.post(f"{survey}/responses", json=body)
    await editor.delete(f"{survey}/responses/{body['id']}")
    for answers in (body["answers"], {"q1": "oui"}):
        gone = await anne.post(f"{survey}/responses", json=body | {"answers": answers})
        assert (gone.status_code, gone.json()["code"]) == (410, "surveys/response-erased")
    assert (await anne.post(f"{survey}/responses", json=sent())).status_code == 201


async def test_ids_are_a_surveys_own(anne, published, sent) -> None:
    """The same id in two surveys is two answers."""
    body = sent()
    for survey in (await published(), await published()):
        assert (await anne.post(f"{survey}/responses", json=body)).status_code == 201


# Who, and when


async def test_those_who_are_not_asked(people, editor, anne, published, sent, stored, assignment_of) -> None:
    """Not found where the survey is not theirs to see, not asked where it is."""
    survey = await published()
    stranger = await people("denis@ddtm-35.example")
    for body in (sent(), sent(territory="D-35"), sent(assignment=await assignment_of(survey, "anne@ddtm-29.example"))):
        hidden = await stranger.post(f"{survey}/responses", json=body)
        assert (hidden.status_code, hidden.json()["code"]) == (404, "not-found")
    reviewer = await people("reviewer@dreal-53.example", "reviewer", "territory:R-53")
    bran = await assignment_of(survey, "bran@ddtm-29.example")
    for client, body in (
        (reviewer, sent()),
        (reviewer, sent(territory="R-53")),
        (editor, sent()),
        (anne, sent(assignment=bran)),
        (anne, sent(assignment=str(uuid.uuid4()))),
        (anne, sent(territory="D-29")),
    ):
        refused = await client.post(f"{survey}/responses", json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "surveys/not-asked")
    assert set((await stored()).values()) == {0}


async def test_an_id_does_not_show_a_hidden_survey(people, anne, published, sent) -> None:
    """Who may not see a survey finds nothing under an id that is stored in it either."""
    survey, body = await published(), sent()
    await anne.post(f"{survey}/responses", json=body)
    hidden = await (await people("denis@ddtm-35.example")).post(f"{survey}/responses", json=body)
    assert (hidden.status_code, hidden.json()["code"]) == (404, "not-found")


async def test_a_survey_that_is_not_there(anne, drafted, sent) -> None:
    """A draft of others and no survey at all are the same to an agent."""
    draft = await anne.post(f"{await drafted()}/responses", json=sent())
    nothing = await anne.post("/api/v1/surveys/rien/responses", json=sent())
    assert (draft.status_code, draft.json()) == (404, nothing.json())


async def test_when_it_is_not_open(editor, anne, published, sent, stored, sql) -> None:
    """Scheduled, past its closing date and closed by hand: not open, and nothing stored."""
    scheduled = await published(publication={"opens_at": "2040-01-01"})
    past = await published(publication={"opens_at": "2020-01-01"})
    await sql.execute("UPDATE assignment SET due_at = '2021-01-01' WHERE survey = $1", uuid.UUID(past[-36:]))
    closed = await published()
    await editor.post(f"{closed}/close")
    for survey in (scheduled, past, closed):
        refused = await anne.post(f"{survey}/responses", json=sent())
        assert (refused.status_code, refused.json()["code"]) == (409, "surveys/not-open")
    assert set((await stored()).values()) == {0}


async def test_a_draft_takes_no_answer(editor, drafted, sent) -> None:
    """Its own editor is told so."""
    refused = await editor.post(f"{await drafted()}/responses", json=sent(territory="D-29"))
    assert (refused.status_code, refused.json()["code"]) == (409, "surveys/not-open")


async def test_a_longer_deadline_counts(editor, anne, people, published, sent, sql) -> None:
    """What counts is the deadline of the expected answer, not the survey's."""
    survey = await published(publication={"opens_at": "2020-01-01"})
    await sql.execute("UPDATE survey SET closes_at = '2021-01-01'")
    await sql.execute("UPDATE assignment SET due_at = '2021-01-01'")
    await sql.execute("UPDATE assignment SET due_at = now() + interval '1 day' WHERE territory = 'D-29'")
    assert (await anne.post(f"{survey}/responses", json=sent())).status_code == 201
    cecile = await people("cecile@ddtm-35.example")
    assert (await cecile.post(f"{survey}/responses", json=sent())).json()["code"] == "surveys/not-open"
    assert (await editor.post(f"{survey}/responses", json=sent(territory="D-29"))).status_code == 409


async def test_an_exempt_one(anne, published, sent, stored, sql) -> None:
    """Nothing is expected of those who are exempt."""
    survey = await published()
    await sql.execute("UPDATE assignment SET state = 'exempt'")
    refused = await anne.post(f"{survey}/responses", json=sent())
    assert (refused.status_code, refused.json()["code"]) == (409, "surveys/exempted")
    assert set((await stored()).values()) == {0}


# Units, territories, links


async def test_a_unit_answers_once(people, anne, published, sent, assignment_of) -> None:
    """Any colleague answers for their service; the next one is told of the first answer and may read it."""
    survey = await published(answering="unit")
    body = sent()
    assert (await anne.post(f"{survey}/responses", json=body)).status_code == 201
    bran = await people("bran@ddtm-29.example")
    second = await bran.post(f"{survey}/responses", json=sent())
    assert (second.json()["code"], second.json()["id"]) == ("surveys/already-answered", body["id"])
    assert (await bran.post(f"{survey}/responses", json=body)).status_code == 200
    named = sent(assignment=await assignment_of(survey, "DDTM-29"))
    assert (await bran.post(f"{survey}/responses", json=named)).json()["code"] == "surveys/already-answered"
    assert (await bran.get(f"{survey}/responses/{body['id']}")).json()["unit"] == "DDTM-29"
    change = {"answers": {"q1": "oui"}}
    amended = await bran.put(f"{survey}/responses/{body['id']}", json=change, headers={"If-Match": "1"})
    assert amended.status_code == 200
    cecile = await people("cecile@ddtm-35.example")
    assert (await cecile.get(f"{survey}/responses/{body['id']}")).status_code == 404


async def test_colleagues_do_not_read_each_other(people, anne, published, sent) -> None:
    """Where agents answer, a colleague's answer is not there for them."""
    survey, body = await published(), sent()
    await anne.post(f"{survey}/responses", json=body)
    bran = await people("bran@ddtm-29.example")
    assert (await bran.get(f"{survey}/responses/{body['id']}")).status_code == 404


async def test_editors_bring_answers_for_a_territory(editor, people, published, sent, sql) -> None:
    """Without an expected answer, with the territory's dimensions; unknown territories are refused at their place."""
    survey = await published()
    body = sent(territory="D-29")
    assert (await editor.post(f"{survey}/responses", json=body)).status_code == 201
    assert (await editor.post(f"{survey}/responses", json=body)).status_code == 200
    assert (await editor.post(f"{survey}/responses", json=sent(territory="D-29"))).status_code == 201
    row = await sql.fetchrow("SELECT * FROM response WHERE id = $1", uuid.UUID(body["id"]))
    assert (row["assignment"], row["unit"], row["unit_kind"], row["communities"]) == (None, None, None, [])
    assert (row["territory"], row["region"], row["department"], row["channel"]) == ("D-29", "R-53", "D-29", "proxy")
    for code in ("D-0", ""):
        unknown = await editor.post(f"{survey}/responses", json=sent(territory=code))
        assert [(fault["path"], fault["code"]) for fault in unknown.json()["invalid_params"]] == [
            ("/territory", "territory")
        ]
    admin = await people("admin@navette.example", "administrator")
    assert (await admin.post(f"{survey}/responses", json=sent(territory="FR"))).status_code == 201


async def test_editors_bring_answers_of_others(editor, anne, published, sent, assignment_of) -> None:
    """For an expected answer that they name: it is then given, by proxy."""
    survey = await published()
    body = sent(assignment=await assignment_of(survey, "anne@ddtm-29.example"))
    assert (await editor.post(f"{survey}/responses", json=body)).status_code == 201
    assert (await anne.post(f"{survey}/responses", json=sent())).json()["code"] == "surveys/already-answered"
    assert (await anne.get(f"{survey}/responses/{body['id']}")).json()["channel"] == "proxy"
    unknown = await editor.post(f"{survey}/responses", json=sent(assignment=str(uuid.uuid4())))
    assert (unknown.status_code, unknown.json()["code"]) == (422, "surveys/unknown-assignment")


async def test_whoever_has_the_link(editor, nobody, anne, published, sent, sql, assignment_of) -> None:
    """They answer without a token, for a territory or none, as often as they like; nothing expected is touched."""
    survey = await published(publication={"open_link": True})
    link = (await editor.get(survey)).json()["link"]
    body = sent(link=link)
    assert (await nobody.post(f"{survey}/responses", json=body)).status_code == 201
    assert (await nobody.post(f"{survey}/responses", json=body)).status_code == 200
    assert (await nobody.post(f"{survey}/responses", json=sent(link=link, territory="D-29"))).status_code == 201
    assert (await anne.post(f"{survey}/responses", json=sent(link=link))).status_code == 201
    rows = await sql.fetch("SELECT channel, assignment, territory, region FROM response ORDER BY submitted_at")
    assert [tuple(row) for row in rows] == [
        ("open", None, None, None),
        ("open", None, "D-29", "R-53"),
        ("open", None, None, None),
    ]
    named = sent(link=link, assignment=await assignment_of(survey, "anne@ddtm-29.example"))
    refused = await nobody.post(f"{survey}/responses", json=named)
    assert (refused.status_code, refused.json()["code"]) == (403, "surveys/not-asked")
    assert await sql.fetchval("SELECT count(*) FROM assignment WHERE state <> 'expected'") == 0


@pytest.mark.parametrize("link", ["faux", "é", "", "x" * 200])
async def test_a_wrong_link(nobody, published, sent, link) -> None:
    """It opens nothing, here and where there is no link at all."""
    for publication in ({"open_link": True}, {}):
        survey = await published(publication=publication)
        refused = await nobody.post(f"{survey}/responses", json=sent(link=link))
        assert (refused.status_code, refused.json()["code"]) == (404, "not-found")


async def test_a_link_is_taken_back(editor, nobody, published, sent) -> None:
    """A link that was closed opens nothing any more."""
    survey = await published(publication={"open_link": True})
    link = (await editor.get(survey)).json()["link"]
    await editor.post(f"{survey}/publish", json={"open_link": False})
    assert (await nobody.post(f"{survey}/responses", json=sent(link=link))).status_code == 404


async def test_without_token_and_link(nobody, published, sent) -> None:
    """Nobody in particular answers nothing."""
    refused = await nobody.post(f"{await published()}/responses", json=sent())
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
