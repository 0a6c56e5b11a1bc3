"""A figure shows its result and nothing else: structure, texts as texts, what is withheld."""

import datetime as dt
import json
import subprocess
import sys
from typing import Any

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from analytics import drawing
from analytics.charts import crosstab_figure, participation_figure, question_figure, warm_up
from analytics.drawing import literal
from analytics.participation import Item, Participation
from analytics.result import (
    Axis,
    Bin,
    Bucket,
    Cell,
    ChoiceResult,
    Crosstab,
    DateResult,
    Group,
    Interval,
    NumberResult,
    QuestionResult,
    Term,
    TextResult,
)

HOSTILE = '<b onclick="x">&lt;a href="javascript:alert(1)">%{x} $\\frac12$ <br> & co</a>'
COMMON: dict[str, Any] = {"name": "q1", "label": {"fr": "Êtes-vous là ?", "en": "Are you there?"}}
ASKED: dict[str, Any] = {"eligible": 412, "asked": 412, "answered": 405}
QUARTILES = ("0", "0.25", "0.5", "0.75", "1")


def bucket(key: str, count: int | None, label: str | None = None, of: int = 405) -> Bucket:
    return Bucket(
        key=key,
        label={"fr": label or key.title()},
        count=count,
        share=None if count is None else count / of,
        withheld=count is None,
    )


def choice(*buckets: Bucket, kind: Any = "select_one", **changes: Any) -> ChoiceResult:
    return ChoiceResult(kind=kind, buckets=list(buckets), interval=Interval(), **(COMMON | ASKED | changes))


def numeric(*values: Any, bins: Any = (), kind: Any = "integer", buckets: Any = UNSET, **changes: Any) -> NumberResult:
    return NumberResult(
        kind=kind,
        sum=None,
        mean=None,
        sd=None,
        quantiles=dict(zip(QUARTILES, values or [None] * 5, strict=True)),
        histogram=[Bin(start=start, end=end, count=count) for start, end, count in bins],
        buckets=buckets,
        interval=Interval(),
        **(COMMON | ASKED | changes),
    )


def dated(*days: tuple[str, int | None], period: Any = "day") -> DateResult:
    return DateResult(
        kind="date",
        period=period,
        first=None,
        last=None,
        buckets=[Bucket(key=key, label={}, count=count, share=None) for key, count in days],
        interval=Interval(),
        **(COMMON | ASKED),
    )


def textual(*terms: tuple[str, int | None], answered: int | None = 405) -> TextResult:
    return TextResult(
        kind="text",
        distinct=1,
        terms=[Term(term=term, count=count) for term, count in terms] or UNSET,
        **(COMMON | ASKED | {"answered": answered}),
    )


def group(key: str | None, label: str, *questions: QuestionResult, **changes: Any) -> Group:
    return Group(key=key, label={"fr": label}, responses=10, questions=list(questions), **changes)


def checked(figure: dict[str, Any]) -> dict[str, Any]:
    """The figure after JSON; Plotly finds nothing wrong with it."""
    decoded: dict[str, Any] = json.loads(json.dumps(figure, allow_nan=False))
    assert set(decoded) == {"data", "layout"}
    go.Figure(decoded)
    return decoded


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def hatched(figure: dict[str, Any]) -> list[dict[str, Any]]:
    return [trace for trace in figure["data"] if trace.get("name") == "masqué"]


def test_choices_are_bars_in_their_order() -> None:
    """One bar a choice from top to bottom, with share and count; zero is a bar of length zero."""
    question = choice(bucket("oui", 251), bucket("non", 154), bucket("nsp", 0, "Ne sait pas"))
    figure = checked(question_figure(question, "fr"))
    (trace,) = figure["data"]
    assert (trace["type"], trace["orientation"]) == ("bar", "h")
    assert trace["x"] == [251, 154, 0]
    assert trace["customdata"] == ["oui", "non", "nsp"]
    assert [plain(text) for text in trace["text"]] == ["62 % (251)", "38 % (154)", "0 % (0)"]
    axis = figure["layout"]["yaxis"]
    assert axis["ticktext"] == ["Oui", "Non", "Ne sait pas"]
    assert axis["tickvals"] == [0, 1, 2]
    assert axis["range"] == [2.5, -0.5]
    assert figure["layout"]["title"]["text"] == "Êtes-vous là ?"
    assert figure["layout"]["xaxis"]["title"]["text"] == "Nombre de réponses"
    assert figure["layout"]["separators"] == ",\u202f"


def test_english() -> None:
    """Titles, axes and numbers follow the reader; a text that lacks their language is shown in one it has."""
    figure = checked(question_figure(choice(bucket("oui", 251), bucket("nsp", None)), "en"))
    layout = figure["layout"]
    assert layout["title"]["text"] == "Are you there?"
    assert layout["xaxis"]["title"]["text"] == "Number of answers"
    assert layout["yaxis"]["ticktext"] == ["Oui", "Nsp"]
    assert layout["separators"] == ".,"
    assert figure["data"][0]["text"][0] == "62% (251)"
    assert figure["data"][1]["name"] == "withheld"


def test_withheld_is_hatched() -> None:
    """A withheld count is no bar of its own but a hatched one that says so."""
    figure = checked(question_figure(choice(bucket("oui", 251), bucket("non", None)), "fr"))
    shown, hole = figure["data"]
    assert shown["x"] == [251, None]
    assert shown["text"][1] == ""
    assert hole["x"] == [None, 251]
    assert hole["text"] == ["", "masqué"]
    assert hole["marker"]["pattern"]["shape"] == "/"
    assert figure["layout"]["barmode"] == "overlay"


@pytest.mark.parametrize("question", [choice(answered=None, withheld=True), numeric(answered=None, withheld=True)])
def test_all_withheld(question: QuestionResult) -> None:
    """A question of which nothing may be shown is one hatched bar."""
    figure = checked(question_figure(question, "fr"))
    values = [trace["y"] if trace["orientation"] == "v" else trace["x"] for trace in figure["data"]]
    assert values == [[None], [1]]
    assert len(hatched(figure)) == 1


def test_multiple_says_that_sums_exceed_all() -> None:
    """Shares of several choices do not add up, and the axis says so."""
    question = choice(bucket("velo", 300), bucket("train", 200), kind="select_multiple")
    figure = checked(question_figure(question, "fr"))
    axis = plain(figure["layout"]["xaxis"]["title"]["text"].replace("<br>", " "))
    assert axis == "Nombre de réponses Plusieurs choix possibles : la somme des parts peut dépasser 100 %"


def test_intervals_are_told() -> None:
    """An interval stands in what is read at a bar."""
    low = Bucket(key="oui", label={}, count=251, share=0.62, low=0.585, high=0.653)
    (trace,) = checked(question_figure(choice(low), "fr"))["data"]
    assert plain(trace["hovertext"][0]) == "oui : 62 % (251)<br>entre 58,5 % et 65,3 %"


def test_numbers_are_a_histogram() -> None:
    """A column per bin, named by its range: whole numbers without overlap; an only bin may hold its end."""
    figure = checked(question_figure(numeric(bins=[(0, 1, 12), (1, 5, 0), (5, 10, 1500)]), "fr"))
    (trace,) = figure["data"]
    assert trace["y"] == [12, 0, 1500]
    assert trace["orientation"] == "v"
    assert [plain(text) for text in trace["text"]] == ["12", "0", "1 500"]
    assert figure["layout"]["xaxis"]["ticktext"] == ["0", "1 à 4", "5 à 9"]
    assert figure["layout"]["yaxis"]["title"]["text"] == "Nombre de réponses"
    for only, label in (((5, 6, 3), "5"), ((5, 10**18, 3), f"5 à {10**18:,}".replace(",", "\u202f"))):
        axis = question_figure(numeric(bins=[only]), "fr")["layout"]["xaxis"]
        assert axis["ticktext"] == [label]


def test_decimals_keep_their_bounds() -> None:
    """Bins of decimals touch each other."""
    figure = checked(question_figure(numeric(bins=[(0, 0.5, 1), (0.5, 1, None)], kind="decimal"), "fr"))
    assert figure["layout"]["xaxis"]["ticktext"] == ["0 à 0,5", "0,5 à 1"]
    assert hatched(figure)[0]["y"] == [None, 1]


def test_a_short_scale_has_its_steps() -> None:
    """Where the result has a bucket for each step, they are drawn instead of bins."""
    steps = [bucket("1", 100, "1"), bucket("2", 305, "2")]
    figure = checked(question_figure(numeric(kind="range", buckets=steps, bins=[(1, 2, 405)]), "fr"))
    (trace,) = figure["data"]
    assert trace["y"] == [100, 305]
    assert trace["customdata"] == ["1", "2"]


def test_dates_are_a_timeline() -> None:
    """A column per period on an axis of dates, worded in the reader's language; few enough marks to be read."""
    figure = checked(question_figure(dated(("2026-03-01", 3), ("2026-03-02", 0), ("2026-03-03", None)), "fr"))
    shown, hole = figure["data"]
    assert shown["x"] == ["2026-03-01", "2026-03-02", "2026-03-03"]
    assert shown["y"] == [3, 0, None]
    assert hole["y"] == [None, None, 3]
    axis = figure["layout"]["xaxis"]
    assert (axis["type"], axis["title"]["text"]) == ("date", "Par jour")
    assert axis["ticktext"] == ["1er mars<br>2026", "2 mars<br>2026", "3 mars<br>2026"]

    year = [(f"{2026 + month // 12}-{month % 12 + 1:02d}-01", month) for month in range(30)]
    axis = checked(question_figure(dated(*year, period="month"), "fr"))["layout"]["xaxis"]
    assert axis["title"]["text"] == "Par mois"
    assert len(axis["ticktext"]) == 5
    assert axis["ticktext"][:2] == ["janvier<br>2026", "juillet<br>2026"]
    assert checked(question_figure(dated(("2026-01-01", 1), period="year"), "en"))["layout"]["xaxis"]["ticktext"] == [
        "2026"
    ]


def test_acknowledge_and_calculate() -> None:
    """A box is one bar; a calculation is drawn as what it gives."""
    box = checked(question_figure(choice(bucket("OK", 400, "Lu"), kind="acknowledge"), "fr"))
    assert box["data"][0]["x"] == [400]
    assert checked(question_figure(choice(bucket("a", 4), kind="calculate"), "fr"))["data"][0]["orientation"] == "h"
    assert checked(question_figure(numeric(kind="calculate", bins=[(0, 1, 2)]), "fr"))["data"][0]["y"] == [2]


def test_words() -> None:
    """The words found most; without them, the number of answers."""
    figure = checked(question_figure(textual(("eau", 12), ("digue", None)), "fr"))
    assert figure["data"][0]["x"] == [12, None]
    assert figure["layout"]["yaxis"]["ticktext"] == ["eau", "digue"]
    assert figure["layout"]["xaxis"]["title"]["text"] == "Réponses où figure ce mot"
    assert checked(question_figure(textual(), "fr"))["data"][0]["x"] == [405]
    assert checked(question_figure(dated(), "fr"))["data"][0]["x"] == [405]


def test_groups_of_choices_are_divided_rows() -> None:
    """Each group is 100 %; what is withheld of it is hatched at its end; who answered stands in its label."""
    whole = choice(bucket("oui", 251), bucket("non", 154))
    groups = [
        group("D-29", "Finistère", choice(bucket("oui", 6, of=10), bucket("non", 4, of=10), answered=10)),
        group("D-35", "Ille-et-Vilaine", choice(bucket("oui", 9, of=12), bucket("non", None), answered=12)),
        group(None, "Hors département", choice(withheld=True, answered=None)),
        group("D-22", "Côtes-d'Armor", withheld=True),
        group("D-56", "Morbihan", choice(bucket("oui", 0), bucket("non", 0), answered=0)),
    ]
    figure = checked(question_figure(whole, "fr", groups))
    yes, no, hole = figure["data"]
    assert figure["layout"]["barmode"] == "stack"
    assert figure["layout"]["xaxis"]["range"] == [0, 100]
    assert yes["x"] == pytest.approx([60, 75, None, None, 0])
    assert no["x"] == pytest.approx([40, None, None, None, 0])
    assert hole["x"] == pytest.approx([None, 25, 100, 100, None])
    assert yes["customdata"][0] == ["D-29", "oui"]
    assert [plain(text) for text in yes["text"]] == ["60 % (6)", "75 % (9)", "", "", "0 % (0)"]
    assert figure["layout"]["yaxis"]["ticktext"] == [
        "Finistère (10)",
        "Ille-et-Vilaine (12)",
        "Hors département (masqué)",
        "Côtes-d'Armor (masqué)",
        "Morbihan (0)",
    ]
    assert (yes["marker"]["color"], no["marker"]["color"]) == (drawing.YES, drawing.NO)
    assert yes["marker"]["pattern"]["shape"] != no["marker"]["pattern"]["shape"]


def test_groups_of_several_choices_stand_side_by_side() -> None:
    """Shares that do not add up are not stacked; a withheld one is hatched in its own place."""
    whole = choice(bucket("velo", 300), bucket("train", 200), kind="select_multiple")
    groups = [
        group("a", "A", choice(bucket("velo", 300), bucket("train", None), kind="select_multiple")),
        group("b", "B", withheld=True),
    ]
    figure = checked(question_figure(whole, "fr", groups))
    assert figure["layout"]["barmode"] == "group"
    assert [(trace["name"], trace["offsetgroup"]) for trace in figure["data"]] == [
        ("Velo", "0"),
        ("masqué", "0"),
        ("Train", "1"),
        ("masqué", "1"),
    ]
    assert [trace["x"] for trace in hatched(figure)] == [[None, 100], [100, 100]]
    assert [trace["showlegend"] for trace in hatched(figure)] == [True, False]
    assert "dépasser" in figure["layout"]["xaxis"]["title"]["text"]


def test_groups_of_numbers_are_boxes() -> None:
    """Median, quartiles and extremes of each group; nothing where nobody answered, hatching where it is withheld."""
    groups = [
        group("a", "A", numeric(0, 1, 2, 3, 9, bins=[(0, 9, 5)])),
        group("b", "B", numeric(answered=None, withheld=True)),
        group("c", "C", numeric(answered=0)),
        group("d", "D", numeric(None, 1, 2, 3, None)),
    ]
    figure = checked(question_figure(numeric(0, 1, 2, 3, 9), "fr", groups))
    box, hole = figure["data"]
    names = ("lowerfence", "q1", "median", "q3", "upperfence")
    assert [box[name] for name in names] == [[0], [1], [2], [3], [9]]
    assert box["y"] == [0]
    assert (hole["x"], hole["base"]) == ([None, 9, None, 9], 0)


def test_groups_of_short_scales_are_divided_rows() -> None:
    """A scale of few steps is compared step by step."""
    steps = [bucket("1", 100, "1"), bucket("2", 305, "2")]
    question = numeric(buckets=steps)
    figure = checked(question_figure(question, "fr", [group("a", "A", question)]))
    assert figure["layout"]["barmode"] == "stack"
    assert len(figure["data"]) == 2


@pytest.mark.parametrize("question", [dated(("2026-03-01", 3)), textual(("eau", 3))])
def test_groups_of_dates_and_texts(question: QuestionResult) -> None:
    """They are compared by how many answered."""
    figure = checked(question_figure(question, "fr", [group("a", "A", question), group("b", "B", withheld=True)]))
    assert [trace["x"] for trace in figure["data"]] == [[405, None], [None, 405]]


def crosstab(cells: list[list[int | None]], labels: list[str]) -> Crosstab:
    return Crosstab(
        survey="s",
        version="1",
        as_of=dt.datetime(2026, 3, 2, tzinfo=dt.UTC),
        pending=0,
        rows=Axis(name="q1", label={"fr": "Rang"}, keys=["a", "b"], labels=[{"fr": label} for label in labels]),
        columns=Axis(name="q2", label={}, keys=["x", None], labels=[{"fr": "X"}, {}]),
        cells=[[Cell(count=count, withheld=count is None) for count in row] for row in cells],
        row_totals=[sum(count or 0 for count in row) for row in cells],
        column_totals=[None, None],
        total=None,
        chi2=None,
        df=None,
        p_value=None,
        cramers_v=None,
    )


def test_crosstab_is_a_heat_map() -> None:
    """A cell's colour is its share of its row; a withheld one has none and is hatched."""
    figure = checked(crosstab_figure(crosstab([[3, 1], [None, 0]], ["A", "B"]), "fr"))
    heat, holes = figure["data"]
    assert heat["z"] == [[75, 25], [None, None]]
    assert [[plain(text) for text in row] for row in heat["text"]] == [["75 %<br>3", "25 %<br>1"], ["masqué", "0"]]
    assert heat["customdata"][1] == [["b", "x"], ["b", None]]
    assert holes["fillpattern"]["shape"] == "/"
    assert holes["x"] == [-0.5, 0.5, 0.5, -0.5, -0.5, None]
    assert holes["y"] == [0.5, 0.5, 1.5, 1.5, 0.5, None]
    assert figure["layout"]["yaxis"]["ticktext"] == ["A", "B"]
    assert figure["layout"]["xaxis"]["ticktext"] == ["X", "Sans réponse"]
    assert figure["layout"]["title"]["text"] == "Rang × q2<br>Part de la ligne, nombre"
    assert len(checked(crosstab_figure(crosstab([[3, 1], [2, 0]], ["A", "B"]), "fr"))["data"]) == 1


def test_participation() -> None:
    """Each group divided into what answered, began, did not begin; the numbers stand in its label."""
    items = [
        Item(key="D-29", label="Finistère", expected=2000, started=500, answered=1000, rate=0.5),
        Item(key=None, label="Hors département", expected=4, started=0, answered=0, rate=0.0),
    ]
    whole = Participation(by="department", expected=2004, started=500, answered=1000, rate=0.5, items=items)
    figure = checked(participation_figure(whole, "fr"))
    assert [(trace["name"], trace["x"]) for trace in figure["data"]] == [
        ("Répondu", [50, 0]),
        ("Commencé", [25, 0]),
        ("Non commencé", [25, 100]),
    ]
    assert len({trace["marker"]["pattern"]["shape"] for trace in figure["data"]}) == 3
    labels = [plain(text) for text in figure["layout"]["yaxis"]["ticktext"]]
    assert labels == ["Finistère (1 000/2 000)", "Hors département (0/4)"]


def test_arrivals() -> None:
    """By day, the answers of each day along time; nothing yet is an empty figure."""
    item = Item(key="2026-03-01", label="2026-03-01", expected=None, started=None, answered=7, rate=None)
    whole = Participation(by="day", expected=9, started=0, answered=7, rate=7 / 9, items=[item])
    figure = checked(participation_figure(whole, "fr"))
    assert (figure["data"][0]["x"], figure["data"][0]["y"]) == (["2026-03-01"], [7])
    assert figure["layout"]["title"]["text"] == "Arrivée des réponses"
    empty = Participation(by="day", expected=9, started=0, answered=0, rate=0, items=[])
    assert checked(participation_figure(empty, "en"))["data"][0]["y"] == []


@pytest.mark.parametrize(
    "figure",
    [
        question_figure(choice(bucket(HOSTILE, 3, HOSTILE), label={"fr": HOSTILE}), "fr"),
        question_figure(
            choice(label={"fr": HOSTILE}), "fr", [group(HOSTILE, HOSTILE, choice(bucket("a", 1, HOSTILE)))]
        ),
        question_figure(choice(kind="select_multiple"), "fr", [group("a", HOSTILE, choice(bucket("a", 1, HOSTILE)))]),
        question_figure(numeric(label={"fr": HOSTILE}), "fr", [group("a", HOSTILE, withheld=True)]),
        question_figure(textual((HOSTILE, 3)), "fr"),
        crosstab_figure(crosstab([[3, 1], [None, 0]], [HOSTILE, HOSTILE]), "fr"),
        participation_figure(
            Participation(
                by="unit",
                expected=1,
                started=0,
                answered=0,
                rate=0,
                items=[Item(key=HOSTILE, label=HOSTILE, expected=1, started=0, answered=0, rate=0)],
            ),
            "fr",
        ),
    ],
)
def test_texts_are_data(figure: dict[str, Any]) -> None:
    """No text of an author or respondent becomes markup or a template; only our own line breaks do."""
    seen = []

    def walk(value: Any, key: str = "") -> None:
        if isinstance(value, dict):
            for name, one in value.items():
                walk(one, name)
        elif isinstance(value, list | tuple):
            for one in value:
                walk(one, key)
        elif isinstance(value, str) and key != "customdata":
            seen.append(value)
            assert "<" not in value.replace("<br>", "")
            assert key != "texttemplate" or value == "%{text}"
            assert key != "hovertemplate"

    walk(figure)
    assert any("&lt;b onclick" in text for text in seen)
    assert any("&amp;lt;a" in text for text in seen)


@given(st.text())
def test_literal_is_reversible(text: str) -> None:
    """What Plotly shows of a text is the text, its spaces aside, as far as four lines go."""
    shown = literal(text, 40).replace("<br>", "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    wanted = "".join(text.split())
    got = "".join(shown.split())
    assert got == wanted or (got.endswith("…") and wanted.startswith(got.rstrip("…")[:-1]))


def test_long_labels_are_wrapped() -> None:
    """A long label takes several lines, at most four."""
    lines = literal("mot " * 100).split("<br>")
    assert len(lines) == 4
    assert all(len(line) <= drawing.LABEL_WIDTH for line in lines)
    assert lines[-1].endswith("…")


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("ground", ["#ffffff", "#161616"])
def test_colours_stand_out(ground: str) -> None:
    """WCAG 1.4.11: 3:1 against the light and the dark ground."""
    for colour in {
        *drawing.SERIES,
        *drawing.MEANINGS.values(),
        drawing.COUNT,
        drawing.ANSWERED,
        drawing.STARTED,
        drawing.NOT_BEGUN,
    }:
        low, high = sorted((luminance(colour), luminance(ground)))
        assert (high + 0.05) / (low + 0.05) >= 3, colour


def test_one_meaning_one_colour() -> None:
    """Yes is the same in every order, alone and in groups; a choice keeps its colour when figures are split."""
    first = question_figure(choice(bucket("oui", 1), bucket("non", 2)), "fr")
    second = question_figure(choice(bucket("non", 2), bucket("oui", 1)), "fr")
    assert first["data"][0]["marker"]["color"] == second["data"][0]["marker"]["color"][::-1]
    whole = choice(bucket("a", 1), bucket("b", 2), bucket("c", 2))
    alone = question_figure(whole, "fr")["data"][0]["marker"]["color"]
    split = question_figure(whole, "fr", [group("x", "X", choice(bucket("c", 1)))])["data"]
    assert [trace["marker"]["color"] for trace in split] == list(alone)


def test_small_template() -> None:
    """A figure carries our template, not Plotly's own."""
    warm_up()
    assert len(json.dumps(question_figure(choice(bucket("oui", 251)), "fr"))) < 2_000


def test_only_charts_load_plotly() -> None:
    """The modules beside it make dicts."""
    code = "import sys, analytics.drawing, analytics.comparing, analytics.sentences; sys.exit('plotly' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
