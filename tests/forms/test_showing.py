"""Showing: how a questionnaire stands while it is answered agrees with the judge; answers find their way into texts."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.questionnaire import (
    CalculateQuestion,
    Choice,
    Group,
    HiddenQuestion,
    IntegerQuestion,
    Note,
    Questionnaire,
    SelectMultipleQuestion,
    SelectOneQuestion,
    TextQuestion,
    walk,
)
from forms.showing import piped, reads
from forms.validating import compile_judge

TODAY = date(2026, 3, 1)
FORM = Questionnaire(
    title={"fr": "Essai"},
    languages=["fr"],
    questions=[
        SelectOneQuestion(name="dep", choices="deps", required=True),
        SelectOneQuestion(name="commune", choices="communes", choice_filter="dep = ${dep}", required="${dep} = '29'"),
        Group(
            name="detail",
            relevant="${commune} = 'brest'",
            questions=[
                Note(name="mot", label={"fr": "Pour ${commune}"}),
                IntegerQuestion(name="age", constraint=". > 17", label={"fr": "Âge"}),
                TextQuestion(name="avis", relevant="${age} > 60"),
            ],
        ),
        SelectMultipleQuestion(name="themes", choices="deps"),
        CalculateQuestion(name="double", calculation="${age} * 2"),
        HiddenQuestion(name="canal", default="page"),
    ],
    choice_lists={
        "deps": [Choice(name="29", label={"fr": "Finistère"}), Choice(name="35")],
        "communes": [
            Choice(name="brest", extra={"dep": "29"}),
            Choice(name="rennes", extra={"dep": "35"}),
            Choice(name="partout", extra={"dep": "29"}),
            Choice(name="partout", extra={"dep": "35"}),
        ],
    },
)
JUDGE = compile_judge(FORM)


def test_nothing_answered() -> None:
    """What depends on an answer is not visible; what is required is said; a filter that fits nothing offers nothing."""
    shown = JUDGE.show({}, today=TODAY)
    assert shown.visible == {"dep", "commune", "themes", "double", "canal"}
    assert shown.required == {"dep"}
    assert [choice.name for choice in shown.offered["dep"]] == ["29", "35"]
    assert shown.offered["commune"] == []
    assert [(flaw.path, flaw.code) for flaw in shown.flaws] == [("/answers/dep", "required")]


def test_answers_change_what_is_shown() -> None:
    """Choices, whether required, groups and calculations follow; a name that stands twice is offered once."""
    shown = JUDGE.show({"dep": "29", "commune": "brest", "age": 61}, today=TODAY)
    assert {"detail", "mot", "age", "avis"} <= shown.visible
    assert shown.required == {"dep", "commune"}
    assert [choice.name for choice in shown.offered["commune"]] == ["brest", "partout"]
    assert shown.answers["double"] == 122
    assert shown.flaws == []


def test_hidden_questions_are_ready_to_appear() -> None:
    """Their choices, and whether they will be required, are known before they are visible."""
    node = SelectOneQuestion(name="q", choices="deps", relevant="1 = 2", required=True)
    form = Questionnaire(title={"fr": "x"}, languages=["fr"], questions=[node], choice_lists=FORM.choice_lists)
    shown = compile_judge(form).show({}, today=TODAY)
    assert not shown.visible
    assert [choice.name for choice in shown.offered["q"]] == ["29", "35"]
    assert shown.required == {"q"}


def test_what_does_not_fit_is_a_flaw_and_shows_no_more() -> None:
    """An integer typed in letters keeps its question visible and those below it hidden."""
    shown = JUDGE.show({"dep": "29", "commune": "brest", "age": "douze"}, today=TODAY)
    assert "age" in shown.visible
    assert "avis" not in shown.visible
    assert [(flaw.path, flaw.reason) for flaw in shown.flaws] == [("/answers/age", "integer")]


def test_names_that_are_not_asked_are_ignored() -> None:
    assert JUDGE.show({"autre": 1}, today=TODAY) == JUDGE.show({}, today=TODAY)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(["", "29", "35", "brest", "rennes", "partout"]),
    st.text(max_size=5),
    st.lists(st.sampled_from(["29", "35", "x"]), max_size=3),
)


@given(st.dictionaries(st.sampled_from(["dep", "commune", "age", "avis", "themes", "double", "canal"]), VALUES))
def test_it_agrees_with_the_judge(answers: dict[str, Any]) -> None:
    """Showing and validating see the same answers asked, and the same flaws."""
    shown = JUDGE.show(answers, today=TODAY)
    verdict = JUDGE.validate(answers, today=TODAY)
    assert repr(shown.answers) == repr(verdict.answers)
    assert shown.flaws == verdict.flaws
    assert shown.answers.keys() <= shown.visible


def test_answers_in_texts() -> None:
    """Each reference is replaced by what is said for its name; nothing else is touched."""
    assert piped("Vous, ${ nom } : $nom {x} ${nom}", str.upper) == "Vous, NOM : $nom {x} NOM"


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("dep", set()),
        ("commune", {"dep"}),
        ("detail", set()),
        ("mot", {"commune"}),
        ("age", set()),
        ("avis", set()),
        ("double", {"age"}),
    ],
)
def test_what_a_node_reads(name: str, read: set[str]) -> None:
    """Texts, filter, calculation and requirement count; relevance and constraint do not change how it looks."""
    nodes = {node.name: node for node, _ in walk(FORM.questions)}
    assert reads(nodes[name], FORM) == read
