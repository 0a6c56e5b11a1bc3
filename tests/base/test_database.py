"""The fence around Piccolo's engine, and what the driver's errors become."""

import contextlib

import asyncpg
import pytest

import base.database
from base.database import ENGINE, connected, reading, transaction
from base.problems import Problem
from directory.tables import Territory

pytestmark = pytest.mark.anyio


async def test_piccolo_writes_in_our_transaction(database: None) -> None:
    """What Piccolo runs inside `transaction()` is rolled back with it."""

    async def rename_and_fail() -> None:
        async with transaction():
            await Territory.update({Territory.name: "Autre"}).where(Territory.code == "R-53")
            assert await name_of("R-53") == "Autre"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await rename_and_fail()
    assert await name_of("R-53") == "Bretagne"


async def test_piccolo_opens_no_transaction_of_its_own(database: None) -> None:
    """Its own leaks a connection when COMMIT fails."""
    with pytest.raises(RuntimeError, match=r"base\.database\.transaction"):
        ENGINE.transaction()


async def test_transactions_do_not_nest(database: None) -> None:
    """A second one would commit apart from the first; its connection is passed on instead."""
    async with transaction():
        with pytest.raises(RuntimeError, match="open already"):
            async with transaction():
                pass


async def test_reading_inside_a_transaction_sees_it(database: None) -> None:
    """`reading()` takes the connection of the open transaction."""
    async with transaction() as connection, reading() as same:
        assert same is connection


async def test_a_failed_transaction_gives_its_connection_back(database: None) -> None:
    """As often as one fails, or loses its server, the pool never runs dry."""

    async def fail(statement: str) -> None:
        async with transaction() as connection:
            await connection.execute(statement)

    for _ in range(12):
        with pytest.raises(asyncpg.DivisionByZeroError):
            await fail("SELECT 1/0")
        with pytest.raises(Problem, match="database"):
            await fail("SELECT pg_terminate_backend(pg_backend_pid())")
    async with reading() as connection:
        assert await connection.fetchval("SELECT 1") == 1


async def test_an_absent_database_is_a_problem_that_says_when_to_come_back() -> None:
    """503 with Retry-After, and the pool opens all the same."""
    async with connected("postgres://nobody:no@127.0.0.1:1/none"):
        with pytest.raises(Problem) as raised:
            async with reading():
                pass
    assert raised.value.kind.code == "database-away"
    assert raised.value.headers["Retry-After"]


async def test_a_pool_that_runs_dry_is_a_problem(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds all connections taken is told to come back, and gets one when one is given back."""
    monkeypatch.setattr(base.database, "PATIENCE", 0.05)
    async with contextlib.AsyncExitStack() as all_taken:
        while ENGINE.pool.get_idle_size() or ENGINE.pool.get_size() < ENGINE.pool.get_max_size():
            await all_taken.enter_async_context(reading())
        with pytest.raises(Problem) as raised:
            async with reading():
                pass
        assert (raised.value.kind.code, raised.value.kind.status) == ("database-away", 503)
        assert raised.value.headers["Retry-After"]
    async with reading() as connection:
        assert await connection.fetchval("SELECT 1") == 1


async def name_of(code: str) -> str:
    """A territory's name, as Piccolo reads it."""
    rows = await Territory.select(Territory.name).where(Territory.code == code)
    return rows[0]["name"]
