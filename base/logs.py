"""Logs: one JSON object a line on standard error, in UTC. What people answered never reaches them."""

import logging
import sys
import traceback
from collections.abc import Iterator

import structlog
from structlog.typing import EventDict


def configure(level: str = "info") -> None:
    """Set the log of this process up; below `level` nothing is written."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _where_it_failed,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # as it is when something is logged
        cache_logger_on_first_use=False,
    )


def _where_it_failed(logger: object, method: str, event: EventDict) -> EventDict:
    """Replace an exception by its types, places and SQL state.

    Its message is left out: those of the driver and of Python repeat the values they stumbled over, which may be
    somebody's answer.
    """
    del logger, method
    raised = event.pop("exc_info", None)
    if raised is True:
        raised = sys.exc_info()[1]
    if isinstance(raised, BaseException):
        event["failure"] = [
            {
                "type": f"{type(error).__module__}.{type(error).__qualname__}",
                "sqlstate": getattr(error, "sqlstate", None),
                "constraint": getattr(error, "constraint_name", None),
                "at": [
                    f"{frame.filename}:{frame.lineno} {frame.name}"
                    for frame in traceback.extract_tb(error.__traceback__)
                ],
            }
            for error in _chain(raised)
        ]
    return event


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
