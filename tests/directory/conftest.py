"""A small directory to test with: DGALN for the nation, a DREAL and a DDTM in Bretagne, two communities."""

from datetime import UTC, datetime

import pytest

from directory.importing import import_agents, import_communities

AGENTS = """\
email,given_name,family_name,unit,unit_name,unit_kind,territory,communities
anne@dgaln.example,Anne,Morel,DGALN,Logement et nature,directorate,FR,eau
bruno@dreal-53.example,Bruno,Le Gall,DREAL-53,DREAL Bretagne,dreal,R-53,
chloe@ddtm-29.example,Chloé,Hamon,DDTM-29,DDTM du Finistère,ddtm,D-29,eau|habitat
"""
COMMUNITIES = """\
slug,name_fr,name_en,animators
eau,Eau,Water,chloe@ddtm-29.example
habitat,Habitat,Housing,
"""


def silent(done, total):
    """Nobody watches."""


@pytest.fixture
def now():
    """When everything happens."""
    return datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@pytest.fixture
async def directory(database, now):
    """Three agents, three units, two communities, one animator."""
    await import_agents(AGENTS.encode(), silent, now=now)
    await import_communities(COMMUNITIES.encode(), silent, now=now)
