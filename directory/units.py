"""Services, by their codes."""

from base.database import reading
from directory import queries


async def unit_name(code: str) -> str:
    """What the unit of this code is called; its code where there is none."""
    async with reading() as connection:
        return next((unit.name for unit in await queries.stored_units(connection, [code])), code)
