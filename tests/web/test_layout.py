"""The frame of every page: language, theme, one title, links past the header, what the State asks of its sites."""

import re
from html.parser import HTMLParser

import httpx
import pytest

PAGES = ("/accessibilite", "/mentions-legales", "/donnees-personnelles", "/plan-du-site")
EVERYWHERE = (*PAGES, "/nothing-of-this-name")

pytestmark = pytest.mark.anyio


class Outline(HTMLParser):
    """What the tests ask of a page: its tags with their attributes, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
async def browser(pages):
    """Somebody who has not signed in."""
    return await pages()


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("path", EVERYWHERE)
async def test_every_page_says_what_it_is(pages, path: str, language: str) -> None:
    """One h1, a title that ends with the service's name, the language of the reader."""
    answer = await (await pages(language=language)).get(path)
    outline = Outline(answer.text)
    assert len(outline.all("h1")) == 1
    assert outline.all("html")[0]["lang"] == language
    assert answer.headers["Content-Language"] == language
    title = re.search(r"<title>(.*?)</title>", answer.text, re.DOTALL)
    assert title
    assert re.fullmatch(r"\S.* – Navette", title[1])


@pytest.mark.parametrize("path", EVERYWHERE)
async def test_links_lead_past_the_header(browser: httpx.AsyncClient, path: str) -> None:
    """The first three links go to the content, the menu and the footer, all of which can take the focus."""
    outline = Outline((await browser.get(path)).text)
    assert [link["href"] for link in outline.all("a")[:3]] == ["#contenu", "#menu", "#pied"]
    focusable = {attributes.get("id") for _, attributes in outline.tags if attributes.get("tabindex") == "-1"}
    assert {"contenu", "menu", "pied"} <= focusable


@pytest.mark.parametrize("path", EVERYWHERE)
async def test_landmarks_are_there_once(browser: httpx.AsyncClient, path: str) -> None:
    """Banner, main part and footer, each by its role."""
    outline = Outline((await browser.get(path)).text)
    for role in ("banner", "main", "contentinfo"):
        assert sum(attributes.get("role") == role for _, attributes in outline.tags) == 1


@pytest.mark.parametrize("path", EVERYWHERE)
async def test_ids_are_unique_and_references_lead_somewhere(browser: httpx.AsyncClient, path: str) -> None:
    """No id twice; what `aria-labelledby`, `aria-describedby`, `for` and links within the page name exists."""
    outline = Outline((await browser.get(path)).text)
    ids = [attributes["id"] for _, attributes in outline.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    for _, attributes in outline.tags:
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert set((attributes.get(name) or "").split()) <= set(ids)
        href = attributes.get("href") or ""
        assert not href.startswith("#") or href[1:] in ids


@pytest.mark.parametrize("path", EVERYWHERE)
async def test_nothing_is_loaded_from_elsewhere(browser: httpx.AsyncClient, path: str) -> None:
    """Style sheets, scripts and icons are our own files; no style or script stands in the page."""
    outline = Outline((await browser.get(path)).text)
    loaded = [attributes.get("href") for attributes in outline.all("link")]
    loaded += [attributes.get("src") for tag in ("script", "img") for attributes in outline.all(tag)]
    assert loaded
    assert all(address and address.startswith("/static/") for address in loaded)
    assert not outline.all("style")
    assert not any("style" in attributes for _, attributes in outline.tags)


async def test_the_state_s_words(browser: httpx.AsyncClient) -> None:
    """The header that DashLord looks for, the exact mention of accessibility, and the duties of the footer."""
    text = (await browser.get("/plan-du-site")).text
    assert "fr-header__brand" in text
    assert "Accessibilité\u00a0: non conforme" in text
    for word in (
        "Mentions légales",
        "Données personnelles",
        "Plan du site",
        "legifrance.gouv.fr",
        "service-public.gouv.fr",
        "info.gouv.fr",
        "data.gouv.fr",
        "licence etalab-2.0",
    ):
        assert word in text


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/mentions-legales", ["Directeur de la publication", "Hébergeur", "Éditeur", "EUPL-1.2", "IGN", "INSEE"]),
        ("/donnees-personnelles", ["Finalité", "Durée de conservation", "Sous-traitant", "Cookies", "base légale"]),
        ("/accessibilite", ["RGAA 4.1", "non conforme", "Défenseur des droits", "État de conformité"]),
    ],
)
async def test_legal_pages_have_the_words_that_are_looked_for(
    browser: httpx.AsyncClient, path: str, words: list[str]
) -> None:
    """DashLord grades these pages by words."""
    text = (await browser.get(path)).text
    for word in words:
        assert word in text


async def test_the_menu_depends_on_who_looks(pages) -> None:
    """Surveys are for those who edit or follow some; an agent has the home page; nobody signs in."""
    editor = (await (await pages("editor@dgaln.example", "editor", "unit:DGALN")).get("/plan-du-site")).text
    agent = (await (await pages("anne@ddtm-29.example")).get("/plan-du-site")).text
    nobody = (await (await pages()).get("/plan-du-site")).text
    assert '<a href="/enquetes"' in editor
    assert '<a href="/enquetes"' not in agent
    assert "Anne Le Goff" in agent
    assert 'action="/deconnexion"' in agent
    assert '<a href="/"' in agent
    assert 'action="/deconnexion"' not in nobody
    assert '<a href="/connexion"' in nobody


async def test_the_language_is_kept(browser) -> None:
    """The header's form leads back to the page, which then is in that language whatever the browser asks for."""
    answer = await browser.submit("/langue", {"language": "en", "suite": "/plan-du-site?x=1"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/plan-du-site?x=1"
    cookie = answer.headers["Set-Cookie"]
    for word in ("navette_langue=en", "HttpOnly", "SameSite=lax", "Secure", "Path=/"):
        assert word in cookie
    assert "<h1>Site map</h1>" in (await browser.get("/plan-du-site")).text


async def test_the_theme_is_kept(browser) -> None:
    """It is in the page itself, so that nothing flashes; the design system reads two attributes."""
    assert 'data-fr-scheme="system"' in (await browser.get("/plan-du-site")).text
    for theme, shown in (("dark", True), ("light", False), ("system", False)):
        answer = await browser.submit("/affichage", {"theme": theme, "suite": "/plan-du-site"})
        assert answer.status_code == 303
        root = Outline((await browser.get("/plan-du-site")).text).all("html")[0]
        assert root["data-fr-scheme"] == theme
        assert (root.get("data-fr-theme") == "dark") is shown


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"])
async def test_a_choice_never_leads_to_another_site(browser, elsewhere: str) -> None:
    """The page to go back to comes from the form, which anybody can write."""
    answer = await browser.submit("/langue", {"language": "en", "suite": elsewhere})
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("form", [{"language": "de"}, {}, {"language": ""}])
async def test_an_unknown_language_is_refused(browser, form: dict[str, str]) -> None:
    """And nothing is kept."""
    answer = await browser.submit("/langue", form)
    assert answer.status_code == 422
    assert "Set-Cookie" not in answer.headers


async def test_an_unknown_value_in_a_cookie_counts_for_nothing(browser) -> None:
    """Cookies are the reader's to change."""
    browser.cookies.set("navette_langue", "xx", domain="navette.test")
    browser.cookies.set("navette_theme", '"><script>', domain="navette.test")
    root = Outline((await browser.get("/plan-du-site")).text).all("html")[0]
    assert root["lang"] == "fr"
    assert root["data-fr-scheme"] == "system"


async def test_pages_are_compressed(nobody: httpx.AsyncClient) -> None:
    """What a page weighs on its way is a fraction of what it says, where the browser takes it so."""
    for wanted, given in (("br, gzip", "br"), ("gzip", "gzip"), ("identity", None)):
        answer = await nobody.get("/mentions-legales", headers={"Accept-Encoding": wanted})
        assert answer.headers.get("Content-Encoding") == given
        assert (int(answer.headers["Content-Length"]) < len(answer.content) / 2) is (given is not None)
        assert "Accept-Encoding" in answer.headers.get("Vary", "") or given is None
