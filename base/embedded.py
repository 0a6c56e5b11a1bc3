"""The embedded PostgreSQL: the server of those who name none, run as a child of the process that needs it.

One server per data folder, shared by all processes that use the folder. Whoever finds none running starts it and
stops it at the end; where that process is killed, Linux stops it (elsewhere, the next start does). A process that
shares it loses its connections when the starter stops. Port and passwords stay the same from one start to the next
(a port that somebody took meanwhile excepted), so that such a process gets through again once another runs the server.

In the data folder: `postgres/` (the cluster), `postgres.json` (port and passwords, for the folder's owner alone),
`postgres.lock` (held as long as the starter lives), `postgres.log`, and `postgres-17.10/` where root's server cannot
reach the programs.
"""

import asyncio
import errno
import fcntl
import os
import secrets
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import asyncpg
import msgspec

from base.language import N_
from base.postgres_binaries import (
    APP,
    DATABASE,
    DISK_FULL,
    HOST,
    OWNER,
    START_FAILED,
    Binaries,
    blocking_folder,
    failure,
    find,
    make_cluster,
    options,
    server_account,
    tell,
)
from base.problems import problem

UNREACHABLE_FOLDER = problem(
    "embedded/unreachable-folder",
    503,
    N_("The database cannot reach its folder"),
    N_(
        "PostgreSQL runs as the user “{user}”, who may not enter {folder}: choose a folder that this user can reach "
        "with NAVETTE_DATA_DIR, or start Navette as an ordinary user."
    ),
)
UNUSABLE_FOLDER = problem(
    "embedded/unusable-folder",
    503,
    N_("The data folder cannot be used"),
    N_("{folder} cannot be used ({reason}): make it yours to write, or choose another folder with NAVETTE_DATA_DIR."),
)
FOREIGN_FOLDER = problem(
    "embedded/foreign-folder",
    503,
    N_("The data folder holds something else"),
    N_(
        "{folder} holds files that are not PostgreSQL's: move them away, or choose another folder with "
        "NAVETTE_DATA_DIR."
    ),
)
PORT_TAKEN = problem(
    "embedded/port-taken",
    503,
    N_("The port is taken"),
    N_(
        "PostgreSQL cannot have port {port} of 127.0.0.1, which another program uses or which is not allowed: "
        "choose another port, or name none and a free one is found."
    ),
)
STILL_HELD = problem(
    "embedded/still-held",
    503,
    N_("Another process holds the data folder"),
    N_("Process {pid} holds {folder} but its database does not answer: stop that process, then start again."),
)

_PATIENCE: Final = 300.0
"""Seconds for a start or a previous stop: recovery after a crash may have a gigabyte of log to replay."""
_POLL: Final = 0.02
_TRIES: Final = 5
_LOG_LIMIT: Final = 10_000_000


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """A running server: `database_url` for the service, which may not change the schema, `owner_url` for migrations."""

    host: str
    port: int
    database_url: str
    owner_url: str
    data_dir: Path

    def __repr__(self) -> str:
        """Without the passwords, which would end up in logs and reports."""
        return f"Server({self.host}:{self.port}, {self.data_dir})"


class _State(msgspec.Struct, frozen=True, kw_only=True):
    """What `postgres.json` tells the other processes; `pid` is 0 while no server runs."""

    port: int
    pid: int
    owner_password: str
    app_password: str

    def url(self, role: str) -> str:
        password = self.owner_password if role == OWNER else self.app_password
        # Without sslmode, asyncpg looks for certificates in the home folder, and fails where that is another user's.
        return f"postgresql://{role}:{password}@{HOST}:{self.port}/{DATABASE}?sslmode=disable"


class _Place(msgspec.Struct, frozen=True):
    """One data folder and the files in it."""

    folder: Path

    @property
    def cluster(self) -> Path:
        return self.folder / "postgres"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    def read_state(self) -> _State | None:
        with suppress(FileNotFoundError, msgspec.DecodeError):
            return msgspec.json.decode((self.folder / "postgres.json").read_bytes(), type=_State)
        return None

    def write_state(self, state: _State) -> None:
        new = self.folder / "postgres.json.new"
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(msgspec.json.encode(state))
        new.replace(self.folder / "postgres.json")

    def major(self) -> int | None:
        """The major version of the cluster, if there is one."""
        try:
            return int((self.cluster / "PG_VERSION").read_text())
        except FileNotFoundError:
            if self.cluster.exists() and any(self.cluster.iterdir()):
                raise FOREIGN_FOLDER(folder=self.cluster) from None
            return None
        except ValueError:
            raise FOREIGN_FOLDER(folder=self.cluster) from None

    def postmaster(self) -> tuple[int, str]:
        """The process and the status in the cluster's `postmaster.pid`; the process is 0 where there is none."""
        try:
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return 0, ""
        pid = lines[0].lstrip("-") if lines else ""  # negative in single-user mode
        return int(pid) if pid.isdigit() else 0, "".join(lines[7:8]).strip()


@contextmanager
def running(data_dir: Path, *, port: int | None = None) -> Iterator[Server]:
    """The server of this data folder: another process's, shared, else our own until the end of the block.

    `port` counts only where we start it. Only the main thread may start it: Linux stops the server when the *thread*
    that started it ends. Blocks, so that a service calls it before its event loop.
    """
    place = _Place(Path(os.path.realpath(data_dir)))
    with _worded(place):
        _make_folder(place.folder)
        held = _lock_or_share(place)
    if isinstance(held, _State):
        yield _server(place, held)
        return
    try:
        with _worded(place):
            process, state = _start(place, port)
        try:
            yield _server(place, state)
        finally:
            _stop(process)
            with suppress(OSError):  # a full disk: then it keeps naming a process that is gone
                place.write_state(msgspec.structs.replace(state, pid=0))
    finally:
        _unlock(held)


def _server(place: _Place, state: _State) -> Server:
    return Server(
        host=HOST, port=state.port, database_url=state.url(APP), owner_url=state.url(OWNER), data_dir=place.folder
    )


@contextmanager
def _worded(place: _Place) -> Iterator[None]:
    """What the system refuses, as problems."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DISK_FULL(folder=place.folder) from error
        reason = error.strerror or str(error)
        raise UNUSABLE_FOLDER(folder=error.filename or place.folder, reason=reason) from error


def _make_folder(folder: Path) -> None:
    """Make the folder and those above that are missing; root's let the server's user through to its subfolder."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        path.chmod(0o711 if os.geteuid() == 0 else 0o700)


_LOCKS: Final[set[int]] = set()
"""The locks we hold. A forked child closes them at once: it would go on holding them when we are dead."""


def _unlock(handle: int) -> None:
    _LOCKS.discard(handle)
    os.close(handle)


def _unlock_all() -> None:
    for handle in tuple(_LOCKS):
        _unlock(handle)


os.register_at_fork(after_in_child=_unlock_all)


def _lock_or_share(place: _Place) -> int | _State:
    """The lock of the folder, or the server of the process that holds it, whichever is to be had first."""
    handle = os.open(place.folder / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
    _LOCKS.add(handle)
    try:
        running_server = _lock(place, handle)
    except BaseException:
        _unlock(handle)
        raise
    if running_server is None:
        return handle
    _unlock(handle)
    return running_server


def _lock(place: _Place, handle: int) -> _State | None:
    """None once the lock is ours; the server of whoever holds it once that one answers."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)  # for the sentence below
            return None
        state = place.read_state()
        if state and state.pid and _answers(state):
            return state
        time.sleep(_POLL)
    raise STILL_HELD(folder=place.folder, pid=os.pread(handle, 20, 0).decode() or "?")


def _answers(state: _State) -> bool:
    """Whether a server lets both roles in with these passwords: only the folder's own does."""

    async def sign_in() -> None:
        for role in (OWNER, APP):
            connection = await asyncpg.connect(state.url(role), timeout=10)
            await connection.close()

    with ThreadPoolExecutor(1) as thread:  # the caller's own may have an event loop
        failure = thread.submit(lambda: asyncio.run(sign_in())).exception()
    if failure and not isinstance(failure, OSError | TimeoutError | asyncpg.PostgresError | asyncpg.InterfaceError):
        raise failure
    return failure is None


def _start(place: _Place, port: int | None) -> tuple[subprocess.Popen[bytes], _State]:
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("start the embedded server in the main thread: it would end with this one")
    account = server_account(place.cluster)
    if account and (folder := blocking_folder(place.folder, account)):
        raise UNREACHABLE_FOLDER(folder=folder, user=account.name)
    known = place.read_state()
    _settle(place, known)
    if port is not None and _free_port(port) != port:
        raise PORT_TAKEN(port=port)
    major = place.major()
    binaries = find(major, account, place.cluster)
    if major is None:
        make_cluster(binaries, place.cluster)
    state = _State(
        port=known.port if known else 0,
        pid=0,
        owner_password=known.owner_password if known else secrets.token_urlsafe(24),
        app_password=known.app_password if known else secrets.token_urlsafe(24),
    )
    place.write_state(state)
    passwords = {OWNER: state.owner_password, APP: state.app_password}
    tell(binaries, place.cluster, *(f"ALTER ROLE {role} PASSWORD '{word}'" for role, word in passwords.items()))
    return _serve(place, binaries, state, port)


def _settle(place: _Place, known: _State | None) -> None:
    """Wait until the previous server is gone, and stop it where it outlived its starter."""
    deadline = time.monotonic() + _PATIENCE
    while pid := _live_postmaster(place):
        if time.monotonic() > deadline:
            raise STILL_HELD(folder=place.folder, pid=pid)
        if known and known.pid == pid and _answers(known):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
        time.sleep(_POLL)


def _live_postmaster(place: _Place) -> int:
    """The process that serves the cluster, else 0.

    PostgreSQL takes any process with the number in `postmaster.pid` for its server and refuses to start: one that got
    the number later (containers count from 1 again), or a dead one that nobody reaps. Linux tells them apart.
    """
    pid, _ = place.postmaster()
    if pid and Path("/proc/self").exists():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()  # empty for the dead
        except (FileNotFoundError, ProcessLookupError):
            return 0
        if Path(os.fsdecode(command.partition(b"\0")[0])).name.startswith("postgres"):
            return pid
        (place.cluster / "postmaster.pid").unlink(missing_ok=True)
        return 0
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return 0
    return pid


def _serve(
    place: _Place, binaries: Binaries, state: _State, port: int | None
) -> tuple[subprocess.Popen[bytes], _State]:
    """Start the server and wait until it lets our roles in; tries again where somebody took the port meanwhile."""
    if place.log.exists() and place.log.stat().st_size > _LOG_LIMIT:
        place.log.replace(place.log.with_name("postgres.log.1"))
    for _ in range(_TRIES):
        chosen = port or _free_port(state.port)
        arguments = ("-D", str(place.cluster), *options(port=str(chosen)))
        with place.log.open("ab") as log:
            before = log.tell()
            process = subprocess.Popen(  # noqa: S603 - a command of ours
                binaries.command("postgres", *arguments, death_signal=signal.SIGINT),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=binaries.environment,
                start_new_session=True,  # Ctrl-C is for us: the service ends its work, then stops the server
            )
        state = msgspec.structs.replace(state, port=chosen, pid=process.pid)
        try:
            if _is_ready(place, process, state):
                place.write_state(state)
                return process, state
        except BaseException:
            _stop(process)
            raise
        if _free_port(chosen) == chosen:
            raise failure(place.folder, place.log.read_bytes()[before:].decode(errors="replace"))
    raise PORT_TAKEN(port=chosen)


def _is_ready(place: _Place, process: subprocess.Popen[bytes], state: _State) -> bool:
    """Wait until the server takes connections, and see that ours work; False where it ended instead."""
    deadline = time.monotonic() + _PATIENCE
    while process.poll() is None:
        if place.postmaster() == (process.pid, "ready"):
            if _answers(state):
                return True
            raise START_FAILED(folder=place.folder, reason="its roles cannot sign in")
        if time.monotonic() > deadline:
            raise START_FAILED(folder=place.folder, reason=f"not ready after {_PATIENCE:.0f} s")
        time.sleep(_POLL)
    return False


def _free_port(wanted: int) -> int:
    """The wanted port of 127.0.0.1 if we can have it, else one that is free."""
    for port in (wanted, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as PostgreSQL does
            probe.bind((HOST, port))
            return int(probe.getsockname()[1])
    raise PORT_TAKEN(port=wanted)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop the server: fast (running transactions roll back), at worst without its last checkpoint."""
    for number, seconds in ((signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, None)):
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            return
