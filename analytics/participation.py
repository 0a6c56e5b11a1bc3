"""Who was expected and who answered: rates from the ledger of expected answers, never from responses alone."""

import unicodedata
from typing import Final, Literal, TypeAlias

import msgspec

from base.database import reading
from base.language import DEFAULT, N_, translate
from surveys.queries import LedgerCount, ledger_counts

By: TypeAlias = Literal["region", "department", "unit", "community", "day"]

NO_KEY: Final[dict[By, str]] = {
    "region": N_("Outside any région"),
    "department": N_("Outside any département"),
    "unit": N_("No unit"),
    "community": N_("No community"),
}
"""What the group is called whose assignments lack the dimension."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One group; by day nobody is expected on a given day, so that only `answered` is a number."""

    key: str | None
    label: str
    expected: int | None
    started: int | None
    answered: int
    rate: float | None


class Participation(msgspec.Struct, frozen=True, kw_only=True):
    """The whole ledger and its groups; communities overlap, so that their sums may exceed the whole."""

    by: By
    expected: int
    started: int
    answered: int
    rate: float | None
    items: list[Item]


async def participation(parts: list[int], by: By, language: str = DEFAULT) -> Participation:
    """How the survey in these parts stands; départements in the order of their codes, days in time, others by name.

    Expected are the assignments in scope and those that could not be reached (exempt ones are left out); started are
    drafts and what was sent back; answered is what was sent or accepted. The rate is answered over expected, null where
    nothing is expected.
    """
    async with reading() as connection:
        counts = await ledger_counts(connection, parts, by)
    whole = next(count for count in counts if count.total)
    items = [_item(count, by, language) for count in counts if not count.total]
    return Participation(
        by=by,
        expected=whole.expected,
        started=whole.started,
        answered=whole.answered,
        rate=_rate(whole.answered, whole.expected),
        items=sorted((item for item in items if by != "day" or item.key), key=lambda item: _place(item, by)),
    )


def _item(count: LedgerCount, by: By, language: str) -> Item:
    if by == "day":
        return Item(
            key=count.key, label=count.key or "", expected=None, started=None, answered=count.answered, rate=None
        )
    return Item(
        key=count.key,
        label=_label(count, by, language),
        expected=count.expected,
        started=count.started,
        answered=count.answered,
        rate=_rate(count.answered, count.expected),
    )


def _label(count: LedgerCount, by: By, language: str) -> str:
    if count.key is None:
        return translate(NO_KEY[by], None, language)
    return count.names.get(language) or next(iter(count.names.values()), count.key)


def _rate(answered: int, expected: int) -> float | None:
    return answered / expected if expected else None


def _place(item: Item, by: By) -> tuple[bool, str, str]:
    """Names sort without accents (Île-de-France stands under I); the group that lacks the dimension comes last."""
    name = "" if by in {"department", "day"} else unicodedata.normalize("NFKD", item.label).casefold()
    plain = "".join(letter for letter in name if not unicodedata.combining(letter))
    return item.key is None, plain, item.key or ""
