"""Giving agents roles: which role holds where, and what a scope must name."""

from datetime import datetime
from typing import Final

from asyncpg import Connection

from base.database import transaction
from base.ids import uuid7
from directory import queries
from directory.problems import (
    AGENT_INACTIVE,
    AGENT_UNKNOWN,
    ROLE_UNKNOWN,
    SCOPE_MISFIT,
    SCOPE_NOT_WANTED,
    SCOPE_UNKNOWN,
)
from directory.rows import ROLES, AgentRow, Held, Role

SCOPES: Final[dict[Role, tuple[str, ...]]] = {
    "respondent": (),
    "animator": ("community",),
    "reviewer": ("territory",),
    "analyst": ("unit", "territory"),
    "editor": ("unit",),
    "administrator": (),
}
"""Role → the kinds of scope it may have; none: it holds everywhere."""

FORMS: Final = {"unit": "unit:CODE", "territory": "territory:CODE", "community": "community:SLUG"}
"""Kind of scope → how it is written."""


async def hold(email: str, role: str, scope: str | None = None, *, now: datetime) -> Held:
    """Let an active agent hold a role in a scope, from now on; holding it already is fine."""
    async with transaction() as connection:
        held = await checked(connection, role, scope)
        agent = await active_agent(connection, email)
        await queries.insert_grant(connection, uuid7(), agent.id, held, now)
    return held


async def checked(connection: Connection, role: str, scope: str | None) -> Held:
    """The role and scope, once it is sure that they fit each other and that the scope names something stored."""
    if role not in SCOPES:
        raise ROLE_UNKNOWN(role=role, roles=", ".join(ROLES))
    kinds = SCOPES[role]
    if not kinds:
        if scope:
            raise SCOPE_NOT_WANTED(role=role, scope=scope)
        return Held(role=role, scope="")
    kind, colon, name = (scope or "").partition(":")
    if kind not in kinds or not colon or not name:
        raise SCOPE_MISFIT(role=role, scope=scope or "", forms=", ".join(FORMS[kind] for kind in kinds))
    if not await queries.scope_exists(connection, kind, name):
        raise SCOPE_UNKNOWN(scope=scope)
    return Held(role=role, scope=f"{kind}:{name}")


async def active_agent(connection: Connection, email: str) -> AgentRow:
    """The agent with this address; a problem says if there is none or if they are inactive."""
    address = email.strip().lower()
    for agent in await queries.stored_agents(connection, [address]):
        if not agent.active:
            raise AGENT_INACTIVE(email=address)
        return agent
    raise AGENT_UNKNOWN(email=address)
