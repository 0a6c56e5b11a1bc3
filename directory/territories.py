"""The territories of France: the nation, its régions, départements and collectivities, with INSEE's codes.

`FR`, `R-53` (région), `D-2A` (département). A collectivity overseas (Nouvelle-Calédonie: `D-988`) belongs to no région
and counts as its own département.
"""

import csv
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Final

from base.database import reading, transaction
from directory import queries
from directory.rows import Place, Territory, TerritoryKind

__all__ = ["Place", "Territory", "TerritoryKind", "find_territory", "list_territories", "load_territories"]

NATION: Final = "FR"

CODE: Final = re.compile(r"FR|[RDCE]-[0-9A-Z]{1,9}")
"""How a code is written; what is not written so (a NUL byte, which the database refuses) names no territory."""

PARIS: Final = "Europe/Paris"
TIME_ZONES: Final = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "975": "America/Miquelon",
    "976": "Indian/Mayotte",
    "977": "America/St_Barthelemy",
    "978": "America/Marigot",
    "984": "Indian/Kerguelen",
    "986": "Pacific/Wallis",
    "987": "Pacific/Tahiti",
    "988": "Pacific/Noumea",
    "989": "Etc/GMT+8",
}
"""INSEE's code → IANA's zone, where it is not Paris's. Clipperton has no zone; its UTC−8 is written with a plus."""


async def load_territories() -> int:
    """Store the territories of `data/territories/`, correcting those there already; returns how many they are."""
    places = list(france())
    async with transaction() as connection:
        await queries.store_places(connection, places)
    return len(places)


async def list_territories(kind: TerritoryKind | None = None, parent: str | None = None) -> list[Territory]:
    """The territories of this kind and directly under this parent, by code."""
    if parent is not None and not CODE.fullmatch(parent):
        return []
    async with reading() as connection:
        return await queries.territories(connection, kind, parent)


async def find_territory(code: str) -> Place | None:
    """The territory of this code."""
    if not CODE.fullmatch(code):
        return None
    async with reading() as connection:
        return await queries.place(connection, code)


def france() -> Iterator[Place]:
    """The nation, then its régions, then départements and collectivities: each after its parent."""
    yield Place(
        code=NATION,
        kind="nation",
        name="France",
        parent=None,
        path=(NATION,),
        region=None,
        department=None,
        time_zone=PARIS,
    )
    departments = rows("departements.csv")
    seats = {row["region"]: row["code"] for row in departments if row["zone"] == "drom"}
    for row in rows("regions.csv"):
        if row["zone"] != "com":
            code = f"R-{row['code']}"
            yield Place(
                code=code,
                kind="region",
                name=row["nom"],
                parent=NATION,
                path=(NATION, code),
                region=code,
                department=None,
                time_zone=TIME_ZONES.get(seats.get(row["code"], ""), PARIS),
            )
    for row in departments:
        code = f"D-{row['code']}"
        region = None if row["zone"] == "com" else f"R-{row['region']}"
        yield Place(
            code=code,
            kind="department" if region else "collectivity",
            name=row["nom"],
            parent=region or NATION,
            path=(NATION, region, code) if region else (NATION, code),
            region=region,
            department=code,
            time_zone=TIME_ZONES.get(row["code"], PARIS),
        )


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one file of `data/territories/`."""
    text = (files("directory") / "data" / "territories" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
