"""Who must sign in first comes back to where they were, and nowhere else; what they typed comes along."""

import datetime as dt
import html
import re

import pytest

from base.database import transaction
from directory import sessions
from web.authentication import is_csrf_token
from web.pages.visiting import local

pytestmark = pytest.mark.anyio

ELSEWHERE = (
    "//evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "https:evil.test",
    "https://evil.test/",
    "javascript:alert(1)",
    "/\t/evil.test",
    "/\n/evil.test",
    "\t//evil.test",
    " //evil.test",
    "///evil.test",
    "/é",
    "/\x7f",
    "evil",
    "",
)
"""What a link to the sign-in page may say to lead people away."""


async def age(by: dt.timedelta) -> None:
    """Let time pass for every session."""
    async with transaction() as connection:
        await connection.execute(
            "UPDATE session SET created_at = created_at - $1::interval, seen_at = seen_at - $1", by
        )


def hidden(page: str) -> dict[str, list[str]]:
    """The hidden fields of the form in the content of a page, with all values of each."""
    main = page.partition("<main")[2].partition("</main>")[0]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', main):
        found.setdefault(html.unescape(name), []).append(html.unescape(value))
    return found


async def test_one_comes_back_to_the_page(demo_pages, publish) -> None:
    await publish(slug="essai")
    browser = await demo_pages()
    sent = await browser.get("/s/essai/etape/1?langue=fr&x=a/b")
    assert sent.status_code == 303
    assert sent.headers["cache-control"] == "no-store"
    page = await browser.get(sent.headers["location"])
    suite = html.unescape(re.search(r'name="suite" value="(/s[^"]*)"', page.text)[1])
    answer = await browser.become("anne@ddtm-29.example", suite=suite)
    assert answer.headers["location"] == "/s/essai/etape/1?langue=fr&x=a/b"


@pytest.mark.parametrize("suite", ELSEWHERE, ids=ascii)
async def test_one_is_never_sent_to_another_host(demo_pages, suite) -> None:
    """Whatever a link to the sign-in page says: neither the form nor the answer leads away."""
    browser = await demo_pages()
    page = await browser.get("/connexion", params={"suite": suite})
    assert page.status_code == 200
    assert set(re.findall(r'name="suite" value="([^"]*)"', page.text.partition("<main")[2])) <= {"/"}
    answer = await browser.become("anne@ddtm-29.example", suite=suite)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("address", ["/", "/s/essai", "/enquetes?q=a&b=%2F%5C", "/a:b", "/s/a/b#c", "/a//b", "/?x=//y"])
def test_addresses_of_ours_are_kept(address) -> None:
    assert local(address) == address


@pytest.mark.parametrize("by", [sessions.IDLE, sessions.LONGEST])
async def test_a_page_after_the_session_ended(pages, by) -> None:
    """The way leads to the sign-in page."""
    browser = await pages("anne@ddtm-29.example")
    assert (await browser.get("/")).status_code == 200
    await age(by)
    answer = await browser.get("/enquetes")
    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion?suite=/enquetes")


async def test_a_script_after_the_session_ended(pages) -> None:
    """It is told in data, and its page still has what was typed."""
    browser = await pages("anne@ddtm-29.example")
    await age(sessions.IDLE)
    answer = await browser.fetch("/s/rien/brouillon", {"fields": {}, "version": 0, "step": 1})
    assert (answer.status_code, answer.json()["code"]) == (401, "session-ended")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Votre session a expiré"


async def test_what_was_typed_is_sent_again(demo_pages, publish) -> None:
    """The page keeps every field; once signed in, in another tab, one click sends them, the second confirms."""
    await publish(slug="essai")
    browser = await demo_pages("anne@ddtm-29.example")
    form = hidden((await browser.get("/s/essai/etape/1")).text)
    typed = 'Deux lignes\r\n<b>et</b> des "guillemets" & l\'apostrophe'
    form |= {"q.q1": ["oui"], "q.avis": [typed], "go": ["next"]}
    await age(sessions.IDLE)
    ended = await browser.post("/s/essai/etape/1", data=form)
    assert ended.status_code == 401
    assert "Votre session a expiré" in ended.text
    kept = hidden(ended.text)
    assert kept | {"csrf": []} == form | {"csrf": []}
    assert 'target="_blank"' in ended.text
    await browser.become("anne@ddtm-29.example")  # in the other tab, which shares the cookie
    stale = await browser.post("/s/essai/etape/1", data=kept)
    assert stale.status_code == 403
    assert "Une connexion a eu lieu" in stale.text
    assert "Anne Le Goff" in stale.text
    again = hidden(stale.text)
    assert is_csrf_token(browser.secret, again["csrf"][0])
    saved = await browser.post("/s/essai/etape/1", data=again)
    assert saved.status_code == 303
    page = html.unescape((await browser.get("/s/essai/etape/1")).text)
    assert typed.replace("\r\n", "\n") in page.replace("\r\n", "\n")


async def test_without_a_cookie_it_is_the_same(demo_pages) -> None:
    """A browser that was closed meanwhile has forgotten the session and kept the page."""
    answer = await (await demo_pages()).post("/s/essai/etape/1", data={"csrf": "0" * 64, "avis": "à garder"})
    assert answer.status_code == 401
    assert hidden(answer.text)["avis"] == ["à garder"]


async def test_a_file_cannot_be_kept(pages) -> None:
    """The page says so, instead of sending half of the form again."""
    browser = await pages("editor@dgaln.example", "editor", "unit:DGALN")
    await age(sessions.IDLE)
    answer = await browser.submit("/s/essai/etape/1", {"voie": "survey"}, files={"classeur": ("a.xlsx", b"...")})
    assert answer.status_code == 401
    assert "le fichier n’a pas été conservé" in answer.text
    assert hidden(answer.text) == {}


async def test_another_site_gets_no_form_back(demo_pages) -> None:
    """What it sent is not offered to be sent again."""
    browser = await demo_pages("anne@ddtm-29.example")
    answer = await browser.post("/s/essai/etape/1", data={"avis": "planted"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "planted" not in answer.text


async def test_what_was_typed_is_text(demo_pages) -> None:
    """Names and values of fields are shown to nobody's harm."""
    planted = '"><script>alert(1)</script>'
    answer = await (await demo_pages()).post("/s/essai/etape/1", data={planted: planted})
    assert answer.status_code == 401
    assert "<script>alert" not in answer.text
    assert hidden(answer.text)[planted] == [planted]
