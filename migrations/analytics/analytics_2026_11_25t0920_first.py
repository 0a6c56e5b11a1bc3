"""The cube at rest: segments of folded columns, and per part the manifest that says which of them count."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "analytics_2026_11_25t0920_first"
VERSION = "1.38.0"
DESCRIPTION = "segments and manifests"

BY_PART = {
    "segment": """
    CREATE TABLE segment (
        part bigint NOT NULL,
        id uuid NOT NULL,
        row_count integer NOT NULL CONSTRAINT segment_has_rows CHECK (row_count > 0),
        codebook jsonb NOT NULL,
        content bytea NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT segment_is_known_by_id PRIMARY KEY (part, id)
    )
    """,
    "manifest": """
    CREATE TABLE manifest (
        part bigint NOT NULL CONSTRAINT manifest_is_known_by_part PRIMARY KEY,
        segments uuid[] NOT NULL,
        tombstones bigint[] NOT NULL,
        version bigint NOT NULL,
        updated_at timestamptz NOT NULL
    )
    """,
}


def place(table: str) -> str:
    """Spread the table over the nodes of a Citus cluster by its part; nothing on plain PostgreSQL."""
    return f"""
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
            PERFORM create_distributed_table('{table}', 'part', colocate_with => 'default');
        END IF;
    END $$
    """


async def forwards() -> MigrationManager:
    """Create each table and place it; Parquet is compressed already, so PostgreSQL need not try again."""
    manager = MigrationManager(migration_id=ID, app_name="analytics", description=DESCRIPTION)

    async def run() -> None:
        engine = engine_finder()
        for table, statement in BY_PART.items():
            await engine.run_ddl(statement)
            await engine.run_ddl(place(table))
        await engine.run_ddl("ALTER TABLE segment ALTER COLUMN content SET STORAGE EXTERNAL")

    manager.add_raw(run)
    return manager
