"""The SQL of territories and of the units in them."""

from collections.abc import Sequence

from asyncpg import Connection

from directory.rows import Place, Territory, TerritoryKind, UnitRow


async def store_places(connection: Connection, places: Sequence[Place]) -> None:
    """Insert or correct territories, each after its parent."""
    await connection.executemany(
        """
        INSERT INTO territory (code, kind, name, parent, path, region, department, time_zone)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (code) DO UPDATE SET
            kind = excluded.kind, name = excluded.name, parent = excluded.parent, path = excluded.path,
            region = excluded.region, department = excluded.department, time_zone = excluded.time_zone
        """,
        [(p.code, p.kind, p.name, p.parent, p.path, p.region, p.department, p.time_zone) for p in places],
    )


async def territories(connection: Connection, kind: TerritoryKind | None, parent: str | None) -> list[Territory]:
    """The territories of this kind and directly under this parent, by code."""
    rows = await connection.fetch(
        """
        SELECT code, kind, name, parent FROM territory
        WHERE ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR parent = $2) ORDER BY code
        """,
        kind,
        parent,
    )
    return [Territory(**row) for row in rows]


async def place(connection: Connection, code: str) -> Place | None:
    """The territory of this code."""
    row = await connection.fetchrow(
        "SELECT code, kind, name, parent, path, region, department, time_zone FROM territory WHERE code = $1", code
    )
    return Place(**{**row, "path": tuple(row["path"])}) if row else None


async def stored_units(connection: Connection, codes: Sequence[str]) -> list[UnitRow]:
    """The units of these codes, as they are stored."""
    rows = await connection.fetch(
        "SELECT id, code, name, kind, territory FROM unit WHERE code = ANY($1::text[])", list(codes)
    )
    return [UnitRow(**row) for row in rows]


async def insert_units(connection: Connection, rows: Sequence[UnitRow]) -> None:
    """Insert new units."""
    await connection.execute(
        """
        INSERT INTO unit (id, code, name, kind, territory)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
        """,
        [row.id for row in rows],
        [row.code for row in rows],
        [row.name for row in rows],
        [row.kind for row in rows],
        [row.territory for row in rows],
    )
