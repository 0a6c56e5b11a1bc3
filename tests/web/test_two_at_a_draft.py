"""Two people, or two windows, at one draft: nobody overwrites an answer that they have not seen."""

import html
import re
from typing import Any

import pytest

pytestmark = pytest.mark.anyio

FORM: dict[str, Any] = {
    "title": {"fr": "Logement"},
    "languages": ["fr"],
    "questions": [
        {"kind": "text", "name": "a", "label": {"fr": "A ?"}},
        {"kind": "text", "name": "b", "label": {"fr": "B ?"}},
        {"kind": "select_multiple", "name": "c", "choices": "on", "label": {"fr": "C ?"}},
        {"kind": "text", "name": "d", "label": {"fr": "D ?"}, "default": "Sans nom"},
        {"kind": "decimal", "name": "e", "label": {"fr": "E ?"}},
    ],
    "choice_lists": {"on": [{"name": "oui", "label": {"fr": "Oui"}}, {"name": "non", "label": {"fr": "Non"}}]},
}
STEP = "/s/logement/etape/1"
NOTHING = {"a": "", "b": "", "d": "Sans nom", "e": ""}


@pytest.fixture
async def anne(publish, pages):
    """An agent who is asked, in her browser."""
    await publish(slug="logement", questionnaire=FORM)
    return await pages("anne@ddtm-29.example")


class Form:
    """The form of the step as a browser holds it, from the moment when the page came."""

    def __init__(self, page: str) -> None:
        found = re.findall(r'<input type="hidden" name="((?:asked|version|shown)[^"]*)" value="([^"]*)"', page)
        self.sent: dict[str, Any] = {"asked": [html.unescape(value) for name, value in found if name == "asked"]}
        self.sent |= {name: html.unescape(value) for name, value in found if name != "asked"}
        self.page = page

    @property
    def marks(self) -> dict[str, str]:
        return {name.removeprefix("shown."): value for name, value in self.sent.items() if name.startswith("shown.")}

    @property
    def fields(self) -> dict[str, Any]:
        """What stands in its fields."""
        texts = re.findall(r'name="q\.(\w)" value="([^"]*)"(?! checked)(?=[^>]*maxlength)', self.page)
        ticked = re.findall(r'name="q\.(\w)" value="([^"]*)" checked', self.page)
        found: dict[str, Any] = {name: html.unescape(value) for name, value in texts}
        for name, value in ticked:
            found.setdefault(name, []).append(value)
        return found

    def typed(self, **answers: Any) -> dict[str, Any]:
        """What is sent with these answers instead of those of the page."""
        return self.sent | {f"q.{name}": value for name, value in (self.fields | answers).items()}


async def opened(browser) -> Form:
    return Form((await browser.get(STEP)).text)


async def saved(browser, **answers: Any) -> Form:
    """Another window opens the step, types and leaves; what the step then is."""
    left = await browser.submit(STEP, (await opened(browser)).typed(**answers, go="") | {"go": "quit"})
    assert left.headers["location"] == "/"
    return await opened(browser)


async def test_a_page_holds_what_is_stored(anne) -> None:
    assert (await opened(anne)).fields == NOTHING
    assert (await saved(anne, a="1", c=["oui", "non"], e="12,50")).fields == NOTHING | {
        "a": "1",
        "c": ["oui", "non"],
        "e": "12,5",
    }


async def test_an_old_page_changes_only_what_its_reader_changed(anne) -> None:
    """Without a script, the whole form is sent; the fields that nobody touched are not answers."""
    old = await opened(anne)
    await saved(anne, b="Ailleurs", c=["oui"], d="Les Halles", e="3")
    assert (await anne.submit(STEP, old.typed(a="Ici"))).status_code == 303
    assert (await opened(anne)).fields == {"a": "Ici", "b": "Ailleurs", "c": ["oui"], "d": "Les Halles", "e": "3"}


async def test_a_conflict_shows_what_is_new_in_all_other_questions(anne) -> None:
    """What came back is the newest, with the typed answer in its field; keeping it overwrites that question alone."""
    old = await opened(anne)
    await saved(anne, a="Ailleurs", b="Nouveau", c=["oui"])
    refused = await anne.submit(STEP, old.typed(a="Ici"))
    assert refused.status_code == 409
    both = Form(refused.text)
    assert both.fields == NOTHING | {"a": "Ici", "b": "Nouveau", "c": ["oui"]}
    assert 'name="keep" value="a"' in refused.text
    assert 'name="keep" value="b"' not in refused.text
    assert (await anne.submit(STEP, both.typed() | {"keep": "a"})).status_code == 303
    assert (await opened(anne)).fields == NOTHING | {"a": "Ici", "b": "Nouveau", "c": ["oui"]}


async def test_what_changes_after_a_conflict_was_shown_is_another_one(anne) -> None:
    old = await opened(anne)
    await saved(anne, a="Ailleurs")
    both = Form((await anne.submit(STEP, old.typed(a="Ici"))).text)
    await saved(anne, a="Encore ailleurs")
    again = await anne.submit(STEP, both.typed() | {"keep": "a"})
    assert again.status_code == 409
    assert "Encore ailleurs" in again.text


async def test_a_refused_page_remembers_what_it_had_shown(anne) -> None:
    """A text too long comes back unsaved; what others answered meanwhile is a conflict all the same."""
    old = await opened(anne)
    await saved(anne, a="Ailleurs", b="Nouveau")
    refused = await anne.submit(STEP, old.typed(a="x" * 10_001))
    assert refused.status_code == 422
    page = Form(refused.text)
    assert page.fields["b"] == "Nouveau"
    again = await anne.submit(STEP, page.typed(a="court"))
    assert again.status_code == 409
    assert (await opened(anne)).fields["a"] == "Ailleurs"


async def test_a_default_that_was_left_standing_is_an_answer(anne) -> None:
    page = await saved(anne)
    assert page.sent["version"] == "1"
    assert page.fields == NOTHING
    emptied = await saved(anne, d="")
    assert emptied.fields["d"] == ""


async def typing(browser, form: Form, **fields: list[str]) -> dict[str, Any]:
    body = {"version": int(form.sent["version"]), "step": 1, "fields": fields, "shown": form.marks}
    answer = await browser.fetch("/s/logement/brouillon", body)
    assert answer.status_code == 200
    return answer.json()


async def test_a_script_is_told_what_was_answered_elsewhere(anne) -> None:
    """With each save come the questions that the page shows otherwise than they are stored, and the new marks."""
    old = await opened(anne)
    new = await saved(anne, b="Nouveau", c=["oui"])
    answer = await typing(anne, old, a=["Ici"])
    assert answer["kind"] == "saved"
    assert sorted(answer["html"]) == ["b", "c"]
    assert 'value="Nouveau"' in answer["html"]["b"]
    assert list(answer["shown"]) == ["a"]
    assert (await opened(anne)).marks == new.marks | answer["shown"]


async def test_a_script_that_did_not_draw_what_is_new_cannot_overwrite_it(anne) -> None:
    """Its version went on, the question with the focus was not drawn again: what is typed there is in conflict."""
    old = await opened(anne)
    await saved(anne, b="Nouveau")
    old.sent["version"] = str((await typing(anne, old, a=["Ici"]))["version"])
    answer = await typing(anne, old, b=["Vieux"])
    assert (answer["kind"], answer["conflicts"]) == ("conflict", ["b"])
    assert "Nouveau" in answer["html"]["b"]
    assert 'value="Vieux"' in answer["html"]["b"]
    assert (await opened(anne)).fields["b"] == "Nouveau"
    unchanged = await typing(anne, old, b=[])
    assert (unchanged["kind"], unchanged["shown"]) == ("saved", {})
    assert 'value="Nouveau"' in unchanged["html"]["b"]


async def test_a_script_in_conflict_is_told_of_all_else(anne) -> None:
    """Nothing is saved; the questions without conflict come as they are stored, those that are typed stay."""
    old = await opened(anne)
    await saved(anne, a="Ailleurs", b="Nouveau", c=["oui"])
    answer = await typing(anne, old, a=["Ici"], e=["5"])
    assert (answer["kind"], answer["conflicts"]) == ("conflict", ["a"])
    assert sorted(answer["html"]) == ["a", "b", "c"]
    assert 'value="Nouveau"' in answer["html"]["b"]
    assert "Ailleurs" in answer["html"]["a"]
    assert (await opened(anne)).fields["e"] == ""
    mark = re.search(r'name="shown\.a" value="([^"]+)"', answer["html"]["a"])
    assert mark
    assert mark[1] == (await opened(anne)).marks["a"]
