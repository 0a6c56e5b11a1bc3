"""The same answer sent many times at once, through two services that share one embedded database, is stored once."""

import asyncio
import random
import uuid
from collections import Counter

import httpx
import pytest

from base.embedded import running

TIMES = 20


@pytest.fixture(scope="module")
def services(serve):
    """Two services: the first runs the database, the second finds it and shares it."""
    first = serve().until()
    return [first, serve().until()]


@pytest.fixture(scope="module")
def database(services, open_folder):
    with running(open_folder / "data") as server:
        yield server.database_url


@pytest.fixture(scope="module")
def poll(tools, database):
    return tools.prepare(database)


def send(services, poll, bodies: list[dict], token: str | None = None) -> list[httpx.Response]:
    """The answers to these submissions, all sent at once, to the services in turn."""

    async def all_at_once() -> list[httpx.Response]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with httpx.AsyncClient(headers=headers, timeout=60) as client:
            return await asyncio.gather(
                *(
                    client.post(services[number % len(services)].address + poll.path, json=body)
                    for number, body in enumerate(bodies)
                )
            )

    return asyncio.run(all_at_once())


def codes(answers: list[httpx.Response]) -> Counter:
    return Counter((answer.status_code, answer.json().get("code")) for answer in answers)


def test_identical(services, poll, tools, database):
    """Twenty identical submissions at once: one 201, nineteen 200, one receipt, one row, one change."""
    for seed in range(3):
        body = poll.answer(random.Random(seed))
        answers = send(services, poll, [body] * TIMES)
        assert codes(answers) == {(201, None): 1, (200, None): TIMES - 1}
        assert len({answer.text for answer in answers}) == 1
        id = uuid.UUID(body["id"])  # noqa: A001 - the column's word
        assert len(tools.ask(database, "SELECT FROM response WHERE id = $1", id)) == 1


def test_changed(services, poll):
    """The same id with other content is refused by whichever service; the first content stays."""
    body = poll.answer(random.Random(10))
    others = [body | {"answers": {"q1": "oui", "n": number}} for number in range(1000, 1000 + TIMES)]
    answers = send(services, poll, [body, body, *others])
    stored = [answer for answer in answers if answer.status_code == 201]
    assert len(stored) == 1
    winner = answers.index(stored[0])
    expected = Counter({(201, None): 1})
    if winner < 2:
        expected += Counter({(200, None): 1, (409, "surveys/response-conflict"): TIMES})
    else:
        expected += Counter({(409, "surveys/response-conflict"): TIMES + 1})
    assert codes(answers) == expected
    assert codes(send(services, poll, [others[0] | {"answers": {"q1": "non"}}])) == {
        (409, "surveys/response-conflict"): 1
    }


def test_one_answer_per_assignment(services, poll):
    """Twenty ids for one expected answer: one is stored, the others are told its id."""
    chance = random.Random(20)
    bodies = [poll.answer(chance) for _ in range(TIMES)]
    for body in bodies:
        del body["link"]
    answers = send(services, poll, bodies, poll.tokens["anne"])
    assert codes(answers) == {(201, None): 1, (409, "surveys/already-answered"): TIMES - 1}
    [receipt] = [answer.json() for answer in answers if answer.status_code == 201]
    assert {answer.json()["id"] for answer in answers} == {receipt["id"]}


def test_mixed(services, poll):
    """Two agents' answers, each sent many times, in any order and to both: each is stored once."""
    chance = random.Random(30)
    for name in ("bran", "cecile"):
        body = poll.answer(chance)
        del body["link"]
        assert codes(send(services, poll, [body] * TIMES, poll.tokens[name])) == {(201, None): 1, (200, None): 19}


def test_amending(services, poll, tools, database):
    """Of changes to the same revision at once one wins; the others are told that it has changed."""
    token = poll.tokens["denis"]
    body = poll.answer(random.Random(40))
    del body["link"]
    assert codes(send(services, poll, [body], token)) == {(201, None): 1}

    async def amend() -> list[httpx.Response]:
        headers = {"Authorization": f"Bearer {token}", "If-Match": "1"}
        async with httpx.AsyncClient(headers=headers, timeout=60) as client:
            return await asyncio.gather(
                *(
                    client.put(
                        f"{services[number % 2].address}{poll.path}/{body['id']}",
                        json={"answers": {"q1": "oui", "n": number}},
                    )
                    for number in range(10)
                )
            )

    assert codes(asyncio.run(amend())) == {(200, None): 1, (412, "surveys/revision-conflict"): 9}
    [row] = tools.ask(database, "SELECT revision FROM response WHERE id = $1", uuid.UUID(body["id"]))
    assert row["revision"] == 2


def test_all_agree(services, poll, tools, database):
    """After all that, ledger, queue, responses and figures tell the same, from either service."""
    [row] = tools.ask(
        database,
        """
        SELECT (SELECT count(*) FROM response) AS responses,
               (SELECT count(*) FROM response WHERE assignment IS NOT NULL) AS assigned,
               (SELECT count(*) FROM assignment WHERE state = 'sent') AS sent,
               (SELECT count(*) FROM assignment_event WHERE state = 'sent') AS events,
               (SELECT count(DISTINCT (part, assignment)) FROM assignment_event WHERE state = 'sent') AS told
        """,
    )
    assert row["assigned"] == row["sent"] == row["told"] == 4
    assert row["events"] in (4, 5)  # an amended answer may be told again

    headers = {"Authorization": f"Bearer {poll.tokens['root']}"}

    def figures(service) -> dict | None:
        found = httpx.get(f"{service.address}/api/v1/surveys/{poll.slug}/results", headers=headers).json()
        return found if not found["pending"] else None

    told = [tools.wait_until(lambda one=service: figures(one), "folding") for service in services]
    assert [one["responses"] for one in told] == [row["responses"]] * 2
    assert told[0]["questions"] == told[1]["questions"]
    assert tools.ask(database, "SELECT count(*) FROM change")[0][0] == 0
