"""The SQL in the code keeps the rules of docs/operations.md (*growing*): by part, nothing that a cluster refuses."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from piccolo.table import Table

Placed = Callable[[str], list[str]]

LIST_THEM = "list the parts: part = ANY($1::bigint[])"
ASKING = {"select", "objects", "update", "delete", "count", "exists"}
STATEMENT = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|MERGE|COPY|TRUNCATE|WITH)\b|\A\s*(SET|LISTEN)\s")

FORBIDDEN = {
    r"\bGROUPING\s+SETS\b|\bROLLUP\b|\bCUBE\s*\(": "use UNION ALL, or count in analytics/",
    r"\bRECURSIVE\b": "trees are reference tables with a path",
    r"\bpart\s+(NOT\s+)?BETWEEN\b|\bpart\s*(<|>)": LIST_THEM,
    r"\bpart\s+(NOT\s+)?IN\s*\(\s*SELECT\b|\bpart\s*=\s*(ANY\s*)?\(\s*SELECT\b": LIST_THEM,
    r"\bset_config\s*\(": "SET LOCAL, which reaches the nodes",
    r"\bDO\s+UPDATE\s+SET\b.*\b(now|random|clock_timestamp)\s*\(": "send the value, and use excluded",
    r"\bDO\s+UPDATE\s+SET\s+part\b|\bUPDATE\s+\w+\s+SET\s+(\w+\s*=[^,]+,\s*)*part\s*=": "a part never changes",
    r"\bTRUNCATE\b": "the service has no right to",
    r"\bpg_advisory_lock\s*\(|\bWITH\s+HOLD\b|\A\s*(SET\s+(?!LOCAL\b)|LISTEN\b)": "the pool resets nothing",
}


class Sql(NamedTuple):
    """A string that is SQL, and where it stands; `{}` stands for what Python puts in."""

    place: str
    text: str


def strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every string of a module but docstrings, the pieces of a concatenation or an f-string put together."""
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    constants: dict[str, str] = {}
    for node in ast.iter_child_nodes(tree):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=value)
            ):
                if value is not None and (text := joined(value, constants)):
                    constants[name] = text
    inside: set[int] = set()
    for node in ast.walk(tree):  # outer nodes come first
        if id(node) in inside or id(node) in documentation:
            continue
        text = joined(node, constants)
        if text is not None:
            inside |= {id(child) for child in ast.walk(node)}
            yield node.lineno, text


def joined(node: ast.AST, constants: dict[str, str]) -> str | None:
    """The text of a string expression, with the module's own constants put in; None for anything else."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(joined(value, constants) or "{}" for value in values)
        case ast.FormattedValue(value=ast.Name(id=name)):
            return constants.get(name)
        case ast.FormattedValue(value=value):
            said = [text for child in ast.walk(value) if (text := joined(child, constants))]
            return " ".join(said) or None
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            pieces = joined(left, constants), joined(right, constants)
            return None if pieces == (None, None) else "".join(piece or "{}" for piece in pieces)
    return None


def on(tables: Iterable[str]) -> re.Pattern[str]:
    """Finds these tables where SQL says what it works on."""
    return re.compile(
        rf'\b(FROM|JOIN|INTO|UPDATE|ONLY|TABLE|USING|COPY)\s+(public\.)?"?({"|".join(tables)})\b(?!\s*\()'
    )


@pytest.fixture(scope="module")
def part_sql(root: Path, packages: list[Path], placed: Placed) -> list[Sql]:
    """Every statement of the service on a table that grows with answers (migrations build them, and are left out)."""
    on_part = on(placed("part"))
    found = []
    for package in packages:
        if package.name == "migrations":
            continue
        for path in sorted(package.rglob("*.py")):
            for line, text in strings(ast.parse(path.read_text())):
                if STATEMENT.search(text) and on_part.search(text):
                    found.append(Sql(f"{path.relative_to(root)}:{line}", text))
    return found


def test_sql_stands_in_queries(root: Path, packages: list[Path], tables: dict[str, type[Table]]) -> None:
    """A statement on a table of ours stands in the `queries` of a package, and nowhere else."""
    ours = on(tables)
    astray = []
    for path in (path for package in packages if package.name != "migrations" for path in package.rglob("*.py")):
        if path.name == "queries.py" or path.parent.name == "queries":
            continue
        for line, text in strings(ast.parse(path.read_text())):
            if STATEMENT.search(text) and ours.search(text):
                astray.append(f"{path.relative_to(root)}:{line}")
    assert astray == []


def test_statements_name_the_part(part_sql: list[Sql]) -> None:
    """A statement on a table that grows says which part it means, or is spread over every node."""
    assert part_sql
    assert [sql.place for sql in part_sql if not re.search(r"\bparts?\b", sql.text)] == []


@pytest.mark.parametrize("pattern", FORBIDDEN, ids=str)
def test_nothing_that_a_cluster_refuses(part_sql: list[Sql], pattern: str) -> None:
    """Plain PostgreSQL accepts these, so that only reading the SQL shows them."""
    wrong = re.compile(pattern, re.DOTALL)
    assert [f"{sql.place}: {FORBIDDEN[pattern]}" for sql in part_sql if wrong.search(sql.text)] == []


def test_locks_are_taken_in_one_part(part_sql: list[Sql]) -> None:
    """Rows are locked in one part at a time."""
    locking = [sql for sql in part_sql if re.search(r"\bFOR\s+(NO\s+KEY\s+)?(UPDATE|SHARE)\b", sql.text)]
    assert [sql.place for sql in locking if not re.search(r"\bpart\s*=\s*\$\d", sql.text)] == []


def test_piccolo_queries_name_the_part(root: Path, packages: list[Path], tables: dict[str, type[Table]]) -> None:
    """Queries built with Piccolo on these tables name the part too; methods that look up by id alone do not."""
    growing = {table.__name__ for table in tables.values() if "part" in table._meta.tags}
    wrong = []
    for package in packages:
        for path in sorted(package.rglob("*.py")):
            for statement in ast.walk(ast.parse(path.read_text())):
                if not isinstance(statement, ast.stmt) or hasattr(statement, "body"):
                    continue
                used = {
                    (node.value.id, node.attr)
                    for node in ast.walk(statement)
                    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in growing
                }
                asking = {table for table, method in used if method in ASKING and (table, "part") not in used}
                wrong += [f"{path.relative_to(root)}:{statement.lineno}: {table}" for table in sorted(asking)]
    assert wrong == []
