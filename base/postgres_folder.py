"""The data folder of the embedded PostgreSQL: its files, its lock, and what serves it or served it.

Several processes use one folder: whoever has the lock may start the server, the others wait for it.
"""

import asyncio
import fcntl
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final

import asyncpg
import msgspec

from base.language import N_
from base.postgres_binaries import APP, DATABASE, HOST, OWNER
from base.problems import problem
from base.supervising import pause

FOREIGN_FOLDER = problem(
    "embedded/foreign-folder",
    503,
    N_("The data folder holds something else"),
    N_(
        "{folder} holds files that are not PostgreSQL's: move them away, or choose another folder with "
        "NAVETTE_DATA_DIR."
    ),
)
STILL_HELD = problem(
    "embedded/still-held",
    503,
    N_("Another process holds the data folder"),
    N_("Process {pid} holds {folder} but its database does not answer: stop that process, then start again."),
)

PATIENCE: Final = 300.0
"""Seconds for a start or a previous stop: recovery after a crash may have a gigabyte of log to replay."""
POLL: Final = 0.02


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What `postgres.json` tells the other processes; `pid` is 0 while no server runs."""

    port: int
    pid: int
    owner_password: str
    app_password: str

    def url(self, role: str) -> str:
        password = self.owner_password if role == OWNER else self.app_password
        # Without sslmode, asyncpg looks for certificates in the home folder, and fails where that is another user's.
        return f"postgresql://{role}:{password}@{HOST}:{self.port}/{DATABASE}?sslmode=disable"


class Place(msgspec.Struct, frozen=True):
    """One data folder and the files in it."""

    folder: Path

    @property
    def cluster(self) -> Path:
        return self.folder / "postgres"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    def read_state(self) -> State | None:
        with suppress(FileNotFoundError, msgspec.DecodeError):
            return msgspec.json.decode((self.folder / "postgres.json").read_bytes(), type=State)
        return None

    def write_state(self, state: State) -> None:
        new = self.folder / "postgres.json.new"
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(msgspec.json.encode(state))
        new.replace(self.folder / "postgres.json")

    def log_since(self, length: int) -> str:
        return self.log.read_bytes()[length:].decode(errors="replace")

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


_LOCKS: Final[set[int]] = set()
"""The locks we hold. A forked child closes them at once: it would go on holding them when we are dead."""


def unlock(handle: int) -> None:
    if handle in _LOCKS:
        _LOCKS.discard(handle)
        os.close(handle)


def _unlock_all() -> None:
    for handle in tuple(_LOCKS):
        unlock(handle)


os.register_at_fork(after_in_child=_unlock_all)


def lock_or_share(place: Place) -> int | State:
    """The lock of the folder, or the server of the process that holds it, whichever is to be had first."""
    handle = os.open(place.folder / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
    _LOCKS.add(handle)
    try:
        running_server = _lock(place, handle)
    except BaseException:
        unlock(handle)
        raise
    if running_server is None:
        return handle
    unlock(handle)
    return running_server


def _lock(place: Place, handle: int) -> State | None:
    """None once the lock is ours; the server of whoever holds it once that one answers."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)  # for the sentence below
            return None
        state = place.read_state()
        if state and state.pid and answers(state):
            return state
        time.sleep(POLL)
    raise STILL_HELD(folder=place.folder, pid=os.pread(handle, 20, 0).decode() or "?")


def answers(state: State) -> bool:
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


def settle(place: Place, known: State | None, leaving: threading.Event) -> None:
    """Wait until the previous server is gone, and stop it, or what is left of it, where it outlived its starter."""
    deadline = time.monotonic() + PATIENCE
    while pid := _live_postmaster(place):
        if time.monotonic() > deadline:
            raise STILL_HELD(folder=place.folder, pid=pid)
        if known and known.pid == pid and answers(known):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
        pause(leaving, POLL)
    while left := _left_behind(place):
        if time.monotonic() > deadline:
            raise STILL_HELD(folder=place.folder, pid=left[0])
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)  # as their own server would have done on a crash
        pause(leaving, POLL)


def _left_behind(place: Place) -> list[int]:
    """Sessions of a server that was killed. PostgreSQL waits for them, and they for the end of their statement.

    Nothing where there is no /proc, or where it does not let us look (root without CAP_SYS_PTRACE).
    """
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            is_session = (process / "cmdline").read_bytes().startswith(b"postgres: ")
            if is_session and (process / "cwd").readlink() == place.cluster:
                found.append(int(process.name))
    return found


def _live_postmaster(place: Place) -> int:
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
