"""Dates, times and numbers as one writes them in French and in English."""

import datetime as dt

import pytest

from web.wording import day, days_left, moment, number, percent, when

NOW = dt.datetime(2026, 12, 3, 22, 30, tzinfo=dt.UTC)
"""Half past eleven in the evening in Paris."""


@pytest.mark.parametrize(
    ("time", "french", "english"),
    [
        (NOW, "aujourd’hui à 23\u00a0h\u00a030", "today at 23:30"),
        (dt.datetime(2026, 12, 3, 23, 5, tzinfo=dt.UTC), "demain à 0\u00a0h\u00a005", "tomorrow at 00:05"),
        (dt.datetime(2026, 12, 2, 8, 0, tzinfo=dt.UTC), "hier à 9\u00a0h\u00a000", "yesterday at 09:00"),
        (
            dt.datetime(2026, 7, 1, 12, 0, tzinfo=dt.UTC),
            "le 1er\u00a0juillet\u00a02026 à 14\u00a0h\u00a000",
            "on July\u00a01,\u00a02026 at 14:00",
        ),
    ],
)
def test_a_moment_is_said_as_of_now(time: dt.datetime, french: str, english: str) -> None:
    """In the time of Paris, in summer as in winter; midnight there divides the days."""
    assert when(time, NOW, "fr") == french
    assert when(time, NOW, "en") == english


def test_a_zone_may_be_named() -> None:
    """Of a service overseas."""
    guyane = dt.timezone(dt.timedelta(hours=-3))
    assert moment(NOW, "fr", zone=guyane) == "19\u00a0h\u00a030"


def test_days_are_long_or_short() -> None:
    """And a moment counts as the day that it is in Paris."""
    late = dt.datetime(2026, 12, 3, 23, 30, tzinfo=dt.UTC)
    assert day(late, "fr") == "4\u00a0décembre\u00a02026"
    assert day(dt.date(2026, 12, 3), "fr", short=True) == "03/12/2026"
    assert day(dt.date(2026, 12, 3), "en", short=True) == "3\u00a0Dec\u00a02026"


@pytest.mark.parametrize(
    ("days", "french", "english"),
    [
        (None, "Sans date limite", "No deadline"),
        (0, "Dernier jour", "Last day"),
        (1, "Il vous reste 1 jour", "1 day left"),
        (4, "Il vous reste 4 jours", "4 days left"),
        (-1, "1 jour de retard", "1 day late"),
        (-12, "12 jours de retard", "12 days late"),
    ],
)
def test_what_a_deadline_leaves(days: int | None, french: str, english: str) -> None:
    """In words that an agent would use."""
    assert days_left(days, "fr") == french
    assert days_left(days, "en") == english


def test_numbers_and_shares() -> None:
    """Thin spaces that do not break, in French."""
    assert number(12345.5, "fr") == "12\u202f345,5"
    assert percent(0.381, "fr") == "38,1\u202f%"
    assert percent(0.381, "en") == "38.1%"
