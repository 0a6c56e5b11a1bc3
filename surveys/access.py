"""The only way to a survey on somebody's behalf. Hidden and missing give the same 404."""

import hmac
from collections.abc import Sequence
from typing import Final

from base.coalescing import Coalescer
from base.database import reading
from base.problems import FORBIDDEN, NOT_FOUND, Problem
from directory.access import Act, Scope, may, reach
from directory.actors import Actor
from surveys import queries
from surveys.problems import NOT_ASKED
from surveys.survey import Survey


def scope_of(survey: Survey, path: tuple[str, ...] = ("FR",)) -> Scope:
    """What `directory.access.may` must know of a survey, or of the part of it that lies in a territory."""
    return Scope(
        owner=survey.owner,
        path=path,
        communities=frozenset(survey.audience.communities if survey.audience else ()),
        anonymous=survey.anonymity == "anonymous",
        lane=survey.kind,
    )


def may_edit(actor: Actor, survey: Survey) -> bool:
    """Whether the actor runs this survey."""
    return may(actor, "edit_survey", scope_of(survey))


async def survey_to_see(actor: Actor, reference: str) -> Survey:
    """A survey the actor may know of: they run or follow it, or are asked."""
    survey = await _find(reference)
    if survey is None:
        raise NOT_FOUND()
    if may_edit(actor, survey):
        return survey
    if survey.edition is not None:
        if may(actor, "see_survey", scope_of(survey)):
            return survey
        async with reading() as connection:
            if await queries.is_asked(connection, survey, actor.id, actor.unit):
                return survey
    raise NOT_FOUND()


async def survey_to_answer(actor: Actor, reference: str) -> Survey:
    """A survey the actor may try to answer. Whether they are asked shows when the answer is judged: `not_asked` then
    says whether they may know that the survey exists.
    """
    survey = await _find(reference)
    if survey is None or (survey.edition is None and not may_edit(actor, survey)):
        raise NOT_FOUND()
    return survey


async def not_asked(actor: Actor, survey: Survey, refused: Problem) -> Problem:
    """What to tell somebody who is not asked: that, if they may see the survey, else that there is nothing here."""
    if refused.kind is not NOT_ASKED:
        return refused
    try:
        await survey_to_see(actor, str(survey.id))
    except Problem as hidden:
        return hidden
    return refused


async def survey_to_edit(actor: Actor, reference: str) -> Survey:
    """A survey the actor runs; one they may only see is forbidden, any other is not found."""
    return await _survey_for(actor, reference, "edit_survey")


async def survey_to_follow(actor: Actor, reference: str) -> Survey:
    """A survey whose participation the actor may read."""
    return await _survey_for(actor, reference, "follow_survey")


async def survey_to_follow_inside(actor: Actor, reference: str) -> tuple[Survey, tuple[str, ...]]:
    """A survey whose participation the actor may read somewhere, and the territories inside which they may."""
    survey = await survey_to_see(actor, reference)
    inside = territories_to_follow(actor, survey)
    if not inside:
        raise FORBIDDEN()
    return survey, inside


def territories_to_follow(actor: Actor, survey: Survey) -> tuple[str, ...]:
    """The territories inside which the actor may read a survey's participation."""
    return reach(actor, "follow_survey", scope_of(survey))


async def survey_to_submit_for(actor: Actor, reference: str) -> Survey:
    """A survey into which the actor may bring answers of others."""
    return await _survey_for(actor, reference, "submit_for_territory")


async def _survey_for(actor: Actor, reference: str, act: Act) -> Survey:
    survey = await survey_to_see(actor, reference)
    if not may(actor, act, scope_of(survey)):
        raise FORBIDDEN()
    return survey


async def survey_by_link(reference: str, link: str) -> Survey:
    """The survey that this link opens to whoever holds it."""
    survey = await _find(reference)
    if survey is None or survey.link is None or not hmac.compare_digest(survey.link.encode(), link.encode()):
        raise NOT_FOUND()
    return survey


async def _look_up(references: Sequence[str]) -> list[Survey | None]:
    async with reading() as connection:
        found = await queries.find_surveys(connection, references)
    return [found.get(reference) for reference in references]


_find: Final = Coalescer(_look_up)
"""The survey with an id or slug, looked up for all who ask at the same moment."""
