"""A real service and real browsers: Debian's Chromium, a server process, the test database behind it.

Whatever a browser complains of fails the test it happened in: a console message, an error of a script, a refusal by the
content security policy, a request to another host. Tests that break something say which complaints that brings.
"""

import datetime as dt
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    async_playwright,
    expect,
)

from directory import sessions
from directory.actors import actor_by_email
from tests.conftest import Urls
from web.authentication import PLAIN_SESSION

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DEADLINE = 60.0
PATIENCE = 30_000
"""Milliseconds that a page may take on a machine with much else to do."""

expect.set_options(timeout=PATIENCE)

TELL = (
    "addEventListener('securitypolicyviolation', (e) => console.error('policy: ' + e.violatedDirective, e.blockedURI))"
)


@pytest.fixture(scope="module")
def service(urls: Urls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a demonstration on the test database, in a process of its own.

    It ends with the tests of a file, as the browser does: it folds whatever it finds, and tests of other folders that
    follow in the same worker count what waits to be folded.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    log = tmp_path_factory.mktemp("service") / "log"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NAVETTE_")}
    settings = {
        "NAVETTE_DATABASE_URL": urls.app,
        "NAVETTE_DATA_DIR": str(log.parent),
        "NAVETTE_FOLD_INTERVAL": "0.2",
        "NAVETTE_LOG_LEVEL": "warning",
    }
    command = ("--interface", "asgi", "--factory", "--no-ws", "--host", "127.0.0.1", "--port", str(port))
    with log.open("wb") as words:
        process = subprocess.Popen(
            [sys.executable, "-m", "granian", *command, "web.app:create_demo"],
            env=clean | settings,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            start_new_session=True,
        )
    try:
        _wait_for(address, process, log)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    said = log.read_text()
    assert "Traceback" not in said, said


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + DEADLINE
    while True:
        with suppress(httpx.TransportError):
            if httpx.get(f"{address}/health/ready", timeout=10).status_code == 200:
                return
        assert process.poll() is None, f"the service ended: {log.read_text()}"
        assert time.monotonic() < deadline, f"the service does not answer: {log.read_text()}"
        time.sleep(0.05)


@pytest.fixture(scope="module")
async def browser(anyio_backend: str) -> AsyncIterator[Browser]:
    """Chromium, for the tests of a file."""
    program = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if program is None:
        pytest.fail("The tests of tests/browser need Chromium: install it (Debian: apt-get install chromium).")
    async with async_playwright() as player:
        launched = await player.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield launched
        await launched.close()


class Reader:
    """Somebody at a device: a browser of their own with its windows, and all that it complained of."""

    def __init__(self, context: BrowserContext, page: Page, address: str) -> None:
        self.context = context
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        self.tolerated: list[re.Pattern[str]] = []
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.complaints.append(f"script: {error.error}"))
        context.on("request", self._watch)

    def _hear(self, message: ConsoleMessage) -> None:
        self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _watch(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in ("data", "blob") and f"{url.scheme}://{url.netloc}" != self.address:
            self.complaints.append(f"another host: {request.url}")

    def tolerate(self, pattern: str) -> None:
        """Expect complaints that match, because the test brings them about."""
        self.tolerated.append(re.compile(pattern))

    def expect_status(self, status: int) -> None:
        """Expect answers with this status: browsers say on the console that there was one."""
        self.tolerate(rf"the server responded with a status of {status} ")

    async def open(self, path: str, page: Page | None = None) -> Response:
        """Go to a page of the service."""
        response = await (page or self.page).goto(self.address + path)
        assert response is not None
        return response

    async def another_window(self) -> Page:
        """A second tab of the same browser."""
        return await self.context.new_page()

    async def sign_in(self, email: str) -> None:
        """Have the session of an agent, as after pressing their button."""
        actor = await actor_by_email(email)
        assert actor is not None
        secret = await sessions.begin(actor.id, dt.datetime.now(dt.UTC))
        await self.context.add_cookies([{"name": PLAIN_SESSION, "value": secret, "url": self.address}])

    async def lose_session(self) -> None:
        """What happens when the session ends on the server meanwhile."""
        for cookie in await self.context.cookies():
            if cookie["name"] == PLAIN_SESSION:
                await sessions.end(cookie["value"], dt.datetime.now(dt.UTC))

    def judged(self) -> list[str]:
        """What the browser complained of and the test does not expect."""
        return [one for one in self.complaints if not any(known.search(one) for known in self.tolerated)]


MakeReader = Callable[..., Awaitable[Reader]]


@pytest.fixture
async def reader(browser: Browser, service: str, database: Urls) -> AsyncIterator[MakeReader]:
    """People with a browser, who read French: one for each call, with an e-mail, a width, options of the context."""
    made: list[Reader] = []

    async def make(email: str | None = None, *, width: int = 1280, height: int = 900, **options: Any) -> Reader:
        context = await browser.new_context(
            viewport={"width": width, "height": height}, **{"locale": "fr-FR", "timezone_id": "Europe/Paris"} | options
        )
        context.set_default_timeout(PATIENCE)
        await context.add_init_script(TELL)
        one = Reader(context, await context.new_page(), service)
        made.append(one)
        if email is not None:
            await one.sign_in(email)
        return one

    yield make
    complaints = [one.judged() for one in made]
    for one in made:
        await one.context.set_offline(True)  # a page that closes saves: not any more, the database is emptied now
        await one.context.close()
    assert complaints == [[] for _ in made]
