"""Bringing the database to the schema that this version of the code expects, all or nothing."""

import contextlib
import io
import os
from collections.abc import AsyncIterator
from typing import Final

import asyncpg
from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager
from piccolo.apps.migrations.tables import Migration
from piccolo.conf.apps import Finder

from base.database import ENGINE, connected, reading, transaction
from base.language import N_
from base.problems import problem

LOCK: Final = 0x6E617665
"""The advisory lock that makes two migrations at once wait for each other (any constant will do)."""

NOT_MIGRATED = problem(
    "database/not-migrated",
    503,
    N_("The database is not up to date"),
    N_("{count} migrations are missing. Run `navette migrate`, then start again."),
)
NO_RIGHTS = problem(
    "database/no-rights",
    503,
    N_("The role lacks rights in this database"),
    N_("Run `navette migrate` with the URL of the owner of the database in NAVETTE_MIGRATION_URL, then start again."),
)


def _finder() -> Finder:
    # Piccolo finds its configuration by this variable only; the module is assembled at the top, in web/.
    os.environ["PICCOLO_CONF"] = "web.piccolo_conf"
    Migration._meta.db = ENGINE  # noqa: SLF001 - Piccolo's own table has no other way to an engine
    return Finder()


async def missing() -> list[str]:
    """The migrations that the connected database lacks, in the order in which they would run."""
    finder = _finder()
    async with _rights(), reading() as connection:
        done: set[str] = set()
        if await connection.fetchval("SELECT to_regclass('migration')"):
            done = {row["name"] for row in await connection.fetch("SELECT name FROM migration")}
    wanted = []
    for app in finder.get_sorted_app_names():
        manager = ForwardsMigrationManager(app)
        folder = finder.get_app_config(app).resolved_migrations_folder_path
        wanted += sorted(manager.get_migration_modules(folder))
    return [name for name in wanted if name not in done]


async def require_migrated() -> None:
    """Raise `database/not-migrated` unless the connected database has every migration."""
    names = await missing()
    if names:
        raise NOT_MIGRATED(count=len(names))


async def migrate(url: str) -> list[str]:
    """Run what is missing as the owner at `url`, in one transaction, and let `navette_app` use the result.

    Returns the names of the migrations that ran. Nobody else's migration runs at the same time.
    """
    finder = _finder()
    async with connected(url, pool_size=1):
        names = await missing()
        async with _rights(), transaction() as connection:
            await connection.execute("SET LOCAL lock_timeout = '30s'")
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            await connection.execute("SET LOCAL citus.multi_shard_modify_mode = 'sequential'")
            with contextlib.redirect_stdout(io.StringIO()):  # Piccolo reports by printing
                for app in finder.get_sorted_app_names():
                    await ForwardsMigrationManager(app).run()
            if await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = 'navette_app'"):
                await _let_the_service_in(finder)
    return names


@contextlib.asynccontextmanager
async def _rights() -> AsyncIterator[None]:
    """What a role is refused, as a problem."""
    try:
        yield
    except asyncpg.InsufficientPrivilegeError as error:
        raise NO_RIGHTS() from error


async def _let_the_service_in(finder: Finder) -> None:
    async with reading() as connection:
        await connection.execute("GRANT USAGE ON SCHEMA public TO navette_app")
        await connection.execute("GRANT SELECT ON migration TO navette_app")
        for app in finder.get_sorted_app_names():
            for table in finder.get_app_config(app).table_classes:
                name = table._meta.get_formatted_tablename()  # noqa: SLF001 - Piccolo's public way to the name
                rights = "SELECT, INSERT" if "frozen" in table._meta.tags else "SELECT, INSERT, UPDATE, DELETE"  # noqa: SLF001 - same
                await connection.execute(f"REVOKE ALL ON {name} FROM navette_app")
                await connection.execute(f"GRANT {rights} ON {name} TO navette_app")
