"""What every test stands on: a real PostgreSQL, a database made by the migrations, emptied between tests.

The server is the embedded one, in a folder of its own, unless `NAVETTE_TEST_SERVER` names another by a superuser's URL
(to run the suite against another version of PostgreSQL).
"""

import asyncio
import contextlib
import datetime as dt
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
import pytest
from hypothesis import settings
from litestar import Litestar

from base.database import connected
from base.migrating import migrate
from base.settings import Settings
from directory.importing import import_agents
from directory.territories import load_territories
from directory.tokens import create_token
from web.app import create_app

settings.register_profile("navette", deadline=None)  # that the machine is busy is no fault of the code
settings.load_profile("navette")


class Urls(NamedTuple):
    """How the service and the owner reach the test database."""

    app: str
    owner: str


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The driver runs on asyncio only."""
    return "asyncio"


@contextlib.contextmanager
def _server() -> Iterator[Urls]:
    """A server, by the URLs of its two roles in a database of our own."""
    name = f"navette_test_{secrets.token_hex(4)}"
    named = os.environ.get("NAVETTE_TEST_SERVER")
    if named:
        with _fresh_database(named, name) as urls:
            yield urls
        return
    from base.embedded import running  # noqa: PLC0415 - not needed where a server is named

    # Not tmp_path: pytest makes it 0700 for root, and the server's own user could not reach its data.
    folder = Path(tempfile.mkdtemp(prefix="navette-test-"))
    folder.chmod(0o755)
    try:
        with running(folder / "data") as server:
            yield Urls(app=server.database_url, owner=server.owner_url)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _fresh_database(superuser: str, name: str) -> Iterator[Urls]:
    async def run(*statements: str) -> None:
        connection = await asyncpg.connect(superuser)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    roles = ("navette_owner", "navette_app")
    asyncio.run(
        run(
            "SELECT pg_advisory_lock(0)",  # roles are the server's, and every worker of a run comes here at once
            *(f"DO $$ BEGIN CREATE ROLE {role}; EXCEPTION WHEN duplicate_object THEN NULL; END $$" for role in roles),
            *(f"ALTER ROLE {role} LOGIN PASSWORD '{role}'" for role in roles),
            f"CREATE DATABASE {name} OWNER navette_owner",
        )
    )

    def url(role: str) -> str:
        parts = urlsplit(superuser)
        place = f"{parts.hostname}:{parts.port or 5432}"
        return urlunsplit(parts._replace(netloc=f"{role}:{role}@{place}", path=f"/{name}"))

    try:
        yield Urls(app=url("navette_app"), owner=url("navette_owner"))
    finally:
        asyncio.run(run(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def urls() -> Iterator[Urls]:
    """A database made by the migrations, with the territories of France in it."""
    with _server() as made:

        async def prepare() -> None:
            await migrate(made.owner)
            async with connected(made.app):
                await load_territories()

        asyncio.run(prepare())
        yield made


@pytest.fixture
async def database(urls: Urls) -> AsyncIterator[Urls]:
    """The pool open on an empty database (territories stay: nothing changes them)."""
    async with connected(urls.app):
        yield urls
    connection = await asyncpg.connect(urls.owner)
    try:
        # DELETE beats TRUNCATE on small tables; children first.
        for table in (
            "manifest",
            "segment",
            "change",
            "response_revision",
            "response",
            "assignment_event",
            "draft",
            "assignment",
            "edition",
            "survey",
            "session",
            "api_token",
            '"grant"',
            "membership",
            "community",
            "agent",
        ):
            await connection.execute(f"DELETE FROM {table}")
        await connection.execute("DELETE FROM unit WHERE code <> 'admin'")
    finally:
        await connection.close()


AGENTS = """email,given_name,family_name,unit,unit_name,unit_kind,territory,communities
editor@dgaln.example,Édith,Teur,DGALN,Direction générale,directorate,FR,
analyst@dgaln.example,Anna,Lyste,DGALN,,,,
reviewer@dreal-53.example,Rémi,Viseur,DREAL-53,DREAL Bretagne,dreal,R-53,
anne@ddtm-29.example,Anne,Le Goff,DDTM-29,DDTM du Finistère,ddtm,D-29,eau|habitat
bran@ddtm-29.example,Bran,Kerdoncuff,DDTM-29,,,,eau
cecile@ddtm-35.example,Cécile,Gallo,DDTM-35,DDTM d'Ille-et-Vilaine,ddtm,D-35,eau
denis@ddtm-35.example,Denis,Roux,DDTM-35,,,,habitat
emma@ddt-75.example,Emma,Petit,DRIEAT-75,DRIEAT de Paris,drieat,D-75,eau
felix@dgtm-973.example,Félix,Guyane,DGTM-973,DGTM de Guyane,other,D-973,habitat
"""
"""A directory small enough to count by hand: nine agents, of whom five of the water community, three of them Breton."""


class People:
    """Clients of the service that act as one agent each, and as nobody."""

    def __init__(self, app: Litestar) -> None:
        self._app = app
        self._stack = contextlib.AsyncExitStack()

    async def client(self, token: str | None = None) -> httpx.AsyncClient:
        headers = {"Accept-Language": "en"} | ({"Authorization": f"Bearer {token}"} if token else {})
        transport = httpx.ASGITransport(app=self._app)
        return await self._stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://navette.test", headers=headers)
        )

    async def __call__(self, email: str, role: str | None = None, scope: str | None = None) -> httpx.AsyncClient:
        """A client with a new token of this agent, perhaps in one role only."""
        _, token = await create_token(email, role=role, scope=scope, now=dt.datetime.now(dt.UTC))
        return await self.client(token)

    async def close(self) -> None:
        await self._stack.aclose()


@pytest.fixture
async def directory(database: Urls) -> None:
    """The small directory, stored."""
    await import_agents(AGENTS.encode(), lambda *_: None, now=dt.datetime.now(dt.UTC))


@pytest.fixture
async def people(directory: None, urls: Urls) -> AsyncIterator[People]:
    """The application on the test database, and clients to talk to it."""
    # The fixture `database` holds the pool open; the application's own lifespan would open it again.
    app = create_app(Settings(data_dir=Path("unused"), database_url=urls.app))
    made = People(app)
    yield made
    await made.close()


@pytest.fixture
async def editor(people: People) -> httpx.AsyncClient:
    """An editor of the directorate DGALN."""
    return await people("editor@dgaln.example", "editor", "unit:DGALN")


@pytest.fixture
async def anne(people: People) -> httpx.AsyncClient:
    """An agent of the Finistère, in the communities of water and housing."""
    return await people("anne@ddtm-29.example")


@pytest.fixture
async def nobody(people: People) -> httpx.AsyncClient:
    """A caller without a token."""
    return await people.client()
