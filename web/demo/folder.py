"""The data folder of the demonstration: it is nobody else's, and one command at a time works in it.

`demo.lock` marks it as ours and is held as long as the command runs; `demo.json` says how far the filling has come.
"""

import contextlib
import datetime as dt
import fcntl
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from base.embedded import make_folder
from base.language import N_
from base.postgres_folder import Place, settle
from base.problems import problem

MARK: Final = "demo.lock"
STATE: Final = "demo.json"
DATABASE_LOCK: Final = "postgres.lock"
"""What `base/embedded.py` locks as long as its server runs."""

NOT_OURS = problem(
    "demo/not-ours",
    500,
    N_("This folder is not the demonstration's"),
    N_("{folder} holds something else. Move it away, or choose another place with NAVETTE_DATA_DIR."),
)
RUNNING_ALREADY = problem(
    "demo/running-already",
    500,
    N_("The demonstration is running already"),
    N_("Another command works in {folder}. Stop it first, or choose another place with NAVETTE_DATA_DIR."),
)


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """How far a demonstration has come: its size, the moment it began at, and what is done."""

    agents: int
    began: dt.datetime
    done: tuple[str, ...] = ()


@contextlib.contextmanager
def claimed(folder: Path, *, fresh: bool) -> Iterator[None]:
    """Have the folder for the length of the block, empty if `fresh`; nothing is removed that the demo did not make."""
    if folder.is_symlink() or (folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists()):
        raise NOT_OURS(folder=folder)
    make_folder(folder)
    with _lock(folder / MARK):
        if fresh:
            with _lock(folder / DATABASE_LOCK):
                _empty(folder)
        yield


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold the lock of this file; who comes second is told so at once."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RUNNING_ALREADY(folder=path.parent) from None
        yield
    finally:
        os.close(handle)


def filled(folder: Path) -> Filled | None:
    """How far the demonstration in this folder has come; null where none has begun."""
    try:
        return msgspec.json.decode((folder / STATE).read_bytes(), type=Filled)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def note(folder: Path, state: Filled) -> None:
    """Keep how far it has come; a file of this name is always whole."""
    new = folder / f"{STATE}.new"
    new.write_bytes(msgspec.json.encode(state))
    new.replace(folder / STATE)


def _empty(folder: Path) -> None:
    """Remove all but the locks, once what is left of a database that was killed has ended."""
    place = Place(folder)
    settle(place, place.read_state(), threading.Event())
    for path in folder.iterdir():
        if path.name in {MARK, DATABASE_LOCK}:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
