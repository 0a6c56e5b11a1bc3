"""Brings the French catalogues up to what the code says, and lists the messages that have no translation yet."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from base.language import PACKAGES

ROOT = Path(__file__).resolve().parent.parent
KEYWORDS = {"N_", "_"}


def said(package: str) -> Iterator[tuple[str, str]]:
    """The message ids in the code of a package, each with the file that says it.

    Read from the syntax tree: Babel's own extractor does not look into f-strings before Python 3.12.
    """
    for path in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(message)), *_]) if name in KEYWORDS:
                    yield message, path.relative_to(ROOT).as_posix()
                case ast.Call(func=ast.Name(id=name)) if name in KEYWORDS:
                    raise TypeError(f"{path}:{node.lineno}: a message id is one plain string")


def catalogue_path(package: str) -> Path:
    """Where the French of a package stands."""
    return ROOT / package / "locale" / "fr" / "LC_MESSAGES" / f"{package}.po"


def catalogue(package: str) -> Catalog:
    """The French of a package; empty where it has no file yet."""
    path = catalogue_path(package)
    if not path.exists():
        return Catalog(locale="fr", domain=package, project="Navette", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale="fr", domain=package)


def main() -> None:
    """Rewrite each catalogue that says more or less than the code; fail while something is not translated."""
    missing = []
    for package in PACKAGES:
        known = catalogue(package)
        wanted: dict[str, set[str]] = {}
        for message, path in said(package):
            wanted.setdefault(message, set()).add(path)
        if {entry.id for entry in known if entry.id} != set(wanted):
            made = Catalog(locale="fr", domain=package, project="Navette", fuzzy=False)
            for message, paths in sorted(wanted.items()):
                entry = known.get(message)
                made.add(message, entry.string if entry else "", locations=[(path, 0) for path in sorted(paths)])
            catalogue_path(package).parent.mkdir(parents=True, exist_ok=True)
            with catalogue_path(package).open("wb") as file:
                write_po(file, made, width=120, include_lineno=False, ignore_obsolete=True)
            known = made
        missing += [
            f"{package}: {message}" for message in wanted if not (entry := known.get(message)) or not entry.string
        ]
    if missing:
        sys.exit("\n".join(["Without a French translation:", *missing]))
    print("Every message has its French translation.")


if __name__ == "__main__":
    main()
