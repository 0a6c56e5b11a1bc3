"""Imports: every flaw with its line, all or nothing, again and again the same."""

import asyncpg
import pytest

from base.database import reading, transaction
from base.problems import Problem
from directory.communities import list_communities
from directory.importing import BATCH, import_agents, import_communities
from directory.territories import load_territories

pytestmark = pytest.mark.anyio

HEADER = "email,given_name,family_name,unit,unit_name,unit_kind,territory,communities"
DDTM = "DDTM-29,DDTM du Finistère,ddtm,D-29"


def silent(done, total):
    """Nobody watches."""


async def flaws_of(importer, data, now):
    """The flaws of a file as (line, column, code)."""
    with pytest.raises(Problem) as raised:
        await importer(data, silent, now=now)
    document = raised.value.document("fr")
    assert document["code"] == "directory/import-flaws"
    assert all(flaw["message"] and "{" not in flaw["message"] for flaw in document["flaws"])
    return [(flaw["line"], flaw["column"], flaw["code"]) for flaw in document["flaws"]]


async def stored():
    """Everything that imports write, but for the ids."""
    async with reading() as connection:
        return {
            "agents": [
                tuple(row)
                for row in await connection.fetch(
                    """
                    SELECT a.email, a.given_name, a.family_name, u.code, u.name, u.kind, u.territory, a.active
                    FROM agent a JOIN unit u ON u.id = a.unit ORDER BY a.email
                    """
                )
            ],
            "communities": [
                tuple(row) for row in await connection.fetch("SELECT slug, name FROM community ORDER BY slug")
            ],
            "memberships": [
                tuple(row)
                for row in await connection.fetch(
                    """
                    SELECT c.slug, a.email, m.animator FROM membership m
                    JOIN community c ON c.id = m.community JOIN agent a ON a.id = m.agent ORDER BY c.slug, a.email
                    """
                )
            ],
            "units": await connection.fetchval("SELECT count(*) FROM unit WHERE code <> 'admin'"),
        }


NOTHING = {"agents": [], "communities": [], "memberships": [], "units": 0}


# What a good file does


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
async def test_comma_or_semicolon_with_or_without_mark(database, now, separator, mark, ending):
    """Excel's habits and everybody else's."""
    text = f"{HEADER}\nChloe@DDTM-29.example,Chloé,Hamon,{DDTM},eau|habitat\n"
    data = mark + text.replace(",", separator).replace("\n", ending).encode()
    imported = await import_agents(data, silent, now=now)
    assert (imported.created, imported.updated, imported.unchanged) == (1, 0, 0)
    assert (imported.units_created, imported.communities_created) == (("DDTM-29",), ("eau", "habitat"))
    assert await stored() == {
        "agents": [
            ("chloe@ddtm-29.example", "Chloé", "Hamon", "DDTM-29", "DDTM du Finistère", "ddtm", "D-29", True),
        ],
        "communities": [("eau", '{"en": "eau", "fr": "eau"}'), ("habitat", '{"en": "habitat", "fr": "habitat"}')],
        "memberships": [("eau", "chloe@ddtm-29.example", False), ("habitat", "chloe@ddtm-29.example", False)],
        "units": 1,
    }


async def test_columns_in_any_order_and_cells_tidied(database, now):
    """Spaces around and inside, quoted newlines and decomposed accents are put right; blank lines are nothing."""
    data = (
        "territory,unit_kind,unit_name,unit,family_name,given_name,email\n"
        '\nD-29,ddtm,"DDTM  du\nFinistère",DDTM-29, Hamon ,Chloe\u0301, chloe@ddtm-29.example\n,,,,,,\n'
    )
    await import_agents(data.encode(), silent, now=now)
    agents = (await stored())["agents"]
    assert agents == [("chloe@ddtm-29.example", "Chloé", "Hamon", "DDTM-29", "DDTM du Finistère", "ddtm", "D-29", True)]


async def test_a_unit_is_told_once(database, now):
    """One line says its name, another its kind and territory; the lines between may be silent, in any order."""
    data = f"""{HEADER}
a@x.example,A,A,DDTM-29,,,,
b@x.example,B,B,DDTM-29,DDTM du Finistère,,D-29,
c@x.example,C,C,DDTM-29,,ddtm,,
"""
    imported = await import_agents(data.encode(), silent, now=now)
    assert imported.units_created == ("DDTM-29",)
    later = f"{HEADER}\nd@x.example,D,D,DDTM-29,,,,\ne@x.example,E,E,{DDTM},\n"
    assert (await import_agents(later.encode(), silent, now=now)).units_created == ()


async def test_importing_again_changes_nothing(directory, now):
    """Both files, in turn: an animator's membership survives the file that does not have it."""
    agents = (
        f"{HEADER}\nANNE@dgaln.example,Anne,Morel,DGALN,,,,eau\nbruno@dreal-53.example,Bruno,Le Gall,DREAL-53,,,,\n"
    )
    communities = "slug,name_fr,name_en,animators\neau,Eau,Water,bruno@dreal-53.example|Anne@dgaln.example\n"
    await import_communities(communities.encode(), silent, now=now)
    before = await stored()
    imported = await import_agents(agents.encode(), silent, now=now)
    assert (imported.created, imported.updated, imported.unchanged) == (0, 0, 2)
    imported = await import_communities(communities.encode(), silent, now=now)
    assert (imported.created, imported.updated, imported.unchanged) == (0, 0, 1)
    assert await stored() == before


async def test_what_differs_is_updated(directory, now):
    """A new name, another unit, other communities; who is not in the file stays."""
    data = f"""{HEADER}
anne@dgaln.example,Anne,Morel-Petit,DGALN,,,,eau
bruno@dreal-53.example,Bruno,Le Gall,DDTM-29,,,,
chloe@ddtm-29.example,Chloé,Hamon,DDTM-29,,,,energie
"""
    imported = await import_agents(data.encode(), silent, now=now)
    assert (imported.created, imported.updated, imported.unchanged) == (0, 3, 0)
    assert imported.communities_created == ("energie",)
    after = await stored()
    assert [(agent[0], agent[2], agent[3]) for agent in after["agents"]] == [
        ("anne@dgaln.example", "Morel-Petit", "DGALN"),
        ("bruno@dreal-53.example", "Le Gall", "DDTM-29"),
        ("chloe@ddtm-29.example", "Hamon", "DDTM-29"),
    ]
    assert after["memberships"] == [
        ("eau", "anne@dgaln.example", False),
        ("eau", "chloe@ddtm-29.example", True),
        ("energie", "chloe@ddtm-29.example", False),
    ]


async def test_without_the_column_memberships_stay(directory, now):
    before = await stored()
    data = f"{HEADER.removesuffix(',communities')}\nchloe@ddtm-29.example,Chloé,Hamon,DDTM-29,,,\n"
    imported = await import_agents(data.encode(), silent, now=now)
    assert imported.unchanged == 1
    assert await stored() == before


async def test_an_inactive_agent_stays_inactive(directory, now):
    """A file does not bring back whom somebody put out."""
    async with transaction() as connection:
        await connection.execute("UPDATE agent SET active = false WHERE email = 'anne@dgaln.example'")
    data = f"{HEADER}\nanne@dgaln.example,Anne,Petit,DGALN,,,,\n"
    assert (await import_agents(data.encode(), silent, now=now)).updated == 1
    assert [agent[-1] for agent in (await stored())["agents"] if agent[0] == "anne@dgaln.example"] == [False]


async def test_communities_get_names_and_animators(directory, now):
    """New and renamed communities; an animator becomes a member; who is no longer named stays as a member."""
    data = """slug;name_fr;name_en;animators
eau;Eau et mer;Water and sea;anne@dgaln.example|bruno@dreal-53.example
sols;Sols;;
"""
    imported = await import_communities(data.encode(), silent, now=now)
    assert (imported.created, imported.updated, imported.unchanged) == (1, 1, 0)
    assert imported.communities_created == ("sols",)
    assert [(found.slug, found.name, found.members, found.animators) for found in await list_communities()] == [
        ("eau", {"fr": "Eau et mer", "en": "Water and sea"}, 3, 2),
        ("habitat", {"fr": "Habitat", "en": "Housing"}, 1, 0),
        ("sols", {"fr": "Sols"}, 0, 0),
    ]


async def test_progress_is_real(database, now):
    """It begins at nothing, comes after each batch, ends at everything, and what it counts is written."""
    lines = "".join(f"agent{number}@x.example,A,B,{DDTM},eau\n" for number in range(2 * BATCH + 5))
    seen = []
    await import_agents(f"{HEADER}\n{lines}".encode(), lambda *step: seen.append(step), now=now)
    total = 2 * BATCH + 5
    assert seen == [(0, total), (BATCH, total), (2 * BATCH, total), (total, total)]


async def test_a_failure_in_the_middle_leaves_nothing(database, now):
    """Two batches are written when the third fails: none of them stays."""
    lines = "".join(f"agent{number}@x.example,A,B,{DDTM},eau\n" for number in range(2 * BATCH + 5))

    def fails(done, total):
        if done == 2 * BATCH:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await import_agents(f"{HEADER}\n{lines}".encode(), fails, now=now)
    assert await stored() == NOTHING


# What is wrong with a bad one


async def test_every_flaw_is_listed_with_its_line(database, now):
    """Physical lines, also below a quoted newline; and nothing is stored, not even the good lines."""
    data = f"""{HEADER}
good@x.example,Good,One,{DDTM},eau
"two
lines@x.example",Two,Lines,{DDTM},
,No,Address,{DDTM},
not an address,Bad,Address,{DDTM},
GOOD@x.example,Good,Again,{DDTM},
a@x.example,,Name,{DDTM},
b@x.example,B,B,,,,,
c@x.example,C,C,DDT-01,DDT de l’Ain,castle,D-20,
d@x.example,D,D,DDT-02,,,,
e@x.example,E,E,DDTM-29,DDTM de la Manche,ddt,D-50,
f@x.example,F,F,DDTM-29,,,,Eau!|habitat
g@x.example,G,G
h@x.example,H\0,H,{DDTM},
i@x.example,{"I" * 251},I,{DDTM},
j@x.example,J,J,DDT 03,DDT,ddt,D-03,
"""
    assert await flaws_of(import_agents, data.encode(), now) == [
        (3, "email", "email"),
        (5, "email", "required"),
        (6, "email", "email"),
        (7, "email", "email-twice"),
        (8, "given_name", "required"),
        (9, "unit", "required"),
        (10, "unit_kind", "unit-kind"),
        (10, "territory", "unit-territory"),
        (11, "unit", "unit-new"),
        (12, "unit_name", "unit-differs"),
        (12, "unit_kind", "unit-differs"),
        (12, "territory", "unit-differs"),
        (13, "communities", "slug"),
        (14, None, "cells"),
        (15, "given_name", "character"),
        (16, "given_name", "long"),
        (17, "unit", "unit-code"),
    ]
    assert await stored() == NOTHING


async def test_a_flaw_says_what_to_do(database, now):
    data = f"{HEADER}\na@x.example,A,A,{DDTM},\nA@x.example,A,A,DDTM-29,Autre,,,\n"
    with pytest.raises(Problem) as raised:
        await import_agents(data.encode(), silent, now=now)
    assert [flaw["message"] for flaw in raised.value.document("en")["flaws"]] == [
        "a@x.example stands on line 2 already: keep one of the two.",
        "The unit DDTM-29 is known with “DDTM du Finistère” here, not “Autre”: leave the cell empty or correct it.",
    ]
    assert raised.value.sentence("en").startswith("Nothing was imported. Flaws in the file: 2")


async def test_the_database_contradicts_too(directory, now):
    """A file does not rename or move a unit that is stored."""
    before = await stored()
    data = f"{HEADER}\nnew@x.example,N,N,DGALN,Autre nom,ddt,R-53,\n"
    assert await flaws_of(import_agents, data.encode(), now) == [
        (2, "unit_name", "unit-differs"),
        (2, "unit_kind", "unit-differs"),
        (2, "territory", "unit-differs"),
    ]
    assert await stored() == before


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("email,given_name,family_name,unit,unit_name,unit_kind", [("territory", "column-missing")]),
        (
            "Email,given_name,family_name,unit,unit_name,unit_kind,territory",
            [("Email", "column-unknown"), ("email", "column-missing")],
        ),
        (f"{HEADER},email", [("email", "column-twice")]),
        (f"{HEADER},", [("", "column-unknown")]),
        (f"{HEADER},phone", [("phone", "column-unknown")]),
    ],
)
async def test_columns_are_exact(database, now, header, expected):
    """An unknown, a missing, a double column: each by its name."""
    assert await flaws_of(import_agents, f"{header}\n".encode(), now) == [(1, *flaw) for flaw in expected]


async def test_lines_are_judged_under_a_flawed_header(database, now):
    """What can be judged is, so that one round of corrections is enough."""
    data = "email,given_name,family_name,unit,unit_name,unit_kind\nx,A,A,DDTM-29,DDTM,castle\n"
    assert await flaws_of(import_agents, data.encode(), now) == [
        (1, "territory", "column-missing"),
        (2, "email", "email"),
        (2, "unit_kind", "unit-kind"),
    ]


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n\n"])
async def test_an_empty_file(database, now, data):
    assert await flaws_of(import_agents, data, now) == [(1, None, "empty")]


async def test_a_file_of_columns_alone_is_fine(database, now):
    imported = await import_agents(HEADER.encode(), silent, now=now)
    assert (imported.created, imported.updated, imported.unchanged) == (0, 0, 0)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (f"{HEADER}\na@x.example,Chloé,".encode("latin-1"), 2),
        (f"{HEADER}\n".encode("utf-16"), 1),
    ],
)
async def test_another_encoding_is_refused(database, now, data, line):
    """Rather than guessed, which would spoil names."""
    assert await flaws_of(import_agents, data, now) == [(line, None, "encoding")]


async def test_quotes_that_do_not_match(database, now):
    """Named by the line on which they open; what was read before is judged."""
    data = f'{HEADER}\nx,A,A,{DDTM},\n"a@x.example,A,A,{DDTM},\nb@x.example,B,B,{DDTM},\n'
    assert await flaws_of(import_agents, data.encode(), now) == [(2, "email", "email"), (3, None, "quoting")]


async def test_flaws_of_communities(directory, now):
    """Slugs, doubles, names and unknown animators; nothing is stored."""
    before = await stored()
    data = """slug,name_fr,name_en,animators
sols,Sols,Soils,anne@dgaln.example|nobody@x.example
Grand Air,Air,Air,
sols,Sols,Soils,
air,,Air,
,Vide,Empty,
"""
    assert await flaws_of(import_communities, data.encode(), now) == [
        (2, "animators", "agent-unknown"),
        (3, "slug", "slug"),
        (4, "slug", "slug-twice"),
        (5, "name_fr", "required"),
        (6, "slug", "required"),
    ]
    assert await flaws_of(import_communities, b"slug,name_fr,name_en\n", now) == [(1, "animators", "column-missing")]
    assert await stored() == before


async def test_without_territories_one_sentence_says_so(database, urls, now):
    """Rather than one flaw for each line."""
    owner = await asyncpg.connect(urls.owner)
    try:
        await owner.execute("DELETE FROM territory WHERE code <> 'FR'")
        with pytest.raises(Problem) as raised:
            await import_agents(f"{HEADER}\na@x.example,A,A,{DDTM},\n".encode(), silent, now=now)
        assert raised.value.kind.code == "directory/territories-missing"
    finally:
        await load_territories()
        await owner.close()
