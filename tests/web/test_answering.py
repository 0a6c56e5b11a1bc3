"""Answering over HTTP, as a browser does it: without a script page by page, and with one as it types."""

import datetime as dt
import html
import re
from typing import Any

import pytest

from base.clock import now
from base.database import transaction
from tests.web.conftest import words

pytestmark = pytest.mark.anyio

FORM: dict[str, Any] = {
    "title": {"fr": "Logement"},
    "languages": ["fr"],
    "questions": [
        {
            "kind": "group",
            "name": "debut",
            "label": {"fr": "Votre service"},
            "questions": [
                {
                    "kind": "select_one",
                    "name": "projet",
                    "choices": "on",
                    "label": {"fr": "Un projet ?"},
                    "required": True,
                },
                {"kind": "integer", "name": "combien", "label": {"fr": "Combien ?"}, "relevant": "${projet} = 'oui'"},
                {"kind": "calculate", "name": "double", "label": {"fr": "Le double"}, "calculation": "${combien} * 2"},
            ],
        },
        {
            "kind": "group",
            "name": "suite",
            "label": {"fr": "Le projet"},
            "relevant": "${projet} = 'oui'",
            "questions": [{"kind": "text", "name": "nom", "label": {"fr": "Son nom"}, "default": "Sans nom"}],
        },
        {"kind": "date", "name": "jour", "label": {"fr": "Depuis quand ?"}},
        {
            "kind": "select_multiple",
            "name": "themes",
            "choices": "themes",
            "label": {"fr": "Thèmes"},
            "constraint": "count-selected(.) < 2",
            "constraint_message": {"fr": "Un seul thème."},
        },
    ],
    "choice_lists": {
        "on": [{"name": "oui", "label": {"fr": "Oui"}}, {"name": "non", "label": {"fr": "Non"}}],
        "themes": [{"name": "eau", "label": {"fr": "L’eau"}}, {"name": "air", "label": {"fr": "L’air"}}],
    },
}
"""Three steps: what is asked first decides on the second; the last has no group."""

S = "/s/logement"


@pytest.fixture
async def anne(publish, pages):
    """An agent who is asked, in her browser."""
    await publish(slug="logement", questionnaire=FORM)
    return await pages("anne@ddtm-29.example")


def hidden(page: str, name: str) -> list[str]:
    """The values of the hidden fields of a name that a browser would send."""
    fields = re.findall(rf'<input type="hidden" name="{name}" value="([^"]*)"( disabled)?>', page)
    return [html.unescape(value) for value, disabled in fields if not disabled]


def title(page: str) -> str:
    found = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert found
    return html.unescape(found[1]).replace("\u202f", " ").replace("\u00a0", " ")


async def fill(browser, step: int, answers: dict[str, Any], go: str = "next", **further: Any):
    """Open a step, type this, press a button: what a browser without a script sends."""
    page = (await browser.get(f"{S}/etape/{step}")).text
    data = {"version": hidden(page, "version"), "asked": hidden(page, "asked"), "go": go}
    return await browser.submit(
        f"{S}/etape/{step}", data | {f"q.{name}": value for name, value in answers.items()} | further
    )


async def to_the_end(browser) -> None:
    """All steps, without errors."""
    await fill(browser, 1, {"projet": "non"})
    assert (await fill(browser, 3, {"jour": "31/12/2025", "themes": ["air"]})).headers[
        "location"
    ] == f"{S}/verification"


async def send(browser):
    """Look the answers through, and send what was shown."""
    (version,) = hidden((await browser.get(f"{S}/verification")).text, "version")
    return await browser.submit(f"{S}/verification", {"version": version})


async def test_without_a_script_from_introduction_to_receipt(anne) -> None:
    """The whole way by buttons alone; questions that appear are shown before one goes on, and the end is a receipt."""
    introduction = words((await anne.get(S)).text)
    assert "Logement" in introduction
    assert "2 étapes" in introduction
    first = await anne.get(f"{S}/etape/1")
    assert title(first.text) == "Étape 1 sur 2 : Votre service – Navette"
    assert hidden(first.text, "asked") == ["projet"]

    again = await fill(anne, 1, {"projet": "oui"})
    assert (again.status_code, again.headers["location"]) == (303, f"{S}/etape/1?nouvelles=1#question-combien")
    page = (await anne.get(f"{S}/etape/1?nouvelles=1")).text
    assert "dépend" in words(page)
    assert hidden(page, "asked") == ["projet", "combien"]
    assert 'value="oui" checked' in page
    assert title(page) == "Étape 1 sur 3 : Votre service – Navette"

    onward = await fill(anne, 1, {"projet": "oui", "combien": "21"})
    assert onward.headers["location"] == f"{S}/etape/2"
    page = (await anne.get(f"{S}/etape/2")).text
    assert 'value="Sans nom"' in page
    assert (await fill(anne, 2, {"nom": ""})).headers["location"] == f"{S}/etape/3"
    assert 'value="Sans nom"' not in (await anne.get(f"{S}/etape/2")).text
    end = await fill(anne, 3, {"jour": "31/12/2025", "themes": ["air"]})
    assert end.headers["location"] == f"{S}/verification"

    summary = words((await anne.get(f"{S}/verification")).text)
    assert "Combien ? 21" in summary
    assert "Le double 42" in summary
    assert "Son nom sans réponse" in summary
    assert "31 décembre 2025" in summary
    assert "L’air" in summary
    sent = await send(anne)
    assert (sent.status_code, sent.headers["location"]) == (303, f"{S}/recu")
    receipt = (await anne.get(f"{S}/recu")).text
    assert re.search(r"Reçu n° [0-9A-F]{4}-[0-9A-F]{4}", words(receipt))
    assert "Combien ? 21" in words(receipt)


async def test_the_answer_is_stored_as_sent(anne, editor) -> None:
    """What the pages sent is what the owner reads: typed, complete, once."""
    await to_the_end(anne)
    (version,) = hidden((await anne.get(f"{S}/verification")).text, "version")
    for _ in range(2):
        sent = await anne.submit(f"{S}/verification", {"version": version})
        assert sent.headers["location"] == f"{S}/recu"
    (response,) = (await editor.get("/api/v1/surveys/logement/responses")).json()["items"]
    assert response["answers"] == {"projet": "non", "double": None, "jour": "2025-12-31", "themes": ["air"]}


async def test_errors_stand_beside_their_fields(anne) -> None:
    """The page comes back with a summary and the typed values, which are saved all the same."""
    await fill(anne, 1, {"projet": "oui"})
    refused = await fill(anne, 1, {"projet": "oui", "combien": "douze"})
    assert refused.status_code == 422
    assert title(refused.text).startswith("Erreur : Étape 1 sur 3")
    assert 'href="#f-q.combien"' in refused.text
    assert 'id="f-q.combien" name="q.combien" value="douze"' in refused.text
    assert 'aria-invalid="true"' in refused.text
    assert "Combien ? Saisissez un nombre entier." in words(refused.text)
    assert 'value="douze"' in (await anne.get(f"{S}/etape/1")).text


async def test_what_is_required_is_asked_for(anne) -> None:
    refused = await fill(anne, 1, {})
    assert refused.status_code == 422
    assert "Un projet ?" in words(refused.text)
    assert "(obligatoire)" in words(refused.text)


async def test_back_and_out_judge_nothing(anne) -> None:
    """« Précédent » and « Enregistrer et quitter » save what is there, errors or not."""
    await fill(anne, 1, {"projet": "oui"})
    assert (await fill(anne, 1, {"projet": "oui", "combien": "douze"}, go="quit")).headers["location"] == "/"
    assert 'value="douze"' in (await anne.get(f"{S}/etape/1")).text
    assert (await fill(anne, 3, {}, go="previous")).headers["location"] == f"{S}/etape/2"
    assert (await fill(anne, 1, {}, go="previous")).headers["location"] == S


async def test_a_step_that_does_not_matter_is_passed(anne) -> None:
    assert (await anne.get(f"{S}/etape/2")).headers["location"] == f"{S}/etape/3"
    assert (await anne.get(f"{S}/etape/9")).status_code == 404


async def test_the_summary_leads_to_each_error(anne) -> None:
    """What is wrong anywhere is said before sending, and nothing is sent."""
    await fill(anne, 3, {"themes": ["eau", "air"]}, go="quit")
    summary = (await anne.get(f"{S}/verification")).text
    assert title(summary).startswith("Erreur : ")
    assert f'href="{S}/etape/1?corriger=1#f-q.projet"' in summary
    assert "Un seul thème." in words(summary)
    assert (await anne.submit(f"{S}/verification")).status_code == 422
    correcting = (await anne.get(f"{S}/etape/3?corriger=1")).text
    assert 'href="#f-q.themes"' in correcting


async def test_nobody_sends_what_they_have_not_seen(anne, pages) -> None:
    """Changed in another window since the answers were looked through: they are shown again, then sent as they are."""
    await fill(anne, 1, {"projet": "non"}, go="quit")
    (seen,) = hidden((await anne.get(f"{S}/verification")).text, "version")
    assert (await typing(await pages("anne@ddtm-29.example"), int(seen), 3, jour=["2026-01-31"])).status_code == 200
    assert (await anne.submit(f"{S}/verification")).status_code == 409  # a form that does not say what it showed
    again = await anne.submit(f"{S}/verification", {"version": seen})
    assert again.status_code == 409
    assert "31 janvier 2026" in words(again.text)
    assert "Rien n’a encore été envoyé" in words(again.text)
    (version,) = hidden(again.text, "version")
    sent = await anne.submit(f"{S}/verification", {"version": version})
    assert sent.headers["location"] == f"{S}/recu"


async def test_what_one_person_typed_is_not_saved_for_another(anne, pages) -> None:
    """Who changes the person in another tab: the script goes on with the new token, and is told that this is not asked
    of them.
    """
    page = (await anne.get(f"{S}/etape/1")).text
    (save,) = re.findall(r'data-save="([^"]+)"', page)
    bran = await pages("bran@ddtm-29.example")
    typed = {"version": 0, "step": 1, "fields": {"projet": ["oui"]}}
    assert (await bran.fetch(save, typed)).json()["code"] == "surveys/not-asked"
    assert "Rien n’est encore enregistré" in (await bran.get(f"{S}/etape/1")).text
    assert (await anne.fetch(save, typed)).json()["version"] == 1


async def test_a_step_that_does_not_exist_saves_nothing(anne) -> None:
    """What answers that there is no such page has not changed anything."""
    assert (await typing(anne, 0, 9, jour=["2026-01-31"])).status_code == 404
    form = {"version": "0", "asked": "jour", "q.jour": "2026-01-31"}
    assert (await anne.submit(f"{S}/etape/9", form)).status_code == 404
    assert "31 janvier" not in words((await anne.get(f"{S}/verification")).text)


async def typing(browser, version: int, step: int = 1, **fields: list[str]):
    return await browser.fetch(f"{S}/brouillon", {"version": version, "step": step, "fields": fields})


async def test_a_script_saves_and_learns_what_to_show(anne) -> None:
    """One answer: its version, when, what is visible now, what depends on it, no complaint about what is missing."""
    saved = (await typing(anne, 0, projet=["oui"])).json()
    assert saved["version"] == 1
    assert re.fullmatch(
        r"Brouillon enregistré à \d{1,2} h \d\d : pas encore envoyé",
        saved["said"].replace("\u202f", " ").replace("\u00a0", " "),
    )
    assert saved["visible"] == {"projet": True, "combien": True, "double": True}
    assert saved["errors"] == {}
    assert list(saved["html"]) == ["double"]
    second = (await typing(anne, 1, combien=["douze"])).json()
    assert "nombre entier" in second["errors"]["combien"]
    third = (await typing(anne, 2, combien=["4"])).json()
    assert ">8<" in third["html"]["double"]
    assert 'value="4"' in (await anne.get(f"{S}/etape/1")).text


async def test_the_same_save_again_is_no_conflict(anne) -> None:
    first, second = [(await typing(anne, 0, projet=["oui"])).json()["version"] for _ in range(2)]
    assert first == second == 1


async def test_two_windows_with_a_script(anne) -> None:
    """Both answers are shown where they differ, in a field and beside it; other questions are merged."""
    await typing(anne, 0, projet=["oui"])
    await typing(anne, 1, combien=["1"])
    refused = await typing(anne, 1, combien=["2"])
    assert refused.status_code == 200  # browsers would say on their console that there was another
    problem = refused.json()
    assert (problem["kind"], problem["conflicts"], problem["version"]) == ("conflict", ["combien"], 2)
    assert 'value="2"' in problem["html"]["combien"]
    assert "L’autre réponse : 1" in words(problem["html"]["combien"])
    assert (await typing(anne, 1, step=3, jour=["2026-01-01"])).status_code == 200
    assert (await typing(anne, 2, combien=["2"])).status_code == 200


async def test_two_windows_without_a_script(anne) -> None:
    """The page comes back with mine in the field and theirs beside it; one button keeps, the other takes."""
    await fill(anne, 1, {"projet": "oui"})
    stale = {"version": "1", "asked": ["projet", "combien"], "q.projet": "oui", "q.combien": "2", "go": "next"}
    await typing(anne, 1, combien=["1"])
    both = await anne.submit(f"{S}/etape/1", stale)
    assert both.status_code == 409
    assert 'value="2"' in both.text
    assert '<button class="fr-btn fr-btn--secondary fr-btn--sm" type="submit" name="take" value="combien">' in both.text
    assert hidden(both.text, "version") == ["2"]
    taken = await anne.submit(f"{S}/etape/1", stale | {"version": "2", "take": "combien"})
    assert taken.headers["location"] == f"{S}/etape/1#question-combien"
    assert 'name="q.combien" value="1"' in (await anne.get(f"{S}/etape/1")).text
    kept = await anne.submit(f"{S}/etape/1", stale | {"version": "2", "keep": "combien"})
    assert kept.headers["location"] == f"{S}/etape/1#question-combien"
    assert 'name="q.combien" value="2"' in (await anne.get(f"{S}/etape/1")).text


async def test_a_draft_goes_on_elsewhere(anne, pages) -> None:
    """Another browser of the same person finds it, and resumes where it stood."""
    await fill(anne, 1, {"projet": "oui", "combien": "3"})
    await fill(anne, 2, {"nom": "Les Halles"})
    other = await pages("anne@ddtm-29.example")
    introduction = (await other.get(S)).text
    assert f'href="{S}/etape/2"' in introduction
    assert "Reprendre à l’étape 2" in words(introduction)
    assert 'value="Les Halles"' in (await other.get(f"{S}/etape/2")).text


async def close(editor) -> None:
    assert (await editor.post("/api/v1/surveys/logement/close")).status_code == 200


async def test_it_closes_while_one_types(anne, editor) -> None:
    """It is said since when, what was typed is there to be copied, and a script is told in data."""
    page = (await anne.get(f"{S}/etape/1")).text
    await typing(anne, 0, step=3, jour=["2026-01-02"])
    await close(editor)
    data = {"version": hidden(page, "version"), "asked": "projet", "q.projet": "non", "go": "next"}
    refused = await anne.submit(f"{S}/etape/1", data)
    assert refused.status_code == 409
    assert "L’enquête est close depuis le" in words(refused.text)
    assert "Un projet ? Non" in words(refused.text)
    assert "2 janvier 2026" in words(refused.text)
    assert (await typing(anne, 1, projet=["non"])).json()["code"] == "surveys/not-open"
    assert (await anne.get(f"{S}/etape/1")).headers["location"] == S
    assert (await anne.submit(f"{S}/verification")).headers["location"] == S
    assert "2 janvier 2026" in words((await anne.get(S)).text)


async def test_once_sent_every_page_leads_to_the_receipt(anne) -> None:
    await to_the_end(anne)
    await send(anne)
    for address in (f"{S}/etape/1", f"{S}/verification"):
        assert (await anne.get(address)).headers["location"] == f"{S}/recu"
    late = await anne.submit(f"{S}/etape/1", {"version": "0", "asked": "projet", "q.projet": "oui", "go": "next"})
    assert late.headers["location"] == f"{S}/recu"
    assert (await typing(anne, 0, projet=["oui"])).json()["code"] == "surveys/already-answered"
    assert f'href="{S}/recu"' in (await anne.get(S)).text


async def test_a_receipt_needs_an_answer(anne) -> None:
    assert (await anne.get(f"{S}/recu")).headers["location"] == S


async def test_who_is_not_asked(anne, pages) -> None:
    """A survey of others is not there; its editors, who see it, are told that nothing is expected of them."""
    emma = await pages("emma@ddt-75.example")
    for address in (S, f"{S}/etape/1", f"{S}/verification", f"{S}/recu", "/s/rien"):
        assert (await emma.get(address)).status_code == 404
    assert (await emma.fetch(f"{S}/brouillon", {"version": 0, "step": 1, "fields": {}})).status_code == 404
    editor = await pages("editor@dgaln.example", "editor", "unit:DGALN")
    assert (await editor.get(S)).status_code == 403


async def test_opening_is_noted_once(anne) -> None:
    for _ in range(2):
        await anne.get(S)
        await anne.get(f"{S}/etape/1")
    async with transaction() as connection:
        events = await connection.fetch("SELECT state FROM assignment_event WHERE actor IS NOT NULL")
    assert [row["state"] for row in events] == ["opened"]


async def test_before_it_opens(editor, pages) -> None:
    """It is said when it opens; nothing can be answered or noted before."""
    await editor.post("/api/v1/surveys", json={"questionnaire": FORM, "slug": "logement"})
    await editor.put("/api/v1/surveys/logement/audience", json={"communities": ["eau"]})
    tomorrow = (now() + dt.timedelta(days=1)).isoformat()
    assert (await editor.post("/api/v1/surveys/logement/publish", json={"opens_at": tomorrow})).status_code == 200
    anne = await pages("anne@ddtm-29.example")
    page = words((await anne.get(S)).text)
    assert "L’enquête n’est pas encore ouverte" in page
    assert "Commencer" not in page
    assert (await anne.get(f"{S}/etape/1")).headers["location"] == S
    assert "À venir" in words((await anne.get("/")).text)


GERMAN: dict[str, Any] = {
    "title": {"de": "Bedarf"},
    "languages": ["de", "en"],
    "questions": [{"kind": "text", "name": "name", "label": {"de": "Wie heißen Sie?", "en": "Your name?"}}],
}


async def test_a_form_in_another_language(publish, pages) -> None:
    """German questions in a French page say so; another of the form's languages can be chosen, and stays chosen."""
    await publish(slug="logement", questionnaire=GERMAN)
    anne = await pages("anne@ddtm-29.example")
    page = (await anne.get(f"{S}/etape/1")).text
    assert '<html lang="fr"' in page
    assert '<span lang="de">Wie heißen Sie?</span>' in page
    assert f'href="{S}/etape/1?langue=en" lang="en"' in page
    page = (await anne.get(f"{S}/etape/1?langue=en")).text
    assert '<span lang="en">Your name?</span>' in page
    assert '<span lang="en">Your name?</span>' in (await anne.get(f"{S}/verification")).text


async def test_the_statements_of_a_step_do_not_grow(anne, publish, pages, statements) -> None:
    """A step of twenty questions asks the database as often as one of one."""
    many = [{"kind": "text", "name": f"q{number}", "label": {"fr": "?"}} for number in range(20)]
    await publish(slug="long", questionnaire=GERMAN | {"questions": many})

    async def counted(address: str) -> int:
        for _ in range(2):
            statements.clear()
            assert (await anne.get(address)).status_code == 200
        return len(statements)

    assert await counted(f"{S}/etape/1") == await counted("/s/long/etape/1") == 4


async def test_what_a_script_may_send(anne) -> None:
    """What is no save of a step is refused, and a question of elsewhere is not touched."""
    assert (await anne.fetch(f"{S}/brouillon", {"version": -1, "step": 1, "fields": {}})).status_code == 422
    assert (await anne.fetch(f"{S}/brouillon", {"version": 0, "step": 99, "fields": {}})).status_code == 404
    saved = await typing(anne, 0, double=["5"], rien=["5"])
    assert saved.json()["version"] == 0


async def test_answers_are_texts_and_never_markup(anne) -> None:
    """What somebody types is shown as they typed it, on every page that shows it."""
    await fill(anne, 1, {"projet": "oui"})
    await fill(anne, 1, {"projet": "oui", "combien": "<script>alert(1)</script>"}, go="quit")
    for address in (f"{S}/etape/1", f"{S}/verification"):
        page = (await anne.get(address)).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


async def test_a_text_that_no_draft_can_hold(anne) -> None:
    """It is refused beside its field, where it still stands; nothing is cut off in silence."""
    await fill(anne, 1, {"projet": "oui", "combien": "1"})
    refused = await fill(anne, 2, {"nom": "x" * 10_001})
    assert refused.status_code == 422
    assert "x" * 10_001 in refused.text
    assert "10 001 caractères" in words(refused.text) or "10001 caractères" in words(refused.text)
    assert 'href="#f-q.nom"' in refused.text


CASCADE: dict[str, Any] = {
    "title": {"fr": "Lieux"},
    "languages": ["fr"],
    "questions": [
        {"kind": "select_one", "name": "dep", "choices": "deps", "label": {"fr": "Département ?"}},
        {
            "kind": "select_one",
            "name": "ville",
            "choices": "villes",
            "choice_filter": "dep = ${dep}",
            "label": {"fr": "Ville de ${dep} ?"},
        },
    ],
    "choice_lists": {
        "deps": [{"name": "29", "label": {"fr": "Finistère"}}, {"name": "35", "label": {"fr": "Ille-et-Vilaine"}}],
        "villes": [
            {"name": "brest", "label": {"fr": "Brest"}, "extra": {"dep": "29"}},
            {"name": "rennes", "label": {"fr": "Rennes"}, "extra": {"dep": "35"}},
        ],
    },
}


async def test_choices_and_texts_follow_the_answers(publish, pages) -> None:
    """What one may choose, and a label with an answer in it, come with the save; a choice not offered is an error."""
    await publish(slug="logement", questionnaire=CASCADE)
    anne = await pages("anne@ddtm-29.example")
    page = (await anne.get(f"{S}/etape/1")).text
    assert "Brest" not in page
    saved = (await typing(anne, 0, dep=["29"])).json()
    assert "Ville de Finistère ?" in saved["html"]["ville"]
    assert "Brest" in saved["html"]["ville"]
    assert "Rennes" not in saved["html"]["ville"]
    await typing(anne, 1, ville=["brest"])
    moved = (await typing(anne, 2, dep=["35"])).json()
    assert "choisissez de nouveau" in moved["errors"]["ville"]
    assert "checked" not in moved["html"]["ville"]


async def test_a_new_edition_loses_nothing(anne, editor) -> None:
    """A page opened before the questionnaire was published again is saved, under the edition it goes by now."""
    await fill(anne, 1, {"projet": "oui", "combien": "7"}, go="quit")
    changed = FORM | {"questions": [*FORM["questions"], {"kind": "text", "name": "plus", "label": {"fr": "Autre"}}]}
    assert (await editor.put("/api/v1/surveys/logement/questionnaire", json=changed)).status_code == 200
    assert (await editor.post("/api/v1/surveys/logement/publish", json={})).status_code == 200
    onward = await fill(anne, 1, {"projet": "oui", "combien": "8"})
    assert onward.headers["location"] == f"{S}/etape/2"
    assert "Combien ? 8" in words((await anne.get(f"{S}/verification")).text)


async def test_in_english(publish, pages) -> None:
    """The same pages for those who read English."""
    await publish(slug="logement", questionnaire=FORM)
    anne = await pages("anne@ddtm-29.example", language="en")
    assert title((await anne.get(f"{S}/etape/1")).text) == "Step 1 of 2: Votre service – Navette"
    assert '<span lang="fr">Un projet ?</span>' in (await anne.get(f"{S}/etape/1")).text
