"""API tokens: 160 random bits shown once, of which we keep the SHA-256 alone."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from asyncpg import Connection

from base.coalescing import Coalescer
from base.database import reading, transaction
from base.ids import uuid7
from directory import queries
from directory.emails import is_email
from directory.granting import active_agent, checked
from directory.problems import EMAIL_INVALID, SCOPE_WITHOUT_ROLE, TOKEN_EXPIRED, TOKEN_UNKNOWN
from directory.rows import Actor, AgentRow

PREFIX: Final = "nvt_"
"""How every token begins, so that scanners of leaked secrets can tell it from other text."""

ADMINISTRATION: Final = "admin"
"""The unit of administrators whom no import brought; the migrations make it."""


async def create_token(
    email: str,
    *,
    role: str | None = None,
    scope: str | None = None,
    expires_at: datetime | None = None,
    now: datetime,
) -> tuple[UUID, str]:
    """Make a token for an agent; returns its id and its text, which nobody can read again.

    With a role it acts with exactly this grant, without one with all the grants of the agent. With the role
    administrator the agent is made if there is none.
    """
    if expires_at is not None and expires_at <= now:
        raise TOKEN_EXPIRED(expires_at=expires_at.isoformat())
    if scope and not role:
        raise SCOPE_WITHOUT_ROLE(scope=scope)
    text = PREFIX + secrets.token_hex(20)
    token = uuid7()
    async with transaction() as connection:
        held = await checked(connection, role, scope) if role else None
        if role == "administrator":
            await _make_administrator(connection, email.strip().lower(), now)
        agent = await active_agent(connection, email)
        await queries.insert_token(connection, token, agent.id, _digest(text), held, now, expires_at)
    return token, text


async def revoke_token(id: UUID, now: datetime) -> None:  # noqa: A002 - the word of the design
    """Make a token open nothing from now on; one revoked already keeps its date."""
    async with transaction() as connection:
        if not await queries.revoke_token(connection, id, now):
            raise TOKEN_UNKNOWN(id=id)


async def actor_of_token(text: str, now: datetime) -> Actor | None:
    """Who acts with this token; nobody if it is unknown, revoked or expired, or the agent is inactive.

    One query, shared by all who ask at the same moment.
    """
    if not text.startswith(PREFIX) or not text.isascii():
        return None
    return await _actors((_digest(text), now))


async def _look_up(asked: Sequence[tuple[bytes, datetime]]) -> list[Actor | None]:
    async with reading() as connection:
        found = await queries.actors_of_tokens(
            connection, [digest for digest, _ in asked], max(moment for _, moment in asked)
        )
    return [found.get(digest) for digest, _ in asked]


_actors: Final = Coalescer(_look_up)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


async def _make_administrator(connection: Connection, email: str, now: datetime) -> None:
    if not is_email(email):
        raise EMAIL_INVALID(email=email)
    await queries.lock_for_writing(connection)
    if await queries.stored_agents(connection, [email]):
        return
    [unit] = await queries.stored_units(connection, [ADMINISTRATION])
    name = email.partition("@")[0]
    agent = AgentRow(id=uuid7(), email=email, given_name="", family_name=name, unit=unit.id, active=True)
    await queries.insert_agents(connection, [agent], now)
