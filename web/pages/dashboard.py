"""The dashboard of a survey: what the answers say, to whoever may read its figures.

The page has every sentence and every table, and each state of its filters is an address; the script draws the charts of
`graphiques` beside them once they are there.
"""

import asyncio
import datetime as dt
from typing import Annotated, Any, Final, get_args

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect

from analytics.access import figures_to_read, may_read_texts
from analytics.charts import participation_figure, question_figure
from analytics.marking import headless, marked
from analytics.panorama import Panorama, arrivals
from analytics.reading import Reader
from analytics.sentences import number, percent, separator
from base.language import N_, NN_, translate
from surveys.access import may_edit
from surveys.survey import PARIS, Survey
from web.pages import filters as filtering
from web.pages.blocks import sections, shortened, wording
from web.pages.comparing import arrived, compared
from web.pages.filters import DEFAULT_LEVEL, SELECTS, Filters
from web.pages.maps import Level
from web.pages.rendering import page
from web.pages.visiting import Visitor
from web.wording import counted, day, when

Where = Annotated[list[str] | None, QueryParameter()]
Par = Annotated[str | None, QueryParameter()]
Chosen = Annotated[str | None, QueryParameter()]

LEVELS: Final[tuple[Level, ...]] = get_args(Level)


class DashboardController(Controller):
    """Exact figures, so far only for those from whom nothing has to be withheld."""

    path = "/s/{survey:str}/resultats"

    @get("/", opt={"charts": True})
    async def show(
        self,
        visitor: NamedDependency[Visitor],
        figures: NamedDependency[Reader],
        now: NamedDependency[dt.datetime],
        survey: FromPath[str],
        where: Where = None,
        par: Par = None,
        region: Chosen = None,
        department: Chosen = None,
        unit_kind: Chosen = None,
        community: Chosen = None,
    ) -> Response[str] | Redirect:
        found = await figures_to_read(visitor.actor, survey)
        asked = _filters(found, where, par)
        chosen = {"region": region, "department": department, "unit_kind": unit_kind, "community": community}
        if any(value is not None for value in chosen.values()):  # the form of lists: on to the address of that state
            return Redirect(filtering.href(filtering.submitted(asked, chosen)), status_code=303)
        panorama = await figures.panorama(found, asked.where, texts=may_read_texts(visitor.actor, found))
        return _shown(visitor, found, panorama, asked, now)

    @get("/graphiques")
    async def charts(
        self,
        visitor: NamedDependency[Visitor],
        figures: NamedDependency[Reader],
        survey: FromPath[str],
        where: Where = None,
        par: Par = None,
    ) -> Response[dict[str, Any]]:
        found = await figures_to_read(visitor.actor, survey)
        asked = _filters(found, where, par)
        panorama = await figures.panorama(found, asked.where, texts=may_read_texts(visitor.actor, found))
        drawn = await asyncio.to_thread(_figures, panorama, visitor.language)
        return Response({"figures": drawn}, headers={"Cache-Control": "no-store"})


def _filters(survey: Survey, where: list[str] | None, par: str | None) -> Filters:
    level = next((known for known in LEVELS if known == par), DEFAULT_LEVEL)
    return Filters(path=f"/s/{survey.slug}/resultats", where=tuple(one for one in where or () if one), level=level)


def _shown(visitor: Visitor, survey: Survey, panorama: Panorama, asked: Filters, now: dt.datetime) -> Response[str]:
    """The page; filters that were left out are in none of its links."""
    language = visitor.language
    conditions = panorama.words.conditions
    holding = Filters(path=asked.path, where=tuple(one.source for one in conditions), level=asked.level)
    return page(
        visitor,
        "dashboard/dashboard.html",
        survey=survey,
        title=wording(survey.title, survey.slug, language),
        editing=may_edit(visitor.actor, survey),
        published=survey.edition is not None,
        now=now,
        panorama=panorama,
        filters=holding,
        headline=_headline(panorama, language),
        currency=_currency(panorama, now, language),
        selection=_selection(panorama, language),
        refused=[(one.source, one.problem.document(language)["detail"]) for one in panorama.words.refused],
        tags=filtering.tags(holding, conditions, language),
        selects=filtering.selects(holding, panorama.words.labels, language),
        kept=filtering.others(holding, *(f"@{field}" for field in SELECTS)),
        levels=[(level, filtering.href(holding, level=level)) for level in LEVELS],
        charts_href=filtering.href(holding, path=f"{asked.path}/graphiques"),
        compared=compared(panorama, holding, language),
        arrivals=arrived(panorama, holding, language),
        sections=sections(panorama, holding, survey.answering, language),
    )


def _figures(panorama: Panorama, language: str) -> dict[str, dict[str, Any]]:
    """The figure of each question that has an answer, and that of the arrivals."""
    drawn = {}
    whole = {question.name: question for question in panorama.whole.questions}
    for question in panorama.result.questions:
        if question.answered:
            figure = headless(question_figure(shortened(question), language))
            if panorama.words.conditions:
                figure = marked(figure, question, whole[question.name], language)
            drawn[question.name] = figure
    if panorama.days:
        drawn["@day"] = headless(participation_figure(arrivals(panorama.days), language))
    return drawn


def _headline(panorama: Panorama, language: str) -> str:
    """« 412 réponses sur 9 000 attendues, 38 % »: of all, whatever is chosen."""
    whole = panorama.whole
    if not whole.expected:
        return counted(NN_("{count} answer", "{count} answers"), whole.responses, language)
    forms = NN_("{count} answer of {expected} expected, {rate}", "{count} answers of {expected} expected, {rate}")
    rate = percent(min(whole.assigned / whole.expected, 1.0), language)
    said = counted(forms, whole.assigned, language, expected=number(whole.expected, language), rate=rate)
    further = whole.responses - whole.assigned
    if not further:
        return said
    more = NN_("and {count} answer that was not expected", "and {count} answers that were not expected")
    return f"{said}, {counted(more, further, language)}"


def _currency(panorama: Panorama, now: dt.datetime, language: str) -> str:
    """When the last answer came, how fresh the figures are, and what is not in them yet."""
    whole = panorama.whole
    parts = []
    if panorama.latest:
        words = (
            N_("last answer today") if panorama.latest == now.astimezone(PARIS).date() else N_("last answer on {day}")
        )
        parts.append(translate(words, {"day": day(panorama.latest, language)}, language))
    if whole.responses:
        parts.append(translate(N_("figures as of {moment}"), {"moment": when(whole.as_of, now, language)}, language))
    if whole.pending:
        forms = NN_("{count} answer is not counted yet", "{count} answers are not counted yet")
        parts.append(counted(forms, whole.pending, language))
    said = separator(language).join(parts)
    return said[:1].upper() + said[1:]


def _selection(panorama: Panorama, language: str) -> str:
    """How many answers the filters leave."""
    forms = NN_("{count} answer of {whole} meets the filters", "{count} answers of {whole} meet the filters")
    return counted(forms, panorama.result.responses, language, whole=number(panorama.whole.responses, language))
