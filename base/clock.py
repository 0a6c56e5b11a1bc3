"""The clock: read in controllers, commands and loops, and passed on; verbs and pure functions are given the time."""

import datetime as dt


def now() -> dt.datetime:
    """The present instant, in UTC."""
    return dt.datetime.now(dt.UTC)
