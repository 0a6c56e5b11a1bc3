"""The agent's home: what is owed, the most urgent first, what was sent, what closed."""

import datetime as dt
import re

import pytest

from base.clock import now
from tests.web.conftest import words
from web.wording import day

pytestmark = pytest.mark.anyio


async def due(editor, slug: str, days: int) -> None:
    until = (now() + dt.timedelta(days=days)).date().isoformat()
    answer = await editor.post(f"/api/v1/surveys/{slug}/close")
    answer = await editor.post(f"/api/v1/surveys/{slug}/reopen", json={"closes_at": until})
    assert answer.status_code == 200, answer.text


async def test_nobody_is_asked_to_sign_in(pages) -> None:
    browser = await pages()
    assert (await browser.get("/")).headers["location"] == "/connexion"


async def test_nothing_due(directory, pages) -> None:
    """A calm page, not an empty one."""
    browser = await pages("emma@ddt-75.example")
    page = words((await browser.get("/")).text)
    assert "Bonjour Emma" in page
    assert "Rien ne vous est demandé pour le moment" in page


async def test_what_is_owed_by_days_left(publish, editor, pages) -> None:
    """One card for each, with who asks, how long it takes, the state and one button."""
    for slug, days in (("loin", 9), ("proche", 2)):
        await publish(slug=slug, title={"fr": slug.title()})
        await due(editor, slug, days)
    await publish(slug="toujours", title={"fr": "Toujours"})
    browser = await pages("anne@ddtm-29.example")
    page = (await browser.get("/")).text
    assert re.findall(r'href="(/s/[a-z]+)"', page) == ["/s/proche", "/s/loin", "/s/toujours"]
    said = words(page)
    assert "3 réponses sont attendues de vous" in said
    assert "Il vous reste 2 jours pour répondre" in said
    assert "Demandée par : Direction générale" in said
    assert "Environ 1 minute" in said
    assert said.count("À commencer") == 3
    assert "Commencer – Proche" in said


async def test_states(publish, pages, editor) -> None:
    """A draft says that it is not sent; what is sent leads to its receipt; what closed is listed."""
    for slug in ("brouillon", "envoyee", "fermee"):
        await publish(slug=slug, title={"fr": slug.title()})
    browser = await pages("anne@ddtm-29.example")
    for slug in ("brouillon", "envoyee"):
        saved = await browser.fetch(f"/s/{slug}/brouillon", {"version": 0, "step": 1, "fields": {"q1": ["oui"]}})
        assert saved.status_code == 200, saved.text
    sent = await browser.submit("/s/envoyee/verification", {"version": "1"})
    assert sent.headers["location"] == "/s/envoyee/recu"
    await due(editor, "fermee", 9)
    await editor.post("/api/v1/surveys/fermee/close")
    page = (await browser.get("/")).text
    said = words(page)
    assert "Brouillon, pas encore envoyé" in said
    assert "Reprendre – Brouillon" in said
    assert 'href="/s/envoyee/recu"' in page
    assert "Closes sans réponse" in said
    assert f"close le {day(now(), 'fr')}".replace("\u00a0", " ") in said
    assert 'href="/s/fermee"' in page


async def test_the_answer_of_a_service(publish, pages) -> None:
    """It is marked as such, for every one of its agents; a draft of one is seen by the other."""
    await publish(slug="service", answering="unit")
    anne, bran = [await pages(f"{name}@ddtm-29.example") for name in ("anne", "bran")]
    assert "Pour votre service" in words((await anne.get("/")).text)
    await anne.fetch("/s/service/brouillon", {"version": 0, "step": 1, "fields": {"q1": ["oui"]}})
    assert "Brouillon, pas encore envoyé" in words((await bran.get("/")).text)


async def test_editors_find_their_surveys(pages, directory) -> None:
    editor = await pages("editor@dgaln.example", "editor", "unit:DGALN")
    assert 'href="/enquetes"' in (await editor.get("/")).text
    anne = await pages("anne@ddtm-29.example")
    assert 'href="/enquetes"' not in (await anne.get("/")).text


async def test_the_statements_do_not_grow(publish, pages, statements) -> None:
    browser = await pages("anne@ddtm-29.example")
    await publish()

    async def counted() -> int:
        for _ in range(2):
            statements.clear()
            assert (await browser.get("/")).status_code == 200
        return len(statements)

    one = await counted()
    for _ in range(6):
        await publish()
    assert await counted() == one == 3


async def test_a_title_in_another_language_says_so(publish, pages) -> None:
    """On the card, its button, in the breadcrumb, headings and lists of what was sent."""
    german = {
        "title": {"de": "Bedarf"},
        "languages": ["de"],
        "questions": [{"kind": "text", "name": "name", "label": {"de": "Wie?"}}],
    }
    await publish(slug="bedarf", questionnaire=german)
    browser = await pages("anne@ddtm-29.example")
    said = '<span lang="de">Bedarf</span>'

    async def marked(address: str) -> None:
        page = (await browser.get(address)).text
        assert page.count(said) >= 2
        assert "Bedarf" not in re.sub(r"<title>.*?</title>", "", page.replace(said, ""), flags=re.DOTALL)

    for address in ("/", "/s/bedarf", "/s/bedarf/etape/1", "/s/bedarf/verification"):
        await marked(address)
    await browser.fetch("/s/bedarf/brouillon", {"version": 0, "step": 1, "fields": {"name": ["So"]}})
    assert (await browser.submit("/s/bedarf/verification", {"version": "1"})).headers["location"] == "/s/bedarf/recu"
    await marked("/s/bedarf/recu")
    assert said in (await browser.get("/")).text
