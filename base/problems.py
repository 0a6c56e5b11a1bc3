"""Problems: what may go wrong, as a catalogue (RFC 9457 on the wire).

Each package has a `problems.py` that declares its kinds; raising one says which, with named details. Titles and
details are English message ids, worded in the reader's language at the edge.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from base.language import N_, translate


class Worded(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence that waits for its reader's language: a message id with its fields, or an author's own texts."""

    message: str
    parameters: dict[str, Any] = {}
    texts: dict[str, str] = {}

    def sentence(self, language: str) -> str:
        """The author's text if there is one (in the reader's language, else the first), else the message."""
        if self.texts:
            return self.texts.get(language) or next(iter(self.texts.values()))
        return translate(self.message, self.parameters, language)


class InvalidParam(msgspec.Struct, frozen=True, kw_only=True):
    """One fault of an input: where (JSON Pointer), which (a short code), and in words."""

    path: str
    code: str
    reason: Worded


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the catalogue. Calling it makes the problem to raise."""

    code: str
    status: int
    title: str
    detail: str

    def __call__(
        self,
        *,
        invalid_params: list[InvalidParam] | None = None,
        members: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **parameters: object,
    ) -> "Problem":
        return Problem(self, parameters, invalid_params or [], dict(members or {}), dict(headers or {}))


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """A catalogue entry that happened: `parameters` fill its detail, `members` are extension members on the wire.

    Both hold what JSON holds, and `Worded` sentences, which are worded with the rest.
    """

    def __init__(
        self,
        kind: Kind,
        parameters: dict[str, object],
        invalid_params: list[InvalidParam],
        members: dict[str, Any],
        headers: dict[str, str],
    ) -> None:
        super().__init__(kind.code)
        self.kind = kind
        self.parameters = parameters
        self.invalid_params = invalid_params
        self.members = members
        self.headers = headers

    def __str__(self) -> str:
        return self.sentence("en")

    def sentence(self, language: str) -> str:
        """The detail, worded: what happened and what to do."""
        return translate(self.kind.detail, _worded(self.parameters, language), language)

    def document(self, language: str) -> dict[str, Any]:
        """The problem as the JSON object that goes on the wire."""
        body: dict[str, Any] = {
            "type": f"/problems/{self.kind.code}",
            "code": self.kind.code,
            "title": translate(self.kind.title, None, language),
            "status": self.kind.status,
            "detail": self.sentence(language),
        }
        if self.invalid_params:
            body["invalid_params"] = [
                {"path": fault.path, "code": fault.code, "reason": fault.reason.sentence(language)}
                for fault in self.invalid_params
            ]
        return body | {name: _worded(value, language) for name, value in self.members.items()}


def _worded(value: Any, language: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    match value:
        case Worded():
            return value.sentence(language)
        case dict():
            return {key: _worded(item, language) for key, item in value.items()}
        case list():
            return [_worded(item, language) for item in value]
        case _:
            return value


CATALOGUE: Final[dict[str, Kind]] = {}


def problem(code: str, status: int, title: str, detail: str) -> Kind:
    """Declare a kind of problem; its code is unique in the whole service."""
    if code in CATALOGUE:
        raise ValueError(f"problem {code} is declared twice")
    kind = Kind(code=code, status=status, title=title, detail=detail)
    CATALOGUE[code] = kind
    return kind


NOT_FOUND = problem("not-found", 404, N_("Not found"), N_("There is nothing here, or it is not for you to see."))
UNAUTHENTICATED = problem(
    "unauthenticated",
    401,
    N_("Sign in first"),
    N_("Send a valid token in the header “Authorization: Bearer …”; `navette token create` makes one."),
)
FORBIDDEN = problem("forbidden", 403, N_("Not allowed"), N_("Your role does not allow this."))
INVALID = problem("invalid", 422, N_("The input is not valid"), N_("Correct what is listed and send it again."))
MALFORMED = problem("malformed", 400, N_("The request cannot be read"), N_("{reason}"))
DATABASE_AWAY = problem(
    "database-away",
    503,
    N_("The database does not answer"),
    N_(
        "The service goes on as soon as the database is back: try again in a moment, "
        "under the same id if it was an answer."
    ),
)
DATABASE_REFUSES = problem(
    "database-refuses",
    503,
    N_("The database does not let the service in"),
    N_(
        "Check the address, the role, the password and the name of the database in NAVETTE_DATABASE_URL (for "
        "`navette migrate`, in NAVETTE_MIGRATION_URL)."
    ),
)
DISK_FULL = problem(
    "disk-full",
    507,
    N_("The disk is full"),
    N_("Nothing was stored. Free some space on the database's disk, then try again."),
)
INTERNAL = problem(
    "internal",
    500,
    N_("Something went wrong on our side"),
    N_("It has been logged under the number {incident}. Nothing was stored; try again, or tell us this number."),
)
