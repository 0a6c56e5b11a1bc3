"""The filters of a dashboard as its address holds them: `?where=q1:oui|non&where=@region:R-53&par=region`.

Each state is an address, so that going back works, an address can be sent to a colleague, and no script is needed:
a row's button submits the filters as they would be after it.
"""

import datetime as dt
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import urlencode

import msgspec

from analytics.selecting import Condition
from analytics.sentences import day, number, text_of, told
from analytics.series import Labels
from base.language import N_, translate
from web.markdown import inline, words
from web.pages.maps import Level

DEFAULT_LEVEL: Final[Level] = "region"

SELECTS: Final = {
    "region": (N_("Région"), N_("All régions")),
    "department": (N_("Département"), N_("All départements")),
    "unit_kind": (N_("Kind of service"), N_("All kinds of service")),
    "community": (N_("Community"), N_("All communities")),
}
"""The dimensions that have a list to choose from: its label, and what stands for no filter."""

LONGEST_LABEL: Final = 60
"""Characters of a question's label in a tag."""


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a dashboard: its path, the filters that hold, the level of its map."""

    path: str
    where: tuple[str, ...] = ()
    level: Level = DEFAULT_LEVEL


class Toggle(NamedTuple):
    """A button that adds or removes one value: the condition after it (empty: none), and whether it holds now."""

    condition: str
    pressed: bool


class Tag(NamedTuple):
    """A filter that holds, in words, and the address without it."""

    text: str
    href: str


class Select(NamedTuple):
    """A list to choose a value of a dimension from; an empty one is no filter."""

    name: str
    label: str
    options: list[tuple[str, str]]
    value: str


def escaped(value: str) -> str:
    """A value inside a condition."""
    return value.replace("|", "%7C").replace(":", "%3A")


def name_of(condition: str) -> str:
    """What a condition is about."""
    return condition.partition(":")[0]


def values_of(where: Sequence[str], name: str) -> list[str]:
    """The values chosen of a question or dimension, as they stand in the address."""
    return [value for one in where if name_of(one) == name for value in one.partition(":")[2].split("|")]


def toggle(filters: Filters, name: str, value: str) -> Toggle:
    """What a row's button does: further values of the same name mean “or”."""
    chosen = values_of(filters.where, name)
    pressed = value in chosen
    after = [one for one in chosen if one != value] if pressed else [*chosen, value]
    return Toggle(f"{name}:{'|'.join(after)}" if after else "", pressed)


def others(filters: Filters, *names: str) -> list[tuple[str, str]]:
    """The fields of a form that changes the filters of these names and keeps all else."""
    kept = [("where", one) for one in filters.where if name_of(one) not in names]
    return [*kept, *_level(filters)]


def href(filters: Filters, where: Sequence[str] | None = None, *, level: Level | None = None, path: str = "") -> str:
    """The address of a state; `path` for another page with the same filters."""
    state = msgspec.structs.replace(
        filters,
        where=filters.where if where is None else tuple(where),
        level=level or filters.level,
    )
    query = urlencode([*(("where", one) for one in state.where), *_level(state)], safe=":@|,")
    return f"{path or filters.path}?{query}" if query else path or filters.path


def after(filters: Filters, name: str, made: Toggle) -> str:
    """The address after a toggle: where the same act is a link (on a map)."""
    kept = [one for one in filters.where if name_of(one) != name]
    return href(filters, [*kept, made.condition] if made.condition else kept)


def tags(filters: Filters, conditions: Sequence[Condition], language: str) -> list[Tag]:
    """One tag for each value of each filter."""
    found = []
    for place, condition in enumerate(conditions):
        label = _short(words(inline(text_of(condition.series.label, condition.name, language))))
        values = condition.source.partition(":")[2].split("|")
        for value in values:
            rest = [one for one in values if one != value]
            kept = [other.source for other in conditions]
            kept[place : place + 1] = [f"{condition.name}:{'|'.join(rest)}"] if rest else []
            found.append(Tag(told(label, worded(condition, value, language), language), href(filters, kept)))
    return found


def worded(condition: Condition, raw: str, language: str) -> str:
    """One value of a filter in words."""
    value = raw.replace("%7C", "|").replace("%3A", ":").replace("%7c", "|").replace("%3a", ":")
    if not value:
        return translate(N_("no answer"), None, language)
    match condition.series.family:
        case "choice" | "multiple":
            return text_of(condition.series.choices.get(value, {}), value, language)
        case "number" | "date" if ".." in value:
            low, _, high = (_plain(end, condition, language) for end in value.partition(".."))
            return _between(low, high, language)
        case "number" | "date":
            return _plain(value, condition, language)
        case _:
            return value


def selects(filters: Filters, labels: Labels, language: str) -> list[Select]:
    """The lists of the filter form; several values chosen by buttons stay one entry of theirs."""
    found = []
    for field, (label, everybody) in SELECTS.items():
        name = f"@{field}"
        if not labels.get(name):
            continue
        options = [("", translate(everybody, None, language))]
        options += [(escaped(key), text_of(texts, key, language)) for key, texts in _sorted(labels[name], language)]
        chosen = values_of(filters.where, name)
        value = "|".join(chosen)
        if value not in dict(options):
            options.append((value, _several(name, chosen, labels, language)))
        found.append(Select(field, translate(label, None, language), options, value))
    return found


def submitted(filters: Filters, chosen: Mapping[str, str | None]) -> Filters:
    """The filters after the form of lists: each that was sent replaces the filter of its dimension."""
    sent = {f"@{field}": value for field, value in chosen.items() if value is not None}
    kept = [one for one in filters.where if name_of(one) not in sent]
    return msgspec.structs.replace(
        filters, where=(*kept, *(f"{name}:{value}" for name, value in sent.items() if value))
    )


def _level(filters: Filters) -> list[tuple[str, str]]:
    return [] if filters.level == DEFAULT_LEVEL else [("par", filters.level)]


def _sorted(listed: Mapping[str, Mapping[str, str]], language: str) -> list[tuple[str, dict[str, str]]]:
    return sorted(
        ((key, dict(texts)) for key, texts in listed.items()),
        key=lambda item: plain(text_of(item[1], item[0], language)),
    )


def plain(text: str) -> str:
    """A name as it is sorted: without accents, in any case of letters."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _several(name: str, values: Sequence[str], labels: Labels, language: str) -> str:
    words = [
        text_of(dict(labels[name].get(value, {})), value, language)
        if value
        else translate(N_("no answer"), None, language)
        for value in values
    ]
    return ", ".join(words)


def _plain(value: str, condition: Condition, language: str) -> str:
    if not value or value == "..":
        return ""
    if condition.series.family == "date":
        return day(dt.date.fromisoformat(value), language)
    return number(float(value), language)


def _between(low: str, high: str, language: str) -> str:
    if low and high:
        return translate(N_("{low} to {high}"), {"low": low, "high": high}, language)
    if low:
        return translate(N_("{low} or more"), {"low": low}, language)
    return translate(N_("{high} or less"), {"high": high}, language)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1].rstrip() + "…"
