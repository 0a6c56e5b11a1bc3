"""The schema is ready for a cluster: what PostgreSQL's own catalogue says, against the rules of docs/operations.md.

Citus refuses or breaks what is forbidden here, and plain PostgreSQL accepts it, so that nothing else would show it.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from piccolo.table import Table

PLACEMENTS = {"part", "reference", "coordinator"}
COORDINATOR = {"migration"}
"""Tables that are not ours to declare: Piccolo's own."""

Ask = Callable[..., list[Any]]
Placed = Callable[[str], list[str]]

AUTOMATIC_NAME = re.compile(r"_(pkey|key|fkey|check|excl|not_null)\d*$")
"""How PostgreSQL names a constraint that nobody named."""


def test_every_table_has_one_placement(tables: dict[str, type[Table]]) -> None:
    """Each table is tagged `part`, `reference` or `coordinator`, and only one of them."""
    wrong = {name: table._meta.tags for name, table in tables.items() if len(PLACEMENTS & set(table._meta.tags)) != 1}
    assert not wrong


def test_part_comes_first(ask: Ask, placed: Placed) -> None:
    """The first column of a table that grows with answers is `part bigint NOT NULL`."""
    first = ask(
        """
        SELECT relname AS table, attname AS column, format_type(atttypid, atttypmod) AS type, attnotnull AS filled
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE attnum = 1 AND relnamespace = 'public'::regnamespace AND relname = ANY($1) ORDER BY relname
        """,
        placed("part"),
    )
    assert [tuple(row) for row in first] == [(name, "part", "bigint", True) for name in placed("part")]


def test_every_primary_key_begins_with_part(ask: Ask, placed: Placed) -> None:
    """A row is found, and a duplicate refused, on one node."""
    keys = ask(
        """
        SELECT relname, attname FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
        JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
        WHERE indisprimary AND relname = ANY($1) ORDER BY relname
        """,
        placed("part"),
    )
    assert [tuple(row) for row in keys] == [(name, "part") for name in placed("part")]


def test_every_unique_index_has_part(ask: Ask, placed: Placed) -> None:
    """What is unique is unique within a part; exclusion constraints too."""
    without = ask(
        """
        SELECT indexrelid::regclass::text AS index FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
        WHERE (indisunique OR indisexclusion) AND relname = ANY($1) AND NOT EXISTS (
            SELECT FROM pg_attribute WHERE attrelid = indrelid AND attnum = ANY(indkey) AND attname = 'part')
        """,
        placed("part"),
    )
    assert [row["index"] for row in without] == []


def foreign_keys(ask: Ask) -> list[Any]:
    return ask(
        """
        SELECT conname AS name, child.relname AS child, parent.relname AS parent,
            confupdtype::text AS on_update, confdeltype::text AS on_delete,
            (SELECT array_agg(attname::text ORDER BY place) FROM unnest(conkey) WITH ORDINALITY AS keys (number, place)
                JOIN pg_attribute ON attrelid = conrelid AND attnum = number) AS columns,
            (SELECT array_agg(attname::text ORDER BY place) FROM unnest(confkey) WITH ORDINALITY AS keys (number, place)
                JOIN pg_attribute ON attrelid = confrelid AND attnum = number) AS targets
        FROM pg_constraint JOIN pg_class AS child ON child.oid = conrelid
        JOIN pg_class AS parent ON parent.oid = confrelid
        WHERE contype = 'f' ORDER BY conname
        """
    )


def test_foreign_keys_stay_on_one_node(ask: Ask, placed: Placed) -> None:
    """Between tables with a part a foreign key begins with it on both sides; to a reference table all may point."""
    part, reference = set(placed("part")), set(placed("reference"))
    wrong = []
    for key in foreign_keys(ask):
        within_part = key["child"] in part and key["parent"] in part
        if within_part and (key["columns"][0], key["targets"][0]) != ("part", "part"):
            wrong.append(f"{key['name']} must begin with (part, …)")
        if not within_part and key["parent"] not in reference:
            wrong.append(f"{key['name']}: a table that is not spread by part cannot point to {key['parent']}")
    assert wrong == []


def test_nothing_is_deleted_or_changed_by_itself(ask: Ask) -> None:
    """No foreign key cascades or sets null: deleting a survey would erase its responses."""
    assert [key["name"] for key in foreign_keys(ask) if {key["on_update"], key["on_delete"]} - {"a", "r"}] == []


def test_no_triggers_and_no_rules(ask: Ask) -> None:
    """Citus refuses triggers on spread tables, and what a statement does should stand in the statement."""
    triggers = ask("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
    rules = ask("SELECT rulename FROM pg_rules WHERE schemaname = 'public'")
    assert [*map(tuple, triggers), *map(tuple, rules)] == []


def test_ids_are_made_by_us(ask: Ask, placed: Placed) -> None:
    """No sequence and no default in a table that grows; elsewhere an identity is a bigint."""
    defaults = ask(
        """
        SELECT relname AS table, attname AS column, format_type(atttypid, atttypmod) AS type,
            attidentity <> '' AS identity
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
            AND (atthasdef OR attidentity <> '') AND relname <> ALL($1)
        """,
        sorted(COORDINATOR),
    )
    part = set(placed("part"))
    assert [tuple(row) for row in defaults if row["table"] in part] == []
    assert [tuple(row) for row in defaults if row["identity"] and row["type"] != "bigint"] == []


def test_constraints_are_named_by_us(ask: Ask, tables: dict[str, type[Table]]) -> None:
    """A violation is told by its constraint's name: ours, beginning with its table's, and unique in the database."""
    constraints = ask(
        """
        SELECT conname AS name, relname AS table FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
        WHERE pg_class.relnamespace = 'public'::regnamespace AND contype <> 'n' AND relname = ANY($1)
        """,
        sorted(tables),
    )
    assert constraints
    automatic = [row["name"] for row in constraints if AUTOMATIC_NAME.search(row["name"])]
    foreign = [row["name"] for row in constraints if not row["name"].startswith(f"{row['table']}_")]
    names = [row["name"] for row in constraints]
    twice = sorted({name for name in names if names.count(name) > 1})
    assert (automatic, foreign, twice) == ([], [], [])


def test_the_service_owns_nothing(ask: Ask) -> None:
    """The service's role has no special power, owns nothing, and cannot become the owner."""
    (role,) = ask(
        """
        SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS powerful,
            EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid) AS owner,
            pg_has_role('navette_app', (SELECT datdba FROM pg_database WHERE datname = current_database()), 'MEMBER')
                AS may_become_owner,
            has_schema_privilege('navette_app', 'public', 'CREATE') AS may_create
        FROM pg_roles WHERE rolname = 'navette_app'
        """
    )
    assert dict(role) == {"powerful": False, "owner": False, "may_become_owner": False, "may_create": False}


@pytest.mark.parametrize("right", ["UPDATE", "DELETE", "TRUNCATE"])
def test_frozen_tables_stay_frozen(ask: Ask, placed: Placed, right: str) -> None:
    """The service can add to a frozen table and read it, and has no right to change it, whatever its code does."""
    frozen = placed("frozen")
    assert "edition" in frozen
    changeable = ask(
        """
        SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname = ANY($1)
            AND (has_table_privilege('navette_app', oid, $2)
                OR ($2 = 'UPDATE' AND has_any_column_privilege('navette_app', oid, $2)))
        """,
        frozen,
        right,
    )
    assert [row["relname"] for row in changeable] == []


def test_the_service_can_use_the_rest(ask: Ask, tables: dict[str, type[Table]], placed: Placed) -> None:
    """The service reads and writes every other table, and cannot empty any at once."""
    frozen = set(placed("frozen"))
    wrong = []
    for name in sorted(set(tables) - frozen):
        (rights,) = ask(
            """
            SELECT bool_and(has_table_privilege('navette_app', format('public.%I', $1::text), needed)) AS usable,
                has_table_privilege('navette_app', format('public.%I', $1::text), 'TRUNCATE') AS may_empty
            FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS needed
            """,
            name,
        )
        if not rights["usable"] or rights["may_empty"]:
            wrong.append(name)
    assert wrong == []
