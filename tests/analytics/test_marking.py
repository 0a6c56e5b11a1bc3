"""The mark of everybody stands where the bars of those chosen would end, and hides no text."""

from typing import Any

import pytest
from msgspec import UNSET

from analytics.charts import question_figure
from analytics.marking import headless, marked
from analytics.result import Bucket, ChoiceResult, Interval, NumberResult

COMMON: dict[str, Any] = {"name": "q1", "label": {"fr": "Là ?"}, "interval": Interval(), "eligible": 50}


def buckets(*counts: int | None, of: int) -> list[Bucket]:
    return [
        Bucket(key=str(place), label={}, count=count, share=None if count is None else count / of)
        for place, count in enumerate(counts)
    ]


def choice(*counts: int | None, of: int, asked: int | None = None, kind: Any = "select_one") -> ChoiceResult:
    return ChoiceResult(kind=kind, asked=asked or of, answered=of, buckets=buckets(*counts, of=asked or of), **COMMON)


def number(*counts: int, of: int, steps: bool = True) -> NumberResult:
    return NumberResult(
        kind="range",
        asked=of,
        answered=of,
        sum=None,
        mean=None,
        sd=None,
        quantiles={},
        histogram=[],
        buckets=buckets(*counts, of=of) if steps else UNSET,
        **COMMON,
    )


def test_marks_stand_at_the_share_of_everybody():
    """In counts of those chosen, which is what the axis has; a longer mark widens it."""
    chosen, whole = choice(10, 0, of=10), choice(20, 80, of=100)
    figure = marked(question_figure(chosen, "fr"), chosen, whole, "fr")
    bars, mark, texts = figure["data"]
    assert mark["x"] == pytest.approx([2, 8])
    assert mark["y"] == bars["y"] == [0, 1]
    assert mark["name"] == "Ensemble"
    assert texts["x"] == pytest.approx([10, 8])
    assert [text.strip() for text in texts["text"]] == ["100\u202f% (10)", "0\u202f% (0)"]
    assert bars["textposition"] == "none"
    assert figure["layout"]["xaxis"]["range"][1] == pytest.approx(14)
    narrow = choice(1, 0, of=1)
    assert marked(question_figure(narrow, "fr"), narrow, choice(0, 4, of=4), "fr")["layout"]["xaxis"]["range"][1] >= 1.4


def test_a_box_to_tick_counts_those_who_saw_it():
    """Its share is of those asked."""
    chosen, whole = (
        choice(5, of=5, asked=10, kind="acknowledge"),
        choice(30, of=30, asked=40, kind="acknowledge"),
    )
    assert marked(question_figure(chosen, "fr"), chosen, whole, "fr")["data"][1]["x"] == pytest.approx([7.5])


def test_scales_have_marks_across_their_columns():
    """Upright, without texts, which columns have no room for."""
    chosen, whole = number(4, 6, of=10), number(50, 50, of=100)
    _, mark = marked(question_figure(chosen, "fr"), chosen, whole, "fr")["data"]
    assert (mark["x"], mark["y"]) == ([0, 1], pytest.approx([5, 5]))


def test_without_shares_there_is_no_mark():
    """A histogram, whose bars may differ from everybody's, and what is withheld."""
    chosen = number(of=10, steps=False)
    figure = question_figure(chosen, "fr")
    assert marked(figure, chosen, chosen, "fr") is figure
    some, whole = choice(5, 5, of=10), choice(None, 50, of=100)
    assert marked(question_figure(some, "fr"), some, whole, "fr")["data"][1]["y"] == [1]


def test_a_figure_without_heading_is_as_much_lower():
    """Title and the room above the bars go; nothing else changes."""
    figure = question_figure(choice(1, 2, of=3), "fr")
    bare = headless(figure)
    assert "title" in figure["layout"]
    assert "title" not in bare["layout"]
    spared = figure["layout"]["margin"]["t"] - bare["layout"]["margin"]["t"]
    assert figure["layout"]["height"] - bare["layout"]["height"] == spared > 0
    assert bare["data"] == figure["data"]
