"""What goes wrong while one answers: two windows, a session that ends, a survey that closes, a line that is cut. The
page says so, and nothing that was typed is lost or sent twice.
"""

import re

import asyncpg
import pytest
from playwright.async_api import Route, expect

from surveys.publishing import close
from tests.browser.conftest import MakeReader, Reader
from tests.browser.world import ANNE, ANSWERS, draft_in, now, published, response_of, typed
from tests.conftest import Urls

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("directory")]

SAVED = re.compile("^Brouillon enregistré à")
OPINION = "Votre avis"
STEP = "/s/essai/etape/2"

PLACES = """const bar = document.querySelector(".nv-saved").getBoundingClientRect();
            const field = document.activeElement.getBoundingClientRect();"""
AT_THE_BAR = f"() => {{ {PLACES} scrollBy(0, field.bottom - bar.top + 2); }}"
ABOVE_THE_BAR = f"() => {{ {PLACES} return field.bottom <= bar.top && bar.height > 60; }}"


async def events(urls: Urls) -> tuple[int, int]:
    """How many answers are stored, and how often one was received."""
    connection = await asyncpg.connect(urls.app)
    try:
        responses = await connection.fetchval("SELECT count(*) FROM response")
        received = await connection.fetchval("SELECT count(*) FROM assignment_event WHERE state = 'sent'")
    finally:
        await connection.close()
    return responses, received


async def sign_in_again(one: Reader) -> None:
    """By the link of the page, in a new tab, as the person one was."""
    async with one.context.expect_page() as opened:
        await one.page.locator("main a[href='/connexion']").click()
    tab = await opened.value
    await tab.get_by_label("Nom, service").fill("Le Goff")
    await tab.keyboard.press("Enter")
    await tab.get_by_role("button", name="Devenir Anne Le Goff").click()
    await expect(tab.locator("h1")).to_have_text("Bonjour Anne")
    await tab.close()
    await one.page.bring_to_front()


async def test_two_windows_on_one_draft(reader: MakeReader):
    """Different questions add up; two answers to one question are both shown, and one chooses."""
    await published()
    anne = await reader(ANNE)
    first, second = anne.page, await anne.another_window()
    await anne.open(STEP)
    await anne.open(STEP, second)
    await first.get_by_text("Les crues", exact=True).click()
    await first.get_by_label(OPINION).fill("De la première")
    await expect(first.locator("#enregistre")).to_have_text(SAVED)
    await second.get_by_label("Depuis quand").fill("2024-05-06")
    await second.get_by_label(OPINION).fill("De la seconde")
    conflict = second.get_by_role("group", name="Deux réponses à cette question")
    await expect(conflict).to_contain_text("De la première")
    await expect(second.locator("#enregistre")).to_contain_text("choisissez celle à garder")
    await expect(second.get_by_label(OPINION)).to_have_value("De la seconde")
    await conflict.get_by_role("button", name="Garder la mienne").click()
    await expect(conflict).to_have_count(0)
    await expect(second.get_by_label(OPINION)).to_have_value("De la seconde")
    expected = {"themes": ["crue"], "depuis": "2024-05-06", "avis": "De la seconde"}
    assert await draft_in(ANNE) == expected


async def test_an_answer_from_elsewhere_waits_for_the_focus_to_leave(reader: MakeReader):
    """Where one stands nothing moves; what came in meanwhile is drawn when one goes on, and is not overwritten."""
    await published()
    anne = await reader(ANNE)
    await anne.open(STEP)
    page = anne.page
    await typed(ANNE, {"avis": "D’ailleurs", "depuis": "2024-05-06"})
    await page.get_by_label(OPINION).focus()
    await page.get_by_label("Les crues").evaluate("box => box.click()")  # the focus stays
    await expect(page.get_by_label("Depuis quand")).to_have_value("2024-05-06")
    await expect(page.get_by_label(OPINION)).to_have_value("")
    await page.keyboard.press("Tab")
    await expect(page.get_by_label(OPINION)).to_have_value("D’ailleurs")
    await page.get_by_role("button", name="Continuer").click()
    await expect(page.locator("h1")).to_have_text("Vérifiez vos réponses avant de les envoyer")
    assert await draft_in(ANNE) == {"avis": "D’ailleurs", "depuis": "2024-05-06", "themes": ["crue"]}


async def test_what_one_types_over_an_unseen_answer_is_a_conflict(reader: MakeReader):
    """Also after the page has gone on to a later version of the draft; the focus stays in the field."""
    await published()
    anne = await reader(ANNE)
    await anne.open(STEP)
    page = anne.page
    await typed(ANNE, {"avis": "D’ailleurs", "depuis": "2024-05-06"})
    await page.get_by_label(OPINION).focus()
    await page.get_by_label("Les crues").evaluate("box => box.click()")
    await expect(page.get_by_label("Depuis quand")).to_have_value("2024-05-06")
    await page.keyboard.type("D’ici")
    conflict = page.get_by_role("group", name="Deux réponses à cette question")
    await expect(conflict).to_contain_text("D’ailleurs")
    await expect(page.get_by_label(OPINION)).to_be_focused()
    await expect(page.get_by_label(OPINION)).to_have_value("D’ici")
    assert await draft_in(ANNE) == {"avis": "D’ailleurs", "depuis": "2024-05-06", "themes": ["crue"]}
    await page.keyboard.type(" même")
    await expect(conflict).to_have_count(0)
    assert await draft_in(ANNE) == {"avis": "D’ici même", "depuis": "2024-05-06", "themes": ["crue"]}


async def test_an_old_form_without_a_script_changes_what_one_changed(reader: MakeReader):
    """The fields that nobody touched are no answers."""
    await published()
    anne = await reader(ANNE, java_script_enabled=False)
    await anne.open(STEP)
    await typed(ANNE, {"themes": ["crue"], "depuis": "2024-05-06"})
    await anne.page.get_by_label(OPINION).fill("D’ici")
    await anne.page.get_by_role("button", name="Continuer").click()
    await expect(anne.page.locator("h1")).to_have_text("Vérifiez vos réponses avant de les envoyer")
    assert await draft_in(ANNE) == {"themes": ["crue"], "depuis": "2024-05-06", "avis": "D’ici"}


async def test_the_other_answer_may_be_taken(reader: MakeReader):
    """Without a script, too: the page comes back with both."""
    await published()
    anne = await reader(ANNE, java_script_enabled=False)
    anne.expect_status(409)
    await anne.open(STEP)
    await typed(ANNE, {"avis": "D’ailleurs"})
    page = anne.page
    await page.get_by_label(OPINION).fill("D’ici")
    await page.get_by_role("button", name="Continuer").click()
    await expect(page.locator("#conflit")).to_contain_text("Rien n’est encore enregistré")
    await expect(page.get_by_label(OPINION)).to_have_value("D’ici")
    await page.get_by_role("button", name="Prendre l’autre").click()
    await expect(page.get_by_label(OPINION)).to_have_value("D’ailleurs")
    assert await draft_in(ANNE) == {"avis": "D’ailleurs"}


async def test_a_session_that_ends_while_one_types(reader: MakeReader):
    """The page says it, keeps what is typed, and saves it once one has signed in again in another tab."""
    await published()
    anne = await reader(ANNE)
    anne.expect_status(401)
    anne.expect_status(403)  # the page's token is that of the session before, until the script has the new one
    await anne.open(STEP)
    await anne.lose_session()
    await anne.page.get_by_label(OPINION).fill("Long à écrire")
    await expect(anne.page.locator("#enregistre")).to_contain_text("Votre session a expiré")
    assert await draft_in(ANNE) == {}
    await sign_in_again(anne)
    await expect(anne.page.locator("#enregistre")).to_have_text(SAVED)
    await expect(anne.page.get_by_label(OPINION)).to_have_value("Long à écrire")
    assert await draft_in(ANNE) == {"avis": "Long à écrire"}


async def test_a_bar_that_says_more_leaves_the_focus_in_sight(reader: MakeReader):
    """The sentence that the session has ended takes several lines of a telephone's page; the field stays above them."""
    await published()
    anne = await reader(ANNE, width=390, height=420)
    anne.expect_status(401)
    await anne.open(STEP)
    await anne.lose_session()
    await anne.page.get_by_label(OPINION).fill("Long à écrire")
    await anne.page.evaluate(AT_THE_BAR)
    await expect(anne.page.locator("#enregistre")).to_contain_text("Votre session a expiré")
    await expect(anne.page.get_by_label(OPINION)).to_be_focused()
    await anne.page.wait_for_function(ABOVE_THE_BAR)


async def test_a_page_opened_anew_after_signing_in_holds_what_was_not_saved(reader: MakeReader):
    """Also where one signs in in the same tab."""
    await published()
    anne = await reader(ANNE)
    anne.expect_status(401)
    await anne.open(STEP)
    await anne.lose_session()
    await anne.page.get_by_label(OPINION).fill("Long à écrire")
    await expect(anne.page.locator("#enregistre")).to_contain_text("Votre session a expiré")
    anne.page.on("dialog", lambda dialog: dialog.accept())
    await anne.sign_in(ANNE)
    await anne.open(STEP)
    await expect(anne.page.get_by_label(OPINION)).to_have_value("Long à écrire")
    await expect(anne.page.locator("#enregistre")).to_have_text(SAVED)
    assert await draft_in(ANNE) == {"avis": "Long à écrire"}


@pytest.mark.parametrize("script", [True, False])
async def test_a_form_that_is_sent_without_a_session_is_kept(script: bool, reader: MakeReader):
    """The page that says so holds the form, and sends it after signing in."""
    await published()
    anne = await reader(ANNE, java_script_enabled=script)
    anne.expect_status(401)
    anne.expect_status(403)
    await anne.open(STEP)
    await anne.lose_session()
    await anne.page.get_by_label(OPINION).fill("Long à écrire")
    await anne.page.get_by_role("button", name="Continuer").click()
    await expect(anne.page.locator("h1")).to_have_text("Votre session a expiré")
    await sign_in_again(anne)
    await anne.page.get_by_role("button", name="Renvoyer ma saisie").click()
    await expect(anne.page.locator("main")).to_contain_text("Anne Le Goff")  # is it she who is to send it?
    await anne.page.get_by_role("button", name="Renvoyer ma saisie").click()
    await expect(anne.page.locator("h1")).to_have_text("Vérifiez vos réponses avant de les envoyer")
    assert await draft_in(ANNE) == {"avis": "Long à écrire"}


async def test_a_survey_that_closes_while_one_types(reader: MakeReader):
    """The page says it, leaves what was typed in it, and shows it again where one goes on all the same."""
    survey = await published()
    anne = await reader(ANNE)
    anne.expect_status(409)
    await anne.open(STEP)
    await close(survey, now=now())
    await anne.page.get_by_label(OPINION).fill("Presque fini")
    await expect(anne.page.locator("#enregistre")).to_contain_text("L’enquête ne reçoit plus de réponses")
    await expect(anne.page.get_by_label(OPINION)).to_have_value("Presque fini")
    await anne.page.get_by_role("button", name="Continuer").click()
    await expect(anne.page.locator("main")).to_contain_text("L’enquête est close")
    await expect(anne.page.locator("main")).to_contain_text("Presque fini")


async def test_a_survey_that_closes_before_one_sends(reader: MakeReader):
    """It is not sent, and what was typed is shown."""
    survey = await published()
    await typed(ANNE, ANSWERS)
    anne = await reader(ANNE)
    await anne.open("/s/essai/verification")
    await close(survey, now=now())
    await anne.page.get_by_role("button", name="Envoyer ma réponse").click()
    await expect(anne.page.locator("main")).to_contain_text("L’enquête est close")
    await expect(anne.page.locator("main")).to_contain_text("Rien à redire.")
    assert await response_of(ANNE) is None


@pytest.mark.parametrize("script", [True, False])
async def test_a_double_click_sends_once(script: bool, reader: MakeReader, urls: Urls):
    """One answer, one receipt, whether a script holds the second click back or the server does."""
    await published()
    await typed(ANNE, ANSWERS)
    anne = await reader(ANNE, java_script_enabled=script)
    await anne.open("/s/essai/verification")
    await anne.page.get_by_role("button", name="Envoyer ma réponse").dblclick()
    await expect(anne.page.locator("h1")).to_have_text("Votre réponse est envoyée")
    assert await events(urls) == (1, 1)


async def test_the_reply_to_sending_is_lost(reader: MakeReader, urls: Urls):
    """The answer came in, its reply did not: sending once more from the same page leads to the same receipt."""
    await published()
    await typed(ANNE, ANSWERS)
    anne = await reader(ANNE)
    anne.tolerate("net::ERR")
    window = await anne.another_window()
    await anne.open("/s/essai/verification")
    await anne.open("/s/essai/verification", window)

    async def lose(route: Route) -> None:
        await route.fetch(max_redirects=0)
        await route.abort("connectionreset")

    await anne.page.route("**/verification", lose)
    async with anne.page.expect_event("requestfailed"):
        await anne.page.get_by_role("button", name="Envoyer ma réponse").click()
    response = await response_of(ANNE)
    assert response is not None
    await window.get_by_role("button", name="Envoyer ma réponse").click()
    await expect(window.locator("main")).to_contain_text(str(response.id))
    assert await events(urls) == (1, 1)


async def test_the_reply_to_saving_is_lost(reader: MakeReader):
    """The page says that it tries again, sends the same once more, and is in no conflict with itself."""
    await published()
    anne = await reader(ANNE)
    anne.tolerate("net::ERR")
    await anne.open(STEP)
    lost = []

    async def lose(route: Route) -> None:
        await route.fetch()
        lost.append(route.request.post_data)
        await route.abort("connectionreset")

    await anne.page.route("**/brouillon*", lose, times=2)
    await anne.page.get_by_label(OPINION).fill("Une fois")
    await expect(anne.page.locator("#enregistre")).to_contain_text("Échec de l’enregistrement")
    await expect(anne.page.locator("#enregistre")).to_have_text(SAVED)
    assert len(lost) == 2
    assert lost[0] == lost[1]
    assert await draft_in(ANNE) == {"avis": "Une fois"}
    await anne.page.get_by_role("button", name="Continuer").click()
    await expect(anne.page.locator("h1")).to_have_text("Vérifiez vos réponses avant de les envoyer")


async def test_offline_for_a_while(reader: MakeReader):
    """What was typed without a line is saved once it is back."""
    await published()
    anne = await reader(ANNE)
    anne.tolerate("net::ERR_INTERNET_DISCONNECTED")
    await anne.open(STEP)
    await anne.context.set_offline(True)
    await anne.page.get_by_label(OPINION).fill("Dans le train")
    await expect(anne.page.locator("#enregistre")).to_contain_text("Échec de l’enregistrement")
    await anne.page.get_by_text("Les crues", exact=True).click()
    await anne.context.set_offline(False)
    await expect(anne.page.locator("#enregistre")).to_have_text(SAVED)
    await expect(anne.page.get_by_label(OPINION)).to_have_value("Dans le train")
    await anne.page.get_by_role("button", name="Enregistrer et quitter").click()
    await expect(anne.page.locator("h1")).to_have_text("Bonjour Anne")
    assert await draft_in(ANNE) == {"avis": "Dans le train", "themes": ["crue"]}
