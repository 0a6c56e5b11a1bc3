"""The directorate's surveys: the list of those somebody runs or follows, and a new one from a workbook."""

import asyncio
import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar, get_args
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import File, Redirect

from base.ids import uuid7
from base.language import N_, NN_, translate
from base.paging import BAD_CURSOR
from base.problems import FORBIDDEN, INVALID, Problem
from directory.access import directorates
from directory.actors import Actor
from surveys.access import survey_to_see, territories_to_follow
from surveys.drafting import create, questionnaire_of, require_drafter
from surveys.following import InHand, may_have_in_hand, surveys_in_hand
from surveys.problems import ALREADY_CREATED, QUESTIONNAIRE_FLAWS
from surveys.survey import PARIS, Answering, Lane, NewSurvey, State, Survey
from surveys.wording import invalid, worded
from web.pages.faults import Faults, faults_of
from web.pages.rendering import page
from web.pages.visiting import Visitor
from web.wording import counted

T = TypeVar("T")

ON_A_PAGE: Final = 20

EXAMPLE: Final = Path(__file__).resolve().parent.parent / "demo" / "data" / "journee-du-reseau.xlsx"
"""A short workbook of the demonstration's, to begin from."""

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

FIELDS: Final = {"/owner": "proprietaire", "/file": "classeur", "/questionnaire": "classeur"}
"""Where the verbs find a fault → the form's field."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A survey in the list: how it stands, what time is left (in words), and what it needs from its reader, if
    anything, with the page where that is done.
    """

    held: InHand
    state: State
    href: str
    time: str
    need: str = ""
    need_href: str = ""


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What the form of a new survey holds, as it was typed; `key` is the id of the survey to come, so that a form sent
    twice makes one.
    """

    key: UUID = msgspec.field(default_factory=uuid7)
    kind: Lane = "survey"
    answering: Answering = "agent"
    owner: str = ""


class SurveyPages(Controller):
    """What one runs or follows; a new survey."""

    path = "/enquetes"

    @get()
    async def list_all(
        self,
        visitor: NamedDependency[Visitor],
        now: NamedDependency[dt.datetime],
        q: Annotated[str, QueryParameter(max_length=200)] = "",
        in_state: Annotated[str, QueryParameter(name="etat")] = "",
        kind: Annotated[str, QueryParameter(name="voie")] = "",
        cursor: Annotated[str, QueryParameter(name="suite")] = "",
    ) -> Response[str]:
        if not may_have_in_hand(visitor.actor):
            raise FORBIDDEN()
        chosen_state: State | None = one_of(get_args(State), in_state)
        chosen_kind: Lane | None = one_of(get_args(Lane), kind)
        try:
            listed = await surveys_in_hand(
                visitor.actor,
                state=chosen_state,
                kind=chosen_kind,
                text=q.strip() or None,
                cursor=cursor,
                limit=ON_A_PAGE,
                now=now,
            )
        except Problem as problem:
            if problem.kind is not BAD_CURSOR:
                raise
            return Redirect("/enquetes", status_code=303)
        return page(
            visitor,
            "surveys/list.html",
            lines=[_line(held, now, visitor.language) for held in listed.items],
            next_cursor=listed.next_cursor,
            q=q,
            state=chosen_state or "",
            kind=chosen_kind or "",
            first=not cursor,
            may_create=may_create(visitor.actor),
        )

    @get("/nouvelle")
    async def ask_new(self, visitor: NamedDependency[Visitor]) -> Response[str]:
        if not may_create(visitor.actor):
            raise FORBIDDEN()
        return _new_page(visitor, Choices())

    @post("/nouvelle")
    async def make_new(
        self, request: Request[Any, Any, Any], visitor: NamedDependency[Visitor], now: NamedDependency[dt.datetime]
    ) -> Response[str]:
        if not may_create(visitor.actor):
            raise FORBIDDEN()
        form = await request.form()
        choices = Choices(
            key=_key(form.get("cle")),
            kind=one_of(get_args(Lane), form.get("voie")) or "survey",
            answering=one_of(get_args(Answering), form.get("repond")) or "agent",
            owner=str(form.get("proprietaire") or "").strip(),
        )
        try:
            survey = await _imported(visitor.actor, choices, form.get("classeur"), now)
        except Problem as problem:
            if problem.kind is ALREADY_CREATED:
                return Redirect(f"/enquetes/{choices.key}/questionnaire?fait=importee", status_code=303)
            return _new_page(visitor, choices, problem)
        return Redirect(f"/enquetes/{survey.slug}/questionnaire?fait=importee", status_code=303)

    @get("/modele")
    async def example(self, visitor: NamedDependency[Visitor]) -> File:
        """A workbook to begin from."""
        del visitor  # whoever is signed in may have it
        return File(path=EXAMPLE, filename=EXAMPLE.name, media_type=XLSX)

    @get("/{survey:str}")
    async def right_page(self, visitor: NamedDependency[Visitor], survey: FromPath[str]) -> Redirect:
        """To the page that one comes for: what is drafted, how what was published stands, or what one is asked."""
        found = await survey_to_see(visitor.actor, survey)
        if found.edition is None:
            return Redirect(f"/enquetes/{found.slug}/questionnaire", status_code=303)
        follows = bool(territories_to_follow(visitor.actor, found))
        return Redirect(f"/enquetes/{found.slug}/suivi" if follows else f"/s/{found.slug}", status_code=303)


def one_of(options: Sequence[T], value: object) -> T | None:
    """The option of a form that was chosen; none for what the form does not offer."""
    return next((option for option in options if option == value), None)


def may_create(actor: Actor) -> bool:
    """Whether the actor may draft surveys for some directorate."""
    return directorates(actor, "create_survey") != ()


async def workbook_in(file: object) -> tuple[bytes, str]:
    """The content and the name of the workbook that a form brought; raises `invalid` where it brought none."""
    content = await file.read() if isinstance(file, UploadFile) else b""
    if not isinstance(file, UploadFile) or not content:
        raise INVALID(
            invalid_params=[
                invalid("/file", "required", N_("Choose the workbook to import: no file came, or an empty one."))
            ]
        )
    return content, file.filename


def flaws_in(problem: Problem | None, language: str) -> list[dict[str, Any]]:
    """The flaws of a questionnaire that a problem lists, in words: errors before warnings, else as they stand."""
    if problem is None or problem.kind is not QUESTIONNAIRE_FLAWS:
        return []
    return sorted(worded(problem.members["flaws"], language), key=lambda flaw: flaw["severity"] != "error")


def faults_in(problem: Problem | None, language: str) -> Faults:
    """What the list on top of a workbook's form says: flaws stand in a table of their own, which it leads to."""
    flaws = flaws_in(problem, language)
    if not flaws or problem is None:
        return faults_of(problem, FIELDS, language) if problem else Faults()
    errors = sum(flaw["severity"] == "error" for flaw in flaws)
    forms = NN_("The workbook has {count} error to mend.", "The workbook has {count} errors to mend.")
    text = counted(forms, errors, language)
    return Faults(summary=[{"href": "#defauts", "text": text}], beside={"classeur": text})


def _key(text: object) -> UUID:
    """The id that the form proposes; another where it proposes none."""
    try:
        return UUID(str(text))
    except ValueError:
        return uuid7()


async def _imported(actor: Actor, choices: Choices, file: object, now: dt.datetime) -> Survey:
    """A draft from what the form brought."""
    owner = choices.owner or None
    require_drafter(actor, owner, choices.kind)  # reading a workbook is work
    content, name = await workbook_in(file)
    questionnaire, warnings = await asyncio.to_thread(questionnaire_of, content, name)
    new = NewSurvey(questionnaire=questionnaire, kind=choices.kind, answering=choices.answering, owner=owner)
    return await create(actor, new, id=choices.key, warnings=warnings, now=now)


def _new_page(visitor: Visitor, choices: Choices, problem: Problem | None = None) -> Response[str]:
    """The form of a new survey; after a fault with what was chosen and what to mend."""
    faults = faults_in(problem, visitor.language)
    owners = directorates(visitor.actor, "create_survey")
    return page(
        visitor,
        "surveys/new.html",
        status=422 if problem else 200,
        choices=choices,
        owners=owners,
        owner_options=[(code, code) for code in owners or ()],
        flaws=flaws_in(problem, visitor.language),
        errors=faults.summary,
        faults=faults,
    )


def _line(held: InHand, now: dt.datetime, language: str) -> Line:
    survey, state = held.survey, held.survey.state(now)
    base = f"/enquetes/{survey.slug}"
    line = Line(
        held=held,
        state=state,
        href=f"{base}/{'questionnaire' if survey.edition is None else 'suivi'}",
        time=closing(survey, now, language) if state == "open" else "",
    )
    waiting = held.standing.expected - held.standing.started - held.standing.answered
    if state == "draft" and survey.audience is None:
        need, href = translate(N_("To publish it, choose whom to ask"), None, language), f"{base}/audience"
    elif state == "draft":
        need, href = translate(N_("Ready to be checked and published"), None, language), f"{base}/publication"
    elif state == "open" and waiting:
        need, href = not_begun(survey, waiting, language), f"{base}/suivi?etat=not_begun#attendus"
    else:
        return line
    return msgspec.structs.replace(line, need=need, need_href=href)


def not_begun(survey: Survey, count: int, language: str) -> str:
    """How many have not begun: services where services answer, else agents."""
    forms = (
        NN_("{count} service has not begun", "{count} services have not begun")
        if survey.answering == "unit"
        else NN_("{count} agent has not begun", "{count} agents have not begun")
    )
    return counted(forms, count, language)


def closing(survey: Survey, now: dt.datetime, language: str) -> str:
    """How long an open survey stays open, in words."""
    day = survey.closes_on or (survey.closes_at.astimezone(PARIS).date() if survey.closes_at else None)
    if day is None:
        return translate(N_("No closing date"), None, language)
    days = (day - now.astimezone(PARIS).date()).days
    if days <= 0:
        return translate(N_("Closes today"), None, language)
    return counted(NN_("Closes tomorrow", "Closes in {count} days"), days, language)
