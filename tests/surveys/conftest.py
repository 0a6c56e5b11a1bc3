"""Surveys as editors make them over HTTP, and the owner's connection to look at what was stored."""

import copy
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import httpx
import pytest

SURVEYS = "/api/v1/surveys"

QUESTIONNAIRE: dict[str, Any] = {
    "title": {"fr": "Essai"},
    "languages": ["fr"],
    "questions": [
        {"kind": "select_one", "name": "q1", "choices": "on", "label": {"fr": "Oui ?"}, "required": True},
        {
            "kind": "integer",
            "name": "n",
            "label": {"fr": "Combien ?"},
            "relevant": "${q1} = 'oui'",
            "constraint": ". >= 0",
            "constraint_message": {"fr": "Pas négatif"},
        },
        {"kind": "select_multiple", "name": "themes", "choices": "themes", "label": {"fr": "Lesquels ?"}},
        {"kind": "text", "name": "avis", "label": {"fr": "Votre avis"}, "max_length": 50},
        {"kind": "date", "name": "jour", "label": {"fr": "Quand ?"}},
    ],
    "choice_lists": {
        "on": [{"name": "oui", "label": {"fr": "Oui"}}, {"name": "non", "label": {"fr": "Non"}}],
        "themes": [{"name": name, "label": {"fr": name}} for name in ("eau", "bruit", "air")],
    },
}

WATER_IN_BRITTANY = {"communities": ["eau"], "territories": ["R-53"]}
"""Three people: Anne and Bran of the Finistère, Cécile of Ille-et-Vilaine."""

Make = Callable[..., Awaitable[str]]


@pytest.fixture
def questionnaire() -> dict[str, Any]:
    """A questionnaire of five questions, to change at will."""
    return copy.deepcopy(QUESTIONNAIRE)


@pytest.fixture
def drafted(editor: httpx.AsyncClient, questionnaire: dict[str, Any]) -> Make:
    """Makes a draft; returns its address."""

    async def make(**fields: Any) -> str:
        created = await editor.post(SURVEYS, json={"questionnaire": questionnaire} | fields)
        assert created.status_code == 201, created.text
        return f"{SURVEYS}/{created.json()['id']}"

    return make


@pytest.fixture
def published(editor: httpx.AsyncClient, drafted: Make) -> Make:
    """Makes a survey that is open to its audience; returns its address."""

    async def make(audience: Any = None, publication: Any = None, **fields: Any) -> str:
        survey = await drafted(**fields)
        reach = await editor.put(f"{survey}/audience", json=WATER_IN_BRITTANY if audience is None else audience)
        assert reach.status_code == 200, reach.text
        opened = await editor.post(f"{survey}/publish", json=publication or {})
        assert opened.status_code == 200, opened.text
        return survey

    return make


@pytest.fixture
def sent() -> Callable[..., dict[str, Any]]:
    """Makes the body of a submission: an id of its own and the answers given."""

    def body(*, id: Any = None, **fields: Any) -> dict[str, Any]:  # noqa: A002 - the contract's word
        extra = {name: fields.pop(name) for name in ("assignment", "territory", "edition", "link") if name in fields}
        answers = fields.pop("answers", None) or {"q1": "non"} | fields
        return {"id": str(id or uuid.uuid4()), "answers": answers} | extra

    return body


@pytest.fixture
async def sql(database: Any) -> AsyncIterator[asyncpg.Connection]:
    """The owner of the tables, to look and to tamper."""
    connection = await asyncpg.connect(database.owner)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
def assignment_of(sql: asyncpg.Connection) -> Callable[[str, str], Awaitable[str]]:
    """The id of the expected answer of an agent (by address) or of a unit (by code) in the survey of an address."""

    async def find(survey: str, whose: str) -> str:
        return str(
            await sql.fetchval(
                """
                SELECT a.id FROM assignment a JOIN unit u ON u.id = a.unit LEFT JOIN agent p ON p.id = a.agent
                WHERE a.survey = $1 AND (p.email = $2 OR (a.agent IS NULL AND u.code = $2))
                """,
                uuid.UUID(survey.rpartition("/")[2]),
                whose,
            )
        )

    return find


@pytest.fixture
def stored(sql: asyncpg.Connection) -> Callable[[], Awaitable[dict[str, int]]]:
    """How many rows stand in each table that answering writes."""

    async def count() -> dict[str, int]:
        tables = ("response", "response_revision", "assignment_event", "change")
        return {table: await sql.fetchval(f"SELECT count(*) FROM {table}") for table in tables}

    return count
