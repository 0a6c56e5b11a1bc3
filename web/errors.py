"""From whatever was raised to a problem, and from that to `application/problem+json`, in the reader's language.

`web/pages/failing.py` shows the same problems to people.
"""

import re
import secrets
from typing import Any, Final

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, NotAuthorizedException, ValidationException
from litestar.handlers import HTTPRouteHandler

from base.language import N_, negotiate
from base.problems import CATALOGUE, INTERNAL, INVALID, MALFORMED, NOT_FOUND, InvalidParam, Problem, Worded, problem

MEDIA_TYPE: Final = "application/problem+json"

METHOD_NOT_ALLOWED = problem(
    "method-not-allowed",
    405,
    N_("This address does not take this method"),
    N_("The header Allow says which methods it takes; the API is described at /api."),
)
TOO_LARGE = problem(
    "too-large",
    413,
    N_("The request is too large"),
    N_("Send less at once: answers in bulk go to …/responses/bulk, workbooks may have 10 MB."),
)
logger = structlog.get_logger()

_BY_STATUS: Final = {404: NOT_FOUND, 405: METHOD_NOT_ALLOWED, 413: TOO_LARGE}
_PLACE: Final = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_FIELD: Final = re.compile(r"Object (?:contains unknown|missing required) field `(.+)`")

_MISSING: Final = re.compile(r"'(\w+)'")
"""What Litestar says of a query parameter that is not there: its name, as a failed look-up words it."""

REASONS: Final = {
    "unknown": N_("There is no field of this name here ({detail})."),
    "required": N_("This field is missing ({detail})."),
    "choice": N_("This is not one of the values that are possible here ({detail})."),
    "length": N_("This is too short or too long ({detail})."),
    "range": N_("This number is too small or too large ({detail})."),
    "type": N_("This is not the kind of value that is wanted here ({detail})."),
}
"""The code of a fault → what we say of it; the detail is msgspec's own, in English."""

WHOLE_BODY: Final = "data"
"""What Litestar calls the body, after the parameter that takes it."""


def problem_response(request: Request[Any, Any, Any], raised: Problem) -> Response[bytes]:
    """A problem on the wire."""
    language = negotiate(request.headers.get("Accept-Language"))
    return Response(
        msgspec.json.encode(raised.document(language)),
        status_code=raised.kind.status,
        media_type=MEDIA_TYPE,
        headers={"Content-Language": language, "Vary": "Accept-Language", "Cache-Control": "no-store"} | raised.headers,
    )


def problem_of(request: Request[Any, Any, Any], error: Exception) -> Problem:
    """What went wrong, as an entry of the catalogue; what is our fault and not the caller's is logged too."""
    match error:
        case Problem():
            return _raised(request, error)
        case HTTPException():
            return _http_error(request, error)
        case _:
            return _unexpected(request, error)


def _raised(request: Request[Any, Any, Any], raised: Problem) -> Problem:
    """A problem that a verb raised."""
    if raised.kind.status >= 500:
        logger.error("problem", code=raised.kind.code, method=request.method, route=_route(request), exc_info=raised)
    return raised


def _http_error(request: Request[Any, Any, Any], error: HTTPException) -> Problem:
    """What Litestar raised: input that does not fit, no such route, too large, unreadable."""
    if isinstance(error, ValidationException) or isinstance(error.__cause__, msgspec.ValidationError):
        return INVALID(invalid_params=_faults(request, error))
    if isinstance(error, NotAuthorizedException):
        return CATALOGUE["unauthenticated"]()
    kind = _BY_STATUS.get(error.status_code)
    if kind:
        return kind(headers=dict(error.headers or {}))
    if error.status_code < 500:
        return MALFORMED(reason=error.detail)
    return _unexpected(request, error)


def _unexpected(request: Request[Any, Any, Any], error: Exception) -> Problem:
    """The last resort: logged with a number that the caller is told, and nothing else of it shown."""
    if isinstance(error, RecursionError):
        return MALFORMED(reason=Worded(message=N_("The JSON is nested too deep.")))
    if isinstance(error, UnicodeDecodeError):
        return MALFORMED(reason=Worded(message=N_("The text is not in UTF-8.")))
    incident = secrets.token_hex(6)
    logger.error("unexpected", incident=incident, method=request.method, route=_route(request), exc_info=error)
    return INTERNAL(incident=incident)


def _route(request: Request[Any, Any, Any]) -> str:
    return str(request.scope.get("path_template"))


def _faults(request: Request[Any, Any, Any], error: HTTPException) -> list[InvalidParam]:
    """What Litestar (a message and a place of its own) or msgspec (a sentence that ends with the place) found."""
    extra = error.extra if isinstance(error.extra, list) else []
    found = [(str(fault.get("message", "")), str(fault.get("key", ""))) for fault in extra]
    if not found:
        message, _, key = str(error.__cause__ or error.detail).partition(" - at `$")
        found = [(message, key.rstrip("`"))]
    return [_fault(message, "" if key == WHOLE_BODY else _sent_as(request, key)) for message, key in found]


def _fault(message: str, key: str) -> InvalidParam:
    if message == f"'{WHOLE_BODY}'":
        return InvalidParam(path="", code="required", reason=Worded(message=N_("The request needs a body.")))
    if missing := _MISSING.fullmatch(message):
        reason = Worded(message=N_("This parameter is missing in the address."))
        return InvalidParam(path=f"/{missing[1]}", code="required", reason=reason)
    place = "".join(f"/{name or index}" for name, index in _PLACE.findall(key))
    field = _FIELD.fullmatch(message)
    code = _code(message)
    reason = Worded(message=REASONS[code], parameters={"detail": message})
    return InvalidParam(path=f"{place}/{field[1]}" if field else place, code=code, reason=reason)


def _sent_as(request: Request[Any, Any, Any], key: str) -> str:
    """The name under which the caller sends a parameter that is called otherwise in our code."""
    handler = request.scope.get("route_handler")
    field = handler.parsed_fn_signature.parameters.get(key) if isinstance(handler, HTTPRouteHandler) else None
    return getattr(field.kwarg_definition, "name", None) or key if field else key


def _code(message: str) -> str:
    """The code of a fault from msgspec's sentence about it (msgspec gives nothing else)."""
    for beginning, code in (
        ("Object contains unknown field", "unknown"),
        ("Object missing required field", "required"),
        ("Invalid enum value", "choice"),
        ("Invalid value", "choice"),
    ):
        if message.startswith(beginning):
            return code
    if "of length" in message:
        return "length"
    return "range" if "<=" in message or ">=" in message else "type"
