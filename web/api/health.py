"""Whether the process lives, and whether it can work."""

import msgspec
from litestar import Controller, get

from base.database import reading
from base.migrating import require_migrated


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What a health check answers when all is well."""

    status: str


class HealthController(Controller):
    """For orchestrators and probes. Anybody may ask."""

    path = "/health"
    tags = ("Health",)

    @get("/live", operation_id="live", summary="The process answers")
    async def live(self) -> Health:
        return Health(status="live")

    @get("/ready", operation_id="ready", summary="The database answers and is up to date (else 503)")
    async def ready(self) -> Health:
        async with reading() as connection:
            await connection.fetchval("SELECT 1")
        await require_migrated()
        return Health(status="ready")
