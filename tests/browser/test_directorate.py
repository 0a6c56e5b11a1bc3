"""The whole way by clicking, through the demonstration's first page: a directorate imports a workbook, publishes it
to a community in Bretagne, an agent answers, and the directorate sees it in the follow-up, on the map, in the charts.
"""

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from base.progress import Progress
from tests.browser.conftest import MakeReader
from tests.browser.world import DATA, figures_are_up_to_date
from web.demo.filling import prepare

pytestmark = pytest.mark.anyio

WORKBOOK = DATA / "forms-own" / "renovation-energetique.xlsx"
SURVEY = "/enquetes/renovation-energetique-vos-besoins-d-accompagnement"


@contextmanager
def unwatched(label: str) -> Iterator[Progress]:
    """Progress that nobody watches."""
    yield lambda *_: None


async def become(page: Page, name: str) -> None:
    """Another person, by the search of the demonstration's first page."""
    await page.get_by_role("link", name="Changer de personne").click()
    await page.get_by_label("Nom, service").fill(name)
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name=f"Devenir {name}").first.click()
    await expect(page.locator(".nv-tools__who")).to_contain_text(name)


async def import_workbook(page: Page) -> None:
    """It becomes a draft that one sees as it will be answered."""
    await page.get_by_role("navigation", name="Menu principal").get_by_role("link", name="Enquêtes").click()
    await page.get_by_role("link", name="Nouvelle enquête").click()
    await page.get_by_label("Classeur").set_input_files(WORKBOOK)
    await page.get_by_role("button", name="Importer le classeur").click()
    await page.wait_for_url(f"**{SURVEY}/questionnaire*")
    await expect(page.get_by_role("heading", name="Tel que chacun y répondra")).to_be_visible()
    await expect(page.get_by_text("Quel est votre rôle dans la rénovation").last).to_be_visible()


async def choose(page: Page) -> int:
    """One community, in Bretagne; returns how many agents the page says that is."""
    await page.get_by_role("link", name="Suite : choisir l’audience").click()
    total = page.locator("#total")
    everybody = await total.inner_text()
    sizes = await page.locator("#communautes .nv-box__count").evaluate_all(
        "(all) => all.map((one) => parseInt(one.innerText))"
    )
    await page.locator("#communautes label").nth(sizes.index(max(sizes))).click()
    await expect(total).not_to_have_text(everybody)
    everywhere = await total.inner_text()
    await page.locator("label[for='t-R-53']").click()
    await expect(total).not_to_have_text(everywhere)
    await page.get_by_role("button", name="Enregistrer l’audience").click()
    await page.wait_for_url(f"**{SURVEY}/publication*")
    found = re.search(r"\d+", await page.locator(".nv-checks").inner_text())
    assert found is not None
    return int(found[0])


async def publish(page: Page) -> None:
    """The follow-up says that nobody has answered."""
    await page.get_by_role("button", name="Publier l’enquête").click()
    await page.wait_for_url(f"**{SURVEY}/suivi*")


async def answer(page: Page) -> None:
    """From the list of what is expected to the receipt."""
    card = page.locator(".nv-owed li").filter(has_text="Rénovation énergétique")
    await card.get_by_role("link", name="Commencer").click()
    await page.get_by_role("link", name="Commencer").click()
    await page.get_by_text("Je pilote ou j’anime", exact=True).click()
    await page.get_by_label("Combien de projets avez-vous suivis").fill("7")
    while await page.locator("h1", has_text="Vérifiez").count() == 0:
        for name in ("Formation technique", "Plutôt"):
            for label in await page.get_by_text(name, exact=True).all():
                await label.click()
        title = await page.title()
        await page.get_by_role("button", name="Continuer").click()
        await expect(page).not_to_have_title(title)
    await page.get_by_role("button", name="Envoyer ma réponse").click()
    await expect(page.locator("h1")).to_have_text("Votre réponse est envoyée")
    await expect(page.locator("main")).to_contain_text("Reçu n°")


async def test_from_a_workbook_to_the_charts(reader: MakeReader, tmp_path: Path):
    """What a newcomer is promised within ten minutes."""
    await prepare(tmp_path, agents=1000, now=dt.datetime.now(dt.UTC), watch=unwatched)
    visitor = await reader()
    page = visitor.page
    await visitor.open("/")
    await page.get_by_role("button", name=re.compile("^Devenir")).first.click()
    directorate = (await page.locator(".nv-tools__who span").nth(1).inner_text()).strip()
    await import_workbook(page)
    asked = await choose(page)
    await publish(page)
    await expect(page.locator("main")).to_contain_text(f"0 sur {asked}")
    bretagne = page.locator(".nv-follow__row").filter(has_text="Bretagne")
    assert asked > 1
    await bretagne.get_by_role("link", name="attendues : Bretagne").click()
    agents = page.locator("#table-attendus tbody th a")
    await expect(agents).to_have_count(min(asked, 50))
    agent = (await agents.first.inner_text()).strip()

    await become(page, agent)
    await answer(page)

    await become(page, directorate)
    await page.get_by_role("navigation", name="Menu principal").get_by_role("link", name="Enquêtes").click()
    await page.locator(".nv-surveys__title").get_by_role("link", name=re.compile("Rénovation énergétique")).click()
    await page.wait_for_url(f"**{SURVEY}/suivi")
    await expect(page.locator("main")).to_contain_text(f"1 sur {asked}")
    cells = [text.strip() for text in await bretagne.locator("td").all_inner_texts()]
    assert [cells[0].split()[0], cells[3]] == [str(asked), "1"]
    shapes = await page.locator("#carte title").all_text_contents()
    assert [text for text in shapes if "Bretagne" in text and f"1 sur {asked}" in text] != [], shapes
    await figures_are_up_to_date()
    await page.get_by_role("link", name="Résultats").click()
    await expect(page.locator(".nv-dashboard__headline")).to_contain_text(f"1 réponse sur {asked}")
    row = page.locator("#q-role-tableau tbody tr").filter(has_text="Je pilote ou j’anime")
    await expect(row.locator("td").first).to_have_text("1")
    chart = page.locator("[data-chart='role']")
    await chart.scroll_into_view_if_needed()
    await expect(chart).to_contain_class("nv-chart--drawn")
    assert await chart.evaluate("(one) => one.querySelectorAll('.bars .point path').length") == 4
