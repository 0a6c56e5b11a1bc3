"""The SQL of the tables of the directory; rows become structs here."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from asyncpg import Connection

from directory.rows import (
    Actor,
    AgentRow,
    Community,
    CommunityRow,
    Held,
    MembershipRow,
    Place,
    Territory,
    TerritoryKind,
    UnitRow,
)

WRITING: Final = 0x64697265
"""The advisory lock of those who write many agents or create some (any constant will do)."""

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


async def lock_for_writing(connection: Connection) -> None:
    """Wait until nobody else imports or creates agents, and keep others waiting until this transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", WRITING)


# Territories


async def store_places(connection: Connection, places: Sequence[Place]) -> None:
    """Insert or correct territories, each after its parent."""
    await connection.executemany(
        """
        INSERT INTO territory (code, kind, name, parent, path, region, department, time_zone)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (code) DO UPDATE SET
            kind = excluded.kind, name = excluded.name, parent = excluded.parent, path = excluded.path,
            region = excluded.region, department = excluded.department, time_zone = excluded.time_zone
        """,
        [(p.code, p.kind, p.name, p.parent, p.path, p.region, p.department, p.time_zone) for p in places],
    )


async def territories(connection: Connection, kind: TerritoryKind | None, parent: str | None) -> list[Territory]:
    """The territories of this kind and directly under this parent, by code."""
    rows = await connection.fetch(
        """
        SELECT code, kind, name, parent FROM territory
        WHERE ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR parent = $2) ORDER BY code
        """,
        kind,
        parent,
    )
    return [Territory(**row) for row in rows]


async def place(connection: Connection, code: str) -> Place | None:
    """The territory of this code."""
    row = await connection.fetchrow(
        "SELECT code, kind, name, parent, path, region, department, time_zone FROM territory WHERE code = $1", code
    )
    return Place(**{**row, "path": tuple(row["path"])}) if row else None


# Actors


async def actor_by_email(connection: Connection, email: str) -> Actor | None:
    """The active agent with this address, given in lower case."""
    row = await connection.fetchrow(ACTOR + "WHERE a.email = $1 AND a.active", email)
    return _actor(row) if row else None


async def actor_by_id(connection: Connection, agent: UUID) -> Actor | None:
    """The active agent with this id."""
    row = await connection.fetchrow(ACTOR + "WHERE a.id = $1 AND a.active", agent)
    return _actor(row) if row else None


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
        found[row["hash"]] = _actor(acting)
    return found


def _actor(row: Mapping[str, Any]) -> Actor:
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


# Communities


async def communities(connection: Connection) -> list[Community]:
    """All communities by slug, with how many active agents are in them and animate them."""
    rows = await connection.fetch(
        """
        SELECT c.slug, c.name, count(a.id) AS members, count(a.id) FILTER (WHERE m.animator) AS animators
        FROM community c
        LEFT JOIN membership m ON m.community = c.id
        LEFT JOIN agent a ON a.id = m.agent AND a.active
        GROUP BY c.id ORDER BY c.slug
        """
    )
    return [Community(**{**row, "name": _name(row["name"])}) for row in rows]


def _name(text: str) -> dict[str, str]:
    return msgspec.json.decode(text, type=dict[str, str])


async def community_names(connection: Connection) -> dict[str, dict[str, str]]:
    """What all communities are called, by slug."""
    rows = await connection.fetch("SELECT slug, name FROM community ORDER BY slug")
    return {row["slug"]: _name(row["name"]) for row in rows}


async def stored_communities(connection: Connection) -> list[CommunityRow]:
    """All communities as they are stored."""
    rows = await connection.fetch("SELECT id, slug, name FROM community")
    return [CommunityRow(**{**row, "name": _name(row["name"])}) for row in rows]


async def insert_communities(connection: Connection, rows: Sequence[CommunityRow]) -> None:
    """Insert new communities."""
    await connection.execute(
        """
        INSERT INTO community (id, slug, name)
        SELECT id, slug, name::jsonb FROM unnest($1::uuid[], $2::text[], $3::text[]) AS new (id, slug, name)
        """,
        [row.id for row in rows],
        [row.slug for row in rows],
        [msgspec.json.encode(row.name).decode() for row in rows],
    )


async def rename_communities(connection: Connection, rows: Sequence[CommunityRow]) -> None:
    """Give stored communities the names of these rows."""
    await connection.execute(
        """
        UPDATE community SET name = new.name::jsonb
        FROM unnest($1::uuid[], $2::text[]) AS new (id, name) WHERE community.id = new.id
        """,
        [row.id for row in rows],
        [msgspec.json.encode(row.name).decode() for row in rows],
    )


# Units


async def stored_units(connection: Connection, codes: Sequence[str]) -> list[UnitRow]:
    """The units of these codes, as they are stored."""
    rows = await connection.fetch(
        "SELECT id, code, name, kind, territory FROM unit WHERE code = ANY($1::text[])", list(codes)
    )
    return [UnitRow(**row) for row in rows]


async def insert_units(connection: Connection, rows: Sequence[UnitRow]) -> None:
    """Insert new units."""
    await connection.execute(
        """
        INSERT INTO unit (id, code, name, kind, territory)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
        """,
        [row.id for row in rows],
        [row.code for row in rows],
        [row.name for row in rows],
        [row.kind for row in rows],
        [row.territory for row in rows],
    )


# Agents


async def stored_agents(connection: Connection, emails: Sequence[str]) -> list[AgentRow]:
    """The agents with these addresses (in lower case), as they are stored."""
    rows = await connection.fetch(
        "SELECT id, email, given_name, family_name, unit, active FROM agent WHERE email = ANY($1::text[])", list(emails)
    )
    return [AgentRow(**row) for row in rows]


async def insert_agents(connection: Connection, rows: Sequence[AgentRow], now: datetime) -> None:
    """Insert new agents."""
    await connection.execute(
        """
        INSERT INTO agent (id, email, given_name, family_name, unit, active, created_at)
        SELECT new.*, $7 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::boolean[]) AS new
        """,
        [row.id for row in rows],
        [row.email for row in rows],
        [row.given_name for row in rows],
        [row.family_name for row in rows],
        [row.unit for row in rows],
        [row.active for row in rows],
        now,
    )


async def update_agents(connection: Connection, rows: Sequence[AgentRow]) -> None:
    """Give stored agents the names and the unit of these rows."""
    await connection.execute(
        """
        UPDATE agent SET given_name = new.given_name, family_name = new.family_name, unit = new.unit
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[]) AS new (id, given_name, family_name, unit)
        WHERE agent.id = new.id
        """,
        [row.id for row in rows],
        [row.given_name for row in rows],
        [row.family_name for row in rows],
        [row.unit for row in rows],
    )


# Memberships


async def memberships_of_agents(connection: Connection, agents: Sequence[UUID]) -> list[MembershipRow]:
    """What communities these agents are in."""
    rows = await connection.fetch(
        "SELECT community, agent, animator FROM membership WHERE agent = ANY($1::uuid[])", list(agents)
    )
    return [MembershipRow(**row) for row in rows]


async def memberships_of_communities(connection: Connection, slugs: Sequence[str]) -> list[MembershipRow]:
    """Who is in these communities."""
    rows = await connection.fetch(
        """
        SELECT m.community, m.agent, m.animator FROM membership m JOIN community c ON c.id = m.community
        WHERE c.slug = ANY($1::text[])
        """,
        list(slugs),
    )
    return [MembershipRow(**row) for row in rows]


async def delete_memberships(connection: Connection, rows: Sequence[MembershipRow]) -> None:
    """Take these agents out of these communities."""
    await connection.execute(
        """
        DELETE FROM membership USING unnest($1::uuid[], $2::uuid[]) AS gone (community, agent)
        WHERE membership.community = gone.community AND membership.agent = gone.agent
        """,
        [row.community for row in rows],
        [row.agent for row in rows],
    )


async def store_memberships(connection: Connection, ids: Sequence[UUID], rows: Sequence[MembershipRow]) -> None:
    """Put these agents in these communities, animators or not; a new membership takes its id from `ids`."""
    await connection.execute(
        """
        INSERT INTO membership (id, community, agent, animator)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::boolean[])
        ON CONFLICT (community, agent) DO UPDATE SET animator = excluded.animator
        """,
        list(ids),
        [row.community for row in rows],
        [row.agent for row in rows],
        [row.animator for row in rows],
    )


# Grants and tokens


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
