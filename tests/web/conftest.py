"""A survey that is open to three people, and the statements that a request runs."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from base import database as base_database

SURVEYS = "/api/v1/surveys"

QUESTIONNAIRE: dict[str, Any] = {
    "title": {"fr": "Essai"},
    "languages": ["fr"],
    "questions": [
        {"kind": "select_one", "name": "q1", "choices": "on", "label": {"fr": "Oui ?"}, "required": True},
        {"kind": "text", "name": "avis", "label": {"fr": "Votre avis"}},
    ],
    "choice_lists": {"on": [{"name": "oui", "label": {"fr": "Oui"}}, {"name": "non", "label": {"fr": "Non"}}]},
}

Publish = Callable[..., Awaitable[str]]


@pytest.fixture
def publish(editor: httpx.AsyncClient) -> Publish:
    """Makes a survey of the water community in Brittany; returns its address."""

    async def make(**fields: Any) -> str:
        created = await editor.post(SURVEYS, json={"questionnaire": QUESTIONNAIRE} | fields)
        assert created.status_code == 201, created.text
        survey = f"{SURVEYS}/{created.json()['id']}"
        await editor.put(f"{survey}/audience", json={"communities": ["eau"], "territories": ["R-53"]})
        opened = await editor.post(f"{survey}/publish", json={})
        assert opened.status_code == 200, opened.text
        return survey

    return make


@pytest.fixture
async def survey(publish: Publish) -> str:
    """One of them."""
    return await publish(slug="essai")


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that ran on the pool's connections, transactions' own left out; clear it to begin anew."""
    seen: list[str] = []
    acquired = base_database._acquired

    def note(record: Any) -> None:
        text = record.query.strip()
        if not text.startswith(("BEGIN", "COMMIT", "ROLLBACK")) and "typeinfo_tree" not in text:
            seen.append(text)

    @contextlib.asynccontextmanager
    async def listening() -> AsyncIterator[Any]:
        async with acquired() as connection:
            connection.add_query_logger(note)
            try:
                yield connection
            finally:
                connection.remove_query_logger(note)

    monkeypatch.setattr(base_database, "_acquired", listening)
    return seen
