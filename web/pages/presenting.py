"""An answer in hand as HTML: its introduction, a step, the verification, and pieces of a step for its script."""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from litestar import Response
from markupsafe import Markup, escape

from base.problems import Problem
from directory.units import unit_name
from surveys.owing import days_left, last_day
from surveys.submission import StoredResponse
from web.pages.filling import Filling, closed_at, standing_of
from web.pages.questions import QuestionView, SectionView
from web.pages.rendering import fragment, page
from web.pages.steps import Step
from web.pages.visiting import Visitor
from web.wording import moment


def receipt_number(response: UUID) -> str:
    """A number that can be read out: the end of the id, which is the part that chance made."""
    digits = response.hex[-8:].upper()
    return f"{digits[:4]}-{digits[4:]}"


async def introduction(visitor: Visitor, told: Filling, now: dt.datetime, *, status: int = 200) -> Response[str]:
    """Where an answer stands; what is typed stays in sight when the survey takes no answers any more."""
    in_hand = told.in_hand
    assignment = in_hand.assignment
    begun = in_hand.draft is not None and in_hand.draft.version > 0
    position = next((place for place, one in enumerate(told.told(), start=1) if one.step == told.resume()), 1)
    return page(
        visitor,
        "answering/introduction.html",
        status=status,
        told=told,
        standing=standing_of(in_hand, now),
        owner=await unit_name(in_hand.survey.owner),
        days=days_left(assignment.due_at, assignment.time_zone, now),
        until=last_day(assignment.due_at, assignment.time_zone),
        minutes=in_hand.edition.minutes,
        begun=begun,
        position=position,
        closed_at=closed_at(in_hand),
        saved=told.saved(now),
        typed=[line for step in told.ahead for line in told.lines(step) if line.answer],
        response=in_hand.response,
        now=now,
    )


def step_page(
    visitor: Visitor,
    told: Filling,
    step: Step,
    now: dt.datetime,
    *,
    messages: dict[str, Markup] | None = None,
    conflict: Problem | None = None,
    version: int | None = None,
    appeared: int = 0,
    status: int = 200,
) -> Response[str]:
    """The questions of a step; in a conflict what is typed stands in the fields, and beside it what others answered.
    `version` is that of the draft which the page shows, where that is not the one at hand.
    """
    theirs = theirs_of(conflict) if conflict else {}
    draft = told.in_hand.draft
    if version is None:
        version = conflict.members["version"] if conflict else draft.version if draft else 0
    steps = told.told()
    place = next((place for place, one in enumerate(steps) if one.step == step), 0)
    return page(
        visitor,
        "answering/step.html",
        status=status,
        told=told,
        step=step,
        steps=steps,
        current=place + 1,
        views=told.views(step, messages, theirs),
        errors=told.faults(messages or {}, here=True),
        conflicts=len(theirs),
        appeared=appeared,
        saved=told.saved(now),
        version=version,
    )


def verification(
    visitor: Visitor,
    told: Filling,
    now: dt.datetime,
    *,
    status: int = 200,
    refused: Problem | None = None,
    changed: bool = False,
) -> Response[str]:
    """All answers before they are sent; `changed` says that they are no longer those that were looked through."""
    messages = told.messages(told.flaws)
    draft = told.in_hand.draft
    if refused:
        messages |= {
            fault.path.removeprefix("/answers/"): escape(fault.reason.sentence(visitor.language))
            for fault in refused.invalid_params
        }
    return page(
        visitor,
        "answering/verification.html",
        status=status,
        told=told,
        steps=[(one, told.lines(one.step)) for one in told.told()],
        errors=told.faults(messages, here=False),
        messages=messages,
        saved=told.saved(now),
        version=draft.version if draft else 0,
        changed=changed,
    )


def after_saving(
    visitor: Visitor, told: Filling, step: Step, saved: Collection[str], shown: Mapping[str, str]
) -> dict[str, Any]:
    """What a script makes its page like the draft with: what is visible, the marks of what it saved, the HTML of the
    questions that other answers change or that were answered elsewhere (it shows them with other marks), and what is
    wrong.
    """
    views = list(_opened(told.views(step)))
    old = _answered_elsewhere(told, saved, shown)
    return {
        "visible": {view.name: view.visible for view in views},
        "shown": {name: told.mark(name) for name in saved},
        "html": _html(visitor, views, lambda view: view.name in old or (view.live and view.visible)),
        "errors": told.messages(told.asked(step), missing=False),
    }


def in_conflict(
    visitor: Visitor,
    told: Filling,
    step: Step,
    theirs: Mapping[str, Any],
    typed: Collection[str],
    shown: Mapping[str, str],
) -> dict[str, Any]:
    """What a script shows where questions have two answers: their HTML with both, and that of the questions which its
    reader did not change and that were answered elsewhere.
    """
    views = list(_opened(told.views(step, theirs=theirs)))
    old = _answered_elsewhere(told, typed, shown)
    return {
        "visible": {view.name: view.visible for view in views},
        "conflicts": sorted(theirs),
        "html": _html(visitor, views, lambda view: view.theirs is not None or view.name in old),
    }


def _opened(views: Iterable[QuestionView | SectionView]) -> Iterator[QuestionView | SectionView]:
    for view in views:
        yield view
        if isinstance(view, SectionView):
            yield from _opened(view.items)


def _answered_elsewhere(told: Filling, typed: Collection[str], shown: Mapping[str, str]) -> set[str]:
    """The questions that a page shows with other answers than are stored, though nobody changed them there."""
    return {name for name, mark in shown.items() if name not in typed and mark != told.mark(name)}


def _html(
    visitor: Visitor, views: Iterable[QuestionView | SectionView], wanted: Callable[[QuestionView], bool]
) -> dict[str, str]:
    return {
        view.name: fragment(visitor, "answering/question.html", view=view)
        for view in views
        if isinstance(view, QuestionView) and wanted(view)
    }


def theirs_of(problem: Problem) -> dict[str, Any]:
    """What others answered, by question."""
    return {conflict["path"].removeprefix("/"): conflict["theirs"] for conflict in problem.members["conflicts"]}


async def receipt(visitor: Visitor, told: Filling, response: StoredResponse) -> Response[str]:
    """That an answer is stored: its number, when, a copy, what happens next."""
    return page(
        visitor,
        "answering/receipt.html",
        told=told,
        response=response,
        number=receipt_number(response.id),
        time=moment(response.submitted_at, visitor.language, zone=told.zone),
        date=response.submitted_at.astimezone(told.zone).date(),
        steps=[(one, told.lines(one.step)) for one in told.told()],
        owner=await unit_name(told.in_hand.survey.owner),
    )
