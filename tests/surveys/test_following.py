"""Following a survey: everybody who was asked is counted, in every territory, for those whose role holds there."""

import datetime as dt
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.problems import Problem
from directory.actors import actor_by_email
from directory.granting import hold
from surveys.following import Branch, Listing, assignments_to_follow, follow, history_of, ordered, surveys_in_hand
from surveys.queries import Standing

pytestmark = pytest.mark.anyio


async def actor(email: str, role: str | None = None, scope: str | None = None):
    """Somebody, who is given a role first."""
    if role:
        await hold(email, role, scope, now=dt.datetime.now(dt.UTC))
    found = await actor_by_email(email)
    assert found is not None
    return found


@pytest.fixture
async def owner(directory):
    """An editor of DGALN."""
    return await actor("editor@dgaln.example", "editor", "unit:DGALN")


def figures(branch: Branch) -> tuple[int, int, int, int]:
    """Expected, not begun, started, answered."""
    return branch.expected, branch.not_begun, branch.started, branch.answered


async def test_everybody_is_in_the_tree(owner, anne, published, sent) -> None:
    """Régions, départements and services, whether anybody there has begun or not; what lies in no région too."""
    survey = await published({}, slug="essai")
    assert (await anne.post(f"{survey}/responses", json=sent())).status_code == 201
    following = await follow(owner, "essai")
    assert following.total == Standing(expected=9, started=0, answered=1)
    tree = {region.code: region for region in following.regions}
    assert {code: figures(region) for code, region in tree.items()} == {
        "R-53": (5, 4, 0, 1),
        "R-11": (1, 1, 0, 0),
        "R-03": (1, 1, 0, 0),
        None: (2, 2, 0, 0),
    }
    brittany = {branch.name: branch for branch in tree["R-53"].branches}
    assert {name: (branch.level, figures(branch)) for name, branch in brittany.items()} == {
        "DREAL Bretagne": ("unit", (1, 1, 0, 0)),
        "Finistère": ("department", (2, 1, 0, 1)),
        "Ille-et-Vilaine": ("department", (2, 2, 0, 0)),
    }
    assert [unit.code for unit in brittany["Finistère"].branches] == ["DDTM-29"]
    assert brittany["Finistère"].rate == 0.5
    assert [count for _, count in following.arrivals] == [1]


async def test_the_tree_adds_up(owner, published, editor) -> None:
    """Every level sums to the one above, and to what the participation of the API says."""
    survey = await published({}, slug="essai")
    following = await follow(owner, "essai")
    whole = (await editor.get(f"{survey}/participation", params={"by": "department"})).json()
    assert following.total.expected == whole["expected"] == sum(region.expected for region in following.regions)
    for region in following.regions:
        assert region.expected == sum(branch.expected for branch in region.branches)
        for branch in region.branches:
            assert branch.level == "unit" or branch.expected == sum(unit.expected for unit in branch.branches)


async def test_exempt_ones_and_tests_are_not_expected(owner, published, sql) -> None:
    """As everywhere: an exempted answer and a trial one count nowhere, and those that left neither."""
    await published({}, slug="essai")
    for change, email in (
        ("state = 'exempt'", "anne@ddtm-29.example"),
        ("origin = 'test'", "bran@ddtm-29.example"),
        ("disposition = 'left'", "cecile@ddtm-35.example"),
    ):
        await sql.execute(f"UPDATE assignment SET {change} FROM agent p WHERE p.id = agent AND p.email = $1", email)
    following = await follow(owner, "essai")
    assert following.total.expected == 6
    assert "Finistère" not in [branch.name for region in following.regions for branch in region.branches]


@pytest.mark.parametrize(
    ("role", "scope", "expected"),
    [
        ("reviewer", "territory:R-53", 5),
        ("analyst", "territory:D-29", 2),
        ("reviewer", "territory:FR", 9),
        ("analyst", "unit:DGALN", 9),
        ("reviewer", "territory:D-988", 0),
    ],
)
async def test_territories(directory, published, role: str, scope: str, expected: int) -> None:
    """Reviewers and analysts of a territory see what lies inside it, and nothing else of the survey."""
    await published({}, slug="essai")
    one = await actor("emma@ddt-75.example", role, scope)
    following = await follow(one, "essai")
    assert following.total.expected == expected
    listed = await assignments_to_follow(one, "essai", Listing(), cursor=None, limit=100)
    assert len(listed.items) == expected
    outside = await assignments_to_follow(one, "essai", Listing(territory="D-75"), cursor=None, limit=100)
    assert len(outside.items) == (1 if expected == 9 else 0)
    held = await surveys_in_hand(
        one, state=None, kind=None, text=None, cursor=None, limit=9, now=dt.datetime.now(dt.UTC)
    )
    assert [item.standing.expected for item in held.items] == [expected]


async def test_who_may_not(directory, published, drafted, owner) -> None:
    """Those who are asked may know of the survey and not follow it; for others it is not there, nor is a draft."""
    await published(slug="essai")
    await drafted(slug="brouillon")
    for email, reference, code in (
        ("anne@ddtm-29.example", "essai", "forbidden"),
        ("denis@ddtm-35.example", "essai", "not-found"),
        ("anne@ddtm-29.example", "brouillon", "not-found"),
    ):
        with pytest.raises(Problem) as raised:
            await follow(await actor(email), reference)
        assert raised.value.kind.code == code
    assert (await follow(owner, "brouillon")).total == Standing()


async def test_a_list_by_pages(owner, published) -> None:
    """Each expected answer once, in the order of services and names, whatever the size of a page."""
    await published({}, slug="essai")
    whole = (await assignments_to_follow(owner, "essai", Listing(), cursor=None, limit=100)).items
    keys = [(item.unit.name, item.agent.family_name, item.agent.given_name) for item in whole if item.agent]
    assert keys == sorted(keys)
    assert len({item.id for item in whole}) == 9
    for limit in (1, 2, 4):
        seen, cursor = [], None
        while True:
            page = await assignments_to_follow(owner, "essai", Listing(), cursor=cursor, limit=limit)
            seen += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == whole


async def test_a_list_of_services(owner, published) -> None:
    """Where services answer, the list has no people."""
    await published({"territories": ["R-53"]}, slug="essai", answering="unit")
    listed = await assignments_to_follow(owner, "essai", Listing(), cursor=None, limit=2)
    assert [(item.agent, item.unit.code) for item in listed.items] == [(None, "DDTM-35"), (None, "DDTM-29")]
    rest = await assignments_to_follow(owner, "essai", Listing(), cursor=listed.next_cursor, limit=2)
    assert [item.unit.code for item in rest.items] == ["DREAL-53"]
    assert rest.next_cursor is None


async def test_history(owner, anne, published, sent, assignment_of) -> None:
    """What happened, by whom; an expected answer of another survey, or outside one's territories, is not there."""
    survey = await published({}, slug="essai")
    await anne.post(f"{survey}/responses", json=sent())
    mine = uuid.UUID(await assignment_of(survey, "anne@ddtm-29.example"))
    history = await history_of(owner, "essai", mine)
    assert history.assignment.state == "sent"
    assert history.assignment.response is not None
    assert history.assignment.revision == 1
    assert [(event.state, event.actor) for event in history.events] == [("sent", "Anne Le Goff")]
    other = await published(slug="autre")
    foreign = uuid.UUID(await assignment_of(other, "anne@ddtm-29.example"))
    parisian = await actor("emma@ddt-75.example", "reviewer", "territory:D-75")
    for somebody, wanted in ((owner, foreign), (owner, uuid.UUID(int=7)), (parisian, mine)):
        with pytest.raises(Problem) as raised:
            await history_of(somebody, "essai", wanted)
        assert raised.value.kind.code == "not-found"


async def test_anonymous_surveys_show_their_sum_only(owner, published, sql, assignment_of) -> None:
    """Nobody sees the state of one person or of a small group, the owner included."""
    survey = await published({}, slug="essai")
    mine = uuid.UUID(await assignment_of(survey, "anne@ddtm-29.example"))
    await sql.execute("UPDATE survey SET anonymity = 'anonymous'")
    following = await follow(owner, "essai")
    assert (following.total.expected, following.regions, following.arrivals) == (9, (), ())
    for asking in (
        assignments_to_follow(owner, "essai", Listing(), cursor=None, limit=9),
        history_of(owner, "essai", mine),
    ):
        with pytest.raises(Problem) as raised:
            await asking
        assert raised.value.kind.code == "forbidden"


counts = st.integers(0, 20)
branches = st.builds(
    lambda code, name, expected, answered, started: Branch(
        level="region",
        code=code,
        name=name,
        expected=expected + answered + started,
        started=started,
        answered=answered,
    ),
    code=st.one_of(st.none(), st.sampled_from(["R-11", "R-53", "R-94"])),
    name=st.sampled_from(["Bretagne", "Île-de-France", "Corse", ""]),
    expected=counts,
    answered=counts,
    started=counts,
)


@given(st.lists(branches, max_size=8), st.sampled_from(["name", "expected", "not_begun", "rate"]), st.booleans())
def test_orders(some: list[Branch], order: str, descending: bool) -> None:
    """An order loses nothing, keeps what lies in no région last, and sorts by what it says."""
    placed = ordered(some, order, descending=descending)  # type: ignore[arg-type] # one of its literals
    assert sorted(map(repr, placed)) == sorted(map(repr, some))
    known = [one for one in placed if one.code is not None]
    assert placed[: len(known)] == known
    if order != "name":
        values = [-1 if getattr(one, order) is None else getattr(one, order) for one in known]
        assert values == sorted(values, reverse=descending)


def test_names_sort_without_accents() -> None:
    """Île-de-France stands under I."""
    names = ["Occitanie", "Île-de-France", "Hauts-de-France"]
    some = [Branch(level="region", code=name, name=name) for name in names]
    assert [one.name for one in ordered(some, "name", descending=False)] == [names[2], names[1], names[0]]
