"""The description of the API is complete, is valid, and comes from here alone."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.anyio

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
async def described(nobody) -> dict[str, Any]:
    answer = await nobody.get("/api/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def operations(described: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method} {path}", operation)
        for path, item in described["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


async def test_every_operation_is_named(described) -> None:
    """Each has an id of its own that is a name, a summary that people can read, and a tag."""
    found = operations(described)
    ids = [operation["operationId"] for _, operation in found]
    assert len(ids) == len(set(ids)) > 20
    assert [name for name in ids if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []
    for name, operation in found:
        assert len(operation["summary"]) > 10, name
        assert operation["tags"], name


async def test_the_document_holds_together(described) -> None:
    """OpenAPI 3.1; every reference leads somewhere, every parameter of a path is declared, success is described."""
    assert described["openapi"].startswith("3.1")
    assert {"title", "version"} <= set(described["info"])
    references = re.findall(r"'\$ref': '#/components/schemas/([^']+)'", str(described))
    assert references
    assert set(references) - set(described["components"]["schemas"]) == set()
    for name, operation in operations(described):
        path = name.split(" ", 1)[1]
        declared = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
        assert set(re.findall(r"{(\w+)}", path)) == declared, name
        assert any(status.startswith("2") for status in operation["responses"]), name
    assert set(described["security"][0]) <= set(described["components"]["securitySchemes"])


async def test_results_are_described(described) -> None:
    """The largest answer of the API has its fields and what they may hold."""
    schemas = described["components"]["schemas"]
    (result,) = [schema for schema in schemas.values() if schema.get("title") == "Result"]
    assert {"survey", "expected", "responses", "questions", "groups"} <= set(result["properties"])
    assert "questions" in result["required"]


async def test_it_is_the_same_in_yaml(nobody, described) -> None:
    """YAML and JSON say the same."""
    answer = await nobody.get("/api/openapi.yaml")
    assert yaml.safe_load(answer.text) == described


class _Loaded(HTMLParser):
    """What a page loads; links that one may follow are another thing."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = {"src", "srcset", "data"} | ({"href"} if tag == "link" else set())
        self.loaded += [value or "" for name, value in attrs if name in wanted]


async def test_the_page_loads_nothing_from_elsewhere(nobody, described) -> None:
    """It names every operation, and what it loads is ours."""
    answer = await nobody.get("/api")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    page = _Loaded()
    page.feed(answer.text)
    assert [target for target in page.loaded if not target.startswith("/static/")] == []
    assert re.findall(r"url\(\s*['\"]?(?:https?:)?//|@import", answer.text) == []
    for name, operation in operations(described):
        assert operation["summary"].split(":")[0].split("“")[0].split("'")[0] in answer.text, name


async def test_failures_are_described_as_they_come(described) -> None:
    """Every operation answers problems when it fails, and nothing else is promised."""
    assert {"code", "detail", "invalid_params"} <= set(described["components"]["schemas"]["Problem"]["properties"])
    for name, operation in operations(described):
        failures = {status for status in operation["responses"] if not status.startswith("2")}
        assert failures == {"default"}, name
        assert list(operation["responses"]["default"]["content"]) == ["application/problem+json"], name
