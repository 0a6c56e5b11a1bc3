"""Who looks at a page, and how they see it; and what to do when they must sign in first.

What somebody typed into a form is never lost to a session that ended meanwhile: a page that cannot be answered for want
of a session raises `Interrupted` with all that was typed, and `interrupting.py` keeps it.
"""

from typing import Any, Final, cast
from urllib.parse import quote, urlsplit

import msgspec
from litestar import Request
from litestar.di import NamedDependency

from base.clock import now
from base.language import LANGUAGES, N_, negotiate
from base.problems import Kind, Problem, problem
from directory.actors import Actor
from directory.sessions import actor_of_session
from web.authentication import Connection, csrf_token, session_secret

AnyRequest = Request[Any, Any, Any]

LANGUAGE_COOKIE: Final = "navette_langue"
THEME_COOKIE: Final = "navette_theme"
THEMES: Final = ("light", "dark", "system")

TOKEN_FIELD: Final = "csrf"  # noqa: S105 - the name of a field
"""The field of every form that says it is ours."""

SESSION_ENDED = problem(
    "session-ended",
    401,
    N_("Your session has ended"),
    N_("Sign in again in another tab, then send this again: what you typed is still here."),
)

ANY_SESSION: Final = {"any_session": True}
"""The option of a route that any page of ours may ask, whoever was signed in when it was opened (`web.csrf`)."""

_SEEN: Final = "navette_guest"


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """Anybody: the language they read, the page they are on, the token that their forms carry, who they are if known.

    `address` is path and query of this page; `demo` says that this service is the demonstration; `theme` is one of
    `THEMES`.
    """

    language: str
    address: str
    csrf: str
    demo: bool = False
    theme: str = "system"
    actor: Actor | None = None


class Visitor(Guest, frozen=True, kw_only=True):
    """Somebody who signed in."""

    actor: Actor


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What a form brought, without its token; `files` says that there were files too, which no page can keep."""

    fields: tuple[tuple[str, str], ...] = ()
    files: bool = False


class Interrupted(Problem):
    """A page that cannot be answered until somebody signs in or sends their form again, with what they typed."""

    def __init__(self, kind: Kind, guest: Guest, typed: Typed, members: dict[str, Any] | None = None) -> None:
        super().__init__(kind, {}, [], members or {}, {})
        self.guest = guest
        self.typed = typed


def guest_of(request: Connection) -> Guest:
    """Who looks, as far as this request has found out; never fails and asks no database (error pages need it)."""
    scope = cast("dict[str, Any]", request.scope)
    if _SEEN in scope:
        return cast("Guest", scope[_SEEN])
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    path = "/" + request.scope["path"].lstrip("/")  # what begins with two slashes would be another host
    query = request.scope.get("query_string", b"").decode("latin-1")
    return Guest(
        language=chosen if chosen in LANGUAGES else negotiate(request.headers.get("Accept-Language")),
        address=quote(path, safe="/:@!$&'()*+,;=~") + (f"?{query}" if query else ""),
        csrf=csrf_token(session_secret(request)),
        demo=bool(request.app.state.get("demo")),
        theme=theme if (theme := request.cookies.get(THEME_COOKIE)) in THEMES else "system",
    )


async def find_guest(request: AnyRequest) -> Guest:
    """The dependency `guest`: whoever looks, with their `actor` if they are signed in."""
    guest, secret = guest_of(request), session_secret(request)
    if guest.actor is None and secret:
        guest = msgspec.structs.replace(guest, actor=await actor_of_session(secret, now()))
    cast("dict[str, Any]", request.scope)[_SEEN] = guest
    return guest


async def find_visitor(request: AnyRequest, guest: NamedDependency[Guest]) -> Visitor:
    """The dependency `visitor`: whoever is signed in; else they are asked to, and what they typed is kept."""
    if guest.actor is None:
        raise Interrupted(SESSION_ENDED, guest, await typed_in(request))
    return Visitor(**msgspec.structs.asdict(guest))


async def typed_in(request: AnyRequest) -> Typed:
    """What the form of a request brought; nothing where its body is no form."""
    form = await request.form()
    fields = tuple((name, value) for name, value in form.items() if isinstance(value, str) and name != TOKEN_FIELD)
    return Typed(fields=fields, files=any(not isinstance(value, str) for value in form.values()))


def by_script(request: Connection) -> bool:
    """Whether a page's script asks, which wants problems as data and not as a page."""
    return request.headers.get("X-Requested-With", "").lower() == "fetch"


def local(address: str | None) -> str:
    r"""An address of this service to go on to; `/` for one that is none, or that a browser could take for elsewhere.

    Browsers read `\` as `/` and leave out control characters, so `/\evil` and `/<tab>/evil` lead to another host.
    """
    if not address or not address.startswith("/") or address.startswith("//") or not address.isascii():
        return "/"
    if "\\" in address or any(character <= " " or character == "\x7f" for character in address):
        return "/"
    return "/" if urlsplit(address).netloc else address
