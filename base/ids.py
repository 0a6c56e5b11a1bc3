"""Identifiers and hashes, computed the same way in Python and in SQL."""

import hashlib
import os
import time
from typing import Final
from uuid import UUID

SPREAD_LIMIT: Final = 1024
"""Parts of one survey at the most: `part = survey.number * 1024 + …`."""

UUID7_SQL: Final = (
    "encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing "
    "substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6), "
    "52, 1), 53, 1), 'hex')::uuid"
)
"""The SQL expression that makes a UUIDv7 (RFC 9562 §5.7), for set-based inserts."""


def uuid7(*, milliseconds: int | None = None) -> UUID:
    """A UUIDv7 (RFC 9562 §5.7): 48 bits of Unix time in milliseconds, then 74 random bits."""
    now = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    random = int.from_bytes(os.urandom(10), "big")
    value = (now & 0xFFFF_FFFF_FFFF) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def text_hash(text: str) -> int:
    """The first 32 bits of the text's MD5, unsigned, as `text_hash_sql` in SQL. It spreads, it protects nothing."""
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8], 16)


def text_hash_sql(expression: str) -> str:
    """The SQL expression for `text_hash` of another SQL expression's text."""
    return f"('x' || left(md5(({expression})::text), 8))::bit(32)::bigint"


def part_of(number: int, spread: int, key: UUID) -> int:
    """The part that rows of survey `number` live in; `key` is the assignment's id, else the response's."""
    return number * SPREAD_LIMIT + text_hash(str(key)) % spread


def parts_of(number: int, spread: int) -> list[int]:
    """All parts of survey `number`, for `part = ANY(…)`."""
    return [number * SPREAD_LIMIT + index for index in range(spread)]


def row_key(part: int, response: UUID, revision: int) -> int:
    """64 bits (signed, as PostgreSQL's bigint) that name one revision of one response in segments and tombstones.

    The part belongs to it: a sender's id is unique within an expected answer, and those are spread over parts.
    """
    named = part.to_bytes(8, "big", signed=True) + response.bytes + revision.to_bytes(8, "big")
    digest = hashlib.blake2b(named, digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
