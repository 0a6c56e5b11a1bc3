"""Communities: thematic networks of agents, some of whom animate them."""

from base.database import reading
from directory import queries
from directory.rows import Community

__all__ = ["Community", "community_names", "list_communities"]


async def list_communities() -> list[Community]:
    """All communities, by slug."""
    async with reading() as connection:
        return await queries.communities(connection)


async def community_names() -> dict[str, dict[str, str]]:
    """What all communities are called, by slug."""
    async with reading() as connection:
        return await queries.community_names(connection)
