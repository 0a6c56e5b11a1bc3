"""Health: whether the process lives, and whether it can work."""

import asyncpg
import pytest

from base import database as base_database

pytestmark = pytest.mark.anyio


async def test_live_and_ready(nobody) -> None:
    """Anybody may ask; with a database that is up to date both say yes."""
    for address, status in (("/health/live", "live"), ("/health/ready", "ready")):
        answer = await nobody.get(address)
        assert (answer.status_code, answer.json()) == (200, {"status": status})


async def test_without_the_database(nobody, monkeypatch) -> None:
    """The process lives; it is not ready, and says when to ask again."""

    class Away:
        async def acquire(self, **_: object) -> None:
            raise ConnectionRefusedError

    monkeypatch.setattr(base_database.ENGINE, "pool", Away())
    assert (await nobody.get("/health/live")).status_code == 200
    away = await nobody.get("/health/ready")
    monkeypatch.undo()
    assert (away.status_code, away.json()["code"]) == (503, "database-away")
    assert away.headers["Retry-After"]


async def test_without_a_migration(nobody, people, database) -> None:
    """A database that lacks a migration is not ready."""
    connection = await asyncpg.connect(database.owner)
    try:
        taken = await connection.fetchrow(
            "DELETE FROM migration WHERE id = (SELECT max(id) FROM migration) RETURNING *"
        )
        refused = await nobody.get("/health/ready")
        columns = ", ".join(f'"{name}"' for name in taken.keys())  # noqa: SIM118 - a record, not a dict
        marks = ", ".join(f"${number}" for number in range(1, len(taken) + 1))
        await connection.execute(f"INSERT INTO migration ({columns}) VALUES ({marks})", *taken.values())
    finally:
        await connection.close()
    assert refused.status_code == 503, refused.text
    assert (await nobody.get("/health/ready")).status_code == 200
