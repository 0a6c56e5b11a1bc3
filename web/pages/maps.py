"""Maps of France by région or département: what `macros/map.html` draws as SVG on the server, without a script.

A map is an image with a name and a sentence; whoever shows one puts the table with the same figures and actions beside
it. A colour is one of five classes; a territory where nobody is asked and one with too few answers have hatchings.
"""

import itertools
import math
from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

from analytics.sentences import percent, told
from base.language import DEFAULT, N_, translate

Level: TypeAlias = Literal["region", "department"]

CLASSES: Final = 5
STEPS: Final = (0.01, 0.02, 0.04, 0.05, 0.1, 0.2)
"""How wide a class may be: the narrowest that shows all values is taken."""

NOBODY: Final = "none"
FEW: Final = "few"
"""Marks of the territories that have no class; the classes are `1` to `5`."""

SOURCE: Final = "IGN Admin Express 2018, INSEE, Etalab, Licence Ouverte"

FILES: Final[dict[Level, str]] = {"region": "regions-carte.json", "department": "departements-carte.json"}


class Frame(NamedTuple):
    """The frame around an inset."""

    name: str
    x: int
    y: int
    width: int
    height: int


class Outlines(msgspec.Struct, frozen=True, kw_only=True):
    """A map's shapes: for each its territory and its SVG path; one territory may have several."""

    width: int
    height: int
    outlines: tuple[tuple[str, str], ...]
    frames: tuple[Frame, ...]


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """One shape as it is drawn. `mark` is its class (`1` palest), `few` or `none`; `hover` what it says by itself."""

    code: str
    path: str
    mark: str
    hover: str
    href: str | None
    selected: bool


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the legend."""

    mark: str
    text: str


class MapView(msgspec.Struct, frozen=True, kw_only=True):
    """All that `macros/map.html` needs. `unseen` are the territories that have a value and no outline, in words."""

    level: Level
    width: int
    height: int
    title: str
    sentence: str
    shapes: tuple[Shape, ...]
    frames: tuple[Frame, ...]
    legend: tuple[Mark, ...]
    unseen: tuple[str, ...]
    source: str = SOURCE


def territory_map(
    level: Level,
    values: Mapping[str, float | None],
    *,
    labels: Mapping[str, str],
    title: str,
    sentence: str,
    details: Mapping[str, str] | None = None,
    few: Collection[str] = (),
    links: Mapping[str, str] | None = None,
    selected: Collection[str] = (),
    nobody: str = N_("nobody asked"),
    language: str = DEFAULT,
) -> MapView:
    """The map of shares by code; null or absent: nobody is asked there, or too few answered if the code is in `few`.

    `labels` names the territories, `details` says more of their value (« 8 sur 13 »), `links` lead where a click goes:
    to an action that the table beside the map offers too. `nobody` is the message for those without a value.
    """
    drawn = outlines(level)
    shown = {code: share for code, share in values.items() if share is not None and code not in few}
    bounds = bounds_of(shown.values())
    said = {
        code: _hover(
            labels.get(code, code),
            _worded(shown.get(code), N_("too few answers") if code in few else nobody, language),
            (details or {}).get(code, ""),
            language,
        )
        for code in dict.fromkeys([*(code for code, _ in drawn.outlines), *shown, *few])
    }
    marks = {code: str(class_of(share, bounds)) for code, share in shown.items()} | dict.fromkeys(few, FEW)
    drawable = {code for code, _ in drawn.outlines}
    shapes = tuple(
        Shape(
            code=code,
            path=path,
            mark=marks.get(code, NOBODY),
            hover=said[code],
            href=(links or {}).get(code),
            selected=code in selected,
        )
        # What is selected comes last: its thick outline lies above its neighbours.
        for code, path in sorted(drawn.outlines, key=lambda outline: outline[0] in selected)
    )
    return MapView(
        level=level,
        width=drawn.width,
        height=drawn.height,
        title=title,
        sentence=sentence,
        shapes=shapes,
        frames=drawn.frames,
        legend=_legend(bounds, {shape.mark for shape in shapes}, nobody, language),
        unseen=tuple(said[code] for code in sorted({*shown, *few} - drawable)),
    )


@cache
def outlines(level: Level) -> Outlines:
    """The shapes of `directory/data/territories/`."""
    content = (files("directory") / "data" / "territories" / FILES[level]).read_bytes()
    return msgspec.json.decode(content, type=Outlines)


def bounds_of(shares: Collection[float]) -> tuple[float, ...]:
    """The bounds of five classes of one round width that hold all these shares; from 0 on where all are the same, so
    that a map of one territory darkens with its first answers.
    """
    least, most = min(shares, default=0.0), max(shares, default=1.0)
    least = least if least < most else 0.0
    for step in STEPS:
        start = min(math.floor(round(least / step, 9)), round(1 / step) - CLASSES)
        if round(most / step, 9) <= start + CLASSES:
            break
    return tuple(round((start + place) * step, 9) for place in range(CLASSES + 1))


def class_of(share: float, bounds: tuple[float, ...]) -> int:
    """The class of a share, 1 to 5: from its lower bound to before its upper one, which only the last includes."""
    return max(1, min(CLASSES, sum(share >= bound for bound in bounds)))


def _worded(share: float | None, otherwise: str, language: str) -> str:
    return translate(otherwise, None, language) if share is None else percent(share, language)


def _hover(label: str, value: str, detail: str, language: str) -> str:
    said = told(label, value, language)
    return f"{said} ({detail})" if detail else said


def _legend(bounds: tuple[float, ...], marks: set[str], nobody: str, language: str) -> tuple[Mark, ...]:
    """The classes from the palest to the darkest, then the hatchings that the map has."""
    lines = []
    for place, (low, high) in enumerate(itertools.pairwise(bounds), start=1):
        words = N_("from {low} to {high}") if place == CLASSES else N_("from {low} to less than {high}")
        shown: dict[str, object] = {"low": percent(low, language), "high": percent(high, language)}
        lines.append(Mark(mark=str(place), text=translate(words, shown, language)))
    for mark, words in ((FEW, N_("too few answers")), (NOBODY, nobody)):
        if mark in marks:
            lines.append(Mark(mark=mark, text=translate(words, None, language)))
    return tuple(lines)
