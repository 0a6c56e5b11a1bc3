"""Erasing: what was answered is gone from every table; that there was an answer of this id stays known."""

import pytest

from analytics.folding import fold_all, purge_all
from analytics.reading import editions_of_number

pytestmark = pytest.mark.anyio

CANARY = "canari-7431"


async def places_of(sql, text: str) -> list[str]:
    """The tables that hold this text anywhere."""
    tables = await sql.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    found = []
    for (table,) in tables:
        if await sql.fetchval(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE $1', f"%{text}%"):
            found.append(table)
    return found


async def send(client, survey, sent, *answers):
    """An answer, amended as often as more are given; returns its address."""
    body = sent(avis=answers[0])
    assert (await client.post(f"{survey}/responses", json=body)).status_code == 201
    response = f"{survey}/responses/{body['id']}"
    for revision, answer in enumerate(answers[1:], 1):
        amended = {"answers": {"q1": "non", "avis": answer}}
        assert (await client.put(response, json=amended, headers={"If-Match": str(revision)})).status_code == 200
    return response


@pytest.mark.parametrize("answers", [[CANARY], [CANARY, "autre"], ["autre", CANARY], [CANARY, CANARY + "2", "autre"]])
async def test_answers_are_gone(editor, anne, published, sent, sql, answers) -> None:
    """No table holds them in any revision, also while the queue waits to be folded."""
    survey = await published()
    response = await send(anne, survey, sent, *answers)
    assert set(await places_of(sql, CANARY)) >= {"change"}
    assert (await editor.delete(response)).status_code == 204
    assert await places_of(sql, CANARY) == []


async def test_no_trace_to_guess_by(editor, anne, published, sent, sql) -> None:
    """Nor is a fingerprint left, by which one could try which answers they were."""
    await editor.delete(await send(anne, await published(), sent, "a", "b"))
    row = await sql.fetchrow("SELECT content_hash, revision_hash FROM response")
    assert tuple(row) == (bytes(32), bytes(32))


async def test_figures_forget(editor, anne, people, published, sent) -> None:
    """Erased before it was folded, in between, or after: the figures hold the other answers only."""
    survey = await published({})
    bran, cecile = await people("bran@ddtm-29.example"), await people("cecile@ddtm-35.example")
    unfolded = await send(anne, survey, sent, "a", "b")
    folded = await send(bran, survey, sent, "c")
    await send(cecile, survey, sent, "d")
    assert (await editor.delete(unfolded)).status_code == 204
    await fold_all(editions_of_number)
    assert (await editor.delete(folded)).status_code == 204
    await fold_all(editions_of_number)
    await purge_all()
    result = (await editor.get(f"{survey}/results")).json()
    assert (result["responses"], result["pending"]) == (1, 0)


async def test_a_folded_revision_is_hidden(editor, anne, published, sent) -> None:
    """A tombstone of an earlier revision that still waits is not lost with the answer."""
    survey = await published()
    body = sent(avis="a")
    await anne.post(f"{survey}/responses", json=body)
    await fold_all(editions_of_number)
    response = f"{survey}/responses/{body['id']}"
    await anne.put(response, json={"answers": {"q1": "oui"}}, headers={"If-Match": "1"})
    await editor.delete(response)
    await fold_all(editions_of_number)
    assert (await editor.get(f"{survey}/results")).json()["responses"] == 0


async def test_an_answer_is_expected_again(editor, anne, published, sent, sql) -> None:
    """The ledger says so, with the reason, and another answer may be given."""
    survey = await published()
    response = await send(anne, survey, sent, "a")
    await editor.delete(response)
    assert (await editor.get(f"{survey}/participation")).json()["answered"] == 0
    state = "SELECT state FROM assignment a JOIN agent p ON p.id = a.agent WHERE p.email LIKE 'anne%'"
    assert await sql.fetchval(state) == "expected"
    event = await sql.fetchrow(
        "SELECT e.state, e.reason, p.email FROM assignment_event e JOIN agent p ON p.id = e.actor ORDER BY e.at DESC"
    )
    assert tuple(event) == ("expected", "erased", "editor@dgaln.example")
    await send(anne, survey, sent, "b")
    assert await sql.fetchval(state) == "sent"
    assert (await editor.get(f"{survey}/participation")).json()["answered"] == 1


async def test_who_may_erase(people, editor, anne, published, sent) -> None:
    """Those who run the survey; the author may not, and others find nothing."""
    response = await send(anne, await published(), sent, "a")
    assert (await anne.delete(response)).status_code == 403
    bran = await people("bran@ddtm-29.example")
    assert (await bran.delete(response)).status_code == 404
    reviewer = await people("reviewer@dreal-53.example", "reviewer", "territory:R-53")
    assert (await reviewer.delete(response)).status_code == 404
    assert (await editor.delete(response)).status_code == 204


async def test_what_is_left(editor, anne, published, sent, stored) -> None:
    """To editors it was erased, whatever they do with it; to its author it is not there; lists leave it out."""
    survey = await published()
    response = await send(anne, survey, sent, "a", "b")
    await editor.delete(response)
    for answer in (
        await editor.get(response),
        await editor.get(f"{response}/revisions"),
        await editor.delete(response),
        await editor.put(response, json={"answers": {"q1": "non"}}, headers={"If-Match": "2"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (410, "surveys/response-erased")
    assert (await anne.get(response)).status_code == 404
    assert (await editor.get(f"{survey}/responses")).json()["items"] == []
    assert (await stored())["response"] == 1
