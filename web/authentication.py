"""Who is calling: of the API, the agent of the bearer token, found once per request; of a page, the session's.

The session's cookie is Secure, and its name begins with `__Host-`, so that neither a page without TLS nor another host
of the domain can plant or read it (RFC 6265bis §4.1.3.2). One exception: the demonstration over plain HTTP, which
people open under any name of their machine, where browsers would drop such a cookie. Only one of the two names is ever
read: over TLS the plain one opens nothing.
"""

import hmac
import secrets
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from base.clock import now
from base.problems import UNAUTHENTICATED
from directory.actors import Actor
from directory.tokens import actor_of_token

Connection = ASGIConnection[Any, Any, Any, Any]

SESSION: Final = "__Host-navette"
PLAIN_SESSION: Final = "navette_session"

TOKEN_BYTES: Final = 32


async def somebody(request: Connection) -> Actor | None:
    """The actor of the request, or nobody where it carries no token; a token that is not valid is refused."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    actor = await actor_of_token(token.strip(), now()) if scheme.lower() == "bearer" else None
    if actor is None:
        raise UNAUTHENTICATED(headers={"WWW-Authenticate": "Bearer"})
    return actor


async def signed_in(request: Connection) -> Actor:
    """The actor of the request; raises `unauthenticated` where there is none."""
    actor = await somebody(request)
    if actor is None:
        raise UNAUTHENTICATED(headers={"WWW-Authenticate": "Bearer"})
    return actor


def session_secret(request: Connection) -> str | None:
    """The secret in the session's cookie, if there is one; whether the session holds is another question."""
    return request.cookies.get(SESSION if _guarded(request) else PLAIN_SESSION) or None


def session_cookie(request: Connection, secret: str) -> Cookie:
    """The cookie that carries a session until the browser closes; an empty secret takes it away."""
    guarded = _guarded(request)
    return Cookie(
        key=SESSION if guarded else PLAIN_SESSION,
        value=secret,
        path="/",
        secure=guarded,
        httponly=True,
        samesite="lax",
        max_age=None if secret else 0,
    )


def csrf_token(secret: str | None) -> str:
    """What the forms of a session carry: no other session's, and no way back to the secret; nothing without one.

    Written otherwise each time: in a compressed page, a text that stays the same could be guessed piece by piece from
    the size of pages that repeat what an attacker made up (the attack called BREACH).
    """
    if not secret:
        return ""
    pad = secrets.token_bytes(TOKEN_BYTES)
    return (pad + _mixed(pad, _csrf_key(secret))).hex()


def is_csrf_token(secret: str, text: str) -> bool:
    """Whether this is a token of the session."""
    try:
        sent = bytes.fromhex(text)
    except ValueError:
        return False
    return hmac.compare_digest(_mixed(sent[:TOKEN_BYTES], sent[TOKEN_BYTES:]), _csrf_key(secret))


def _csrf_key(secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"csrf", "sha256")


def _mixed(pad: bytes, key: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(pad, key, strict=False))


def _guarded(request: Connection) -> bool:
    return request.scope["scheme"] == "https" or not request.app.state.demo
