"""The application: `create_app(settings)` puts the pieces together; `create()` is what the server calls."""

import asyncio
import contextlib
import functools
import gc
from collections.abc import AsyncIterator
from typing import Final

from litestar import Litestar, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.middleware import DefineMiddleware
from litestar.middleware.compression import CompressionMiddleware

from analytics import charts
from analytics.cube import Cube
from analytics.folding import Folder
from analytics.reading import Reader, editions_of_number
from base import database, logs, settings
from base.clock import now
from base.problems import Problem
from base.settings import Settings
from base.supervising import end_with_parent
from web.api.assignments import AssignmentController
from web.api.directory import DirectoryController
from web.api.drafts import DraftController
from web.api.figures import FigureController
from web.api.health import HealthController
from web.api.responses import ResponseController
from web.api.surveys import SurveyController
from web.assets import static_files
from web.authentication import signed_in
from web.csrf import guard
from web.documentation import ResultSchemas, openapi_config
from web.pages import CONTROLLERS, rendering
from web.pages.failing import failed
from web.pages.interrupting import interrupted
from web.pages.visiting import Interrupted, find_guest, find_visitor
from web.security import secure

FOLD_PATIENCE: Final = 10.0
"""Seconds that a stopping process gives the part it is folding; a fold that is cut off is rolled back."""

COMPRESSION: Final = CompressionConfig(backend="brotli", brotli_quality=4)
"""Fast enough to be done for each page."""

ROUTES: Final = (
    HealthController,
    DirectoryController,
    SurveyController,
    AssignmentController,
    DraftController,
    ResponseController,
    FigureController,
    static_files,
)


def create_app(chosen: Settings, *, demo: bool = False) -> Litestar:
    """The service on the database that `chosen` names. It starts while the database is away, and says so.

    With `demo` whoever comes may sign in as anybody: only `navette demo` asks for that, on a database of its own.
    """
    if chosen.database_url is None:
        raise ValueError("create_app needs a database_url; `navette serve` finds or starts the embedded server")
    folder = Folder(editions_of_number, interval=chosen.fold_interval)
    reader = Reader(Cube(chosen.cube_memory), folder)
    charts.warm_up()
    rendering.warm_up()
    return Litestar(
        route_handlers=[*ROUTES, _pages()],
        state=State({"demo": demo, "settings": chosen}),
        dependencies={
            "actor": Provide(signed_in),
            "guest": Provide(find_guest),
            "visitor": Provide(find_visitor),
            "figures": Provide(lambda: reader, sync_to_thread=False),
            "now": Provide(now, sync_to_thread=False),
        },
        exception_handlers={
            Interrupted: interrupted,
            Problem: failed,
            HTTPException: failed,
            Exception: failed,
        },
        before_send=[secure],
        lifespan=[functools.partial(_running, chosen, folder)],
        openapi_config=openapi_config(),
        plugins=[ResultSchemas()],
        request_max_body_size=chosen.upload_limit + 100_000,
        logging_config=None,
    )


def _pages() -> Router:
    """All pages, compressed, behind the guard against forms of other sites; none is part of the API's description."""
    return Router(
        "/",
        route_handlers=CONTROLLERS,
        guards=[guard],
        middleware=[DefineMiddleware(CompressionMiddleware, config=COMPRESSION)],
        include_in_schema=False,
    )


def create() -> Litestar:
    """The service as the environment says: the target that granian loads in each worker."""
    return _created(demo=False)


def create_demo() -> Litestar:
    """The same for `navette demo`: whoever comes may sign in as anybody."""
    return _created(demo=True)


def _created(*, demo: bool) -> Litestar:
    end_with_parent()
    chosen = settings.load()
    logs.configure(chosen.log_level)
    app = create_app(chosen, demo=demo)
    gc.collect()
    gc.freeze()  # what stays for good is not looked through again: that took 100 ms in the middle of a request
    return app


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
