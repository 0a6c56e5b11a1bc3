"""`navette surveys`: bringing a questionnaire in, and publishing it at once if wanted."""

from pathlib import Path

import msgspec
import rich_click as click

from base.clock import now
from base.language import N_
from base.problems import Problem
from base.settings import load
from directory.rows import UNIT_KINDS, UnitKind
from surveys.drafting import create, discard, put_audience, questionnaire_of
from surveys.publishing import Publication, publish
from surveys.survey import Anonymity, Answering, Audience, Lane, NewSurvey, Reach, Slug, Survey
from surveys.wording import flaw_members, worded
from web.commands.running import about, place, run, say


def _well_formed(context: click.Context, option: click.Parameter, slug: str | None) -> str | None:
    try:
        return msgspec.convert(slug, Slug | None)
    except msgspec.ValidationError:
        reason = say(N_("Use at most 80 small letters a to z, digits and hyphens."))
        raise click.BadParameter(reason, context, option) from None


@click.group()
def surveys() -> None:
    """Surveys."""


@surveys.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", default="survey", type=click.Choice(["survey", "collection", "flash"]), show_default=True)
@click.option("--slug", callback=_well_formed, help="The short name; else one is made from the title.")
@click.option("--answering", type=click.Choice(["agent", "unit"]), help="Who answers: each agent, or each unit.")
@click.option("--anonymity", default="named", type=click.Choice(["named", "anonymous"]), show_default=True)
@click.option("--owner", help="The unit whose editors run it (a code); else the unit admin.")
@click.option("--community", "communities", multiple=True, help="Ask the members of this community (repeatable).")
@click.option("--territory", "territories", multiple=True, help="Ask those of this territory (repeatable).")
@click.option(
    "--unit-kind",
    "unit_kinds",
    multiple=True,
    type=click.Choice(UNIT_KINDS),
    help="Ask those of this kind of unit (repeatable).",
)
@click.option("--publish", "publishing", is_flag=True, help="Publish it now.")
@click.option("--open-link", is_flag=True, help="Let whoever has the link answer.")
def import_survey(
    file: Path,
    kind: Lane,
    slug: str | None,
    answering: Answering | None,
    anonymity: Anonymity,
    owner: str | None,
    communities: tuple[str, ...],
    territories: tuple[str, ...],
    unit_kinds: tuple[UnitKind, ...],
    publishing: bool,
    open_link: bool,
) -> None:
    """Make a survey from FILE, an XLSForm (.xlsx or .xls). Prints its short name."""
    with about(file):
        questionnaire, warnings = questionnaire_of(file.read_bytes(), file.name)
    new = NewSurvey(
        questionnaire=questionnaire, slug=slug, kind=kind, anonymity=anonymity, answering=answering, owner=owner
    )
    audience = Audience(
        communities=list(communities),
        territories=list(territories),
        unit_kinds=list(unit_kinds),
    )

    async def verb() -> tuple[Survey, Reach | None]:
        survey = await create(None, new, warnings=warnings, now=now())
        try:
            asked = await put_audience(survey, audience) if communities or territories or unit_kinds else None
            if publishing:
                survey = await publish(None, survey, Publication(open_link=open_link), now=now())
        except Problem:
            await discard(survey)  # all or nothing, so that the command can be given again
            raise
        return survey, asked

    survey, asked = run(verb)
    for warning in worded(flaw_members(warnings), load().language):
        click.echo(f"! {place(warning, file.name)}: {warning['message']}", err=True)
    if asked:
        click.echo(say(N_("{agents} agents in {units} units."), agents=asked.agents, units=asked.units), err=True)
    if survey.link:
        click.echo(say(N_("Link: {link}"), link=survey.link), err=True)
    click.echo(survey.slug)
