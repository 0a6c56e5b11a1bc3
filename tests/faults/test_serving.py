"""`navette serve` as an operator meets it: it starts or says in one line why not, drains, and leaves nothing behind."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
from pathlib import Path

import asyncpg
import httpx
import pytest

from base.embedded import running

ROOT = Path(__file__).parents[2]
PACKAGES = str(Path(asyncpg.__file__).parents[1])


@pytest.fixture(scope="module")
def database(open_folder):
    """A PostgreSQL that outlives the services of this module."""
    with running(open_folder / "shared") as server:
        yield server


@pytest.fixture(scope="module")
def poll(tools, database):
    return tools.prepared(database.owner_url, database.database_url)


@pytest.fixture
def service(serve, database, poll):
    """A service of the test's own on that database."""
    made = serve(NAVETTE_DATABASE_URL=database.database_url).until()
    yield made
    made.end()


def refused(tools, data: Path, *options: str, user: str | None = None, **settings: str) -> str:
    """The one line that a `navette serve` says that cannot start."""
    command = [tools.NAVETTE, "serve", *options]
    environment = tools.environment_of(data, **settings)
    if user:
        command = [interpreter_of(user), "-W", "ignore", "-c", "from web.commands import main; main()", *command[1:]]
        environment |= {"PYTHONPATH": f"{ROOT}:{PACKAGES}", "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/"}
    done = subprocess.run(
        command,
        env=environment,
        user=user,
        extra_groups=[] if user else None,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=tools.DEADLINE,
        check=False,
    )
    assert done.returncode == 1, done
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    return line


def interpreter_of(user: str) -> str:
    """A Python of our version that this user can run with our packages."""
    for candidate in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        try:
            subprocess.run(
                [candidate, "-W", "ignore", "-c", "import web.commands"],
                user=user,
                extra_groups=[],
                cwd="/",
                env={"PYTHONPATH": f"{ROOT}:{PACKAGES}", "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/"},
                check=True,
                capture_output=True,
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return candidate
    pytest.skip(f"no Python that {user} can run with our packages")


def test_port_taken(tools, open_folder):
    """A port that another program uses is named, with what to do, before anything is started."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        line = refused(tools, open_folder / "untouched", "--port", str(port))
    assert f"127.0.0.1:{port}" in line
    assert "--port" in line
    assert not (open_folder / "untouched").exists()


def test_address_of_others(tools, open_folder):
    """An address that is not this machine's is one sentence."""
    line = refused(tools, open_folder / "untouched", "--host", "192.0.2.1")
    assert "192.0.2.1" in line
    assert "--host" in line


@pytest.mark.skipif(os.geteuid() != 0, reason="nothing locks root out of a folder, and only root can become another")
def test_folder_unwritable(tools, open_folder):
    """A data folder that is not ours to write is named, with what to do."""
    line = refused(tools, open_folder / "forbidden", "--port", str(tools.free_port()), user="nobody")
    assert str(open_folder / "forbidden") in line
    assert "NAVETTE_DATA_DIR" in line


def test_bad_setting(tools, open_folder):
    """A setting that cannot be used is called by its variable."""
    line = refused(tools, open_folder / "untouched", NAVETTE_POOL_SIZE="many")
    assert "NAVETTE_POOL_SIZE" in line


def test_not_migrated(tools, open_folder, database):
    """A database of one's own that lacks migrations is refused with the command that brings them."""
    tools.ask(database.owner_url, "CREATE SCHEMA IF NOT EXISTS elsewhere")
    empty = database.database_url + "&options=-csearch_path%3Delsewhere"
    line = refused(tools, open_folder / "untouched", "--port", str(tools.free_port()), NAVETTE_DATABASE_URL=empty)
    assert "navette migrate" in line


def test_wrong_password(tools, open_folder, database):
    """A database that does not let us in is one sentence, and the password is not in it."""
    url = f"postgresql://navette_app:guessed@127.0.0.1:{database.port}/navette?sslmode=disable"
    line = refused(tools, open_folder / "untouched", "--port", str(tools.free_port()), NAVETTE_DATABASE_URL=url)
    assert "NAVETTE_DATABASE_URL" in line
    assert "guessed" not in line


def test_drains(tools, service, poll):
    """After SIGTERM no new connection is taken, an open request is answered, and the service exits with 0."""
    body = json.dumps(poll.answer(random.Random(1))).encode()
    head = (
        f"POST {poll.path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", service.port), timeout=tools.DEADLINE) as open_request:
        open_request.sendall(head.encode() + body[:10])
        # The worker has taken the connection once it answers one that came after it.
        assert service.status("/health/live") == 200
        service.process.send_signal(signal.SIGTERM)
        tools.wait_until(lambda: service.status("/health/live") == 0, "the end of listening")
        assert service.process.poll() is None
        open_request.sendall(body[10:])
        answer = b"".join(iter(lambda: open_request.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 201"), answer
    assert service.process.wait(tools.DEADLINE) == 0
    assert "Traceback" not in service.words()


def test_worker_killed(tools, service):
    """A worker that is killed is replaced, also a second time at once; nobody has to restart the service."""
    for _ in range(3):
        [worker] = tools.wait_until(service.workers, "a worker")
        os.kill(worker, signal.SIGKILL)
        tools.wait_until(lambda gone=worker: service.workers() not in ([], [gone]), "a new worker", 10)
        service.until()


def test_other_workers_answer(tools, serve, database, poll):
    """While one worker is being replaced the others answer."""
    service = serve(workers=2, NAVETTE_DATABASE_URL=database.database_url).until()
    first = tools.wait_until(lambda: len(service.workers()) == 2 and service.workers(), "two workers")[0]
    # The one that stays must be up before the other goes: so many answers in a row come from both.
    tools.wait_until(lambda: all(service.status("/health/ready") == 200 for _ in range(20)), "both workers")
    os.kill(first, signal.SIGKILL)
    answered = 0

    def replaced() -> bool:
        nonlocal answered
        answered += service.status("/health/ready") == 200
        return len(service.workers()) == 2 and first not in service.workers()

    tools.wait_until(replaced, "a new worker", 10)
    assert answered > 0
    service.until()
    assert service.stop() == 0


def test_killed_with_all_it_started(tools, serve, open_folder):
    """A service that is killed leaves neither workers nor PostgreSQL, and the next one finds everything in order."""
    service = serve(open_folder / "own", workers=2).until()
    postmaster = int((open_folder / "own" / "postgres" / "postmaster.pid").read_text().split()[0])
    started = [*service.workers(), postmaster]
    assert len(started) == 3
    service.process.kill()
    service.process.wait()
    tools.wait_until(lambda: not any(map(tools.is_alive, started)), "the end of all processes")
    again = serve(open_folder / "own").until()
    assert again.stop() == 0
    state = json.loads((open_folder / "own" / "postgres.json").read_bytes())
    assert state["pid"] == 0


def test_problems_from_the_first_byte(service):
    """What is no HTTP, no JSON or nowhere is answered as a problem or cut off, and logged without an error of ours."""
    assert httpx.get(service.address + "/api/v1/nowhere").json()["code"] == "not-found"
    assert httpx.get(service.address + "/nowhere").status_code == 404
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as rude:
        rude.sendall(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        rude.recv(1000)
    service.until()
    assert "Traceback" not in service.words()
