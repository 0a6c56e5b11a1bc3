"""The files that pages load: built, kept for ever, as small as they can be sent, and nothing else of the disk."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import brotli
import httpx
import pytest

from web import assets
from web.assets import UnknownAssetError, asset

pytestmark = pytest.mark.anyio

BUILT = assets.FOLDER

THEME_CLASS = re.compile(r"(?<![\w-])fr-[a-z0-9]+(?:[_-]+[a-z0-9]+)*(?![\w-])")
"""A whole class: one that ends in a hyphen is completed where the page is made."""

ICON = re.compile(r"""\bicon=["']([a-z0-9-]+)["']""")
"""An icon as our macros are given it."""

WITHOUT_STYLE = {"fr-footer__content-item", "fr-header__body", "fr-select--error"}
"""Classes that the theme asks for in the markup and gives no style."""


@pytest.fixture(scope="module")
def manifest() -> dict[str, dict[str, Any]]:
    """Each built file by the name of its source."""
    files = json.loads((BUILT / "manifest.json").read_text())["files"]
    assert isinstance(files, dict)
    return files


def test_an_address_carries_a_hash() -> None:
    """A new version has a new address."""
    assert re.fullmatch(r"/static/navette-[0-9a-f]{10}\.css", asset("navette.css"))


def test_an_unknown_name_is_a_mistake_of_ours() -> None:
    """A template that asks for what was not built fails, and says how to add it."""
    with pytest.raises(UnknownAssetError, match=r"absent\.js .*make assets"):
        asset("absent.js")


async def test_every_file_is_served_for_ever(nobody: httpx.AsyncClient, manifest: dict[str, dict[str, Any]]) -> None:
    """Whatever the manifest names has a type, may be kept for ever, and is not guessed at."""
    for name in manifest:
        answer = await nobody.get(asset(name), headers={"Accept-Encoding": "identity"})
        assert answer.status_code == 200, name
        assert answer.content == (BUILT / manifest[name]["file"]).read_bytes()
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("navette.css", "text/css; charset=utf-8"),
        ("page.js", "text/javascript; charset=utf-8"),
        ("Marianne-Regular.woff2", "font/woff2"),
        ("favicon.svg", "image/svg+xml"),
        ("site.webmanifest", "application/manifest+json"),
    ],
)
async def test_types(nobody: httpx.AsyncClient, name: str, kind: str) -> None:
    """The type follows from the extension, by a table of ours."""
    assert (await nobody.get(asset(name))).headers["Content-Type"] == kind


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("br;q=0, gzip;q=1.0", "gzip"),
        ("br; q=0.000, gzip; q=0", None),
        ("*", "br"),
        ("zstd", None),
        ("", None),
    ],
)
async def test_encoding(nobody: httpx.AsyncClient, accepted: str, encoding: str | None) -> None:
    """What the browser takes and is smallest; caches are told that it depends on that."""
    request = nobody.build_request("GET", asset("navette.css"), headers={"Accept-Encoding": accepted})
    answer = await nobody.send(request, stream=True)
    raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.headers["Content-Length"] == str(len(raw))
    assert answer.headers["Vary"] == "Accept-Encoding"
    plain = {"br": brotli.decompress, "gzip": gzip.decompress}.get(encoding or "", bytes)(raw)
    assert plain.decode() == (BUILT / asset("navette.css").rpartition("/")[2]).read_text()


async def test_a_font_is_compressed_already(nobody: httpx.AsyncClient) -> None:
    """A file that is kept in one form is sent in it."""
    answer = await nobody.get(asset("Marianne-Bold.woff2"), headers={"Accept-Encoding": "br, gzip"})
    assert "Content-Encoding" not in answer.headers
    assert "Vary" not in answer.headers


async def test_head_says_what_get_would(nobody: httpx.AsyncClient) -> None:
    """HEAD answers with the headers of GET and no body."""
    address, accepted = asset("page.js"), {"Accept-Encoding": "br"}
    head, get = await nobody.head(address, headers=accepted), await nobody.get(address, headers=accepted)
    assert head.content == b""
    assert dict(head.headers) == dict(get.headers)


@pytest.mark.parametrize(
    "path",
    [
        "navette.css",
        "manifest.json",
        "../assets.py",
        "..%2fassets.py",
        "%2e%2e/app.py",
        "..\\app.py",
        "/etc/passwd",
        "a/b/c.css",
        "navette.css%00",
        "",
    ],
)
async def test_nothing_else_of_the_disk(nobody: httpx.AsyncClient, path: str) -> None:
    """A name that the manifest does not give to a built file leads nowhere, whatever it looks like."""
    answer = await nobody.get(httpx.URL(f"http://test/static/{path}"))
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] != "text/css; charset=utf-8"


async def test_only_reading(nobody: httpx.AsyncClient) -> None:
    """Nothing can be sent to a file."""
    assert (await nobody.post(asset("page.js"))).status_code == 405


async def test_the_compressed_form_has_no_address(nobody: httpx.AsyncClient) -> None:
    """It is had by negotiation alone."""
    assert (await nobody.get(asset("page.js") + ".br")).status_code == 404


def test_style_sheets_load_nothing_from_elsewhere(manifest: dict[str, dict[str, Any]]) -> None:
    """What a sheet names is in it, or is one of our fonts beside it."""
    files = {entry["file"] for entry in manifest.values()}
    text = (BUILT / manifest["navette.css"]["file"]).read_text()
    assert "@import" not in text
    named = {address.strip("\"'") for address in re.findall(r"url\(([^)]*)", text)}
    outside = {address for address in named if not address.startswith("data:")}
    assert outside - files == set()
    assert {Path(address).suffix for address in outside} == {".woff2"}


def test_scripts_import_only_built_files(manifest: dict[str, dict[str, Any]]) -> None:
    """Each import between modules says the hashed name of a file that is there."""
    files = {entry["file"] for entry in manifest.values()}
    texts = {name: (BUILT / manifest[name]["file"]).read_text() for name in manifest if name.endswith(".js")}
    imported = {
        file
        for name, text in texts.items()
        if name != "plotly.js"
        for file in re.findall(r"""(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']""", text)
    }
    assert f"./{manifest['plotly.js']['file']}" in imported
    assert imported <= {f"./{file}" for file in files}


def test_the_sheet_knows_what_pages_name(manifest: dict[str, dict[str, Any]]) -> None:
    """Each class of the theme that a template or a script of ours names is in the sheet; else web/static/themes says
    too little, or web/static/icons.txt.
    """
    web = BUILT.parent
    sources = [*web.glob("templates/**/*.html"), *web.glob("pages/**/*.py"), *web.glob("static/js/**/*.js")]
    texts = [path.read_text() for path in sources]
    named = {found for text in texts for found in THEME_CLASS.findall(text)}
    named |= {f"fr-icon-{icon}" for text in texts for icon in ICON.findall(text)}
    assert {"fr-btn", "fr-icon-arrow-right-line"} <= named
    known = set(THEME_CLASS.findall((BUILT / manifest["navette.css"]["file"]).read_text()))
    assert named - known <= WITHOUT_STYLE


def test_what_every_page_loads_is_small(manifest: dict[str, dict[str, Any]]) -> None:
    """The style sheet and three faces leave a third of a page's 150 kB for the page itself and its script."""
    faces = sum(manifest[f"Marianne-{weight}.woff2"]["size"] for weight in ("Regular", "Medium", "Bold"))
    assert manifest["navette.css"]["br"] <= 36_000
    assert faces <= 76_000
