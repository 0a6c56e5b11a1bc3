"""The database: one asyncpg pool, one transaction helper, and the fence around Piccolo's engine.

Piccolo's own transactions leak a connection when COMMIT fails and turn nested ones into no-ops, so nobody opens one:
`transaction()` and `reading()` are the only ways to a connection, and what Piccolo runs inside them runs on the same
connection. The pool opens lazily, so that the service starts while its database is away.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from typing import Final

import asyncpg
from asyncpg import Connection
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from base.problems import DATABASE_AWAY, DATABASE_REFUSES, DISK_FULL, Kind, Problem

SERVER_SETTINGS: Final = {
    "application_name": "navette",
    "jit": "off",
    "timezone": "UTC",
    "idle_in_transaction_session_timeout": "60000",
    "citus.propagate_set_commands": "local",
}

MINIMUM_VERSION: Final = 15.0
"""The oldest PostgreSQL that the migrations run on."""

AWAY: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that died between two statements
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)
"""What the driver raises when the server cannot be reached, is starting or is going down."""

REFUSED: Final = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ClientConfigurationError,
)
"""What it raises when the address is wrong or the server does not let this role in: it takes somebody to mend that."""

PATIENCE: Final = 10.0
"""Seconds to wait for a connection: those that come when all are taken are better told to come back."""

CONSTRAINTS: Final[dict[str, Kind]] = {}
"""Constraint name → the problem it means; each package registers its own in its `problems.py`."""


class _Bound(PostgresTransaction):
    """What Piccolo's engine sees as its current transaction: the connection that `transaction()` opened."""

    def __init__(self, engine: PostgresEngine, connection: Connection) -> None:
        super().__init__(engine)
        self.connection = connection


class _Engine(PostgresEngine):
    """Piccolo's engine on our pool. It opens no transaction of its own."""

    def __init__(self) -> None:
        super().__init__(config={}, extensions=())

    async def get_version(self) -> float:
        """What we require. Piccolo would connect to ask, at import; `navette check` asks the server itself."""
        return MINIMUM_VERSION

    def transaction(self, allow_nested: bool = True) -> PostgresTransaction:
        if self.current_transaction.get() is None:
            raise RuntimeError("open transactions with base.database.transaction(), not with Piccolo")
        return super().transaction(allow_nested=allow_nested)


ENGINE: Final = _Engine()
"""The engine of every Piccolo table: `class Survey(Table, db=ENGINE)`."""

_current: ContextVar[Connection | None] = ContextVar("navette_connection", default=None)


@contextlib.asynccontextmanager
async def connected(url: str, *, pool_size: int = 10) -> AsyncIterator[None]:
    """Open the pool for the length of the block (one at a time in a process); no connection is made yet."""
    if ENGINE.pool is not None:
        raise RuntimeError("the pool is open already")
    ENGINE.pool = await asyncpg.create_pool(
        url,
        min_size=0,
        max_size=pool_size,
        max_inactive_connection_lifetime=300,
        command_timeout=120,
        timeout=10,
        server_settings=SERVER_SETTINGS,
        reset=_as_it_is,
    )
    try:
        yield
    finally:
        pool, ENGINE.pool = ENGINE.pool, None
        try:
            await asyncio.wait_for(pool.close(), timeout=10)
        except TimeoutError:
            pool.terminate()


async def _as_it_is(connection: Connection) -> None:
    """What the pool does with a connection that comes back, once it has rolled back what was left open: nothing.

    Settings, locks and cursors are a transaction's own everywhere (SET LOCAL, pg_advisory_xact_lock), so that there is
    nothing to reset; to have the server do so would double the round trips of a read.
    """
    del connection


@contextlib.contextmanager
def database_errors() -> Iterator[None]:
    """Turn what the driver raises into problems: an absent server, a closed door, a full disk, a known constraint."""
    try:
        yield
    except asyncpg.DiskFullError as error:
        raise DISK_FULL() from error
    except asyncpg.IntegrityConstraintViolationError as error:
        kind = CONSTRAINTS.get(getattr(error, "constraint_name", None) or "")
        if kind is None:
            raise
        raise kind() from error
    except Problem:
        raise
    except REFUSED as error:
        raise DATABASE_REFUSES() from error
    except AWAY as error:
        raise DATABASE_AWAY(headers={"Retry-After": "2"}) from error


@contextlib.asynccontextmanager
async def reading() -> AsyncIterator[Connection]:
    """A connection to read from: the one of the open transaction, else one of the pool for the length of the block."""
    open_connection = _current.get()
    if open_connection is not None:
        yield open_connection
        return
    with database_errors():
        async with _acquired() as connection:
            yield connection


@contextlib.asynccontextmanager
async def transaction(*, isolation: str = "read_committed", readonly: bool = False) -> AsyncIterator[Connection]:
    """A transaction that commits when the block ends and rolls back when it raises; it does not nest.

    After the block the commit has happened: what must follow a commit (a receipt) stands behind it.
    """
    if _current.get() is not None:
        raise RuntimeError("a transaction is open already; pass its connection on")
    with database_errors():
        async with _acquired() as connection, connection.transaction(isolation=isolation, readonly=readonly):
            mine = _current.set(connection)
            piccolo = ENGINE.current_transaction.set(_Bound(ENGINE, connection))
            try:
                yield connection
            finally:
                ENGINE.current_transaction.reset(piccolo)
                _current.reset(mine)


@contextlib.asynccontextmanager
async def _acquired() -> AsyncIterator[Connection]:
    if ENGINE.pool is None:
        raise RuntimeError("the pool is not open: see connected()")
    connection = await ENGINE.pool.acquire(timeout=PATIENCE)
    try:
        yield connection
    finally:
        # A connection whose server died is dropped by the pool; releasing must not hide the first error.
        with contextlib.suppress(*AWAY):
            await ENGINE.pool.release(connection)
