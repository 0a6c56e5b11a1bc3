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
    """Something sent, with where, by whom and by which right. `actor` null is a link's holder or the command line.

    `channel` says how an answer reaches us that is not given by those of whom it is expected.
    """

    sent: Sent
    survey: Survey
    actor: Actor | None
    right: Right
    channel: Channel
    at: dt.datetime


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The proof that a response is stored: given out after the commit only."""

    id: UUID
    survey: UUID
    edition: int
    revision: int
    submitted_at: dt.datetime


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one submission: a receipt (`replayed` if it was stored before) or a problem."""

    receipt: Receipt | None = None
    replayed: bool = False
    problem: Problem | None = None

    def settled(self) -> Receipt:
        """The receipt; raises the problem where there is none."""
        if self.receipt is None:
            raise self.problem or AssertionError("an outcome is a receipt or a problem")
        return self.receipt


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


def content_hash(sent: Sent) -> bytes:
    """SHA-256 over what was sent (answers, assignment, territory) in canonical JSON."""
    return hashlib.sha256(
        _canonical.encode({"answers": sent.answers, "assignment": sent.assignment, "territory": sent.territory})
    ).digest()
