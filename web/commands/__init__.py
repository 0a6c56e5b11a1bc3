"""The `navette` command: what an operator does from a terminal. Every failure is a clear sentence and an exit code."""

import sys

import rich_click as click

from base import settings
from base.problems import Problem
from web.commands.answers import export_answers, rebuild_cube, responses
from web.commands.directory import agents, communities, territories, token
from web.commands.service import check, migrate, serve
from web.commands.surveys import surveys


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="navette")
def cli() -> None:
    """Navette: questions go out to the territories, answers come back."""


for command in (
    serve,
    migrate,
    check,
    territories,
    agents,
    communities,
    token,
    surveys,
    responses,
    export_answers,
    rebuild_cube,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line; what goes wrong is said on standard error."""
    try:
        cli(standalone_mode=False)
    except Problem as problem:
        language = settings.load().language if problem.kind.code != "settings/invalid" else "fr"
        click.echo(problem.sentence(language), err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
