"""Publishing by clicking: what is missing, dates, what it asks of people; again, closing and reopening."""

import asyncio
import datetime as dt
import re

import asyncpg
import pytest

from tests.web.conftest import text

pytestmark = pytest.mark.anyio

EDITOR = ("editor@dgaln.example", "editor", "unit:DGALN")
BASE = "/enquetes/essai"
PAGE = f"{BASE}/publication"
API = "/api/v1/surveys/essai"


def later(days: int) -> str:
    """A day that far from today."""
    return (dt.datetime.now(dt.UTC).date() + dt.timedelta(days)).isoformat()


@pytest.fixture
async def browser(pages):
    """An editor of DGALN."""
    return await pages(*EDITOR)


@pytest.fixture
async def drafted(editor) -> None:
    """A draft, `essai`, that nobody is chosen for."""
    question = {"kind": "text", "name": "q1", "label": {"fr": "Oui ?"}}
    questionnaire = {"title": {"fr": "Essai"}, "languages": ["fr"], "questions": [question]}
    made = await editor.post("/api/v1/surveys", json={"questionnaire": questionnaire, "slug": "essai"})
    assert made.status_code == 201


@pytest.fixture
async def ready(drafted, editor) -> None:
    """The draft with three people chosen."""
    await editor.put(f"{API}/audience", json={"communities": ["eau"], "territories": ["R-53"]})


async def test_what_is_missing(browser, drafted) -> None:
    """Nobody is chosen: the page says so, and publishing all the same is refused with what was typed."""
    page = await browser.get(PAGE)
    said = text(page.text)
    assert "Aucune audience n’est encore choisie" in said
    assert "Le questionnaire ne contient pas d’erreur" in said
    refused = await browser.submit(PAGE, {"cloture": later(5)})
    assert refused.status_code == 422
    assert f'value="{later(5)}"' in refused.text
    assert "Personne n’est encore interrogé" in text(refused.text)
    assert "Erreur" in refused.text[: refused.text.index("</title>")]


async def test_what_it_asks_of_people(browser, ready) -> None:
    """How many get it, how long it takes each, and all of them together; and what they will read."""
    said = text((await browser.get(PAGE)).text)
    assert "Enquête adressée à 3 agents dans 2 services" in said
    assert "il faudra à chacun environ 1 min, soit 3 minutes en tout" in said
    assert "Demandée par : Direction générale." in said


async def test_publishing(browser, ready, editor) -> None:
    """It opens at once and closes at the end of the day chosen; then the follow-up says that it is published."""
    sent = await browser.submit(PAGE, {"ouverture": "", "cloture": later(5)})
    assert (sent.status_code, sent.headers["Location"]) == (303, f"{BASE}/suivi?fait=publication")
    survey = (await editor.get(API)).json()
    assert (survey["state"], survey["link"]) == ("open", None)
    after = text((await browser.get(sent.headers["Location"])).text)
    assert "L’enquête est publiée" in after
    assert "0 réponse sur 3 attendues" in after


async def test_an_open_link_alone(browser, drafted, editor) -> None:
    """A program may publish with a link and without an audience: the page shows the token, and leaves it as it is."""
    link = (await editor.post(f"{API}/publish", json={"open_link": True})).json()["link"]
    assert link in (await browser.get(PAGE)).text
    assert (await browser.submit(PAGE, {"cloture": later(5)})).status_code == 303
    assert (await editor.get(API)).json()["link"] == link
    assert "Personne n’est interrogé nommément" in text((await browser.get(f"{BASE}/suivi")).text)


@pytest.mark.parametrize(
    ("dates", "field"),
    [
        ({"cloture": "2020-01-01"}, "cloture"),
        ({"cloture": "demain"}, "cloture"),
        ({"ouverture": "31/12/2026", "cloture": ""}, "ouverture"),
        ({"ouverture": later(9), "cloture": later(5)}, "cloture"),
        ({"cloture": "9999-12-31"}, "cloture"),
    ],
)
async def test_dates_that_do_not_fit(browser, ready, editor, dates: dict[str, str], field: str) -> None:
    """Each fault stands beside its field, what was typed stays, and nothing is published."""
    page = await browser.submit(PAGE, dates)
    assert page.status_code == 422
    assert f'href="#f-{field}"' in page.text
    assert re.search(rf'id="f-{field}"[^>]*aria-invalid="true"', page.text)
    assert all(f'value="{value}"' in page.text for value in dates.values())
    assert (await editor.get(API)).json()["state"] == "draft"


async def test_a_scheduled_survey(browser, ready, editor) -> None:
    """Its opening can still be changed; one that has opened cannot, and its page does not offer it."""
    await browser.submit(PAGE, {"ouverture": later(3), "cloture": later(9)})
    assert (await editor.get(API)).json()["state"] == "scheduled"
    assert f'value="{later(3)}"' in (await browser.get(PAGE)).text
    again = await browser.submit(PAGE, {"ouverture": "", "cloture": later(9)})
    assert again.status_code == 303
    assert (await editor.get(API)).json()["state"] == "open"
    assert 'name="ouverture"' not in (await browser.get(PAGE)).text


async def test_a_double_click(browser, ready, editor) -> None:
    """Publishing twice at the same moment is publishing once: both get the same page."""
    fields = {"ouverture": "", "cloture": later(5)}
    first, second = await asyncio.gather(browser.submit(PAGE, fields), browser.submit(PAGE, fields))
    assert first.status_code == second.status_code == 303
    assert (await editor.get(API)).json()["edition"] == 1
    participation = await editor.get(f"{API}/participation")
    assert participation.json()["expected"] == 3


async def test_publishing_again(browser, ready, editor) -> None:
    """Those added to the audience are asked; a closing date left as it is stays; one emptied is none."""
    await browser.submit(PAGE, {"cloture": later(5)})
    before = (await editor.get(API)).json()
    await editor.put(f"{API}/audience", json={"territories": ["R-53"]})
    page = await browser.get(PAGE)
    assert "Publier de nouveau" in page.text
    assert f'value="{later(5)}"' in page.text
    assert (await browser.submit(PAGE, {"cloture": later(5)})).status_code == 303
    after = (await editor.get(API)).json()
    assert (after["closes_at"], after["opens_at"]) == (before["closes_at"], before["opens_at"])
    assert (await editor.get(f"{API}/participation")).json()["expected"] == 5
    await browser.submit(PAGE, {"cloture": ""})
    assert (await editor.get(API)).json()["closes_at"] is None


async def test_a_closing_time_is_kept(browser, ready, editor) -> None:
    """A survey that closes at an hour, as the API can say, does not lose that hour by being published again."""
    moment = f"{later(5)}T18:00:00+01:00"
    await editor.post(f"{API}/publish", json={"closes_at": moment})
    before = (await editor.get(API)).json()["closes_at"]
    page = await browser.get(PAGE)
    assert re.search(r'name="cloture" value=""', page.text)
    await browser.submit(PAGE, {"cloture": ""})
    assert (await editor.get(API)).json()["closes_at"] == before


async def test_closing_and_reopening(browser, ready, editor) -> None:
    """Closing wants a tick; reopening takes a new date, and says beside the field what is wrong with it."""
    await browser.submit(PAGE, {"cloture": later(5)})
    unticked = await browser.submit(f"{BASE}/cloture", {})
    assert unticked.status_code == 422
    assert 'href="#f-compris"' in unticked.text
    closed = await browser.submit(f"{BASE}/cloture", {"compris": "true"})
    assert (closed.status_code, closed.headers["Location"]) == (303, f"{PAGE}?fait=close")
    said = text((await browser.get(closed.headers["Location"])).text)
    assert "L’enquête est close" in said
    assert (await editor.get(API)).json()["state"] == "closed"
    assert (await browser.submit(f"{BASE}/cloture", {"compris": "true"})).status_code == 303

    bad = await browser.submit(f"{BASE}/reouverture", {"jusque": "2020-01-01"})
    assert bad.status_code == 422
    assert re.search(r'id="f-jusque"[^>]*value="2020-01-01"[^>]*aria-invalid="true"', bad.text)
    reopened = await browser.submit(f"{BASE}/reouverture", {"jusque": later(7)})
    assert (reopened.status_code, reopened.headers["Location"]) == (303, f"{PAGE}?fait=reouverture")
    assert (await editor.get(API)).json()["state"] == "open"


async def test_a_draft_cannot_be_closed(browser, ready) -> None:
    """It is said, and nothing happens."""
    page = await browser.submit(f"{BASE}/cloture", {"compris": "true"})
    assert page.status_code == 422
    assert "publiez-la d’abord" in text(page.text).lower() or "pas publiée" in text(page.text)


async def test_publishing_again_after_the_end(browser, ready, editor, sql) -> None:
    """A survey that closed by its date stays closed as long as that date is left as it is; a later one opens it."""
    await browser.submit(PAGE, {"cloture": later(5)})
    past = dt.datetime.now(dt.UTC) - dt.timedelta(days=3)
    dates = "opens_at = $1::timestamptz - interval '9 days', closes_at = $1, closes_on = $1::timestamptz::date"
    await sql.execute(f"UPDATE survey SET {dates}", past)
    page = await browser.get(PAGE)
    assert "Une date de clôture ultérieure la rouvre" in text(page.text)
    assert (await browser.submit(PAGE, {"cloture": past.date().isoformat()})).status_code == 303
    assert (await editor.get(API)).json()["state"] == "closed"
    assert (await browser.submit(PAGE, {"cloture": later(2)})).status_code == 303
    assert (await editor.get(API)).json()["state"] == "open"


@pytest.fixture
async def sql(database):
    """The owner of the tables, to move the past."""
    connection = await asyncpg.connect(database.owner)
    yield connection
    await connection.close()
