"""The directorate's list, a new survey from a workbook, and its questionnaire as it will be answered."""

import asyncio
import datetime as dt
import html
import io
import re
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from base.paging import cursor_after
from forms.xlsform import read
from tests.web.conftest import text

pytestmark = pytest.mark.anyio

EDITOR = ("editor@dgaln.example", "editor", "unit:DGALN")
OWN_FORM = Path(__file__).parent.parent / "data" / "forms-own" / "renovation-energetique.xlsx"
HEAD = ["type", "name", "label", "relevant"]
YES_NO = [["list_name", "name", "label"], ["yn", "yes", "Oui"], ["yn", "no", "Non"]]


def workbook(**sheets: list[list[Any]]) -> bytes:
    """A workbook with these sheets."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return buffer.getvalue()


GOOD = workbook(
    survey=[
        HEAD,
        ["begin_group", "vous", "Vous", ""],
        ["select_one yn", "a", "Êtes-vous là ?", ""],
        ["text", "b", "Pourquoi pas ?", "${a} = 'no'"],
        ["end_group", "", "", ""],
    ],
    choices=YES_NO,
    settings=[["form_title"], ["L'été <b>prochain</b>"]],
)
WARNED = workbook(
    survey=[HEAD, ["text", "a", "A ?", ""], ["deviceid", "telephone_id", "", ""]],
    settings=[["form_title"], ["Averti"]],
)
BROKEN = workbook(
    survey=[HEAD, ["deviceid", "telephone_id", "", ""], ["texte", "b", "B", ""], ["text", "a", "A", ""]],
)


def titles(page: str) -> list[str]:
    """The surveys in a list, in its order."""
    found = re.findall(r'<h2 class="nv-surveys__title"><a href="/enquetes/([a-z0-9-]+)/', page)
    assert len(found) == page.count("nv-surveys__item")
    return found


@pytest.fixture
async def browser(pages):
    """An editor of DGALN."""
    return await pages(*EDITOR)


async def bring(browser, content: bytes, **fields: str):
    return await browser.submit(
        "/enquetes/nouvelle", {"voie": "survey", "repond": "agent"} | fields, files={"classeur": ("Été.xlsx", content)}
    )


async def test_an_empty_list(browser, pages) -> None:
    """It says what will stand there and how to begin; those who may not create are not told to."""
    page = await browser.get("/enquetes")
    assert page.status_code == 200
    assert "Pas encore d’enquête" in page.text
    assert 'href="/enquetes/nouvelle"' in page.text
    analyst = await pages("analyst@dgaln.example", "analyst", "unit:DGALN")
    page = await analyst.get("/enquetes")
    assert "Pas encore d’enquête" in page.text
    assert 'href="/enquetes/nouvelle"' not in page.text


async def test_the_order_of_the_list(browser, editor, publish) -> None:
    """Open ones first, the nearest deadline before the others, then scheduled ones, drafts and closed ones."""
    today = dt.datetime.now(dt.UTC).date()
    for slug, dates in {
        "sans-fin": {},
        "dans-neuf-jours": {"closes_at": str(today + dt.timedelta(9))},
        "dans-deux-jours": {"closes_at": str(today + dt.timedelta(2))},
    }.items():
        survey = await publish(slug=slug)
        await editor.post(f"{survey}/publish", json=dates)
    closed = await publish(slug="close")
    await editor.post(f"{closed}/close")
    await draft(editor, "brouillon")
    scheduled = await draft(editor, "programmee")
    await editor.put(f"{scheduled}/audience", json={"territories": ["D-29"]})
    await editor.post(f"{scheduled}/publish", json={"opens_at": str(today + dt.timedelta(3))})

    page = await browser.get("/enquetes")
    assert titles(page.text) == ["dans-deux-jours", "dans-neuf-jours", "sans-fin", "programmee", "brouillon", "close"]
    said = text(page.text)
    assert "0 réponse sur 3 attendues (0 %)" in said
    assert "3 agents n’ont pas commencé" in said
    assert "Clôture dans 2 jours" in said
    assert "À publier : choisissez une audience" in said


async def draft(editor, slug: str) -> str:
    question = {"kind": "text", "name": "q1", "label": {"fr": "Oui ?"}}
    questionnaire = {"title": {"fr": slug}, "languages": ["fr"], "questions": [question]}
    made = await editor.post("/api/v1/surveys", json={"questionnaire": questionnaire, "slug": slug})
    assert made.status_code == 201
    return f"/api/v1/surveys/{slug}"


async def test_pages_of_the_list(browser, editor, publish) -> None:
    """Each survey once and in order over the pages, whatever its state; a foreign cursor begins anew."""
    await publish(slug="ouverte")
    for number in range(45):
        await draft(editor, f"b{number:02}")
    seen, address = [], "/enquetes"
    while address:
        page = await browser.get(address)
        seen += titles(page.text)
        following = re.search(r'href="(\?[^"]*)" rel="next"', page.text)
        address = f"/enquetes{html.unescape(following[1])}" if following else ""
    assert seen == ["ouverte", *(f"b{number:02}" for number in reversed(range(45)))]
    strange = await browser.get("/enquetes?suite=abc")
    assert (strange.status_code, strange.headers["Location"]) == (303, "/enquetes")


async def test_search_and_filters(browser, editor, publish) -> None:
    """Words, state and kind together; nothing that fits is said so, and what was typed stays."""
    await publish(slug="eau", kind="flash", title={"fr": "L’eau"})
    await publish(slug="air", title={"fr": "L’air"})
    await draft(editor, "bruit")
    assert titles((await browser.get("/enquetes?q=eau")).text) == ["eau"]
    assert titles((await browser.get("/enquetes?q=%25")).text) == []
    assert titles((await browser.get("/enquetes?etat=draft")).text) == ["bruit"]
    assert titles((await browser.get("/enquetes?voie=survey&etat=open")).text) == ["air"]
    assert len(titles((await browser.get("/enquetes?voie=n-importe&etat=quoi")).text)) == 3
    for rank in ("4", "99999999999999999999", "-1", "1_0"):
        cursor = cursor_after(rank, "1.0", "00000000-0000-4000-8000-000000000000")
        assert (await browser.get("/enquetes", params={"suite": cursor})).headers["location"] == "/enquetes"
    none = await browser.get("/enquetes", params={"q": '"><script>'})
    assert "Aucune enquête ne correspond" in none.text
    assert 'value="&#34;&gt;&lt;script&gt;"' in none.text


async def test_who_sees_what_in_the_list(pages, publish, editor) -> None:
    """Analysts of the owner see what is published, reviewers of a territory too, other editors their own only."""
    await publish(slug="essai")
    await draft(editor, "brouillon")
    analyst = await pages("analyst@dgaln.example", "analyst", "unit:DGALN")
    assert titles((await analyst.get("/enquetes")).text) == ["essai"]
    reviewer = await pages("emma@ddt-75.example", "reviewer", "territory:D-29")
    page = await reviewer.get("/enquetes")
    assert titles(page.text) == ["essai"]
    assert "sur 2 attendues" in text(page.text)
    stranger = await pages("reviewer@dreal-53.example", "editor", "unit:DREAL-53")
    assert titles((await stranger.get("/enquetes")).text) == []
    agent = await pages("anne@ddtm-29.example")
    assert (await agent.get("/enquetes")).status_code == 403


async def test_statements_of_the_list(browser, publish, statements) -> None:
    """Who it is, the surveys, and one statement that counts for all of them."""
    await publish()
    await browser.get("/enquetes")
    statements.clear()
    await browser.get("/enquetes")
    one = len(statements)
    for _ in range(8):
        await publish()
    statements.clear()
    await browser.get("/enquetes")
    assert len(statements) == one == 3, statements


async def test_a_workbook(browser) -> None:
    """It becomes a draft, shown as it will be answered: steps, conditions in words, nothing of it as markup."""
    made = await bring(browser, GOOD, voie="collection", repond="unit")
    assert made.status_code == 303, text(made.text)
    page = await browser.get(made.headers["Location"])
    said = text(page.text)
    assert page.status_code == 200
    assert "Le classeur est importé sous forme de brouillon" in said
    assert "<b>prochain" not in page.text
    assert "Étape 1 sur 1 Vous" in said
    assert "Posée seulement si ${a} = 'no'" in said
    assert "Pourquoi pas ?" in said
    assert "2 questions" in said
    assert "Remontée d’informations" in said
    assert re.search(r'<input type="radio"[^>]* value="yes"', page.text)
    found = await browser.get("/enquetes")
    assert titles(found.text) == ["l-ete-b-prochain-b"]


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_broken_workbook(pages, language: str) -> None:
    """The same page with every flaw at its sheet, row and column, errors first; what was chosen is still chosen."""
    browser = await pages(*EDITOR, language=language)
    page = await bring(browser, BROKEN, voie="flash", repond="unit")
    assert page.status_code == 422
    title = re.search(r"<title>([^<]*)", page.text)
    assert title
    assert title[1].startswith(("Erreur", "Error"))
    section = page.text[page.text.index('id="defauts"') :]
    rows = re.findall(r"<tr>\s*(<td>.*?)</tr>", section, re.DOTALL)
    cells = [[re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", row)] for row in rows]
    gravity = ("Erreur", "Avertissement") if language == "fr" else ("Error", "Warning")
    assert [row[0] for row in cells] == sorted((row[0] for row in cells), key=gravity.index)
    assert ["survey", "3"] in [row[1:3] for row in cells]
    assert cells[-1][0] == gravity[1]
    assert f">{gravity[1]}<" not in re.sub(r"\s+", "", section[: section.index("<details")])
    assert re.search(r'value="flash" checked', page.text)
    assert re.search(r'value="unit" checked', page.text)
    assert titles((await browser.get("/enquetes")).text) == []


@pytest.mark.parametrize("content", [b"", b"not a workbook"])
async def test_what_is_no_workbook(browser, content: bytes) -> None:
    """An empty or foreign file is a sentence beside the field, and nothing is stored."""
    page = await bring(browser, content)
    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.text
    assert titles((await browser.get("/enquetes")).text) == []
    nothing = await browser.submit("/enquetes/nouvelle", {"voie": "survey"})
    assert nothing.status_code == 422
    assert "Choisissez le classeur" in nothing.text


async def test_warnings_stay_with_the_draft(browser) -> None:
    """What the import left out is shown with its row until another workbook replaces it, also after a second look."""
    made = await bring(browser, WARNED)
    for _ in range(2):
        page = await browser.get(made.headers["Location"])
        assert "1 remarque sur le questionnaire" in text(page.text)
        assert "telephone_id" in page.text
    address = made.headers["Location"].partition("?")[0]
    replaced = await browser.submit(address, files={"classeur": ("x.xlsx", GOOD)})
    assert replaced.status_code == 303
    page = await browser.get(replaced.headers["Location"])
    assert "telephone_id" not in page.text
    assert "Pourquoi pas ?" in page.text


async def test_replacing_by_a_broken_workbook(browser) -> None:
    """Nothing changes, and the flaws are shown above the questionnaire that there is."""
    made = await bring(browser, GOOD)
    address = made.headers["Location"].partition("?")[0]
    page = await browser.submit(address, files={"classeur": ("x.xlsx", BROKEN)})
    assert page.status_code == 422
    assert "Le questionnaire n’a pas changé" in page.text
    assert "Pourquoi pas ?" in page.text
    assert "Pourquoi pas ?" in (await browser.get(address)).text


async def test_replacing_what_is_published(browser, publish) -> None:
    """Answers are judged by what is published until it is published again, and the page says so."""
    await publish(slug="essai")
    replaced = await browser.submit("/enquetes/essai/questionnaire", files={"classeur": ("x.xlsx", GOOD)})
    page = await browser.get(replaced.headers["Location"])
    assert "vérifiées selon l’édition 1" in text(page.text)
    asked = await browser.get("/enquetes/essai")
    assert asked.headers["Location"] == "/enquetes/essai/suivi"


async def test_the_page_one_comes_for(publish, pages) -> None:
    """Whoever is asked, and runs nothing, comes to answer."""
    await publish(slug="essai")
    asked = await (await pages("anne@ddtm-29.example")).get("/enquetes/essai")
    assert (asked.status_code, asked.headers["Location"]) == (303, "/s/essai")


async def test_languages_of_a_questionnaire(browser) -> None:
    """A text that is not in the page's language says so, and another language of the questionnaire can be chosen."""
    form = workbook(
        survey=[["type", "name", "label::Deutsch (de)", "label::English (en)"], ["text", "a", "Warum?", "Why?"]],
        settings=[["form_title", "default_language"], ["Zwei", "Deutsch (de)"]],
    )
    made = await bring(browser, form)
    address = made.headers["Location"].partition("?")[0]
    page = await browser.get(address)
    assert '<span lang="de">Warum?</span>' in page.text
    assert '<span lang="en">Why?</span>' in (await browser.get(f"{address}?langue=en")).text
    assert (await browser.get(f"{address}?langue=xx")).status_code == 200


async def test_the_example(browser) -> None:
    """It can be downloaded, and can be imported as it is."""
    file = await browser.get("/enquetes/modele")
    assert file.status_code == 200
    assert "attachment" in file.headers["Content-Disposition"]
    assert read(file.content, file_name="modele.xlsx").questionnaire.questions
    assert (await bring(browser, file.content)).status_code == 303


async def test_our_own_form(browser) -> None:
    """A real workbook with a condition and several kinds of questions is shown."""
    made = await bring(browser, OWN_FORM.read_bytes())
    assert made.status_code == 303
    page = await browser.get(made.headers["Location"])
    assert page.status_code == 200
    assert "Posée seulement si ${role} != 'aucun'" in text(page.text)


async def test_owners(pages) -> None:
    """Who edits for several directorates chooses one; a unit that is none is a sentence beside the field."""
    await pages("denis@ddtm-35.example", "editor", "unit:DGALN")
    several = await pages("denis@ddtm-35.example", "editor", "unit:DDTM-35")
    page = await several.get("/enquetes/nouvelle")
    assert re.findall(r'<option value="([^"]*)"', page.text) == ["DDTM-35", "DGALN"]
    made = await bring(several, GOOD, proprietaire="DDTM-35")
    assert "Demandée par : DDTM-35" in text((await several.get(made.headers["Location"])).text)
    administrator = await pages("felix@dgtm-973.example", "administrator")
    refused = await bring(administrator, GOOD, proprietaire="NULLE-PART")
    assert refused.status_code == 422
    assert 'value="NULLE-PART"' in refused.text
    forbidden = await bring(several, GOOD, proprietaire="DREAL-53")
    assert forbidden.status_code == 422


async def test_addresses_of_ours_are_no_slugs(browser, editor) -> None:
    """A survey that is called like one of our pages gets another short name."""
    form = workbook(survey=[HEAD, ["text", "a", "A"]], settings=[["form_title"], ["Nouvelle"]])
    made = await bring(browser, form)
    assert made.headers["Location"].startswith("/enquetes/nouvelle-2/questionnaire")


async def test_a_double_click(browser, pages) -> None:
    """A form that is sent twice, at the same moment or later, makes one survey; both lead to it."""
    key = re.search(r'name="cle" value="([^"]+)"', (await browser.get("/enquetes/nouvelle")).text)
    assert key
    answers = await asyncio.gather(*(bring(browser, GOOD, cle=key[1]) for _ in range(3)))
    answers.append(await bring(browser, GOOD, cle=key[1]))
    assert {answer.status_code for answer in answers} == {303}
    for answer in answers:
        page = await browser.get(answer.headers["Location"])
        assert "Pourquoi pas ?" in page.text
    assert len(titles((await browser.get("/enquetes")).text)) == 1
    foreign = await pages("reviewer@dreal-53.example", "editor", "unit:DREAL-53")
    taken = await bring(foreign, GOOD, cle=key[1])
    assert (await foreign.get(taken.headers["Location"])).status_code == 404
    assert (await bring(foreign, GOOD, cle="n-importe")).status_code == 303
