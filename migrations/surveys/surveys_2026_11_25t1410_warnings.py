"""What the import of a workbook mended or left out, kept with the working copy that it made."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "surveys_2026_11_25t1410_warnings"
VERSION = "1.38.0"
DESCRIPTION = "warnings of an imported workbook"


async def forwards() -> MigrationManager:
    """Add the column; surveys that exist have none."""
    manager = MigrationManager(migration_id=ID, app_name="surveys", description=DESCRIPTION)

    async def run() -> None:
        await engine_finder().run_ddl("ALTER TABLE survey ADD COLUMN warnings jsonb")

    manager.add_raw(run)
    return manager
