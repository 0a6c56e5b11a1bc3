"""What authors write becomes HTML that does nothing but show text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.markdown import block, inline, words

ATTACKS = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "![x](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "<a href='javascript:alert(1)'>x</a>",
    "<javascript:alert(1)>",
    '[x](https://a.example "onmouseover=alert(1)")',
    '[x](https://a.example/"onmouseover="alert(1))',
    "<span style='position:fixed' onclick='x()'>texte</span>",
    "<svg/onload=alert(1)>",
    "<iframe src=https://evil.example></iframe>",
    "<style>body{display:none}</style>",
    "<b\nonclick=alert(1)>x</b>",
    "<form action=/x><input name=csrf></form>",
    "**<script>alert(1)</script>**",
    "`<script>`",
    "[a](<javascript:alert(1)>)",
    "[ref]\n\n[ref]: javascript:alert(1)",
    "<math><mtext><style><img src onerror=alert(1)></style></mtext></math>",
    "<!--><script>alert(1)</script-->",
    "<base href=//evil.example>",
]
TAG = re.compile(r"<(/?)(\w+)([^<>]*)>")
ALLOWED = {"a", "br", "code", "em", "strong", "p", "ul", "ol", "li", "h2", "h3", "h4", "blockquote", "pre", "hr"}


def harmless(html: str) -> bool:
    """Every tag is of the few that are allowed; only links have attributes, and lead to addresses."""
    rest = TAG.sub("", html)
    if "<" in rest:
        return False
    for closing, tag, attributes in TAG.findall(html):
        if tag not in ALLOWED or (closing and attributes):
            return False
        if tag == "a" and attributes:
            address = re.search(r'href="([^"]*)"', attributes)
            names = set(re.findall(r'([\w-]+)="[^"]*"', attributes))
            if not names <= {"href", "title", "rel"}:
                return False
            if address and ":" in address[1] and not address[1].startswith(("http://", "https://", "mailto:")):
                return False
        elif attributes.strip(" /"):
            return False
    return True


@pytest.mark.parametrize("text", ATTACKS)
def test_attacks_become_text(text: str) -> None:
    """In a label and in a note."""
    assert harmless(inline(text))
    assert harmless(block(text))


@given(st.text(alphabet=st.sampled_from(list("<>\"'`[]()!*_#&;:/\\\n abjsx=1")), max_size=80))
def test_nothing_harmful_can_be_composed(text: str) -> None:
    """Whatever is put together from the characters that HTML and Markdown are made of."""
    assert harmless(inline(text))
    assert harmless(block(text))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Êtes-vous *sûr* ?", "Êtes-vous <em>sûr</em> ?"),
        ("**Important**", "<strong>Important</strong>"),
        ("moins de 5 < 10 & plus", "moins de 5 &lt; 10 &amp; plus"),
        ('<span style="color:red">Rouge</span>', "Rouge"),
        ("une ligne<br/>une autre", "une ligne<br>\nune autre"),
        ("1. pas une liste", "1. pas une liste"),
        ("", ""),
    ],
)
def test_labels_keep_their_text(text: str, html: str) -> None:
    """Emphasis stays, tags of spreadsheets go, their text does not."""
    assert inline(text) == html


def test_links_tell_nothing_to_where_they_lead() -> None:
    """They say neither where they were nor who opened them."""
    assert inline("[notice](https://a.example/n)") == (
        '<a href="https://a.example/n" rel="noopener noreferrer">notice</a>'
    )


def test_notes_have_paragraphs_lists_and_headings_below_the_page_s_own() -> None:
    """A page has one h1, and it is not the author's."""
    html = block("# Contexte\n\nUn texte.\n\n* un\n* deux\n\n### Bas")
    assert html.startswith("<h2>Contexte</h2>")
    assert "<p>Un texte.</p>" in html
    assert html.count("<li>") == 2
    assert "<h4>Bas</h4>" in html
    assert "h1" not in block("Titre\n===")


def test_words_alone_keep_the_spaces_that_do_not_break():
    """No tags, no line ends; « ? » stays with the word before it."""
    assert words(inline("Combien de **projets**\u202f?")) == "Combien de projets\u202f?"
    assert words(inline("Un <b>nom</b>\net a < b &  c")) == "Un nom et a < b & c"
