"""The `navette` command: what an operator does from a terminal. Every failure is a clear sentence and an exit code."""

import sys
from typing import NoReturn

import rich_click as click

from base import settings
from base.language import DEFAULT, N_
from base.problems import Problem, problem
from web.commands.answers import export_answers, rebuild_cube, responses
from web.commands.demo import demo
from web.commands.directory import agents, communities, territories, token
from web.commands.running import told
from web.commands.service import check, migrate, serve
from web.commands.surveys import surveys

FILE_UNUSABLE = problem(
    "commands/file-unusable",
    422,
    N_("The file cannot be used"),
    N_("{file} cannot be used ({reason}). Check its place and its rights, or choose another."),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="navette")
def cli() -> None:
    """Navette: questions go out to the territories, answers come back."""


for command in (
    demo,
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
    except Problem as failure:
        _fail(failure)
    except OSError as error:
        if error.filename is None:
            raise
        _fail(FILE_UNUSABLE(file=error.filename, reason=error.strerror))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)


def _fail(failure: Problem) -> NoReturn:
    language = DEFAULT if failure.kind is settings.BAD_SETTING else settings.load().language
    for line in told(failure, language):
        click.echo(line, err=True)
    sys.exit(1)
