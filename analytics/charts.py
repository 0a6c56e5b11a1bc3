"""Figures: pure functions from a result to Plotly's JSON, the only importer of plotly.

Every text is data (`drawing.literal`). Bars stand at 0, 1, 2…, whose tick labels are the texts (two choices may share
one), and `customdata` holds their keys. What is withheld is hatched, over a length that means nothing, and says so; it
is never drawn as 0.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeAlias, assert_never

import plotly.graph_objects as go
import plotly.io
from babel.dates import format_date
from msgspec import UNSET

from analytics import drawing
from analytics.comparing import compare
from analytics.drawing import Layout, Trace, across, count_of, hatching, literal, say
from analytics.participation import Item, Participation
from analytics.result import (
    Bucket,
    ChoiceResult,
    Crosstab,
    DateResult,
    Group,
    Number,
    NumberResult,
    QuestionResult,
    TextResult,
)
from analytics.sentences import day, number, percent, text_of, told
from base.language import N_

Figure: TypeAlias = dict[str, Any]
"""`{"data": […], "layout": {…}}`, ready for JSON."""

MOST_TICKS: Final = 5
"""Dates below an axis, so that they can be read on a phone."""

PERIODS: Final = {"day": N_("By day"), "week": N_("By week"), "month": N_("By month"), "year": N_("By year")}

SEPARATORS: Final = {"fr": ",\u202f", "en": ".,"}
"""Plotly's word for the decimal mark, then what groups thousands."""

_AXIS: Final = {
    "automargin": True,
    "fixedrange": True,
    "gridcolor": drawing.GRID,
    "zerolinecolor": drawing.NOT_BEGUN,
    "title": {"font": {"size": 13}},
}

plotly.io.templates["navette"] = go.layout.Template(
    layout={
        "font": {"family": "Marianne, arial, sans-serif", "size": 14, "color": drawing.INK},
        "paper_bgcolor": drawing.GROUND,
        "plot_bgcolor": drawing.GROUND,
        "title": {"x": 0, "xanchor": "left", "y": 1, "yanchor": "top", "pad": {"l": 8, "t": 8}, "font": {"size": 16}},
        "margin": {"l": 8, "r": 32, "b": 8},
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "legend": {
            "orientation": "h",
            "x": 0,
            "yref": "container",
            "y": 0,
            "yanchor": "bottom",
            "traceorder": "normal",
        },
        "hoverlabel": {"namelength": -1, "align": "left"},
        "dragmode": False,
        "bargap": 0.25,
        "uniformtext": {"mode": "hide", "minsize": 10},
    }
)
plotly.io.templates.default = None  # Plotly's own weighs 6 kB in every figure


def warm_up() -> None:
    """Make Plotly load what it loads at first use (about 0.3 s); call it at start-up."""
    _figure([{"type": kind} for kind in ("bar", "box", "heatmap", "scatter")], {}, "fr")


def question_figure(question: QuestionResult, language: str, groups: Sequence[Group] = ()) -> Figure:
    """One question's figure; with `groups` (of a result that was split), one row per group."""
    heading = text_of(question.label, question.name, language)
    if groups:
        data, layout = compare(question, groups, language)
        return _figure(data, drawing.title(heading) | layout, language)
    match question:
        case ChoiceResult():
            bars = [_bucket_bar(bucket, index, language) for index, bucket in enumerate(question.buckets)]
            if len(bars) > len(drawing.SERIES):  # two bars of the same colour would seem to belong together
                bars = [bar._replace(colour=drawing.COUNT) for bar in bars]
            return _bars(bars or _answers(question, language), heading, drawing.axis_of(question, language), language)
        case NumberResult():
            return _bars(
                _histogram(question, language), heading, drawing.axis_of(question, language), language, upright=True
            )
        case DateResult() if question.buckets:
            days = [(dt.date.fromisoformat(bucket.key), bucket.count) for bucket in question.buckets]
            return _timeline(days, question.period, heading, drawing.COUNT, language)
        case TextResult(terms=list() as terms) if terms:
            words = [_Bar(term.term, literal(term.term), term.count, count_of(term.count, language)) for term in terms]
            return _bars(words, heading, say(N_("Answers with this word"), language), language)
        case DateResult() | TextResult():
            return _bars(_answers(question, language), heading, drawing.axis_of(question, language), language)
        case _:
            assert_never(question)


def crosstab_figure(crosstab: Crosstab, language: str) -> Figure:
    """A heat map: a cell's colour is its share of its row, its text share and count; withheld cells are hatched."""
    shares: list[list[float | None]] = []
    texts: list[list[str]] = []
    holes: list[tuple[int, int]] = []
    for row, (cells, total) in enumerate(zip(crosstab.cells, crosstab.row_totals, strict=True)):
        shares.append([100 * cell.count / total if total and cell.count is not None else None for cell in cells])
        texts.append([_cell(cell.count, total, language) for cell in cells])
        holes += [(row, column) for column, cell in enumerate(cells) if cell.count is None]
    data: list[Trace] = [
        {
            "type": "heatmap",
            "z": shares,
            "text": texts,
            "texttemplate": "%{text}",
            "hoverinfo": "text",
            "customdata": [[[row, column] for column in crosstab.columns.keys] for row in crosstab.rows.keys],
            "zmin": 0,
            "zmax": 100,
            "colorscale": [list(step) for step in drawing.SCALE],
            "xgap": 2,
            "ygap": 2,
            "showscale": False,
        }
    ]
    if holes:
        data.append(drawing.hatched_cells(holes, language))
    sides = [
        [drawing.label_of(label, key, language) for label, key in zip(axis.labels, axis.keys, strict=True)]
        for axis in (crosstab.rows, crosstab.columns)
    ]
    rows, columns = (text_of(axis.label, axis.name, language) for axis in (crosstab.rows, crosstab.columns))
    layout = drawing.rows(sides[0]) | drawing.title(f"{rows} × {columns}", say(N_("Share of the row, count"), language))
    layout["xaxis"] = {
        "title": {"text": literal(columns)},
        "showgrid": False,
        "zeroline": False,
        **drawing.ticks(sides[1]),
    }
    layout["yaxis"] |= {"title": {"text": literal(rows)}, "zeroline": False}
    return _figure(data, layout, language)


def participation_figure(participation: Participation, language: str) -> Figure:
    """By day, how many answered; else for each group the shares that answered, began, did not begin."""
    if participation.by == "day":
        days = [(dt.date.fromisoformat(item.key), item.answered) for item in participation.items if item.key]
        return _timeline(days, "day", say(N_("Arrivals of answers"), language), drawing.ANSWERED, language)
    stages: tuple[tuple[str, str, str, Callable[[Item], int]], ...] = (
        (N_("Answered"), drawing.ANSWERED, "", lambda item: item.answered),
        (N_("Started"), drawing.STARTED, "\\", lambda item: item.started or 0),
        (
            N_("Not begun"),
            drawing.NOT_BEGUN,
            ".",
            _not_begun,
        ),
    )
    items = participation.items
    data = [
        across(
            [100 * of(item) / item.expected if item.expected else 0 for item in items],
            name=say(name, language),
            marker={"color": colour, "pattern": drawing.pattern_of(pattern)},
            customdata=[item.key for item in items],
            hovertext=[
                f"{literal(item.label)}<br>{told(say(name, language), count_of(of(item), language), language)}"
                for item in items
            ],
        )
        for name, colour, pattern, of in stages
    ]
    labels = [
        f"{literal(item.label)} ({count_of(item.answered, language)}/{count_of(item.expected, language)})"
        for item in items
    ]
    layout = drawing.rows(labels, series=len(data)) | drawing.title(say(N_("Participation"), language))
    return _figure(data, layout | drawing.hundred(say(N_("Share of those expected (%)"), language), language), language)


def _not_begun(item: Item) -> int:
    return (item.expected or 0) - item.answered - (item.started or 0)


class _Bar(NamedTuple):
    """One bar of a figure without groups; a null value is withheld."""

    key: str | None
    label: str
    value: int | None
    text: str
    colour: str = drawing.COUNT
    hover: str = ""


def _bars(bars: Sequence[_Bar], heading: str, axis: str, language: str, *, upright: bool = False) -> Figure:
    """Bars with their text at their end: rows from top to bottom, or columns along a scale."""
    most = max((bar.value for bar in bars if bar.value is not None), default=0) or 1
    data = [
        across(
            [bar.value for bar in bars],
            text=[bar.text if bar.value is not None else "" for bar in bars],
            textposition="outside",
            cliponaxis=False,
            marker={"color": [bar.colour for bar in bars]},
            customdata=[bar.key for bar in bars],
            hovertext=[bar.hover or told(bar.label, bar.text, language) for bar in bars],
            showlegend=False,
        )
    ]
    if any(bar.value is None for bar in bars):
        data.append(hatching([most if bar.value is None else None for bar in bars], language))
    layout = drawing.rows([bar.label for bar in bars]) | drawing.title(heading) | {"barmode": "overlay"}
    layout["xaxis"] = {"title": {"text": axis}, "range": [0, 1.4 * most], **drawing.whole_numbers(most)}
    if upright:
        data = [trace | {"orientation": "v", "x": trace["y"], "y": trace["x"]} for trace in data]
        scale = layout["yaxis"] | {"range": [-0.5, len(bars) - 0.5]}
        layout |= {"xaxis": scale, "yaxis": layout["xaxis"], "height": drawing.COLUMN_HEIGHT, "bargap": 0.05}
    return _figure(data, layout, language)


def _bucket_bar(bucket: Bucket, index: int, language: str) -> _Bar:
    label = drawing.label_of(bucket.label, bucket.key, language)
    text = drawing.share_of(bucket, language)
    hover = told(label, text, language)
    if bucket.low is not None and bucket.high is not None:
        low, high = percent(bucket.low, language), percent(bucket.high, language)
        hover += "<br>" + say(N_("between {low} and {high}"), language, low=low, high=high)
    return _Bar(bucket.key, label, bucket.count, text, drawing.colour_of(bucket.key, index), hover)


def _answers(question: QuestionResult, language: str) -> list[_Bar]:
    """The one bar of a question of which only the number of answers is known, or not even that."""
    return [_Bar(None, say(N_("Answers"), language), question.answered, count_of(question.answered, language))]


def _histogram(question: NumberResult, language: str) -> list[_Bar]:
    if question.buckets is not UNSET and question.buckets:
        bars = [_bucket_bar(bucket, index, language) for index, bucket in enumerate(question.buckets)]
        return [bar._replace(colour=drawing.COUNT) for bar in bars]
    several = len(question.histogram) > 1
    bars = []
    for one in question.histogram:
        # The only bin of numbers too large for steps holds its end.
        whole = question.kind == "integer" and (several or one.end - one.start == 1)
        label = _span(one.start, one.end, whole=whole, language=language)
        bars.append(_Bar(f"{one.start}..{one.end}", label, one.count, count_of(one.count, language)))
    return bars or _answers(question, language)


def _span(start: Number, end: Number, *, whole: bool, language: str) -> str:
    """From `start` to before `end`: among whole numbers, to the number before it."""
    final = end - 1 if whole else end
    if start == final:
        return number(start, language)
    return say(N_("{low} to {high}"), language, low=number(start, language), high=number(final, language))


def _timeline(
    days: Sequence[tuple[dt.date, int | None]], period: str, heading: str, colour: str, language: str
) -> Figure:
    """Columns along time; dates are worded here, so that the page needs no calendar of its own."""
    words = [_date(date, period, language) for date, _ in days]
    counts = [count for _, count in days]
    most = max((count for count in counts if count is not None), default=0) or 1
    when = {"orientation": "v", "x": [date.isoformat() for date, _ in days]}
    hover = [told(word, count_of(count, language), language) for word, count in zip(words, counts, strict=True)]
    data = [across([], marker={"color": colour}, hovertext=hover, showlegend=False) | when | {"y": counts}]
    if None in counts:
        holes = [most if count is None else None for count in counts]
        data.append(hatching(holes, language) | when | {"y": holes})
    marks = range(0, len(days), -(-len(days) // MOST_TICKS) or 1)
    layout: Layout = drawing.title(heading) | {
        "barmode": "overlay",
        "height": drawing.COLUMN_HEIGHT,
        "xaxis": {
            "type": "date",
            "title": {"text": say(PERIODS[period], language)},
            "tickmode": "array",
            "tickvals": [when["x"][mark] for mark in marks],
            "ticktext": [_broken(words[mark]) for mark in marks],
            "tickangle": 0,
        },
        "yaxis": {
            "title": {"text": say(N_("Number of answers"), language)},
            "rangemode": "tozero",
            **drawing.whole_numbers(most),
        },
    }
    return _figure(data, layout, language)


def _date(date: dt.date, period: str, language: str) -> str:
    match period:
        case "year":
            return str(date.year)
        case "month":
            return str(format_date(date, "LLLL yyyy", locale=language))
        case _:
            return day(date, language)


def _broken(words: str) -> str:
    """The year below the day or the month."""
    before, space, year = words.replace("\u00a0", " ").rpartition(" ")
    return f"{before}<br>{year}" if space else year


def _cell(count: int | None, total: int | None, language: str) -> str:
    if count is None or not total:
        return count_of(count, language)
    return f"{percent(count / total, language)}<br>{number(count, language)}"


def _figure(data: list[Trace], layout: Layout, language: str) -> Figure:
    """Checked by Plotly, with our template in it and numbers written as the language does."""
    figure = go.Figure(data=data, layout={"template": "navette", "separators": SEPARATORS[language], **layout})
    return dict(figure.to_plotly_json())
