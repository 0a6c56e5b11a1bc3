"""What is sent, what comes back, and what is stored of a response."""

import datetime as dt
import hashlib
from typing import Annotated, Any, Final, Literal, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta

from base.problems import Problem
from directory.actors import Actor
from surveys.survey import Code, Survey

Answers: TypeAlias = dict[str, Any]


class Sent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One set of answers as its sender sends it; the sender chooses the id and keeps it over every retry.

    With neither `assignment` nor `territory` the sender's own expected answer is meant.
    """

    id: UUID
    answers: Answers
    assignment: UUID | None = None
    territory: Code | None = None
    edition: int | None = None
    link: Annotated[str, Meta(max_length=200)] | None = None


Right: TypeAlias = Literal["own", "link", "others"]
"""What a sender may answer: what is expected of them; an open survey, for any territory; anything of the survey."""

Channel: TypeAlias = Literal["assigned", "open", "proxy", "import", "test"]


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """Something sent, with where, by whom, by which right and on which way.

    `actor` null is a link's holder or the command line. `draft` is the version of the draft that was sent, if one was:
    what was saved after it must not be lost.
    """

    sent: Sent
    survey: Survey
    actor: Actor | None
    right: Right
    channel: Channel
    at: dt.datetime
    draft: int | None = None


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The proof that a response is stored: given out after the commit only."""

    id: UUID
    survey: UUID
    edition: int
    revision: int
    submitted_at: dt.datetime


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A submission that is stored (`replayed`: was stored before), with its receipt."""

    receipt: Receipt
    replayed: bool = False


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A submission that changed nothing, with the reason."""

    problem: Problem


Outcome: TypeAlias = Stored | Refused
"""What became of one submission."""


class StoredResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A response as it is read back by those who may."""

    id: UUID
    survey: UUID
    edition: int
    assignment: UUID | None
    channel: str
    unit: str | None
    territory: str | None
    region: str | None
    department: str | None
    submitted_at: dt.datetime
    revision: int
    revised_at: dt.datetime
    answers: Answers


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One state of a response over time."""

    revision: int
    edition: int
    revised_at: dt.datetime
    answers: Answers


_canonical: Final = msgspec.json.Encoder(order="deterministic")


class Amendment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New answers for a response; `edition` says which one they were given under (default: the current one).

    `id` may be there, so that what was sent first can be sent again with other answers; it is the response's own.
    """

    answers: Answers
    id: UUID | None = None
    edition: int | None = None


def content_hash(sent: Sent) -> bytes:
    """SHA-256 over what was sent (answers, assignment, territory) in canonical JSON."""
    return _hash({"answers": sent.answers, "assignment": sent.assignment, "territory": sent.territory})


def amendment_hash(amendment: Amendment) -> bytes:
    """The same over what was sent to amend (answers, edition); never that of a first answer."""
    return _hash({"answers": amendment.answers, "edition": amendment.edition})


def _hash(content: dict[str, Any]) -> bytes:
    return hashlib.sha256(_canonical.encode(content)).digest()
