"""Real services, each a process of its own as an operator starts it, on a database that faults can be done to."""

import asyncio
import datetime as dt
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from base.database import connected
from base.migrating import migrate
from directory.importing import import_agents
from directory.territories import load_territories
from directory.tokens import create_token
from forms.questionnaire import decode
from surveys.drafting import create, put_audience
from surveys.publishing import Publication, publish
from surveys.survey import Audience, NewSurvey

NAVETTE = str(Path(sys.executable).with_name("navette"))
DEADLINE = 40.0

QUESTIONNAIRE = {
    "title": {"fr": "Essai"},
    "languages": ["fr"],
    "questions": [
        {"kind": "select_one", "name": "q1", "choices": "oui_non", "label": {"fr": "Oui ou non ?"}, "required": True},
        {"kind": "integer", "name": "n", "label": {"fr": "Combien ?"}},
        {"kind": "text", "name": "t", "label": {"fr": "Pourquoi ?"}},
    ],
    "choice_lists": {"oui_non": [{"name": "oui", "label": {"fr": "Oui"}}, {"name": "non", "label": {"fr": "Non"}}]},
}

AGENTS = """email,given_name,family_name,unit,unit_name,unit_kind,territory
anne@ddtm-29.example,Anne,Le Goff,DDTM-29,DDTM du Finistère,ddtm,D-29
bran@ddtm-29.example,Bran,Kerdoncuff,DDTM-29,,,
cecile@ddtm-35.example,Cécile,Gallo,DDTM-35,DDTM d'Ille-et-Vilaine,ddtm,D-35
denis@ddtm-35.example,Denis,Roux,DDTM-35,,,
"""


def environment_of(data: Path, **more: str) -> dict[str, str]:
    """What an operator's shell would hold: this data folder, English, and none of our own settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NAVETTE_")}
    return clean | {"NAVETTE_DATA_DIR": str(data), "NAVETTE_LANGUAGE": "en"} | more


def wait_until(condition: Callable[[], Any], what: str = "it", seconds: float = DEADLINE) -> Any:
    """What the condition gives once it gives something."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} did not happen in {seconds} s"
        time.sleep(0.02)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_alive(pid: int) -> bool:
    """Whether a process runs: one that is dead and that nobody reaped does not."""
    try:
        return b"\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


def silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


class Service:
    """`navette serve` (or another command that serves) on a free port. What it says goes to a file."""

    def __init__(
        self,
        data: Path,
        log: Path,
        *,
        workers: int = 1,
        port: int | None = None,
        command: tuple[str, ...] = (),
        **settings: str,
    ) -> None:
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._log = log
        with log.open("ab") as words:
            self.process = subprocess.Popen(
                [NAVETTE, *(command or ("serve", "--workers", str(workers))), "--port", str(self.port)],
                env=environment_of(data, **settings),
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                start_new_session=True,
            )

    def words(self) -> str:
        return self._log.read_text()

    def status(self, path: str) -> int:
        """The status of an answer; 0 where nobody listens."""
        with suppress(httpx.TransportError):
            return httpx.get(self.address + path, timeout=10).status_code
        return 0

    def until(self, path: str = "/health/ready", status: int = 200) -> "Service":
        """The same service, once the path answers with the status."""

        def answers() -> bool:
            assert self.process.poll() is None, f"the service ended: {self.words()}"
            return self.status(path) == status

        wait_until(answers, f"{status} at {path}")
        return self

    def workers(self) -> list[int]:
        """The processes that answer."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(FileNotFoundError, ProcessLookupError):
                parent = int(stat.read_text().rpartition(")")[2].split()[1])
                if parent == self.process.pid and b"postgres" not in (stat.parent / "cmdline").read_bytes()[:200]:
                    found.append(int(stat.parent.name))
        return sorted(found)

    def stop(self) -> int:
        """The exit code after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Poll:
    """A published survey that everybody with its link may answer, that four agents are asked, and their tokens."""

    def __init__(self, slug: str, link: str, tokens: dict[str, str]) -> None:
        self.slug = slug
        self.link = link
        self.tokens = tokens
        self.path = f"/api/v1/surveys/{slug}/responses"

    def answer(self, chance: random.Random, **more: Any) -> dict[str, Any]:
        """A submission by link with an id of its own."""
        answers = {"q1": chance.choice(["oui", "non"]), "n": chance.randrange(100)}
        return {
            "id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            "answers": answers,
            "link": self.link,
        } | more


def prepare(app_url: str, slug: str = "essai") -> Poll:
    """Territories, four agents and a survey in a database that is migrated and has none of them yet."""

    async def fill() -> Poll:
        now = dt.datetime.now(dt.UTC)
        async with connected(app_url, pool_size=2):
            await load_territories()
            await import_agents(AGENTS.encode(), silent, now=now)
            tokens = {}
            for line in AGENTS.splitlines()[1:]:
                email = line.partition(",")[0]
                tokens[email.partition("@")[0]] = (await create_token(email, now=now))[1]
            tokens["root"] = (await create_token("root@navette.example", role="administrator", now=now))[1]
            survey = await create(None, NewSurvey(questionnaire=decode(json.dumps(QUESTIONNAIRE)), slug=slug), now=now)
            await put_audience(survey, Audience(territories=["R-53"]))
            published = await publish(None, survey, Publication(open_link=True), now=now)
            return Poll(slug, published.link, tokens)

    return asyncio.run(fill())


def prepared(owner_url: str, app_url: str) -> Poll:
    """The same in a database that is empty."""
    asyncio.run(migrate(owner_url))
    return prepare(app_url)


def ask(url: str, statement: str, *arguments: Any) -> list[asyncpg.Record]:
    """The rows that a statement gives."""

    async def fetch() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()

    return asyncio.run(fetch())


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """A folder that root's PostgreSQL can reach (pytest's tmp_path is closed to it)."""
    made = Path(tempfile.mkdtemp(prefix="navette-faults-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def serve(open_folder: Path) -> Iterator[Callable[..., Service]]:
    """Starts services, and ends those that are left, the last one first: the first may run the database."""
    made: list[Service] = []

    def start(data: Path | None = None, **options: Any) -> Service:
        log = open_folder / f"serve-{len(made)}.log"
        made.append(Service(data or open_folder / "data", log, **options))
        return made[-1]

    yield start
    for service in reversed(made):
        service.end()


@pytest.fixture(scope="module")
def tools() -> Any:
    """The functions of this file: pytest's import mode gives test files no other way to them."""
    return sys.modules[__name__]
