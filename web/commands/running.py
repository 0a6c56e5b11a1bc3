"""How a command reaches the database, and how it shows that it works."""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from rich import progress as rich_progress
from rich.console import Console

from analytics import sentences
from base import settings
from base.database import connected
from base.embedded import running
from base.language import translate
from base.migrating import migrate, require_migrated
from base.problems import Problem
from base.progress import Progress
from base.settings import Settings

T = TypeVar("T")


@contextlib.contextmanager
def database(chosen: Settings) -> Iterator[str]:
    """The URL of the database: the one the settings name, else the embedded one, started if need be and migrated."""
    if chosen.database_url:
        yield chosen.database_url
        return
    with running(chosen.data_dir) as server:
        asyncio.run(migrate(server.owner_url))
        yield server.database_url


def run(verb: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a verb with the pool open on an up-to-date database."""
    chosen = settings.load()

    async def connected_verb(url: str) -> T:
        async with connected(url, pool_size=2):
            await require_migrated()
            return await verb()

    with database(chosen) as url:
        return asyncio.run(connected_verb(url))


@contextlib.contextmanager
def progress(label: str) -> Iterator[Progress]:
    """A progress bar on a terminal, a line for each tenth elsewhere; both on standard error."""
    if sys.stderr.isatty():
        with rich_progress.Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(label, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
        return
    language, shown = settings.load().language, -1

    def tell(done: int, total: int) -> None:
        nonlocal shown
        tenth = 10 * done // max(total, 1)
        if tenth > shown:
            shown = tenth
            line = sentences.told(label, sentences.percent(tenth / 10, language), language)
            print(line, file=sys.stderr)  # noqa: T201 - a command's progress

    yield tell


def say(message: str, **parameters: object) -> str:
    """A message of ours in the operator's language."""
    return translate(message, parameters, settings.load().language)


@contextlib.contextmanager
def about(file: Path) -> Iterator[None]:
    """What goes wrong inside is about this file: `told` names it before each flaw."""
    try:
        yield
    except Problem as failure:
        failure.members["file"] = file.name
        raise


def told(failure: Problem, language: str) -> Iterator[str]:
    """A problem for people: what it is and what to do, then every flaw on a line of its own, by its place."""
    document = failure.document(language)
    yield f"{document['title']}. {document['detail']}"
    file = document.get("file")
    for flaw in sorted(document.get("flaws", ()), key=_is_warning):
        yield f"{'! ' if _is_warning(flaw) else ''}{place(flaw, file)}: {flaw['message']}"
    for fault in document.get("invalid_params", ()):
        yield f"{fault['path']}: {fault['reason']}"


def _is_warning(flaw: Mapping[str, Any]) -> bool:
    return flaw.get("severity") == "warning"


def place(flaw: Mapping[str, Any], file: str | None = None) -> str:
    """Where a flaw is: `agents.csv:3 email`, `form.xlsx:survey:12 relevant`, or the question and its field."""
    where = ":".join(str(part) for part in (file, flaw.get("sheet"), flaw.get("row"), flaw.get("line")) if part)
    what = flaw.get("column") or (None if flaw.get("row") else flaw.get("question"))
    return f"{where} {what}".strip() if what else where
