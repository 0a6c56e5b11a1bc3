"""Signing in and out. In the demonstration whoever comes becomes whom they choose; elsewhere it cannot be done yet."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, QueryParameter
from litestar.response import Redirect

from base.language import translate
from base.problems import NOT_FOUND
from directory import sessions
from directory.finding import find_agents
from web.authentication import session_cookie, session_secret
from web.demo.people import DemoPerson, demo_people
from web.pages.interrupting import SIGN_IN
from web.pages.rendering import page
from web.pages.visiting import ANY_SESSION, AnyRequest, Guest, local

FOUND: Final = 20
"""How many agents a search shows."""

Form = RequestEncodingType.URL_ENCODED


class SigningIn(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to become, and the page to go on to."""

    agent: UUID
    suite: str = "/"


class SigningOut(msgspec.Struct, frozen=True, kw_only=True):
    """Whether to sign out of every device, too."""

    everywhere: bool = False


class SigningInController(Controller):
    """The page to sign in, and what its buttons do."""

    @get(SIGN_IN)
    async def show(
        self,
        guest: NamedDependency[Guest],
        suite: Annotated[str, QueryParameter()] = "/",
        q: Annotated[str, QueryParameter(max_length=200)] = "",
    ) -> Response[str]:
        """Under the demonstration the people to become and a search of all others."""
        if not guest.demo:
            return page(guest, "signing_in/not_yet.html", suite=local(suite))
        found, total = await find_agents(q, limit=FOUND)
        return page(
            guest,
            "signing_in/demo.html",
            suite=local(suite),
            people=[_worded(person, guest.language) for person in await demo_people()],
            q=q.strip(),
            found=found,
            total=total,
        )

    @post(SIGN_IN, opt=ANY_SESSION)
    async def become(
        self,
        request: AnyRequest,
        guest: NamedDependency[Guest],
        now: NamedDependency[datetime],
        data: Annotated[SigningIn, Body(media_type=Form)],
    ) -> Redirect:
        """Sign in as somebody, in a new session; the one before ends."""
        if not guest.demo:
            raise NOT_FOUND()
        secret = await sessions.begin(data.agent, now, instead_of=session_secret(request))
        return Redirect(local(data.suite), status_code=303, cookies=[session_cookie(request, secret)])

    @post("/deconnexion", opt=ANY_SESSION)
    async def leave(
        self,
        request: AnyRequest,
        guest: NamedDependency[Guest],
        now: NamedDependency[datetime],
        data: Annotated[SigningOut, Body(media_type=Form)],
    ) -> Redirect:
        """Sign out, here or everywhere; the cookie goes too. Signing out twice is fine."""
        secret = session_secret(request)
        if secret is not None:
            await sessions.end(secret, now)
        if data.everywhere and guest.actor is not None:
            await sessions.end_all(guest.actor.id, now)
        return Redirect(SIGN_IN, status_code=303, cookies=[session_cookie(request, "")])


def _worded(person: DemoPerson, language: str) -> DemoPerson:
    """The same person, described in the reader's language."""
    return msgspec.structs.replace(
        person, role=translate(person.role, None, language), tries=translate(person.tries, None, language)
    )
