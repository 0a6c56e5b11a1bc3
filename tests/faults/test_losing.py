"""No acknowledged answer is lost: workers and PostgreSQL are killed while answers come in from senders who try again.

What is stored afterwards holds all that was acknowledged, nothing that was not sent, and each once; so do the figures.
"""

import asyncio
import contextlib
import json
import os
import random
import signal
import threading
import time
from pathlib import Path

import httpx
import pytest

from base.embedded import running

SENDERS = 8
KILLS = ("worker", "postgres") * 3
BETWEEN = 60
"""Acknowledged answers between two kills, so that each hits a service under load."""


class Senders(threading.Thread):
    """Clients that send answers of their own, each until it is acknowledged, with the id it had at first."""

    def __init__(self, address: str, poll) -> None:
        super().__init__()
        self._url = address + poll.path
        self._poll = poll
        self.enough = threading.Event()
        self.attempted: dict[str, dict] = {}
        self.acknowledged: dict[str, int] = {}
        self.troubles: list[object] = []

    def run(self) -> None:
        asyncio.run(self._all())

    async def _all(self) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(SENDERS):
                group.create_task(self._send(random.Random(number)))

    async def _send(self, chance: random.Random) -> None:
        async with httpx.AsyncClient(timeout=5) as client:
            while not self.enough.is_set():
                body = self._poll.answer(chance)
                self.attempted[body["id"]] = body["answers"]
                await self._until_acknowledged(client, body, chance)

    async def _until_acknowledged(self, client: httpx.AsyncClient, body: dict, chance: random.Random) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                answer = await client.post(self._url, json=body)
            except httpx.TransportError as error:
                self.troubles.append(type(error).__name__)
            else:
                if answer.status_code in {200, 201}:
                    self.acknowledged[body["id"]] = answer.status_code
                    return
                self.troubles.append((answer.status_code, answer.json()["code"]))
            await asyncio.sleep(chance.uniform(0.05, 0.3))  # the jitter of a client that tries again


def given(answers: dict) -> dict:
    """Answers without what was not answered, as they were sent."""
    return {name: answer for name, answer in answers.items() if answer is not None}


@pytest.fixture
def senders(serve, tools, open_folder):
    """Senders at a service with two workers on a database that can be killed apart."""
    with contextlib.ExitStack() as database:
        server = database.enter_context(running(open_folder / "apart"))
        poll = tools.prepared(server.owner_url, server.database_url)
        service = serve(workers=2, NAVETTE_DATABASE_URL=server.database_url, NAVETTE_FOLD_INTERVAL="0.1").until()
        sending = Senders(service.address, poll)
        sending.start()
        try:
            yield sending, service, poll, server, database
        finally:
            sending.enough.set()
            sending.join()


def test_nothing_is_lost(senders, tools, open_folder):
    """Acknowledged ⊆ stored ⊆ attempted, each stored once as it was sent, and figures count exactly the stored ones."""
    sending, service, poll, server, database = senders

    def acknowledge_more() -> None:
        before = len(sending.acknowledged)
        tools.wait_until(lambda: len(sending.acknowledged) >= before + BETWEEN, "more acknowledged answers")

    for victim in KILLS:
        acknowledge_more()
        if victim == "worker":
            os.kill(tools.wait_until(service.workers, "a worker")[0], signal.SIGKILL)
        else:
            postmaster = Path(open_folder / "apart" / "postgres" / "postmaster.pid").read_text().split()[0]
            os.kill(int(postmaster), signal.SIGKILL)
            database.close()
            assert database.enter_context(running(open_folder / "apart")).database_url == server.database_url
            back = time.monotonic()
            service.until()
            assert time.monotonic() - back < 10
    acknowledge_more()
    sending.enough.set()
    sending.join()
    service.until()

    rows = tools.ask(server.database_url, "SELECT id, answers FROM response")
    stored = {str(row["id"]): given(json.loads(row["answers"])) for row in rows}
    assert len(rows) == len(stored)
    assert sending.acknowledged.keys() <= stored.keys() <= sending.attempted.keys()
    assert {key: answers for key, answers in sending.attempted.items() if key in stored} == stored
    assert {trouble[1] for trouble in sending.troubles if isinstance(trouble, tuple)} <= {"database-away"}
    assert sending.troubles, "the kills disturbed nobody"

    tools.wait_until(
        lambda: not tools.ask(server.database_url, "SELECT count(*) FROM change")[0][0], "the end of folding"
    )
    headers = {"Authorization": f"Bearer {poll.tokens['root']}"}
    found = httpx.get(f"{service.address}/api/v1/surveys/{poll.slug}/results", headers=headers).json()
    questions = {question["name"]: question for question in found["questions"]}
    assert (found["responses"], found["pending"]) == (len(stored), 0)
    assert questions["n"]["sum"] == sum(answers["n"] for answers in stored.values())
    assert {bucket["key"]: bucket["count"] for bucket in questions["q1"]["buckets"]} == {
        key: sum(answers["q1"] == key for answers in stored.values()) for key in ("oui", "non")
    }
