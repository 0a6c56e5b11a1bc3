"""What an author wrote in a label, a hint or a note, as HTML that is safe to show.

Of Markdown: emphasis, links, lists, quotes, code, and in notes headings. HTML in it (XLSForm labels carry `<span
style="…">`) loses its tags and keeps its text; then everything goes through an allow-list, so that no mistake of the
first step can put a script into a page.
"""

import functools
import re
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_INLINE: Final = {"a", "br", "code", "em", "strong"}
_BLOCK: Final = _INLINE | {"blockquote", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre", "ul"}
_SCHEMES: Final = {"http", "https", "mailto"}
_TAG: Final = re.compile(r"<(/?)[a-zA-Z][^<>]*>")
_BLANKS: Final = re.compile(r"[ \t\r\n]+")
_BREAK: Final = re.compile(r"<br\s*/?>", re.IGNORECASE)


@functools.cache
def _reader() -> MarkdownIt:
    """CommonMark without HTML and images; a line break that the author typed is one."""
    return MarkdownIt("commonmark", {"html": False, "breaks": True}).disable(["image", "html_block", "html_inline"])


def inline(text: str, *, personal: bool = False) -> Markup:
    """A label or a hint: one line of text, without paragraphs. What is `personal`, since an answer stands in it, is
    not kept for the next time.
    """
    return _inline(text) if personal else _inline_kept(text)


def block(text: str, *, personal: bool = False) -> Markup:
    """A note: paragraphs, lists and headings; the author's first level is a page's second. `personal` as above."""
    return _block(text) if personal else _block_kept(text)


def _inline(text: str) -> Markup:
    return _safe(_reader().renderInline(_plain(text)), _INLINE)


def _block(text: str) -> Markup:
    return _safe(_lowered(_reader().render(_plain(text))), _BLOCK)


_inline_kept: Final = functools.lru_cache(maxsize=4096)(_inline)
_block_kept: Final = functools.lru_cache(maxsize=1024)(_block)


def words(html: Markup) -> str:
    """The words alone, with the spaces that do not break as they are (`striptags` makes ordinary ones of them)."""
    return _BLANKS.sub(" ", Markup(_TAG.sub("", _BREAK.sub(" ", html))).unescape()).strip(" ")  # noqa: S704 - escaped


def _plain(text: str) -> str:
    """The text without the tags that spreadsheets carry; what only looks like one (`a < b`) stays."""
    return _TAG.sub("", _BREAK.sub("\n", text))


def _lowered(html: str) -> str:
    for level in (3, 2, 1):
        html = html.replace(f"<h{level}>", f"<h{level + 1}>").replace(f"</h{level}>", f"</h{level + 1}>")
    return html


def _safe(html: str, tags: set[str]) -> Markup:
    cleaned = nh3.clean(
        html,
        tags=tags,
        clean_content_tags={"script", "style"},
        attributes={"a": {"href", "title"}},
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
    )
    return Markup(cleaned.strip())  # noqa: S704 - nothing but the tags and attributes above is left
