"""The results: as many bars as choices, tables that filter all charts, addresses that one can go back to."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import MakeReader
from tests.browser.world import ANNE, BRAN, CECILE, EDITOR, make_editor, published, sent

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("directory")]

RESULTS = "/s/essai/resultats"
FIGURES = ("@day", "suivi", "combien", "themes")
BARS = "(one) => one.querySelectorAll('.bars .point path').length"
DATA = "(one) => JSON.stringify(one.data.map(({ x, y, text }) => [x, y, text]))"


@pytest.fixture
async def answers(directory: None) -> None:
    """Two say yes, one no; nobody named the third theme."""
    await make_editor()
    await published()
    await sent(ANNE, {"suivi": "oui", "combien": 12, "themes": ["crue", "nappe"], "avis": "Bien."})
    await sent(BRAN, {"suivi": "oui", "combien": 3, "themes": ["crue"], "avis": "Bien."})
    await sent(CECILE, {"suivi": "non", "themes": ["nappe"], "avis": "Mal."})


async def drawn(page: Page) -> dict[str, str]:
    """What each chart shows, once all are drawn."""
    shown = {}
    for name in FIGURES:
        place = page.locator(f"[data-chart='{name}']")
        await place.scroll_into_view_if_needed()
        await expect(place).to_contain_class("nv-chart--drawn")
        shown[name] = await place.evaluate(DATA)
    return shown


async def test_as_many_bars_as_choices(answers: None, reader: MakeReader):
    """One for each row of the table, also for the choice that nobody made."""
    editor = await reader(EDITOR)
    await editor.open(RESULTS)
    page = editor.page
    await expect(page.locator(".nv-dashboard__headline")).to_contain_text("3")
    await drawn(page)
    for name, choices in (("suivi", 2), ("themes", 3)):
        assert await page.locator(f"[data-chart='{name}']").evaluate(BARS) == choices
        assert await page.locator(f"#q-{name}-tableau tbody tr").count() == choices


async def test_a_filter_changes_all_charts_and_back_undoes_it(answers: None, reader: MakeReader):
    """A row's button filters; its state is in the address, in a tag that removes it, and in `aria-pressed`."""
    editor = await reader(EDITOR)
    await editor.open(RESULTS)
    page = editor.page
    before = await drawn(page)
    button = page.locator("#q-themes-tableau").get_by_role("button", name="Les nappes")
    await expect(button).to_have_attribute("aria-pressed", "false")
    await button.click()
    await page.wait_for_url("**/resultats?where=themes*")
    await expect(button).to_have_attribute("aria-pressed", "true")
    await expect(page.locator(".nv-dashboard__selection")).to_contain_text("2")
    after = await drawn(page)
    assert [name for name in FIGURES if after[name] == before[name]] == []
    await page.locator("#q-suivi-tableau").get_by_role("button", name="Oui").click()
    await expect(page.locator(".nv-dashboard__selection")).to_contain_text("1")
    await page.go_back()
    await expect(page.locator(".nv-dashboard__selection")).to_contain_text("2")
    assert await drawn(page) == after
    await page.get_by_role("link", name="Retirer le filtre").click()
    await expect(page.locator(".nv-dashboard__tags")).to_have_count(0)
    assert await drawn(page) == before


async def test_a_click_on_a_bar_is_a_click_on_its_row(answers: None, reader: MakeReader):
    """The drawing does what the table does."""
    editor = await reader(EDITOR)
    await editor.open(RESULTS)
    page = editor.page
    await drawn(page)
    place = page.locator("[data-chart='suivi']")
    await place.scroll_into_view_if_needed()
    box = await place.locator(".bars .point path").first.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.wait_for_url("**/resultats?where=suivi*")
    await expect(page.locator("#q-suivi-tableau [aria-pressed=true]")).to_have_count(1)


async def test_territories_filter_by_keyboard(answers: None, reader: MakeReader):
    """The table beside the map is its keyboard interface."""
    editor = await reader(EDITOR)
    await editor.open(f"{RESULTS}?par=department")
    page = editor.page
    row = page.locator("#carte-tableau").get_by_role("button", name="Finistère")
    await row.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".nv-dashboard__selection")).to_contain_text("2")
    await expect(row).to_have_attribute("aria-pressed", "true")
    assert "department" in page.url


async def test_without_javascript_tables_say_everything(answers: None, reader: MakeReader):
    """No chart, no empty place; sentences, tables, map and filters work."""
    editor = await reader(EDITOR, java_script_enabled=False)
    await editor.open(RESULTS)
    page = editor.page
    assert await page.locator("[data-chart]").count() >= len(FIGURES)
    assert await page.locator("[data-chart]:visible").count() == 0
    await page.locator("#q-suivi-tableau").get_by_role("button", name="Oui").click()
    await expect(page.locator(".nv-dashboard__selection")).to_contain_text("2")
    await expect(page.locator("#carte-dessin, #carte svg").first).to_be_visible()


async def test_charts_that_do_not_come_are_said(answers: None, reader: MakeReader):
    """The place of the chart says that the table has all its figures."""
    editor = await reader(EDITOR)
    editor.tolerate("net::ERR_FAILED")
    await editor.context.route("**/resultats/graphiques*", lambda route: route.abort())
    await editor.open(RESULTS)
    place = editor.page.locator("[data-chart='suivi']")
    await place.scroll_into_view_if_needed()
    await expect(place).to_have_text("Le graphique n’a pas pu être chargé. Le tableau contient tous ses chiffres.")
