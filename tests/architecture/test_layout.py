"""The repository as a reader finds it: modules of a size to be read, no trace of a machine, no link to nowhere."""

import ast
import importlib.metadata
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import yaml

LONGEST = 450
LONG_FOR_A_REASON: dict[str, str] = {}
"""Modules over the limit: path → why they are one."""

SKIPPED = {".git", ".venv", "dist", "__pycache__", "node_modules", "static_built"}
TEXT = {".py", ".md", ".toml", ".yml", ".yaml", ".lock", ".po", ".html", ".css", ".js", ".json", ".cfg", ""}
MACHINE = re.compile(r"(?<![\w.)])/(?:work|root|home/\w+|Users/\w+)/(?!item\b)")
"""A look-up of XLSForm, `instance('list')/root/item[…]`, is no path of a machine."""

ELSEWHERE = re.compile(r"^[a-z]+:|^//")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(
    r"`((?:base|forms|directory|surveys|analytics|web|migrations|tests|docs|scripts|bench)/[a-z0-9_./-]+\.[a-z]+)`"
)


def files(root: Path) -> Iterator[Path]:
    """The text files of the repository."""
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        hidden = any(part in SKIPPED or part.endswith(("_cache", ".egg-info")) for part in parts)
        if not hidden and parts[0] != ".hypothesis" and path.is_file() and path.suffix in TEXT:
            yield path


def test_modules_are_of_a_size_to_be_read(packages: list[Path], root: Path) -> None:
    """A module that is longer than about ten screens says why in the list above."""
    lengths = {
        path.relative_to(root).as_posix(): len(path.read_text().splitlines())
        for package in packages
        for path in package.rglob("*.py")
    }
    assert {name for name, length in lengths.items() if length > LONGEST} == set(LONG_FOR_A_REASON)


def test_no_trace_of_a_machine(root: Path) -> None:
    """No file names a folder of the machine that it was written on."""
    this = Path(__file__).resolve()
    assert [str(path.relative_to(root)) for path in files(root) if path != this and MACHINE.search(read(path))] == []


def test_locks_hold_no_address(root: Path) -> None:
    """Each locked package has its hashes, and the lock does not say where to take it from."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (root / name).read_text()
        assert not re.search(r"://| @ |^-|--(?!hash=)", text, re.MULTILINE), name
        packages = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
        assert packages
        assert [package.partition(" ")[0] for package in packages if "--hash=sha256:" not in package] == []


def test_the_lock_of_npm_holds_no_address(root: Path) -> None:
    """Each npm package has its hash, comes from wherever npm is set up to take it, and runs no script when it comes."""
    packages = json.loads((root / "package-lock.json").read_text())["packages"]
    locked = {name: package for name, package in packages.items() if name}
    assert locked
    assert [name for name, package in locked.items() if "resolved" in package or "integrity" not in package] == []
    assert "ignore-scripts=true" in (root / ".npmrc").read_text().splitlines()


def test_both_locks_agree(root: Path) -> None:
    """The service is tested with the versions that it is installed with."""
    runtime, tools = (
        set(re.findall(r"^([a-z0-9-]+==\S+)", (root / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert runtime
    assert runtime - tools == set()


def test_the_lock_follows_the_project(root: Path) -> None:
    """Every dependency of pyproject.toml is locked (`make lock` after a change)."""
    locked = set(re.findall(r"^([a-z0-9-]+)==", (root / "requirements-dev.lock").read_text(), re.MULTILINE))
    runtime, tools = declared(root)
    assert (runtime | tools) - locked == set()


def test_what_is_imported_is_declared(packages: list[Path], root: Path) -> None:
    """The service declares what it imports, and does not live on what others happen to bring along."""
    homes = importlib.metadata.packages_distributions()
    ours = {package.name for package in packages}
    runtime, _tools = declared(root)
    missing = set()
    for package in packages:
        for path in package.rglob("*.py"):
            for name in imported(ast.parse(path.read_text())) - ours - sys.stdlib_module_names:
                if not {normal(home) for home in homes.get(name, [name])} & runtime:
                    missing.add(f"{path.relative_to(root)}: {name}")
    assert missing == set()


def declared(root: Path) -> tuple[set[str], set[str]]:
    """The names of the packages that the service needs, and of those that its development needs."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    lines = project["dependencies"], project["optional-dependencies"]["dev"]
    runtime, tools = ({normal(re.split(r"[\[<>=!~; ]", line)[0]) for line in some} for some in lines)
    return runtime, tools


def normal(name: str) -> str:
    """The name of a package as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(tree: ast.AST) -> set[str]:
    """The top-level modules that a module imports."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_links_lead_somewhere(root: Path) -> None:
    """Each link of a page to another, or to a heading, and each path of the code in it, exists."""
    broken = []
    for page in [*root.glob("*.md"), *root.glob("docs/**/*.md")]:
        text = page.read_text()
        for target in LINK.findall(text):
            if ELSEWHERE.match(target):
                continue
            name, _, heading = target.partition("#")
            path = (page.parent / name) if name else page
            if not path.exists() or (heading and heading not in headings(path)):
                broken.append(f"{page.name}: {target}")
        broken += [f"{page.name}: {path}" for path in PATH.findall(text) if not (root / path).exists()]
    assert broken == []


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings."""
    lines = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def test_descriptions_can_be_read(root: Path) -> None:
    """The YAML files parse; publiccode.yml has what its standard asks for and names the version of the code."""
    compose = yaml.safe_load((root / "compose.yaml").read_text())
    assert {"navette", "database"} <= set(compose["services"])
    described = yaml.safe_load((root / "publiccode.yml").read_text())
    for key in ("publiccodeYmlVersion", "name", "url", "platforms", "categories", "developmentStatus", "softwareType"):
        assert described[key], key
    assert described["legal"]["license"] == "EUPL-1.2"
    for language in ("fr", "en"):
        text = described["description"][language]
        assert len(text["shortDescription"]) <= 150
        assert 150 <= len(text["longDescription"]) <= 10_000
        assert text["features"]


def read(path: Path) -> str:
    return path.read_text(errors="replace")
