"""`navette demo` as a newcomer starts it: there within seconds, gone without a trace, the same when it comes back."""

import json
import os
import signal
import time
from pathlib import Path

import httpx
import pytest

FIRST_PAGE = 60.0
"""Seconds until the first page, on a machine where every other test is busy too; 20 where none is."""


@pytest.fixture(scope="module")
def data(open_folder: Path) -> Path:
    return open_folder / "demonstrated"


@pytest.fixture
def demo(serve, data):
    """Starts the demonstration, small."""

    def start(*options: str):
        return serve(data, command=("demo", "--agents", "400", *options))

    return start


def processes(data: Path) -> list[int]:
    """Whatever still runs of it: the command, its helpers and workers, and PostgreSQL."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            ours = f"NAVETTE_DATA_DIR={data}".encode() in (process / "environ").read_bytes().split(b"\0")
            at_home = (process / "cwd").readlink() == data / "demo" / "postgres"
        except OSError:
            continue
        if (ours or at_home) and int(process.name) != os.getpid():
            found.append(int(process.name))
    return found


def counts(tools, data: Path) -> list[tuple]:
    """How many answers each survey has in each state, as its database says."""
    state = json.loads((data / "demo" / "postgres.json").read_bytes())
    url = f"postgresql://navette_app:{state['app_password']}@127.0.0.1:{state['port']}/navette?sslmode=disable"
    counted = "SELECT s.slug, a.state, count(*) FROM survey s JOIN assignment a ON a.survey = s.id GROUP BY 1, 2"
    return sorted(tuple(row) for row in tools.ask(url, counted))


def complete(data: Path) -> bool:
    return "answers testwerk" in json.loads((data / "demo" / "demo.json").read_bytes())["done"]


def test_first_start(tools, demo, data):
    """Address and people are said, the sign-in page answers soon, answers come in beside it, SIGTERM ends all."""
    begun = time.monotonic()
    service = demo().until("/connexion")
    assert time.monotonic() - begun < FIRST_PAGE
    assert service.address in service.words()
    assert "DDTM" in service.words() or "Direction départementale" in service.words()
    page = httpx.get(service.address + "/connexion").text
    assert "Finistère" in page
    tools.wait_until(lambda: complete(data), "the last answer")
    assert service.stop() == 0
    assert "Traceback" not in service.words()
    tools.wait_until(lambda: not processes(data), "the end of all processes", 10)


def test_next_start(tools, demo, data):
    """It finds everything as it was left, and adds nothing."""
    service = demo().until("/connexion")
    before = counts(tools, data)
    assert sum(number for _, state, number in before if state == "sent") > 100
    service.process.send_signal(signal.SIGINT)
    assert service.process.wait(tools.DEADLINE) in (0, 130)
    assert not processes(data)
    assert "Traceback" not in service.words()
    again = demo().until("/connexion")
    assert counts(tools, data) == before
    assert again.stop() == 0


def test_killed_while_it_fills(tools, demo, data):
    """Killed with -9 in the middle of a fresh filling it leaves no process behind; the next start completes it."""
    service = demo("--fresh").until("/connexion")
    service.process.kill()
    service.process.wait()
    tools.wait_until(lambda: not processes(data), "the end of all processes", 30)
    again = demo().until("/connexion")
    tools.wait_until(lambda: complete(data), "the last answer")
    assert sum(number for _, state, number in counts(tools, data) if state == "sent") > 100
    assert again.stop() == 0


def test_second_command(demo, data):
    """A second one on the folder says that the first is running, and leaves it alone."""
    first = demo().until("/connexion")
    second = demo("--fresh")
    assert second.process.wait(60) == 1
    assert "running already" in second.words()
    assert first.status("/connexion") == 200
    assert first.stop() == 0
