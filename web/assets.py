"""The files that pages load, as scripts/assets.py built them: `asset` says their addresses, `static_files` serves them.

An address carries a hash of what it answers, so a browser may keep the answer for ever, and a new version has new
addresses. Only what the manifest names can be had: a path is looked up there and never becomes one of the disk.
"""

import functools
import json
from pathlib import Path
from typing import Any, Final, NamedTuple

from litestar import HttpMethod, Request, Response, route
from litestar.params import FromPath

from base.problems import NOT_FOUND

PREFIX: Final = "/static"
FOLDER: Final = Path(__file__).parent / "static_built"

_TYPES: Final = {
    ".css": "text/css",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""By extension: the system's own table differs from one machine to the next. Litestar adds the charset of text."""

_ENCODINGS: Final = (("br", "br"), ("gzip", "gz"))
"""What a browser may accept, best first → the ending of the file made for it."""


class UnknownAssetError(LookupError):
    """A template or a module asks for a file that was not built."""


class _Built(NamedTuple):
    addresses: dict[str, str]
    """A source's name → its address."""

    files: dict[str, frozenset[str]]
    """A built file's name → the endings that it is kept compressed with."""


def asset(name: str) -> str:
    """The address of a built file: `asset("navette.css")` is `/static/navette-5f0c….css`."""
    try:
        return _built().addresses[name]
    except KeyError:
        raise UnknownAssetError(
            f"{name} is not among the built files: add it to web/static, then `make assets`"
        ) from None


@route(
    f"{PREFIX}/{{name:path}}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    include_in_schema=False,
    sync_to_thread=False,
)
def static_files(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """A built file, compressed as the browser likes it best."""
    file = name.removeprefix("/")
    endings = _built().files.get(file)
    if endings is None:
        raise NOT_FOUND()
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    if endings:
        headers["Vary"] = "Accept-Encoding"
    encoding, ending = _negotiated(request.headers.get("Accept-Encoding", ""), endings)
    if encoding:
        headers["Content-Encoding"] = encoding
    return Response(_content(file + ending), media_type=_TYPES[Path(file).suffix], headers=headers)


def _negotiated(accepted: str, endings: frozenset[str]) -> tuple[str, str]:
    """The encoding to answer in, and what the file's name then ends in: both empty for the file as it is."""
    wanted = set()
    for one in accepted.lower().split(","):
        name, _, quality = one.replace(" ", "").partition(";")
        if not quality.removeprefix("q=").strip("0.") and quality:  # q=0: anything but this
            continue
        wanted.add(name)
    for encoding, ending in _ENCODINGS:
        if ending in endings and wanted & {encoding, "*"}:
            return encoding, f".{ending}"
    return "", ""


def _built() -> _Built:
    """What the manifest says. Read again when a new build has replaced it, as `make assets` does in a checkout."""
    path = FOLDER / "manifest.json"
    try:
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        raise UnknownAssetError("the pages' files were not built: `make assets` builds them in a checkout") from None
    return _read(path, changed)


@functools.lru_cache(maxsize=2)
def _read(path: Path, changed: int) -> _Built:
    del changed
    entries = json.loads(path.read_text(encoding="utf-8"))["files"]
    return _Built(
        addresses={name: f"{PREFIX}/{entry['file']}" for name, entry in entries.items()},
        files={entry["file"]: frozenset({"br", "gz"} & entry.keys()) for entry in entries.values()},
    )


@functools.lru_cache(maxsize=256)
def _content(file: str) -> bytes:
    """A file's bytes, read once: what has this name never changes."""
    return (FOLDER / file).read_bytes()
