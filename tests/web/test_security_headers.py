"""The headers of security are on every response of every route, whatever came of the request."""

import re

import httpx
import pytest
from litestar import Litestar, get
from litestar.routes import HTTPRoute

from web.security import CHARTS, HEADERS, POLICY

pytestmark = pytest.mark.anyio

SNAPSHOT = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}

UUID = "00000000-0000-4000-8000-000000000000"


def routes(app: Litestar) -> list[tuple[str, str, bool]]:
    """Every route: method, an address that fits it, whether it shows charts."""
    found = []
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            path = re.sub(r"\{\w+(:\w+)?\}", UUID, route.path)
            for handler in route.route_handlers:
                charts = bool(handler.opt.get("charts"))
                found += [(str(method), path, charts) for method in handler.http_methods]
    return found


async def test_every_route_has_them(people) -> None:
    """To a caller whom most of them refuse: refusals are responses too."""
    app = people._app
    caller = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url="http://navette.test"
    )
    seen = routes(app)
    assert len(seen) > 30
    for method, path, charts in seen:
        answer = await caller.request(method, path)
        for name, value in SNAPSHOT.items():
            if not (charts and name == "content-security-policy"):
                assert answer.headers.get(name) == value, f"{method} {path}: {name}"
        assert "camera=()" in answer.headers["permissions-policy"]
        assert "strict-transport-security" not in answer.headers


async def test_what_is_not_there_has_them_too(nobody: httpx.AsyncClient) -> None:
    """No route, no middleware of Litestar's; but a response."""
    answer = await nobody.get("/nothing")
    assert answer.status_code == 404
    for name, value in HEADERS.items():
        assert answer.headers[name] == value


async def test_tls_is_kept_once_it_was_used(pages) -> None:
    """Browsers are told only over TLS: over plain HTTP they would not listen, and a demonstration has no TLS."""
    answer = await (await pages()).get("/plan-du-site")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


@get("/graphiques", opt={"charts": True}, include_in_schema=False)
async def charts_page() -> str:
    """A page with charts."""
    return ""


async def test_charts_may_set_style_attributes_and_nothing_more(people) -> None:
    """What plotly.js needs is allowed where it runs; scripts stay ours alone."""
    people._app.register(charts_page)
    policy = (await (await people.client()).get("/graphiques")).headers["Content-Security-Policy"]
    assert "style-src-attr 'unsafe-inline'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe-eval" not in policy
    assert {name for name in CHARTS if CHARTS[name] != POLICY.get(name)} == {"style-src", "style-src-attr", "img-src"}
