"""Signing in and out: a new session each time, in a cookie that nobody else sees; in the demonstration only."""

import datetime as dt
import html

import pytest

from base.database import reading, transaction
from directory import sessions
from directory.actors import actor_by_email
from web.authentication import PLAIN_SESSION, SESSION

pytestmark = pytest.mark.anyio


async def agent(email: str) -> str:
    return str((await actor_by_email(email)).id)


async def test_somebody_is_become(demo_pages) -> None:
    """One click, and every page is theirs."""
    browser = await demo_pages()
    assert (await browser.get("/")).headers["location"] == "/connexion"
    answer = await browser.become("anne@ddtm-29.example")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "Anne Le Goff" in (await browser.get("/connexion")).text


async def test_the_session_is_a_new_one(demo_pages) -> None:
    """Neither a planted secret nor that of the person before opens anything; nor does the old token."""
    planted = "A" * 32
    browser = await demo_pages()
    browser.cookies.set(SESSION, planted, domain="navette.test")
    await browser.become("anne@ddtm-29.example")
    first, token = browser.secret, browser.csrf
    assert first not in {None, planted}
    await browser.become("bran@ddtm-29.example")
    assert browser.secret not in {first, planted}
    assert browser.csrf != token
    now = dt.datetime.now(dt.UTC)
    assert await sessions.actor_of_session(planted, now) is None
    assert await sessions.actor_of_session(first, now) is None
    assert (await sessions.actor_of_session(browser.secret, now)).email == "bran@ddtm-29.example"


@pytest.mark.parametrize(("base", "cookie", "secure"), [("https", SESSION, True), ("http", PLAIN_SESSION, False)])
async def test_the_cookie(demo_pages, base, cookie, secure) -> None:
    """Kept from scripts, other sites and other hosts; without TLS, in the demonstration only, a plain one."""
    browser = await demo_pages()
    body = {"agent": await agent("anne@ddtm-29.example")}
    answer = await browser.post(f"{base}://navette.test/connexion", data=body)
    [header] = answer.headers.get_list("set-cookie")
    name, flags = header.split("=")[0], {flag.strip().lower() for flag in header.split(";")[1:]}
    assert name == cookie
    assert flags == {"httponly", "path=/", "samesite=lax"} | ({"secure"} if secure else set())


async def test_over_tls_the_plain_cookie_opens_nothing(demo_pages) -> None:
    """Or a page without TLS could plant it; and the other way round."""
    browser = await demo_pages("anne@ddtm-29.example")
    secret = browser.secret
    browser.cookies.clear()
    for base, name, status in (
        ("https", PLAIN_SESSION, 303),
        ("https", SESSION, 200),
        ("http", SESSION, 303),
        ("http", PLAIN_SESSION, 200),
    ):
        answer = await browser.get(f"{base}://navette.test/", headers={"Cookie": f"{name}={secret}"})
        assert answer.status_code == status, (base, name)


async def test_an_agent_who_left_is_nobody(demo_pages) -> None:
    """They can neither be become nor go on."""
    browser, gone = await demo_pages("anne@ddtm-29.example"), await agent("anne@ddtm-29.example")
    async with transaction() as connection:
        await connection.execute("UPDATE agent SET active = false WHERE email = 'anne@ddtm-29.example'")
    assert (await browser.get("/")).status_code == 303
    refused = await (await demo_pages()).submit("/connexion", {"agent": gone})
    assert refused.status_code == 404
    assert "set-cookie" not in refused.headers


@pytest.mark.parametrize("sent", ["", "rien", "00000000-0000-0000-0000-000000000000"])
async def test_nobody_has_this_id(demo_pages, sent) -> None:
    answer = await (await demo_pages()).submit("/connexion", {"agent": sent})
    assert answer.status_code in {404, 422}
    assert "set-cookie" not in answer.headers


async def test_the_search(demo_pages) -> None:
    """By name, service and région, in any spelling; each found can be become."""
    browser = await demo_pages()
    page = (await browser.get("/connexion", params={"q": "FELIX guyane"})).text
    assert "Devenir Félix Guyane" in page
    assert await agent("felix@dgtm-973.example") in page
    assert "1 personne correspond à «\u00a0FELIX guyane\u00a0»." in page
    assert "Personne ne correspond" in (await browser.get("/connexion", params={"q": "nulle part"})).text


@pytest.mark.parametrize("q", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{agent}", "{{ 7*7 }}"])
async def test_what_is_searched_is_text(demo_pages, q) -> None:
    """It is shown as typed, never as markup."""
    page = (await (await demo_pages()).get("/connexion", params={"q": q})).text
    assert q in html.unescape(page)
    assert "<script>alert" not in page
    assert "<img src=x" not in page


async def test_too_long_a_search(demo_pages) -> None:
    assert (await (await demo_pages()).get("/connexion", params={"q": "a" * 201})).status_code == 422


async def test_an_empty_directory(demo_pages) -> None:
    """The page says so, and stands."""
    async with transaction() as connection:
        for table in ("session", "membership", "agent"):
            await connection.execute(f"DELETE FROM {table}")
    page = await (await demo_pages()).get("/connexion")
    assert page.status_code == 200
    assert "Cet annuaire ne contient aucune des personnes" in page.text


async def test_the_page_runs_a_fixed_number_of_statements(demo_pages, statements) -> None:
    """Whom to become takes two, who one is one more, a search one more, however many it finds."""
    browser = await demo_pages("anne@ddtm-29.example")
    counted = {}
    for q in ("", "anne", "e"):
        for _ in range(2):
            statements.clear()
            assert (await browser.get("/connexion", params={"q": q})).status_code == 200
        counted[q] = len(statements)
    assert counted == {"": 3, "anne": 4, "e": 4}


async def test_nobody_can_sign_in(pages) -> None:
    """The button is not there, and pressing it all the same finds nothing."""
    browser = await pages()
    page = (await browser.get("/connexion", params={"q": "anne"})).text
    assert "La connexion n’est pas encore ouverte" in page
    assert "Devenir" not in page
    assert "Le Goff" not in page
    answer = await browser.become("anne@ddtm-29.example")
    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers
    async with reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM session") == 0


async def test_without_tls_no_session_is_read(pages) -> None:
    """Whatever the cookie is called: a session never goes over the wire in the clear."""
    browser = await pages("anne@ddtm-29.example")
    secret = browser.secret
    browser.cookies.clear()
    cookie = {"Cookie": f"{PLAIN_SESSION}={secret}"}
    assert (await browser.get("http://navette.test/", headers=cookie)).status_code == 303
    assert (await browser.get("https://navette.test/", headers=cookie)).status_code == 303


async def test_a_session_opens_no_api(pages) -> None:
    """The API takes tokens: what a browser sends by itself cannot act there."""
    browser = await pages("editor@dgaln.example", "editor", "unit:DGALN")
    assert (await browser.get("/")).status_code == 200
    assert (await browser.get("/api/v1/me")).status_code == 401
    assert (await browser.post("/api/v1/surveys", json={})).status_code == 401


async def test_a_token_opens_no_page(pages, anne) -> None:
    """And the other way round."""
    browser = await pages()
    answer = await browser.get("/", headers={"Authorization": anne.headers["Authorization"]})
    assert answer.status_code == 303


async def test_signing_out_here(demo_pages) -> None:
    browser, other = [await demo_pages("anne@ddtm-29.example") for _ in range(2)]
    secret = browser.secret
    answer = await browser.submit("/deconnexion")
    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion")
    [header] = answer.headers.get_list("set-cookie")
    assert header.startswith(f"{SESSION}=")
    assert "max-age=0" in header.lower()
    assert browser.secret is None
    assert await sessions.actor_of_session(secret, dt.datetime.now(dt.UTC)) is None
    assert (await other.get("/")).status_code == 200


async def test_signing_out_everywhere(demo_pages) -> None:
    """On all their devices, on nobody else's."""
    browser, other = [await demo_pages("anne@ddtm-29.example") for _ in range(2)]
    bran = await demo_pages("bran@ddtm-29.example")
    await browser.submit("/deconnexion", {"everywhere": "true"})
    assert (await other.get("/")).status_code == 303
    assert (await bran.get("/")).status_code == 200


async def test_signing_out_twice(demo_pages) -> None:
    """It is fine to be signed out already."""
    for browser in (await demo_pages(), await demo_pages("anne@ddtm-29.example")):
        for _ in range(2):
            assert (await browser.submit("/deconnexion")).status_code == 303
