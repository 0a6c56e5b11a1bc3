"""Checking: every flaw of a questionnaire at once, each with a code that can be worded."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.checking import MAX_DEPTH, check
from forms.flaws import ANSWER_MESSAGES, MESSAGES, Flaw
from forms.questionnaire import (
    AcknowledgeQuestion,
    CalculateQuestion,
    Choice,
    DateQuestion,
    DecimalQuestion,
    Group,
    HiddenQuestion,
    IntegerQuestion,
    Node,
    Note,
    Questionnaire,
    RangeQuestion,
    SelectMultipleQuestion,
    SelectOneQuestion,
    TextQuestion,
)

LABEL = {"fr": "Libellé"}
YES_NO = [
    Choice(name="oui", label=LABEL, extra={"region": "R-53"}),
    Choice(name="non", label=LABEL, extra={"region": "R-52"}),
]


def form(*nodes: Node, languages: list[str] | None = None, **lists: list[Choice]) -> Questionnaire:
    return Questionnaire(
        title={"fr": "Essai"},
        languages=languages or ["fr"],
        questions=list(nodes),
        choice_lists={"oui_non": YES_NO} | lists,
    )


def text(name: str, **fields: Any) -> TextQuestion:
    return TextQuestion(name=name, **({"label": LABEL} | fields))


def found(questionnaire: Questionnaire) -> list[tuple[str, str | None, str | None]]:
    """Code, node and field of each flaw, all of which must have words."""
    flaws = check(questionnaire)
    for flaw in flaws:
        assert MESSAGES[flaw.code].format(**flaw.parameters)
    return [(flaw.code, flaw.node, flaw.field) for flaw in flaws]


def severities(questionnaire: Questionnaire) -> set[str]:
    return {flaw.severity for flaw in check(questionnaire)}


def test_a_sound_questionnaire_has_no_flaw() -> None:
    """Nothing is reported where nothing is wrong, whatever the kinds and expressions in use."""
    questionnaire = form(
        IntegerQuestion(name="age", label=LABEL, min=0, max=120, default=18, constraint=". >= 0 and . < 120"),
        Group(
            name="suite",
            relevant="${age} > 17",
            questions=[
                SelectOneQuestion(name="avis", label=LABEL, choices="oui_non", default="oui", required="${age} < 99"),
                SelectMultipleQuestion(
                    name="motifs",
                    label={"fr": "Pourquoi ${avis} ?"},
                    choices="oui_non",
                    choice_filter="region = 'R-53' or name = ${avis}",
                    default=["oui"],
                ),
                Note(name="merci", label=LABEL, relevant="selected(${motifs}, 'oui')"),
            ],
        ),
        RangeQuestion(name="note", label=LABEL, min=0, max=1, step=0.25, default=0.5),
        DecimalQuestion(name="part", label=LABEL, default=1, constraint=". <= 1 and ${total} > 0"),
        DateQuestion(name="jour", label=LABEL, default="2024-02-29", constraint=". <= today()"),
        AcknowledgeQuestion(name="lu", label=LABEL, required=True),
        HiddenQuestion(name="source", default="mail"),
        CalculateQuestion(name="total", calculation="${age} + 1"),
        CalculateQuestion(name="nom", calculation="jr:choice-name(${avis}, '${avis}')"),
        CalculateQuestion(name="lieu", calculation="instance('oui_non')/root/item[name = ${avis}]/region"),
    )
    assert found(questionnaire) == []


def test_all_flaws_are_found_at_once() -> None:
    """One pass tells everything, node by node."""
    questionnaire = form(
        text("a", relevant="${perdu} = 1", constraint="concat(., 'x')"),
        SelectOneQuestion(name="b", label=LABEL, choices="absente"),
        text("A"),
    )
    assert found(questionnaire) == [
        ("name-case", "A", "name"),
        ("expression-function", "a", "constraint"),
        ("reference-unknown", "a", "relevant"),
        ("list-missing", "b", "choices"),
    ]


@pytest.mark.parametrize("nodes", [[], [Note(name="n", label=LABEL)], [Group(name="g")]])
def test_a_questionnaire_asks_something(nodes: list[Node]) -> None:
    """Notes and empty groups are not enough."""
    assert ("questions-none", None, "questions") in found(form(*nodes))


def test_groups_of_any_depth_are_judged() -> None:
    """Too deep is a flaw, not a RecursionError."""
    node: Node = text("a")
    for level in range(2_000):
        node = Group(name=f"g{level}", questions=[node])
    assert found(form(node)) == [("groups-deep", None, "questions")]


def test_the_deepest_groups() -> None:
    """Thirty-two deep may be published, one more may not; where there is no group, nothing is deep."""
    node: Node = text("a")
    for level in range(MAX_DEPTH):
        node = Group(name=f"g{level}", questions=[node])
    assert found(form(node)) == []
    assert found(form(Group(name="g", questions=[node]))) == [("groups-deep", None, "questions")]
    assert MAX_DEPTH == 32


def test_names_are_unique_in_the_form() -> None:
    """Groups count too, and capitals do not make a difference."""
    questionnaire = form(text("a"), Group(name="a", questions=[text("b")]), text("B"))
    assert found(questionnaire) == [("name-repeated", "a", "name"), ("name-case", "B", "name")]


@pytest.mark.parametrize(
    ("fields", "flaw"),
    [
        ({"relevant": "1 +"}, ("expression-incomplete", "q", "relevant")),
        ({"required": "1 +"}, ("expression-incomplete", "q", "required")),
        ({"calculation": "regex(., '(?=a)')"}, ("expression-pattern", "q", "calculation")),
        ({"relevant": "${perdu} = 1"}, ("reference-unknown", "q", "relevant")),
        ({"constraint": "${groupe} = 1"}, ("reference-group", "q", "constraint")),
        ({"calculation": "${mot} + 1"}, ("reference-note", "q", "calculation")),
        ({"label": {"fr": "Et ${perdu} ?"}}, ("reference-unknown", "q", "label")),
        ({"constraint_message": {"fr": "${groupe}"}}, ("reference-group", "q", "constraint_message")),
        ({"relevant": "${avant} = oui"}, ("column-misplaced", "q", "relevant")),
        ({"constraint": "instance('rien')/root/item[name = 'x']/label = 1"}, ("lookup-list", "q", "constraint")),
        ({"constraint": "instance('oui_non')/root/item[pays = 'x']/label = 1"}, ("column-unknown", "q", "constraint")),
        ({"constraint": "instance('oui_non')/root/item[name = 'x']/pays = 1"}, ("column-unknown", "q", "constraint")),
        ({"constraint": "jr:choice-name(., '${avant}') = 1"}, ("choice-name-question", "q", "constraint")),
        ({"constraint": "jr:choice-name(., '${perdu}') = 1"}, ("choice-name-question", "q", "constraint")),
        ({"constraint": "indexed-repeat(${avant}, ${avant}, 1) = 1"}, ("repeat-missing", "q", "constraint")),
        ({"max_length": 0}, ("max-length", "q", "max_length")),
        ({"max_length": 10_001}, ("max-length", "q", "max_length")),
        ({"default": "trop long", "max_length": 3}, ("default-length", "q", "default")),
    ],
)
def test_a_flaw_of_one_field(fields: dict[str, Any], flaw: tuple[str, str, str]) -> None:
    """Expressions and texts are read, and what they name must exist and have an answer."""
    questionnaire = form(text("avant"), Group(name="groupe"), Note(name="mot", label=LABEL), text("q", **fields))
    assert found(questionnaire) == [flaw]
    assert severities(questionnaire) == {"error"}


def test_an_expression_that_does_not_parse_is_shown() -> None:
    """The flaw has the position, from 1, and two lines with a caret."""
    (flaw,) = check(form(text("q", relevant="1 + ../a")))
    assert flaw == Flaw(
        code="expression-path",
        node="q",
        field="relevant",
        parameters={"position": 5, "place": "1 + ../a\n    ^", "path": ".."},
    )


@pytest.mark.parametrize(
    ("node", "flaw"),
    [
        (CalculateQuestion(name="q"), ("calculation-missing", "q", "calculation")),
        (SelectOneQuestion(name="q", label=LABEL, choices="vide"), ("list-empty", "q", "choices")),
        (
            SelectOneQuestion(name="q", label=LABEL, choices="oui_non", choice_filter="pays = 1"),
            ("column-unknown", "q", "choice_filter"),
        ),
        (
            SelectOneQuestion(name="q", label=LABEL, choices="oui_non", choice_filter=". = name"),
            ("dot-misplaced", "q", "choice_filter"),
        ),
        (Note(name="q", label=LABEL, relevant=". = 1"), ("dot-misplaced", "q", "relevant")),
        (IntegerQuestion(name="q", label=LABEL, min=3, max=2), ("bounds-order", "q", "min")),
        (IntegerQuestion(name="q", label=LABEL, min=-(10**400)), ("number-large", "q", "min")),
        (IntegerQuestion(name="q", label=LABEL, max=2**53), ("number-large", "q", "max")),
        (IntegerQuestion(name="q", label=LABEL, min=-(2**53)), ("number-large", "q", "min")),
        (DateQuestion(name="q", label=LABEL, default="2020-W01-1"), ("default-type", "q", "default")),
        (DecimalQuestion(name="q", label=LABEL, max=math.nan), ("number-large", "q", "max")),
        (RangeQuestion(name="q", label=LABEL, step=0), ("step", "q", "step")),
        (RangeQuestion(name="q", label=LABEL, step=-0.5), ("step", "q", "step")),
        (RangeQuestion(name="q", label=LABEL, step=math.inf), ("number-large", "q", "step")),
        (RangeQuestion(name="q", label=LABEL, min=10, max=1), ("bounds-order", "q", "min")),
        (RangeQuestion(name="q", label=LABEL, default=11), ("default-range", "q", "default")),
        (RangeQuestion(name="q", label=LABEL, min=0, max=1, step=0.1, default=0.25), ("default-range", "q", "default")),
        (RangeQuestion(name="q", label=LABEL, default=1.5), ("default-type", "q", "default")),
        (IntegerQuestion(name="q", label=LABEL, default=10**400), ("default-type", "q", "default")),
        (IntegerQuestion(name="q", label=LABEL, max=5, default=6), ("default-range", "q", "default")),
        (DateQuestion(name="q", label=LABEL, default="2023-02-29"), ("default-type", "q", "default")),
        (SelectOneQuestion(name="q", label=LABEL, choices="oui_non", default="x"), ("default-choice", "q", "default")),
        (
            SelectMultipleQuestion(name="q", label=LABEL, choices="oui_non", default=["oui", "oui"]),
            ("default-choice", "q", "default"),
        ),
    ],
)
def test_a_flaw_of_one_kind(node: Node, flaw: tuple[str, str, str]) -> None:
    """Each kind needs what it needs, and a default is judged as an answer is."""
    questionnaire = form(text("avant"), node, vide=[])
    assert found(questionnaire) == [flaw]
    assert severities(questionnaire) == {"error"}


@pytest.mark.parametrize(
    "node",
    [
        IntegerQuestion(name="q", label=LABEL, min=-(2**53) + 1, max=2**53 - 1, default=2**53 - 1),
        RangeQuestion(name="q", label=LABEL, min=-(2**53) + 1, max=2**53 - 1, step=2**53 - 1),
        IntegerQuestion(name="q", label=LABEL, min=2, max=2, default=2),
        text("q", max_length=1, default="x"),
        text("q", max_length=10_000),
        text("q", default=""),
        DateQuestion(name="q", label=LABEL, default=""),
        SelectOneQuestion(name="q", label=LABEL, choices="oui_non", default=""),
        SelectMultipleQuestion(name="q", label=LABEL, choices="oui_non", default=[]),
    ],
)
def test_what_just_fits(node: Node) -> None:
    """Bounds belong to what they bound, and an empty default is none."""
    assert found(form(node)) == []


def test_a_choice_in_several_entries() -> None:
    """A name may stand several times where further columns differ; it is counted once."""
    entries = [
        Choice(name="a", label=LABEL, extra={"x": "1"}),
        Choice(name="a", label=LABEL, extra={"x": "2"}),
        Choice(name="a", label=LABEL),
    ]
    question = SelectMultipleQuestion(name="q", label=LABEL, choices="l", choice_filter="x = '1'")
    assert found(form(question, l=entries)) == []
    twice = [*entries, Choice(name="a", label={"fr": "Autre"}, extra={"x": "2"})]
    assert found(form(question, l=twice)) == [("choice-repeated", "l", "name")]
    bare = [Choice(name="a b", extra={"x": str(number)}) for number in range(3)]
    flaws = check(form(question, l=bare))
    assert [(flaw.code, flaw.parameters.get("count")) for flaw in flaws] == [
        ("choice-blank", None),
        ("choice-label", 1),
    ]
    half = [Choice(name="a", label={"en": "A"}, extra={"x": str(number)}) for number in range(3)]
    assert [(flaw.code, flaw.parameters["count"]) for flaw in check(form(question, l=half))] == [("choice-language", 1)]


def test_references_in_labels_of_choices() -> None:
    """They are checked as in other labels."""
    entries = [
        Choice(name="a", label={"fr": "Comme ${avant} et ${ perdu }"}),
        Choice(name="b", label={"fr": "${g} ${mot}"}),
    ]
    nodes = [text("avant"), Group(name="g"), Note(name="mot", label=LABEL)]
    flaws = check(form(*nodes, SelectOneQuestion(name="q", label=LABEL, choices="l"), l=entries))
    assert flaws == [
        Flaw(code=code, node="l", field="label", parameters={"list": "l", "choice": choice, "name": name})
        for code, choice, name in (
            ("reference-unknown", "a", "perdu"),
            ("reference-group", "b", "g"),
            ("reference-note", "b", "mot"),
        )
    ]


def test_choices_of_a_list() -> None:
    """A name stands once; for a multiple choice it has no blank; labels are asked for once per list and language."""
    choices = [
        Choice(name="a b", label={"fr": "Un"}),
        Choice(name="c", label={"fr": "Deux", "en": "Two"}),
        Choice(name="c", label={"en": "Two again"}),
        Choice(name="d"),
    ]
    flaws = check(
        form(
            SelectMultipleQuestion(name="q", label={"fr": "Q", "en": "Q"}, choices="l"),
            languages=["fr", "en"],
            l=choices,
            oui_non=[],
        ),
    )
    assert [(flaw.code, flaw.severity, flaw.node) for flaw in flaws] == [
        ("choice-repeated", "error", "l"),
        ("choice-blank", "error", "l"),
        ("choice-label", "warning", "l"),
        ("choice-language", "warning", "l"),
        ("choice-language", "warning", "l"),
    ]
    assert flaws[3].parameters == {"list": "l", "language": "fr", "count": 1, "choice": "c"}


@pytest.mark.parametrize(
    ("nodes", "names"),
    [
        ([text("a", relevant="${a} = 1")], "a → a"),
        ([text("a", calculation=". + 1")], "a → a"),
        ([text("a", relevant="${b} = 1"), CalculateQuestion(name="b", calculation="${a}")], "b → a → b"),
        ([Group(name="g", relevant="${a} = 1", questions=[text("a")])], "a → g → a"),
        (
            [
                SelectOneQuestion(name="a", label=LABEL, choices="oui_non", choice_filter="name = ${b}"),
                SelectOneQuestion(name="b", label=LABEL, choices="oui_non", choice_filter="name = ${a}"),
            ],
            "b → a → b",
        ),
    ],
)
def test_circles_are_errors(nodes: list[Node], names: str) -> None:
    """Relevance, calculations and filters must have an order; the names of the circle are told."""
    cycles = [flaw for flaw in check(form(*nodes)) if flaw.code == "cycle"]
    (cycle,) = cycles
    assert cycle.severity == "error"
    told = cycle.parameters["names"].split(" → ")
    assert told[0] == told[-1]
    assert set(told) == set(names.split(" → "))


def test_a_circle_through_required_alone_is_a_warning() -> None:
    """“At least one of the two” can be judged, so it is only pointed out."""
    flaws = check(form(text("a", required="${b} = ''"), text("b", required="${a} = ''")))
    assert [(flaw.code, flaw.severity) for flaw in flaws if flaw.code != "reference-forward"] == [
        ("cycle-required", "warning"),
    ]


def test_a_constraint_may_refer_to_its_own_question() -> None:
    """That is what constraints do, by `.` or by name."""
    assert found(form(text("a", constraint=". != '' and ${a} != 'x'"))) == []


def test_several_circles_are_all_told() -> None:
    """Two circles without a common arrow are two flaws."""
    nodes = [text(name, relevant=f"${{{name}}} = 1") for name in "abc"]
    assert [code for code, _, _ in found(form(*nodes))] == ["cycle"] * 3


@pytest.mark.parametrize(
    ("node", "flaw"),
    [
        (TextQuestion(name="q"), ("label-missing", "q", "label")),
        (Note(name="q"), ("label-missing", "q", "label")),
        (text("q", hint={"en": "Hint"}), ("text-language", "q", "hint")),
        (text("q", relevant="${apres} = 1"), ("reference-forward", "q", "relevant")),
        (Group(name="q", relevant="${apres} = 1"), ("reference-forward", "q", "relevant")),
        (CalculateQuestion(name="q", calculation="1", required=True), ("calculate-judged", "q", "required")),
        (CalculateQuestion(name="q", calculation="1", constraint=". = 1"), ("calculate-judged", "q", "constraint")),
        (text("q", calculation="1", required="1 = 1"), ("calculate-judged", "q", "required")),
    ],
)
def test_warnings_do_not_hinder(node: Node, flaw: tuple[str, str, str]) -> None:
    """Missing texts and references to what comes later are pointed out."""
    questionnaire = form(node, text("apres"))
    assert found(questionnaire) == [flaw]
    assert severities(questionnaire) == {"warning"}


def test_each_declared_language_wants_each_text() -> None:
    """A label in one of two languages is one warning."""
    questionnaire = form(text("q"), languages=["fr", "en", "en"], oui_non=[])
    assert found(questionnaire) == [
        ("language-repeated", None, "languages"),
        ("text-language", "q", "label"),
        ("text-language", "q", "label"),
    ]


def test_calculations_may_stand_anywhere() -> None:
    """A calculation may read what is asked later, and be read before it stands."""
    nodes = [CalculateQuestion(name="c", calculation="${q}"), text("q", relevant="${d} = 1")]
    assert found(form(*nodes, CalculateQuestion(name="d", calculation="1"))) == []


sources = st.sampled_from(
    ["${a}", "${b} = 1", "name", ".", "1 +", "concat(1)", "jr:choice-name(., '${b}')", "today() > ${a}", "${g}"],
)
names = st.sampled_from("abg")
questions = st.one_of(
    st.builds(
        TextQuestion,
        name=names,
        relevant=st.none() | sources,
        required=st.booleans() | sources,
        calculation=st.none() | sources,
        constraint=st.none() | sources,
        default=st.none() | st.text(max_size=3),
        max_length=st.none() | st.integers(-1, 3),
    ),
    st.builds(
        RangeQuestion,
        name=names,
        min=st.floats() | st.integers(),
        max=st.floats() | st.integers(),
        step=st.floats() | st.integers(),
        default=st.none() | st.floats() | st.integers(),
    ),
    st.builds(
        SelectOneQuestion,
        name=names,
        choices=st.sampled_from(["l", "m"]),
        choice_filter=st.none() | sources,
        default=st.none() | st.text(max_size=2),
    ),
    st.builds(Note, name=names, relevant=st.none() | sources),
)
nodes = st.recursive(
    questions,
    lambda inner: st.builds(Group, name=names, relevant=st.none() | sources, questions=st.lists(inner, max_size=3)),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(nodes, max_size=3))
def test_any_questionnaire_is_judged(some: list[Node]) -> None:
    """Whatever the fields hold, checking ends with flaws that have words."""
    found(form(*some, l=[Choice(name="x")]))


def test_every_message_can_be_translated() -> None:
    """Wordings are distinct from codes and use named fields only."""
    for message in [*MESSAGES.values(), *ANSWER_MESSAGES.values()]:
        assert "{}" not in message.replace("{{}}", "")
        assert message.endswith((".", "%a."))
