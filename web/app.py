"""The application: `create_app(settings)` puts the pieces together; `create()` is what the server calls."""

import contextlib
import functools
from collections.abc import AsyncIterator

from litestar import Litestar
from litestar.di import Provide
from litestar.exceptions import HTTPException

from base import database, logs, settings
from base.problems import Problem
from base.settings import Settings
from web.api.directory import DirectoryController
from web.api.health import HealthController
from web.api.responses import ResponseController
from web.api.surveys import SurveyController
from web.authentication import now, signed_in
from web.documentation import openapi_config
from web.errors import http_error, problem_response, unexpected

ROUTES = (HealthController, DirectoryController, SurveyController, ResponseController)


def create_app(chosen: Settings) -> Litestar:
    """The service on the database that `chosen` names. It starts while the database is away, and says so."""
    if chosen.database_url is None:
        raise ValueError("create_app needs a database_url; `navette serve` finds or starts the embedded server")
    return Litestar(
        route_handlers=ROUTES,
        dependencies={
            "actor": Provide(signed_in),
            "now": Provide(now, sync_to_thread=False),
        },
        exception_handlers={
            Problem: problem_response,  # type: ignore[dict-item]  # Litestar's type wants handlers of Exception
            HTTPException: http_error,  # type: ignore[dict-item]  # same
            Exception: unexpected,
        },
        lifespan=[functools.partial(_running, chosen)],
        openapi_config=openapi_config(),
        request_max_body_size=chosen.upload_limit + 100_000,
        logging_config=None,
    )


def create() -> Litestar:
    """The service as the environment says: the target that granian loads in each worker."""
    chosen = settings.load()
    logs.configure(chosen.log_level)
    return create_app(chosen)


@contextlib.asynccontextmanager
async def _running(chosen: Settings, app: Litestar) -> AsyncIterator[None]:
    del app
    assert chosen.database_url
    async with database.connected(chosen.database_url, pool_size=chosen.pool_size):
        yield
