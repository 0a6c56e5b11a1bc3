"""How pages are read: in two languages, enlarged, with little motion, in few colours."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import MakeReader
from tests.browser.world import ANNE, DEMO, EDITOR, make_editor, published, sent

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("directory")]

WIDER = "(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.scrollingElement)"

FIRST_WORDS = """(all) => all.map((one) => {
  const texts = document.createTreeWalker(one, NodeFilter.SHOW_TEXT, (text) =>
    text.data.trim() ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP);
  return texts.nextNode().parentElement.closest("[lang]").lang;
})"""
"""The language of each text that a label begins with."""


async def choose(page: Page, language: str) -> None:
    """By the menu of the header."""
    await page.locator("summary").filter(has_text="FR").click()
    await page.get_by_role("button", name=language).click()


async def test_the_language_is_chosen_in_the_header(reader: MakeReader):
    """The page comes back in English, and all pages after it; what is typed on the way is not lost."""
    await published("meubles", DEMO / "meubles-de-tourisme.xlsx")
    anne = await reader(ANNE)
    await anne.open("/")
    page = anne.page
    await expect(page.locator("html")).to_have_attribute("lang", "fr")
    await expect(page.locator("h1")).to_have_text("Bonjour Anne")
    await choose(page, "English")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.locator("h1")).to_have_text("Hello Anne")
    await anne.open("/s/meubles")
    await expect(page.locator("h1")).to_have_text("Furnished tourist lettings: observing and regulating")
    await expect(page.locator("html")).to_have_attribute("lang", "en")


async def test_a_browser_in_another_language_reads_its_own(reader: MakeReader):
    """English where the browser asks for it, before anybody chose."""
    visitor = await reader(locale="en-GB")
    await visitor.open("/connexion")
    await expect(visitor.page.locator("html")).to_have_attribute("lang", "en")


async def test_german_questions_are_said_to_be_german(reader: MakeReader):
    """In a French page each text of the questionnaire is marked, also the one in the title of its step."""
    await published("mitwirken", DEMO / "correlaid-mitwirken-de.xlsx")
    anne = await reader(ANNE)
    await anne.open("/s/mitwirken/etape/2")
    page = anne.page
    await expect(page.locator("html")).to_have_attribute("lang", "fr")
    labels = page.locator("#questions [data-question] :is(legend, label):visible")
    assert set(await labels.evaluate_all(FIRST_WORDS)) == {"de"}
    await expect(page.locator("h1 [lang=de]")).to_have_count(1)
    assert await page.get_by_role("button", name="Continuer").evaluate("(one) => one.closest('[lang]').lang") == "fr"


@pytest.mark.parametrize(
    ("path", "who"),
    [("/s/meubles/etape/2", ANNE), ("/enquetes/meubles/suivi", EDITOR), ("/s/meubles/resultats", EDITOR)],
)
async def test_enlarged_to_twice_its_size(path: str, who: str, reader: MakeReader):
    """Nothing is cut off when only texts grow (RGAA 10.4)."""
    await make_editor()
    await published("meubles", DEMO / "meubles-de-tourisme.xlsx")
    one = await reader(who)
    await one.open(path)
    await one.page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert await one.page.evaluate(WIDER) <= 0


async def test_with_little_motion_nothing_moves(reader: MakeReader):
    """No transition lasts, no scrolling glides."""
    await make_editor()
    await published()
    await sent(ANNE)
    editor = await reader(EDITOR, reduced_motion="reduce")
    await editor.open("/s/essai/resultats")
    lasting = """() => [...document.querySelectorAll("*")].filter((one) => {
      const style = getComputedStyle(one);
      const longest = (text) => Math.max(...text.split(",").map((part) => parseFloat(part)));
      return longest(style.transitionDuration) > 0.01 || longest(style.animationDuration) > 0.01
        || style.scrollBehavior === "smooth";
    }).map((one) => one.outerHTML.slice(0, 100))"""
    assert await editor.page.evaluate(lasting) == []


async def test_in_forced_colours_what_is_chosen_shows(reader: MakeReader):
    """Ticked boxes, buttons and the state of the draft have an outline or a mark of their own."""
    await published()
    anne = await reader(ANNE, forced_colors="active")
    await anne.open("/s/essai/etape/1")
    page = anne.page
    await page.get_by_text("Oui", exact=True).click()
    await expect(page.get_by_label("Oui")).to_be_checked()
    boxes = [page.get_by_text("Oui", exact=True), page.get_by_text("Non", exact=True)]
    pictures = [await box.screenshot(animations="disabled") for box in boxes]
    assert pictures[0] != pictures[1]
    assert (
        await page.get_by_role("button", name="Continuer").evaluate("(one) => getComputedStyle(one).borderTopWidth")
        != "0px"
    )
