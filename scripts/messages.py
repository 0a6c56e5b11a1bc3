"""Brings the French catalogues up to what the code says, and lists the messages that have no translation yet."""

import ast
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from base.language import PACKAGES

ROOT = Path(__file__).resolve().parent.parent
HEADER = """\
# French texts of the package {package}.
msgid ""
msgstr ""
"Project-Id-Version: navette\\n"
"Language: fr\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"

"""
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
        return Catalog(locale="fr", domain=package)
    with path.open("rb") as file:
        return read_po(file, locale="fr", domain=package)


def update(package: str) -> Catalog:
    """The catalogue with what the code says and no more: known messages stay in their order, new ones follow."""
    known = catalogue(package)
    wanted: dict[str, str] = {}
    for message, path in said(package):
        wanted.setdefault(message, path)
    kept = [entry for entry in known if entry.id in wanted]
    if len(kept) == len(wanted) and len(known) == len(kept):
        return known
    made = Catalog(locale="fr", domain=package)
    for entry in kept:
        made.add(entry.id, entry.string, locations=entry.locations, user_comments=entry.user_comments)
    for message, path in wanted.items():
        if message not in known:
            made.add(message, "", locations=[(path, 0)])
    body = io.BytesIO()
    write_po(body, made, width=120, omit_header=True, include_lineno=False)
    catalogue_path(package).parent.mkdir(parents=True, exist_ok=True)
    catalogue_path(package).write_bytes(HEADER.format(package=package).encode() + body.getvalue())
    return made


def main() -> None:
    """Rewrite each catalogue that says more or less than the code; fail while something is not translated."""
    missing = [
        f"{package}: {entry.id}" for package in PACKAGES for entry in update(package) if entry.id and not entry.string
    ]
    if missing:
        sys.exit("\n".join(["Without a French translation:", *missing]))
    print("Every message has its French translation.")


if __name__ == "__main__":
    main()
