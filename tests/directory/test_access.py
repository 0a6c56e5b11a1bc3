"""What each role may do with its own and with others' surveys: DESIGN §7 as a table."""

from typing import get_args
from uuid import UUID

import pytest

from directory.access import Act, Scope, may, reach
from directory.actors import Actor, Held

ACTS = get_args(Act)

NAMED = Scope(owner="DGALN", path=("FR",), communities=frozenset({"eau"}))
COLLECTION = Scope(owner="DGALN", path=("FR",), communities=frozenset({"eau"}), lane="collection")
ANONYMOUS = Scope(owner="DGALN", path=("FR",), communities=frozenset({"eau"}), anonymous=True)
NAMED_29 = Scope(owner="DGALN", path=("FR", "R-53", "D-29"))
COLLECTION_29 = Scope(owner="DGALN", path=("FR", "R-53", "D-29"), lane="collection")
ANONYMOUS_29 = Scope(owner="DGALN", path=("FR", "R-53", "D-29"), anonymous=True)

OWNERS = {"create_survey", "edit_survey", "follow_survey", "submit_for_territory", "see_survey"}
EXACT = {"read_figures", "read_responses"}


def agent(*grants, animates=()):
    """An agent of the DDTM of the Finistère who holds these grants."""
    return Actor(
        id=UUID(int=1),
        email="chloe@ddtm-29.example",
        given_name="Chloé",
        family_name="Hamon",
        unit=UUID(int=2),
        unit_code="DDTM-29",
        unit_kind="ddtm",
        territory=("FR", "R-53", "D-29"),
        communities=("eau",),
        animates=tuple(animates),
        grants=tuple(Held(role=role, scope=scope) for role, scope in grants),
    )


ADMINISTRATOR = agent(("administrator", ""))
EDITOR = agent(("editor", "unit:DGALN"))
FOREIGN_EDITOR = agent(("editor", "unit:DGITM"))
ANALYST = agent(("analyst", "unit:DGALN"))
FOREIGN_ANALYST = agent(("analyst", "unit:DGITM"))
NATIONAL_ANALYST = agent(("analyst", "territory:FR"))
LOCAL_ANALYST = agent(("analyst", "territory:R-53"))
OTHER_ANALYST = agent(("analyst", "territory:R-93"))
REVIEWER = agent(("reviewer", "territory:R-53"))
OTHER_REVIEWER = agent(("reviewer", "territory:R-93"))
ANIMATOR = agent(("animator", "community:eau"), animates=["eau"])
OTHER_ANIMATOR = agent(("animator", "community:habitat"), animates=["habitat"])
RESPONDENT = agent(("respondent", ""))
NOBODY = agent()


@pytest.mark.parametrize(
    ("actor", "scope", "allowed"),
    [
        (ADMINISTRATOR, NAMED, OWNERS | EXACT),
        (ADMINISTRATOR, COLLECTION_29, OWNERS | EXACT),
        (ADMINISTRATOR, ANONYMOUS, OWNERS),
        (EDITOR, NAMED, OWNERS | EXACT),
        (EDITOR, COLLECTION, OWNERS | EXACT),
        (EDITOR, NAMED_29, OWNERS | EXACT),
        (EDITOR, ANONYMOUS, OWNERS),
        (FOREIGN_EDITOR, NAMED, set()),
        (FOREIGN_EDITOR, COLLECTION, set()),
        (FOREIGN_EDITOR, NAMED_29, set()),
        (ANALYST, NAMED, {"follow_survey", "see_survey"}),
        (ANALYST, COLLECTION, {"follow_survey", "see_survey", "read_figures"}),
        (ANALYST, NAMED_29, {"follow_survey", "see_survey"}),
        (ANALYST, ANONYMOUS, {"follow_survey", "see_survey"}),
        (FOREIGN_ANALYST, NAMED, set()),
        (FOREIGN_ANALYST, COLLECTION, set()),
        (NATIONAL_ANALYST, NAMED, {"follow_survey", "see_survey", "read_responses"}),
        (NATIONAL_ANALYST, COLLECTION, {"follow_survey", "see_survey", "read_figures", "read_responses"}),
        (NATIONAL_ANALYST, ANONYMOUS, {"follow_survey", "see_survey"}),
        (LOCAL_ANALYST, NAMED, {"see_survey"}),
        (LOCAL_ANALYST, COLLECTION, {"see_survey", "read_figures"}),
        (LOCAL_ANALYST, NAMED_29, {"follow_survey", "see_survey", "read_responses"}),
        (LOCAL_ANALYST, COLLECTION_29, {"follow_survey", "see_survey", "read_figures", "read_responses"}),
        (LOCAL_ANALYST, ANONYMOUS_29, {"follow_survey", "see_survey"}),
        (OTHER_ANALYST, NAMED_29, set()),
        (OTHER_ANALYST, COLLECTION_29, {"read_figures"}),
        (REVIEWER, NAMED, {"see_survey"}),
        (REVIEWER, COLLECTION, {"see_survey"}),
        (REVIEWER, NAMED_29, {"follow_survey", "see_survey", "read_responses"}),
        (REVIEWER, COLLECTION_29, {"follow_survey", "see_survey", "read_responses"}),
        (REVIEWER, ANONYMOUS_29, {"follow_survey", "see_survey"}),
        (OTHER_REVIEWER, COLLECTION_29, set()),
        (ANIMATOR, NAMED, {"see_survey"}),
        (ANIMATOR, ANONYMOUS, {"see_survey"}),
        (ANIMATOR, NAMED_29, set()),
        (OTHER_ANIMATOR, NAMED, set()),
        (RESPONDENT, NAMED, set()),
        (NOBODY, COLLECTION, set()),
    ],
)
def test_who_may_what(actor, scope, allowed):
    """Exactly these acts are allowed, and no other."""
    assert {act for act in ACTS if may(actor, act, scope)} == allowed


def test_grants_add_up():
    """Somebody with two grants may what either allows."""
    both = agent(("reviewer", "territory:R-53"), ("editor", "unit:DGALN"))
    assert {act for act in ACTS if may(both, act, COLLECTION)} == OWNERS | EXACT


@pytest.mark.parametrize(
    ("actor", "act", "territories"),
    [
        (EDITOR, "read_responses", ("FR",)),
        (LOCAL_ANALYST, "read_responses", ("R-53",)),
        (REVIEWER, "follow_survey", ("R-53",)),
        (REVIEWER, "edit_survey", ()),
        (FOREIGN_EDITOR, "read_responses", ()),
        (agent(("reviewer", "territory:R-53"), ("analyst", "territory:D-13")), "read_responses", ("D-13", "R-53")),
    ],
)
def test_how_far_a_right_reaches(actor, act, territories):
    """A list is cut to the territories in which each of its rows would be allowed."""
    assert reach(actor, act, NAMED) == territories


def test_no_right_reaches_into_anonymous_rows():
    assert reach(ADMINISTRATOR, "read_responses", ANONYMOUS) == ()
    assert reach(REVIEWER, "read_responses", ANONYMOUS) == ()
