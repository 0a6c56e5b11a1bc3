"""Brings the French catalogues up to what the code says, and lists the messages that have no translation yet."""

import ast
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as CatalogueMessage
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes

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
KEYWORDS = {"N_": 1, "_": 1, "NN_": 2, "_n": 2}
"""What marks a message → how many forms it gives."""

Message: TypeAlias = str | tuple[str, str]
"""A message id, or the two of a message that counts."""


def said(package: str) -> Iterator[tuple[Message, str]]:
    """The message ids in the code and the templates of a package, each with the file that says it."""
    for path in sorted((ROOT / package).rglob("*.py")):
        for message in _said_in_code(path):
            yield message, path.relative_to(ROOT).as_posix()
    for path in sorted((ROOT / package).rglob("templates/**/*.html")):
        for message in _said_in_template(path):
            yield message, path.relative_to(ROOT).as_posix()


def _said_in_code(path: Path) -> Iterator[Message]:
    """Read from the syntax tree: Babel's own extractor does not look into f-strings before Python 3.12."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS:
            values = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]
            yield _message(values, node.func.id, f"{path}:{node.lineno}")


def _said_in_template(path: Path) -> Iterator[Message]:
    for node in _templates.parse(path.read_text()).find_all(nodes.Call):
        if isinstance(node.node, nodes.Name) and node.node.name in KEYWORDS:
            values = [argument.value if isinstance(argument, nodes.Const) else None for argument in node.args]
            yield _message(values, node.node.name, f"{path}:{node.lineno}")


def _message(values: list[Any], keyword: str, place: str) -> Message:
    match values[: KEYWORDS[keyword]]:
        case [str(message)]:
            return message
        case [str(one), str(many)]:
            return one, many
    raise TypeError(f"{place}: a message id is one plain string, or two where it counts")


_templates = Environment(autoescape=True, extensions=["jinja2.ext.do"])


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
    wanted: dict[Message, str] = {}
    for message, path in said(package):
        wanted.setdefault(message, path)
    kept = [entry for entry in known if entry.id in wanted]
    if len(kept) == len(wanted) and len(known) == len(kept):
        return known
    made = Catalog(locale="fr", domain=package)
    for entry in kept:
        made.add(entry.id, entry.string, locations=entry.locations, user_comments=entry.user_comments)
    for message, path in wanted.items():
        if message not in {entry.id for entry in kept}:
            made.add(message, "", locations=[(path, 0)])
    body = io.BytesIO()
    write_po(body, made, width=120, omit_header=True, include_lineno=False)
    catalogue_path(package).parent.mkdir(parents=True, exist_ok=True)
    catalogue_path(package).write_bytes(HEADER.format(package=package).encode() + body.getvalue())
    return made


def complete(entry: CatalogueMessage) -> bool:
    """Whether a message has its French, in both forms where it counts."""
    return all(entry.string) if isinstance(entry.string, tuple | list) else bool(entry.string)


def main() -> None:
    """Rewrite each catalogue that says more or less than the code; fail while something is not translated."""
    missing = [
        f"{package}: {entry.id}"
        for package in PACKAGES
        for entry in update(package)
        if entry.id and not complete(entry)
    ]
    if missing:
        sys.exit("\n".join(["Without a French translation:", *missing]))
    print("Every message has its French translation.")


if __name__ == "__main__":
    main()
