"""From a template and what it shows to HTML: texts in the reader's language, everything escaped."""

import datetime as dt
import functools
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import MediaType, Response
from markupsafe import Markup

from base.language import LANGUAGES, N_, translate, translate_count
from web import wording
from web.assets import asset
from web.markdown import block, inline, words
from web.pages.telling import tag_of
from web.pages.visiting import Guest

ETALAB: Final = "licence etalab-2.0"
"""As the State's own footers write it."""

MINISTRY: Final = "Ministères Aménagement du territoire, Transition écologique"

FOLLOWING: Final = {"administrator", "analyst", "editor", "reviewer"}
"""Roles whose holders see surveys beyond what they are asked themselves."""


def page(
    guest: Guest,
    template: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **context: Any,  # noqa: ANN401 - whatever the template shows
) -> Response[str]:
    """A page, from `templates/pages/`; nobody but the reader may keep it."""
    return Response(
        fragment(guest, template, **context),
        status_code=status,
        media_type=MediaType.HTML,
        headers={"Cache-Control": "no-store", "Content-Language": guest.language} | (headers or {}),
    )


def fragment(guest: Guest, template: str, **context: Any) -> str:  # noqa: ANN401 - as above
    """A piece of HTML, for a page or for a script that puts it into one."""
    return environment(guest.language).get_template(f"pages/{template}").render(guest=guest, **context)


@functools.cache
def environment(language: str) -> Environment:
    """What renders templates for those who read `language`: there, macros know the language without being told."""
    made = Environment(
        loader=PackageLoader("web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
        auto_reload=False,  # a template goes with the code that it was started with
    )
    made.globals |= _words(language)
    return made


def warm_up() -> None:
    """Compile every template for every language, so that the first visitor does not wait for it."""
    for language in LANGUAGES:
        for name in environment(language).list_templates(extensions=["html"]):
            environment(language).get_template(name)


def navigation(guest: Guest) -> list[tuple[str, str]]:
    """The main menu of somebody who signed in: texts with their addresses."""
    items = [(translate(N_("Home"), None, guest.language), "/")]
    if guest.actor and any(held.role in FOLLOWING for held in guest.actor.grants):
        items.append((translate(N_("Surveys"), None, guest.language), "/enquetes"))
    return items


def _words(language: str) -> dict[str, Any]:
    """What templates say things with."""

    def say(message: str, **parameters: object) -> Markup:
        text = Markup(translate(message, None, language))  # noqa: S704 - our own catalogue
        return text.format_map(parameters) if parameters else text

    def count(one: str, many: str, number: int, **parameters: object) -> Markup:
        return Markup(translate_count((one, many), number, None, language)).format_map(parameters)  # noqa: S704 - as above

    def day(date: dt.date, *, short: bool = False) -> str:
        return wording.day(date, language, short=short)

    return {
        "language": language,
        "_": say,
        "_n": count,
        "asset": asset,
        "navigation": navigation,
        "etalab": ETALAB,
        "ministry": MINISTRY,
        "day": day,
        "moment": functools.partial(wording.moment, language=language),
        "when": functools.partial(wording.when, language=language),
        "days_left": functools.partial(wording.days_left, language=language),
        "number": functools.partial(wording.number, language=language),
        "percent": functools.partial(wording.percent, language=language),
        "markdown": block,
        "inline": inline,
        "words": words,
        "tag_of": tag_of,
    }
