"""Sessions: who is signed in. A secret of 192 random bits in a cookie, of which we keep the SHA-256 alone.

They are rows of our own, not the framework's, which would keep an id that somebody planted: signing in always makes a
new secret and ends the session that came with the request.
"""

import contextlib
import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from base.coalescing import Coalescer
from base.database import reading, transaction
from base.ids import uuid7
from base.problems import NOT_FOUND, Problem
from directory import queries
from directory.actors import Actor

IDLE: Final = timedelta(minutes=30)
"""How long a session holds without a request (ASVS 5.0, 7.3.1)."""

LONGEST: Final = timedelta(hours=12)
"""How long it holds at all (ASVS 5.0, 7.3.2; the same as ProConnect's and La Suite's)."""

SEEN_EVERY: Final = timedelta(minutes=1)
"""How often a session in use is written down: a page must not cost a write. An idle one may end so much earlier."""

SWEPT: Final = 200
"""How many dead sessions each sign-in deletes: more than it makes, so that they cannot pile up."""


async def begin(agent: UUID, now: datetime, *, instead_of: str | None = None) -> str:
    """Sign an active agent in; returns the secret of a new session, which nobody can read again.

    The session that the request came with, `instead_of`, ends, whoever's it is.
    """
    secret = secrets.token_urlsafe(24)
    async with transaction() as connection:
        if not await queries.insert_session(connection, uuid7(), agent, _digest(secret), now):
            raise NOT_FOUND()
        if instead_of is not None:
            await queries.end_session(connection, _digest(instead_of), now)
        await queries.delete_sessions(connection, now - LONGEST, SWEPT)
    return secret


async def actor_of_session(secret: str, now: datetime) -> Actor | None:
    """Who acts in this session; nobody if it is unknown, ended, idle or old, or the agent is inactive.

    One query, shared by all who ask at the same moment; once a minute a session in use is written down besides.
    """
    return await _actors((_digest(secret), now))


async def end(secret: str, now: datetime) -> None:
    """Sign out: the session opens nothing from now on."""
    async with transaction() as connection:
        await queries.end_session(connection, _digest(secret), now)


async def end_all(agent: UUID, now: datetime) -> None:
    """Sign an agent out everywhere."""
    async with transaction() as connection:
        await queries.end_sessions_of(connection, agent, now)


async def _look_up(asked: Sequence[tuple[bytes, datetime]]) -> list[Actor | None]:
    digests = [digest for digest, _ in asked]
    moment = max(moment for _, moment in asked)
    async with reading() as connection:
        found = await queries.actors_of_sessions(
            connection, digests, begun_after=moment - LONGEST, seen_after=moment - IDLE
        )
    due = [digest for digest, (_, seen_at) in found.items() if seen_at <= moment - SEEN_EVERY]
    if due:
        with contextlib.suppress(Problem):  # a full disk keeps nobody from reading: the next request tries again
            async with transaction() as connection:
                await queries.see_sessions(connection, due, moment, before=moment - SEEN_EVERY)
    return [found[digest][0] if digest in found else None for digest in digests]


_actors: Final = Coalescer(_look_up)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
