"""The questionnaire of a survey as it will be answered, beside its structure and what is wrong with it."""

import asyncio
import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect
from markupsafe import Markup

from base.language import N_, translate
from base.problems import Problem
from forms.estimating import minutes
from forms.flaws import Flaw
from forms.questionnaire import (
    Choice,
    Group,
    Note,
    Questionnaire,
    SelectMultipleQuestion,
    SelectOneQuestion,
    questions,
    walk,
)
from forms.showing import Shown
from surveys.access import survey_to_edit
from surveys.drafting import put_questionnaire, questionnaire_of, working_copy_of
from surveys.survey import Survey
from surveys.wording import flaw_members, worded
from web.pages.faults import Faults
from web.pages.filling import language_name
from web.pages.questions import Asking, QuestionView, SectionView
from web.pages.rendering import page
from web.pages.steps import Step, is_seen, steps_of
from web.pages.surveys import faults_in, flaws_in, workbook_in
from web.pages.telling import Telling, language_to_read, tag_of
from web.pages.visiting import Visitor

DONE: Final = {
    "importee": N_("The workbook is imported as a draft. Look through it, then choose whom to ask."),
    "remplace": N_("The questionnaire is replaced."),
}
"""What was just done, by the word that the address has for it."""


class Previewed(msgspec.Struct, frozen=True, kw_only=True):
    """A step as it will be answered: its title, what stands on it, and the condition of the whole of it."""

    number: int
    name: str
    title: Markup
    condition: str
    items: list[QuestionView | SectionView]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the structure: a node's kind, name and label, how deep it lies, whether anything is wrong with it."""

    name: str
    kind: str
    label: str
    lang: str | None
    depth: int
    flawed: str


class QuestionnairePages(Controller):
    """The working copy of a survey that the visitor edits."""

    path = "/enquetes/{survey:str}/questionnaire"

    @get()
    async def show(
        self,
        visitor: NamedDependency[Visitor],
        now: NamedDependency[dt.datetime],
        survey: FromPath[str],
        spoken: Annotated[str, QueryParameter(name="langue")] = "",
        done: Annotated[str, QueryParameter(name="fait")] = "",
    ) -> Response[str]:
        found = await survey_to_edit(visitor.actor, survey)
        said = translate(DONE.get(done, ""), None, visitor.language)
        return await _preview(visitor, found, now, spoken=spoken, done=said)

    @post()
    async def replace(
        self,
        request: Request[Any, Any, Any],
        visitor: NamedDependency[Visitor],
        now: NamedDependency[dt.datetime],
        survey: FromPath[str],
    ) -> Response[str]:
        """Another workbook in place of this one; a broken one changes nothing."""
        found = await survey_to_edit(visitor.actor, survey)
        try:
            content, name = await workbook_in((await request.form()).get("classeur"))
            questionnaire, warnings = await asyncio.to_thread(questionnaire_of, content, name)
            await put_questionnaire(found, questionnaire, warnings)
        except Problem as problem:
            return await _preview(visitor, found, now, problem=problem)
        return Redirect(f"/enquetes/{found.slug}/questionnaire?fait=remplace", status_code=303)


async def _preview(
    visitor: Visitor,
    survey: Survey,
    now: dt.datetime,
    *,
    spoken: str = "",
    done: str = "",
    problem: Problem | None = None,
) -> Response[str]:
    language = visitor.language
    questionnaire, flaws = await working_copy_of(survey)
    telling = Telling(
        questionnaire=questionnaire,
        spoken=language_to_read(questionnaire, spoken, language),
        language=language,
        shown=everything(questionnaire),
    )
    faults = faults_in(problem, language) if problem else Faults()
    return page(
        visitor,
        "surveys/questionnaire.html",
        status=422 if problem else 200,
        survey=survey,
        now=now,
        done=done,
        steps=[_previewed(step, telling) for step in steps_of(questionnaire)],
        conditions={node.name: node.relevant for node, _ in walk(questionnaire.questions) if node.relevant},
        structure=_structure(telling, flaws),
        languages=[(key, tag_of(key), language_name(key)) for key in questionnaire.languages],
        spoken=telling.spoken,
        asked=len(questions(questionnaire)),
        minutes=minutes(questionnaire),
        flaws=sorted(worded(flaw_members(flaws), language), key=lambda flaw: flaw["severity"] != "error"),
        refused=flaws_in(problem, language),
        errors=faults.summary,
        faults=faults,
    )


def everything(questionnaire: Questionnaire) -> Shown:
    """A questionnaire of which all is shown and nothing answered, whatever the conditions say."""
    lists = {
        name: list({choice.name: choice for choice in reversed(choices)}.values())[::-1]
        for name, choices in questionnaire.choice_lists.items()
    }
    asked = questions(questionnaire)
    offered: dict[str, list[Choice]] = {
        one.name: lists[one.choices] for one in asked if isinstance(one, SelectOneQuestion | SelectMultipleQuestion)
    }
    return Shown(
        visible=frozenset(node.name for node, _ in walk(questionnaire.questions)),
        answers={one.name: None for one in asked},
        offered=offered,
        required=frozenset(one.name for one in asked if one.required is True),
        flaws=[],
    )


def _previewed(step: Step, telling: Telling) -> Previewed:
    return Previewed(
        number=step.number,
        name=step.group.name if step.group else "",
        title=telling.inline(step.group.label) if step.group else Markup(),
        condition=(step.group.relevant or "") if step.group else "",
        items=Asking(telling=telling, answers={}).views(step.nodes, level=4),
    )


def _structure(telling: Telling, flaws: Sequence[Flaw]) -> list[Entry]:
    """Every node that is seen, groups too, with the worst that is wrong with it."""
    worst: dict[str | None, str] = {}
    for flaw in flaws:
        if worst.get(flaw.node) != "error":
            worst[flaw.node] = flaw.severity
    return [
        Entry(
            name=node.name,
            kind="group" if isinstance(node, Group) else "note" if isinstance(node, Note) else "question",
            label=telling.plain(node.label) or node.name,
            lang=telling.lang(node.label),
            depth=len(above),
            flawed=worst.get(node.name, ""),
        )
        for node, above in walk(telling.questionnaire.questions)
        if isinstance(node, Group) or is_seen(node)
    ]
