"""What all figures are drawn with: colours, patterns, texts that stay texts, axes, hatching. Plain dicts, no Plotly."""

import textwrap
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from analytics.result import Bucket, QuestionResult, Texts
from analytics.sentences import number, percent, text_of
from base.language import N_, translate

Trace: TypeAlias = dict[str, Any]
Layout: TypeAlias = dict[str, Any]

COUNT: Final = "#417dc4"
ANSWERED: Final = "#00a95f"
STARTED: Final = "#009081"
NOT_BEGUN: Final = "#7b7b7b"
YES: Final = "#009099"
NO: Final = "#ce614a"
SERIES: Final = ("#a558a0", "#845d48", "#297254", "#a94645", "#66673d")
"""DSFR's illustrative colours that stand out (3:1 at least) on its white and on its dark ground."""

MEANINGS: Final = {"oui": YES, "yes": YES, "non": NO, "no": NO}
"""Choices that have a colour of their own, wherever they stand in their list."""

PATTERNS: Final = ("", "\\", "x", "-", "|", "+")
"""They tell series apart without colour; `/` is kept for what is withheld. One more than `SERIES`: no early pair."""

SCALE: Final = ((0.0, "#f5f5fe"), (0.5, "#8585f6"), (1.0, "#000091"))
"""Blue France, from its palest to its darkest."""

WITHHELD: Final = "#666666"
HATCH: Final = {"shape": "/", "fgcolor": "#bbbbbb", "size": 10, "solidity": 0.2}
"""What is withheld: pale enough for the word upon it, with a border that stands out."""

GROUND: Final = "#ffffff"
INK: Final = "#161616"
GRID: Final = "#dddddd"

SEVERAL: Final = N_("Several choices are possible: shares may add up to more than 100%")

LABEL_WIDTH: Final = 26
NOTE_WIDTH: Final = 44
TITLE_WIDTH: Final = 48
MOST_LINES: Final = 4
ROW_HEIGHT: Final = 36
LEGEND_HEIGHT: Final = 22
COLUMN_HEIGHT: Final = 340


def literal(text: str, width: int = LABEL_WIDTH) -> str:
    """A text that Plotly shows as it is: none of its pseudo-HTML, wrapped, cut after four lines."""
    lines = textwrap.wrap(text, width, max_lines=MOST_LINES, placeholder="…")
    return "<br>".join(line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for line in lines)


def say(message: str, language: str, **parameters: object) -> str:
    """A message of ours, worded; its parameters are literal already."""
    return translate(message, parameters, language)


def label_of(texts: Texts, key: str | None, language: str) -> str:
    """What stands beside a bar; a key that is null has a text, or is no answer."""
    return literal(text_of(texts, say(N_("No answer"), language) if key is None else key, language))


def count_of(value: int | None, language: str) -> str:
    """A number, or that it is withheld."""
    return say(N_("withheld"), language) if value is None else number(value, language)


def share_of(bucket: Bucket, language: str) -> str:
    """A bucket's share and count: 62 % (251)."""
    if bucket.count is None or bucket.share is None:
        return count_of(bucket.count, language)
    return f"{percent(bucket.share, language)} ({number(bucket.count, language)})"


def colour_of(key: str, index: int) -> str:
    """The colour of a choice: its meaning's, else its place's in the list of choices."""
    return MEANINGS.get(key.casefold()) or SERIES[index % len(SERIES)]


def marker_of(key: str, index: int) -> Trace:
    """The colour and the pattern of a choice that stands beside others in one bar."""
    return {
        "color": colour_of(key, index),
        "pattern": pattern_of(PATTERNS[index % len(PATTERNS)]),
    }


def pattern_of(shape: str) -> Trace:
    """A pattern in the colour of the ground, thin enough for the text upon it."""
    return {"shape": shape, "fgcolor": GROUND, "fillmode": "overlay", "size": 10, "solidity": 0.15}


def across(values: Sequence[float | None], **more: object) -> Trace:
    """Horizontal bars, the first one at place 0."""
    return {
        "type": "bar",
        "orientation": "h",
        "x": list(values),
        "y": list(range(len(values))),
        "hoverinfo": "text",
        **more,
    }


def hatching(values: Sequence[float | None], language: str, **more: object) -> Trace:
    """Bars where a number is withheld: their length means nothing."""
    word = say(N_("withheld"), language)
    return across(
        values,
        name=word,
        legendgroup="withheld",
        marker={"color": GROUND, "pattern": HATCH | {"fillmode": "overlay"}, "line": {"color": WITHHELD, "width": 1}},
        text=[word if value is not None else "" for value in values],
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        insidetextfont={"color": INK},
        hovertext=[word for _ in values],
        showlegend=True,
        **more,
    )


def hatched_cells(holes: Sequence[tuple[int, int]], language: str) -> Trace:
    """Hatched squares over the (row, column) of a heat map."""
    x: list[float | None] = []
    y: list[float | None] = []
    for row, column in holes:
        x += [column - 0.5, column + 0.5, column + 0.5, column - 0.5, column - 0.5, None]
        y += [row - 0.5, row - 0.5, row + 0.5, row + 0.5, row - 0.5, None]
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "mode": "lines",
        "line": {"width": 1, "color": WITHHELD},
        "fill": "toself",
        "fillcolor": "rgba(255, 255, 255, 0)",
        "fillpattern": HATCH | {"fillmode": "overlay"},
        "name": say(N_("withheld"), language),
        "hoverinfo": "skip",
        "showlegend": True,
    }


def ticks(labels: Sequence[str]) -> Layout:
    """The texts of an axis whose bars stand at 0, 1, 2…"""
    return {"tickmode": "array", "tickvals": list(range(len(labels))), "ticktext": list(labels)}


def rows(labels: Sequence[str], *, bars: int = 1, series: int = 1) -> Layout:
    """The layout of rows read from top to bottom, of so many bars side by side, above a legend of so many series."""
    lines = sum(max(bars, 1 + label.count("<br>") / 2) for label in labels)
    return {
        "yaxis": {"range": [len(labels) - 0.5, -0.5], "showgrid": False, **ticks(labels)},
        "height": round(140 + ROW_HEIGHT * lines + LEGEND_HEIGHT * series),
    }


def hundred(text: str, language: str) -> Layout:
    """The layout of rows that are divided into shares of 100."""
    return {
        "barmode": "stack",
        "xaxis": {
            "title": {"text": text},
            "range": [0, 100],
            "ticksuffix": "\u202f%" if language == "fr" else "%",
        },
    }


def title(text: str, note: str = "") -> Layout:
    """The head of a figure, with a note of ours below it, and the room that they and a legend take."""
    head = "<br>".join(part for part in (literal(text, TITLE_WIDTH), note) if part)
    further = head.count("<br>")
    # Plotly puts the middle of several lines where one line would stand.
    return {"title": {"text": head, "pad": {"t": 8 + 11 * further}}, "margin": {"t": 44 + 22 * further}}


def whole_numbers(most: int) -> Layout:
    """An axis of counts up to about `most`, without halves."""
    return {"tickformat": ",d"} if most > MOST_LINES else {"tickformat": ",d", "dtick": 1}


def axis_of(question: QuestionResult, language: str) -> str:
    """What the length of a question's bars counts."""
    axis = say(N_("Number of answers"), language)
    return f"{axis}<br>{literal(say(SEVERAL, language), NOTE_WIDTH)}" if question.kind == "select_multiple" else axis
