"""The law of submission: any sequence of sends, resends, changes and erasures leaves what a dictionary would hold."""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from base.ids import row_key

pytestmark = pytest.mark.anyio

AGENTS = ("anne@ddtm-29.example", "bran@ddtm-29.example", "cecile@ddtm-35.example")
IDS = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(4)]
ANSWERS = ("non", "oui", "faux", "oui, encombré")
FITTING = {"non", "oui"}
EDITOR = "editor@dgaln.example"

SENDS = st.tuples(st.just("send"), st.sampled_from(AGENTS), st.sampled_from(IDS), st.sampled_from(ANSWERS))
CHANGES = st.tuples(
    st.just("amend"), st.sampled_from((*AGENTS, EDITOR)), st.sampled_from(IDS), st.sampled_from(ANSWERS), st.booleans()
)
ERASURES = st.tuples(st.just("erase"), st.sampled_from(IDS))
NUMBERS = itertools.count()


@dataclass
class Held:
    """A response as the model holds it."""

    agent: str
    first: str
    now: str
    revision: int = 1
    erased: bool = False


@dataclass
class Model:
    """What should be stored, and the answer to each request."""

    part: int
    held: dict[str, Held] = field(default_factory=dict)
    answered: dict[str, str] = field(default_factory=dict)
    events: dict[str, list[str]] = field(default_factory=dict)
    queue: list[tuple[int, str | None]] = field(default_factory=list)

    def send(self, agent: str, response: str, answer: str) -> tuple[int, Any]:
        if response in self.held:
            held = self.held[response]
            if held.erased:
                return 410, "surveys/response-erased"
            same = (held.agent, held.first) == (agent, answer)
            return (200, 1) if same else (409, "surveys/response-conflict")
        if agent in self.answered:
            return 409, "surveys/already-answered"
        if answer not in FITTING:
            return 422, "surveys/invalid-response"
        self.held[response] = Held(agent, answer, answer)
        self.answered[agent] = response
        self.events.setdefault(agent, []).append("sent")
        self._queue(response, answer)
        return 201, 1

    def amend(self, agent: str, response: str, answer: str, revision: int) -> tuple[int, Any]:
        held = self.held.get(response)
        if held is None or (agent != EDITOR and (held.erased or held.agent != agent)):
            return 404, "not-found"
        if held.erased:
            return 410, "surveys/response-erased"
        if (revision + 1, answer) == (held.revision, held.now):
            return 200, held.revision
        if revision != held.revision:
            return 412, "surveys/revision-conflict"
        if answer not in FITTING:
            return 422, "surveys/invalid-response"
        self._queue(response, None)
        held.now, held.revision = answer, held.revision + 1
        self.events[held.agent].append("sent")
        self._queue(response, answer)
        return 200, held.revision

    def erase(self, response: str) -> tuple[int, Any]:
        held = self.held.get(response)
        if held is None:
            return 404, "not-found"
        if held.erased:
            return 410, "surveys/response-erased"
        held.erased = True
        del self.answered[held.agent]
        self.events[held.agent].append("expected")
        keys = {row_key(self.part, UUID(response), number) for number in range(1, held.revision + 1)}
        self.queue = [(key, answer) for key, answer in self.queue if key not in keys or answer is None]
        self._queue(response, None)
        return 204, None

    def _queue(self, response: str, answer: str | None) -> None:
        self.queue.append((row_key(self.part, UUID(response), self.held[response].revision), answer))


@given(steps=st.lists(st.one_of(SENDS, SENDS, CHANGES, ERASURES), min_size=1, max_size=12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_submission_is_idempotent(published, people, editor, sql, steps) -> None:
    """Every outcome is the model's, each expected answer has at most one response, its state is its last event's, and
    the queue holds one row for each answer taken, two for each change, and for each erasure a tombstone alone.
    """
    number = next(NUMBERS)
    survey = await published(slug=f"loi-{number}")
    clients = {agent: await client_of(people, agent) for agent in AGENTS} | {EDITOR: editor}
    number = await sql.fetchval("SELECT number FROM survey WHERE id = $1", UUID(survey.rpartition("/")[2]))
    model = Model(number * 1024)
    for step in steps:
        match step:
            case "send", agent, response, answer:
                body = {"id": response, "answers": answers_of(answer)}
                got = await clients[agent].post(f"{survey}/responses", json=body)
                expected = model.send(agent, response, answer)
            case "amend", agent, response, answer, stale:
                held = model.held.get(response)
                revision = max((held.revision if held else 1) - stale, 1)
                got = await clients[agent].put(
                    f"{survey}/responses/{response}",
                    json={"answers": answers_of(answer)},
                    headers={"If-Match": str(revision)},
                )
                expected = model.amend(agent, response, answer, revision)
            case "erase", response:
                got = await editor.delete(f"{survey}/responses/{response}")
                expected = model.erase(response)
        said = got.json() if got.content else {}
        assert (got.status_code, said.get("code", said.get("revision"))) == expected, step
    await compare(sql, UUID(survey.rpartition("/")[2]), model)


def answers_of(answer: str) -> dict[str, Any]:
    """What is sent: encumbered, it comes to the same answer beside something that fits nothing."""
    plain, _, encumbered = answer.partition(", ")
    return {"q1": plain} | ({"inconnu": 1} if encumbered else {})


async def client_of(people, agent: str):
    """One client for each agent over all examples of a test."""
    kept = people.__dict__.setdefault("kept", {})
    if agent not in kept:
        kept[agent] = await people(agent)
    return kept[agent]


async def compare(sql, survey: UUID, model: Model) -> None:
    """Hold the tables against the model."""
    rows = await sql.fetch(
        """
        SELECT r.id, p.email, r.revision, r.answers ->> 'q1' AS answer, r.erased_at IS NOT NULL AS erased
        FROM response r LEFT JOIN assignment a ON (a.part, a.id) = (r.part, r.assignment)
        LEFT JOIN agent p ON p.id = a.agent WHERE r.survey = $1
        """,
        survey,
    )
    assert {str(row["id"]): (row["email"], row["revision"], row["answer"]) for row in rows} == {
        response: (None, held.revision, None) if held.erased else (held.agent, held.revision, held.now)
        for response, held in model.held.items()
    }
    ledger = await sql.fetch(
        """
        SELECT p.email, a.state,
               (SELECT array_agg(e.state ORDER BY e.at, e.id) FROM assignment_event e
                WHERE (e.part, e.assignment) = (a.part, a.id)) AS events
        FROM assignment a JOIN agent p ON p.id = a.agent WHERE a.survey = $1
        """,
        survey,
    )
    assert {row["email"]: row["events"] for row in ledger} == {agent: model.events.get(agent) for agent in AGENTS}
    for row in ledger:
        assert row["state"] == (row["events"] or ["expected"])[-1]
        assert (row["state"] == "sent") == (row["email"] in model.answered)
    kept = await sql.fetch(
        "SELECT c.row_key, c.content FROM change c JOIN survey s ON c.part / 1024 = s.number WHERE s.id = $1", survey
    )
    queued = [(row["row_key"], json.loads(row["content"])["answers"]["q1"] if row["content"] else None) for row in kept]
    assert sorted(queued, key=str) == sorted(model.queue, key=str)
    revisions = await sql.fetchval(
        "SELECT count(*) FROM response_revision v JOIN response r ON (r.part, r.id) = (v.part, v.response)"
        " WHERE r.survey = $1",
        survey,
    )
    assert revisions == sum(held.revision - 1 for held in model.held.values() if not held.erased)
