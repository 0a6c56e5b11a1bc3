"""Tokens: shown once, kept as a hash, acting with one grant or with the agent's, dead when revoked or expired."""

import hashlib
from datetime import timedelta
from uuid import UUID

import pytest

from base.database import reading, transaction
from base.problems import Problem
from directory import queries
from directory.actors import Held
from directory.granting import hold
from directory.tokens import actor_of_token, create_token, revoke_token

pytestmark = pytest.mark.anyio


async def test_only_the_hash_is_stored(directory, now):
    """The text is random, long and nowhere in the database."""
    token, text = await create_token("anne@dgaln.example", now=now)
    _, other = await create_token("anne@dgaln.example", now=now)
    assert text.startswith("nvt_")
    assert len(bytes.fromhex(text.removeprefix("nvt_"))) * 8 >= 128
    assert text != other
    async with reading() as connection:
        row = await connection.fetchrow(
            "SELECT api_token.*, api_token::text AS everything FROM api_token WHERE id = $1", token
        )
    assert row["hash"] == hashlib.sha256(text.encode()).digest()
    assert text not in row["everything"]


async def test_a_token_without_a_role_acts_with_all_the_grants(directory, now):
    """Also those given after the token was made."""
    _, text = await create_token("Chloe@ddtm-29.example", now=now)
    await hold("chloe@ddtm-29.example", "editor", "unit:DGALN", now=now)
    actor = await actor_of_token(text, now)
    assert actor is not None
    assert (actor.email, actor.grants) == ("chloe@ddtm-29.example", (Held(role="editor", scope="unit:DGALN"),))
    assert (actor.communities, actor.animates) == (("eau", "habitat"), ("eau",))
    assert actor.territory == ("FR", "R-53", "D-29")


async def test_a_token_with_a_role_acts_with_this_grant_alone(directory, now):
    """It neither has the agent's other grants nor lets them animate."""
    await hold("chloe@ddtm-29.example", "editor", "unit:DGALN", now=now)
    _, text = await create_token("chloe@ddtm-29.example", role="analyst", scope="territory:R-53", now=now)
    actor = await actor_of_token(text, now)
    assert actor is not None
    assert actor.grants == (Held(role="analyst", scope="territory:R-53"),)
    assert (actor.communities, actor.animates) == (("eau", "habitat"), ())


async def test_an_animators_token_animates_its_community(directory, now):
    _, text = await create_token("chloe@ddtm-29.example", role="animator", scope="community:habitat", now=now)
    actor = await actor_of_token(text, now)
    assert actor is not None
    assert actor.animates == ("habitat",)


async def test_finding_actors_is_one_query(directory, now):
    """It happens at each request, and those of one moment share it."""
    tokens = [
        await create_token("chloe@ddtm-29.example", role="analyst", scope="territory:R-53", now=now),
        await create_token("anne@dgaln.example", now=now),
    ]
    digests = [hashlib.sha256(text.encode()).digest() for _, text in tokens]
    asked = []
    async with reading() as connection:
        await queries.actors_of_tokens(connection, digests, now)  # a connection learns the types once
        with connection.query_logger(lambda record: asked.append(record.query)):
            found = await queries.actors_of_tokens(connection, digests, now)
    assert [found[digest].email for digest in digests] == ["chloe@ddtm-29.example", "anne@dgaln.example"]
    assert len(asked) == 1


async def test_a_revoked_token_opens_nothing(directory, now):
    """At once; revoking again keeps the first date."""
    token, text = await create_token("anne@dgaln.example", now=now)
    await revoke_token(token, now)
    assert await actor_of_token(text, now) is None
    await revoke_token(token, now + timedelta(days=1))
    async with reading() as connection:
        assert await connection.fetchval("SELECT revoked_at FROM api_token WHERE id = $1", token) == now


async def test_an_expired_token_opens_nothing(directory, now):
    """It holds until the instant it expires, not at it."""
    expires_at = now + timedelta(hours=1)
    _, text = await create_token("anne@dgaln.example", expires_at=expires_at, now=now)
    assert await actor_of_token(text, expires_at - timedelta(seconds=1)) is not None
    assert await actor_of_token(text, expires_at) is None


async def test_the_token_of_an_inactive_agent_opens_nothing(directory, now):
    _, text = await create_token("anne@dgaln.example", role="editor", scope="unit:DGALN", now=now)
    async with transaction() as connection:
        await connection.execute("UPDATE agent SET active = false")
    assert await actor_of_token(text, now) is None


@pytest.mark.parametrize("text", ["", "nvt_", "nvt_" + "0" * 40, "0" * 40, "nvt_é", "nvt_\0"])
async def test_another_text_opens_nothing(directory, now, text):
    await create_token("anne@dgaln.example", now=now)
    assert await actor_of_token(text, now) is None


async def test_an_administrator_is_made_with_the_token(database, now):
    """In the unit `admin`, made once; both tokens are of the same agent."""
    for _ in range(2):
        _, text = await create_token("Root@Navette.example", role="administrator", now=now)
        actor = await actor_of_token(text, now)
        assert actor is not None
        assert (actor.email, actor.unit_code, actor.unit_kind, actor.territory) == (
            "root@navette.example",
            "admin",
            "other",
            ("FR",),
        )
        assert actor.grants == (Held(role="administrator", scope=""),)
    await create_token("other@navette.example", role="administrator", now=now)
    async with reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM agent") == 2
        assert await connection.fetchval("SELECT count(*) FROM unit WHERE code = 'admin'") == 1


async def test_a_known_agent_keeps_their_unit_as_an_administrator(directory, now):
    _, text = await create_token("anne@dgaln.example", role="administrator", now=now)
    actor = await actor_of_token(text, now)
    assert actor is not None
    assert actor.unit_code == "DGALN"


@pytest.mark.parametrize(
    ("email", "options", "code"),
    [
        ("nobody@dgaln.example", {}, "agent-unknown"),
        ("nobody@dgaln.example", {"role": "editor", "scope": "unit:DGALN"}, "agent-unknown"),
        ("not an address", {"role": "administrator"}, "email-invalid"),
        ("anne@dgaln.example", {"role": "administrator", "scope": "unit:DGALN"}, "scope-not-wanted"),
        ("anne@dgaln.example", {"role": "editor"}, "scope-misfit"),
        ("anne@dgaln.example", {"role": "editor", "scope": "unit:NONE"}, "scope-unknown"),
        ("anne@dgaln.example", {"role": "king"}, "role-unknown"),
        ("anne@dgaln.example", {"scope": "unit:DGALN"}, "scope-without-role"),
    ],
)
async def test_tokens_that_cannot_be_made(directory, now, email, options, code):
    """Each refusal says what to do, in both languages, and nothing is stored."""
    with pytest.raises(Problem) as raised:
        await create_token(email, now=now, **options)
    assert raised.value.kind.code == f"directory/{code}"
    assert "{" not in raised.value.sentence("en")
    async with reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM api_token") == 0
        assert await connection.fetchval("SELECT count(*) FROM agent") == 3


async def test_a_token_cannot_be_born_expired(directory, now):
    with pytest.raises(Problem) as raised:
        await create_token("anne@dgaln.example", expires_at=now, now=now)
    assert raised.value.kind.code == "directory/token-expired"


async def test_revoking_what_is_not_there(database, now):
    with pytest.raises(Problem) as raised:
        await revoke_token(UUID(int=0), now)
    assert raised.value.kind.code == "directory/token-unknown"
