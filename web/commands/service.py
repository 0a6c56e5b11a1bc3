"""`navette serve`, `migrate`, `check`: the service itself."""

import asyncio
import contextlib
import errno
import os
import socket
import sys
from typing import Any, Final

import rich_click as click
from asyncpg import Connection
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from base import logs, settings
from base.clock import now
from base.database import MINIMUM_VERSION, connected, reading
from base.embedded import running
from base.language import N_
from base.migrating import migrate as run_migrations
from base.migrating import require_migrated
from base.problems import DATABASE_AWAY, Problem, problem
from web.commands.running import database, say, told

RESPAWN_SECONDS: Final = 1.0
"""From one new worker in the place of a dead one to the next, where workers keep dying."""

DRAIN_SECONDS: Final = 15
"""How long requests under way may take when the service stops."""

CLOCK_TOLERANCE: Final = 5.0
"""Seconds by which our clock and the database's may differ."""

PORT_TAKEN = problem(
    "serve/port-taken",
    500,
    N_("The port is taken"),
    N_("Another program uses {host}:{port} ({reason}). Choose another port with --port."),
)
WRONG_ADDRESS = problem(
    "serve/wrong-address",
    500,
    N_("This address cannot be used"),
    N_("The service cannot listen on {host}:{port} ({reason}). Check --host and --port."),
)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="The port to listen on.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="How many processes answer.")
def serve(host: str, port: int, workers: int) -> None:
    """Run the service until it is told to stop.

    With NAVETTE_DATABASE_URL set it starts even while the database is away; else it brings its own PostgreSQL.
    """
    chosen = settings.load()
    logs.configure(chosen.log_level)
    require_free(host, port)
    if chosen.database_url:
        asyncio.run(_require_usable(chosen.database_url))
    with database(chosen) as url:
        serve_until_stopped("web.app:create", url, host=host, port=port, workers=workers)


def serve_until_stopped(target: str, url: str, *, host: str, port: int, workers: int = 1) -> None:
    """Serve the application that `target` makes, on this database, until SIGTERM or Ctrl-C."""
    os.environ[settings.variable("database_url")] = url  # the workers read their settings as we do
    click.echo(say(N_("Navette listens on {address}"), address=f"http://{host}:{port}"), err=True)
    server = _Server(
        target,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        factory=True,
        workers=workers,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=DRAIN_SECONDS,
        process_name=None,
    )
    server.serve()


class _Server(MPServer):
    """Granian gives up when a worker dies within 5.5 s of the one it replaced; ours replaces it again."""

    def _respawn_workers(self, workers: Any, spawn_target: Any, target_loader: Any, delay: float = 0) -> None:  # noqa: ANN401 - granian's own
        super()._respawn_workers(workers, spawn_target, target_loader, delay=max(delay, RESPAWN_SECONDS))
        self.respawned_wrks.clear()


async def _require_usable(url: str) -> None:
    """Refuse a database that somebody has to mend. One that is away is waited for while the service runs."""
    async with connected(url, pool_size=1):
        try:
            await require_migrated()
        except Problem as failure:
            if failure.kind is not DATABASE_AWAY:
                raise


def require_free(host: str, port: int) -> None:
    """Raise what says why nobody can listen there, before anything is started."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except PermissionError as error:
        raise WRONG_ADDRESS(host=host, port=port, reason=error.strerror) from error
    except OSError as error:
        raised = PORT_TAKEN if error.errno == errno.EADDRINUSE else WRONG_ADDRESS
        raise raised(host=host, port=port, reason=error.strerror) from error


@click.command()
def migrate() -> None:
    """Bring the database up to date, as its owner (NAVETTE_MIGRATION_URL, else NAVETTE_DATABASE_URL)."""
    chosen = settings.load()
    url = chosen.migration_url or chosen.database_url
    if url:
        names = asyncio.run(run_migrations(url))
    else:
        with running(chosen.data_dir) as server:
            names = asyncio.run(run_migrations(server.owner_url))
    for name in names:
        click.echo(name)
    if not names:
        click.echo(say(N_("The database is up to date.")))


@click.command()
def check() -> None:
    """Say what is wrong with settings, database, migrations and clock, and what to do about it."""
    chosen = settings.load()
    click.echo(say(N_("Data folder: {folder}"), folder=chosen.data_dir))
    with contextlib.ExitStack() as stack:
        try:
            url = stack.enter_context(database(chosen))
            faults = asyncio.run(_faults(url))
        except Problem as failure:
            faults = list(told(failure, chosen.language))
    for fault in faults:
        click.echo(f"✗ {fault}", err=True)
    if faults:
        sys.exit(1)
    click.echo(say(N_("All is well.")))


async def _faults(url: str) -> list[str]:
    async with connected(url, pool_size=1):
        async with reading() as connection:
            faults = await _faults_of_server(connection)
        try:
            await require_migrated()
        except Problem as failure:
            faults += told(failure, settings.load().language)
    return faults


async def _faults_of_server(connection: Connection) -> list[str]:
    faults = []
    row = await connection.fetchrow(
        """
        SELECT current_setting('server_version_num')::int / 10000 AS version,
               extract(epoch FROM clock_timestamp() - $1::timestamptz)::float8 AS skew,
               current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on'
                   AND current_setting('synchronous_commit') <> 'off' AS durable,
               (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
               current_setting('server_encoding') AS encoding
        """,
        now(),
    )
    if row["version"] < MINIMUM_VERSION:
        faults.append(say(N_("PostgreSQL {version} is too old: 15 or later is needed."), version=row["version"]))
    if not row["durable"]:
        faults.append(
            say(N_("The server may lose what it confirmed: set fsync, full_page_writes and synchronous_commit on."))
        )
    if row["superuser"]:
        faults.append(
            say(N_("The service connects as a superuser: connect as navette_app, which may only do its work."))
        )
    if row["encoding"] != "UTF8":
        faults.append(say(N_("The database is in {encoding}: make one in UTF8."), encoding=row["encoding"]))
    if abs(row["skew"]) > CLOCK_TOLERANCE:
        faults.append(
            say(
                N_("The clocks of this machine and of the database differ by {seconds} s: set them by NTP."),
                seconds=round(row["skew"]),
            )
        )
    return faults
