"""Lists by pages: `{"items": […], "next_cursor": …}`, where the cursor says after which key the next page begins."""

import base64
import binascii
from typing import Annotated, Final, Generic, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

from base.language import N_
from base.problems import problem

T = TypeVar("T")

LIMIT: Final = 500
Limit: TypeAlias = Annotated[int, Meta(ge=1, le=LIMIT)]

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


def key_of(cursor: str | None, length: int) -> tuple[str, ...] | None:
    """The key in a cursor that `cursor_after` made from `length` parts; raises `bad-cursor` for anything else."""
    if not cursor:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        key = msgspec.json.decode(raw, type=tuple[str, ...])
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise BAD_CURSOR() from error
    if len(key) != length:
        raise BAD_CURSOR()
    return key
