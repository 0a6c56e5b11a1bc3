"""How the territories compare, as a map and as the table that is its interface; and when answers arrived."""

import datetime as dt
from collections.abc import Mapping
from typing import Final

import msgspec

from analytics.panorama import Here, Panorama, Places
from analytics.participation import NO_KEY
from analytics.sentences import FLOOR, day, number, percent, text_of
from base.language import N_, NN_, translate
from web.pages.blocks import Line, Wording
from web.pages.filters import SELECTS, Filters, after, escaped, others, plain, toggle, values_of
from web.pages.maps import Level, MapView, territory_map
from web.wording import counted

DIMENSIONS: Final[dict[Level, Places]] = {"region": "@region", "department": "@department"}

RATE: Final = {"region": N_("Response rate by région"), "department": N_("Response rate by département")}
CHOSEN: Final = {
    "region": N_("Share of the answers that meet the filters, by région"),
    "department": N_("Share of the answers that meet the filters, by département"),
}
SPREAD: Final = {
    "region": N_("Share of all answers, by région"),
    "department": N_("Share of all answers, by département"),
}


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """What the map shows of a territory: `part` of `whole`."""

    title: str
    part_title: str
    whole_title: str
    share_title: str
    nobody: str
    rate: bool = False


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """The map and its table; a line's `count` is the part, its `whole` what that is a part of."""

    map: MapView
    sentence: str
    place_title: str
    measure: Measure
    lines: list[Line]
    fields: list[tuple[str, str]]


class Arrivals(msgspec.Struct, frozen=True, kw_only=True):
    """The days on which answers came, with the sentence that says the most of them."""

    sentence: str
    lines: list[Line]
    fields: list[tuple[str, str]]


def compared(panorama: Panorama, filters: Filters, language: str) -> Compared:
    """Of what was expected what came in; under a filter on answers, of what came in what meets it; else of all."""
    name = DIMENSIONS[filters.level]
    places = panorama.places[name]
    measure = _measure(panorama, filters.level, language)
    total = sum(here.responses for here in places.values())
    parts = {key: _part(here, measure, total) for key, here in places.items()}
    labels = {key: text_of(dict(texts), key, language) for key, texts in panorama.words.labels[name].items()}
    keys = _ordered([key for key in places if key is not None], labels, filters.level)
    said = _sentence(measure, parts, labels, language)
    shares = {key: _share(*parts[key]) for key in keys}
    few = {key for key in keys if not measure.rate and 0 < parts[key][1] < FLOOR}
    view = territory_map(
        filters.level,
        shares,
        labels=labels,
        title=measure.title,
        sentence=said,
        details={key: _of(*parts[key], language) for key in keys if parts[key][1]},
        few=few,
        links={key: after(filters, name, toggle(filters, name, escaped(key))) for key in keys},
        selected=set(values_of(filters.where, name)),
        nobody=measure.nobody,
        language=language,
    )
    return Compared(
        map=view,
        sentence=said,
        place_title=translate(SELECTS[filters.level][0], None, language),
        measure=measure,
        lines=[
            _line(key, parts, labels, few, filters, language) for key in [*keys, *([None] if None in places else [])]
        ],
        fields=others(filters, name),
    )


def arrived(panorama: Panorama, filters: Filters, language: str) -> Arrivals:
    """The arrivals by day; days without any are in the drawing and not in the table."""
    days = [(date, count) for date, count in panorama.days if count]
    return Arrivals(
        sentence=_said_of(days, language),
        lines=[
            Line(
                label=Wording(text=day(date, language)),
                count=number(count, language),
                key=date.isoformat(),
                toggle=toggle(filters, "@day", date.isoformat()),
            )
            for date, count in reversed(days)
        ],
        fields=others(filters, "@day"),
    )


def _measure(panorama: Panorama, level: Level, language: str) -> Measure:
    expected = [here.expected for here in panorama.places[DIMENSIONS[level]].values()]
    if any(expected):
        titles = (RATE[level], N_("Answers"), N_("Expected"), N_("Rate"), N_("nobody asked"))
    elif None in expected:
        titles = (CHOSEN[level], N_("Meet the filters"), N_("Answers"), N_("Share"), N_("no answer"))
    else:
        titles = (SPREAD[level], N_("Answers"), N_("In all"), N_("Share"), N_("no answer"))
    title, part, whole, share = (translate(words, None, language) for words in titles[:4])
    return Measure(
        title=title, part_title=part, whole_title=whole, share_title=share, nobody=titles[4], rate=any(expected)
    )


def _part(here: Here, measure: Measure, total: int) -> tuple[int, int]:
    """What is counted of a territory, of how much."""
    if measure.rate:
        return here.assigned, here.expected or 0
    return (here.chosen, here.responses) if here.expected is None else (here.responses, total)


def _share(part: int, whole: int) -> float | None:
    # Answers may come from where nobody is expected any more (an exempted service): never more than all.
    return min(part / whole, 1.0) if whole else None


def _ordered(keys: list[str], labels: Mapping[str, str], level: Level) -> list[str]:
    return sorted(keys, key=lambda key: key if level == "department" else plain(labels.get(key, key)))


def _line(
    key: str | None,
    parts: Mapping[str | None, tuple[int, int]],
    labels: Mapping[str, str],
    few: set[str],
    filters: Filters,
    language: str,
) -> Line:
    part, whole = parts[key]
    share = _share(part, whole)
    if key in few:
        shown = translate(N_("too few"), None, language)
    else:
        shown = "" if share is None else percent(share, language)
    label = translate(NO_KEY[filters.level], None, language) if key is None else labels.get(key, key)
    return Line(
        label=Wording(text=label),
        count=number(part, language),
        whole=number(whole, language),
        share=shown,
        toggle=toggle(filters, DIMENSIONS[filters.level], escaped(key or "")),
    )


def _sentence(
    measure: Measure, parts: Mapping[str | None, tuple[int, int]], labels: Mapping[str, str], language: str
) -> str:
    """From the least to the most, among the territories that have enough to tell."""
    least = 1 if measure.rate else FLOOR
    known = [
        (share, labels.get(key, key))
        for key, (part, whole) in parts.items()
        if key is not None and whole >= least and (share := _share(part, whole)) is not None
    ]
    if not known:
        return translate(N_("Too few answers to compare territories"), None, language)
    (low, lowest), (high, highest) = min(known), max(known)
    shown: dict[str, object] = {
        "low": percent(low, language),
        "lowest": lowest,
        "high": percent(high, language),
        "highest": highest,
    }
    words = N_("{low} everywhere") if low == high else N_("From {low} ({lowest}) to {high} ({highest})")
    return translate(words, shown, language)


def _of(part: int, whole: int, language: str) -> str:
    shown: dict[str, object] = {"part": number(part, language), "whole": number(whole, language)}
    return translate(N_("{part} of {whole}"), shown, language)


def _said_of(days: list[tuple[dt.date, int]], language: str) -> str:
    if not days:
        return translate(N_("No answer yet"), None, language)
    count = sum(count for _, count in days)
    answers = counted(NN_("{count} answer", "{count} answers"), count, language)
    (first, _), (last, _) = days[0], days[-1]
    if first == last:
        return translate(N_("{answers} on {day}"), {"answers": answers, "day": day(first, language)}, language)
    peak, most = max(days, key=lambda pair: pair[1])
    shown: dict[str, object] = {
        "answers": answers,
        "first": day(first, language),
        "last": day(last, language),
        "most": number(most, language),
        "peak": day(peak, language),
    }
    return translate(N_("{answers} from {first} to {last}; at most {most} on {peak}"), shown, language)
