"""The blocks of a dashboard: for each question its heading, its sentence and the table that is its interface.

A table's rows carry the buttons that filter; the chart drawn beside it says nothing that the table does not.
"""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Final, assert_never

import msgspec
from babel.dates import format_date
from msgspec import UNSET

from analytics.panorama import Panorama
from analytics.result import Bucket, ChoiceResult, DateResult, NumberResult, QuestionResult, TextResult, Texts
from analytics.sentences import Answering, day, number, percent, sentence
from base.language import N_, translate
from forms.questionnaire import Group, Note, Questionnaire, walk
from web.pages.filters import Filters, Toggle, escaped, others, toggle
from web.pages.telling import tag_of

MOST_TERMS: Final = 20
"""Words of free texts that a table lists."""


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """A text of a questionnaire; `lang` where its language is not the page's."""

    text: str
    lang: str | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One row: who or what, how many, which share, which share of everybody, and the button that filters by it.

    `key` is what the bar of the same figures has in the chart.
    """

    label: Wording
    count: str
    key: str = ""
    share: str = ""
    whole: str = ""
    toggle: Toggle | None = None


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """One question. `facts` are a number's moments; `fields` what its form carries so that other filters stay."""

    name: str
    label: Wording
    sentence: str
    row_title: str
    count_title: str
    lines: list[Line]
    facts: list[tuple[str, str, str]]
    fields: list[tuple[str, str]]
    shares: bool
    chart: bool
    filtered: bool


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Questions that stand together in the questionnaire."""

    id: str
    title: Wording
    blocks: list[Block]


def wording(texts: Texts, key: str, language: str) -> Wording:
    """The text in the reader's language if there is one, else in another, which is said; else the key."""
    if texts.get(language):
        return Wording(text=texts[language])
    for lang, text in texts.items():
        if text:
            return Wording(text=text, lang=tag_of(lang))
    return Wording(text=key)


def labels_of(questions: Sequence[QuestionResult], language: str) -> dict[str, Wording]:
    """What each question is called; where several say the same (“Specify other.”), what they belong to says which."""
    found = {question.name: wording(question.label, question.name, language) for question in questions}
    times = Counter(label.text for label in found.values())
    for name, label in found.items():
        if times[label.text] > 1:
            above = found.get(name.removesuffix("_other"))
            text = f"{label.text} ({name})" if above in {None, label} else f"{above.text} – {label.text}"
            found[name] = msgspec.structs.replace(label, text=text)
    return found


def shortened(question: QuestionResult) -> QuestionResult:
    """The question with as many words as its table lists, so that its chart shows no more."""
    if isinstance(question, TextResult) and question.terms is not UNSET:
        return msgspec.structs.replace(question, terms=question.terms[:MOST_TERMS])
    return question


def sections(panorama: Panorama, filters: Filters, answering: Answering, language: str) -> list[Section]:
    """All questions in the order of the newest edition, those that only older ones had behind."""
    whole = {question.name: question for question in panorama.whole.questions}
    labels = labels_of(panorama.result.questions, language)
    where = _where(panorama.questionnaire, language)
    found: list[tuple[Wording, list[Block]]] = []
    for question in panorama.result.questions:
        title = where.get(question.name) or Wording(text=translate(N_("Questions of former editions"), None, language))
        if not found or found[-1][0] != title:
            found.append((title, []))
        said = sentence(question, panorama.result, answering=answering, language=language)
        found[-1][1].append(_block(question, labels[question.name], whole[question.name], said, filters, language))
    return [
        Section(id=f"partie-{place}", title=title, blocks=blocks)
        for place, (title, blocks) in enumerate(found, start=1)
    ]


def _where(questionnaire: Questionnaire | None, language: str) -> dict[str, Wording]:
    """For each question of the questionnaire the heading it stands under: its groups that have a label."""
    if questionnaire is None:
        return {}
    found = {}
    for node, above in walk(questionnaire.questions):
        if not isinstance(node, Group | Note):
            titles = [wording(group.label, "", language) for group in above if any(group.label.values())]
            found[node.name] = Wording(
                text=" › ".join(title.text for title in titles) or translate(N_("Questions"), None, language),
                lang=titles[0].lang if titles else None,
            )
    return found


def _block(
    question: QuestionResult, label: Wording, whole: QuestionResult, said: str, filters: Filters, language: str
) -> Block:
    lines = _lines(question, whole, filters, language)
    missing = question.asked - (question.answered or 0)
    if lines and missing and not question.withheld and question.kind != "acknowledge":
        lines.append(
            Line(
                label=Wording(text=translate(N_("No answer"), None, language)),
                count=number(missing, language),
                toggle=toggle(filters, question.name, ""),
            )
        )
    return Block(
        name=question.name,
        label=label,
        sentence=said,
        row_title=translate(N_("Word") if isinstance(question, TextResult) else N_("Answer"), None, language),
        count_title=translate(N_("Answers"), None, language),
        lines=lines,
        facts=_facts(question, whole, language) if isinstance(question, NumberResult) else [],
        fields=others(filters, question.name),
        shares=any(line.share for line in lines),
        chart=bool(question.answered) and (not isinstance(question, TextResult) or bool(lines)),
        filtered=any(line.toggle and line.toggle.pressed for line in lines),
    )


def _lines(question: QuestionResult, whole: QuestionResult, filters: Filters, language: str) -> list[Line]:
    match question:
        case ChoiceResult():
            return _choices(question.name, question.buckets, _buckets(whole), filters, language)
        case NumberResult():
            if question.buckets is not UNSET:
                return _choices(question.name, question.buckets, _buckets(whole), filters, language)
            return _histogram(question, filters, language)
        case DateResult():
            return [_period(question, bucket, filters, language) for bucket in question.buckets]
        case TextResult(terms=list() as terms):
            return [
                Line(label=Wording(text=term.term), count=_count(term.count, language)) for term in terms[:MOST_TERMS]
            ]
        case TextResult():
            return []
        case _:
            assert_never(question)


def _buckets(question: QuestionResult) -> dict[str, Bucket]:
    match question:
        case ChoiceResult(buckets=list() as buckets) | NumberResult(buckets=list() as buckets):
            return {bucket.key: bucket for bucket in buckets}
        case _:
            return {}


def _choices(
    name: str, buckets: Sequence[Bucket], everybody: dict[str, Bucket], filters: Filters, language: str
) -> list[Line]:
    return [
        Line(
            label=wording(bucket.label, bucket.key, language),
            count=_count(bucket.count, language),
            key=bucket.key,
            share=_share(bucket, language),
            whole=_share(everybody[bucket.key], language) if bucket.key in everybody else "",
            toggle=toggle(filters, name, escaped(bucket.key)),
        )
        for bucket in buckets
    ]


def _histogram(question: NumberResult, filters: Filters, language: str) -> list[Line]:
    """The bars as rows; among whole numbers each can be a filter (others would share their ends)."""
    lines = []
    for one in question.histogram:
        whole = question.kind == "integer" and (len(question.histogram) > 1 or one.end - one.start == 1)
        last = one.end - 1 if whole else one.end
        ends = {"low": number(one.start, language), "high": number(last, language)}
        label = ends["low"] if one.start == last else translate(N_("{low} to {high}"), {**ends}, language)
        lines.append(
            Line(
                label=Wording(text=label),
                count=_count(one.count, language),
                key=f"{one.start}..{one.end}",
                toggle=toggle(filters, question.name, f"{one.start}..{last}") if whole else None,
            )
        )
    return lines


def _period(question: DateResult, bucket: Bucket, filters: Filters, language: str) -> Line:
    first = dt.date.fromisoformat(bucket.key)
    last = _end(first, question.period)
    words = {
        "day": day(first, language),
        "week": translate(N_("week of {day}"), {"day": day(first, language)}, language),
        "month": _month(first, language),
        "year": str(first.year),
    }
    return Line(
        label=Wording(text=words[question.period]),
        count=_count(bucket.count, language),
        key=bucket.key,
        share=_share(bucket, language),
        toggle=toggle(filters, question.name, f"{first}..{last}"),
    )


def _end(first: dt.date, period: str) -> dt.date:
    """The last day of the period that begins on this day."""
    match period:
        case "day":
            return first
        case "week":
            return first + dt.timedelta(days=6)
        case "month":
            return (first.replace(day=1) + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
        case _:
            return first.replace(month=12, day=31)


def _month(first: dt.date, language: str) -> str:
    return str(format_date(first, "LLLL yyyy", locale=language))


def _facts(question: NumberResult, whole: QuestionResult, language: str) -> list[tuple[str, str, str]]:
    """Count, mean, quartiles: of those chosen, and of everybody."""
    if not question.answered:
        return []

    def values(one: QuestionResult) -> list[str]:
        if not isinstance(one, NumberResult):
            return [""] * len(titles)
        middle = [one.quantiles.get(key) for key in ("0.25", "0.5", "0.75")]
        numbers = [one.answered, one.mean, *middle, one.quantiles.get("0"), one.quantiles.get("1")]
        return ["" if value is None else number(value, language) for value in numbers]

    titles = (
        N_("Number of answers"),
        N_("Mean"),
        N_("First quartile"),
        N_("Median"),
        N_("Third quartile"),
        N_("Least"),
        N_("Most"),
    )
    return [
        (translate(title, None, language), mine, all_of_them)
        for title, mine, all_of_them in zip(titles, values(question), values(whole), strict=True)
    ]


def _count(count: int | None, language: str) -> str:
    return translate(N_("withheld"), None, language) if count is None else number(count, language)


def _share(bucket: Bucket, language: str) -> str:
    return "" if bucket.share is None else percent(bucket.share, language)
