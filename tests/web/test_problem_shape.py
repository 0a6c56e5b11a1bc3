"""Problems: whatever goes wrong is one shape of JSON (RFC 9457) in the reader's language, and never a bare 500."""

import asyncio
import json
import uuid

import pytest

from base.problems import CATALOGUE

pytestmark = pytest.mark.anyio

SURVEYS = "/api/v1/surveys"
JSON = {"Content-Type": "application/json"}


def problem(answer, status: int, code: str) -> dict:
    """The body of a problem of this status and code, once its shape has been looked at."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Content-Language"] in {"fr", "en"}
    assert "Accept-Language" in answer.headers["Vary"]
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert (body["code"], body["status"], body["type"]) == (code, status, f"/problems/{code}")
    assert body["code"] in CATALOGUE
    assert body["title"]
    assert body["detail"]
    for fault in body.get("invalid_params", ()):
        assert set(fault) == {"path", "code", "reason"}
        assert fault["path"] == "" or fault["path"].startswith("/")
        assert fault["code"] in {"unknown", "type", "choice", "required", "constraint", "range", "length", "territory"}
        assert fault["reason"]
    return body


def faults(answer) -> list[tuple[str, str]]:
    return [(fault["path"], fault["code"]) for fault in problem(answer, 422, "invalid")["invalid_params"]]


MALFORMED = [
    b"{",
    b'{"slug": "a",}',
    b'{"slug": "\xff"}',
    b'{"slug": "\\ud800"}',
    b'{"slug": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"slug": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
    b"\x00",
    b'{"edition": 1e400}',
]


async def test_malformed_json(editor, anne, survey) -> None:
    """What is no JSON, or none that can be read, is a 400, wherever it is sent."""
    for content in MALFORMED:
        for client, method, address in (
            (editor, "POST", SURVEYS),
            (editor, "PUT", f"{survey}/questionnaire"),
            (editor, "POST", f"{survey}/publish"),
            (anne, "POST", f"{survey}/responses"),
        ):
            problem(await client.request(method, address, content=content, headers=JSON), 400, "malformed")


MISFITS = [
    (b"", [("", "required")]),
    (b"[]", [("", "type")]),
    (b"null", [("", "type")]),
    (b"{}", [("/questionnaire", "required")]),
    (b'{"questionnaire": {"languages": ["fr"]}}', [("/questionnaire/title", "required")]),
    (b'{"questionnaire": {"title": {}, "languages": ["fr"]}}', [("/questionnaire/title", "length")]),
    (
        b'{"questionnaire": {"title": {"fr": ""}, "languages": ["fr"], "questions": [{"kind": "texte", "name": "a"}]}}',
        [("/questionnaire/questions/0/kind", "choice")],
    ),
    (
        b'{"questionnaire": {"title": {"fr": "A"}, "languages": ["fr"], "questions": [{"kind": "text"}]}}',
        [("/questionnaire/questions/0/name", "required")],
    ),
    (
        b'{"questionnaire": {"title": {"fr": "A"}, "languages": [], "questions": []}}',
        [("/questionnaire/languages", "length")],
    ),
    (b'{"questionnaire": {"title": {"fr": "A"}, "languages": ["fr"]}, "kind": "poll"}', [("/kind", "choice")]),
    (b'{"questionnaire": {"title": {"fr": "A"}, "languages": ["fr"]}, "autre": 1}', [("/autre", "unknown")]),
    (b'{"questionnaire": {"title": {"fr": "A"}, "languages": ["fr"]}, "owner": "a\\u0000"}', [("/owner", "type")]),
]


async def test_input_that_does_not_fit(editor) -> None:
    """A 422 whose faults have JSON Pointers."""
    for body, expected in MISFITS:
        assert faults(await editor.post(SURVEYS, content=body, headers=JSON)) == expected


PARAMETERS = [
    ({"limit": 0}, [("/limit", "range")]),
    ({"limit": 501}, [("/limit", "range")]),
    ({"limit": "beaucoup"}, [("/limit", "type")]),
    ({"state": "ouvert"}, [("/state", "choice")]),
    ({"kind": "poll"}, [("/kind", "choice")]),
    ({"q": "x" * 201}, [("/q", "length")]),
]


async def test_parameters_that_do_not_fit(editor) -> None:
    """Parameters are named as the caller names them."""
    for parameters, expected in PARAMETERS:
        assert faults(await editor.get(SURVEYS, params=parameters)) == expected


NOWHERE = [
    "/api/v1/nulle-part",
    "/health/nulle-part",
    "/api/v2/surveys",
    f"{SURVEYS}/rien",
    f"{SURVEYS}/{uuid.uuid4()}",
    f"{SURVEYS}/a%00b",
    f"{SURVEYS}/a%ffb",
    f"{SURVEYS}/rien/responses/{uuid.uuid4()}",
    f"{SURVEYS}/rien/responses/abc",
]


async def test_not_found(editor) -> None:
    """No route, no such object and one that is hidden give the same answer."""
    for address in NOWHERE:
        problem(await editor.get(address), 404, "not-found")


async def test_nul_in_texts(editor, anne, survey) -> None:
    """A NUL, which the database does not take, is refused or finds nothing; nobody else's request is harmed by it."""
    assert (await editor.get(SURVEYS, params={"q": "es\0sai"})).status_code == 200
    together = await asyncio.gather(*(editor.get(address) for address in (survey, f"{SURVEYS}/a%00b", survey)))
    assert [answer.status_code for answer in together] == [200, 404, 200]
    assert (await editor.get("/api/v1/territories", params={"parent": "\0"})).json()["items"] == []
    for body in ({"communities": ["\0"]}, {"territories": ["\0"]}):
        problem(await editor.put(f"{survey}/audience", json=body), 422, "invalid")
    body = {"id": str(uuid.uuid4()), "answers": {"q1": "oui", "avis": "a\0"}}
    refused = problem(await anne.post(f"{survey}/responses", json=body), 422, "surveys/invalid-response")
    assert refused["invalid_params"][0]["path"] == "/answers/avis"
    body["answers"] = {"q1": "oui", "a\0": 1}
    problem(await anne.post(f"{survey}/responses", json=body), 422, "surveys/invalid-response")
    problem(await anne.post(f"{survey}/responses", json=body | {"territory": "\0"}), 422, "invalid")
    assert (await editor.get(f"{survey}/results", params={"where": "avis:\0"})).status_code == 200
    problem(await editor.get(f"{survey}/results", params={"where": "\0:a"}), 422, "analytics/bad-filter")


METHODS = [
    ("DELETE", SURVEYS, {"GET", "POST"}),
    ("PATCH", f"{SURVEYS}/essai", {"GET"}),
    ("GET", f"{SURVEYS}/essai/publish", {"POST"}),
    ("PUT", f"{SURVEYS}/essai/responses", {"GET", "POST"}),
    ("POST", "/health/live", {"GET"}),
]


async def test_another_method(editor) -> None:
    """The header Allow says which there are."""
    for method, address, allowed in METHODS:
        answer = await editor.request(method, address)
        problem(answer, 405, "method-not-allowed")
        assert set(answer.headers["Allow"].replace(" ", "").split(",")) == allowed | {"OPTIONS"}


async def test_too_large(editor, anne, survey) -> None:
    """A body over the limit is not read, whether it says its length or not."""

    async def chunks():
        for _ in range(110):
            yield b" " * 100_000

    large = b" " * 10_200_000
    for client, address in ((editor, SURVEYS), (anne, f"{survey}/responses")):
        problem(await client.post(address, content=large, headers=JSON), 413, "too-large")
        problem(await client.post(address, content=chunks(), headers=JSON), 413, "too-large")


NOBODIES = ["Bearer nvt_" + "0" * 40, "Bearer", "Bearer ", "Basic YTpi", "nvt_abc", "Bearer nvt_\xe9", ""]


async def test_who_is_nobody(nobody, survey) -> None:
    """A token that is none, or none at all, is a 401 that says how to sign in, on whatever address."""
    for header in NOBODIES:
        for address in (SURVEYS, survey, "/api/v1/me", f"{SURVEYS}/rien"):
            answer = await nobody.get(address, headers={"Authorization": header.encode("latin-1")})
            problem(answer, 401, "unauthenticated")
            assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_token_that_is_not_valid_is_not_no_token(nobody, editor, survey) -> None:
    """Where no token is needed, a wrong one is refused all the same."""
    link = (await editor.post(f"{survey}/publish", json={"open_link": True})).json()["link"]
    body = {"id": str(uuid.uuid4()), "answers": {"q1": "oui"}, "link": link}
    refused = await nobody.post(f"{survey}/responses", json=body, headers={"Authorization": "Bearer nvt_0"})
    problem(refused, 401, "unauthenticated")


async def test_forbidden(anne, survey) -> None:
    """What one may see and not do is a 403."""
    problem(await anne.post(f"{survey}/close"), 403, "forbidden")


WISHES = [
    (None, "fr"),
    ("", "fr"),
    ("de", "fr"),
    ("*", "fr"),
    ("en", "en"),
    ("en-GB,en;q=0.9", "en"),
    ("de, en;q=0.5", "en"),
    ("fr;q=0.2, en;q=0.1", "fr"),
    ("en;q=0, fr;q=0.1", "fr"),
    (";;;,q=,en;q=x", "fr"),
]


async def test_the_language_of_a_problem(nobody) -> None:
    """It follows Accept-Language; French where nothing of it fits."""
    del nobody.headers["Accept-Language"]
    for wanted, language in WISHES:
        answer = await nobody.get("/api/v1/nulle-part", headers={} if wanted is None else {"Accept-Language": wanted})
        problem(answer, 404, "not-found")
        assert answer.headers["Content-Language"] == language


async def test_reasons_are_worded_too(anne, survey) -> None:
    """Not only titles: the reasons of faults come in the reader's language."""
    body = json.dumps({"id": str(uuid.uuid4()), "answers": {}})
    reasons = [
        (await anne.post(f"{survey}/responses", content=body, headers=JSON | {"Accept-Language": language})).json()
        for language in ("fr", "en")
    ]
    french, english = (one["invalid_params"][0]["reason"] for one in reasons)
    assert english == "This question needs an answer."
    assert french != english


async def test_a_parameter_that_is_missing_is_named(editor, survey) -> None:
    """The address lacks `columns`: that is said, not what the framework stumbled over."""
    missing = await editor.get(f"{survey}/crosstab", params={"rows": "q1"})
    assert faults(missing) == [("/columns", "required")]
