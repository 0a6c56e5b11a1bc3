"""The SQL of those who act: agents with what they hold, their grants and their API tokens."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from asyncpg import Connection

from directory.rows import Actor, Held

ACTOR: Final = """
    SELECT a.id, a.email, a.given_name, a.family_name, a.unit,
        u.code AS unit_code, u.kind AS unit_kind, t.path AS territory,
        ARRAY(
            SELECT c.slug FROM membership m JOIN community c ON c.id = m.community WHERE m.agent = a.id ORDER BY c.slug
        ) AS communities,
        ARRAY(
            SELECT c.slug FROM membership m JOIN community c ON c.id = m.community
            WHERE m.agent = a.id AND m.animator ORDER BY c.slug
        ) AS animates,
        ARRAY(SELECT ARRAY[g.role, g.scope] FROM "grant" g WHERE g.agent = a.id ORDER BY g.role, g.scope) AS grants
    FROM agent a JOIN unit u ON u.id = a.unit JOIN territory t ON t.code = u.territory
"""


async def actor_by_email(connection: Connection, email: str) -> Actor | None:
    """The active agent with this address, given in lower case."""
    row = await connection.fetchrow(ACTOR + "WHERE a.email = $1 AND a.active", email)
    return actor_of(row) if row else None


async def actor_by_id(connection: Connection, agent: UUID) -> Actor | None:
    """The active agent with this id."""
    row = await connection.fetchrow(ACTOR + "WHERE a.id = $1 AND a.active", agent)
    return actor_of(row) if row else None


async def actors_of_tokens(connection: Connection, digests: Sequence[bytes], now: datetime) -> dict[bytes, Actor]:
    """The active agents of the tokens in force among these, by hash, each holding what its token lets it hold."""
    rows = await connection.fetch(
        f"""
        SELECT actor.*, k.hash, k.role AS token_role, k.scope AS token_scope
        FROM api_token k JOIN LATERAL ({ACTOR} WHERE a.id = k.agent AND a.active) actor ON true
        WHERE k.hash = ANY($1::bytea[]) AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)
        """,  # noqa: S608 - the text is ours
        list(digests),
        now,
    )
    found = {}
    for row in rows:
        acting = row
        if row["token_role"] is not None:
            acting = {**row, "grants": [(row["token_role"], row["token_scope"])], "animates": []}
        found[row["hash"]] = actor_of(acting)
    return found


def actor_of(row: Mapping[str, Any]) -> Actor:
    grants = tuple(Held(role=role, scope=scope) for role, scope in row["grants"])
    granted = {held.scope.removeprefix("community:") for held in grants if held.role == "animator"}
    return Actor(
        id=row["id"],
        email=row["email"],
        given_name=row["given_name"],
        family_name=row["family_name"],
        unit=row["unit"],
        unit_code=row["unit_code"],
        unit_kind=row["unit_kind"],
        territory=tuple(row["territory"]),
        communities=tuple(row["communities"]),
        animates=tuple(sorted(granted.union(row["animates"]))),
        grants=grants,
    )


async def scope_exists(connection: Connection, kind: str, name: str) -> bool:
    """Whether there is a unit, territory or community of this name."""
    table, column = {
        "unit": ("unit", "code"),
        "territory": ("territory", "code"),
        "community": ("community", "slug"),
    }[kind]
    return bool(
        await connection.fetchval(f"SELECT EXISTS (SELECT FROM {table} WHERE {column} = $1)", name)  # noqa: S608 - ours
    )


async def insert_grant(connection: Connection, id: UUID, agent: UUID, held: Held, now: datetime) -> None:  # noqa: A002 - a row's column
    """Give an agent a grant; one held already stays as it is."""
    await connection.execute(
        """
        INSERT INTO "grant" (id, agent, role, scope, created_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (agent, role, scope) DO NOTHING
        """,
        id,
        agent,
        held.role,
        held.scope,
        now,
    )


async def insert_token(
    connection: Connection,
    token: UUID,
    agent: UUID,
    digest: bytes,
    held: Held | None,
    now: datetime,
    expires_at: datetime | None,
) -> None:
    """Store a token by its hash."""
    await connection.execute(
        """
        INSERT INTO api_token (id, agent, hash, role, scope, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        token,
        agent,
        digest,
        held.role if held else None,
        held.scope if held else None,
        now,
        expires_at,
    )


async def revoke_token(connection: Connection, token: UUID, now: datetime) -> bool:
    """Revoke a token, keeping the date of one revoked already; false if there is none."""
    return bool(
        await connection.fetchval(
            "UPDATE api_token SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1 RETURNING true", token, now
        )
    )
