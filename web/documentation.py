"""The description of the API (OpenAPI), with a page that shows it: plain HTML made here, nothing from another host."""

import copy
from typing import Any, Final

import msgspec
from litestar import Request
from litestar._openapi.schema_generation import SchemaCreator
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import Components, License, Schema, SecurityScheme
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition

from analytics.result import Group, Result
from web.errors import MEDIA_TYPE
from web.pages.rendering import environment
from web.pages.visiting import guest_of

VERSION: Final = "v1"

_METHODS: Final = ("get", "post", "put", "patch", "delete")


class _Page(OpenAPIRenderPlugin):
    """Every operation of the API on one page, for people: no script, so that any policy may forbid them."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        guest = guest_of(request)
        template = environment(guest.language).get_template("api.html")
        shown = template.render(guest=guest, api=openapi_schema, tags=_by_tag(openapi_schema), fields=_fields)
        return shown.encode()


class ResultSchemas(OpenAPISchemaPlugin):
    """Describes results. They are written and never read back, so that their unions of structs carry no tag, without
    which Litestar's own plugin cannot describe them.
    """

    @staticmethod
    def is_plugin_supported_field(field_definition: FieldDefinition) -> bool:
        return field_definition.is_subclass_of((Result, Group))

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: SchemaCreator) -> Schema:
        hints = field_definition.get_type_hints(include_extras=True)
        fields = msgspec.structs.fields(field_definition.type_)
        return schema_creator.create_component_schema(
            field_definition,
            required=sorted(field.encode_name for field in fields if field.required),
            property_fields={
                field.encode_name: FieldDefinition.from_annotation(hints[field.name], name=field.encode_name)
                for field in fields
            },
        )


PROBLEM: Final[dict[str, Any]] = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "code", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "code": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "invalid_params": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "code", "reason"],
                "properties": {
                    "path": {"type": "string", "format": "json-pointer"},
                    "code": {"type": "string"},
                    "reason": {"type": "string"},
                },
            },
        },
    },
    "additionalProperties": True,
}
"""What `base.problems.Problem.document` writes; some problems have members of their own."""


def with_problems(description: dict[str, Any]) -> dict[str, Any]:
    """The description with what every operation answers when it fails, in place of Litestar's own errors."""
    described = copy.deepcopy(description)
    described["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    failure = {
        "description": "What is wrong and what to do",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for item in described["paths"].values():
        for method in _METHODS:
            if method in item:
                responses = {code: answer for code, answer in item[method]["responses"].items() if code < "4"}
                item[method]["responses"] = responses | {"default": failure}
    return described


class _Json(JsonRenderPlugin):
    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return super().render(request, with_problems(openapi_schema))


class _Yaml(YamlRenderPlugin):
    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return super().render(request, with_problems(openapi_schema))


def openapi_config() -> OpenAPIConfig:
    """Where the description stands and what holds for all of it."""
    return OpenAPIConfig(
        title="Navette",
        version=VERSION,
        description=(
            "Surveys and data collection between a national administration and its territories. "
            "Failures are application/problem+json (RFC 9457), worded by Accept-Language."
        ),
        license=License(name="EUPL-1.2", identifier="EUPL-1.2"),
        path="/api",
        render_plugins=[
            _Page(path="/"),
            _Json(path="/openapi.json"),
            _Yaml(path="/openapi.yaml"),
        ],
        components=Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}),
        security=[{"token": []}],
    )


def _by_tag(description: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    tags: dict[str, list[dict[str, Any]]] = {}
    for path, item in description["paths"].items():
        for method in _METHODS:
            if method in item:
                operation = item[method]
                tags.setdefault(operation["tags"][0], []).append({**operation, "path": path, "method": method.upper()})
    return tags


def _fields(description: dict[str, Any], schema: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """The fields of an object schema, one level deep: (name, type in words, required)."""
    schema = _resolved(description, schema)
    required = set(schema.get("required", ()))
    return [(name, _type(description, field), name in required) for name, field in schema.get("properties", {}).items()]


def _resolved(description: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _type(description: dict[str, Any], schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(_resolved(description, schema).get("title", schema["$ref"].rpartition("/")[2]))
    for union in ("oneOf", "anyOf"):
        if union in schema:
            return " | ".join(_type(description, one) for one in schema[union])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"[{_type(description, schema.get('items', {}))}]"
    kind = schema.get("format") or schema.get("type") or "any"
    return " | ".join(kind) if isinstance(kind, list) else str(kind)
