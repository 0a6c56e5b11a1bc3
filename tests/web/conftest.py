"""A survey that is open to three people, browsers to look at pages with, and the statements that a request runs."""

import contextlib
import datetime as dt
import html
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from base import database as base_database
from base.settings import Settings
from directory.actors import actor_by_email
from directory.granting import hold
from directory.sessions import begin
from web.app import create_app
from web.authentication import SESSION, csrf_token

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


def words(page: str) -> str:
    """What a page says, without its markup; every kind of space is one plain space."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def text(page: str) -> str:
    """The same, of its main part only."""
    return words(page[page.index("<main") : page.index("</main>")])


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


class Browser(httpx.AsyncClient):
    """What a browser sends: the session's cookie, where a form came from, and with `submit` the form's token."""

    @property
    def secret(self) -> str | None:
        """The secret of the session, in its cookie."""
        return self.cookies.get(SESSION)

    @property
    def csrf(self) -> str:
        """The token in the forms of the pages that this browser shows now."""
        return csrf_token(self.secret)

    async def submit(self, url: str, data: dict[str, Any] | None = None, **options: Any) -> httpx.Response:
        """Send a form with its token (`files=` makes it multipart); redirects are not followed."""
        return await self.post(url, data={"csrf": self.csrf} | (data or {}), **options)

    async def fetch(self, url: str, json: Any, **options: Any) -> httpx.Response:
        """Send JSON as the script of a page does."""
        headers = {"X-Requested-With": "fetch", "X-CSRF-Token": self.csrf}
        return await self.post(url, json=json, headers=headers, **options)

    async def become(self, email: str, **fields: str) -> httpx.Response:
        """Press the button of an agent on the sign-in page."""
        actor = await actor_by_email(email)
        assert actor is not None
        return await self.submit("/connexion", {"agent": str(actor.id)} | fields)


class Pages:
    """Browsers, each signed in as one agent or as nobody."""

    def __init__(self, app: Litestar) -> None:
        self.app = app
        self._stack = contextlib.AsyncExitStack()

    async def __call__(
        self, email: str | None = None, role: str | None = None, scope: str | None = None, *, language: str = "fr"
    ) -> Browser:
        """A browser in which this agent has signed in (who is given the role first, if one is named)."""
        browser = Browser(
            transport=httpx.ASGITransport(app=self.app),
            base_url="https://navette.test",  # the session's cookie is for TLS only
            headers={"Accept": "text/html", "Accept-Language": language, "Sec-Fetch-Site": "same-origin"},
        )
        await self._stack.enter_async_context(browser)
        if email is not None:
            now = dt.datetime.now(dt.UTC)
            if role is not None:
                await hold(email, role, scope, now=now)
            actor = await actor_by_email(email)
            assert actor is not None
            browser.cookies.set(SESSION, await begin(actor.id, now), domain="navette.test")
        return browser

    async def close(self) -> None:
        await self._stack.aclose()


@pytest.fixture
async def pages(people) -> AsyncIterator[Pages]:
    """Browsers on the application of `people`."""
    made = Pages(people._app)
    yield made
    await made.close()


@pytest.fixture
async def demo_pages(directory: None, urls) -> AsyncIterator[Pages]:
    """Browsers on the demonstration, where anybody may become anybody."""
    made = Pages(create_app(Settings(data_dir=Path("unused"), database_url=urls.app), demo=True))
    yield made
    await made.close()


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
