"""Lists by pages: `{"items": […], "next_cursor": …}`, where the cursor says after which key the next page begins."""

import base64
import binascii
import datetime as dt
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

import msgspec

from base.language import N_
from base.problems import problem

T = TypeVar("T")

LIMIT: Final = 500

BAD_CURSOR = problem(
    "bad-cursor",
    400,
    N_("The cursor is not one of ours"),
    N_("Take the cursor from the field next_cursor of the page before, or leave it out to begin."),
)


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Some of a list, and where to go on; `next_cursor` is null on the last page."""

    items: list[T]
    next_cursor: str | None = None


def cursor_after(*key: str) -> str:
    """The cursor of the page that begins behind this key."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()


def instant(text: str) -> dt.datetime:
    """The parser of a time in a cursor; one without offset is none of ours."""
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError as error:
        raise ValueError(text) from error


def key_of(cursor: str | None, *parsers: Callable[[str], Any]) -> tuple[Any, ...] | None:
    """The key in a cursor, each part read by its parser; raises `bad-cursor` for what `cursor_after` did not make."""
    if not cursor:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        key = msgspec.json.decode(raw, type=tuple[str, ...])
        return tuple(parse(part) for parse, part in zip(parsers, key, strict=True))
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise BAD_CURSOR() from error
