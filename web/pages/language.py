"""The language and the theme that somebody reads in: each a cookie of theirs, chosen by a form in the header."""

from typing import Annotated, Final, Literal

import msgspec
from litestar import Controller, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from web.pages.visiting import ANY_SESSION, LANGUAGE_COOKIE, THEME_COOKIE, AnyRequest, local

YEAR: Final = 365 * 86_400


class LanguageChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The form of the language menu: `suite` is the page to go back to."""

    language: Literal["fr", "en"]
    suite: str = "/"


class ThemeChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The form of the display menu."""

    theme: Literal["light", "dark", "system"]
    suite: str = "/"


class LanguageController(Controller):
    """Both choices lead back to the page that they were made on, which then shows them."""

    @post("/langue", status_code=303, opt=ANY_SESSION)
    async def language(
        self,
        request: AnyRequest,
        data: Annotated[LanguageChoice, Body(media_type=RequestEncodingType.URL_ENCODED)],
    ) -> Redirect:
        """Read in this language from now on."""
        return _back(request, data.suite, LANGUAGE_COOKIE, data.language)

    @post("/affichage", status_code=303, opt=ANY_SESSION)
    async def theme(
        self,
        request: AnyRequest,
        data: Annotated[ThemeChoice, Body(media_type=RequestEncodingType.URL_ENCODED)],
    ) -> Redirect:
        """See everything in this theme from now on."""
        return _back(request, data.suite, THEME_COOKIE, data.theme)


def _back(request: AnyRequest, suite: str, cookie: str, value: str) -> Redirect:
    kept = Cookie(
        key=cookie,
        value=value,
        max_age=YEAR,
        httponly=True,
        samesite="lax",
        secure=request.scope["scheme"] == "https",
    )
    return Redirect(local(suite), status_code=303, cookies=[kept])
