"""Nobody else's page makes somebody act here: the guard in front of every page that changes something.

A request must come from a page of ours, as the browser itself says (`Sec-Fetch-Site`, else `Origin`), and carry
the token of its session, in the field `csrf` of the form or the header `X-CSRF-Token` of a script. Who has no session
has nothing that could be abused but to be signed in as somebody else: for them the browser's word is required and
suffices, and no cookie is set. It suffices, too, where the session does not matter (`opt=ANY_SESSION`): to sign in or
out, or to choose a language, from a page that was opened before somebody signed in again.
"""

from typing import Final, cast
from urllib.parse import urlsplit

from litestar.enums import RequestEncodingType
from litestar.handlers import BaseRouteHandler

from base.language import N_
from base.problems import problem
from web.authentication import Connection, csrf_token, is_csrf_token, session_secret
from web.errors import TOO_LARGE
from web.pages.visiting import ANY_SESSION, TOKEN_FIELD, AnyRequest, Interrupted, find_guest, typed_in

SAFE: Final = {"GET", "HEAD", "OPTIONS"}
HEADER: Final = "X-CSRF-Token"

MOST_FIELDS: Final = 20_000
"""Fields that a form may have: more than the longest questionnaire sends. Of parts with files, Litestar takes 1 000."""

MOST_BYTES: Final = 3_000_000
"""Bytes that a form without files may have: three times what a draft may hold, as accents become six signs each."""

CSRF = problem(
    "csrf",
    403,
    N_("This form could not be checked"),
    N_(
        "Nothing was changed. Either it came from another site, or somebody signed in or out since the page was "
        "opened: open the page again and send the form from there."
    ),
)


async def guard(connection: Connection, handler: BaseRouteHandler) -> None:
    """Let an unsafe request pass if it comes from a page of ours and carries its session's token.

    A token of another session in a form of ours is what remains when one signs in in another tab: what was typed is
    kept, and a script is told the new token, which pages of other sites cannot read.
    """
    request = cast("AnyRequest", connection)  # Litestar's own type for guards; on HTTP routes it is a request
    if request.method in SAFE:
        return
    ours = comes_from_here(request)
    if ours is False:
        raise CSRF()
    await _require_room(request)
    secret = session_secret(request)
    if ours and (secret is None or ANY_SESSION.items() <= handler.opt.items()):
        return
    if secret is not None and is_csrf_token(secret, await _sent(request)):
        return
    if not ours:
        raise CSRF()
    raise Interrupted(CSRF, await find_guest(request), await typed_in(request), members={"csrf": csrf_token(secret)})


def comes_from_here(request: Connection) -> bool | None:
    """Whether a page of ours sent this, or the reader themselves (a bookmark); None if the browser does not say.

    Browsers send `Sec-Fetch-Site` over TLS and to localhost, and `Origin` with every form, old ones too.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    return None if origin is None else urlsplit(origin).netloc == request.headers.get("Host")


async def _require_room(request: AnyRequest) -> None:
    """Refuse a form without files that is too large, before any of its fields is read."""
    if request.content_type[0] == RequestEncodingType.URL_ENCODED:
        body = await request.body()
        if len(body) > MOST_BYTES or body.count(b"&") >= MOST_FIELDS:
            raise TOO_LARGE()


async def _sent(request: AnyRequest) -> str:
    header = request.headers.get(HEADER)
    if header is not None:
        return header
    await request.body()  # a form with files is read once only, and the page may want it as something else
    value = (await request.form()).get(TOKEN_FIELD)
    return value if isinstance(value, str) else ""
