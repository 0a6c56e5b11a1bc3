"""The application: `create_app(settings)` puts the pieces together; `create()` is what the server calls."""

import asyncio
import contextlib
import ctypes
import functools
import multiprocessing
import os
import signal
import sys
from collections.abc import AsyncIterator
from typing import Final

from litestar import Litestar
from litestar.di import Provide
from litestar.exceptions import HTTPException

from analytics import charts
from analytics.cube import Cube
from analytics.folding import Folder
from analytics.reading import Reader, editions_of_number
from base import database, logs, settings
from base.clock import now
from base.problems import Problem
from base.settings import Settings
from web.api.directory import DirectoryController
from web.api.figures import FigureController
from web.api.health import HealthController
from web.api.responses import ResponseController
from web.api.surveys import SurveyController
from web.authentication import signed_in
from web.documentation import ResultSchemas, openapi_config
from web.errors import failed, http_error, unexpected

PR_SET_PDEATHSIG: Final = 1
"""Linux's prctl(2)."""

FOLD_PATIENCE: Final = 10.0
"""Seconds that a stopping process gives the part it is folding; a fold that is cut off is rolled back."""

ROUTES: Final = (HealthController, DirectoryController, SurveyController, ResponseController, FigureController)


def create_app(chosen: Settings) -> Litestar:
    """The service on the database that `chosen` names. It starts while the database is away, and says so."""
    if chosen.database_url is None:
        raise ValueError("create_app needs a database_url; `navette serve` finds or starts the embedded server")
    folder = Folder(editions_of_number, interval=chosen.fold_interval)
    reader = Reader(Cube(chosen.cube_memory), folder)
    charts.warm_up()
    return Litestar(
        route_handlers=ROUTES,
        dependencies={
            "actor": Provide(signed_in),
            "figures": Provide(lambda: reader, sync_to_thread=False),
            "now": Provide(now, sync_to_thread=False),
        },
        exception_handlers={
            Problem: failed,
            HTTPException: http_error,
            Exception: unexpected,
        },
        lifespan=[functools.partial(_running, chosen, folder)],
        openapi_config=openapi_config(),
        plugins=[ResultSchemas()],
        request_max_body_size=chosen.upload_limit + 100_000,
        logging_config=None,
    )


def create() -> Litestar:
    """The service as the environment says: the target that granian loads in each worker."""
    _end_with_parent()
    chosen = settings.load()
    logs.configure(chosen.log_level)
    return create_app(chosen)


@contextlib.asynccontextmanager
async def _running(chosen: Settings, folder: Folder, app: Litestar) -> AsyncIterator[None]:
    """The pool is open and this process folds, as every other does, until it stops."""
    del app
    async with database.connected(chosen.database_url or "", pool_size=chosen.pool_size):
        folding = asyncio.create_task(folder.run())
        try:
            yield
        finally:
            folder.stop()
            with contextlib.suppress(TimeoutError):  # a database that hangs must not keep us from ending
                await asyncio.wait_for(folding, timeout=FOLD_PATIENCE)


def _end_with_parent() -> None:
    """Have the kernel stop this worker when the process that started it is gone, even by a kill.

    Until granian takes the signal over, it ends a worker at once: the handler that the parent left would swallow it.
    """
    parent = multiprocessing.parent_process()
    if sys.platform == "linux" and parent is not None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))
        if os.getppid() != parent.pid:  # it died before we asked
            sys.exit(1)
