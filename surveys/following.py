"""Following a survey: how it stands in every territory and service, and what became of one expected answer.

Everything here counts the ledger: whoever was asked is in it, whether they began or not. Those whose role holds in a
territory see what lies inside it and nothing else.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeAlias
from uuid import UUID

import msgspec

from base.database import reading
from base.paging import Page, cursor_after, key_of
from base.problems import FORBIDDEN, NOT_FOUND
from directory.access import directorates, reach
from directory.actors import Actor
from directory.territories import NATION
from surveys import queries
from surveys.access import may_edit, scope_of, survey_to_follow_inside
from surveys.drafting import slugged
from surveys.queries import AssignmentEvent, AssignmentItem, LedgerState, PlaceCount, Standing
from surveys.survey import Lane, State, Survey

Order: TypeAlias = Literal["name", "expected", "not_begun", "started", "answered", "rate"]
Phase: TypeAlias = Literal["not_begun", "started", "answered", "exempt"]

PHASES: Final[dict[Phase, tuple[LedgerState, ...]]] = {
    "not_begun": ("expected", "opened"),
    "started": ("draft", "returned"),
    "answered": ("sent", "accepted"),
    "exempt": ("exempt",),
}
"""What people call the states of the ledger, several at a time."""


class Branch(Standing, frozen=True, kw_only=True):
    """How a région, a département or a service stands, and what it is made of.

    `code` is null for what lies in no région; a service has its own code.
    """

    level: Literal["region", "department", "unit"]
    code: str | None
    name: str
    branches: tuple["Branch", ...] = ()

    @property
    def not_begun(self) -> int:
        """How many of the answers expected were not begun."""
        return self.expected - self.started - self.answered

    @property
    def rate(self) -> float | None:
        """The share of the answers expected that came; null where none is expected."""
        return self.answered / self.expected if self.expected else None


class Following(msgspec.Struct, frozen=True, kw_only=True):
    """How a survey stands for somebody who follows it: in all, by région and below, by day of arrival.

    `inside` are the territories that they may see, the nation if all of it.
    """

    survey: Survey
    inside: tuple[str, ...]
    total: Standing
    regions: tuple[Branch, ...]
    arrivals: tuple[tuple[dt.date, int], ...]


class InHand(msgspec.Struct, frozen=True, kw_only=True):
    """A survey in the list of those who edit or follow it, and how it stands."""

    survey: Survey
    standing: Standing
    editing: bool


class History(msgspec.Struct, frozen=True, kw_only=True):
    """One expected answer and what happened to it, oldest first."""

    survey: Survey
    assignment: AssignmentItem
    events: list[AssignmentEvent]


async def surveys_in_hand(
    actor: Actor,
    *,
    state: State | None,
    kind: Lane | None,
    text: str | None,
    cursor: str | None,
    limit: int,
    now: dt.datetime,
) -> Page[InHand]:
    """The surveys that the actor edits or follows and how each stands: those that close next first, then those to come,
    drafts, and closed ones. One statement counts for all of them.
    """
    inside = _territories(actor)
    async with reading() as connection:
        found = await queries.list_in_hand(
            connection,
            editing=directorates(actor, "edit_survey"),
            following=directorates(actor, "follow_survey"),
            everywhere=bool(inside),
            kind=kind,
            state=state,
            text=text.replace("\0", "") if text else None,
            now=now,
            after=key_of(cursor, _rank, float, UUID),
            limit=limit + 1,
        )
        surveys = [survey for survey, _ in found[:limit]]
        whole = [survey.id for survey in surveys if reach(actor, "follow_survey", scope_of(survey)) == (NATION,)]
        standings = await queries.survey_standings(connection, surveys, whole, inside)
    items = [
        InHand(survey=survey, standing=standings.get(survey.id, Standing()), editing=may_edit(actor, survey))
        for survey in surveys
    ]
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=items, next_cursor=cursor_after(str(last[1][0]), repr(last[1][1]), str(last[0].id)) if last else None
    )


def may_have_in_hand(actor: Actor) -> bool:
    """Whether there are surveys that the actor may edit or follow, or could be."""
    return bool(directorates(actor, "follow_survey") != () or _territories(actor))


def _territories(actor: Actor) -> list[str]:
    """The territories in which the actor follows surveys, whoever owns them."""
    return sorted(
        {
            held.scope.removeprefix("territory:")
            for held in actor.grants
            if held.role in {"reviewer", "analyst"} and held.scope.startswith("territory:")
        }
    )


async def follow(actor: Actor, reference: str) -> Following:
    """How a survey stands. An anonymous one shows its sum only: a small group would tell who answered."""
    survey, inside = await survey_to_follow_inside(actor, reference)
    async with reading() as connection:
        counts = await queries.ledger_tree(connection, survey, inside)
        days = await queries.arrivals(connection, survey, inside)
    anonymous = survey.anonymity == "anonymous"
    return Following(
        survey=survey,
        inside=inside,
        total=_sum(counts),
        regions=() if anonymous else _tree(counts),
        arrivals=() if anonymous else tuple(days),
    )


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """Which expected answers are wanted: inside this territory, of this service, in these states; null for all."""

    territory: str | None = None
    unit: str | None = None
    states: tuple[LedgerState, ...] | None = None


async def assignments_to_follow(
    actor: Actor, reference: str, listing: Listing, *, cursor: str | None, limit: int
) -> Page[AssignmentItem]:
    """The expected answers of a survey that the actor may follow, by service and name; of an anonymous one, none."""
    survey, inside = await survey_to_follow_inside(actor, reference)
    return await list_assignments(survey, inside, listing, cursor=cursor, limit=limit)


async def list_assignments(
    survey: Survey, inside: Sequence[str], listing: Listing, *, cursor: str | None, limit: int
) -> Page[AssignmentItem]:
    """The same, for somebody of whom it is known what they may see."""
    _refuse_anonymous(survey)
    async with reading() as connection:
        found = await queries.list_assignments(
            connection,
            survey,
            inside=inside,
            territory=listing.territory and listing.territory.replace("\0", ""),
            unit=listing.unit and listing.unit.replace("\0", ""),
            states=listing.states,
            after=key_of(cursor, _text, _text, _text, UUID),
            limit=limit + 1,
        )
    items = found[:limit]
    if len(found) <= limit:
        return Page(items=items)
    last, agent = items[-1], items[-1].agent
    names = (agent.family_name, agent.given_name) if agent else ("", "")
    return Page(items=items, next_cursor=cursor_after(last.unit.name, *names, str(last.id)))


async def history_of(actor: Actor, reference: str, assignment: UUID) -> History:
    """What happened to one expected answer; one that the actor may not see is not there."""
    survey, inside = await survey_to_follow_inside(actor, reference)
    _refuse_anonymous(survey)
    async with reading() as connection:
        found = await queries.find_assignment(connection, survey, assignment, inside)
    if found is None:
        raise NOT_FOUND()
    return History(survey=survey, assignment=found[0], events=found[1])


def is_late(item: AssignmentItem, now: dt.datetime) -> bool:
    """Whether an answer is missing after its deadline."""
    return item.due_at is not None and item.due_at <= now and item.state in PHASES["not_begun"] + PHASES["started"]


def ordered(branches: Iterable[Branch], order: Order, *, descending: bool) -> list[Branch]:
    """Branches in an order that tables offer, equals by name; services before départements, what lies nowhere last.

    Names sort without accents: Île-de-France stands under I. What has no rate stands below all rates.
    """
    placed = sorted(branches, key=lambda branch: slugged(branch.name), reverse=descending and order == "name")
    if order != "name":
        placed.sort(key=lambda branch: _figure(branch, order), reverse=descending)
    placed.sort(key=lambda branch: (branch.code is None, branch.level != "unit"))
    return placed


def _figure(branch: Branch, order: Order) -> float:
    figure = getattr(branch, order)
    return -1.0 if figure is None else float(figure)


def _tree(counts: Sequence[PlaceCount]) -> tuple[Branch, ...]:
    """Régions, their départements, the services of each; services above the départements stand beside these."""
    regions: dict[tuple[str | None, str], list[PlaceCount]] = defaultdict(list)
    for count in counts:
        regions[count.region, count.region_name or ""].append(count)
    return tuple(
        _branch("region", code, name, within, _departments(within)) for (code, name), within in regions.items()
    )


def _departments(counts: Sequence[PlaceCount]) -> list[Branch]:
    departments: dict[tuple[str, str], list[PlaceCount]] = defaultdict(list)
    above = []
    for count in counts:
        if count.department is None:
            above.append(_unit(count))
        else:
            departments[count.department, count.department_name or ""].append(count)
    return above + [
        _branch("department", code, name, within, [_unit(count) for count in within])
        for (code, name), within in departments.items()
    ]


def _unit(count: PlaceCount) -> Branch:
    return _branch("unit", count.unit, count.unit_name, [count], [])


def _branch(
    level: Literal["region", "department", "unit"],
    code: str | None,
    name: str,
    counts: Sequence[PlaceCount],
    branches: Sequence[Branch],
) -> Branch:
    total = _sum(counts)
    return Branch(
        level=level,
        code=code,
        name=name,
        branches=tuple(branches),
        expected=total.expected,
        started=total.started,
        answered=total.answered,
    )


def _sum(counts: Sequence[Standing]) -> Standing:
    return Standing(
        expected=sum(count.expected for count in counts),
        started=sum(count.started for count in counts),
        answered=sum(count.answered for count in counts),
    )


def _refuse_anonymous(survey: Survey) -> None:
    if survey.anonymity == "anonymous":
        raise FORBIDDEN()


def _rank(text: str) -> int:
    """A place in a cursor, which is one of four: other numbers may be larger than the database takes."""
    if text not in {"0", "1", "2", "3"}:
        raise ValueError(text)
    return int(text)


def _text(text: str) -> str:
    """A name in a cursor; the database cannot be asked for one that contains NUL."""
    if "\0" in text:
        raise ValueError(text)
    return text
