"""Filling the demonstration: its directory, its surveys, then the answers, through the verbs that everybody uses.

Every step can be cut off and begun again: what it made before is found, by slugs and by ids that belong to what they
answer, and `demo.json` says which steps are done, so that a demonstration in use is left as its users made it.
"""

import datetime as dt
import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias, cast
from uuid import UUID, uuid5

import msgspec

from base.database import reading, transaction
from base.language import N_
from base.progress import Progress
from directory import queries as directory_queries
from directory.actors import Actor, actor_by_email
from directory.generating import generate
from directory.granting import hold
from directory.importing import import_agents, import_communities
from directory.rows import AgentRow, UnitKind
from directory.territories import load_territories
from surveys import queries
from surveys.answering import accept, local_day
from surveys.bulk import BATCH
from surveys.drafting import create, put_audience
from surveys.drafts import answer_in_hand, open_assignment, save
from surveys.editions import Edition, editions_by_number
from surveys.generating import indifferent, made_up
from surveys.merging import DraftChange
from surveys.publishing import publish
from surveys.queries import AssignmentRow
from surveys.submission import Answers, Sent, Stored, Submission
from surveys.survey import NewSurvey, Survey
from web.demo.campaigns import CAMPAIGNS, Campaign
from web.demo.folder import Filled, filled, note
from web.demo.people import OWNER, players
from web.demo.respondents import Respondent, likelihood, moment

SEED: Final = 2026

BEGUN: Final = 0.06
"""The share of those who have not answered whose draft is in progress."""

LOOKED: Final = 0.04
"""The share of those who have opened it, and no more."""

Watch: TypeAlias = Callable[[str], AbstractContextManager[Progress]]
"""Shows the progress of what a message id names."""


class Plan(NamedTuple):
    """What one expected answer comes to: who answers, when, and how far they get."""

    row: AssignmentRow
    actor: Actor
    at: dt.datetime
    answers: Answers
    looks: bool


async def prepare(folder: Path, *, agents: int, now: dt.datetime, watch: Watch) -> Filled:
    """All that is there before anybody answers: territories, people with their roles, surveys; as the folder says, or
    for so many agents from this moment on where it says nothing yet.
    """
    state = filled(folder) or Filled(agents=agents, began=now)
    note(folder, state)
    if "directory" not in state.done:
        await _fill_directory(state, watch)
        state = _done(folder, state, "directory")
    for campaign in CAMPAIGNS:
        if f"survey {campaign.slug}" not in state.done:
            await _fill_survey(campaign, state.began)
            state = _done(folder, state, f"survey {campaign.slug}")
    return state


async def answer(folder: Path, watch: Watch) -> int:
    """Let everybody answer who has not yet; returns how many answers came in."""
    state = filled(folder)
    if state is None:
        return 0
    count = 0
    for campaign in CAMPAIGNS:
        if campaign.mind and f"answers {campaign.slug}" not in state.done:
            with watch(campaign.slug) as progress:
                count += await _answer(campaign, state.began, progress)
            state = _done(folder, state, f"answers {campaign.slug}")
    return count


def _done(folder: Path, state: Filled, step: str) -> Filled:
    state = msgspec.structs.replace(state, done=(*state.done, step))
    note(folder, state)
    return state


async def _fill_directory(state: Filled, watch: Watch) -> None:
    await load_territories()
    made = generate(SEED, state.agents)
    with watch(N_("Directory")) as progress:
        await import_agents(made.agents_csv(), progress, now=state.began)
    with watch(N_("Communities")) as progress:
        await import_communities(made.communities_csv(), progress, now=state.began)
    for part, agent, _ in await players():
        if part.holds:
            await hold(agent.email, part.holds, f"unit:{OWNER}", now=state.began)


async def _fill_survey(campaign: Campaign, began: dt.datetime) -> None:
    """Make the survey and, unless it is to be a draft, publish it as of the day it opened."""
    opening = campaign.opening(began)
    editor = await _editor()
    async with reading() as connection:
        survey = await queries.find_survey(connection, campaign.slug)
    if survey is None:
        new = NewSurvey(
            questionnaire=campaign.questionnaire(),
            slug=campaign.slug,
            kind=campaign.kind,
            answering=campaign.answering,
            owner=OWNER,
        )
        survey = await create(editor, new, now=opening - dt.timedelta(days=1))
    if survey.edition is None:
        await put_audience(survey, campaign.audience)
    if survey.edition is None and campaign.mind:
        await publish(editor, survey, campaign.publication(began), now=opening)


async def _editor() -> Actor | None:
    """Who runs the surveys of the demonstration."""
    emails = [agent.email for part, agent, _ in await players() if part.holds == "editor"]
    return await actor_by_email(emails[0]) if emails else None


async def _answer(campaign: Campaign, began: dt.datetime, progress: Progress) -> int:
    """Bring in the answers of a survey in the order of their moments, then what is begun; returns how many came in."""
    async with reading() as connection:
        survey = await queries.find_survey(connection, campaign.slug)
        if survey is None or survey.edition is None:
            return 0
        edition = (await editions_by_number(connection, survey.id, [survey.edition]))[survey.edition]
        expected = await queries.expected_assignments(connection, survey)
        rows = await queries.assignments_for(connection, survey.parts, [survey.id], ids=expected)
        agents = await directory_queries.agents_of_units(connection, list({row.unit for row in rows}))
    away = {agent.id for _, agent, _ in await players()}
    sent, begun = plans(campaign, edition, began, rows, agents, away)
    count = 0
    for start in range(0, len(sent), BATCH):
        batch = [_submission(survey, plan) for plan in sent[start : start + BATCH]]
        async with transaction() as connection:
            outcomes = await accept(connection, batch)
        count += sum(isinstance(outcome, Stored) for outcome in outcomes)
        progress(start + len(batch), len(sent) + len(begun))
    for number, plan in enumerate(begun, 1):
        await _begin(survey, plan)
        progress(len(sent) + number, len(sent) + len(begun))
    return count


def plans(
    campaign: Campaign,
    edition: Edition,
    began: dt.datetime,
    rows: Sequence[AssignmentRow],
    agents: Sequence[AgentRow],
    away: set[UUID],
) -> tuple[list[Plan], list[Plan]]:
    """Who answers what and when, and who has only begun; each decides alone, so that the order does not matter.

    Those `away` do nothing, for a visitor may become them; nor does a service of theirs.
    """
    known = {agent.id: agent for agent in agents}
    colleagues: dict[UUID, list[AgentRow]] = {}
    for agent in agents:
        colleagues.setdefault(agent.unit, []).append(agent)
    busy = {known[agent].unit for agent in away & known.keys()}
    sent: list[Plan] = []
    begun: list[Plan] = []
    for row in rows:
        if row.agent in away or (row.agent is None and row.unit in busy):
            continue
        key = known[row.agent].email if row.agent in known else row.unit_code
        chance = random.Random(f"{SEED}/{campaign.slug}/{key}")  # noqa: S311 - must repeat, protects nothing
        likely = likelihood(_respondent(row, key), seed=SEED, usual=campaign.usual)
        answers = chance.random() < likely
        begins = likely > 0 and chance.random() < BEGUN + LOOKED
        if answers or begins:
            agent = known[row.agent] if row.agent in known else chance.choice(colleagues[row.unit])
            plan = _plan(campaign, edition, began, row, agent, _respondent(row, key), chance)
            (sent if answers else begun).append(plan)
    return sorted(sent, key=lambda plan: plan.at), sorted(begun, key=lambda plan: plan.at)


def _plan(
    campaign: Campaign,
    edition: Edition,
    began: dt.datetime,
    row: AssignmentRow,
    agent: AgentRow,
    respondent: Respondent,
    chance: random.Random,
) -> Plan:
    at = moment(chance, campaign.opening(began), min(began, row.due_at or began), row.time_zone)
    today = local_day(at, row.time_zone)
    preferred = campaign.mind(respondent, chance, today).prefers if campaign.mind else indifferent
    answers = made_up(edition.questionnaire, edition.judge, chance, today=today, preferred=preferred)
    return Plan(row, _actor(row, agent), at, answers, looks=chance.random() < LOOKED / (BEGUN + LOOKED))


def _respondent(row: AssignmentRow, key: str) -> Respondent:
    return Respondent(
        key=key,
        unit_kind=row.unit_kind,
        region=row.region,
        department=row.department,
        communities=tuple(row.communities),
        time_zone=row.time_zone,
    )


def _actor(row: AssignmentRow, agent: AgentRow) -> Actor:
    """The agent as they act for themselves or their service: without any role."""
    return Actor(
        id=agent.id,
        email=agent.email,
        given_name=agent.given_name,
        family_name=agent.family_name,
        unit=row.unit,
        unit_code=row.unit_code,
        unit_kind=cast("UnitKind", row.unit_kind),
        territory=(row.territory,),
        communities=tuple(row.communities),
        animates=(),
        grants=(),
    )


def _submission(survey: Survey, plan: Plan) -> Submission:
    """An answer whose id belongs to what it answers, so that it comes in once however often it is sent."""
    sent = Sent(id=uuid5(survey.id, str(plan.row.id)), answers=plan.answers, assignment=plan.row.id)
    return Submission(sent=sent, survey=survey, actor=plan.actor, right="own", channel="assigned", at=plan.at)


async def _begin(survey: Survey, plan: Plan) -> None:
    """Leave a draft of the first half, or nothing but the trace of having looked."""
    if plan.row.state not in ("expected", "opened"):
        return
    in_hand = await answer_in_hand(plan.actor, str(survey.id), plan.row.id, now=plan.at)
    await open_assignment(plan.actor, in_hand, now=plan.at)
    if in_hand.draft is None or plan.looks:
        return
    half = dict(list(plan.answers.items())[: 1 + len(plan.answers) // 2])
    change = DraftChange(version=in_hand.draft.version, set={f"/{name}": value for name, value in half.items()})
    await save(plan.actor, in_hand, change, now=plan.at + dt.timedelta(minutes=6))
