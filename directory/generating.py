"""A directory for demonstrations: the real services of the ministry and of the départements, with people we made up.

Pure and seeded: the same seed and number give the same bytes, on every version of Python (of its `random`, only the
method `random()` promises that). The files are those that `importing.py` takes; no mail can leave for `.example`.
"""

import csv
import io
import itertools
import random
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from typing import Final, TypeVar

import msgspec

from directory.importing import AGENT_COLUMNS, COMMUNITY_COLUMNS, SEPARATOR

T = TypeVar("T")

AGENTS_PER_ANIMATOR: Final = 9000 / 650

COMMUNITIES_OF_ONE: Final = {
    "directorate": (0.35, 0.40, 0.17, 0.06, 0.02),
    "operator": (0.40, 0.40, 0.15, 0.04, 0.01),
    "other": (0.50, 0.40, 0.10, 0.0, 0.0),
}
"""Kind of unit → how likely an agent is in none, one, two, three, four communities; the services in the territories,
where one person follows several subjects, share `IN_THE_FIELD`."""
IN_THE_FIELD: Final = (0.20, 0.33, 0.27, 0.14, 0.06)


class GeneratedAgent(msgspec.Struct, frozen=True, kw_only=True):
    """A row of agents.csv."""

    email: str
    given_name: str
    family_name: str
    unit: str
    unit_name: str
    unit_kind: str
    territory: str
    communities: tuple[str, ...]


class GeneratedCommunity(msgspec.Struct, frozen=True, kw_only=True):
    """A row of communities.csv."""

    slug: str
    name_fr: str
    name_en: str
    animators: tuple[str, ...]


class Generated(msgspec.Struct, frozen=True, kw_only=True):
    """A whole directory, as rows and as the files that the importers take (agents first)."""

    agents: tuple[GeneratedAgent, ...]
    communities: tuple[GeneratedCommunity, ...]

    def agents_csv(self) -> bytes:
        return _csv(AGENT_COLUMNS.known, self.agents)

    def communities_csv(self) -> bytes:
        return _csv(COMMUNITY_COLUMNS.known, self.communities)


def generate(seed: int, agents: int = 9000) -> Generated:
    """A directory of so many agents; with few of them, small services have nobody and are left out."""
    chance = random.Random(seed)  # noqa: S311 - must repeat, protects nothing
    given = _lines("given.txt")
    family = _lines("family.txt")
    themes = _table("communities.csv")
    taken: set[str] = set()
    people = []
    for unit, size in _sizes(chance, agents):
        for _ in range(size):
            given_name, family_name = _any(given, _low(chance)), _any(family, _low(chance))
            people.append(
                GeneratedAgent(
                    email=_address(given_name, family_name, f"{unit['unit'].lower()}.example", taken),
                    given_name=given_name,
                    family_name=family_name,
                    unit=unit["unit"],
                    unit_name=unit["unit_name"],
                    unit_kind=unit["unit_kind"],
                    territory=unit["territory"],
                    communities=_interests(chance, unit["unit_kind"], themes),
                )
            )
    animators = _animators(chance, people, [theme["slug"] for theme in themes])
    return Generated(
        agents=tuple(people),
        communities=tuple(
            GeneratedCommunity(
                slug=theme["slug"],
                name_fr=theme["name_fr"],
                name_en=theme["name_en"],
                animators=tuple(sorted(animators[theme["slug"]])),
            )
            for theme in themes
        ),
    )


def _sizes(chance: random.Random, agents: int) -> Iterator[tuple[dict[str, str], int]]:
    """Each unit and how many agents it gets: realistic numbers, small ones likelier, scaled to the sum wanted."""
    units = _table("units.csv")
    wishes = [int(unit["fewest"]) + (int(unit["most"]) - int(unit["fewest"])) * _low(chance) for unit in units]
    # Rounding the running sum, not each part, makes the parts add up to the whole.
    bounds = [round(agents * total / sum(wishes)) for total in itertools.accumulate(wishes)]
    for unit, before, after in zip(units, [0, *bounds], bounds, strict=False):
        yield unit, after - before


def _interests(chance: random.Random, kind: str, themes: list[dict[str, str]]) -> tuple[str, ...]:
    near = [theme["slug"] for theme in themes if kind in theme["unit_kinds"].split(SEPARATOR)]
    weights = itertools.accumulate(COMMUNITIES_OF_ONE.get(kind, IN_THE_FIELD))
    draw = chance.random()
    count = next((number for number, weight in enumerate(weights) if draw < weight), 0)
    chosen: set[str] = set()
    while len(chosen) < min(count, len(near)):
        chosen.add(_any(near, chance.random()))
    return tuple(sorted(chosen))


def _animators(chance: random.Random, people: Sequence[GeneratedAgent], slugs: Sequence[str]) -> dict[str, list[str]]:
    """Members who animate one of their communities, each time the one with the fewest animators so far."""
    animators: dict[str, list[str]] = {slug: [] for slug in slugs}
    members = [person for person in people if person.communities]
    wanted = min(round(len(people) / AGENTS_PER_ANIMATOR), len(members))
    for position in range(wanted):
        drawn = position + int(chance.random() * (len(members) - position))
        members[position], members[drawn] = members[drawn], members[position]
        person = members[position]
        animators[min(person.communities, key=lambda slug: len(animators[slug]))].append(person.email)
    return animators


def _low(chance: random.Random) -> float:
    """A number from 0 to 1, small ones likelier (exact on every machine, as a power is not)."""
    return min(chance.random(), chance.random())


def _any(items: Sequence[T], draw: float) -> T:
    return items[int(draw * len(items))]


def _address(given_name: str, family_name: str, domain: str, taken: set[str]) -> str:
    name = f"{_plain(given_name)}.{_plain(family_name)}"
    numbered = (f"{name}.{number}" for number in itertools.count(2))
    for local in itertools.chain([name], numbered):
        address = f"{local}@{domain}"
        if address not in taken:
            taken.add(address)
            return address
    raise AssertionError


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z]+", "-", letters)


def _lines(name: str) -> list[str]:
    return (files("directory") / "data" / "names" / name).read_text(encoding="utf-8").split("\n")[:-1]


def _table(name: str) -> list[dict[str, str]]:
    text = (files("directory") / "data" / "demo" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _csv(columns: Sequence[str], rows: Iterable[GeneratedAgent | GeneratedCommunity]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        cells = (getattr(row, column) for column in columns)
        writer.writerow([cell if isinstance(cell, str) else SEPARATOR.join(cell) for cell in cells])
    return text.getvalue().encode()
