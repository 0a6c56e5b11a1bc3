"""An agent answers, from the list of what is expected of them to the receipt: on a telephone, without a script, on two
devices one after the other, with the keyboard alone.
"""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import MakeReader
from tests.browser.world import ANNE, ANSWERS, DEMO, draft_in, published, response_of, typed

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("directory")]

PHONE = {"width": 390, "height": 844, "is_mobile": True, "has_touch": True}
SAVED = re.compile(r"^Brouillon enregistré à \d{1,2}\sh\s\d\d\s: pas encore envoyé$")


async def tick(page: Page, *labels: str) -> None:
    """Press on the label, as a finger does."""
    for label in labels:
        await page.get_by_text(label, exact=True).click()


async def to_the_first_step(page: Page) -> None:
    """From the list of what is expected."""
    await page.get_by_role("link", name="Commencer – L’eau dans vos projets").click()
    await expect(page.locator("h1")).to_have_text("L’eau dans vos projets")
    await page.get_by_role("link", name="Commencer").click()
    await expect(page).to_have_title("Étape 1 sur 2 : Votre rôle – Navette")


async def on_from_the_second_step(page: Page) -> None:
    """Answer it, check everything, send it, have the receipt."""
    await expect(page).to_have_title("Étape 2 sur 2 : Vos sujets – Navette")
    await tick(page, "Les crues", "Les nappes")
    await page.get_by_label("Votre avis").fill("Rien à redire.")
    await page.get_by_role("button", name="Continuer").click()
    await expect(page.locator("h1")).to_have_text("Vérifiez vos réponses avant de les envoyer")
    await expect(page.locator("main")).to_contain_text("Les crues")
    assert await response_of(ANNE) is None
    await page.get_by_role("button", name="Envoyer ma réponse").click()
    await expect(page.locator("h1")).to_have_text("Votre réponse est envoyée")


async def see_the_receipt(page: Page) -> None:
    """The receipt names what is stored, and the list knows of it."""
    response = await response_of(ANNE)
    assert response is not None
    assert {name: value for name, value in response.answers.items() if value is not None} == ANSWERS
    await expect(page.locator("main")).to_contain_text(str(response.id))
    await page.get_by_role("link", name="Retour à l’accueil").click()
    await expect(page.locator("main")).to_contain_text("Rien ne vous est demandé pour le moment")
    await page.get_by_role("region", name="Ce que vous avez envoyé").get_by_role("link").click()
    await expect(page.locator("main")).to_contain_text(str(response.id))


async def test_on_a_telephone(reader: MakeReader):
    """What is typed is saved and opens the question that depends on it; then it is sent."""
    await published()
    anne = await reader(ANNE, **PHONE)
    await anne.open("/")
    page = anne.page
    await to_the_first_step(page)
    await expect(page.get_by_label("Combien de projets")).to_be_hidden()
    await tick(page, "Oui")
    await page.get_by_label("Combien de projets").fill("12")
    await expect(page.locator("#enregistre")).to_have_text(SAVED)
    await page.get_by_role("button", name="Continuer").click()
    await on_from_the_second_step(page)
    await see_the_receipt(page)


async def test_without_javascript(reader: MakeReader):
    """The same by the buttons: the question that depends on an answer comes after it."""
    await published()
    anne = await reader(ANNE, **PHONE, java_script_enabled=False)
    await anne.open("/")
    page = anne.page
    await to_the_first_step(page)
    await expect(page.get_by_label("Combien de projets")).to_be_hidden()
    await tick(page, "Oui")
    await page.get_by_role("button", name="Continuer").click()
    await page.get_by_label("Combien de projets").fill("12")
    await page.get_by_role("button", name="Continuer").click()
    await on_from_the_second_step(page)
    await see_the_receipt(page)


async def test_on_another_device_one_goes_on_where_one_was(reader: MakeReader):
    """What was typed at the office without pressing a button is there on the telephone."""
    await published()
    office = await reader(ANNE)
    await office.open("/s/essai/etape/2")
    await tick(office.page, "Les nappes")
    await office.page.get_by_label("Votre avis").fill("Commencé au bureau")
    await expect(office.page.locator("#enregistre")).to_have_text(SAVED)
    phone = await reader(ANNE, **PHONE)
    await phone.open("/")
    await phone.page.get_by_role("link", name="Reprendre").click()
    await phone.page.get_by_role("link", name="Reprendre").click()
    await phone.open("/s/essai/etape/2")
    await expect(phone.page.get_by_label("Votre avis")).to_have_value("Commencé au bureau")
    await expect(phone.page.get_by_label("Les nappes")).to_be_checked()
    await expect(phone.page.get_by_label("Les crues")).not_to_be_checked()


async def test_with_the_keyboard_alone(reader: MakeReader):
    """Tab, arrows, space and Enter lead from the list to the receipt."""
    await published()
    anne = await reader(ANNE)
    page = anne.page

    async def tab_to(name: str) -> None:
        """Until this has the focus."""
        for _ in range(60):
            await page.keyboard.press("Tab")
            focused = page.locator(":focus")
            if await focused.count() and name in await focused.evaluate(NAME):
                return
        pytest.fail(f"Tab does not reach « {name} » at {page.url}")

    await anne.open("/")
    await tab_to("Commencer")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("L’eau dans vos projets")
    await tab_to("Commencer")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_be_focused()
    await tab_to("Oui")
    await page.keyboard.press("Space")
    await expect(page.get_by_label("Combien de projets")).to_be_visible()
    await tab_to("Combien de projets")
    await page.keyboard.type("12")
    await page.keyboard.press("Enter")
    await expect(page).to_have_title("Étape 2 sur 2 : Vos sujets – Navette")
    await expect(page.locator("h1")).to_be_focused()
    await tab_to("Les crues")
    await page.keyboard.press("Space")
    await tab_to("Les nappes")
    await page.keyboard.press("Space")
    await tab_to("Votre avis")
    await page.keyboard.type("Rien à redire.")
    await tab_to("Continuer")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Vérifiez vos réponses avant de les envoyer")
    await tab_to("Envoyer ma réponse")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Votre réponse est envoyée")
    await see_the_receipt(page)


NAME = "(one) => (one.labels?.[0] ?? one).textContent"

COVERED = """() => {
  const focused = document.activeElement;
  const field = focused.labels?.[0] && ["radio", "checkbox"].includes(focused.type) ? focused.labels[0] : focused;
  const box = field.getBoundingClientRect();
  const covering = [...document.querySelectorAll("body *")].filter((one) =>
    ["sticky", "fixed"].includes(getComputedStyle(one).position) && !one.contains(focused) && !focused.contains(one));
  const bars = covering.map((one) => one.getBoundingClientRect()).filter((bar) => bar.height && bar.width);
  const over = bars.filter((bar) => bar.top < box.bottom - 1 && bar.bottom > box.top + 1
    && bar.left < box.right && bar.right > box.left);
  const outside = box.height < innerHeight / 2 && (box.bottom > innerHeight + 1 || box.top < -1);
  return over.length || outside ? [`${focused.outerHTML.slice(0, 120)} ${JSON.stringify(box)}`] : [];
}"""


@pytest.mark.parametrize(("key", "height"), [("Tab", 420), ("Tab", 560), ("Shift+Tab", 420)])
async def test_the_bar_never_covers_what_has_the_focus(key: str, height: int, reader: MakeReader):
    """Whichever way one goes through a long step in a low window."""
    await published("meubles", DEMO / "meubles-de-tourisme.xlsx")
    anne = await reader(ANNE, width=390, height=height)
    await anne.open("/s/meubles/etape/2")
    covered = []
    for _ in range(45):
        await anne.page.keyboard.press(key)
        covered += await anne.page.evaluate(COVERED)
    assert covered == []


async def test_errors_take_the_focus(reader: MakeReader):
    """The summary is read first, and each of its links leads into the field; the title says that there are errors."""
    await published()
    anne = await reader(ANNE)
    anne.expect_status(422)
    await anne.open("/s/essai/etape/2")
    page = anne.page
    await tick(page, "Les crues")
    await page.get_by_role("button", name="Continuer").click()
    await expect(page).to_have_title("Erreur : Étape 2 sur 2 : Vos sujets – Navette")
    await expect(page.locator("#erreurs")).to_be_focused()
    await page.locator("#erreurs").get_by_role("link").click()
    field = page.get_by_label("Votre avis")
    await expect(field).to_be_focused()
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_label("Les crues")).to_be_checked()
    assert await draft_in(ANNE) == {"themes": ["crue"]}


async def test_what_does_not_fit_is_said_and_kept(reader: MakeReader):
    """A number that is too large is said so while one types, and stays."""
    await published()
    await typed(ANNE, {"suivi": "oui"})
    anne = await reader(ANNE)
    anne.expect_status(422)
    await anne.open("/s/essai/etape/1")
    field = anne.page.get_by_label("Combien de projets")
    await field.fill("900")
    await field.blur()
    await expect(field).to_have_attribute("aria-invalid", "true")
    await anne.page.get_by_role("button", name="Continuer").click()
    await expect(anne.page.locator("#erreurs")).to_be_focused()
    await expect(field).to_have_value("900")
