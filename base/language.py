"""Texts for people: English message ids in the code, one catalogue per package and language in `PACKAGE/locale/`.

French is complete and the default; English is the message ids themselves.
"""

import gettext as _gettext
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("fr", "en")
DEFAULT: Final = "fr"
PACKAGES: Final = ("base", "forms", "directory", "surveys", "analytics", "web")


def N_(message: str) -> str:  # noqa: N802 - the name that gettext's tools look for
    """Mark a message id for the catalogue; `translate` words it when the reader's language is known."""
    return message


def NN_(one: str, many: str) -> tuple[str, str]:  # noqa: N802 - as above
    """Mark the two forms of a message that counts; `translate_count` chooses between them."""
    return one, many


@cache
def _catalogue(language: str) -> _gettext.NullTranslations:
    root = Path(__file__).resolve().parent.parent
    chain: _gettext.NullTranslations = _gettext.NullTranslations()
    for package in PACKAGES:
        path = root / package / "locale" / language / "LC_MESSAGES" / f"{package}.mo"
        if path.exists():
            with path.open("rb") as file:
                chain.add_fallback(_gettext.GNUTranslations(file))
    return chain


@lru_cache(maxsize=4096)
def _wording(message: str, language: str) -> str:
    """What the catalogue says: a page asks hundreds of times, and each answer is looked up package by package."""
    return _catalogue(language).gettext(message)


def translate(message: str, parameters: dict[str, object] | None = None, language: str = DEFAULT) -> str:
    """The message in `language`, its `{name}` fields filled; a missing translation shows the English message id."""
    text = _wording(message, language) if message else ""
    return text.format_map(parameters) if parameters else text


def translate_count(
    forms: tuple[str, str], count: int, parameters: dict[str, object] | None = None, language: str = DEFAULT
) -> str:
    """The form of a message that fits a count by the language's own rule (French: 0 réponse, 1 réponse, 2 réponses)."""
    text = _catalogue(language).ngettext(*forms, count)
    return text.format_map(parameters) if parameters else text


def negotiate(accept: str | None) -> str:
    """The best of our languages for an Accept-Language header (RFC 9110 §12.5.4); the default where none fits."""
    wishes: list[tuple[float, int, str]] = []
    for position, item in enumerate((accept or "").split(",")):
        tag, _, parameters = item.strip().partition(";")
        quality = 1.0
        if parameters.strip().startswith("q="):
            try:
                quality = float(parameters.strip()[2:])
            except ValueError:
                continue
        language = tag.strip().lower().partition("-")[0]
        if language in LANGUAGES and quality > 0:
            wishes.append((-quality, position, language))
    return min(wishes)[2] if wishes else DEFAULT
