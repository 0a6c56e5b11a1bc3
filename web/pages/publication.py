"""Publishing a survey: what is missing, when it opens and closes, what people will get; closing and reopening it."""

import datetime as dt
import math
from typing import Annotated, Any, Final

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect
from msgspec import UNSET

from base.language import N_, NN_, translate
from base.problems import INVALID, Problem
from directory.units import unit_name
from forms.estimating import minutes
from surveys.access import survey_to_edit
from surveys.drafting import reach_of, working_copy_of
from surveys.publishing import Publication, Reopening, close, publish, reopen
from surveys.survey import PARIS, Audience, Survey
from surveys.wording import invalid
from web.pages.audience import answers_asked, reach_in_words
from web.pages.faults import Faults, faults_of
from web.pages.rendering import page
from web.pages.visiting import Visitor
from web.wording import counted

FIELDS: Final = {"/opens_at": "ouverture", "/closes_at": "cloture", "/understood": "compris", "/reopen": "jusque"}
"""Where the verbs find a fault → the form's field."""

DONE: Final = {
    "audience": N_("The audience is saved. The survey is not sent to anybody before you publish it."),
    "close": N_("The survey is closed: it takes no more answers. You can open it again below."),
    "reouverture": N_("The survey takes answers again."),
}
"""What was just done, by the word that the address has for it."""

SHORT: Final = 90
"""Minutes of everybody's time together up to which they are said in minutes."""


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of the page as they were typed, dates as `2026-12-03`."""

    opens: str = ""
    closes: str = ""
    until: str = ""


class PublicationPages(Controller):
    """The publication of a survey that the visitor edits."""

    path = "/enquetes/{survey:str}"

    @get("/publication")
    async def show(
        self,
        visitor: NamedDependency[Visitor],
        now: NamedDependency[dt.datetime],
        survey: FromPath[str],
        done: Annotated[str, QueryParameter(name="fait")] = "",
    ) -> Response[str]:
        found = await survey_to_edit(visitor.actor, survey)
        return await _form(visitor, found, _stored(found), now, done=done)

    @post("/publication")
    async def publish(
        self,
        request: Request[Any, Any, Any],
        visitor: NamedDependency[Visitor],
        now: NamedDependency[dt.datetime],
        survey: FromPath[str],
    ) -> Response[str]:
        found = await survey_to_edit(visitor.actor, survey)
        typed = _typed(await request.form())
        try:
            await publish(visitor.actor, found, _publication(found, typed, now), now=now)
        except Problem as problem:
            return await _form(visitor, found, typed, now, faults_of(problem, FIELDS, visitor.language))
        return Redirect(f"/enquetes/{found.slug}/suivi?fait=publication", status_code=303)

    @post("/cloture")
    async def close(
        self,
        request: Request[Any, Any, Any],
        visitor: NamedDependency[Visitor],
        now: NamedDependency[dt.datetime],
        survey: FromPath[str],
    ) -> Response[str]:
        found = await survey_to_edit(visitor.actor, survey)
        try:
            if not (await request.form()).get("compris"):
                fault = N_("Tick the box to say that you want to close the survey.")
                raise INVALID(invalid_params=[invalid("/understood", "required", fault)])
            await close(found, now=now)
        except Problem as problem:
            return await _form(visitor, found, _stored(found), now, faults_of(problem, FIELDS, visitor.language))
        return Redirect(f"/enquetes/{found.slug}/publication?fait=close", status_code=303)

    @post("/reouverture")
    async def reopen(
        self,
        request: Request[Any, Any, Any],
        visitor: NamedDependency[Visitor],
        now: NamedDependency[dt.datetime],
        survey: FromPath[str],
    ) -> Response[str]:
        found = await survey_to_edit(visitor.actor, survey)
        until = str((await request.form()).get("jusque") or "").strip()
        try:
            await reopen(found, Reopening(closes_at=until or None), now=now)
        except Problem as problem:
            faults = faults_of(problem, {"/closes_at": "jusque"}, visitor.language)
            return await _form(visitor, found, msgspec.structs.replace(_stored(found), until=until), now, faults)
        return Redirect(f"/enquetes/{found.slug}/publication?fait=reouverture", status_code=303)


def _typed(form: FormMultiDict) -> Typed:
    return Typed(
        opens=str(form.get("ouverture") or "").strip(),
        closes=str(form.get("cloture") or "").strip(),
    )


def _stored(survey: Survey) -> Typed:
    """The fields as the survey has them; a closing that is no whole day is not a date, and stays out of its field."""
    opens = survey.opens_at.astimezone(PARIS).date() if survey.opens_at else None
    return Typed(
        opens=opens.isoformat() if opens else "",
        closes=survey.closes_on.isoformat() if survey.closes_on else "",
    )


def _has_opened(survey: Survey, now: dt.datetime) -> bool:
    """Whether it has begun to take answers: its opening cannot change any more."""
    return survey.edition is not None and survey.opens_at is not None and survey.opens_at <= now


def _publication(survey: Survey, typed: Typed, now: dt.datetime) -> Publication:
    """What the form means: a date left empty is now, or never; what cannot change any more, or did not, is left out.

    The open link is left as it is: no page takes it yet, so that only programs make it and use it.
    """
    opened = _has_opened(survey, now)
    kept = survey.edition is not None and typed.closes == _stored(survey).closes
    return Publication(
        opens_at=UNSET if opened else typed.opens or None,
        closes_at=UNSET if kept else typed.closes or None,
    )


async def _form(
    visitor: Visitor, survey: Survey, typed: Typed, now: dt.datetime, faults: Faults | None = None, *, done: str = ""
) -> Response[str]:
    faults = faults or Faults()
    questionnaire, flaws = await working_copy_of(survey)
    reach = await reach_of(survey, survey.audience) if survey.audience is not None else None
    asked = answers_asked(survey, reach)
    each = minutes(questionnaire)
    return page(
        visitor,
        "surveys/publication.html",
        status=422 if faults.summary else 200,
        survey=survey,
        now=now,
        typed=typed,
        title=questionnaire.title,
        opened=_has_opened(survey, now),
        flawed=sum(flaw.severity == "error" for flaw in flaws),
        warned=sum(flaw.severity == "warning" for flaw in flaws),
        owner=await unit_name(survey.owner),
        reach=reach_in_words(survey, reach, visitor.language) if reach else "",
        everybody=survey.audience == Audience(),
        asked=asked,
        minutes=each,
        effort=effort(asked * each, visitor.language),
        done=translate(DONE.get(done, ""), None, visitor.language),
        errors=faults.summary,
        faults=faults,
    )


def effort(spent: int, language: str) -> str:
    """So many minutes of people's time, in minutes, hours or (of seven hours) days of work."""
    if spent <= SHORT:
        return counted(NN_("{count} minute", "{count} minutes"), spent, language)
    hours = math.ceil(spent / 60)
    if hours <= 2 * 7:
        return counted(NN_("{count} hour", "{count} hours"), hours, language)
    return counted(NN_("{count} day of work", "{count} days of work"), math.ceil(hours / 7), language)
