"""`navette demo`: a service full of made-up people and answers, to click through, with a database of its own."""

import asyncio
import contextlib
import http.client
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import msgspec
import rich_click as click

from base import logs, settings
from base.clock import now
from base.database import connected
from base.language import N_, translate
from base.problems import Problem, problem
from base.progress import Progress
from base.supervising import end_with_parent
from web.commands.running import database, progress, say, told
from web.commands.service import require_free, serve_until_stopped
from web.demo.filling import answer, prepare
from web.demo.folder import claimed
from web.demo.people import DemoPerson, demo_people

FEWEST: Final = 200
"""So many agents give every département somebody, or nearly."""

HEAD_START: Final = 30.0
"""Seconds at most by which the service's first page goes before the filling, which needs the processor too."""

OWN_DATABASE = problem(
    "demo/own-database",
    500,
    N_("The demonstration uses a database of its own"),
    N_("It would fill yours with made-up people and answers: start it without NAVETTE_DATABASE_URL."),
)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="The port to listen on.")
@click.option(
    "--agents", default=9000, show_default=True, type=click.IntRange(FEWEST, 200_000), help="How many people there are."
)
@click.option("--fresh", is_flag=True, help="Forget what was done in the demonstration before, and begin anew.")
def demo(host: str, port: int, agents: int, fresh: bool) -> None:
    """Try Navette: real services and questionnaires, made-up people and answers; anybody may sign in as anybody.

    The first page is there within seconds; answers come in while you look. It goes on where it was when it is started
    again.
    """
    chosen = settings.load()
    logs.configure(chosen.log_level)
    if chosen.database_url:
        raise OWN_DATABASE()
    require_free(host, port)
    folder = chosen.data_dir / "demo"
    with claimed(folder, fresh=fresh), database(msgspec.structs.replace(chosen, data_dir=folder)) as url:
        people = asyncio.run(_prepared(url, folder, agents))
        address = f"http://{host}:{port}"
        _introduce(address, people)
        with _filled_meanwhile(url, folder, host, port):
            os.environ[settings.variable("data_dir")] = str(folder)
            serve_until_stopped("web.app:create_demo", url, host=host, port=port)


async def _prepared(url: str, folder: Path, agents: int) -> list[DemoPerson]:
    async with connected(url, pool_size=2):
        state = await prepare(folder, agents=agents, now=now(), watch=_watch)
        if state.agents != agents:
            message = N_("This demonstration has {count} agents; --fresh begins anew with another number.")
            click.echo(say(message, count=state.agents), err=True)
        return await demo_people()


def _introduce(address: str, people: list[DemoPerson]) -> None:
    language = settings.load().language
    click.echo(say(N_("Open {address} and become one of these people:"), address=address))
    for person in people:
        click.echo(f"  {person.name} – {person.unit_name}\n    {translate(person.role, language=language)}")
    click.echo(say(N_("Ctrl-C stops it; it goes on where it was when it is started again.")))


def _watch(label: str) -> AbstractContextManager[Progress]:
    return progress(say(label))


@contextlib.contextmanager
def _filled_meanwhile(url: str, folder: Path, host: str, port: int) -> Iterator[None]:
    """Have a process of its own bring in the answers; it ends with the block, and what it lacks comes next time."""
    process = multiprocessing.get_context("spawn").Process(target=_fill, args=(url, folder, host, port), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def _fill(url: str, folder: Path, host: str, port: int) -> None:
    """What that process does."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command, which then ends this process

    _wait_for_first_answer(host, port)

    async def bring_in() -> int:
        async with connected(url, pool_size=2):
            return await answer(folder, _watch)

    try:
        count = asyncio.run(bring_in())
    except Problem as failure:
        for line in told(failure, settings.load().language):
            click.echo(line, err=True)
        return
    if count:
        click.echo(say(N_("The demonstration is complete: {count} answers came in."), count=count), err=True)


def _wait_for_first_answer(host: str, port: int) -> None:
    deadline = time.monotonic() + HEAD_START
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(host, port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("GET", "/health/live")
            connection.getresponse()
            return
        time.sleep(0.2)
