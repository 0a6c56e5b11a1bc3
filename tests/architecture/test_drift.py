"""The migrations build what the code declares: each Piccolo table against the migrated database, column by column."""

from collections.abc import Callable
from typing import Any

from piccolo.columns import Column, ForeignKey
from piccolo.table import Table

Ask = Callable[..., list[Any]]

PICCOLOS_OWN = {"migration"}


def test_the_same_tables(ask: Ask, tables: dict[str, type[Table]]) -> None:
    """No table is declared without being migrated, or migrated without being declared."""
    found = ask("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    assert {row["table_name"] for row in found} - PICCOLOS_OWN == set(tables)


def test_the_same_columns(ask: Ask, tables: dict[str, type[Table]]) -> None:
    """Each column has the same name, place, type and nullability on both sides."""
    found: dict[str, list[tuple[str, str, bool]]] = {name: [] for name in tables}
    for row in ask(
        """
        SELECT relname, attname, format_type(atttypid, atttypmod) AS type, NOT attnotnull AS nullable
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
            AND relname = ANY($1)
        ORDER BY relname, attnum
        """,
        sorted(tables),
    ):
        found[row["relname"]].append((row["attname"], row["type"], row["nullable"]))
    declared = {
        name: [(column._meta.db_column_name, type_of(ask, column), column._meta.null) for column in table._meta.columns]
        for name, table in tables.items()
    }
    for name in tables:  # one table at a time, for a readable failure
        assert found[name] == declared[name], name


def test_the_same_foreign_keys(ask: Ask, tables: dict[str, type[Table]]) -> None:
    """Each foreign key that the code declares is one in the database, to the same table."""
    found = {
        (row["child"], row["column"], row["parent"])
        for row in ask(
            """
            SELECT child.relname AS child, attname AS column, parent.relname AS parent
            FROM pg_constraint JOIN pg_class AS child ON child.oid = conrelid
            JOIN pg_class AS parent ON parent.oid = confrelid
            JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY(conkey)
            WHERE contype = 'f'
            """
        )
    }
    declared = {
        (name, column._meta.db_column_name, column._foreign_key_meta.resolved_references._meta.tablename)
        for name, table in tables.items()
        for column in table._meta.columns
        if isinstance(column, ForeignKey)
    }
    assert declared
    assert declared - found == set()


def test_the_same_primary_keys(ask: Ask, tables: dict[str, type[Table]]) -> None:
    """The column that Piccolo takes for the primary key belongs to it (with the part before it, or alone)."""
    found: dict[str, set[str]] = {name: set() for name in tables}
    for row in ask(
        """
        SELECT relname, attname FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
        JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey) WHERE indisprimary AND relname = ANY($1)
        """,
        sorted(tables),
    ):
        found[row["relname"]].add(row["attname"])
    assert [name for name, table in tables.items() if table._meta.primary_key._meta.name not in found[name]] == []


def type_of(ask: Ask, column: Column) -> str:
    """The column's type as PostgreSQL spells it (`TIMESTAMPTZ` → `timestamp with time zone`)."""
    if isinstance(column, ForeignKey):
        column = column._foreign_key_meta.resolved_target_column
    (row,) = ask("SELECT format_type($1::text::regtype, NULL) AS type", column.column_type)
    return str(row["type"])
