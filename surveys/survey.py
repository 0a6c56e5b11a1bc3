"""The survey as the rest of the code sees it, and as it goes on the wire."""

import datetime as dt
from typing import Annotated, Final, Literal, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from base.ids import parts_of
from directory.rows import UnitKind
from forms.questionnaire import Questionnaire, Texts

PARIS: Final = ZoneInfo("Europe/Paris")
"""The time of whatever lies in no territory."""

Lane: TypeAlias = Literal["survey", "collection", "flash"]
Anonymity: TypeAlias = Literal["named", "anonymous"]
Answering: TypeAlias = Literal["agent", "unit"]
State: TypeAlias = Literal["draft", "scheduled", "open", "closed"]
Slug: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,80}$(?!\n)")]
Code: TypeAlias = Annotated[str, Meta(max_length=100, pattern=r"^[^\x00]*$")]
"""The name of something in the directory; PostgreSQL cannot even be asked for one that contains NUL."""


class Audience(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is asked: the people (or units) that fit all three; an empty list means all."""

    communities: list[Code] = []
    territories: list[Code] = []
    unit_kinds: list[UnitKind] = []


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How many people and services an audience comes to."""

    agents: int
    units: int


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """One survey, without its questionnaire. `owner` is the code of the directorate whose editors run it."""

    id: UUID
    number: int
    slug: str
    kind: Lane
    title: Texts
    owner: str
    anonymity: Anonymity
    answering: Answering
    audience: Audience | None
    spread: int
    edition: int | None
    opens_at: dt.datetime | None
    closes_at: dt.datetime | None
    closes_on: dt.date | None
    closed_at: dt.datetime | None
    link: str | None
    created_at: dt.datetime

    def state(self, now: dt.datetime) -> State:
        """Computed from the dates: no job has to run for a survey to open or close."""
        return self.state_until(self.closes_at, now)

    def state_until(self, deadline: dt.datetime | None, now: dt.datetime) -> State:
        """The state for those who have this deadline. `queries.list_surveys` says the same in SQL."""
        if self.edition is None:
            return "draft"
        if self.closed_at is not None or (deadline is not None and deadline <= now):
            return "closed"
        if self.opens_at is not None and self.opens_at > now:
            return "scheduled"
        return "open"

    @property
    def parts(self) -> list[int]:
        """The parts that its rows live in."""
        return parts_of(self.number, self.spread)


class SurveyDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A survey on the wire; `link` is shown to those who may edit it only."""

    id: UUID
    slug: str
    number: int
    kind: Lane
    state: State
    title: Texts
    owner: str
    anonymity: Anonymity
    answering: Answering
    edition: int | None
    opens_at: dt.datetime | None
    closes_at: dt.datetime | None
    link: str | None
    audience: Audience | None
    created_at: dt.datetime


def document(survey: Survey, now: dt.datetime, *, editing: bool) -> SurveyDocument:
    """The survey for somebody who may see it, or (`editing`) edit it."""
    return SurveyDocument(
        id=survey.id,
        slug=survey.slug,
        number=survey.number,
        kind=survey.kind,
        state=survey.state(now),
        title=survey.title,
        owner=survey.owner,
        anonymity=survey.anonymity,
        answering=survey.answering,
        edition=survey.edition,
        opens_at=survey.opens_at,
        closes_at=survey.closed_at or survey.closes_at,
        link=survey.link if editing else None,
        audience=survey.audience if editing else None,
        created_at=survey.created_at,
    )


class NewSurvey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What it takes to create a survey; what is left out is derived."""

    questionnaire: Questionnaire
    slug: Slug | None = None
    title: Annotated[Texts, Meta(min_length=1)] | None = None
    kind: Lane = "survey"
    anonymity: Anonymity = "named"
    answering: Answering | None = None
    owner: Code | None = None
