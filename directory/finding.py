"""Finding agents by what one knows of them: a name, a unit, a département, a région, in any spelling of the accents."""

import re
import unicodedata
from typing import Final

from base.database import reading
from directory import queries
from directory.rows import FoundAgent

__all__ = ["FoundAgent", "find_agents", "words"]

MOST_WORDS: Final = 8
"""More words than anybody means; what comes after them is left out."""

_WORD: Final = re.compile("[a-z0-9]+")


async def find_agents(text: str, *, limit: int) -> tuple[list[FoundAgent], int]:
    """The active agents whom all words of the text fit, at most `limit`, and how many there are; nobody for no word."""
    asked = words(text)[:MOST_WORDS]
    if not asked:
        return [], 0
    async with reading() as connection:
        return await queries.search_agents(connection, asked, limit)


def words(text: str) -> list[str]:
    """The words of a text without accents and in small letters: « Côtes-d'Armor » → cotes, d, armor."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return _WORD.findall(plain.lower().replace("œ", "oe"))
