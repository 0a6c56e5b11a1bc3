"""Cursors say where the next page begins, and nothing else is taken for one."""

import datetime as dt
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.paging import cursor_after, instant, key_of
from base.problems import Problem


def test_a_cursor_holds_its_key() -> None:
    """What `cursor_after` wrote, `key_of` reads."""
    moment, name = dt.datetime.now(dt.UTC), uuid4()
    assert key_of(cursor_after(moment.isoformat(), str(name)), instant, UUID) == (moment, name)


def test_no_cursor_is_the_beginning() -> None:
    """The first page has none."""
    assert key_of(None, instant, UUID) is None


@given(st.text())
def test_anything_else_is_refused(text: str) -> None:
    """400, never a failure of ours."""
    if text:
        with pytest.raises(Problem, match="cursor"):
            key_of(text, instant, UUID)
