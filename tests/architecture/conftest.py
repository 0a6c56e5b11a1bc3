"""What the tests of the architecture look at: the files, the tables that the code declares, the migrated database."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from piccolo.table import Table

from web.piccolo_conf import APP_REGISTRY

Ask = Callable[..., list[Any]]


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def packages(root: Path) -> list[Path]:
    """The folders of our packages, migrations included."""
    names = ("base", "forms", "directory", "surveys", "analytics", "web", "migrations")
    return [root / name for name in names]


@pytest.fixture(scope="session")
def tables() -> dict[str, type[Table]]:
    """Every table that the code declares, by its name in the database."""
    declared = [table for app in APP_REGISTRY.app_configs.values() for table in app.table_classes]
    return {table._meta.tablename: table for table in declared}


@pytest.fixture(scope="session")
def placed(tables: dict[str, type[Table]]) -> Callable[[str], list[str]]:
    """The names of the tables that carry a tag."""
    return lambda tag: sorted(name for name, table in tables.items() if tag in table._meta.tags)


@pytest.fixture(scope="module")
def ask(urls: Any) -> Iterator[Ask]:
    """Put a query to the migrated database, as its owner."""
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(urls.owner))
        try:
            yield lambda query, *arguments: runner.run(connection.fetch(query, *arguments))
        finally:
            runner.run(connection.close())
