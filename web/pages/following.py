"""How a survey stands: rate and map, the tree of territories, who has not begun, and what became of one answer."""

import datetime as dt
from functools import lru_cache
from typing import Annotated, Final, get_args
from urllib.parse import quote_plus, urlencode
from uuid import UUID

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect

from analytics.access import may_read_figures
from analytics.participation import NO_KEY
from base.language import N_, translate
from base.paging import BAD_CURSOR, Page
from base.problems import NOT_FOUND, Problem
from surveys.access import may_edit
from surveys.following import (
    PHASES,
    Branch,
    Following,
    Listing,
    Order,
    Phase,
    follow,
    history_of,
    is_late,
    list_assignments,
    ordered,
)
from surveys.queries import AssignmentItem
from web.pages.comparing import RATE
from web.pages.maps import Level, MapView, territory_map
from web.pages.rendering import page
from web.pages.surveys import closing, one_of
from web.pages.visiting import Visitor
from web.wording import number, percent

ON_A_PAGE: Final = 50

ALL_OPEN: Final = "tout"
"""In place of a région's code: every région is unfolded."""

NOWHERE: Final = "aucune"
"""In place of a code: what lies in no région."""

COLUMNS: Final[tuple[tuple[Order, str], ...]] = (
    ("name", N_("Territory")),
    ("expected", N_("Expected")),
    ("not_begun", N_("Not yet begun")),
    ("started", N_("Begun")),
    ("answered", N_("Received")),
    ("rate", N_("Rate")),
)

_quoted: Final = lru_cache(maxsize=4096)(quote_plus)
"""A page has a thousand addresses that are made of the same few words."""

DONE: Final = {"publication": N_("The survey is published. Its answers will show here as they come.")}
"""What was just done, by the word that the address has for it."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What of the follow-up is shown, as the address says it: order, unfolded région, level of the map, which of the
    expected answers are listed.
    """

    order: Order = "rate"
    descending: bool = False
    unfolded: str = ""
    level: Level = "region"
    territory: str = ""
    unit: str = ""
    phase: Phase | None = None
    cursor: str = ""

    @property
    def listing(self) -> bool:
        """Whether expected answers are listed, and not only counted."""
        return bool(self.territory or self.unit or self.phase)

    def href(self, anchor: str = "", **changes: object) -> str:
        """The address of this page with some of that changed; the list begins anew unless it is what changes."""
        view = msgspec.structs.replace(self, cursor="") if "cursor" not in changes else self
        view = msgspec.structs.replace(view, **changes)
        query = {
            "tri": view.order if view.order != "rate" else "",
            "sens": "desc" if view.descending else "",
            "ouvert": view.unfolded,
            "carte": view.level if view.level != "region" else "",
            "territoire": view.territory,
            "service": view.unit,
            "etat": view.phase or "",
            "suite": view.cursor,
        }
        given = urlencode({name: value for name, value in query.items() if value}, quote_via=_quoted)
        return f"?{given}{anchor}"


class FollowingPages(Controller):
    """How a survey stands that the visitor follows, in the territories that they follow it in."""

    path = "/enquetes/{survey:str}"

    @get("/suivi")
    async def show(
        self,
        visitor: NamedDependency[Visitor],
        now: NamedDependency[dt.datetime],
        survey: FromPath[str],
        order: Annotated[str, QueryParameter(name="tri")] = "",
        direction: Annotated[str, QueryParameter(name="sens")] = "",
        unfolded: Annotated[str, QueryParameter(name="ouvert")] = "",
        level: Annotated[str, QueryParameter(name="carte")] = "",
        territory: Annotated[str, QueryParameter(name="territoire")] = "",
        unit: Annotated[str, QueryParameter(name="service")] = "",
        phase: Annotated[str, QueryParameter(name="etat")] = "",
        cursor: Annotated[str, QueryParameter(name="suite")] = "",
        done: Annotated[str, QueryParameter(name="fait")] = "",
    ) -> Response[str]:
        following = await follow(visitor.actor, survey)
        view = View(
            order=one_of(get_args(Order), order) or "rate",
            descending=direction == "desc",
            unfolded=unfolded,
            level=one_of(get_args(Level), level) or "region",
            territory=territory,
            unit=unit,
            phase=one_of(get_args(Phase), phase),
            cursor=cursor,
        )
        try:
            listed = await _listed(following, view)
        except Problem as problem:
            if problem.kind is not BAD_CURSOR:
                raise
            return Redirect(view.href(cursor=""), status_code=303)
        return _page(visitor, following, view, listed, now, translate(DONE.get(done, ""), None, visitor.language))

    @get("/attendus/{assignment:str}")
    async def history(
        self,
        visitor: NamedDependency[Visitor],
        now: NamedDependency[dt.datetime],
        survey: FromPath[str],
        assignment: FromPath[str],
    ) -> Response[str]:
        try:
            wanted = UUID(assignment)
        except ValueError:
            raise NOT_FOUND() from None
        history = await history_of(visitor.actor, survey, wanted)
        return page(
            visitor,
            "surveys/history.html",
            survey=history.survey,
            now=now,
            assignment=history.assignment,
            events=history.events,
            late=is_late(history.assignment, now),
            may_edit=may_edit(visitor.actor, history.survey),
            figures=may_read_figures(visitor.actor, history.survey),
        )


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table of territories: its figures, how deep it lies, where its links lead.

    `unfold` is where the région is unfolded, or folded up again; `note` the code of the one service of a département.
    """

    branch: Branch
    depth: int
    name: str
    note: str = ""
    anchor: str = ""
    unfold: str = ""
    unfolded: bool = False
    listed: str = ""
    not_begun: str = ""


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One day of the drawing of arrivals; places and heights are of a drawing that is 100 high."""

    date: dt.date
    count: int
    x: int
    height: float


async def _listed(following: Following, view: View) -> Page[AssignmentItem] | None:
    if not view.listing:
        return None
    listing = Listing(
        territory=view.territory or None,
        unit=view.unit or None,
        states=PHASES[view.phase] if view.phase else None,
    )
    return await list_assignments(
        following.survey, following.inside, listing, cursor=view.cursor or None, limit=ON_A_PAGE
    )


def _page(
    visitor: Visitor,
    following: Following,
    view: View,
    listed: Page[AssignmentItem] | None,
    now: dt.datetime,
    done: str,
) -> Response[str]:
    language, survey = visitor.language, following.survey
    regions = ordered(following.regions, view.order, descending=view.descending)
    departments = [one for region in regions for one in region.branches if one.level == "department"]
    total, days = following.total, _days(following.arrivals)
    return page(
        visitor,
        "surveys/following.html",
        survey=survey,
        now=now,
        done=done,
        view=view,
        total=total,
        waiting=total.expected - total.started - total.answered,
        time=closing(survey, now, language) if survey.state(now) == "open" else "",
        columns=[_header(view, order, title, language) for order, title in COLUMNS],
        rows=_rows(regions, view, language),
        map=_map(regions if view.level == "region" else departments, view, language) if regions else None,
        days=days,
        most=max(days, key=lambda day: day.count, default=None),
        whole=following.inside == ("FR",),
        listed=listed,
        place=_place([*regions, *departments], view, language),
        late={item.id for item in listed.items if is_late(item, now)} if listed else set(),
        may_edit=may_edit(visitor.actor, survey),
        figures=may_read_figures(visitor.actor, survey),
    )


def _header(view: View, order: Order, title: str, language: str) -> dict[str, object]:
    """A column's title, with the address of the page sorted by it: the other way round where it is sorted so now."""
    current = view.order == order
    down = not view.descending if current else order not in {"name", "rate"}
    return {
        "text": translate(title, None, language),
        "href": view.href("#territoires", order=order, descending=down),
        "sorted": ("descending" if view.descending else "ascending") if current else None,
        "number": order != "name",
    }


def _rows(regions: list[Branch], view: View, language: str) -> list[Row]:
    """Régions, and under those that are unfolded their départements and services."""
    rows = []
    for region in regions:
        key = region.code or NOWHERE
        unfolded = view.unfolded in {key, ALL_OPEN}
        others = "" if unfolded else key
        rows.append(
            Row(
                branch=region,
                depth=0,
                name=region.name or translate(NO_KEY["region"], None, language),
                anchor=key,
                unfold=view.href(f"#{key}", unfolded=others),
                unfolded=unfolded,
                listed=view.href("#attendus", territory=region.code, unit="") if region.code else "",
                not_begun=_not_begun(view, territory=region.code, unit="") if region.code else "",
            )
        )
        if unfolded:
            for branch in ordered(region.branches, view.order, descending=view.descending):
                rows += _inner(branch, view)
    return rows


def _inner(branch: Branch, view: View) -> list[Row]:
    """A département (with its services, if it has several) or a service that lies above the départements."""
    if branch.level == "unit":
        return [_leaf(branch, view, 1, unit=branch.code, territory="")]
    if len(branch.branches) == 1:
        row = _leaf(branch, view, 1, territory=branch.code, unit="")
        return [msgspec.structs.replace(row, note=branch.branches[0].code or "")]
    services = ordered(branch.branches, view.order, descending=view.descending)
    units = [_leaf(unit, view, 2, unit=unit.code, territory="") for unit in services]
    return [_leaf(branch, view, 1, territory=branch.code, unit=""), *units]


def _leaf(branch: Branch, view: View, depth: int, **place: str | None) -> Row:
    return Row(
        branch=branch,
        depth=depth,
        name=branch.name,
        listed=view.href("#attendus", phase=None, **place),
        not_begun=_not_begun(view, **place),
    )


def _not_begun(view: View, **place: str | None) -> str:
    return view.href("#attendus", phase="not_begun", **place)


def _map(branches: list[Branch], view: View, language: str) -> MapView:
    """The rates on a map, each territory leading to its list."""
    placed = [(branch.code, branch) for branch in branches if branch.code]
    asked = [branch for _, branch in placed if branch.rate is not None]
    lowest = min(asked, key=lambda branch: branch.rate or 0, default=None)
    highest = max(asked, key=lambda branch: branch.rate or 0, default=None)
    sentence = ""
    if lowest and highest:
        several = N_("From {low} ({lowest}) to {high} ({highest}).")
        message = several if lowest.rate != highest.rate else N_("{low} wherever somebody is asked.")
        named: dict[str, object] = {
            "low": percent(lowest.rate or 0, language),
            "lowest": lowest.name,
            "high": percent(highest.rate or 0, language),
            "highest": highest.name,
        }
        sentence = translate(message, named, language)
    of = N_("{answered} of {expected}")
    return territory_map(
        view.level,
        {code: branch.rate for code, branch in placed},
        labels={code: branch.name for code, branch in placed},
        title=translate(RATE[view.level], None, language),
        sentence=sentence,
        details={
            code: translate(
                of, {"answered": number(one.answered, language), "expected": number(one.expected, language)}, language
            )
            for code, one in placed
        },
        links={code: view.href("#attendus", territory=code, unit="") for code, _ in placed},
        selected=[view.territory] if view.territory else [],
        language=language,
    )


def _days(arrivals: tuple[tuple[dt.date, int], ...]) -> list[Day]:
    """Every day from the first arrival to the last, those without any too."""
    if not arrivals:
        return []
    counts = dict(arrivals)
    most = max(counts.values())
    first, last = arrivals[0][0], arrivals[-1][0]
    dates = [first + dt.timedelta(days=distance) for distance in range((last - first).days + 1)]
    return [
        Day(date=date, count=counts.get(date, 0), x=place, height=round(100 * counts.get(date, 0) / most, 1))
        for place, date in enumerate(dates)
    ]


def _place(branches: list[Branch], view: View, language: str) -> str:
    """What the list of expected answers is about, in words."""
    if view.unit:
        units = [*branches, *(unit for one in branches for unit in one.branches)]
        return next((one.name for one in units if one.level == "unit" and one.code == view.unit), view.unit)
    if view.territory in {"", "FR"}:
        return translate(N_("all territories"), None, language)
    return next((one.name for one in branches if one.code == view.territory), view.territory)
