"""Actors: an active agent with all that rights depend on."""

import pytest

from base.database import transaction
from directory.actors import Held, actor_by_email, actor_by_id
from directory.granting import hold

pytestmark = pytest.mark.anyio


async def test_an_actor_is_complete(directory, now):
    """Unit, territory from the nation down, communities, what they animate, grants."""
    await hold("chloe@ddtm-29.example", "reviewer", "territory:R-53", now=now)
    await hold("chloe@ddtm-29.example", "editor", "unit:DDTM-29", now=now)
    actor = await actor_by_email(" Chloe@DDTM-29.example ")
    assert actor is not None
    assert (actor.email, actor.given_name, actor.family_name) == ("chloe@ddtm-29.example", "Chloé", "Hamon")
    assert (actor.unit_code, actor.unit_kind, actor.territory) == ("DDTM-29", "ddtm", ("FR", "R-53", "D-29"))
    assert (actor.communities, actor.animates) == (("eau", "habitat"), ("eau",))
    assert actor.grants == (Held(role="editor", scope="unit:DDTM-29"), Held(role="reviewer", scope="territory:R-53"))
    assert await actor_by_id(actor.id) == actor


async def test_an_agent_without_anything(directory):
    """No community, no grant: empty tuples."""
    actor = await actor_by_email("bruno@dreal-53.example")
    assert actor is not None
    assert (actor.communities, actor.animates, actor.grants) == ((), (), ())


async def test_a_grant_makes_an_animator_too(directory, now):
    """An animator by grant animates like one marked in the membership."""
    await hold("bruno@dreal-53.example", "animator", "community:habitat", now=now)
    actor = await actor_by_email("bruno@dreal-53.example")
    assert actor is not None
    assert actor.animates == ("habitat",)


@pytest.mark.parametrize("email", ["nobody@ddtm-29.example", "", "chloe", "chloe@ddtm-29.example\0"])
async def test_nobody(directory, email):
    """Unknown and impossible addresses find nobody."""
    assert await actor_by_email(email) is None


async def test_an_inactive_agent_is_nobody(directory):
    actor = await actor_by_email("anne@dgaln.example")
    assert actor is not None
    async with transaction() as connection:
        await connection.execute("UPDATE agent SET active = false WHERE id = $1", actor.id)
    assert await actor_by_email("anne@dgaln.example") is None
    assert await actor_by_id(actor.id) is None
