"""`navette responses`, `export`, `rebuild`: answers in, answers out, figures anew."""

from pathlib import Path
from typing import Literal

import rich_click as click

from analytics.reading import editions_of_number, export
from analytics.rebuilding import rebuild
from base.clock import now
from base.database import reading
from base.language import N_
from base.problems import problem
from base.settings import load
from surveys import queries
from surveys.bulk import BulkReport
from surveys.importing import import_csv, import_ndjson, read_map
from surveys.survey import Survey
from web.commands.running import progress, run, say

FORMAT_UNKNOWN = problem(
    "commands/format-unknown",
    422,
    N_("The format is not known"),
    N_("{file} ends with none of {formats}. Rename it, or choose another format."),
)

SURVEY_UNKNOWN = problem(
    "commands/survey-unknown",
    404,
    N_("There is no such survey"),
    N_("No survey has the id or the short name {survey}."),
)

SHOWN = 20
"""Refused lines that are shown; the rest is counted."""


async def _survey(reference: str) -> Survey:
    async with reading() as connection:
        survey = await queries.find_survey(connection, reference)
    if survey is None:
        raise SURVEY_UNKNOWN(survey=reference)
    return survey


def _format(file: Path, formats: tuple[str, ...]) -> str:
    ending = file.suffix.lower().removeprefix(".")
    if ending not in formats:
        raise FORMAT_UNKNOWN(file=file.name, formats=", ".join(f".{name}" for name in formats))
    return ending


@click.group()
def responses() -> None:
    """Answers."""


@responses.command("import")
@click.argument("survey")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--columns", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="MAP.toml.")
def import_responses(survey: str, file: Path, columns: Path | None) -> None:
    """Bring the answers of FILE (.csv or .ndjson) into SURVEY (id or short name); a rerun replays."""
    ending = _format(file, ("csv", "ndjson"))
    mapping = read_map(columns)
    with progress(file.name) as tell:

        async def verb() -> BulkReport:
            found = await _survey(survey)
            if ending == "csv":
                return await import_csv(found, file, mapping, now=now(), progress=tell)
            return await import_ndjson(found, file, now=now(), progress=tell)

        report = run(verb)
    click.echo(
        say(
            N_("{accepted} accepted, {replayed} there already, {rejected} refused."),
            accepted=report.accepted,
            replayed=report.replayed,
            rejected=len(report.rejected) + report.unlisted,
        )
    )
    language = load().language
    for line in report.rejected[:SHOWN]:
        document = line.problem.document(language)
        faults = document.get("invalid_params") or [{"path": "", "reason": document["detail"]}]
        for fault in faults:
            click.echo(f"{file.name}:{line.line}: {fault['path']} {fault['reason']}", err=True)
    if report.rejected:
        raise SystemExit(1)


@click.command("export")
@click.argument("survey")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--where", "conditions", multiple=True, help="Only what fits NAME:VALUE (repeatable), as in the API.")
def export_answers(survey: str, file: Path, conditions: tuple[str, ...]) -> None:
    """Write the answers of SURVEY (id or short name) to FILE (.csv or .ndjson)."""
    kind: Literal["csv", "ndjson"] = "csv" if _format(file, ("csv", "ndjson")) == "csv" else "ndjson"
    part = file.with_name(f".{file.name}.part")

    async def verb() -> None:
        stream = await export(await _survey(survey), kind, conditions)
        with part.open("wb") as target:
            async for chunk in stream:
                target.write(chunk)
        part.replace(file)  # a file of this name is always whole

    try:
        run(verb)
    finally:
        part.unlink(missing_ok=True)
    click.echo(file)


@click.command("rebuild")
@click.argument("survey")
def rebuild_cube(survey: str) -> None:
    """Make the figures of SURVEY (id or short name) anew from its responses."""
    with progress(survey) as tell:

        async def verb() -> int:
            return await rebuild((await _survey(survey)).parts, editions_of_number, progress=tell)

        count = run(verb)
    click.echo(say(N_("{count} responses counted."), count=count))
