"""Who meets an error on a page reads a page; programs read the same problem as data."""

import re
from pathlib import Path

import httpx
import pytest
from litestar import Litestar, get

from base.problems import DATABASE_AWAY, INVALID, InvalidParam, Worded
from base.settings import Settings
from web.app import create_app
from web.csrf import CSRF

pytestmark = pytest.mark.anyio


@get("/boum", include_in_schema=False)
async def broken() -> None:
    """A page with a mistake in it."""
    raise ZeroDivisionError("secret details")


@get("/panne", include_in_schema=False)
async def away() -> None:
    """A page that needs the database."""
    raise DATABASE_AWAY(headers={"Retry-After": "2"})


@get("/formulaire", include_in_schema=False)
async def misfit() -> None:
    """A form with a fault that is quoted back."""
    reason = Worded(message="{typed}", parameters={"typed": "<b>gras</b>"})
    raise INVALID(invalid_params=[InvalidParam(path="/titre", code="length", reason=reason)])


@pytest.fixture
async def browser():
    """Somebody on a service whose database is away, with some pages that fail."""
    app = create_app(Settings(data_dir=Path("unused"), database_url="postgres://nobody@127.0.0.1:1/none"))
    return await _browser(app)


async def _browser(app: Litestar) -> httpx.AsyncClient:
    for handler in (broken, away, misfit):
        app.register(handler)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
        base_url="https://navette.test",
        headers={"Accept": "text/html", "Accept-Language": "fr"},
    )


def is_page(answer: httpx.Response) -> bool:
    """Whole, ours, with one title."""
    return answer.headers["Content-Type"].startswith("text/html") and answer.text.count("<h1>") == 1


async def test_a_page_that_is_not_there(browser: httpx.AsyncClient) -> None:
    """It says so in the reader's language, with a way on, and is kept by nobody."""
    answer = await browser.get("/nulle-part")
    assert answer.status_code == 404
    assert is_page(answer)
    assert "n’existe pas ou ne vous est pas destinée" in answer.text
    assert 'href="/"' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    english = await browser.get("/nulle-part", headers={"Accept-Language": "en"})
    assert "does not exist, or is not for you" in english.text


async def test_a_mistake_of_ours_has_a_number_and_no_details(browser: httpx.AsyncClient) -> None:
    """What went wrong is in the log, under the number that the page shows."""
    answer = await browser.get("/boum")
    assert answer.status_code == 500
    assert is_page(answer)
    assert re.search(r"\b[0-9a-f]{12}\b", answer.text)
    assert "secret" not in answer.text
    assert "ZeroDivision" not in answer.text


async def test_the_page_of_an_absent_database_does_without_it(browser: httpx.AsyncClient) -> None:
    """It reassures, and says when to come back."""
    answer = await browser.get("/panne")
    assert answer.status_code == 503
    assert is_page(answer)
    assert answer.headers["Retry-After"] == "2"
    assert "Rien n’est perdu" in answer.text


async def test_what_was_typed_is_quoted_as_text(browser: httpx.AsyncClient) -> None:
    """A fault may quote what the reader typed."""
    answer = await browser.get("/formulaire")
    assert answer.status_code == 422
    assert "&lt;b&gt;gras&lt;/b&gt;" in answer.text
    assert "<b>gras" not in answer.text


async def test_a_method_that_a_page_does_not_take(browser: httpx.AsyncClient) -> None:
    """The header Allow stays."""
    answer = await browser.get("/langue")
    assert answer.status_code == 405
    assert is_page(answer)
    assert "POST" in answer.headers["Allow"]


async def test_a_form_of_another_site(browser: httpx.AsyncClient) -> None:
    """It changes nothing, and says so."""
    answer = await browser.post("/langue", data={"language": "en"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == CSRF.status
    assert is_page(answer)
    assert "Set-Cookie" not in answer.headers


async def test_what_is_too_large(browser: httpx.AsyncClient) -> None:
    """The limit is named."""
    answer = await browser.post(
        "/langue", data={"language": "en", "suite": "x" * 11_000_000}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status_code == 413
    assert is_page(answer)
    assert "10\u00a0Mo" in answer.text


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/nothing.json", "/health/nothing", "/static/nothing.js"])
async def test_programs_get_data(browser: httpx.AsyncClient, path: str) -> None:
    """Under these addresses there is no page, whatever the header Accept says."""
    answer = await browser.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not-found"


async def test_a_script_of_a_page_gets_data(browser: httpx.AsyncClient) -> None:
    """It shows the problem itself, where its reader is."""
    answer = await browser.get("/panne", headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 503
    assert answer.json()["code"] == "database-away"


async def test_addresses_that_only_begin_like_the_api_are_pages(browser: httpx.AsyncClient) -> None:
    """`/apiculture` is no program's."""
    assert is_page(await browser.get("/apiculture"))


async def test_a_page_that_does_not_know_who_looks_leads_home(browser: httpx.AsyncClient) -> None:
    """It does not ask people to sign in who may be signed in."""
    page = (await browser.get("/nulle-part")).text
    menu = page[page.index('id="menu"') : page.index("</nav>", page.index('id="menu"'))]
    assert 'href="/"' in menu
    assert "/connexion" not in menu
