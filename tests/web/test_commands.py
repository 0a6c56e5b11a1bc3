"""What an operator does from a terminal: every command works, and fails with one clear sentence and an exit code.

The commands run in this process, on the test database, except where the process itself is what is tested.
"""

import asyncio
import csv
import datetime as dt
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest
import rich_click as click

from web.commands import cli, main

DATA = Path(__file__).parent.parent / "data"
WORKBOOK = DATA / "forms-own" / "hdv2003.xlsx"
FLAWED = DATA / "forms" / "pma-sdp-location-invalid.xlsx"

AGENTS = """email,given_name,family_name,unit,unit_name,unit_kind,territory,communities
anne@ddtm-29.example,Anne,Le Goff,DDTM-29,DDTM du Finistère,ddtm,D-29,eau
bran@ddtm-29.example,Bran,Kerdoncuff,DDTM-29,,,,eau
"""


class Done(NamedTuple):
    """What a command left: its exit code, and the lines of its two outputs."""

    code: int
    out: list[str]
    err: list[str]


@pytest.fixture
def emptied(urls) -> Iterator[str]:
    """The test database, emptied afterwards (territories stay); the commands open and close the pool themselves."""

    async def empty() -> None:
        connection = await asyncpg.connect(urls.owner)
        try:
            await connection.execute(
                "TRUNCATE survey, agent, community, change, segment, manifest CASCADE;"
                "DELETE FROM unit WHERE code <> 'admin'"
            )
        finally:
            await connection.close()

    yield urls.app
    asyncio.run(empty())


@pytest.fixture
def navette(emptied, tmp_path, monkeypatch, capsys):
    """Runs a command on the test database, as the terminal would."""
    monkeypatch.setenv("NAVETTE_DATABASE_URL", emptied)
    monkeypatch.setenv("NAVETTE_DATA_DIR", str(tmp_path / "unused"))
    monkeypatch.setenv("NAVETTE_LANGUAGE", "en")

    def run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["navette", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as left:
            code = left.code
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Done(code, said.out.splitlines(), said.err.splitlines())

    return run


@pytest.fixture
def write(tmp_path):
    """Writes a file of the test."""

    def written(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


@pytest.fixture
def directory(navette, write) -> None:
    """Two agents of the Finistère, in the community of water."""
    assert navette("agents", "import", write("agents.csv", AGENTS)).code == 0


@pytest.fixture
def survey(navette) -> str:
    """A survey that is open by link."""
    assert navette("surveys", "import", WORKBOOK, "--slug", "hdv", "--publish", "--open-link").code == 0
    return "hdv"


def ask(url: str, statement: str) -> object:
    """The first value that a statement gives."""

    async def fetch() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(fetch())


def failed(done: Done) -> str:
    """The only thing that a failed command says."""
    assert done.code == 1
    assert done.out == []
    sentences = [line for line in done.err if not line.endswith("%")]
    assert len(sentences) == 1, sentences
    return sentences[0]


def leaves(command: click.Command, *names: str) -> Iterator[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        yield names
        return
    yield names
    for child in command.commands.values():
        yield from leaves(child, *names, child.name)


@pytest.mark.parametrize("names", list(leaves(cli)), ids=" ".join)
def test_help(navette, names):
    """Every command explains itself, every option with it, without a database."""
    for option in ("--help", "-h"):
        done = navette(*names, option)
        assert (done.code, done.err) == (0, [])
        assert "Usage" in "\n".join(done.out)
    command = cli
    for name in names:
        command = command.commands[name]
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help or parameter.name in {"kind", "anonymity"}, parameter.name


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("agents", "import"),
        ("agents", "import", "no-such-file.csv"),
        ("agents", "generate", "x", "--agents", "0"),
        ("token", "revoke", "no-uuid"),
        ("surveys", "import", str(WORKBOOK), "--kind", "poll"),
        ("surveys", "import", str(WORKBOOK), "--slug", "Not A Slug"),
        ("surveys", "import", str(WORKBOOK), "--unit-kind", "castle"),
        ("serve", "--port", "70000"),
    ],
)
def test_wrong_usage(navette, arguments):
    """What a command cannot take is said, with exit code 2."""
    done = navette(*arguments)
    assert done.code == 2
    assert done.out == []
    assert done.err


def test_as_a_process(tmp_path):
    """The installed command, in its own process: the version, and a failure without a traceback."""
    navette = Path(sys.executable).with_name("navette")
    environment = {"PATH": os.defpath, "NAVETTE_DATA_DIR": str(tmp_path), "NAVETTE_LANGUAGE": "pl"}
    done = subprocess.run([navette, "--version"], env=environment, capture_output=True, text=True, check=True)
    assert "0." in done.stdout
    done = subprocess.run([navette, "check"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "NAVETTE_LANGUAGE" in line


def test_migrate(navette, urls, monkeypatch):
    """Migrations run as the owner, once; a role without rights is told whose URL to give."""
    monkeypatch.setenv("NAVETTE_MIGRATION_URL", urls.owner)
    assert navette("migrate") == Done(0, ["The database is up to date."], [])
    name = f"navette_empty_{uuid.uuid4().hex[:8]}"
    empty = urls.owner.replace(urls.owner.partition("?")[0].rpartition("/")[2], name)
    superuser = os.environ.get("NAVETTE_TEST_SERVER")
    if superuser:
        ask(superuser, f"CREATE DATABASE {name} OWNER navette_owner")
        try:
            monkeypatch.setenv(
                "NAVETTE_MIGRATION_URL", empty.replace("navette_owner:navette_owner", "navette_app:navette_app")
            )
            assert "NAVETTE_MIGRATION_URL" in failed(navette("migrate"))
            monkeypatch.setenv("NAVETTE_MIGRATION_URL", empty)
            done = navette("migrate")
            assert (done.code, done.err) == (0, [])
            assert len(done.out) >= 1
        finally:
            ask(superuser, f"DROP DATABASE {name} WITH (FORCE)")


def test_check_healthy(navette, emptied):
    """A sound installation is called so."""
    if ask(emptied, "SELECT current_setting('fsync')") != "on":
        pytest.skip("the server of the tests is not a sound one")
    done = navette("check")
    assert (done.code, done.err) == (0, [])
    assert done.out[-1] == "All is well."


def test_check_unhealthy(navette, urls, monkeypatch):
    """Each thing that is wrong is a line of its own that says what to do."""

    def says(url: str, words: str) -> bool:
        monkeypatch.setenv("NAVETTE_DATABASE_URL", url)
        done = navette("check")
        assert done.code == 1
        assert all(line.startswith("✗ ") for line in done.err)
        return any(words in line for line in done.err)

    options = f"{urls.app}{'&' if '?' in urls.app else '?'}options=-c"
    assert says("postgresql://navette_app@127.0.0.1:1/navette", "does not answer")
    assert says("http://database.example", "NAVETTE_DATABASE_URL")
    assert says(urls.app.replace("navette_app:", "nobody_we_know:"), "NAVETTE_DATABASE_URL")
    assert says(f"{options}synchronous_commit%3Doff", "synchronous_commit")
    assert says(f"{options}search_path%3Dpg_catalog", "navette migrate")
    if superuser := os.environ.get("NAVETTE_TEST_SERVER"):
        assert says(superuser, "superuser")
        assert says(superuser, "navette migrate")


def test_check_clock(navette, monkeypatch):
    """A clock that goes wrong is named with the difference."""
    monkeypatch.setattr("web.commands.service.now", lambda: dt.datetime.now(dt.UTC) - dt.timedelta(seconds=90))
    done = navette("check")
    assert done.code == 1
    assert any("90 s" in line for line in done.err)


def test_database_wrong(navette, monkeypatch):
    """Every command that needs the database says in one sentence that it is away, closed, or not up to date."""
    monkeypatch.setenv("NAVETTE_DATABASE_URL", "postgresql://navette_app@127.0.0.1:1/navette")
    assert "database" in failed(navette("territories", "load"))
    assert "database" in failed(navette("rebuild", "hdv"))
    assert "database" in failed(navette("migrate"))
    monkeypatch.setenv("NAVETTE_DATABASE_URL", "nonsense")
    assert "NAVETTE_DATABASE_URL" in failed(navette("territories", "load"))


def test_not_migrated(navette, urls, monkeypatch):
    """A database of one's own that is not up to date is not touched: `navette migrate` is asked for."""
    separator = "&" if "?" in urls.app else "?"
    monkeypatch.setenv("NAVETTE_DATABASE_URL", f"{urls.app}{separator}options=-csearch_path%3Dpg_catalog")
    assert "navette migrate" in failed(navette("territories", "load"))


def test_embedded(monkeypatch, capsys):
    """Without a database of one's own a command brings one up, migrates it, and leaves it stopped."""
    folder = Path(tempfile.mkdtemp(prefix="navette-commands-"))
    folder.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NAVETTE_")}
    environment |= {"NAVETTE_DATA_DIR": str(folder / "data"), "NAVETTE_LANGUAGE": "en"}
    navette = str(Path(sys.executable).with_name("navette"))
    try:
        done = subprocess.run(
            [navette, "territories", "load"], env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout == "128 territories are loaded.\n"
        assert not (folder / "data" / "postgres" / "postmaster.pid").exists()
        done = subprocess.run([navette, "check"], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "All is well."
    finally:
        shutil.rmtree(folder)


def test_territories(navette, emptied):
    """Loading is repeatable."""
    assert navette("territories", "load") == Done(0, ["128 territories are loaded."], [])
    assert ask(emptied, "SELECT count(*) FROM territory") == 128


def test_generate(navette, tmp_path):
    """A made-up directory is written, and comes in without a flaw; a second import changes nothing."""
    done = navette("agents", "generate", tmp_path / "made", "--agents", 300)
    assert done == Done(0, [str(tmp_path / "made" / "agents.csv"), str(tmp_path / "made" / "communities.csv")], [])
    done = navette("agents", "import", tmp_path / "made" / "agents.csv")
    assert done.code == 0
    assert done.out[0] == "300 created, 0 updated, 0 unchanged."
    assert done.err[0].startswith("agents.csv: ")  # progress
    assert navette("communities", "import", tmp_path / "made" / "communities.csv").code == 0
    assert navette("agents", "import", tmp_path / "made" / "agents.csv").out == ["0 created, 0 updated, 300 unchanged."]


def test_generate_nowhere(navette, write):
    """A folder that cannot be made is one sentence."""
    assert "file.txt" in failed(navette("agents", "generate", write("file.txt", "") / "folder"))


def test_flaws_of_agents(navette, write, emptied):
    """Every flaw is listed by file, line and column; nothing is imported."""
    lines = AGENTS + "no-address,X,Y,DDTM-29,,,,\nzoé@x.example,X,,NEW-1,,,,Not A Slug\n"
    done = navette("agents", "import", write("agents.csv", lines))
    assert done.code == 1
    assert done.out == []
    assert done.err[0].startswith("The file has flaws. Nothing was imported.")
    assert [line.partition(": ")[0] for line in done.err[1:]][:2] == ["agents.csv:4 email", "agents.csv:5 email"]
    assert len(done.err) - 1 == int("".join(filter(str.isdigit, done.err[0])))
    assert ask(emptied, "SELECT count(*) FROM agent") == 0


def test_communities(navette, write, directory):
    """Communities come in with their animators, who must be there; flaws by line."""
    header = "slug,name_fr,name_en,animators\n"
    done = navette("communities", "import", write("c.csv", header + "eau,L'eau,Water,anne@ddtm-29.example\n"))
    assert (done.code, done.out[0]) == (0, "0 created, 1 updated, 0 unchanged.")
    done = navette("communities", "import", write("c.csv", header + "air,L'air,Air,nobody@x.example\n"))
    assert done.code == 1
    assert done.err[1].startswith("c.csv:2 animators: ")


def test_token(navette, directory, emptied):
    """The token stands alone on standard output, its id on standard error; revoked it opens nothing."""
    done = navette("token", "create", "anne@ddtm-29.example")
    assert done.code == 0
    [token], [identifier] = done.out, done.err
    assert token.startswith("nvt_")
    assert navette("token", "revoke", identifier) == Done(0, [f"The token {identifier} opens nothing any more."], [])
    assert ask(emptied, "SELECT count(*) FROM api_token WHERE revoked_at IS NOT NULL") == 1
    assert identifier[:-1] in failed(
        navette("token", "revoke", identifier[:-1] + ("0" if identifier[-1] != "0" else "1"))
    )


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("nobody@x.example",), "nobody@x.example"),
        (("anne@ddtm-29.example", "--role", "king"), "king"),
        (("anne@ddtm-29.example", "--scope", "unit:DDTM-29"), "unit:DDTM-29"),
        (("anne@ddtm-29.example", "--role", "editor", "--scope", "unit:NOWHERE"), "NOWHERE"),
        (("anne@ddtm-29.example", "--role", "editor"), "editor"),
        (("not an address", "--role", "administrator"), "not an address"),
    ],
)
def test_token_refused(navette, directory, arguments, word):
    """What is unknown or does not fit is named, and no token is made."""
    assert word in failed(navette("token", "create", *arguments))


def test_token_of_administrator(navette):
    """The first administrator needs no import."""
    assert navette("token", "create", "root@x.example", "--role", "administrator").code == 0


def test_import_survey(navette, directory, emptied):
    """A workbook becomes a survey, published to an audience; its short name stands alone on standard output."""
    done = navette(
        "surveys", "import", WORKBOOK, "--slug", "hdv", "--kind", "collection", "--answering", "agent",
        "--community", "eau", "--territory", "R-53", "--unit-kind", "ddtm", "--owner", "DDTM-29", "--publish",
    )  # fmt: skip
    assert done == Done(0, ["hdv"], ["2 agents in 1 units."])
    assert ask(emptied, "SELECT count(*) FROM assignment") == 2
    assert ask(emptied, "SELECT kind || ' ' || answering || ' ' || edition FROM survey") == "collection agent 1"


def test_import_open_survey(navette):
    """A survey that is open by link shows its link; without a short name one is made from the title."""
    done = navette("surveys", "import", WORKBOOK, "--publish", "--open-link")
    assert done.out == ["histoire-de-vie-2003"]
    assert len(done.err[-1].removeprefix("Link: ")) >= 22


def test_import_draft(navette, emptied):
    """Without --publish it stays a draft."""
    assert navette("surveys", "import", WORKBOOK, "--slug", "draft") == Done(0, ["draft"], [])
    assert ask(emptied, "SELECT edition FROM survey") is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--community", "feu"), ["/communities: ", "feu"]),
        (("--territory", "D-99"), ["/territories: ", "D-99"]),
        (("--owner", "NOBODY"), ["/owner: ", "NOBODY"]),
    ],
)
def test_import_survey_for_nobody(navette, directory, emptied, options, words):
    """Unknown names are each listed by the option's place, and no half of a survey is kept."""
    done = navette("surveys", "import", WORKBOOK, "--slug", "hdv", *options, "--publish")
    assert done.code == 1
    assert done.out == []
    assert len(done.err) == 2
    assert all(word in done.err[1] for word in words)
    assert ask(emptied, "SELECT count(*) FROM survey") == 0


def test_publish_refused(navette, directory, emptied, survey):
    """Without an audience, anonymously, or under a name that is taken: a sentence, and nothing is kept."""
    for options in (("--publish",), ("--publish", "--anonymity", "anonymous", "--open-link"), ("--slug", survey)):
        assert failed(navette("surveys", "import", WORKBOOK, *options))
    assert ask(emptied, "SELECT count(*) FROM survey") == 1


def test_flaws_of_workbook(navette, write, emptied):
    """Every flaw of a workbook is listed by file, sheet and row; what is no workbook is one too."""
    done = navette("surveys", "import", FLAWED)
    assert done.code == 1
    assert done.out == []
    assert len(done.err) > 1
    place = re.compile("(! )?" + re.escape(FLAWED.name) + r":(survey|choices|settings)(:\d+( .+)?)?: .+")
    assert [line for line in done.err[1:] if not place.fullmatch(line)] == []
    assert sum(":survey:" in line for line in done.err) > 2
    warnings = [line.startswith("! ") for line in done.err[1:]]
    assert warnings == sorted(warnings)
    assert not warnings[0]
    done = navette("surveys", "import", write("letter.xlsx", "dear"))
    assert done.code == 1
    assert done.err[1].startswith("letter.xlsx")
    assert ask(emptied, "SELECT count(*) FROM survey") == 0


CSV = "id,age,sexe,occup\n1,30,Femme,Exerce une profession\n2,40,Homme,Retraite\n"


def test_import_answers(navette, write, survey):
    """A CSV file comes in, and a rerun replays it; NDJSON too."""
    path = write("answers.csv", CSV)
    assert navette("responses", "import", survey, path).out == ["2 accepted, 0 there already, 0 refused."]
    assert navette("responses", "import", survey, path).out == ["0 accepted, 2 there already, 0 refused."]
    line = json.dumps({"id": str(uuid.uuid4()), "answers": {"age": 50}})
    path = write("answers.ndjson", line + "\n")
    assert navette("responses", "import", survey, path).out == ["1 accepted, 0 there already, 0 refused."]
    assert navette("responses", "import", survey, path).out == ["0 accepted, 1 there already, 0 refused."]


def test_import_answers_by_map(navette, write, survey):
    """A map says which column is which question."""
    answers = write("answers.csv", "qui;ans\nx;30\n")
    columns = write("map.toml", 'id = "qui"\n[columns]\nans = "age"\n')
    done = navette("responses", "import", survey, answers, "--columns", columns)
    assert done.out == ["1 accepted, 0 there already, 0 refused."]
    for content in ("id = ", 'identifier = "qui"', '[columns]\nans = "edad"\n'):
        columns.write_text(content)
        assert failed(navette("responses", "import", survey, answers, "--columns", columns))


def test_refused_answers(navette, write, survey):
    """Refused lines are told by file, line and path with exit code 1; the others are stored."""
    path = write("answers.csv", CSV + "3,300,Femme,\n4,dix,Chien,\n5,20,Homme\n")
    done = navette("responses", "import", survey, path)
    assert done.code == 1
    assert done.out == ["2 accepted, 0 there already, 3 refused."]
    told = [line.partition(" ")[0] for line in done.err if not line.endswith("%")]
    assert told == ["answers.csv:4:", "answers.csv:5:", "answers.csv:5:", "answers.csv:6:"]
    assert any("/answers/age" in line for line in done.err)
    path = write("answers.ndjson", "{}\nnonsense\n")
    done = navette("responses", "import", survey, path)
    assert (done.code, done.out) == (1, ["0 accepted, 0 there already, 2 refused."])


def test_import_answers_refused(navette, write, survey):
    """An unknown survey, format, column or encoding is one sentence; nothing is stored."""
    path = write("answers.csv", CSV)
    assert failed(navette("responses", "import", "nowhere", path))
    assert ".csv" in failed(navette("responses", "import", survey, write("answers.xlsx", "")))
    assert "taille" in failed(navette("responses", "import", survey, write("a.csv", "id,taille\n1,2\n")))
    assert "UTF-8" in failed(navette("responses", "import", survey, write("a.csv", "id,âge\n".encode("latin-1"))))
    assert navette("surveys", "import", WORKBOOK, "--slug", "draft").code == 0
    assert failed(navette("responses", "import", "draft", path))


def test_export(navette, write, survey, tmp_path):
    """Answers go to a file in the format of its name, those that fit the conditions only."""
    navette("responses", "import", survey, write("answers.csv", CSV))
    target = tmp_path / "out.csv"
    assert navette("export", survey, target) == Done(0, [str(target)], [])
    with target.open(newline="") as file:
        told = sorted((row["age"], row["sexe"]) for row in csv.DictReader(file))
    assert told == [("30", "femme"), ("40", "homme")]
    target = tmp_path / "out.ndjson"
    assert navette("export", survey, target, "--where", "sexe:femme", "--where", "age:..35").code == 0
    [line] = target.read_text().splitlines()
    assert json.loads(line)["answers"]["age"] == 30
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers.csv", "out.csv", "out.ndjson"]


def test_export_refused(navette, survey, tmp_path):
    """Another format, an unknown survey or condition, or a place that is none: one sentence, and no file."""
    assert ".ndjson" in failed(navette("export", survey, tmp_path / "out.xlsx"))
    assert failed(navette("export", "nowhere", tmp_path / "out.csv"))
    assert "taille" in failed(navette("export", survey, tmp_path / "out.csv", "--where", "taille:2"))
    assert "no-folder" in failed(navette("export", survey, tmp_path / "no-folder" / "out.csv"))
    assert list(tmp_path.iterdir()) == []


def test_rebuild(navette, write, survey, emptied):
    """Figures are made anew from the responses, which are counted."""
    navette("responses", "import", survey, write("answers.csv", CSV))
    assert navette("rebuild", survey) == Done(0, ["2 responses counted."], [f"{survey}: 100%"])
    assert ask(emptied, "SELECT count(*) FROM change") == 0
    assert failed(navette("rebuild", "nowhere"))


def test_serve_refused(navette):
    """A port that is taken is one sentence (tests/faults/test_serving.py has the rest)."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert "--port" in failed(navette("serve", "--port", other.getsockname()[1]))
