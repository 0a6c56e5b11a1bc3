"""The share of everybody as a thin mark in the figure of those chosen, and a figure without its heading."""

from collections.abc import Iterator
from typing import Any, Final

from msgspec import UNSET

from analytics import drawing
from analytics.drawing import literal, say
from analytics.result import Bucket, ChoiceResult, NumberResult, QuestionResult
from analytics.sentences import percent, told
from base.language import N_

TOP: Final = 12
"""Pixels above the bars of a figure without heading."""

ROOM: Final = 1.4
"""How much longer than its longest bar or mark the axis is: for the text at its end."""


def headless(figure: dict[str, Any]) -> dict[str, Any]:
    """The figure without its title, for a page that says it above, and without the room it took."""
    layout = {name: value for name, value in figure["layout"].items() if name != "title"}
    spared = layout["margin"]["t"] - TOP
    layout["margin"] = layout["margin"] | {"t": TOP}
    return figure | {"layout": layout | {"height": layout["height"] - spared}}


def marked(figure: dict[str, Any], question: QuestionResult, whole: QuestionResult, language: str) -> dict[str, Any]:
    """The figure of `question` with a mark where each bar would end if those chosen had answered as everybody did.

    Rows' texts stand behind the marks.
    """
    marks = list(_marks(question, whole))
    if not marks:
        return figure
    upright = isinstance(question, NumberResult)
    words = say(N_("Everybody"), language)
    places, ends = [place for place, _, _ in marks], [end for _, end, _ in marks]
    mark = _scatter(places, ends, upright=upright) | {
        "mode": "markers",
        "name": words,
        "marker": {
            "symbol": "line-ew" if upright else "line-ns",
            "size": 20,
            "line": {"width": 3, "color": drawing.INK},
        },
        "hoverinfo": "text",
        "hovertext": [told(literal(words), percent(share, language), language) for _, _, share in marks],
        "showlegend": True,
        "meta": "everybody",
    }
    bars, *further = figure["data"]
    lengths = bars["y"] if upright else bars["x"]
    far = {place: max(end, lengths[place] or 0) for place, end, _ in marks}
    data = [{**bars, "textposition": "none"}, *further, mark]
    if not upright:  # columns are too narrow for texts that give way
        data.append(
            _scatter(list(far), list(far.values()), upright=False)
            | {
                "mode": "text",
                "text": [f"\u00a0\u00a0{bars['text'][place]}" for place in far],
                "textposition": "middle right",
                "hoverinfo": "skip",
                "showlegend": False,
            }
        )
    return figure | {"data": data, "layout": _wider(figure["layout"], max(far.values()), upright=upright)}


def _scatter(places: list[int], ends: list[float], *, upright: bool) -> dict[str, Any]:
    """Points at the ends of bars that stand or lie at these places."""
    x, y = (places, ends) if upright else (ends, places)
    return {"type": "scatter", "x": x, "y": y, "cliponaxis": False}


def _wider(layout: dict[str, Any], most: float, *, upright: bool) -> dict[str, Any]:
    """Room for a mark that is longer than all bars, and for the legend."""
    axis = "yaxis" if upright else "xaxis"
    low, high = layout[axis]["range"]
    height = layout["height"] + drawing.LEGEND_HEIGHT
    return layout | {axis: layout[axis] | {"range": [low, max(high, ROOM * most)]}, "height": height}


def _marks(question: QuestionResult, whole: QuestionResult) -> Iterator[tuple[int, float, float]]:
    """For each bar its place, where the mark stands, and the share that it means."""
    base = question.asked if question.kind == "acknowledge" else question.answered
    shares = {bucket.key: bucket.share for bucket in _buckets(whole)}
    for place, bucket in enumerate(_buckets(question)):
        share = shares.get(bucket.key)
        if share is not None and base:
            yield place, share * base, share


def _buckets(question: QuestionResult) -> list[Bucket]:
    if isinstance(question, ChoiceResult):
        return question.buckets
    if isinstance(question, NumberResult) and question.buckets is not UNSET:
        return question.buckets
    return []
