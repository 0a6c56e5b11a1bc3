"""Who acts: an agent with unit, territory, communities and the grants they act with."""

from uuid import UUID

from base.database import reading
from directory import queries
from directory.emails import is_email
from directory.rows import Actor, Held

__all__ = ["Actor", "Held", "actor_by_email", "actor_by_id"]


async def actor_by_email(email: str) -> Actor | None:
    """The active agent with this address, in any case of letters."""
    address = email.strip().lower()
    if not is_email(address):
        return None
    async with reading() as connection:
        return await queries.actor_by_email(connection, address)


async def actor_by_id(id: UUID) -> Actor | None:  # noqa: A002 - the word of the design
    """The active agent with this id."""
    async with reading() as connection:
        return await queries.actor_by_id(connection, id)
