"""Every page in its states, in both colour schemes, at three widths: axe finds nothing, nothing scrolls sideways, no
browser complains (`conftest.Reader`). A page more is a line more in `PAGES`.
"""

import datetime as dt
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.async_api import FilePayload, Page, expect

from surveys.publishing import Publication, close
from tests.browser.conftest import MakeReader, Reader
from tests.browser.world import (
    ANNE,
    BRAN,
    CECILE,
    DATA,
    DEMO,
    EDITOR,
    EMMA,
    assignment_of,
    drafted,
    make_editor,
    now,
    published,
    sent,
    typed,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("directory")]

AXE = (Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["RGAAv4", "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules that colours decide: in the second scheme a page differs in nothing else."""

RUN = """([type, values]) => axe.run(document, {
  runOnly: { type, values }, resultTypes: ["violations"], preload: false, iframes: false
}).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
  nodes.map(({ target, failureSummary }) => `${id} ${target.join(" ")}: ${failureSummary}`)))"""
WIDTHS = (1280, 390, 320)
SCHEMES = {"light": ("tag", TAGS), "dark": ("rule", COLOURS)}
BROKEN = DATA / "forms" / "crvs-berfs-amharic.xlsx"

World = Callable[[], Awaitable[Any]]
Act = Callable[[Page], Awaitable[None]]


async def empty() -> None:
    """Nobody is asked anything."""
    await make_editor()


async def open_survey() -> None:
    """One survey that nobody has answered."""
    await make_editor()
    await published()


async def much_to_do() -> None:
    """What a home page can hold: to begin, begun, sent, to come, closed; one of them in German."""
    await open_survey()
    await published("mitwirken", DEMO / "correlaid-mitwirken-de.xlsx")
    await published("meubles", DEMO / "meubles-de-tourisme.xlsx", publication=Publication(closes_at=day(1)))
    await typed(ANNE, {"suivi": "oui"})
    await published("envoyee")
    await sent(ANNE, slug="envoyee")
    await published("avenir", publication=Publication(opens_at=day(3), closes_at=day(9)))
    await close(await published("close"), now=now())


async def begun() -> None:
    """Anne has typed what does not suffice."""
    await open_survey()
    await typed(ANNE, {"suivi": "oui", "combien": 900})


async def complete() -> None:
    """Anne has typed everything and not sent it."""
    await open_survey()
    await typed(ANNE, {"suivi": "oui", "combien": 12, "themes": ["crue"], "avis": "Long " * 60 + "x" * 200})


async def closed() -> None:
    """The survey closed before Anne sent what she typed."""
    await make_editor()
    survey = await published()
    await typed(ANNE, {"suivi": "oui", "avis": "Pas fini"})
    await close(survey, now=now())


async def answered() -> None:
    """Two of three have answered."""
    await open_survey()
    await sent(ANNE)
    await sent(CECILE, {"suivi": "non", "themes": ["rejet"], "avis": "Non."})
    await typed(BRAN, {"suivi": "non"})


async def german() -> None:
    """A German questionnaire."""
    await make_editor()
    await published("mitwirken", DEMO / "correlaid-mitwirken-de.xlsx")


async def lettings() -> None:
    """The demonstration's questionnaire of 20 questions."""
    await make_editor()
    await published("meubles", DEMO / "meubles-de-tourisme.xlsx")


async def draft_survey() -> None:
    """A questionnaire with warnings, not yet published."""
    await make_editor()
    await drafted("essai", DATA / "forms" / "pyxform-table-list.xls")


def day(ahead: int) -> str:
    return (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=ahead)).isoformat()


def press(name: str) -> Act:
    """Press the button with this name."""

    async def act(page: Page) -> None:
        await page.get_by_role("button", name=name).click()

    return act


async def two_answers(page: Page) -> None:
    """The page is sent with an answer that is not the one that was saved meanwhile elsewhere."""
    await typed(ANNE, {"suivi": "non"})
    await page.get_by_text("Oui", exact=True).click()
    await expect(page.locator(".nv-conflict")).to_be_visible()


async def import_broken(page: Page) -> None:
    """A workbook with flaws is refused."""
    await page.get_by_label("Classeur").set_input_files(BROKEN)
    await page.get_by_role("button", name="Importer le classeur").click()
    await expect(page.locator("#defauts")).to_be_visible()


async def import_no_workbook(page: Page) -> None:
    """A text that only is called a workbook."""
    file: FilePayload = {"name": "notes.xlsx", "mimeType": "application/octet-stream", "buffer": b"Notes"}
    await page.get_by_label("Classeur").set_input_files(file)
    await page.get_by_role("button", name="Importer le classeur").click()
    await expect(page.locator("#erreurs")).to_be_focused()


async def session_lost(page: Page) -> None:
    """The form is sent after the session has ended."""
    await page.context.clear_cookies()
    await page.get_by_role("button", name="Enregistrer l’audience").click()
    await expect(page.get_by_role("button", name="Renvoyer ma saisie")).to_be_visible()


async def draw(page: Page) -> None:
    """All charts are drawn."""
    for place in await page.locator("[data-chart]").all():
        await place.scroll_into_view_if_needed()
        await expect(place).to_contain_class("nv-chart--drawn")


class Shown(NamedTuple):
    """A page: its name here, its address, who looks (None: nobody signed in), what there is, what they do first."""

    name: str
    path: str
    who: str | None
    world: World = empty
    act: Act | None = None
    status: int = 200
    later: int = 0
    """The status of what the act brings about, where that is an error."""


PAGES = (
    Shown("sign-in", "/connexion", None),
    Shown("sign-in-search", "/connexion?q=Le+Goff", None),
    Shown("sign-in-nobody-found", "/connexion?q=zzz", None),
    Shown("sign-in-again", "/connexion", ANNE),
    Shown("home-empty", "/", ANNE),
    Shown("home", "/", ANNE, much_to_do),
    Shown("introduction", "/s/essai", ANNE, open_survey),
    Shown("introduction-begun", "/s/essai", ANNE, begun),
    Shown("introduction-closed", "/s/essai", ANNE, closed),
    Shown("introduction-german", "/s/mitwirken", ANNE, german),
    Shown("step", "/s/essai/etape/1", ANNE, open_survey),
    Shown("step-errors", "/s/essai/etape/1", ANNE, begun, press("Continuer"), later=422),
    Shown("step-two-answers", "/s/essai/etape/1", ANNE, open_survey, two_answers, later=409),
    Shown("step-german", "/s/mitwirken/etape/2", ANNE, german),
    Shown("step-lettings", "/s/meubles/etape/2", ANNE, lettings),
    Shown("verification", "/s/essai/verification", ANNE, complete),
    Shown("verification-errors", "/s/essai/verification", ANNE, begun),
    Shown("receipt", "/s/essai/recu", ANNE, answered),
    Shown("surveys-empty", "/enquetes", EDITOR),
    Shown("surveys", "/enquetes", EDITOR, much_to_do),
    Shown("surveys-none-fits", "/enquetes?q=zzz", EDITOR, open_survey),
    Shown("new", "/enquetes/nouvelle", EDITOR),
    Shown("new-flaws", "/enquetes/nouvelle", EDITOR, empty, import_broken, later=422),
    Shown("new-no-workbook", "/enquetes/nouvelle", EDITOR, empty, import_no_workbook, later=422),
    Shown("questionnaire", "/enquetes/essai/questionnaire", EDITOR, draft_survey),
    Shown("questionnaire-german", "/enquetes/mitwirken/questionnaire", EDITOR, german),
    Shown("audience", "/enquetes/essai/audience", EDITOR, draft_survey),
    Shown("audience-published", "/enquetes/essai/audience", EDITOR, open_survey),
    Shown("session-ended", "/enquetes/essai/audience", EDITOR, open_survey, session_lost, later=401),
    Shown("publication-draft", "/enquetes/essai/publication", EDITOR, draft_survey),
    Shown("publication", "/enquetes/essai/publication", EDITOR, open_survey),
    Shown("publication-closed", "/enquetes/essai/publication", EDITOR, closed),
    Shown(
        "publication-errors", "/enquetes/essai/publication", EDITOR, open_survey, press("Clore l’enquête"), later=422
    ),
    Shown("follow-up-draft", "/enquetes/essai/suivi", EDITOR, draft_survey),
    Shown("follow-up", "/enquetes/essai/suivi?ouvert=tout", EDITOR, answered),
    Shown("follow-up-department", "/enquetes/essai/suivi?carte=department", EDITOR, answered),
    Shown("follow-up-list", "/enquetes/essai/suivi?territoire=R-53", EDITOR, answered),
    Shown("history", "/enquetes/essai/attendus/{assignment}", EDITOR, answered),
    Shown("results-draft", "/s/essai/resultats", EDITOR, draft_survey),
    Shown("results-none", "/s/essai/resultats", EDITOR, open_survey),
    Shown("results", "/s/essai/resultats", EDITOR, answered, draw),
    Shown("results-filtered", "/s/essai/resultats?where=suivi:oui&where=@region:R-53", EDITOR, answered, draw),
    Shown("results-nothing-left", "/s/essai/resultats?where=suivi:oui&where=@region:R-11", EDITOR, answered),
    Shown("not-asked", "/s/essai", EMMA, open_survey, status=404),
    Shown("error-404", "/nulle-part", ANNE, status=404),
    Shown("error-404-nobody", "/nulle-part", None, status=404),
    Shown("error-403", "/enquetes/nouvelle", ANNE, status=403),
    Shown("accessibility", "/accessibilite", None),
    Shown("legal", "/mentions-legales", None),
    Shown("privacy", "/donnees-personnelles", ANNE),
    Shown("site-map", "/plan-du-site", EDITOR),
    Shown("api", "/api", None),
)


async def shown(page: Shown, reader: MakeReader, **options: Any) -> Reader:
    """Somebody who looks at it, once its state is reached."""
    await page.world()
    path = page.path
    if "{assignment}" in path:
        path = path.format(assignment=await assignment_of(ANNE))
    one = await reader(page.who, **options)
    for status in {page.status, page.later} - {0, 200}:
        one.expect_status(status)
    response = await one.open(path)
    assert response.status == page.status
    if page.act is not None:
        await page.act(one.page)
        await one.page.wait_for_load_state()
    return one


async def settled(page: Page) -> None:
    """Layout and colours are what they come to: transitions have ended."""
    await page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {"
        " for (const one of document.getAnimations()) one.finish(); done(); })))"
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
async def test_every_page_suits_everybody(page: Shown, reader: MakeReader):
    """At every width and in both schemes."""
    one = await shown(page, reader, reduced_motion="reduce")
    assert await one.page.locator("h1").count() == 1
    assert await one.page.title() not in ("", " – Navette")
    await one.page.evaluate(AXE)
    found = []
    for width in WIDTHS:
        await one.page.set_viewport_size({"width": width, "height": 900})
        for scheme, rules in SCHEMES.items():
            await one.page.emulate_media(color_scheme=scheme)
            await settled(one.page)
            found += [f"{width} {scheme}: {flaw}" for flaw in await one.page.evaluate(RUN, rules)]
        root = await one.page.evaluate(
            "(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth])(document.scrollingElement)"
        )
        if root[0] > root[1]:
            found.append(f"{width}: scrolls to {root[0]}")
    assert found == []
