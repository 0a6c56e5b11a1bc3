"""What every test stands on: a real PostgreSQL, a database made by the migrations, emptied between tests.

The server is the embedded one, in a folder of its own, unless `NAVETTE_TEST_SERVER` names another by a superuser's URL
(to run the suite against another version of PostgreSQL).
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from base.database import connected
from base.migrating import migrate
from directory.territories import load_territories


class Urls(NamedTuple):
    """How the service and the owner reach the test database."""

    app: str
    owner: str


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """asyncpg runs on asyncio only."""
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

    roles = {role: f"{role}_{secrets.token_hex(8)}" for role in ("navette_owner", "navette_app")}
    asyncio.run(
        run(
            *(
                f"DO $$ BEGIN CREATE ROLE {role}; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
                for role in roles
            ),
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
            "assignment",
            "edition",
            "survey",
            "api_token",
            '"grant"',
            "membership",
            "community",
            "agent",
            "unit",
        ):
            await connection.execute(f"DELETE FROM {table}")
    finally:
        await connection.close()
