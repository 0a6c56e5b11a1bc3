"""Nobody else's page makes somebody act: whoever changes something shows its session's token, from our pages."""

import re

import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from web.authentication import csrf_token, is_csrf_token
from web.csrf import MOST_BYTES, MOST_FIELDS, guard

pytestmark = pytest.mark.anyio

ANY_SESSION = {"/connexion", "/deconnexion", "/langue", "/affichage"}
"""Where the session does not matter: a page of ours may ask this with the token of another session, or without."""

NOT_PAGES = ("/api", "/health", "/static")
"""What carries a token of its own in a header, which no browser sends by itself, or changes nothing."""

SCRIPT = {"X-Requested-With": "fetch"}
"""Has problems told in data."""


def handlers(app: Litestar) -> list[tuple[str, HTTPRouteHandler]]:
    return [
        (route.path, handler)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.http_methods != {"OPTIONS"}
    ]


@pytest.fixture
async def unsafe(pages) -> list[tuple[str, str]]:
    """Every page that takes a form or a script's data, by method and address."""
    found = [
        (method, re.sub(r"\{\w+:(\w+)\}", lambda kind: "1" if kind[1] == "int" else "rien", path))
        for path, handler in handlers(pages.app)
        if not path.startswith(NOT_PAGES)
        for method in handler.http_methods
        if method != "GET"
    ]
    assert len(found) >= len(ANY_SESSION)
    return sorted(found)


async def test_every_page_is_guarded(pages) -> None:
    """The guard stands before the router of all pages, so that none can forget it."""
    assert [
        path
        for path, handler in handlers(pages.app)
        if (guard in handler.resolve_guards()) is path.startswith(NOT_PAGES)
    ] == []


async def code(browser, method, address, data=None, headers=None) -> str | None:
    """The code of the problem that the request met."""
    answer = await browser.request(method, address, data=data or {"a": "1"}, headers=SCRIPT | (headers or {}))
    return answer.json().get("code") if "problem" in answer.headers.get("content-type", "") else None


async def test_a_form_without_its_token_is_refused(pages, unsafe) -> None:
    """On every page, from a browser that says nothing of where it comes from; also for who has not signed in."""
    for browser in (await pages("anne@ddtm-29.example"), await pages()):
        del browser.headers["Sec-Fetch-Site"]
        for method, address in unsafe:
            answer = await browser.request(method, address, data={"a": "1"})
            assert answer.status_code == 403, address
            assert await code(browser, method, address) == "csrf", address


async def test_a_page_of_ours_needs_the_token_too(pages, unsafe) -> None:
    """On every page but those where the session does not matter."""
    browser = await pages("anne@ddtm-29.example")
    other = csrf_token((await pages("anne@ddtm-29.example")).secret)
    for method, address in unsafe:
        for data in ({}, {"csrf": ""}, {"csrf": other}, {"csrf": "é"}, {"csrf": browser.secret}):
            met = await code(browser, method, address, data)
            assert (met == "csrf") is (address not in ANY_SESSION), (address, data)
            if address in ANY_SESSION:  # they were let in, and may have signed out
                browser = await pages("anne@ddtm-29.example")


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.test"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": ""},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://navette.test"},
    {"Origin": "https://navette.test.evil.test"},
    {"Origin": "https://navette.test:444"},
    {"Origin": "null"},
    {"Origin": ""},
]
"""What a browser says of a form that comes from elsewhere."""


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_another_site_is_refused(pages, unsafe, headers) -> None:
    """Even with the right token, whoever is signed in; on every page."""
    for browser in (await pages("anne@ddtm-29.example"), await pages()):
        del browser.headers["Sec-Fetch-Site"]
        for method, address in unsafe if headers in FOREIGN[:2] else unsafe[:1]:
            assert await code(browser, method, address, {"csrf": browser.csrf}, headers) == "csrf", address


async def test_the_right_token_opens(pages, unsafe) -> None:
    """In the form, in a form with files, and in a script's header; what happens next is the page's own matter."""
    for sent in ("data", "files", "header"):
        browser = await pages("anne@ddtm-29.example")
        del browser.headers["Sec-Fetch-Site"]
        for method, address in unsafe:
            form = {"data": {"csrf": browser.csrf}}
            options = {
                "data": form,
                "files": form | {"files": {"file": ("a.txt", b"a" * 100_000)}},
                "header": {"content": b"{}"},
            }[sent]
            extra = {"X-CSRF-Token": browser.csrf, "Content-Type": "application/json"} if sent == "header" else {}
            answer = await browser.request(method, address, headers=SCRIPT | extra, **options)
            assert answer.status_code != 500, (address, sent, answer.text)
            assert '"csrf"' not in answer.text, (address, sent, answer.text)
            if address in ANY_SESSION:  # they may have signed out
                browser = await pages("anne@ddtm-29.example")
                del browser.headers["Sec-Fetch-Site"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://navette.test"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    ],
    ids=str,
)
async def test_our_own_pages_are_let_in(pages, headers) -> None:
    """With the token, whatever the browser says that does not speak against it."""
    browser = await pages("anne@ddtm-29.example")
    del browser.headers["Sec-Fetch-Site"]
    assert await code(browser, "POST", "/s/rien/etape/1", {"csrf": browser.csrf}, headers) == "not-found"


async def test_a_workbook_as_large_as_may_be(pages) -> None:
    """The guard reads a form with files to its end, and the page reads it again; one that is too large is refused."""
    browser = await pages("editor@dgaln.example", "editor", "unit:DGALN")
    for size, status in ((9_900_000, 422), (11_000_000, 413)):
        answer = await browser.submit("/enquetes/nouvelle", files={"classeur": ("a.xlsx", b"a" * size)})
        assert answer.status_code == status


@pytest.mark.parametrize("signed_in", [True, False], ids=["signed in", "nobody"])
async def test_endless_fields_are_not_read(pages, signed_in) -> None:
    """They would cost seconds: as many as any questionnaire has are taken, more are refused whoever sends them."""
    browser = await pages("anne@ddtm-29.example" if signed_in else None)
    form = {"headers": {"Content-Type": "application/x-www-form-urlencoded"} | SCRIPT}
    kept, refused = {"csrf", "session-ended"}, {"too-large"}
    for content, known in (
        ("&".join(["a=1"] * MOST_FIELDS), kept),
        ("&".join(["a=1"] * (MOST_FIELDS + 1)), refused),
        ("a" * MOST_BYTES, kept),
        ("a" * (MOST_BYTES + 1), refused),
    ):
        answer = await browser.post("/s/rien/etape/1", content=content, **form)
        assert answer.json()["code"] in known


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "https://navette.test"}], ids=str)
async def test_who_has_no_session_needs_no_token(pages, headers) -> None:
    """And is given no cookie to have one: the browser's word suffices."""
    browser = await pages()
    del browser.headers["Sec-Fetch-Site"]
    answer = await browser.post("/langue", data={"language": "en"}, headers=headers)
    assert answer.status_code == 303
    assert "csrf" not in (await browser.get("/connexion")).headers.get("set-cookie", "")


async def test_a_token_in_two_places(pages) -> None:
    """A header is believed before the form, and a wrong one is not made good by it."""
    browser = await pages("anne@ddtm-29.example")
    wrong = {"X-CSRF-Token": "0" * 64} | SCRIPT
    answer = await browser.post("/s/rien/etape/1", data={"csrf": browser.csrf}, headers=wrong)
    assert answer.json()["code"] == "csrf"


async def test_the_token_tells_nothing_of_the_secret(pages) -> None:
    """A page shows it, and never the secret; no two pages show the same: sizes tell nothing of it."""
    browser = await pages("anne@ddtm-29.example")
    shown = []
    for _ in range(2):
        page = (await browser.get("/connexion")).text
        assert browser.secret not in page
        shown += set(re.findall('name="csrf" value="([0-9a-f]{128})"', page))
    assert len(shown) == len(set(shown)) == 2
    assert all(is_csrf_token(browser.secret, token) for token in shown)


async def test_a_script_is_told_the_new_token(pages) -> None:
    """After signing in again in another tab a page's script goes on, with nothing lost; another site learns nothing."""
    browser = await pages("anne@ddtm-29.example")
    old = browser.csrf
    browser.cookies = (await pages("anne@ddtm-29.example")).cookies
    headers = SCRIPT | {"X-CSRF-Token": old}
    refused = await browser.post("/s/rien/brouillon", json={}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    assert is_csrf_token(browser.secret, refused.json()["csrf"])
    again = await browser.post("/s/rien/brouillon", json={}, headers=headers | {"X-CSRF-Token": refused.json()["csrf"]})
    assert again.json().get("code") != "csrf"
    elsewhere = await browser.post("/s/rien/brouillon", json={}, headers=headers | {"Sec-Fetch-Site": "cross-site"})
    assert (elsewhere.json()["code"], "csrf" in elsewhere.json()) == ("csrf", False)
