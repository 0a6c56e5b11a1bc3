"""Finding agents: every word must fit, accents and case do not matter, nobody inactive is found."""

import pytest

from base.database import transaction
from directory.finding import find_agents, words

pytestmark = pytest.mark.anyio


async def emails(text, limit=20):
    found, total = await find_agents(text, limit=limit)
    return [f"{agent.given_name} {agent.family_name}" for agent in found], total


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("anne", ["Anne Morel"]),
        ("CHLOÉ", ["Chloé Hamon"]),
        ("chloe hamon", ["Chloé Hamon"]),
        ("hamon chloe", ["Chloé Hamon"]),
        ("finistere", ["Chloé Hamon"]),
        ("ddtm-29", ["Chloé Hamon"]),
        ("bretagne", ["Chloé Hamon", "Bruno Le Gall"]),
        ("gall bret", ["Bruno Le Gall"]),
        ("logement", ["Anne Morel"]),
        ("anne bretagne", []),
        ("orel", []),
        ("%", []),
        ("_", []),
        ("", []),
        ("\0", []),
        ("'; DROP TABLE agent", []),
    ],
)
async def test_all_words_must_fit(directory, text, found):
    """Each is the beginning of a word of the name, the unit or its place; by family name."""
    assert await emails(text) == (found, len(found))


async def test_there_may_be_more(directory):
    """Some are shown, all are counted."""
    assert await emails("bretagne", limit=1) == (["Chloé Hamon"], 2)


async def test_inactive_agents_are_not_found(directory):
    async with transaction() as connection:
        await connection.execute("UPDATE agent SET active = false WHERE email LIKE 'chloe%'")
    assert await emails("bretagne") == (["Bruno Le Gall"], 1)


async def test_many_words_are_no_burden(directory):
    """What comes after the first few is left out."""
    assert await emails("anne " * 1000) == (["Anne Morel"], 1)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("Côtes-d’Armor", ["cotes", "d", "armor"]),
        ("LŒTITIA  Ñuñez", ["loetitia", "nunez"]),
        ("Le\u0301a", ["lea"]),
        ("日本 %_", []),
    ],
)
def test_words(text, made):
    assert words(text) == made


@pytest.mark.parametrize(
    "name", ["Éloïse", "Žofia", "Åsa", "Lœtitia", "ŒDIPE", "François", "ANAÏS", "Jean-Noël", "D'Îlle"]
)
async def test_both_sides_fold_alike(directory, name):
    """What PostgreSQL makes of a stored name is what we make of a typed one, in both spellings of Unicode."""
    async with transaction() as connection:
        await connection.execute("UPDATE agent SET given_name = $1 WHERE email LIKE 'anne%'", name)
    for typed in (name, name.lower(), name.upper()):
        assert (await emails(typed))[1] == 1, typed
