"""The ledger over the API: who is asked, how far each is, inside one's territories."""

import pytest

pytestmark = pytest.mark.anyio


async def test_an_expected_answer(editor, anne, survey) -> None:
    """Who, where, in which state since when, due when, with the id of the answer once there is one."""
    sent = await anne.post(
        f"{survey}/responses", json={"id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "answers": {"q1": "oui"}}
    )
    assert sent.status_code == 201
    answer = await editor.get(f"{survey}/assignments", params={"state": "sent"})
    assert answer.status_code == 200
    (item,) = answer.json()["items"]
    assert answer.json()["next_cursor"] is None
    assert set(item) == {"id", "agent", "unit", "territory", "state", "state_at", "due_at", "response"}
    assert item["agent"] == {"given_name": "Anne", "family_name": "Le Goff", "email": "anne@ddtm-29.example"}
    assert item["unit"] == {"code": "DDTM-29", "name": "DDTM du Finistère"}
    assert (item["territory"], item["state"], item["due_at"]) == ("D-29", "sent", None)
    assert item["response"] == "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({}, ["Gallo", "Kerdoncuff", "Le Goff"]),
        ({"territory": "D-29"}, ["Kerdoncuff", "Le Goff"]),
        ({"territory": "R-53"}, ["Gallo", "Kerdoncuff", "Le Goff"]),
        ({"territory": "FR"}, ["Gallo", "Kerdoncuff", "Le Goff"]),
        ({"territory": "D-75"}, []),
        ({"territory": "nulle-part"}, []),
        ({"territory": "a\0"}, []),
        ({"state": "expected"}, ["Gallo", "Kerdoncuff", "Le Goff"]),
        ({"state": ["sent", "expected"], "territory": "D-35"}, ["Gallo"]),
        ({"state": "sent"}, []),
    ],
)
async def test_filters(editor, survey, params: dict[str, str], names: list[str]) -> None:
    """A territory holds what lies in it; several states mean “or”."""
    answer = await editor.get(f"{survey}/assignments", params=params)
    assert answer.status_code == 200, answer.text
    assert [item["agent"]["family_name"] for item in answer.json()["items"]] == names


async def test_pages(editor, survey) -> None:
    """Each once; a cursor that is not ours is refused."""
    seen, cursor = [], None
    while True:
        params = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        answer = (await editor.get(f"{survey}/assignments", params=params)).json()
        seen += [item["agent"]["family_name"] for item in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert seen == ["Gallo", "Kerdoncuff", "Le Goff"]
    for strange in ("abc", "WyJhIl0", "WyJhXHUwMDAwIiwiYiIsImMiLCI2Zjk2MTlmZi04Yjg2LTRkMDEtYjQyZC0wMGNmNGZjOTY0ZmYiXQ"):
        refused = await editor.get(f"{survey}/assignments", params={"cursor": strange})
        assert (refused.status_code, refused.json()["code"]) == (400, "bad-cursor")


async def test_an_unknown_state(editor, survey) -> None:
    """It is refused."""
    assert (await editor.get(f"{survey}/assignments", params={"state": "late"})).status_code in {400, 422}


async def test_who_may(people, anne, nobody, survey) -> None:
    """Those who follow the survey, inside their territories."""
    breton = await people("emma@ddt-75.example", "reviewer", "territory:D-29")
    listed = await breton.get(f"{survey}/assignments")
    assert [item["agent"]["family_name"] for item in listed.json()["items"]] == ["Kerdoncuff", "Le Goff"]
    analyst = await people("analyst@dgaln.example", "analyst", "unit:DGALN")
    assert len((await analyst.get(f"{survey}/assignments")).json()["items"]) == 3
    assert (await anne.get(f"{survey}/assignments")).status_code == 403
    stranger = await people("denis@ddtm-35.example")
    assert (await stranger.get(f"{survey}/assignments")).status_code == 404
    assert (await nobody.get(f"{survey}/assignments")).status_code == 401


async def test_statements(editor, survey, statements) -> None:
    """Who it is, the survey, the page."""
    await editor.get(f"{survey}/assignments")
    statements.clear()
    await editor.get(f"{survey}/assignments")
    assert len(statements) == 3, statements
