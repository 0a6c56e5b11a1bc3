"""The SQL of agents, communities, and who is in which."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from asyncpg import Connection

from directory.rows import AgentRow, Community, CommunityRow, FoundAgent, MembershipRow

WRITING: Final = 0x64697265
"""The advisory lock of those who write many agents or create some (any constant will do)."""

MARKS: Final = "".join(map(chr, range(0x300, 0x370)))
"""The accents that stand alone after Unicode's decomposition."""

FOLDED: Final = f"""
    ' ' || regexp_replace(lower(replace(replace(translate(
        normalize({{text}}, NFKD), '{MARKS}', ''
    ), 'œ', 'oe'), 'Œ', 'oe')), '[^a-z0-9]+', ' ', 'g')
"""
"""The words of a text without accents and in small letters, a space before each, as `finding.words` makes them: by
functions that every PostgreSQL has, where the extension `unaccent` may be missing."""


async def lock_for_writing(connection: Connection) -> None:
    """Wait until nobody else imports or creates agents, and keep others waiting until this transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", WRITING)


async def stored_agents(connection: Connection, emails: Sequence[str]) -> list[AgentRow]:
    """The agents with these addresses (in lower case), as they are stored."""
    rows = await connection.fetch(
        "SELECT id, email, given_name, family_name, unit, active FROM agent WHERE email = ANY($1::text[])", list(emails)
    )
    return [AgentRow(**row) for row in rows]


async def agents_of_units(connection: Connection, units: Sequence[UUID]) -> list[AgentRow]:
    """The active agents of these units, by address."""
    rows = await connection.fetch(
        """
        SELECT id, email, given_name, family_name, unit, active FROM agent
        WHERE unit = ANY($1::uuid[]) AND active ORDER BY email COLLATE "C"
        """,
        list(units),
    )
    return [AgentRow(**row) for row in rows]


async def search_agents(connection: Connection, words: Sequence[str], limit: int) -> tuple[list[FoundAgent], int]:
    """The active agents to whom each word is the beginning of a word of their name, unit, département or région.

    By name, at most `limit`; and how many there are. It reads the whole directory, once.
    """
    rows = await connection.fetch(
        f"""
        WITH place AS MATERIALIZED (
            SELECT u.id, u.name AS unit_name, t.name AS territory_name,
                {FOLDED.format(text="concat_ws(' ', u.code, u.name, t.name, r.name)")} AS words
            FROM unit u JOIN territory t ON t.code = u.territory LEFT JOIN territory r ON r.code = t.region
        )
        SELECT a.id, a.given_name, a.family_name, p.unit_name, p.territory_name, count(*) OVER () AS total
        FROM agent a JOIN place p ON p.id = a.unit
        WHERE a.active AND {FOLDED.format(text="concat_ws(' ', a.given_name, a.family_name)")} || p.words LIKE ALL ($1)
        ORDER BY {FOLDED.format(text="concat_ws(' ', a.family_name, a.given_name)")} COLLATE "C", a.id LIMIT $2
        """,  # noqa: S608 - the text is ours
        [f"% {word}%" for word in words],
        limit,
    )
    found = [FoundAgent(**{name: row[name] for name in FoundAgent.__struct_fields__}) for row in rows]
    return found, rows[0]["total"] if rows else 0


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
