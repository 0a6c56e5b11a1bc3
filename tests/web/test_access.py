"""Access: every route against every kind of caller, from one table; a route that is not in it fails the test."""

import datetime as dt
import uuid
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from directory.importing import import_communities
from web.csrf import guard

pytestmark = pytest.mark.anyio

SURVEYS = "/api/v1/surveys"
CALLERS = ("nobody", "stranger", "asked", "reviewer", "analyst", "other editor", "editor", "administrator")

EVERYBODY = dict.fromkeys(CALLERS, 200)
AGENTS = dict.fromkeys(CALLERS[1:], 200) | {"nobody": 401}
HIDDEN = {"nobody": 401, "stranger": 404, "other editor": 404}
EDITORS = HIDDEN | {"asked": 403, "reviewer": 403, "analyst": 403, "editor": 200, "administrator": 200}
FIGURES = EDITORS | {"asked": 404, "reviewer": 404, "analyst": 404}

EXPECTED: dict[tuple[str, str], dict[str, int]] = {
    ("GET", "/health/live"): EVERYBODY,
    ("GET", "/health/ready"): EVERYBODY,
    ("GET", "/api"): EVERYBODY,
    ("GET", "/api/openapi.json"): EVERYBODY,
    ("GET", "/api/openapi.yaml"): EVERYBODY,
    ("GET", "/api/{path:str}"): dict.fromkeys(CALLERS, 404),
    ("GET", "/static/{name:path}"): dict.fromkeys(CALLERS, 404),  # there is no file of the name that is asked for
    ("HEAD", "/static/{name:path}"): dict.fromkeys(CALLERS, 404),
    ("GET", "/api/v1/territories"): AGENTS,
    ("GET", "/api/v1/communities"): AGENTS,
    ("GET", "/api/v1/me"): AGENTS,
    ("GET", "/api/v1/surveys"): AGENTS,
    ("POST", "/api/v1/surveys"): {
        "nobody": 401,
        "stranger": 403,
        "asked": 403,
        "reviewer": 403,
        "analyst": 403,
        "other editor": 403,
        "editor": 201,
        "administrator": 201,
    },
    ("POST", "/api/v1/surveys/import"): {
        "nobody": 401,
        "stranger": 403,
        "asked": 403,
        "reviewer": 403,
        "analyst": 403,
        "other editor": 403,
        "editor": 422,  # what is sent is no workbook
        "administrator": 422,
    },
    ("GET", "/api/v1/surveys/{survey:str}"): AGENTS | HIDDEN,
    ("GET", "/api/v1/surveys/{survey:str}/questionnaire"): AGENTS | HIDDEN,
    ("PUT", "/api/v1/surveys/{survey:str}/questionnaire"): EDITORS,
    ("PUT", "/api/v1/surveys/{survey:str}/audience"): EDITORS,
    ("POST", "/api/v1/surveys/{survey:str}/publish"): EDITORS,
    ("POST", "/api/v1/surveys/{survey:str}/close"): EDITORS,
    ("POST", "/api/v1/surveys/{survey:str}/reopen"): EDITORS,
    ("GET", "/api/v1/surveys/{survey:str}/participation"): EDITORS | {"analyst": 200},
    ("GET", "/api/v1/surveys/{survey:str}/assignments"): EDITORS | {"reviewer": 200, "analyst": 200},
    ("GET", "/api/v1/surveys/{survey:str}/results"): FIGURES,
    ("GET", "/api/v1/surveys/{survey:str}/crosstab"): FIGURES,
    ("GET", "/api/v1/surveys/{survey:str}/charts/{question:str}"): FIGURES,
    ("GET", "/api/v1/surveys/{survey:str}/export"): EDITORS,
    # The one who is asked has answered before; those who only see the survey are not asked.
    ("GET", "/api/v1/surveys/{survey:str}/draft"): EDITORS | {"asked": 409, "editor": 403, "administrator": 403},
    ("PATCH", "/api/v1/surveys/{survey:str}/drafts/{draft:uuid}"): (
        EDITORS | {"asked": 409, "editor": 403, "administrator": 403}
    ),
    ("POST", "/api/v1/surveys/{survey:str}/responses"): EDITORS | {"asked": 409, "editor": 403, "administrator": 403},
    ("POST", "/api/v1/surveys/{survey:str}/responses/bulk"): EDITORS,
    ("GET", "/api/v1/surveys/{survey:str}/responses"): FIGURES | {"reviewer": 200},
    # The response is that of the one who is asked, in the region of the reviewer.
    ("GET", "/api/v1/surveys/{survey:str}/responses/{response:uuid}"): FIGURES | {"asked": 200, "reviewer": 200},
    ("GET", "/api/v1/surveys/{survey:str}/responses/{response:uuid}/revisions"): (
        FIGURES | {"asked": 200, "reviewer": 200}
    ),
    ("PUT", "/api/v1/surveys/{survey:str}/responses/{response:uuid}"): FIGURES | {"asked": 200},
    ("DELETE", "/api/v1/surveys/{survey:str}/responses/{response:uuid}"): (
        FIGURES | {"asked": 403, "editor": 204, "administrator": 204}
    ),
}
"""Route → caller → status. A survey that one has nothing to do with is not found, never forbidden."""


QUESTIONNAIRE = {
    "title": {"fr": "Essai"},
    "languages": ["fr"],
    "questions": [{"kind": "select_one", "name": "q1", "choices": "on", "label": {"fr": "Oui ?"}}],
    "choice_lists": {"on": [{"name": "oui", "label": {"fr": "Oui"}}]},
}

SENT: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", SURVEYS): {"json": {"questionnaire": QUESTIONNAIRE, "owner": "DGALN"}},
    ("POST", f"{SURVEYS}/import"): {"files": {"file": ("a.xlsx", b"rien")}, "data": {"owner": "DGALN"}},
    ("PUT", f"{SURVEYS}/{{survey:str}}/questionnaire"): {"json": QUESTIONNAIRE},
    ("PUT", f"{SURVEYS}/{{survey:str}}/audience"): {"json": {}},
    ("POST", f"{SURVEYS}/{{survey:str}}/publish"): {"json": {}},
    ("POST", f"{SURVEYS}/{{survey:str}}/reopen"): {"json": {}},
    ("GET", f"{SURVEYS}/{{survey:str}}/crosstab"): {"params": {"rows": "q1", "columns": "@region"}},
    ("PATCH", f"{SURVEYS}/{{survey:str}}/drafts/{{draft:uuid}}"): {"json": {"version": 0, "set": {"/q1": "oui"}}},
    ("POST", f"{SURVEYS}/{{survey:str}}/responses"): {"json": {"id": str(uuid.uuid4()), "answers": {"q1": "oui"}}},
    ("POST", f"{SURVEYS}/{{survey:str}}/responses/bulk"): {"content": b""},
    ("PUT", f"{SURVEYS}/{{survey:str}}/responses/{{response:uuid}}"): {
        "json": {"answers": {"q1": "oui"}},
        "headers": {"If-Match": "1"},
    },
}
"""Route → what is sent besides the address: something that those who may would succeed with."""


def routes(app: Litestar) -> set[tuple[str, str]]:
    """What the application answers to, by method and path; its pages have a table of their own."""
    return {
        (method, route.path)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if guard not in handler.resolve_guards()
        for method in handler.http_methods
        if method != "OPTIONS"
    }


async def test_every_route_is_in_the_table(people) -> None:
    """A new route says here who may use it."""
    assert routes(people._app) == set(EXPECTED)
    assert all(set(callers) == set(CALLERS) for callers in EXPECTED.values())


async def clients(people, nobody, editor, anne) -> dict[str, httpx.AsyncClient]:
    return {
        "nobody": nobody,
        "stranger": await people("denis@ddtm-35.example"),
        "asked": anne,
        "reviewer": await people("reviewer@dreal-53.example", "reviewer", "territory:R-53"),
        "analyst": await people("analyst@dgaln.example", "analyst", "unit:DGALN"),
        "other editor": await people("reviewer@dreal-53.example", "editor", "unit:DREAL-53"),
        "editor": editor,
        "administrator": await people("admin@navette.example", "administrator"),
    }


@pytest.mark.parametrize("route", sorted(EXPECTED), ids=" ".join)
async def test_who_may(people, nobody, editor, anne, publish, route) -> None:
    """Each caller gets what the table says, on a survey with one answer that nobody has touched since."""
    method, path = route
    address, got = "", {}
    for caller, client in (await clients(people, nobody, editor, anne)).items():
        if not address or method != "GET":
            address = await address_of(path, publish, anne)
        got[caller] = (await client.request(method, address, **SENT.get(route, {}))).status_code
    assert got == EXPECTED[route]


async def address_of(path: str, publish, anne) -> str:
    """An address of this route: of a new survey, and of a response in it, if it is about these."""
    address = (
        path.replace("{question:str}", "q1").replace("{path:str}", "nulle-part").replace("/{name:path}", "/nulle-part")
    )
    if "{survey:str}" not in path:
        return address
    survey = await publish()
    draft = (await anne.get(f"{survey}/draft")).json()["id"]
    response = {"id": str(uuid.uuid4()), "answers": {"q1": "oui"}}
    assert (await anne.post(f"{survey}/responses", json=response)).status_code == 201
    return (
        address.replace(f"{SURVEYS}/{{survey:str}}", survey)
        .replace("{response:uuid}", response["id"])
        .replace("{draft:uuid}", draft)
    )


async def test_a_draft_is_its_editors_own(people, nobody, editor, anne) -> None:
    """Whatever they are asked or may read later, others find no draft, by id or by short name, alone or in lists."""
    draft = (await editor.post(SURVEYS, json={"questionnaire": QUESTIONNAIRE, "slug": "brouillon"})).json()
    for caller, client in (await clients(people, nobody, editor, anne)).items():
        if caller != "nobody":
            runs = caller in {"editor", "administrator"}
            for name in (draft["id"], draft["slug"]):
                assert (await client.get(f"{SURVEYS}/{name}")).status_code == (200 if runs else 404), caller
            listed = [one["id"] for one in (await client.get(SURVEYS)).json()["items"]]
            assert listed == ([draft["id"]] if runs else []), caller


async def test_lists_show_what_one_may_see(people, nobody, editor, anne, publish) -> None:
    """A survey stands in the list of exactly those to whom its own address answers."""
    survey = await publish()
    table = b"slug,name_fr,name_en,animators\neau,Eau,Water,denis@ddtm-35.example\n"
    await import_communities(table, lambda *_: None, now=dt.datetime.now(dt.UTC))
    callers = await clients(people, nobody, editor, anne) | {
        "animator": await people("denis@ddtm-35.example"),
        "reviewer elsewhere": await people("analyst@dgaln.example", "reviewer", "territory:R-93"),
        "analyst elsewhere": await people("reviewer@dreal-53.example", "analyst", "unit:DREAL-53"),
        "analyst of the nation": await people("reviewer@dreal-53.example", "analyst", "territory:FR"),
    }
    for caller, client in callers.items():
        if caller != "nobody":
            alone = (await client.get(survey)).status_code == 200
            listed = [one["id"] for one in (await client.get(SURVEYS)).json()["items"]]
            assert (listed == [survey.rpartition("/")[2]]) == alone, caller
    assert (await callers["animator"].get(survey)).status_code == 200
