"""Lists and figures run a fixed number of statements, however much they show."""

import json
import uuid

import pytest

from analytics.folding import fold_all
from analytics.reading import editions_of_number
from base.clock import now
from directory.tokens import actor_of_token
from surveys.owing import owed

pytestmark = pytest.mark.anyio

SURVEYS = "/api/v1/surveys"


async def counted(statements: list[str], client, address: str, **params) -> int:
    """The statements of a request that was made before (so that nothing is read for the first time)."""
    for _ in range(2):
        statements.clear()
        assert (await client.get(address, params=params)).status_code == 200
    return len(statements)


async def test_the_list_of_surveys(editor, anne, publish, statements) -> None:
    """Who it is, and the list."""
    await publish()
    one = [await counted(statements, client, SURVEYS) for client in (editor, anne)]
    for _ in range(8):
        await publish()
    many = [await counted(statements, client, SURVEYS) for client in (editor, anne)]
    assert one == many == [2, 2]


async def test_one_survey(editor, anne, survey, statements) -> None:
    """Who it is, the survey, and for those who do not run it whether they are asked."""
    assert await counted(statements, editor, survey) == 2
    assert await counted(statements, anne, survey) == 3


async def test_responses(editor, survey, statements) -> None:
    """The responses of a page are read together."""
    await send(editor, survey, 3)
    few = await counted(statements, editor, f"{survey}/responses")
    await send(editor, survey, 30)
    assert few == await counted(statements, editor, f"{survey}/responses") == 3


@pytest.mark.parametrize("params", [{}, {"by": "@department"}, {"where": "q1:oui", "by": "q1"}])
async def test_results(editor, survey, statements, params) -> None:
    """As many with one segment as with several, and with few responses as with many."""
    await send(editor, survey, 3)
    await fold_all(editions_of_number)
    one = await counted(statements, editor, f"{survey}/results", **params)
    for _ in range(3):
        await send(editor, survey, 30)
        await fold_all(editions_of_number)
    assert one == await counted(statements, editor, f"{survey}/results", **params)
    assert one <= 10, statements


async def test_sending(anne, editor, survey, statements) -> None:
    """In bulk, a batch takes as many statements as one answer."""
    await send(editor, survey, 1)
    statements.clear()
    await send(editor, survey, 1)
    one = len(statements)
    statements.clear()
    await send(editor, survey, 400)
    assert len(statements) == one <= 12, statements


async def test_a_draft(anne, survey, statements) -> None:
    """Reading one: who it is, the survey, what they are asked, how far that is. Saving takes turns at the expected
    answer, looks again, and stores; what was begun long ago costs the same.
    """
    address = f"{survey}/draft"
    draft = (await anne.get(address)).json()["id"]
    assert await counted(statements, anne, address) == 4, statements
    counts = []
    for version in range(3):
        statements.clear()
        change = {"version": version, "set": {"/avis": f"texte {version}"}}
        assert (await anne.patch(f"{survey}/drafts/{draft}", json=change)).status_code == 200
        counts.append(len(statements))
    assert counts == [8, 7, 7], statements  # the first one moves the ledger


async def test_what_somebody_owes(anne, publish, statements) -> None:
    """Two statements, of however many surveys."""
    token = anne.headers["Authorization"].removeprefix("Bearer ")
    for surveys in (1, 6):
        for _ in range(surveys):
            await publish()
        actor = await actor_of_token(token, now())
        await owed(actor, now=now())  # editions are read once
        statements.clear()
        assert (await owed(actor, now=now())).expected
        assert len(statements) == 2, statements


async def send(editor, survey: str, number: int) -> None:
    lines = [
        json.dumps({"id": str(uuid.uuid4()), "answers": {"q1": "oui"}, "territory": "D-29"}) for _ in range(number)
    ]
    answer = await editor.post(f"{survey}/responses/bulk", content="\n".join(lines))
    assert answer.json()["accepted"] == number
