"""Who is signed in: sessions, by the hash of their secret."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "directory_2026_11_25t1400_sessions"
VERSION = "1.38.0"
DESCRIPTION = "sessions"

STATEMENTS = (
    """
    CREATE TABLE session (
        id uuid CONSTRAINT session_is_known_by_id PRIMARY KEY,
        agent uuid NOT NULL CONSTRAINT session_agent_exists REFERENCES agent (id),
        hash bytea NOT NULL CONSTRAINT session_hash_is_unique UNIQUE
            CONSTRAINT session_hash_is_sha256 CHECK (length(hash) = 32),
        created_at timestamptz NOT NULL,
        seen_at timestamptz NOT NULL CONSTRAINT session_is_seen_from_its_beginning_on CHECK (seen_at >= created_at),
        ended_at timestamptz
    )
    """,
    "CREATE INDEX session_by_agent ON session (agent)",
    # The old ones are deleted by age.
    "CREATE INDEX session_by_creation ON session (created_at)",
)


async def forwards() -> MigrationManager:
    """Run the statements in order."""
    manager = MigrationManager(migration_id=ID, app_name="directory", description=DESCRIPTION)

    async def run() -> None:
        engine = engine_finder()
        for statement in STATEMENTS:
            await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
