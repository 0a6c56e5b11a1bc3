"""A row: one response as the cube sees it, with its dimensions as they were frozen when it came in."""

import datetime as dt
from typing import Any, Final
from uuid import UUID

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is queued with a response and folded into columns: `(response, revision)` gives its row key.

    `unit` is the unit's code, `communities` are slugs, `day` is the local day of submission, `status` the review state.
    `assigned` says whether it answers an assignment: rates are of those that do (DESIGN §5).
    A dimension that is null is a group of its own ("Hors département").
    """

    response: UUID
    revision: int
    edition: int
    channel: str
    assigned: bool = False
    status: str = "sent"
    territory: str | None = None
    region: str | None = None
    department: str | None = None
    unit: str | None = None
    unit_kind: str | None = None
    communities: list[str] = []
    day: dt.date
    stratum: str | None = None
    base_weight: float = 1.0
    record_key: int
    answers: dict[str, Any]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the queue: a row to add, or (row null) a tombstone that hides the row of that key."""

    id: UUID
    row_key: int
    row: Row | None


_decoder: Final = msgspec.json.Decoder(Row)
_encoder: Final = msgspec.json.Encoder()


def decode_row(document: str | bytes) -> Row:
    """The row in a queue entry's content."""
    return _decoder.decode(document)


def encode_row(row: Row) -> str:
    """The content of a queue entry."""
    return _encoder.encode(row).decode()
