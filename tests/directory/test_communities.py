"""Communities in lists: their names and how many people are in them."""

import pytest

from base.database import transaction
from directory.communities import list_communities
from directory.rows import Community

pytestmark = pytest.mark.anyio


async def test_members_and_animators_are_counted(directory):
    """By slug; animators are members."""
    assert await list_communities() == [
        Community(slug="eau", name={"fr": "Eau", "en": "Water"}, members=2, animators=1),
        Community(slug="habitat", name={"fr": "Habitat", "en": "Housing"}, members=1, animators=0),
    ]


async def test_inactive_agents_do_not_count(directory):
    async with transaction() as connection:
        await connection.execute("UPDATE agent SET active = false WHERE email = 'chloe@ddtm-29.example'")
    assert [(found.members, found.animators) for found in await list_communities()] == [(1, 0), (0, 0)]


async def test_listing_is_one_query(directory):
    """However many communities there are."""
    queries = []
    async with transaction() as connection:
        with connection.query_logger(lambda record: queries.append(record.query)):
            await list_communities()
    assert len(queries) == 1
