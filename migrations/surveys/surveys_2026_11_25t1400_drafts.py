"""Drafts: what is typed and not sent yet, one for each expected answer."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "surveys_2026_11_25t1400_drafts"
VERSION = "1.38.0"
DESCRIPTION = "drafts of expected answers"

DRAFT = """
    CREATE TABLE draft (
        part bigint NOT NULL,
        id uuid NOT NULL,
        survey uuid NOT NULL CONSTRAINT draft_survey_exists REFERENCES survey (id),
        assignment uuid NOT NULL,
        edition integer NOT NULL CONSTRAINT draft_edition_is_positive CHECK (edition > 0),
        version integer NOT NULL CONSTRAINT draft_version_is_positive CHECK (version > 0),
        answers jsonb NOT NULL,
        touched jsonb NOT NULL,
        saved_at timestamptz NOT NULL,
        saved_by uuid NOT NULL CONSTRAINT draft_agent_exists REFERENCES agent (id),
        region text,
        department text,
        CONSTRAINT draft_is_known_by_id PRIMARY KEY (part, id),
        CONSTRAINT draft_is_the_only_one_of_its_assignment UNIQUE (part, assignment)
    )
"""

PLACED = """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
            PERFORM create_distributed_table('draft', 'part', colocate_with => 'default');
        END IF;
    END $$
"""
"""Spread over the nodes of a Citus cluster by its part; nothing on plain PostgreSQL."""

TIED = """
    ALTER TABLE draft ADD CONSTRAINT draft_assignment_exists
        FOREIGN KEY (part, assignment) REFERENCES assignment (part, id)
"""


async def forwards() -> MigrationManager:
    """Create, place, tie."""
    manager = MigrationManager(migration_id=ID, app_name="surveys", description=DESCRIPTION)

    async def run() -> None:
        engine = engine_finder()
        for statement in (DRAFT, PLACED, TIED):
            await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
