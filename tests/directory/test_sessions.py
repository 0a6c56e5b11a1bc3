"""Sessions: a random secret kept as a hash, made anew at each sign-in, dead when ended, idle, old or orphaned."""

import hashlib
from datetime import timedelta

import pytest

from base.database import reading, transaction
from base.problems import Problem
from directory import queries, sessions
from directory.actors import Held, actor_by_email
from directory.granting import hold
from directory.sessions import IDLE, LONGEST, SEEN_EVERY, actor_of_session, begin, end, end_all

pytestmark = pytest.mark.anyio

SECOND = timedelta(seconds=1)


@pytest.fixture
async def anne(directory):
    """The id of one of the agents."""
    return (await actor_by_email("anne@dgaln.example")).id


async def stored(column, secret):
    async with reading() as connection:
        return await connection.fetchval(
            f"SELECT {column} FROM session WHERE hash = $1", hashlib.sha256(secret.encode()).digest()
        )


async def test_only_the_hash_is_stored(anne, now):
    """The secret is random, long, another each time, and nowhere in the database."""
    secret, other = await begin(anne, now), await begin(anne, now)
    assert len(secret) >= 32  # six bits a character: 192
    assert secret != other
    assert await stored("length(hash)", secret) == 32
    async with reading() as connection:
        everything = await connection.fetchval("SELECT string_agg(session::text, ' ') FROM session")
    assert secret not in everything
    assert secret.encode().hex() not in everything


async def test_a_session_acts_with_all_that_the_agent_holds(anne, now):
    """Also with what was given after it began."""
    secret = await begin(anne, now)
    await hold("anne@dgaln.example", "editor", "unit:DGALN", now=now)
    actor = await actor_of_session(secret, now)
    assert actor is not None
    assert (actor.email, actor.grants) == ("anne@dgaln.example", (Held(role="editor", scope="unit:DGALN"),))


@pytest.mark.parametrize("secret", ["", "0" * 32, "é", "\0", "a" * 100_000])
async def test_another_secret_opens_nothing(anne, now, secret):
    await begin(anne, now)
    assert await actor_of_session(secret, now) is None


async def test_the_hash_opens_nothing(anne, now):
    """Who reads the table cannot act with what stands in it."""
    digest = await stored("hash", await begin(anne, now))
    assert await actor_of_session(digest.hex(), now) is None
    assert await actor_of_session(digest.decode("latin-1"), now) is None


async def test_signing_in_ends_the_session_that_came_along(anne, now):
    """Whoever planted or kept the old secret has nothing of the new session."""
    before = await begin(anne, now)
    bruno = await actor_by_email("bruno@dreal-53.example")
    after = await begin(bruno.id, now, instead_of=before)
    assert after != before
    assert await actor_of_session(before, now) is None
    assert (await actor_of_session(after, now)).email == "bruno@dreal-53.example"
    assert await stored("ended_at", before) == now


async def test_a_planted_secret_is_never_taken(anne, now):
    """One that we did not make neither becomes a session nor keeps anybody from signing in."""
    secret = await begin(anne, now, instead_of="planted")
    assert secret != "planted"
    assert await actor_of_session("planted", now) is None


async def test_an_ended_session_opens_nothing(anne, now):
    """At once; ending it again keeps the first date; others go on."""
    secret, other = await begin(anne, now), await begin(anne, now)
    await end(secret, now)
    assert await actor_of_session(secret, now) is None
    await end(secret, now + SECOND)
    assert await stored("ended_at", secret) == now
    assert await actor_of_session(other, now) is not None


async def test_all_sessions_of_an_agent_end(anne, now):
    """Those of others do not."""
    mine = [await begin(anne, now) for _ in range(2)]
    theirs = await begin((await actor_by_email("bruno@dreal-53.example")).id, now)
    await end_all(anne, now)
    assert [await actor_of_session(secret, now) for secret in mine] == [None, None]
    assert await actor_of_session(theirs, now) is not None


async def test_an_idle_session_ends(anne, now):
    """It holds for half an hour after the last request, whenever it began."""
    secret = await begin(anne, now)
    moment = now + IDLE - SECOND
    assert await actor_of_session(secret, moment) is not None
    assert await actor_of_session(secret, moment + IDLE - SECOND) is not None
    assert await actor_of_session(secret, moment + 2 * IDLE - SECOND) is None
    assert await actor_of_session(await begin(anne, now), now + IDLE) is None


async def test_a_long_session_ends(anne, now):
    """After twelve hours it ends, however busy it is."""
    secret = await begin(anne, now)
    moment = now
    while moment + IDLE / 2 < now + LONGEST:
        moment += IDLE / 2
        assert await actor_of_session(secret, moment) is not None
    assert await actor_of_session(secret, now + LONGEST) is None


async def test_the_limits_are_those_that_are_promised():
    """RELIABILITY.md §1: idle 30 minutes, absolute 12 hours."""
    assert (timedelta(minutes=30), timedelta(hours=12)) == (IDLE, LONGEST)


async def test_a_session_in_use_is_written_down_once_a_minute(anne, now):
    """A page costs a read; only after a minute a write too."""
    secret = await begin(anne, now)
    for seconds, seen in ((1, 0), (59, 0), (60, 60), (61, 60), (119, 60), (120, 120)):
        await actor_of_session(secret, now + timedelta(seconds=seconds))
        assert await stored("seen_at", secret) == now + timedelta(seconds=seen)
    assert timedelta(minutes=1) == SEEN_EVERY


async def test_noting_it_twice_keeps_the_later_time(anne, now):
    """Another process, with an older request, takes nothing back."""
    secret = await begin(anne, now)
    digests = [hashlib.sha256(secret.encode()).digest()]
    later = now + timedelta(minutes=10)
    async with transaction() as connection:
        await queries.see_sessions(connection, digests, later, before=later - SEEN_EVERY)
        await queries.see_sessions(connection, digests, later - SECOND, before=later - SECOND - SEEN_EVERY)
    assert await stored("seen_at", secret) == later


async def test_a_session_that_another_process_notes_is_not_waited_for(anne, now):
    """Two requests of one session never wait for each other's writing."""
    secret = await begin(anne, now)
    later = now + timedelta(minutes=5)
    async with transaction() as connection:
        await connection.fetch("SELECT FROM session FOR UPDATE")
        # In a task of its own, as a second request would be: here the transaction's connection would be used.
        assert (await sessions._actors((hashlib.sha256(secret.encode()).digest(), later))).id == anne
    assert await stored("seen_at", secret) == now


@pytest.mark.parametrize("when", ["before", "after"])
async def test_the_session_of_an_inactive_agent_opens_nothing(anne, now, when):
    """Whoever is deactivated is out at the next request, and cannot come in."""
    secret = await begin(anne, now)
    async with transaction() as connection:
        await connection.execute("UPDATE agent SET active = false")
    if when == "before":
        with pytest.raises(Problem) as raised:
            await begin(anne, now)
        assert raised.value.kind.code == "not-found"
    assert await actor_of_session(secret, now) is None


async def test_finding_actors_is_one_query(anne, now):
    """It happens at each request, and those of one moment share it."""
    secrets = [await begin(anne, now), await begin((await actor_by_email("chloe@ddtm-29.example")).id, now)]
    digests = [hashlib.sha256(secret.encode()).digest() for secret in secrets]
    asked = []
    async with reading() as connection:
        limits = {"begun_after": now - LONGEST, "seen_after": now - IDLE}
        await queries.actors_of_sessions(connection, digests, **limits)  # a connection learns the types once
        with connection.query_logger(lambda record: asked.append(record.query)):
            found = await queries.actors_of_sessions(connection, digests, **limits)
    assert [found[digest][0].email for digest in digests] == ["anne@dgaln.example", "chloe@ddtm-29.example"]
    assert len(asked) == 1


async def test_dead_sessions_are_swept_at_sign_in(anne, now, monkeypatch):
    """Those too old to open anything go, oldest first, a limited number at a time; the rest stay."""
    monkeypatch.setattr(sessions, "SWEPT", 2)
    old = [await begin(anne, now - LONGEST - timedelta(minutes=minutes)) for minutes in (3, 2, 1)]
    live = await begin(anne, now)
    assert [await stored("true", secret) for secret in old] == [None, None, True]
    await begin(anne, now)
    assert [await stored("true", secret) for secret in (old[2], live)] == [None, True]
