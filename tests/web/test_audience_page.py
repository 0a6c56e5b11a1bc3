"""Choosing whom to ask: boxes, how many that is, with and without a script."""

import re

import pytest

from tests.web.conftest import text

pytestmark = pytest.mark.anyio

EDITOR = ("editor@dgaln.example", "editor", "unit:DGALN")
PAGE = "/enquetes/essai/audience"


def ticked(page: str) -> set[tuple[str, str]]:
    """The boxes that are ticked."""
    return set(re.findall(r'<input type="checkbox"[^>]* name="(\w+)" value="([^"]*)" checked>', page))


@pytest.fixture
async def browser(pages):
    """An editor of DGALN."""
    return await pages(*EDITOR)


@pytest.fixture
async def drafted(editor) -> None:
    """A draft, `essai`."""
    question = {"kind": "text", "name": "q1", "label": {"fr": "Oui ?"}}
    questionnaire = {"title": {"fr": "Essai"}, "languages": ["fr"], "questions": [question]}
    made = await editor.post("/api/v1/surveys", json={"questionnaire": questionnaire, "slug": "essai"})
    assert made.status_code == 201


async def test_nothing_chosen_is_everybody(browser, drafted) -> None:
    """The page says so, with how many that is; every region, département and community can be ticked."""
    page = await browser.get(PAGE)
    assert page.status_code == 200
    said = text(page.text)
    assert "Rien n’est coché, donc tout le monde est interrogé : 9 agents dans 6 services." in said
    assert ticked(page.text) == set()
    boxes = re.findall(r'name="territoire" value="([^"]*)"', page.text)
    assert len(boxes) == len(set(boxes))
    assert {"FR", "R-53", "D-29", "D-2A", "D-988"} <= set(boxes)
    assert "Bretagne 5 agents" in said
    assert re.search(r"eau \d", said)


async def test_saving(browser, drafted, editor) -> None:
    """What is ticked is stored; what lies in a territory that is ticked itself is left out. Then to the publication."""
    boxes = {"communaute": ["eau"], "territoire": ["R-53", "D-29", "D-75"], "type": ["ddtm", "drieat"]}
    saved = await browser.submit(PAGE, boxes)
    assert (saved.status_code, saved.headers["Location"]) == (303, "/enquetes/essai/publication?fait=audience")
    stored = (await editor.get("/api/v1/surveys/essai")).json()["audience"]
    assert stored == {"communities": ["eau"], "territories": ["R-53", "D-75"], "unit_kinds": ["drieat", "ddtm"]}
    page = await browser.get(PAGE)
    assert ticked(page.text) == {
        ("communaute", "eau"),
        ("territoire", "R-53"),
        ("territoire", "D-75"),
        ("type", "ddtm"),
        ("type", "drieat"),
    }
    assert "Votre choix représente 4 agents dans 3 services." in text(page.text)
    after = await browser.get(saved.headers["Location"])
    assert "L’audience est enregistrée" in text(after.text)
    assert "4 agents dans 3 services" in text(after.text)


async def test_the_nation_holds_all(browser, drafted, editor) -> None:
    """With France ticked, everything else is in it."""
    await browser.submit(PAGE, {"territoire": ["FR", "R-53", "D-988"]})
    assert (await editor.get("/api/v1/surveys/essai")).json()["audience"]["territories"] == ["FR"]


async def test_counting_without_a_script(browser, drafted, editor) -> None:
    """A button counts what is ticked, keeps the ticks, and stores nothing."""
    page = await browser.submit(f"{PAGE}/compte", {"territoire": ["D-29"]})
    assert page.status_code == 200
    assert "Votre choix représente 2 agents dans 1 service." in text(page.text)
    assert ticked(page.text) == {("territoire", "D-29")}
    assert (await editor.get("/api/v1/surveys/essai")).json()["audience"] is None


async def test_counting_by_script(browser, drafted) -> None:
    """The script is told the same sentence."""
    headers = {"X-Requested-With": "fetch", "X-CSRF-Token": browser.csrf}
    answer = await browser.post(f"{PAGE}/compte", data={"territoire": ["D-29"]}, headers=headers)
    assert answer.json() == {
        "agents": 2,
        "units": 1,
        "sentence": "Votre choix représente 2 agents dans 1 service.",
    }
    refused = await browser.post(f"{PAGE}/compte", data={"territoire": ["D-00"]}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")


@pytest.mark.parametrize(
    ("boxes", "field"),
    [
        ({"communaute": ["nulle"], "territoire": ["D-29"]}, "communaute"),
        ({"territoire": ["D-29", "D-00"]}, "territoire"),
        ({"type": ["ddtm", "nul"], "territoire": ["D-29"]}, "type"),
        ({"communaute": ["a\0b"], "territoire": ["D-29"]}, "communaute"),
    ],
)
async def test_what_does_not_exist(browser, drafted, editor, boxes: dict[str, list[str]], field: str) -> None:
    """It is said at its list, nothing is stored, and nobody is asked in place of nobody; other ticks stay."""
    for address in (PAGE, f"{PAGE}/compte"):
        page = await browser.submit(address, boxes)
        assert page.status_code == 422
        assert f'id="f-{field}"' in page.text
        assert ("territoire", "D-29") in ticked(page.text)
    assert (await editor.get("/api/v1/surveys/essai")).json()["audience"] is None


async def test_services(browser, editor) -> None:
    """Where services answer, they are what is counted."""
    question = {"kind": "text", "name": "q1", "label": {"fr": "Oui ?"}}
    questionnaire = {"title": {"fr": "Essai"}, "languages": ["fr"], "questions": [question]}
    await editor.post("/api/v1/surveys", json={"questionnaire": questionnaire, "slug": "essai", "answering": "unit"})
    page = await browser.submit(f"{PAGE}/compte", {"territoire": ["R-53"]})
    said = text(page.text)
    assert "Votre choix représente 3 services (5 agents)." in said
    assert "Bretagne 3 services" in said


async def test_after_publication(browser, publish) -> None:
    """The page says what a change means: nobody is asked before the survey is published again."""
    await publish(slug="essai")
    page = await browser.get(PAGE)
    assert "Cette enquête est publiée" in text(page.text)


async def test_statements(browser, drafted, statements) -> None:
    """As many for a few boxes as for all."""
    await browser.get(PAGE)
    statements.clear()
    await browser.get(PAGE)
    assert len(statements) <= 9, statements
