"""Territories: INSEE's codes, who lies in whom, and the time of day there."""

from zoneinfo import ZoneInfo

import pytest

from base.database import reading
from directory.territories import find_territory, list_territories, load_territories

pytestmark = pytest.mark.anyio


async def test_all_of_france_is_there(database):
    """18 régions, 101 départements, 8 collectivities and the nation."""
    everything = await list_territories()
    kinds = [territory.kind for territory in everything]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "nation": 1,
        "region": 18,
        "department": 101,
        "collectivity": 8,
    }
    assert [territory.code for territory in everything] == sorted(territory.code for territory in everything)


async def test_loading_again_changes_nothing(database):
    """Loading is an upsert."""
    before = await list_territories()
    assert await load_territories() == 128
    assert await list_territories() == before


async def test_lists_by_kind_and_parent(database):
    """Both conditions hold together; an unknown parent has no children."""
    assert [territory.code for territory in await list_territories(parent="R-53")] == ["D-22", "D-29", "D-35", "D-56"]
    assert len(await list_territories(kind="region", parent="FR")) == 18
    assert len(await list_territories(kind="collectivity", parent="FR")) == 8
    assert await list_territories(kind="department", parent="FR") == []
    assert await list_territories(parent="R-00") == []


@pytest.mark.parametrize(
    ("code", "kind", "path", "region", "department", "zone"),
    [
        ("FR", "nation", ("FR",), None, None, "Europe/Paris"),
        ("R-53", "region", ("FR", "R-53"), "R-53", None, "Europe/Paris"),
        ("R-04", "region", ("FR", "R-04"), "R-04", None, "Indian/Reunion"),
        ("D-2A", "department", ("FR", "R-94", "D-2A"), "R-94", "D-2A", "Europe/Paris"),
        ("D-971", "department", ("FR", "R-01", "D-971"), "R-01", "D-971", "America/Guadeloupe"),
        ("D-988", "collectivity", ("FR", "D-988"), None, "D-988", "Pacific/Noumea"),
        ("D-989", "collectivity", ("FR", "D-989"), None, "D-989", "Etc/GMT+8"),
    ],
)
async def test_where_a_territory_lies(database, code, kind, path, region, department, zone):
    """The path goes from the nation to the territory itself; a collectivity is its own département, in no région."""
    found = await find_territory(code)
    assert found is not None
    assert (found.kind, found.path, found.region, found.department, found.time_zone) == (
        kind,
        path,
        region,
        department,
        zone,
    )


async def test_an_unknown_code_finds_nothing(database):
    assert await find_territory("D-20") is None


async def test_every_time_zone_is_known_to_python_and_to_the_server(database):
    """Deadlines are computed with them on both sides."""
    async with reading() as connection:
        zones = [row["time_zone"] for row in await connection.fetch("SELECT DISTINCT time_zone FROM territory")]
        known = await connection.fetchval("SELECT count(*) FROM pg_timezone_names WHERE name = ANY($1::text[])", zones)
    assert known == len(zones)
    for zone in zones:
        ZoneInfo(zone)
