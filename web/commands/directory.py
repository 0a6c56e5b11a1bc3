"""`navette territories`, `agents`, `communities`, `token`: who answers, where, and how programs sign in."""

from functools import partial
from pathlib import Path
from uuid import UUID

import rich_click as click

from base.clock import now
from base.language import N_
from directory.generating import generate
from directory.importing import Imported, import_agents, import_communities
from directory.territories import load_territories
from directory.tokens import create_token, revoke_token
from web.commands.running import about, progress, run, say

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def territories() -> None:
    """The territories of France."""


@territories.command("load")
def load() -> None:
    """Store or correct the nation, régions, départements and collectivities."""
    click.echo(say(N_("{count} territories are loaded."), count=run(load_territories)))


@click.group()
def agents() -> None:
    """The people who answer."""


@agents.command("import")
@click.argument("file", type=FILE)
def import_agents_file(file: Path) -> None:
    """Import FILE (agents.csv): email,given_name,family_name,unit,unit_name,unit_kind,territory,communities."""
    with about(file), progress(file.name) as tell:
        _report(run(partial(import_agents, file.read_bytes(), tell, now=now())))


@agents.command("generate")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--agents", "count", default=9000, show_default=True, type=click.IntRange(1, 200_000), help="How many.")
@click.option("--seed", default=2026, show_default=True, help="The same seed gives the same directory.")
def generate_directory(folder: Path, count: int, seed: int) -> None:
    """Write a made-up directory into FOLDER: agents.csv and communities.csv, to import in this order."""
    made = generate(seed, count)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (("agents.csv", made.agents_csv()), ("communities.csv", made.communities_csv())):
        (folder / name).write_bytes(content)
        click.echo(folder / name)


@click.group()
def communities() -> None:
    """The thematic communities."""


@communities.command("import")
@click.argument("file", type=FILE)
def import_communities_file(file: Path) -> None:
    """Import FILE (communities.csv): slug,name_fr,name_en,animators."""
    with about(file), progress(file.name) as tell:
        _report(run(partial(import_communities, file.read_bytes(), tell, now=now())))


def _report(done: Imported) -> None:
    click.echo(
        say(
            N_("{created} created, {updated} updated, {unchanged} unchanged."),
            created=done.created,
            updated=done.updated,
            unchanged=done.unchanged,
        )
    )
    if done.units_created:
        click.echo(say(N_("{count} units created."), count=len(done.units_created)))
    if done.communities_created:
        click.echo(say(N_("Communities created: {slugs}."), slugs=", ".join(done.communities_created)))


@click.group()
def token() -> None:
    """Tokens for programs."""


@token.command("create")
@click.argument("email")
@click.option("--role", help="Act in this role only; administrator makes the agent if there is none.")
@click.option("--scope", help="Where the role holds: unit:CODE, territory:CODE or community:SLUG.")
def create(email: str, role: str | None, scope: str | None) -> None:
    """Print a new token of the agent EMAIL, once, on standard output (its id goes to standard error)."""
    identifier, text = run(partial(create_token, email, role=role, scope=scope, now=now()))
    click.echo(identifier, err=True)
    click.echo(text)


@token.command("revoke")
@click.argument("identifier", metavar="ID", type=click.UUID)
def revoke(identifier: UUID) -> None:
    """Make the token with this ID open nothing from now on."""
    run(partial(revoke_token, identifier, now()))
    click.echo(say(N_("The token {id} opens nothing any more."), id=identifier))
