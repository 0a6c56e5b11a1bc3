"""Whom a survey asks: communities, territories and kinds of service, and how many people that comes to."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from analytics.reading import UNIT_KIND_LABELS
from base.language import N_, NN_, translate
from base.problems import INVALID, Problem
from directory.communities import Community, list_communities
from directory.rows import UNIT_KINDS, UnitKind
from directory.territories import NATION, Territory, list_territories
from surveys.access import survey_to_edit
from surveys.drafting import people_by_territory, put_audience, reach_of, slugged
from surveys.survey import Audience, Reach, Survey
from surveys.wording import invalid
from web.pages.faults import Faults, faults_of
from web.pages.rendering import page
from web.pages.visiting import Visitor, by_script
from web.wording import counted

MANY: Final = 12
"""From this many communities on, they can be searched."""

FIELDS: Final = {"/communities": "communaute", "/territories": "territoire", "/unit_kinds": "type"}
"""Where the verb finds a fault → the form's field."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A box in the tree of territories; `count` is how many could be asked there, `places` what lies in it."""

    code: str
    name: str
    count: int
    places: tuple["Place", ...] = ()


class AudiencePages(Controller):
    """The audience of a survey that the visitor edits."""

    path = "/enquetes/{survey:str}/audience"

    @get()
    async def show(
        self, visitor: NamedDependency[Visitor], now: NamedDependency[dt.datetime], survey: FromPath[str]
    ) -> Response[str]:
        found = await survey_to_edit(visitor.actor, survey)
        audience = found.audience or Audience()
        return await _form(visitor, found, audience, await reach_of(found, audience), now)

    @post()
    async def save(
        self,
        request: Request[Any, Any, Any],
        visitor: NamedDependency[Visitor],
        now: NamedDependency[dt.datetime],
        survey: FromPath[str],
    ) -> Response[str]:
        found = await survey_to_edit(visitor.actor, survey)
        form = await request.form()
        try:
            await put_audience(found, await _chosen(form))
        except Problem as problem:
            return await _again(visitor, found, form, problem, now)
        return Redirect(f"/enquetes/{found.slug}/publication?fait=audience", status_code=303)

    @post("/compte")
    async def count(
        self,
        request: Request[Any, Any, Any],
        visitor: NamedDependency[Visitor],
        now: NamedDependency[dt.datetime],
        survey: FromPath[str],
    ) -> Response[Any]:
        """How many the boxes come to; nothing is stored. A script gets the sentence, a browser the whole page."""
        found = await survey_to_edit(visitor.actor, survey)
        form = await request.form()
        try:
            audience = await _chosen(form)
            reach = await reach_of(found, audience)
        except Problem as problem:
            if by_script(request):
                raise
            return await _again(visitor, found, form, problem, now)
        if by_script(request):
            sentence = total(found, audience, reach, visitor.language)
            return Response({"agents": reach.agents, "units": reach.units, "sentence": sentence}, status_code=200)
        return await _form(visitor, found, audience, reach, now)


def reach_in_words(survey: Survey, reach: Reach, language: str) -> str:
    """« 37 agents dans 12 services »; where services answer, « 12 services (37 agents) »."""
    agents = counted(NN_("{count} agent", "{count} agents"), reach.agents, language)
    units = counted(NN_("{count} service", "{count} services"), reach.units, language)
    message = N_("{units} ({agents})") if survey.answering == "unit" else N_("{agents} in {units}")
    return translate(message, {"agents": agents, "units": units}, language)


def total(survey: Survey, audience: Audience, reach: Reach, language: str) -> str:
    """The sentence under the boxes; it says so where nothing is chosen, since that means everybody."""
    everybody = not (audience.communities or audience.territories or audience.unit_kinds)
    message = N_("Nothing is ticked, which means everybody: {reach}.") if everybody else N_("This comes to {reach}.")
    return translate(message, {"reach": reach_in_words(survey, reach, language)}, language)


async def _chosen(form: FormMultiDict) -> Audience:
    """The audience that the boxes mean. What lies in a territory that is ticked itself is left out."""
    kinds = _texts(form, "type")
    known: list[UnitKind] = [kind for kind in get_args(UnitKind) if kind in kinds]
    if len(known) < len(set(kinds)):
        fault = invalid("/unit_kinds", "choice", N_("There is nothing of the name {name}."), name=", ".join(kinds))
        raise INVALID(invalid_params=[fault])
    codes = _texts(form, "territoire")
    parents = {one.code: one.parent for kind in ("department", "region") for one in await list_territories(kind, None)}
    return Audience(
        communities=_texts(form, "communaute"),
        territories=[code for code in codes if not _covered(code, codes, parents)],
        unit_kinds=known,
    )


def _covered(code: str, codes: Sequence[str], parents: Mapping[str, str | None]) -> bool:
    """Whether something that holds this territory is ticked too."""
    parent = parents.get(code)
    return (code != NATION and NATION in codes) or (parent is not None and parent in codes)


def _texts(form: FormMultiDict, name: str) -> list[str]:
    """The values of a list of boxes; NUL, which nothing is called by and the database refuses, is taken out."""
    return list(dict.fromkeys(value.replace("\0", "") for value in form.getall(name, []) if isinstance(value, str)))


async def _again(
    visitor: Visitor, survey: Survey, form: FormMultiDict, problem: Problem, now: dt.datetime
) -> Response[str]:
    """The form with what was ticked and what is wrong with it."""
    kinds: list[UnitKind] = [kind for kind in UNIT_KINDS if kind in _texts(form, "type")]
    typed = Audience(communities=_texts(form, "communaute"), territories=_texts(form, "territoire"), unit_kinds=kinds)
    return await _form(visitor, survey, typed, None, now, faults_of(problem, FIELDS, visitor.language))


async def _form(
    visitor: Visitor,
    survey: Survey,
    audience: Audience,
    reach: Reach | None,
    now: dt.datetime,
    faults: Faults | None = None,
) -> Response[str]:
    faults = faults or Faults()
    communities = await list_communities()
    people = await people_by_territory()
    places = await _places(people, survey)
    return page(
        visitor,
        "surveys/audience.html",
        status=422 if faults.summary else 200,
        survey=survey,
        now=now,
        audience=audience,
        communities=_named(communities, visitor.language),
        searched=len(communities) > MANY,
        places=places,
        everybody=answers_asked(survey, people.get(NATION)),
        kinds=[(kind, translate(UNIT_KIND_LABELS[kind], None, visitor.language)) for kind in UNIT_KINDS],
        total=total(survey, audience, reach, visitor.language) if reach else "",
        errors=faults.summary,
        faults=faults,
    )


def _named(communities: Sequence[Community], language: str) -> list[tuple[Community, str]]:
    """Communities with their names, in the order of these."""
    named = [(one, one.name.get(language) or next(iter(one.name.values()), one.slug)) for one in communities]
    return sorted(named, key=lambda pair: slugged(pair[1]))


async def _places(people: Mapping[str, Reach], survey: Survey) -> list[Place]:
    """Régions by name with their départements by code, then the collectivities that lie in none."""
    below: dict[str | None, list[Territory]] = defaultdict(list)
    for one in await list_territories("department", None):
        below[one.parent].append(one)

    def place(one: Territory) -> Place:
        return Place(
            code=one.code,
            name=one.name,
            count=answers_asked(survey, people.get(one.code)),
            places=tuple(place(inner) for inner in below[one.code]),
        )

    regions = sorted(await list_territories("region", None), key=lambda one: slugged(one.name))
    return [place(one) for one in [*regions, *await list_territories("collectivity", None)]]


def answers_asked(survey: Survey, reach: Reach | None) -> int:
    """How many answers are asked for: one of each service where services answer, else one of each agent."""
    if reach is None:
        return 0
    return reach.units if survey.answering == "unit" else reach.agents
