"""What browsers are told not to do with anything that we answer: the headers of security, on every response.

They are put on by a hook of the application and not by a middleware: Litestar runs middlewares only where a route was
found, and the page that says that there is none needs them too.
"""

from typing import Final

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

EMPTY_STYLE: Final = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
"""Of the empty style element that plotly.js makes to write its rules into."""

POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
CHARTS: Final = POLICY | {
    "style-src": f"'self' {EMPTY_STYLE}",
    "style-src-attr": "'unsafe-inline'",
    "img-src": "'self' data: blob:",
}
"""For handlers with `opt={"charts": True}`: plotly.js sets style attributes, and makes images to save from blobs."""

FEATURES: Final = (
    "accelerometer",
    "autoplay",
    "browsing-topics",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
"""What no page of ours uses."""


def _written(policy: dict[str, str]) -> str:
    return "; ".join(f"{directive} {sources}" for directive, sources in policy.items())


HEADERS: Final = {
    "Cache-Control": "no-store",  # what is for everybody says so itself (static files)
    "Content-Security-Policy": _written(POLICY),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers send our own forms with `Origin: null`
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in FEATURES),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_CHARTS: Final = _written(CHARTS)
_TLS_ONLY: Final = "max-age=31536000"


async def secure(message: Message, scope: Scope) -> None:
    """Put the headers on a response that is about to leave; what a handler set itself stays."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    handler = scope.get("route_handler")
    if handler is not None and handler.opt.get("charts"):
        headers["Content-Security-Policy"] = _CHARTS
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if scope["scheme"] == "https":
        headers.setdefault("Strict-Transport-Security", _TLS_ONLY)
