"""The demo directory: repeatable, like the real one, and accepted by the importers."""

from collections import Counter

import pytest

from base.database import reading
from directory.generating import generate
from directory.importing import import_agents, import_communities
from directory.territories import list_territories

pytestmark = pytest.mark.anyio


def silent(done, total):
    """Nobody watches."""


def test_the_same_seed_gives_the_same_bytes():
    """And another seed others."""
    one, same, other = generate(7, 300), generate(7, 300), generate(8, 300)
    assert one.agents_csv() == same.agents_csv()
    assert one.communities_csv() == same.communities_csv()
    assert one.agents_csv() != other.agents_csv()


@pytest.mark.parametrize("agents", [0, 1, 17, 400])
def test_as_many_agents_as_asked(agents):
    generated = generate(1, agents)
    assert len(generated.agents) == agents
    assert len({agent.email for agent in generated.agents}) == agents
    assert len(generated.communities) == 20


def test_no_mail_can_leave():
    """RFC 2606 keeps `.example` for nobody."""
    assert all(agent.email.endswith(".example") for agent in generate(1, 500).agents)


async def test_nine_thousand_agents(database, now):
    """Generated and imported: every département of France is served, with the services it really has."""
    generated = generate(20261125)
    agents = generated.agents_csv()
    imported = await import_agents(agents, silent, now=now)
    assert (imported.created, imported.updated, imported.unchanged) == (9000, 0, 0)
    assert (len(imported.units_created), len(imported.communities_created)) == (134, 20)
    imported = await import_communities(generated.communities_csv(), silent, now=now)
    assert (imported.created, imported.updated, imported.unchanged) == (0, 20, 0)

    async with reading() as connection:
        kinds = dict(await connection.fetch("SELECT kind, count(*) FROM unit WHERE code <> 'admin' GROUP BY kind"))
        served = {row["territory"] for row in await connection.fetch("SELECT DISTINCT territory FROM unit")}
        sizes = await connection.fetch(
            "SELECT u.kind, count(*) FROM agent a JOIN unit u ON u.id = a.unit GROUP BY u.id"
        )
        animators = await connection.fetchval("SELECT count(*) FROM membership WHERE animator")
        members = await connection.fetchval("SELECT count(*) FROM membership")
    assert kinds == {
        "directorate": 8,
        "operator": 11,
        "dreal": 12,
        "drieat": 5,
        "deal": 5,
        "ddt": 68,
        "ddtm": 24,
        "other": 1,
    }
    assert {territory.code for territory in await list_territories(kind="department")} <= served
    assert all(20 <= count <= 120 for kind, count in sizes if kind in {"ddt", "ddtm"})
    assert all(60 <= count <= 300 for kind, count in sizes if kind == "dreal")
    assert animators == 650
    assert members == sum(len(agent.communities) for agent in generated.agents)
    in_communities = Counter(len(agent.communities) for agent in generated.agents)
    assert set(in_communities) == {0, 1, 2, 3, 4}

    again = await import_agents(agents, silent, now=now)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 9000)
