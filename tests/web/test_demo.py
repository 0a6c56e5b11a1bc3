"""The demonstration: complete questionnaires, the same answers for the same seed, a filling that may be cut off."""

import contextlib
import datetime as dt
import fcntl
import os
import random
import statistics
import sys
import uuid
from collections import Counter
from pathlib import Path

import pytest

from base.database import reading
from base.problems import Problem
from directory.access import Scope, may
from directory.actors import actor_by_id
from directory.generating import generate
from directory.rows import AgentRow
from forms.questionnaire import Group, Note, questions, walk
from forms.xlsform import read
from surveys import queries
from surveys.editions import edition_of
from surveys.queries import AssignmentRow
from web.commands import main
from web.demo import filling
from web.demo.campaigns import CAMPAIGNS, PARIS
from web.demo.filling import answer, plans, prepare
from web.demo.folder import MARK, claimed, filled
from web.demo.people import PARTS, demo_people
from web.demo.respondents import Respondent, likelihood, moment, work

ROOT = Path(__file__).parents[2]
WORKBOOKS = sorted((ROOT / "web" / "demo" / "data").glob("*.xlsx"))
OURS = [path for path in WORKBOOKS if not path.name.startswith("correlaid")]
DEPARTMENTS = ROOT / "directory" / "data" / "territories" / "departements.csv"
NEWCOMERS = ROOT / "tests" / "data" / "forms-own" / "renovation-energetique.xlsx"
BEGAN = dt.datetime(2026, 11, 25, 9, 0, tzinfo=dt.UTC)

LETTINGS, APPLICATIONS = CAMPAIGNS[:2]


@contextlib.contextmanager
def unwatched(label):
    """Progress that nobody watches."""
    assert label
    yield lambda *_: None


# Questionnaires


@pytest.mark.parametrize("path", [*WORKBOOKS, NEWCOMERS], ids=lambda path: path.stem)
def test_workbooks_have_no_flaw(path):
    """Each workbook comes in without a single warning."""
    assert read(path.read_bytes(), file_name=path.name).warnings == []


@pytest.mark.parametrize("path", [*OURS, NEWCOMERS], ids=lambda path: path.stem)
def test_workbooks_are_complete_in_both_languages(path):
    """Whatever has a text has it in French and in English, and everything that is shown has a label."""
    questionnaire = read(path.read_bytes(), file_name=path.name).questionnaire
    both = {"fr", "en"}
    assert questionnaire.languages == ["fr", "en"]
    assert set(questionnaire.title) == both
    for node, _ in walk(questionnaire.questions):
        assert set(node.label) == both, node.name
        assert set(node.hint) in (set(), both), node.name
        if not isinstance(node, Note | Group):
            assert set(node.constraint_message) == (both if node.constraint else set()), node.name
    for choices in questionnaire.choice_lists.values():
        assert all(set(choice.label) == both for choice in choices)


@pytest.mark.parametrize("path", [*OURS, NEWCOMERS], ids=lambda path: path.stem)
def test_workbooks_keep_french_typography(path):
    """A French text has no plain space before a high punctuation mark, and no straight apostrophe."""
    questionnaire = read(path.read_bytes(), file_name=path.name).questionnaire
    nodes = [node for node, _ in walk(questionnaire.questions)]
    texts = [text["fr"] for node in nodes for text in (node.label, node.hint) if text]
    texts += [node.constraint_message["fr"] for node in nodes if getattr(node, "constraint_message", None)]
    texts += [choice.label["fr"] for choices in questionnaire.choice_lists.values() for choice in choices]
    for text in [*texts, questionnaire.title["fr"]]:
        assert not any(f" {mark}" in text for mark in "?!:;»%"), text
        assert "'" not in text
        assert text == text.strip()
        assert "  " not in text


@pytest.mark.parametrize("campaign", CAMPAIGNS, ids=lambda campaign: campaign.slug)
def test_minds_care_about_questions_that_are_asked(campaign):
    """Each method of a mind is named like a question of its questionnaire: none is forgotten when one is renamed."""
    if campaign.mind is None:
        return
    cared = {name for name in vars(campaign.mind) if not name.startswith("_")}
    assert cared - {question.name for question in questions(campaign.questionnaire())} == set()


# Respondents


def ledger(campaign, agents: int) -> tuple[list[AssignmentRow], list[AgentRow]]:
    """What would be expected of a generated directory, with ids that are new each time, in an order of their own."""
    regions = dict(line.split(",")[:3:2] for line in DEPARTMENTS.read_text().splitlines()[1:])
    units: dict[str, uuid.UUID] = {}
    rows, people = [], []
    for made in generate(filling.SEED, agents).agents:
        fresh = made.unit not in units
        unit = units.setdefault(made.unit, uuid.uuid4())
        agent = AgentRow(
            id=uuid.uuid4(),
            email=made.email,
            given_name=made.given_name,
            family_name=made.family_name,
            unit=unit,
            active=True,
        )
        people.append(agent)
        department = made.territory if made.territory.startswith("D-") else None
        region = f"R-{regions.get(made.territory[2:])}" if department else made.territory
        row = AssignmentRow(
            part=1024,
            id=uuid.uuid4(),
            survey=uuid.uuid4(),
            agent=None if campaign.answering == "unit" else agent.id,
            unit=unit,
            unit_code=made.unit,
            unit_kind=made.unit_kind,
            territory=made.territory,
            region=region if region.startswith("R-") else None,
            department=department,
            communities=list(made.communities),
            stratum=None,
            base_weight=1.0,
            state="expected",
            due_at=None,
            time_zone="Europe/Paris",
        )
        if campaign.answering == "agent" or (fresh and made.unit_kind in campaign.audience.unit_kinds):
            rows.append(row)
    random.shuffle(rows)
    people.sort(key=lambda agent: agent.email)
    return rows, people


def planned(campaign, agents: int = 9000):
    """Who answers in such a directory, and who only begins."""
    questionnaire = campaign.questionnaire()
    edition = edition_of(1, questionnaire)
    rows, people = ledger(campaign, agents)
    return plans(campaign, edition, BEGAN, rows, people, set()), edition, rows


@pytest.mark.parametrize("campaign", [LETTINGS, APPLICATIONS], ids=lambda campaign: campaign.slug)
def test_the_same_people_answer_the_same(campaign):
    """Who answers, when and what depends on the seed and the directory only: on no id, on no order."""

    def essence(some):
        return [(plan.at, plan.actor.email, plan.answers, plan.looks) for plan in some]

    first, _, _ = planned(campaign, 1000)
    again, _, _ = planned(campaign, 1000)
    assert sorted(essence(first[0]), key=str) == sorted(essence(again[0]), key=str)
    assert sorted(essence(first[1]), key=str) == sorted(essence(again[1]), key=str)


def test_places_differ():
    """Rates differ by région, some départements have nobody yet, and the coast feels more than the plain."""
    (sent, begun), edition, rows = planned(LETTINGS)
    assert 2500 < len(sent) < 3600
    assert 250 < len(begun) < 800

    def rates(dimension):
        asked = Counter(getattr(row, dimension) for row in rows)
        answered = Counter(getattr(plan.row, dimension) for plan in sent)
        return {key: answered[key] / asked[key] for key in asked if key}

    by_department, by_region = rates("department"), rates("region")
    assert 3 <= sum(rate == 0 for rate in by_department.values()) <= 12
    assert max(by_department.values()) > 0.6
    assert by_region["R-53"] > 1.5 * by_region["R-11"]
    felt: dict[bool, list[int]] = {True: [], False: []}
    for plan in sent:
        if plan.row.unit_kind in ("ddt", "ddtm"):
            verdict = edition.judge.validate(plan.answers, today=plan.at.date())
            assert verdict.accepted
            felt[plan.row.unit_kind == "ddtm"].append(verdict.answers["pression"])
    assert statistics.mean(felt[True]) > statistics.mean(felt[False]) + 2


def test_people_keep_to_what_they_said():
    """Earlier answers matter: who minds lettings more finds the present instruments less suited."""
    (sent, _), edition, _ = planned(LETTINGS, 3000)
    suited: dict[bool, list[int]] = {True: [], False: []}
    for plan in sent:
        answers = edition.judge.validate(plan.answers, today=plan.at.date()).answers
        if answers["adequation"] != "0":
            suited[answers["pression"] >= 6].append(int(answers["adequation"]))
    assert statistics.mean(suited[True]) < statistics.mean(suited[False]) - 0.4


def test_answers_come_in_on_working_days():
    """Nine in ten come in on a working day, in the hours of their place, since the survey opened."""
    opened, until = LETTINGS.opening(BEGAN), BEGAN
    moments = [moment(random.Random(n), opened, until, "Indian/Reunion") for n in range(1000)]
    assert all(opened <= at < until for at in moments)
    assert statistics.mean(work(at.astimezone(PARIS).date()) == 1 for at in moments) > 0.9
    assert len({at.date() for at in moments}) > 5


def test_campaigns_open_on_working_days():
    """On whatever day the demonstration begins, its surveys opened on a working day before it, and in order."""
    for number in range(400):
        began = dt.datetime(2026, 1, 1, 0, 30, tzinfo=dt.UTC) + dt.timedelta(days=number, hours=number % 24)
        for campaign in CAMPAIGNS:
            opening = campaign.opening(began)
            assert work(opening.astimezone(PARIS).date()) == 1
            assert opening < began or campaign.mind is None


def test_nobody_is_sure_to_answer():
    """No place answers as a whole, however zealous."""
    zealous = Respondent(key="x", unit_kind="ddtm", region="R-53", department="D-22", communities=("habitat",))
    assert 0 < likelihood(zealous, seed=filling.SEED, usual=0.9) <= 0.85


# Filling


async def counted() -> dict[tuple[str, str], int]:
    """How many expected answers of each survey are in each state."""
    async with reading() as connection:
        found = {}
        for campaign in CAMPAIGNS:
            survey = await queries.find_survey(connection, campaign.slug)
            for row in await connection.fetch(
                "SELECT state, count(*) FROM assignment WHERE part = ANY($1::bigint[]) GROUP BY 1", survey.parts
            ):
                found[campaign.slug, row["state"]] = row["count"]
    return found


@pytest.mark.anyio
async def test_filling(database, tmp_path):
    """Whoever is to answer does, each answer once; five surveys run or ran, one is a draft."""
    now = dt.datetime.now(dt.UTC)
    state = await prepare(tmp_path, agents=400, now=now, watch=unwatched)
    assert state.agents == 400
    before = await counted()
    assert {state for _, state in before} == {"expected"}
    count = await answer(tmp_path, unwatched)
    after = await counted()
    assert count == sum(number for (_, state), number in after.items() if state == "sent") > 100
    assert sum(number for (_, state), number in after.items() if state == "draft") > 3
    for slug in {slug for slug, _ in before}:
        assert before[slug, "expected"] == sum(number for (other, _), number in after.items() if other == slug)
    async with reading() as connection:
        states = {}
        for campaign in CAMPAIGNS:
            survey = await queries.find_survey(connection, campaign.slug)
            states[campaign.slug] = survey.state(now)
            assert survey.owner == "DGALN"
        queued = await connection.fetchval("SELECT count(*) FROM change")
    assert Counter(states.values()) == {"open": 4, "closed": 1, "draft": 1}
    assert states["testwerk"] == "closed"
    assert queued == count


@pytest.mark.anyio
async def test_filling_cut_off(database, tmp_path):
    """Cut off after its first batch, it goes on next time without anybody answering twice, and then rests."""
    now = dt.datetime.now(dt.UTC)
    await prepare(tmp_path, agents=400, now=now, watch=unwatched)

    class PowerCutError(Exception):
        pass

    @contextlib.contextmanager
    def cutting(label):
        def cut(done, total):
            raise PowerCutError(label, done, total)

        yield cut

    with pytest.raises(PowerCutError):
        await answer(tmp_path, cutting)
    first = await counted()
    assert first[LETTINGS.slug, "sent"] > 50
    assert (APPLICATIONS.slug, "sent") not in first
    again = await prepare(tmp_path, agents=999, now=now + dt.timedelta(days=1), watch=unwatched)
    assert (again.agents, again.began) == (400, now)
    count = await answer(tmp_path, unwatched)
    after = await counted()
    sent = sum(number for (_, state), number in after.items() if state == "sent")
    assert sent == first[LETTINGS.slug, "sent"] + count
    assert after[LETTINGS.slug, "sent"] == first[LETTINGS.slug, "sent"]
    assert after[LETTINGS.slug, "draft"] > 0
    assert await answer(tmp_path, unwatched) == 0
    (tmp_path / "demo.json").unlink()  # even what it has done may be forgotten
    await prepare(tmp_path, agents=400, now=now, watch=unwatched)
    assert await answer(tmp_path, unwatched) == 0
    assert await counted() == after


@pytest.mark.anyio
async def test_people_to_become(database, tmp_path):
    """Four people, the same each time: one may run the surveys, one read their figures, and two have not answered."""
    await prepare(tmp_path, agents=400, now=dt.datetime.now(dt.UTC), watch=unwatched)
    await answer(tmp_path, unwatched)
    people = await demo_people()
    assert people == await demo_people()
    assert [person.role for person in people] == [part.role for part in PARTS]
    actors = [await actor_by_id(person.agent) for person in people]
    scope = Scope(owner="DGALN", path=("FR",), lane="collection")
    assert [may(actor, "edit_survey", scope) for actor in actors] == [True, False, False, False]
    assert [may(actor, "read_figures", scope) for actor in actors] == [True, False, False, True]
    assert len({actor.territory for actor in actors[1:3]}) == 2
    async with reading() as connection:
        for campaign in CAMPAIGNS[:2]:
            survey = await queries.find_survey(connection, campaign.slug)
            owed = await queries.assignments_for(
                connection,
                survey.parts,
                [survey.id],
                agents=[actor.id for actor in actors],
                units=[actor.unit for actor in actors[1:3]],
            )
            assert {row.state for row in owed} == {"expected"}


# The folder and the command


def test_fresh_removes_only_its_own(tmp_path):
    """`--fresh` empties a folder that the demonstration made, and follows no link out of it."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("kept")
    folder = tmp_path / "data" / "demo"
    with claimed(folder, fresh=False):
        (folder / "postgres").mkdir()
        (folder / "postgres" / "link").symlink_to(outside)
        (folder / "link").symlink_to(outside)
        (folder / "demo.json").write_text("{}")
    with claimed(folder, fresh=True):
        assert {path.name for path in folder.iterdir()} == {MARK, "postgres.lock"}
        assert filled(folder) is None
    assert (outside / "precious").read_text() == "kept"


@pytest.mark.parametrize("fresh", [True, False])
def test_foreign_folder(tmp_path, fresh):
    """A folder that holds something else is refused, and nothing in it is touched; so is a link to another one."""
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "thesis.odt").write_text("my work")
    (tmp_path / "link").symlink_to(folder)
    for place in (folder, tmp_path / "link"):
        with pytest.raises(Problem) as refused, claimed(place, fresh=fresh):
            pass
        assert refused.value.kind.code == "demo/not-ours"
    assert [path.name for path in folder.iterdir()] == ["thesis.odt"]


@pytest.mark.parametrize("fresh", [True, False])
def test_two_at_once(tmp_path, fresh):
    """A second command on the folder is refused while the first one works, and destroys nothing."""
    folder = tmp_path / "demo"
    with claimed(folder, fresh=False):
        (folder / "demo.json").write_text("{}")
        with pytest.raises(Problem) as refused, claimed(folder, fresh=fresh):
            pass
        assert refused.value.kind.code == "demo/running-already"
        assert (folder / "demo.json").exists()
    with claimed(folder, fresh=fresh):
        assert (folder / MARK).exists()


def test_fresh_while_its_database_runs(tmp_path):
    """`--fresh` takes no database away from another command that uses it."""
    folder = tmp_path / "demo"
    with claimed(folder, fresh=False):
        (folder / "postgres").mkdir()
    handle = os.open(folder / "postgres.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(Problem) as refused, claimed(folder, fresh=True):
            pass
        assert refused.value.kind.code == "demo/running-already"
        assert (folder / "postgres").exists()
    finally:
        os.close(handle)


def test_own_database_only(tmp_path, monkeypatch, capsys):
    """`navette demo` fills no database that somebody named, and says so in one sentence."""
    monkeypatch.setenv("NAVETTE_DATABASE_URL", "postgresql://navette_app@db.example/navette")
    monkeypatch.setenv("NAVETTE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NAVETTE_LANGUAGE", "en")
    monkeypatch.setattr(sys, "argv", ["navette", "demo"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "NAVETTE_DATABASE_URL" in line
    assert list(tmp_path.iterdir()) == []
