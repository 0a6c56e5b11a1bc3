"""`navette serve` whose embedded PostgreSQL is killed is ready again by itself, and leaves nothing behind."""

import json
import os
import random
import signal
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from base.embedded import running


@pytest.fixture(scope="module")
def data(open_folder):
    return open_folder / "embedded"


@pytest.fixture(scope="module")
def poll(tools, data):
    """A survey in the service's own database; the service that follows starts the server anew."""
    with running(data) as server:
        return tools.prepared(server.owner_url, server.database_url)


def processes(data: Path) -> list[int]:
    """Whatever works in the cluster."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink() == data / "postgres":
                found.append(int(process.name))
    return found


def kill(tools, data: Path) -> None:
    """Kill the server as Linux does when memory runs out, and see that it is gone."""
    pid = int((data / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)
    tools.wait_until(lambda: not tools.is_alive(pid), "its end")


def restarts(service) -> list[dict]:
    """What the service's log says about it."""
    lines = [json.loads(line) for line in service.words().splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == "embedded.restarted"]


def test_server_killed(tools, serve, data, poll):
    """It is ready again with every answer, also with a worker that comes after; SIGTERM then ends all of it."""
    service = serve(data, workers=2).until()
    chance = random.Random(1)
    for number in (1, 2):
        assert httpx.post(service.address + poll.path, json=poll.answer(chance)).status_code == 201
        kill(tools, data)
        tools.wait_until(lambda number=number: len(restarts(service)) == number, "the restart")
        service.until()
        url = json.loads((data / "postgres.json").read_bytes())
        app_url = f"postgresql://navette_app:{url['app_password']}@127.0.0.1:{url['port']}/navette?sslmode=disable"
        assert tools.ask(app_url, "SELECT count(*) FROM response")[0][0] == number
    before = service.workers()
    os.kill(before[0], signal.SIGKILL)
    tools.wait_until(lambda: len(set(service.workers()) - set(before)) == 1, "another worker")
    service.until()
    workers = service.workers()
    assert service.stop() == 0
    assert not [pid for pid in workers if tools.is_alive(pid)]
    assert not processes(data)
    assert "Traceback" not in service.words()


def test_stopped_while_it_is_down(tools, serve, data, poll):
    """SIGTERM ends a service whose server cannot be started."""
    service = serve(data).until()
    needed = data / "postgres" / "pg_hba.conf"
    needed.chmod(0)
    kill(tools, data)
    tools.wait_until(lambda: "embedded.not_restarted" in service.words(), "a try")
    service.until(status=503)
    assert service.stop() == 0
    assert not processes(data)
    needed.chmod(0o600)


def test_service_killed(tools, serve, data, poll):
    """A service killed with -9 takes the server along that it restarted."""
    service = serve(data).until()
    kill(tools, data)
    tools.wait_until(lambda: restarts(service), "the restart")
    service.until().process.kill()
    service.process.wait()
    tools.wait_until(lambda: not processes(data), "the end of the server")
