"""The embedded PostgreSQL: the server of those who name none, run as a child of the process that needs it.

One server per data folder, shared by all processes that use the folder. Whoever finds none running starts it, starts
it again when it dies (`supervising.py`), and stops it at the end; where that process is killed, Linux stops it
(elsewhere, the next start does). A process that shares it loses its connections when the starter stops. Port and
passwords stay the same from one start to the next (a port that somebody took between two starters excepted), so that
such a process gets through again once another runs the server.

In the data folder: `postgres/` (the cluster), `postgres.json` (port and passwords, for the folder's owner alone),
`postgres.lock` (held as long as the starter lives), `postgres.log`, and `postgres-17.10/` where root's server cannot
reach the programs.
"""

import errno
import functools
import math
import os
import secrets
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from base.language import N_
from base.postgres_binaries import (
    APP,
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
from base.postgres_folder import (
    PATIENCE,
    POLL,
    Place,
    State,
    answers,
    lock_or_share,
    settle,
    unlock,
)
from base.problems import problem
from base.supervising import NO_FORK, Process, else_stopped, pause, stop, supervised

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
PORT_TAKEN = problem(
    "embedded/port-taken",
    503,
    N_("The port is taken"),
    N_(
        "PostgreSQL cannot have port {port} of 127.0.0.1, which another program uses or which is not allowed: "
        "choose another port, or name none and a free one is found."
    ),
)
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


class _Launch(msgspec.Struct, frozen=True, kw_only=True):
    """What the next start of a server of ours needs to know of the first."""

    place: Place
    binaries: Binaries
    state: State


@contextmanager
def running(data_dir: Path, *, port: int | None = None) -> Iterator[Server]:
    """The server of this data folder: another process's, shared, else our own until the end of the block.

    `port` counts only where we start it; then a server that dies is back after a while, with the same port and
    passwords. Blocks, so that a service calls it before its event loop.
    """
    place = Place(Path(os.path.realpath(data_dir)))
    with _worded(place):
        make_folder(place.folder)
        held = lock_or_share(place)
    if isinstance(held, State):
        yield _server(place, held)
        return
    try:
        with supervised(functools.partial(_start, place, port), _start_again, _end) as launch:
            yield _server(place, launch.state)
    finally:
        unlock(held)


def _server(place: Place, state: State) -> Server:
    return Server(
        host=HOST, port=state.port, database_url=state.url(APP), owner_url=state.url(OWNER), data_dir=place.folder
    )


@contextmanager
def _worded(place: Place) -> Iterator[None]:
    """What the system refuses, as problems."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DISK_FULL(folder=place.folder) from error
        reason = error.strerror or str(error)
        raise UNUSABLE_FOLDER(folder=error.filename or place.folder, reason=reason) from error


def make_folder(folder: Path) -> None:
    """Make the folder and those above that are missing; root's let the server's user through to its subfolder."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        path.chmod(0o711 if os.geteuid() == 0 else 0o700)


def _start(place: Place, port: int | None, leaving: threading.Event) -> tuple[Process, _Launch]:
    with _worded(place):
        account = server_account(place.cluster)
        if account and (folder := blocking_folder(place.folder, account)):
            raise UNREACHABLE_FOLDER(folder=folder, user=account.name)
        known = place.read_state()
        settle(place, known, leaving)
        if port is not None and _free_port(port) != port:
            raise PORT_TAKEN(port=port)
        major = place.major()
        binaries = find(major, account, place.cluster)
        if major is None:
            make_cluster(binaries, place.cluster)
        state = State(
            port=known.port if known else 0,
            pid=0,
            owner_password=known.owner_password if known else secrets.token_urlsafe(24),
            app_password=known.app_password if known else secrets.token_urlsafe(24),
        )
        place.write_state(state)
        passwords = {OWNER: state.owner_password, APP: state.app_password}
        tell(binaries, place.cluster, *(f"ALTER ROLE {role} PASSWORD '{word}'" for role, word in passwords.items()))
        process, state = _serve(place, binaries, state, port, leaving)
        return process, _Launch(place=place, binaries=binaries, state=state)


def _start_again(launch: _Launch, leaving: threading.Event) -> Process:
    """The server as it was before it died. Its recovery may take as long as it wants."""
    place, state = launch.place, launch.state
    with _worded(place):
        settle(place, place.read_state(), leaving)
        if _free_port(state.port) != state.port:
            raise PORT_TAKEN(port=state.port)
        process, before = _launch(place, launch.binaries, state.port)
        with else_stopped(process):
            if not _comes_up(place, process, leaving, patience=math.inf):
                raise failure(place.folder, place.log_since(before))
        with suppress(OSError):  # a disk too full for the file may do for the server
            place.write_state(msgspec.structs.replace(state, pid=process.pid))
        return process


def _end(launch: _Launch, process: Process) -> None:
    stop(process)
    with suppress(OSError):  # a full disk: then it keeps naming a process that is gone
        launch.place.write_state(msgspec.structs.replace(launch.state, pid=0))


def _serve(
    place: Place, binaries: Binaries, state: State, port: int | None, leaving: threading.Event
) -> tuple[Process, State]:
    """Start the server and wait until it lets our roles in; tries again where somebody took the port meanwhile."""
    for _ in range(_TRIES):
        chosen = port or _free_port(state.port)
        process, before = _launch(place, binaries, chosen)
        state = msgspec.structs.replace(state, port=chosen, pid=process.pid)
        with else_stopped(process):
            if _comes_up(place, process, leaving, patience=PATIENCE):
                if not answers(state):
                    raise START_FAILED(folder=place.folder, reason="its roles cannot sign in")
                place.write_state(state)
                return process, state
        if _free_port(chosen) == chosen:
            raise failure(place.folder, place.log_since(before))
    raise PORT_TAKEN(port=chosen)


def _launch(place: Place, binaries: Binaries, port: int) -> tuple[Process, int]:
    """A server that begins to start, and how long its log was before."""
    if place.log.exists() and place.log.stat().st_size > _LOG_LIMIT:
        place.log.replace(place.log.with_name("postgres.log.1"))
    arguments = ("-D", str(place.cluster), *options(port=str(port)))
    with place.log.open("ab") as log, NO_FORK:
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
    return process, before


def _comes_up(place: Place, process: Process, leaving: threading.Event, *, patience: float) -> bool:
    """Wait until the server takes connections; False where it ended instead."""
    deadline = time.monotonic() + patience
    while process.poll() is None:
        if place.postmaster() == (process.pid, "ready"):
            return True
        if time.monotonic() > deadline:
            raise START_FAILED(folder=place.folder, reason=f"not ready after {patience:.0f} s")
        pause(leaving, POLL)
    return False


def _free_port(wanted: int) -> int:
    """The wanted port of 127.0.0.1 if we can have it, else one that is free."""
    for port in (wanted, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as PostgreSQL does
            probe.bind((HOST, port))
            return int(probe.getsockname()[1])
    raise PORT_TAKEN(port=wanted)
