"""One question among several groups: rows divided into shares, bars side by side, or boxes, for `charts.py` to draw."""

from collections.abc import Sequence

from msgspec import UNSET

from analytics import drawing
from analytics.drawing import Layout, Trace, across, count_of, hatching, literal, say
from analytics.result import Bucket, ChoiceResult, Group, Number, NumberResult, QuestionResult
from analytics.sentences import told
from base.language import N_


def compare(question: QuestionResult, groups: Sequence[Group], language: str) -> tuple[list[Trace], Layout]:
    """A row per group, with how many answered in its label; of dates and texts, that number is all that is compared."""
    rows = [_Row(question, group, language) for group in groups]
    whole = _buckets(question)
    choices = {bucket.key: bucket for row in rows for bucket in row.buckets}
    choices = {bucket.key: bucket for bucket in whole} | choices
    if choices and question.kind == "select_multiple":
        data, layout = _side_by_side(rows, list(choices.values()), language)
    elif choices:
        data, layout = _divided(rows, list(choices.values()), language)
    elif isinstance(question, NumberResult):
        data, layout = _boxes(rows, language)
    else:
        data, layout = _numbers_of_answers(rows, language)
    bars = len(choices) if layout["barmode"] == "group" else 1
    return data, drawing.rows([row.label for row in rows], bars=bars, series=len(data)) | layout


class _Row:
    """One group and what it knows about the question."""

    def __init__(self, question: QuestionResult, group: Group, language: str) -> None:
        self.key = group.key
        self.found = next((one for one in group.questions if one.name == question.name), None)
        self.withheld = group.withheld or self.found is None or self.found.withheld
        self.answered = None if self.withheld or self.found is None else self.found.answered
        self.buckets = [] if self.withheld else _buckets(self.found)
        self.name = drawing.label_of(group.label, group.key, language)
        self.label = f"{self.name} ({count_of(self.answered, language)})"

    def bucket(self, key: str) -> Bucket | None:
        return next((bucket for bucket in self.buckets if bucket.key == key), None)

    def share(self, key: str) -> float | None:
        """In hundredths; null where it is withheld or nobody answered."""
        bucket = self.bucket(key)
        return 100 * bucket.share if bucket and bucket.share is not None else None

    def hidden(self, key: str) -> bool:
        """Whether this choice's share exists and is not shown."""
        bucket = self.bucket(key)
        return self.withheld or (bucket is not None and bucket.count is None)


def _buckets(question: QuestionResult | None) -> list[Bucket]:
    """What a question's answers are divided into, if they are."""
    if isinstance(question, ChoiceResult):
        return question.buckets
    if isinstance(question, NumberResult) and question.buckets is not UNSET:
        return question.buckets
    return []


def _series(rows: Sequence[_Row], choice: Bucket, index: int, language: str) -> Trace:
    """One choice through all groups."""
    name = drawing.label_of(choice.label, choice.key, language)
    found = [row.bucket(choice.key) for row in rows]
    texts = [drawing.share_of(bucket, language) if bucket else "" for bucket in found]
    return across(
        [row.share(choice.key) for row in rows],
        name=name,
        marker=drawing.marker_of(choice.key, index),
        text=texts,
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        customdata=[[row.key, choice.key] for row in rows],
        hovertext=[f"{row.name}<br>{told(name, text, language)}" for row, text in zip(rows, texts, strict=True)],
    )


def _divided(rows: Sequence[_Row], choices: Sequence[Bucket], language: str) -> tuple[list[Trace], Layout]:
    """Each row is 100 %; what is withheld of it stands hatched at its end."""
    data = [_series(rows, choice, index, language) for index, choice in enumerate(choices)]
    rests: list[float | None] = []
    for row in rows:
        known = sum(share for choice in choices if (share := row.share(choice.key)) is not None)
        hidden = any(row.hidden(choice.key) for choice in choices)
        rests.append(max(100 - known, 1) if hidden else None)
    if any(rest is not None for rest in rests):
        data.append(hatching(rests, language))
    return data, drawing.hundred(say(N_("Share of answers (%)"), language), language)


def _side_by_side(rows: Sequence[_Row], choices: Sequence[Bucket], language: str) -> tuple[list[Trace], Layout]:
    """A bar per choice in each row, since their shares do not add up."""
    data: list[Trace] = []
    first = True
    for index, choice in enumerate(choices):
        data.append(_series(rows, choice, index, language) | {"offsetgroup": str(index)})
        if any(row.hidden(choice.key) for row in rows):
            holes = [100 if row.hidden(choice.key) else None for row in rows]
            data.append(hatching(holes, language) | {"offsetgroup": str(index), "showlegend": first})
            first = False
    axis = say(N_("Share of those who answered (%)"), language)
    note = literal(say(drawing.SEVERAL, language), drawing.NOTE_WIDTH)
    return data, drawing.hundred(f"{axis}<br>{note}", language) | {"barmode": "group"}


def _boxes(rows: Sequence[_Row], language: str) -> tuple[list[Trace], Layout]:
    """Median, quartiles and extremes of each row."""
    drawn: list[tuple[int, str | None, list[Number]]] = []
    holes: list[bool] = []
    for place, row in enumerate(rows):
        numbers = row.found.quantiles if isinstance(row.found, NumberResult) and not row.withheld else {}
        values = [numbers.get(key) for key in ("0", "0.25", "0.5", "0.75", "1")]
        known = [value for value in values if value is not None]
        holes.append(row.withheld or (bool(row.answered) and len(known) < len(values)))
        if len(known) == len(values):
            drawn.append((place, row.key, known))
    low = min((values[0] for *_, values in drawn), default=0)
    high = max((values[-1] for *_, values in drawn), default=1)
    names = ("lowerfence", "q1", "median", "q3", "upperfence")
    data: list[Trace] = [
        {
            "type": "box",
            "orientation": "h",
            "y": [place for place, *_ in drawn],
            **{name: [values[index] for *_, values in drawn] for index, name in enumerate(names)},
            "customdata": [key for _, key, _ in drawn],
            "line": {"color": drawing.COUNT},
            "hoverinfo": "x",
            "showlegend": False,
        }
    ]
    if any(holes):
        width = high - low or 1
        data.append(hatching([width if hole else None for hole in holes], language) | {"base": low})
    axis = say(N_("Median, quartiles and extremes"), language)
    return data, {"barmode": "overlay", "xaxis": {"title": {"text": axis}}}


def _numbers_of_answers(rows: Sequence[_Row], language: str) -> tuple[list[Trace], Layout]:
    counts = [row.answered for row in rows]
    data = [
        across(
            counts,
            marker={"color": drawing.COUNT},
            customdata=[row.key for row in rows],
            hovertext=[row.label for row in rows],
            showlegend=False,
        )
    ]
    axis = say(N_("Number of answers"), language)
    most = max((count for count in counts if count is not None), default=0) or 1
    if None in counts:
        data.append(hatching([most if count is None else None for count in counts], language))
    return data, {"barmode": "overlay", "xaxis": {"title": {"text": axis}, **drawing.whole_numbers(most)}}
