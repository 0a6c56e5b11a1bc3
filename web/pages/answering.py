"""Answering, page by page: introduction, steps, verification, receipt.

Every save is one of `surveys/drafts.py`, with or without a script, and what is sent goes through `surveys/sending.py`,
as from any other program.
"""

import datetime as dt
from collections import defaultdict
from typing import Annotated, Any, Final
from urllib.parse import quote, unquote
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Redirect
from markupsafe import escape

from base.problems import INVALID, NOT_FOUND, Problem
from surveys.drafts import AnswerInHand, Draft, answer_in_hand, draft_of, open_assignment, save
from surveys.merging import MAX_PATHS
from surveys.problems import (
    ALREADY_ANSWERED,
    DRAFT_CHANGED,
    DRAFT_CONFLICT,
    EXEMPTED,
    INVALID_RESPONSE,
    NOT_OPEN,
    RESPONSE_CONFLICT,
)
from surveys.sending import send
from surveys.submission import Sent
from web.pages.changing import Typed, change_of, typed_on, values_of
from web.pages.fields import shown_marks, typed_fields
from web.pages.filling import Addresses, Filling, filling, standing_of
from web.pages.language import YEAR
from web.pages.presenting import (
    after_saving,
    in_conflict,
    introduction,
    receipt,
    step_page,
    theirs_of,
    verification,
)
from web.pages.steps import Step, steps_of
from web.pages.visiting import AnyRequest, Visitor, typed_in

SPOKEN_COOKIE: Final = "navette_questions"
"""The language in which somebody chose to read questions."""


class Typing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a page's script saves: the fields of the questions that changed on a step since a version of the draft, and
    the marks of what the page takes for the draft's answers (`changing.py`), changed or not.
    """

    version: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
    step: int
    fields: Annotated[dict[str, list[str]], msgspec.Meta(max_length=MAX_PATHS)]
    shown: Annotated[dict[str, str], msgspec.Meta(max_length=MAX_PATHS)] = {}


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """The form of a step: the version of the draft it was made from, its questions' fields with the marks of what
    they showed, and the button pressed.
    """

    version: int
    typed: dict[str, list[str]]
    shown: dict[str, str]
    go: str
    take: str


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers what, and how they read it.

    `named` is the assignment that the address names, `spoken` the language that was chosen for the questions,
    `choosing` whether this address chooses it; `secure` says that the page came over TLS.
    """

    visitor: Visitor
    now: dt.datetime
    in_hand: AnswerInHand
    named: UUID | None
    spoken: str | None
    choosing: bool
    secure: bool

    def told(
        self,
        step: int | None = None,
        *,
        draft: Draft | None = None,
        typed: dict[str, Any] | None = None,
        marks: dict[str, str] | None = None,
    ) -> Filling:
        """The answer, told: for a step its choices are worked out too. `draft` is what was just saved, `typed` what a
        page holds that is not saved, `marks` those of what it showed there before.
        """
        return filling(
            msgspec.structs.replace(self.in_hand, draft=draft) if draft else self.in_hand,
            Addresses(slug=self.in_hand.survey.slug, assignment=self.named),
            language=self.visitor.language,
            spoken=self.spoken,
            now=self.now,
            typed=typed,
            marks=marks,
            step=step,
        )

    def typed(self, texts: dict[str, list[str]], marks: dict[str, str]) -> Typed:
        """What was changed in the fields of a page."""
        return typed_on(self.in_hand, values_of(self.in_hand.edition.questionnaire, texts), marks)

    async def saved(self, typed: Typed, version: int) -> Draft:
        """The draft with these answers, saved."""
        change = change_of(self.in_hand.edition.questionnaire, typed.values, version)
        return await save(self.visitor.actor, self.in_hand, change, now=self.now, stale=typed.stale)

    async def anew(self) -> "Desk":
        """With the draft as it is by now: after a conflict it is not what was read before."""
        assignment = self.in_hand.assignment.id
        in_hand = await answer_in_hand(self.visitor.actor, str(self.in_hand.survey.id), assignment, now=self.now)
        return msgspec.structs.replace(self, in_hand=in_hand)

    def elsewhere(self) -> Redirect | None:
        """Where to go instead of a page of questions when there is nothing to answer (any more)."""
        standing = standing_of(self.in_hand, self.now)
        if standing == "open":
            return None
        addresses = Addresses(slug=self.in_hand.survey.slug, assignment=self.named)
        return _see(addresses.of("recu" if standing == "sent" else ""))

    def remembering(self, response: Response[str]) -> Response[str]:
        """The page, after which the language that this address chose for questions stays chosen."""
        if self.choosing and self.spoken:
            response.set_cookie(
                key=SPOKEN_COOKIE,
                value=quote(self.spoken),
                path="/s/",
                max_age=YEAR,
                httponly=True,
                samesite="lax",
                secure=self.secure,
            )
        return response


async def find_desk(
    request: AnyRequest,
    visitor: NamedDependency[Visitor],
    now: NamedDependency[dt.datetime],
    survey: FromPath[str],
    assignment: Annotated[UUID | None, QueryParameter()] = None,
    spoken: Annotated[str | None, QueryParameter(name="langue", max_length=64)] = None,
) -> Desk:
    """The dependency `desk`: the answer that an address means, if it is the visitor's to give."""
    return Desk(
        visitor=visitor,
        now=now,
        in_hand=await answer_in_hand(visitor.actor, survey, assignment, now=now),
        named=assignment,
        spoken=spoken or unquote(request.cookies.get(SPOKEN_COOKIE, "")),
        choosing=spoken is not None,
        secure=request.scope["scheme"] == "https",
    )


class AnsweringPages(Controller):
    """One expected answer, of the visitor or of their service."""

    path = "/s/{survey:str}"
    dependencies = {"desk": Provide(find_desk)}  # noqa: RUF012 - Litestar reads it from the class

    @get()
    async def introduce(self, desk: NamedDependency[Desk]) -> Response[str]:
        """What is asked, by whom, until when; or where the answer stands."""
        await open_assignment(desk.visitor.actor, desk.in_hand, now=desk.now)
        return desk.remembering(await introduction(desk.visitor, desk.told(), desk.now))

    @get("/etape/{number:int}")
    async def show_step(
        self,
        desk: NamedDependency[Desk],
        number: FromPath[int],
        correcting: Annotated[bool, QueryParameter(name="corriger")] = False,
        appeared: Annotated[int, QueryParameter(name="nouvelles")] = 0,
    ) -> Response[Any]:
        """The questions of a step; one that is not relevant leads to the next that is."""
        if elsewhere := desk.elsewhere():
            return elsewhere
        await open_assignment(desk.visitor.actor, desk.in_hand, now=desk.now)
        told = desk.told(number)
        step = _step(told, number)
        if step not in told.ahead:
            return _see(_onward(told, step))
        messages = told.messages(told.asked(step)) if correcting else {}
        return desk.remembering(step_page(desk.visitor, told, step, desk.now, messages=messages, appeared=appeared))

    @post("/etape/{number:int}")
    async def keep_step(self, request: AnyRequest, desk: NamedDependency[Desk], number: FromPath[int]) -> Response[Any]:
        """Save a step, then go where the button says; errors and questions that appeared are shown first."""
        posted = _posted(await _form(request))
        _require_step(desk, number)
        typed = desk.typed({name: texts for name, texts in posted.typed.items() if name != posted.take}, posted.shown)
        try:
            draft = await desk.saved(typed, posted.version)
        except Problem as problem:
            return await _not_saved(desk, number, posted, typed, problem)
        told = desk.told(number, draft=draft)
        step = _step(told, number)
        messages = told.messages(told.asked(step)) if posted.go == "next" else {}
        if messages:
            return step_page(desk.visitor, told, step, desk.now, messages=messages, status=422)
        return _see(_next(told, step, posted))

    @post("/brouillon", status_code=200)
    async def keep_typing(self, desk: NamedDependency[Desk], data: JSONBody[Typing]) -> Response[Any]:
        """Save what a script sends, and tell it what the page looks like now."""
        _require_step(desk, data.step)
        typed = desk.typed(data.fields, data.shown)
        try:
            draft = await desk.saved(typed, data.version)
        except Problem as problem:
            if problem.kind is not DRAFT_CONFLICT:
                raise
            desk = await desk.anew()
            told = desk.told(data.step, typed=typed.values, marks=data.shown)
            piece = in_conflict(
                desk.visitor, told, _step(told, data.step), theirs_of(problem), typed.values, data.shown
            )
            answer = {"kind": "conflict", "version": problem.members["version"]} | piece
        else:
            told = desk.told(data.step, draft=draft)
            piece = after_saving(desk.visitor, told, _step(told, data.step), typed.values, data.shown)
            answer = {"kind": "saved", "version": draft.version, "said": told.saved(desk.now)} | piece
        return Response(answer, headers={"Cache-Control": "no-store"})

    @get("/verification")
    async def check(self, desk: NamedDependency[Desk]) -> Response[Any]:
        """All answers in words, before they are sent."""
        return desk.elsewhere() or desk.remembering(verification(desk.visitor, desk.told(), desk.now))

    @post("/verification")
    async def send(self, request: AnyRequest, desk: NamedDependency[Desk]) -> Response[Any]:
        """Send the draft under its id; a second click finds it sent. Nobody sends what they have not seen: where it was
        changed elsewhere since the page was shown, it is shown again.
        """
        if elsewhere := desk.elsewhere():
            return elsewhere
        told = desk.told()
        if told.flaws:
            return verification(desk.visitor, told, desk.now, status=422)
        draft = draft_of(desk.in_hand)
        form = await _form(request)
        if _version(form) != draft.version:
            return verification(desk.visitor, told, desk.now, status=409, changed=True)
        sent = Sent(id=draft.id, answers=told.to_send(), assignment=desk.in_hand.assignment.id, edition=draft.edition)
        try:
            await send(desk.visitor.actor, str(desk.in_hand.survey.id), sent, now=desk.now, draft=draft.version)
        except Problem as problem:
            if problem.kind is DRAFT_CHANGED:
                desk = await desk.anew()
                return verification(desk.visitor, desk.told(), desk.now, status=409, changed=True)
            if problem.kind is INVALID_RESPONSE:
                return verification(desk.visitor, told, desk.now, status=422, refused=problem)
            if problem.kind not in (ALREADY_ANSWERED, RESPONSE_CONFLICT, NOT_OPEN, EXEMPTED):
                raise
        return _see(told.addresses.of("recu"))

    @get("/recu")
    async def show_receipt(self, desk: NamedDependency[Desk]) -> Response[Any]:
        """That the answer is stored: number, time, copy."""
        told = desk.told()
        if desk.in_hand.response is None:
            return _see(told.addresses.of())
        return desk.remembering(await receipt(desk.visitor, told, desk.in_hand.response))


async def _form(request: AnyRequest) -> dict[str, list[str]]:
    form: dict[str, list[str]] = defaultdict(list)
    for name, value in (await typed_in(request)).fields:
        form[name].append(value)
    return form


def _posted(form: dict[str, list[str]]) -> Posted:
    """The button is `go` (next, previous, quit), or `keep` or `take` with the question whose answer was chosen."""
    take, keep, go = (next(iter(form.get(name, ())), "") for name in ("take", "keep", "go"))
    return Posted(
        version=_version(form),
        typed=typed_fields(form),
        shown=shown_marks(form),
        go=take or keep or (go if go in ("previous", "quit") else "next"),
        take=take,
    )


def _version(form: dict[str, list[str]]) -> int:
    """The version of the draft that a form was made from."""
    version = next(iter(form.get("version", ())), "")
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0


def _require_step(desk: Desk, number: int) -> None:
    """Refuse to save for a page that does not exist, before anything is saved."""
    if not 1 <= number <= len(steps_of(desk.in_hand.edition.questionnaire)):
        raise NOT_FOUND()


def _step(told: Filling, number: int) -> Step:
    if not 1 <= number <= len(told.steps):
        raise NOT_FOUND()
    return told.steps[number - 1]


def _see(address: str) -> Redirect:
    return Redirect(address, status_code=303, headers={"Cache-Control": "no-store"})


def _next(told: Filling, step: Step, posted: Posted) -> str:
    """Where the button of a step leads once it is saved and without errors."""
    match posted.go:
        case "previous":
            before = told.before(step)
            return told.addresses.step(before) if before else told.addresses.of()
        case "quit":
            return "/"
        case "next":
            appeared = [name for name in told.asked(step) if name not in posted.typed]
            if appeared:
                return told.addresses.step(step, f"question-{appeared[0]}", nouvelles=len(appeared))
            return _onward(told, step)
        case chosen:  # the question where one of two answers was chosen
            return told.addresses.step(step, f"question-{chosen}")


def _onward(told: Filling, step: Step) -> str:
    after = told.after(step)
    return told.addresses.step(after) if after else told.addresses.of("verification")


async def _not_saved(desk: Desk, number: int, posted: Posted, typed: Typed, problem: Problem) -> Response[Any]:
    """A page that shows what was typed and why it is not saved."""
    if problem.kind is DRAFT_CONFLICT:
        desk = await desk.anew()
    told = desk.told(number, typed=typed.values, marks=posted.shown)
    step = _step(told, number)
    if problem.kind is DRAFT_CONFLICT:
        return step_page(desk.visitor, told, step, desk.now, conflict=problem, status=409)
    if problem.kind is ALREADY_ANSWERED:
        return _see(told.addresses.of("recu"))
    if problem.kind in (NOT_OPEN, EXEMPTED):
        return await introduction(desk.visitor, told, desk.now, status=409)
    if problem.kind is INVALID:
        reasons = {
            fault.path.rpartition("/")[2].removeprefix("~1"): escape(fault.reason.sentence(desk.visitor.language))
            for fault in problem.invalid_params
        }
        return step_page(desk.visitor, told, step, desk.now, messages=reasons, version=posted.version, status=422)
    raise problem
