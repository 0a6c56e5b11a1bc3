"""The only way to a survey on somebody's behalf. Hidden and missing give the same 404."""

import hmac

from base.database import reading
from base.problems import FORBIDDEN, NOT_FOUND
from directory.access import Act, Scope, may
from directory.actors import Actor
from surveys import queries
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
    async with reading() as connection:
        survey = await queries.find_survey(connection, reference)
        if survey is None:
            raise NOT_FOUND()
        if may_edit(actor, survey):
            return survey
        if survey.edition is not None:
            if may(actor, "see_survey", scope_of(survey)):
                return survey
            if await queries.is_asked(connection, survey, actor.id, actor.unit):
                return survey
    raise NOT_FOUND()


async def survey_to_edit(actor: Actor, reference: str) -> Survey:
    """A survey the actor runs; one they may only see is forbidden, any other is not found."""
    return await _survey_for(actor, reference, "edit_survey")


async def survey_to_follow(actor: Actor, reference: str) -> Survey:
    """A survey whose participation the actor may read."""
    return await _survey_for(actor, reference, "follow_survey")


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
    async with reading() as connection:
        survey = await queries.find_survey(connection, reference)
    if survey is None or survey.link is None or not hmac.compare_digest(survey.link, link):
        raise NOT_FOUND()
    return survey
