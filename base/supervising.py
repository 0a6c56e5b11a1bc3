"""Keeping a server up: it is started, started again whenever it ends by itself, and stopped with the block.

All of it in one thread, which outlives the server: the signal that a child gets when its parent dies
(PR_SET_PDEATHSIG) is bound to the *thread* that started the child. So any thread may enter the block, and leave it.
"""

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final, TypeVar

import structlog

from base import logs
from base.problems import Problem

T = TypeVar("T")
Process = subprocess.Popen[bytes]

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
"""Seconds before a restart: each try waits twice as long as the one before, until a server has lived for longer than
the longest pause."""
_WATCH: Final = 0.1
"""Seconds from one look at the server to the next; the end of the block is noticed at once."""

PR_SET_PDEATHSIG: Final = 1
"""Linux's prctl(2)."""

_log = structlog.get_logger(__name__)

NO_FORK: Final = threading.Lock()
"""Held where a fork by another thread would do harm: its child inherits Popen's pipe, whose end Popen waits for, and
the locks of the log."""

os.register_at_fork(before=NO_FORK.acquire, after_in_parent=NO_FORK.release, after_in_child=NO_FORK.release)


class Leaving(Exception):  # noqa: N818 - no error
    """The block ends: what is under way is of no use any more."""


def pause(leaving: threading.Event, seconds: float) -> None:
    """Wait, unless the block ends."""
    if leaving.wait(seconds):
        raise Leaving


@contextmanager
def supervised(
    start: Callable[[threading.Event], tuple[Process, T]],
    again: Callable[[T, threading.Event], Process],
    end: Callable[[T, Process], None],
) -> Iterator[T]:
    """Keep a server up for the length of the block, which gets what the first start tells.

    `start` and `again` give up, with `Leaving` or without, once their event is set; only the failure of the first start
    is raised. `end` is the last to be called, also where the process is dead. A forked child that leaves the block
    leaves the server alone.
    """
    owner = os.getpid()
    leaving = threading.Event()
    started: Future[T] = Future()
    thread = threading.Thread(
        target=_supervise, args=(start, again, end, leaving, started), name="supervising", daemon=True
    )
    thread.start()
    try:
        yield started.result()
    finally:
        if os.getpid() == owner:
            leaving.set()
            thread.join()


def _supervise(
    start: Callable[[threading.Event], tuple[Process, T]],
    again: Callable[[T, threading.Event], Process],
    end: Callable[[T, Process], None],
    leaving: threading.Event,
    started: Future[T],
) -> None:
    try:
        process, told = start(leaving)
    except BaseException as error:  # noqa: BLE001 - raised where the block would begin
        started.set_exception(error)
        return
    started.set_result(told)
    pauses = _pauses()
    with suppress(Leaving):
        while True:
            born = time.monotonic()
            while process.poll() is None:
                pause(leaving, _WATCH)
            if time.monotonic() - born > _LONGEST_PAUSE:
                pauses = _pauses()
            process = _revived(process, partial(again, told, leaving), pauses, leaving)
    end(told, process)


def _pauses() -> Iterator[float]:
    seconds = _FIRST_PAUSE
    while True:
        yield seconds
        seconds = min(2 * seconds, _LONGEST_PAUSE)


def _revived(dead: Process, again: Callable[[], Process], pauses: Iterator[float], leaving: threading.Event) -> Process:
    """The server that takes the place of the dead one, however many tries it takes."""
    died = time.monotonic()
    for tries, seconds in enumerate(pauses, 1):
        pause(leaving, seconds)
        try:
            process = again()
        except Leaving:
            raise
        except Problem as failure:
            _tell("embedded.not_restarted", tries=tries, code=failure.kind.code, reason=str(failure))
        except Exception as failure:  # noqa: BLE001 - whatever it is, it may have gone by the next try
            _tell("embedded.not_restarted", tries=tries, exc_info=failure)
        else:
            down = round(time.monotonic() - died, 1)
            _tell("embedded.restarted", tries=tries, exit_code=dead.returncode, seconds_down=down)
            return process
    raise AssertionError  # the pauses do not end


def _tell(event: str, **details: object) -> None:
    with NO_FORK, suppress(Exception):  # without anybody to read standard error the server is wanted all the same
        if not structlog.is_configured():  # commands configure no log, which their workers do
            logs.configure()
        _log.warning(event, **details)


def stop(process: Process) -> None:
    """Stop the server: fast (running transactions roll back), at worst without its last checkpoint."""
    for number, seconds in ((signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, None)):
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            return


@contextmanager
def else_stopped(process: Process) -> Iterator[None]:
    """A server that starts: it is stopped where the block fails."""
    try:
        yield
    except BaseException:
        stop(process)
        raise


def end_with_parent() -> None:
    """Have the kernel stop this process when the one that started it (by multiprocessing) is gone, even by a kill.

    SIGTERM ends it at once until somebody takes that over: the handler that the parent left would swallow it.
    """
    parent = multiprocessing.parent_process()
    if sys.platform == "linux" and parent is not None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))
        if os.getppid() != parent.pid:  # it died before we asked
            sys.exit(1)
