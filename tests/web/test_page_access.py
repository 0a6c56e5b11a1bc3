"""Access: every page against every kind of visitor, from one table; a page that is not in it fails the test."""

import uuid
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from base.database import reading
from web.csrf import guard

pytestmark = pytest.mark.anyio

SURVEYS = "/api/v1/surveys"
ABSENT = uuid.UUID(int=0)

QUESTIONNAIRE = {
    "title": {"fr": "Essai"},
    "languages": ["fr"],
    "questions": [{"kind": "text", "name": "q1", "label": {"fr": "Oui ?"}}],
    "choice_lists": {},
}

VISITORS = {
    "nobody": (None,),
    "stranger": ("denis@ddtm-35.example",),
    "asked": ("anne@ddtm-29.example",),
    "reviewer": ("emma@ddt-75.example", "reviewer", "territory:R-53"),
    "analyst": ("analyst@dgaln.example", "analyst", "unit:DGALN"),
    "other editor": ("reviewer@dreal-53.example", "editor", "unit:DREAL-53"),
    "editor": ("editor@dgaln.example", "editor", "unit:DGALN"),
    "administrator": ("felix@dgtm-973.example", "administrator"),
}
"""Who comes → the agent, and the role that they are given. The survey is of DGALN, and asks in Bretagne."""

EVERYBODY = dict.fromkeys(VISITORS, 200)
AGENTS = EVERYBODY | {"nobody": 303}
"""A page to look at leads nobody to the sign-in page; a form tells them that their session ended."""

SENDERS = dict.fromkeys(VISITORS, 303)
HIDDEN = {"stranger": 404, "other editor": 404}
EDITORS = HIDDEN | {"nobody": 303, "asked": 403, "reviewer": 403, "analyst": 403, "editor": 200, "administrator": 200}
EDITING = EDITORS | {"nobody": 401, "editor": 303, "administrator": 303}
FOLLOWERS = EDITORS | {"reviewer": 200, "analyst": 200}
FIGURES = EDITORS | {"asked": 404, "reviewer": 404, "analyst": 404}
ASKED = EDITORS | {"asked": 200, "editor": 403, "administrator": 403}
ANSWERING = ASKED | {"nobody": 401}

EXPECTED: dict[tuple[str, str], dict[str, int]] = {
    ("GET", "/accessibilite"): EVERYBODY,
    ("GET", "/mentions-legales"): EVERYBODY,
    ("GET", "/donnees-personnelles"): EVERYBODY,
    ("GET", "/plan-du-site"): EVERYBODY,
    ("GET", "/connexion"): EVERYBODY,
    ("POST", "/connexion"): dict.fromkeys(VISITORS, 404),  # this is not the demonstration
    ("POST", "/deconnexion"): SENDERS,
    ("POST", "/langue"): SENDERS,
    ("POST", "/affichage"): SENDERS,
    ("GET", "/"): AGENTS,
    ("GET", "/s/{survey:str}"): ASKED,
    ("GET", "/s/{survey:str}/etape/{number:int}"): ASKED,
    ("POST", "/s/{survey:str}/etape/{number:int}"): ANSWERING | {"asked": 303},
    ("POST", "/s/{survey:str}/brouillon"): ANSWERING,
    ("GET", "/s/{survey:str}/verification"): ASKED,
    ("POST", "/s/{survey:str}/verification"): ANSWERING | {"asked": 422},  # they have answered nothing yet
    ("GET", "/s/{survey:str}/recu"): ASKED | {"asked": 303},  # same
    ("GET", "/s/{survey:str}/resultats"): FIGURES,
    ("GET", "/s/{survey:str}/resultats/graphiques"): FIGURES,
    ("GET", "/enquetes"): AGENTS | {"stranger": 403, "asked": 403},
    ("GET", "/enquetes/modele"): AGENTS,
    ("GET", "/enquetes/nouvelle"): AGENTS | dict.fromkeys(("stranger", "asked", "reviewer", "analyst"), 403),
    ("POST", "/enquetes/nouvelle"): {  # what is sent is no workbook
        "nobody": 401,
        "stranger": 403,
        "asked": 403,
        "reviewer": 403,
        "analyst": 403,
        "other editor": 422,
        "editor": 422,
        "administrator": 422,
    },
    ("GET", "/enquetes/{survey:str}"): SENDERS | HIDDEN,
    ("GET", "/enquetes/{survey:str}/questionnaire"): EDITORS,
    ("POST", "/enquetes/{survey:str}/questionnaire"): EDITING | {"editor": 422, "administrator": 422},  # no workbook
    ("GET", "/enquetes/{survey:str}/audience"): EDITORS,
    ("POST", "/enquetes/{survey:str}/audience"): EDITING,
    ("POST", "/enquetes/{survey:str}/audience/compte"): EDITORS | {"nobody": 401},
    ("GET", "/enquetes/{survey:str}/publication"): EDITORS,
    ("POST", "/enquetes/{survey:str}/publication"): EDITING,
    ("GET", "/enquetes/{survey:str}/suivi"): FOLLOWERS,
    ("GET", "/enquetes/{survey:str}/attendus/{assignment:str}"): FOLLOWERS,
    ("POST", "/enquetes/{survey:str}/cloture"): EDITING,
    ("POST", "/enquetes/{survey:str}/reouverture"): EDITING,
}
"""Page → visitor → status. A survey that one has nothing to do with is not found, never forbidden."""

SENT: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/langue"): {"data": {"language": "fr"}},
    ("POST", "/affichage"): {"data": {"theme": "dark"}},
    ("POST", "/connexion"): {"data": {"agent": str(ABSENT)}},
    ("POST", "/enquetes/nouvelle"): {"files": {"classeur": ("a.xlsx", b"rien")}},
    ("POST", "/enquetes/{survey:str}/cloture"): {"data": {"compris": "oui"}},
    ("POST", "/s/{survey:str}/etape/{number:int}"): {"data": {"asked": "q1", "q.q1": "oui", "version": "0"}},
    ("POST", "/s/{survey:str}/brouillon"): {"script": {"fields": {"q1": ["oui"]}, "version": 0, "step": 1}},
}
"""Page → the form, files or data that are sent to it; elsewhere an empty form."""


def routes(app: Litestar) -> set[tuple[str, str]]:
    """All pages, by method and path: whatever stands behind their router's guard."""
    return {
        (method, route.path)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if guard in handler.resolve_guards()
        for method in handler.http_methods
        if method != "OPTIONS"
    }


async def test_every_page_is_in_the_table(pages) -> None:
    """A new page says here who may see it."""
    assert routes(pages.app) == set(EXPECTED)
    assert all(set(visitors) == set(VISITORS) for visitors in EXPECTED.values())


@pytest.mark.parametrize("route", sorted(EXPECTED), ids=" ".join)
async def test_who_may(pages, publish, route) -> None:
    """Each visitor gets what the table says, of a survey that asks them nothing new."""
    method, path = route
    address, got = "", {}
    for visitor, who in VISITORS.items():
        if not address or method != "GET":
            address = await address_of(path, publish)
        got[visitor] = (await ask(await pages(*who), method, address, SENT.get(route, {}))).status_code
    assert got == EXPECTED[route]


async def ask(browser, method: str, address: str, sent: dict[str, Any]) -> httpx.Response:
    if method == "GET":
        return await browser.get(address)
    if "script" in sent:
        return await browser.fetch(address, sent["script"])
    return await browser.submit(address, **sent)


async def address_of(path: str, publish) -> str:
    """An address of this page: of a new survey, and of one of the answers that it expects, if it is about these."""
    address = path.replace("{number:int}", "1")
    if "{survey:str}" not in path:
        return address
    survey = (await publish()).rpartition("/")[2]
    return address.replace("{survey:str}", survey).replace("{assignment:str}", await expected_of(survey, "anne"))


async def expected_of(survey: str, name: str) -> str:
    """The id of the answer that a survey expects of an agent."""
    async with reading() as connection:
        return str(
            await connection.fetchval(
                """
                SELECT assignment.id FROM assignment JOIN agent ON agent.id = assignment.agent
                WHERE survey = $1 AND email LIKE $2 || '@%'
                """,
                uuid.UUID(survey),
                name,
            )
        )


async def test_a_draft_is_its_editors_own(pages, editor) -> None:
    """Whatever they are asked or may read later, others find no page of a survey that is not published."""
    draft = (await editor.post(SURVEYS, json={"questionnaire": QUESTIONNAIRE, "slug": "brouillon"})).json()
    for visitor, who in VISITORS.items():
        browser = await pages(*who)
        if visitor not in {"nobody", "editor", "administrator"}:
            for name in (draft["id"], draft["slug"]):
                for method, path in sorted(EXPECTED):
                    if "{survey:str}" in path:
                        address = path.replace("{survey:str}", name).replace("{number:int}", "1")
                        sent = SENT.get((method, path), {})
                        answer = await ask(browser, method, address.replace("{assignment:str}", str(ABSENT)), sent)
                        assert answer.status_code == 404, (visitor, method, address)


@pytest.mark.parametrize("missing", ["rien", str(ABSENT), "%00", "..%2f", "é" * 300])
async def test_a_survey_that_is_not_there(pages, missing) -> None:
    """Looks exactly like one that is hidden, to administrators too."""
    browser = await pages(*VISITORS["administrator"])
    for method, path in sorted(EXPECTED):
        if "{survey:str}" in path:
            address = path.replace("{survey:str}", missing).replace("{number:int}", "1")
            sent = SENT.get((method, path), {})
            answer = await ask(browser, method, address.replace("{assignment:str}", str(ABSENT)), sent)
            assert answer.status_code == 404, (method, address)


async def test_an_expected_answer_of_somebody_else(pages, publish) -> None:
    """Neither its pages nor its draft are there for others who are asked; the history is only under its own survey."""
    survey, other = [(await publish()).rpartition("/")[2] for _ in range(2)]
    bran, elsewhere = await expected_of(survey, "bran"), await expected_of(other, "anne")
    anne, editor = await pages(*VISITORS["asked"]), await pages(*VISITORS["editor"])
    for assignment in (bran, elsewhere, str(ABSENT)):
        for method, path in sorted(EXPECTED):
            if path.startswith("/s/") and "resultats" not in path:
                address = path.replace("{survey:str}", survey).replace("{number:int}", "1")
                sent = SENT.get((method, path), {})
                answer = await ask(anne, method, f"{address}?assignment={assignment}", sent)
                assert answer.status_code in {403, 404}, (method, address)
    assert (await editor.get(f"/enquetes/{survey}/attendus/{bran}")).status_code == 200
    assert (await editor.get(f"/enquetes/{survey}/attendus/{elsewhere}")).status_code == 404


async def test_figures_of_a_collection_are_open_to_its_analysts(pages, publish) -> None:
    """What services declare of their activity; the pages follow the same rights as the API."""
    survey = (await publish(kind="collection", answering="unit")).rpartition("/")[2]
    for visitor, status in (("analyst", 200), ("asked", 404), ("reviewer", 404), ("other editor", 404)):
        browser = await pages(*VISITORS[visitor])
        assert (await browser.get(f"/s/{survey}/resultats")).status_code == status, visitor
