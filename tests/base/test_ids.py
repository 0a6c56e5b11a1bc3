"""Identifiers and hashes are the same in Python and in SQL."""

from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from base.database import reading
from base.ids import SPREAD_LIMIT, UUID7_SQL, part_of, parts_of, row_key, text_hash, text_hash_sql, uuid7

pytestmark = pytest.mark.anyio


def test_a_uuid7_says_its_version_and_its_millisecond() -> None:
    """RFC 9562: version 7, variant 10, the time in the first 48 bits."""
    made = uuid7(milliseconds=1_700_000_000_123)
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == 1_700_000_000_123


def test_uuid7s_of_later_milliseconds_sort_later() -> None:
    """Rows that come later lie later in the index."""
    assert uuid7(milliseconds=1) < uuid7(milliseconds=2)


async def test_sql_makes_uuid7s_too(database: None) -> None:
    """The expression for set-based inserts gives a new UUIDv7 for each row."""
    async with reading() as connection:
        rows = await connection.fetch(f"SELECT {UUID7_SQL} AS id FROM generate_series(1, 100)")
    made = {UUID(str(row["id"])) for row in rows}
    assert len(made) == 100
    assert {one.version for one in made} == {7}
    assert all(abs((one.int >> 80) - (uuid7().int >> 80)) < 60_000 for one in made)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), max_size=30))
async def test_the_hash_of_a_text_is_the_same_in_sql(database: None, texts: list[str]) -> None:
    """A row's part is computed in Python or in SQL, wherever it is made."""
    async with reading() as connection:
        rows = await connection.fetch(
            f"SELECT {text_hash_sql('t')} AS hash FROM unnest($1::text[]) WITH ORDINALITY AS given (t, n) ORDER BY n",
            texts,
        )
    assert [row["hash"] for row in rows] == [text_hash(text) for text in texts]


@given(number=st.integers(1, 2**40), spread=st.integers(1, SPREAD_LIMIT))
def test_a_part_is_one_of_its_surveys(number: int, spread: int) -> None:
    """No two surveys share a part, whatever their spread."""
    part = part_of(number, spread, uuid4())
    assert part in parts_of(number, spread)
    assert part // SPREAD_LIMIT == number


def test_each_revision_has_its_row_key() -> None:
    """A tombstone hides one revision and no other; the key fits a bigint."""
    response = uuid4()
    keys = {row_key(1024, response, revision) for revision in range(1, 100)}
    assert len(keys) == 99
    assert all(-(2**63) <= key < 2**63 for key in keys)
    assert row_key(1024, response, 1) == row_key(1024, UUID(str(response)), 1) != row_key(1025, response, 1)
