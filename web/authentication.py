"""Who is calling: the agent of the bearer token, found once per request."""

from typing import Any

from litestar.connection import ASGIConnection

from base.clock import now
from base.problems import UNAUTHENTICATED
from directory.actors import Actor
from directory.tokens import actor_of_token

Connection = ASGIConnection[Any, Any, Any, Any]


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
