"""Validating: the one judge of answers, whatever is sent."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.checking import check
from forms.flaws import ANSWER_MESSAGES, AnswerFlaw
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
    decode,
)
from forms.validating import Verdict, compile_judge

TODAY = date(2024, 3, 1)
LABEL = {"fr": "Libellé"}
COMMUNES = [
    Choice(name="brest", label=LABEL, extra={"departement": "D-29"}),
    Choice(name="quimper", label=LABEL, extra={"departement": "D-29"}),
    Choice(name="rennes", label=LABEL, extra={"departement": "D-35"}),
]


def form(*nodes: Node) -> Questionnaire:
    questionnaire = Questionnaire(
        title={"fr": "Essai"},
        languages=["fr"],
        questions=list(nodes),
        choice_lists={
            "communes": COMMUNES,
            "departements": [Choice(name="D-29", label=LABEL), Choice(name="D-35", label=LABEL)],
        },
    )
    assert [flaw for flaw in check(questionnaire) if flaw.severity == "error"] == []
    return questionnaire


def judged(answers: object, *nodes: Node) -> Verdict:
    verdict = compile_judge(form(*nodes)).validate(answers, today=TODAY)
    for flaw in verdict.flaws:
        assert ANSWER_MESSAGES[flaw.reason].format(**flaw.parameters)
    return verdict


def faults(verdict: Verdict) -> list[tuple[str, str, str]]:
    return [(flaw.path, flaw.code, flaw.reason) for flaw in verdict.flaws]


@pytest.mark.parametrize(
    ("node", "sent", "stored"),
    [
        (TextQuestion(name="q"), " été ", " été "),
        (TextQuestion(name="q"), "x" * 10_000, "x" * 10_000),
        (HiddenQuestion(name="q"), "mail", "mail"),
        (IntegerQuestion(name="q"), 3, 3),
        (IntegerQuestion(name="q"), 3.0, 3),
        (IntegerQuestion(name="q"), -(2**53) + 1, -(2**53) + 1),
        (DecimalQuestion(name="q"), 3, 3),
        (DecimalQuestion(name="q"), 0.1, 0.1),
        (DecimalQuestion(name="q"), 10**20, 1e20),
        (RangeQuestion(name="q"), 10.0, 10),
        (RangeQuestion(name="q", min=0, max=1, step=0.1), 0.7, 0.7),
        (RangeQuestion(name="q", min=-1.5, max=1, step=0.5), 0, 0),
        (RangeQuestion(name="q", min=0, max=2_000_000, step=0.1), 1_000_000.1, 1_000_000.1),
        (RangeQuestion(name="q", min=0, max=1e6, step=0.1), 999_999.9 + 3e-10, 999_999.9 + 3e-10),
        (RangeQuestion(name="q", min=-1e6, max=1, step=0.1), 0.1 + 3e-10, 0.1 + 3e-10),
        (DateQuestion(name="q"), "2024-02-29", "2024-02-29"),
        (SelectOneQuestion(name="q", choices="communes"), "brest", "brest"),
        (SelectMultipleQuestion(name="q", choices="communes"), ["rennes", "brest"], ["brest", "rennes"]),
        (AcknowledgeQuestion(name="q"), "OK", "OK"),
    ],
)
def test_answers_are_stored_in_one_form(node: Node, sent: object, stored: object) -> None:
    """Whole numbers as integers, choices in the order of their list, the rest as sent."""
    verdict = judged({"q": sent}, node)
    assert verdict == Verdict(answers={"q": stored}, flaws=[])
    assert type(verdict.answers["q"]) is type(stored)


@pytest.mark.parametrize(
    ("node", "sent", "code", "reason"),
    [
        (TextQuestion(name="q"), 3, "type", "text"),
        (TextQuestion(name="q"), "a\x00b", "type", "characters"),
        (TextQuestion(name="q"), "\ud800", "type", "characters"),
        (TextQuestion(name="q"), "x" * 10_001, "length", "length"),
        (TextQuestion(name="q", max_length=2), "abc", "length", "length"),
        (HiddenQuestion(name="q"), ["a"], "type", "text"),
        (IntegerQuestion(name="q"), True, "type", "integer"),
        (IntegerQuestion(name="q"), "3", "type", "integer"),
        (IntegerQuestion(name="q"), 3.5, "type", "integer"),
        (IntegerQuestion(name="q"), float("inf"), "type", "integer"),
        (IntegerQuestion(name="q"), 2**53, "type", "too-large"),
        (IntegerQuestion(name="q", min=0), -1, "range", "minimum"),
        (IntegerQuestion(name="q", max=5), 6, "range", "maximum"),
        (DecimalQuestion(name="q"), False, "type", "number"),
        (DecimalQuestion(name="q"), float("nan"), "type", "number"),
        (DecimalQuestion(name="q"), 10**400, "type", "too-large"),
        (DecimalQuestion(name="q", max=0.5), 0.51, "range", "maximum"),
        (RangeQuestion(name="q"), 0, "range", "minimum"),
        (RangeQuestion(name="q"), 11, "range", "maximum"),
        (RangeQuestion(name="q"), 1.5, "type", "integer"),
        (RangeQuestion(name="q", min=1, max=9, step=2), 4, "range", "step"),
        (RangeQuestion(name="q", min=0, max=1, step=0.1), 0.75, "range", "step"),
        (DateQuestion(name="q"), "2023-02-29", "type", "date"),
        (DateQuestion(name="q"), "20240101", "type", "date"),
        (DateQuestion(name="q"), "2020-W01-1", "type", "date"),
        (TextQuestion(name="q"), [], "type", "text"),
        (RangeQuestion(name="q", min=0, max=2_000_000, step=0.1), 1_000_000.1 + 1e-9, "range", "step"),
        (RangeQuestion(name="q", min=-1e6, max=1, step=0.1), 0.1 + 1e-9, "range", "step"),
        (DateQuestion(name="q"), "2024-01-01T00:00", "type", "date"),
        (DateQuestion(name="q"), 20240101, "type", "date"),
        (SelectOneQuestion(name="q", choices="communes"), "nantes", "choice", "choice"),
        (SelectOneQuestion(name="q", choices="communes"), ["brest"], "type", "choice-name"),
        (SelectMultipleQuestion(name="q", choices="communes"), "brest", "type", "choice-names"),
        (SelectMultipleQuestion(name="q", choices="communes"), ["brest", {}], "type", "choice-name"),
        (SelectMultipleQuestion(name="q", choices="communes"), ["nantes"], "choice", "choice"),
        (SelectMultipleQuestion(name="q", choices="communes"), ["brest", "brest"], "choice", "choice-repeated"),
        (AcknowledgeQuestion(name="q"), True, "type", "acknowledge"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(node: Node, sent: object, code: str, reason: str) -> None:
    """Types are strict: a boolean is no number, a number no text; bounds, steps, lists and lengths hold."""
    assert faults(judged({"q": sent}, node)) == [("/answers/q", code, reason)]


@pytest.mark.parametrize("nothing", [{}, {"q": None}, {"q": ""}])
def test_nothing_is_no_answer(nothing: dict[str, Any]) -> None:
    """Absent, null and "" are the same: stored as null, refused where an answer is required."""
    message = {"fr": "Il la faut."}
    for node in (IntegerQuestion, TextQuestion, AcknowledgeQuestion, DateQuestion):
        assert judged(nothing, node(name="q")) == Verdict(answers={"q": None}, flaws=[])
        required = node(name="q", required=True, required_message=message)
        assert judged(nothing, required).flaws == [
            AnswerFlaw(path="/answers/q", code="required", reason="required", message=message),
        ]


def test_no_choice_is_no_answer() -> None:
    """An empty list is that of a multiple choice alone."""
    for sent in ([], "", None):
        assert judged({"q": sent}, SelectMultipleQuestion(name="q", choices="communes")).answers == {"q": None}
        required = SelectMultipleQuestion(name="q", choices="communes", required=True)
        assert faults(judged({"q": sent}, required)) == [("/answers/q", "required", "required")]


def test_blanks_are_no_answer_to_what_is_required() -> None:
    """They may be stored where nothing is required."""
    assert faults(judged({"q": " \n\u00a0"}, TextQuestion(name="q", required=True))) == [
        ("/answers/q", "required", "required"),
    ]
    assert judged({"q": "  "}, TextQuestion(name="q")) == Verdict(answers={"q": "  "}, flaws=[])


@pytest.mark.parametrize("answers", [None, [], "x", 3, True])
def test_answers_are_an_object(answers: object) -> None:
    """Anything else is one flaw."""
    assert faults(judged(answers, TextQuestion(name="q"))) == [("/answers", "type", "object")]


def test_unknown_names_are_refused() -> None:
    """So are notes and groups; the path escapes what JSON Pointer escapes."""
    nodes = [Note(name="mot"), Group(name="groupe", questions=[TextQuestion(name="q")])]
    verdict = judged({"mot": "x", "q": "x", "groupe": {}, "a/b~c": None}, *nodes)
    assert faults(verdict) == [
        ("/answers/mot", "unknown", "unknown"),
        ("/answers/groupe", "unknown", "unknown"),
        ("/answers/a~1b~0c", "unknown", "unknown"),
    ]


def test_all_flaws_come_in_the_order_of_the_questionnaire() -> None:
    """One judgement tells everything, unknown names last."""
    nodes = [
        TextQuestion(name="c", required=True),
        IntegerQuestion(name="b"),
        TextQuestion(name="a", constraint="1 = 2"),
    ]
    verdict = judged({"x": 1, "a": "a", "b": "b"}, *nodes)
    assert [path for path, _, _ in faults(verdict)] == ["/answers/c", "/answers/b", "/answers/a", "/answers/x"]


def test_what_is_hidden_is_dropped_and_empty() -> None:
    """By its own relevance or a group's; whatever was sent, it is neither stored nor judged nor seen by others."""
    nodes = [
        IntegerQuestion(name="age"),
        Group(
            name="majeur",
            relevant="${age} >= 18",
            questions=[
                Group(
                    name="dedans",
                    questions=[SelectOneQuestion(name="permis", choices="communes", required=True, constraint="1 = 2")],
                ),
                TextQuestion(name="detail", relevant="${permis} = 'brest'", required=True),
            ],
        ),
        CalculateQuestion(name="vu", calculation="${permis} != ''"),
        TextQuestion(name="sans", required="${permis} = ''"),
    ]
    verdict = judged({"age": 12, "permis": ["faux"], "detail": "x", "sans": "x"}, *nodes)
    assert verdict == Verdict(answers={"age": 12, "vu": False, "sans": "x"}, flaws=[])
    verdict = judged({"age": 20, "permis": "brest", "detail": "x"}, *nodes)
    assert faults(verdict) == [("/answers/permis", "constraint", "constraint")]
    assert list(verdict.answers) == ["age", "permis", "detail", "vu", "sans"]


def test_relevance_follows_dependencies_not_order() -> None:
    """A question may depend on one that is asked later, and hiding spreads."""
    nodes = [
        TextQuestion(name="a", relevant="${b} = 'x'"),
        TextQuestion(name="b", relevant="${c} = 'x'"),
        TextQuestion(name="c"),
    ]
    assert judged({"a": "x", "b": "x", "c": "y"}, *nodes).answers == {"c": "y"}
    assert judged({"a": "x", "b": "x", "c": "x"}, *nodes).answers == {"a": "x", "b": "x", "c": "x"}


@pytest.mark.parametrize(
    ("calculation", "stored"),
    [
        ("2 + 2", 4),
        ("1 div 4", 0.25),
        ("0 div 0", None),
        ("1 div 0", None),
        ("''", None),
        ("'x'", "x"),
        ("1 = 1", True),
        ("1 = 2", False),
        ("today()", "2024-03-01"),
        ("9007199254740993 * 4", 3.602879701896397e16),
    ],
)
def test_calculations_are_recomputed(calculation: str, stored: object) -> None:
    """What is sent is ignored; the value is typed, whole numbers are integers, what is no value is null."""
    verdict = judged({"q": {"forged": 1}}, CalculateQuestion(name="q", calculation=calculation), TextQuestion(name="t"))
    assert verdict == Verdict(answers={"q": stored, "t": None}, flaws=[])
    assert type(verdict.answers["q"]) is type(stored)


@pytest.mark.parametrize(
    ("node", "calculation", "stored"),
    [
        (IntegerQuestion, "7 div 2", 3),
        (IntegerQuestion, "-7 div 2", -3),
        (IntegerQuestion, "8 div 2", 4),
        (IntegerQuestion, "'12'", 12),
        (IntegerQuestion, "'douze'", None),
        (IntegerQuestion, "1 div 0", None),
        (IntegerQuestion, "1 = 1", 1),
        (IntegerQuestion, "1 = 2", 0),
        (DecimalQuestion, "7 div 2", 3.5),
        (DecimalQuestion, "1 div 0", None),
        (DecimalQuestion, "1 = 1", 1.0),
        (RangeQuestion, "11", None),
        (RangeQuestion, "5 div 2", 2),
        (RangeQuestion, "1 = 1", 1),
        (TextQuestion, "7 div 2", "3.5"),
        (DateQuestion, "today() - 1", "2024-02-29"),
        (DateQuestion, "'demain'", None),
        (AcknowledgeQuestion, "'OK'", "OK"),
    ],
)
def test_other_kinds_may_be_computed(node: Any, calculation: str, stored: object) -> None:
    """The result is stored as an answer of that kind, cut to a whole number if it must be; null where it is none."""
    assert judged({"q": "forged"}, node(name="q", calculation=calculation)).answers == {"q": stored}


def test_a_range_with_a_fine_step_is_not_cut() -> None:
    """Only where start, end and step are whole are answers."""
    node = RangeQuestion(name="q", min=0, max=5, step=0.5, calculation="5 div 2")
    assert judged({}, node).answers == {"q": 2.5}


@pytest.mark.parametrize("calculation", ["11", "'douze'", "1 div 0", "''"])
def test_what_is_computed_is_not_required(calculation: str) -> None:
    """A value that does not fit is no answer, and no fault, since nobody could correct it."""
    node = RangeQuestion(name="q", calculation=calculation, required=True)
    assert judged({"q": 3}, node) == Verdict(answers={"q": None}, flaws=[])


def test_what_is_computed_keeps_its_constraint() -> None:
    """The answers that it was computed from can be corrected."""
    nodes = [IntegerQuestion(name="a"), IntegerQuestion(name="q", calculation="${a} * 2", constraint=". < 10")]
    assert faults(judged({"a": 5}, *nodes)) == [("/answers/q", "constraint", "constraint")]


def test_a_default_stands_in_where_nobody_answers() -> None:
    """For hidden questions if none is sent, for read-only ones always; others were shown theirs, and emptied it."""
    nodes = [
        HiddenQuestion(name="source", default="mail"),
        IntegerQuestion(name="fixe", default=3, read_only=True, required=True),
        SelectMultipleQuestion(name="des", choices="communes", default=["rennes", "brest"], read_only=True),
        TextQuestion(name="note", read_only=True, required=True),
        IntegerQuestion(name="somme", calculation="${fixe} + 1", read_only=True),
        IntegerQuestion(name="libre", default=3),
        AcknowledgeQuestion(name="lu", read_only=True),
    ]
    fixed = {"fixe": 3, "des": ["brest", "rennes"], "note": None, "somme": 4, "libre": None, "lu": None}
    assert judged({}, *nodes) == Verdict(answers={"source": "mail", **fixed}, flaws=[])
    sent = {"source": "lien", "fixe": "forgé", "des": [], "note": "forgé", "somme": 9, "lu": "OK"}
    assert judged(sent, *nodes) == Verdict(answers={"source": "lien", **fixed}, flaws=[])


def test_a_hidden_default_is_not_asked_where_it_is_not_relevant() -> None:
    """A default is an answer like others: dropped where it is not relevant, seen by others where it is."""
    nodes = [
        TextQuestion(name="a"),
        HiddenQuestion(name="source", default="mail", relevant="${a} = 'x'"),
        CalculateQuestion(name="vu", calculation="${source}"),
    ]
    assert judged({}, *nodes).answers == {"a": None, "vu": None}
    assert judged({"a": "x"}, *nodes).answers == {"a": "x", "source": "mail", "vu": "mail"}


def test_computed_choices() -> None:
    """A text of names separated by blanks is a multiple choice."""
    nodes = [
        SelectMultipleQuestion(name="m", choices="communes", calculation="'rennes brest'"),
        SelectOneQuestion(name="s", choices="communes", calculation="'nantes'"),
    ]
    assert judged({}, *nodes).answers == {"m": ["brest", "rennes"], "s": None}


def test_calculations_depend_on_each_other() -> None:
    """In whatever order they stand."""
    nodes = [
        CalculateQuestion(name="b", calculation="${a} * 2"),
        CalculateQuestion(name="a", calculation="${n} + 1"),
        IntegerQuestion(name="n"),
    ]
    assert judged({"n": 4}, *nodes).answers == {"b": 10, "a": 5, "n": 4}


def test_choices_are_filtered() -> None:
    """A choice is refused when the other answers take it away."""
    nodes = [
        SelectOneQuestion(name="dep", choices="departements"),
        SelectOneQuestion(name="une", choices="communes", choice_filter="departement = ${dep}"),
        SelectMultipleQuestion(name="des", choices="communes", choice_filter="departement = ${dep}"),
    ]
    fit = {"dep": "D-29", "une": "brest", "des": ["brest", "quimper"]}
    assert judged(fit, *nodes) == Verdict(answers=fit, flaws=[])
    verdict = judged({"dep": "D-35", "une": "brest", "des": ["rennes", "quimper"]}, *nodes)
    assert faults(verdict) == [
        ("/answers/une", "choice", "choice-filtered"),
        ("/answers/des", "choice", "choice-filtered"),
    ]
    assert verdict.flaws[1].parameters == {"choice": "quimper"}


def test_a_repeated_choice_is_offered_by_any_of_its_entries() -> None:
    """Another place of the same name in another département is enough."""
    questionnaire = Questionnaire(
        title={"fr": "Essai"},
        languages=["fr"],
        questions=[
            TextQuestion(name="dep"),
            SelectMultipleQuestion(name="lieux", choices="lieux", choice_filter="departement = ${dep}"),
        ],
        choice_lists={
            "lieux": [
                Choice(name="saint-jean", label=LABEL, extra={"departement": "D-29"}),
                Choice(name="brest", label=LABEL, extra={"departement": "D-29"}),
                Choice(name="saint-jean", label=LABEL, extra={"departement": "D-35"}),
            ],
        },
    )
    assert [flaw for flaw in check(questionnaire) if flaw.severity == "error"] == []
    judge = compile_judge(questionnaire)
    for departement in ("D-29", "D-35"):
        assert judge.validate({"dep": departement, "lieux": ["saint-jean"]}, today=TODAY).accepted
    verdict = judge.validate({"dep": "D-22", "lieux": ["saint-jean"]}, today=TODAY)
    assert faults(verdict) == [("/answers/lieux", "choice", "choice-filtered")]
    verdict = judge.validate({"dep": "D-29", "lieux": ["brest", "saint-jean"]}, today=TODAY)
    assert verdict.answers["lieux"] == ["saint-jean", "brest"]


@pytest.mark.parametrize(
    "nodes",
    [
        [TextQuestion(name="q", required="${n} = ''")],
        [TextQuestion(name="q", constraint="${n} != ''")],
        [SelectOneQuestion(name="q", choices="communes", choice_filter="name = ${n}")],
        [CalculateQuestion(name="c", calculation="${n} * 2"), TextQuestion(name="q", constraint="${c} > 1")],
        [
            CalculateQuestion(name="c", calculation="${n} * 2"),
            CalculateQuestion(name="d", calculation="${c} * 2"),
            TextQuestion(name="q", required="not(${d} > 1)"),
        ],
        [IntegerQuestion(name="c", calculation="${n} * 2"), TextQuestion(name="q", required="${c} = ''")],
        [TextQuestion(name="q", relevant="not(${n} > 1)", required=True, constraint="1 = 2")],
        [IntegerQuestion(name="q", relevant="not(${n} > 1)")],
        [Group(name="g", relevant="not(${n} > 1)", questions=[IntegerQuestion(name="q")])],
        [
            Group(name="g", relevant="${n} > 1", questions=[TextQuestion(name="r")]),
            TextQuestion(name="q", constraint="${r} != ''"),
        ],
    ],
)
@pytest.mark.parametrize("sent", [{}, {"q": "brest"}])
def test_what_depends_on_an_unfit_answer_is_not_judged(nodes: list[Node], sent: dict[str, Any]) -> None:
    """An answer that does not fit is one fault: it is not seen as empty by what reads it, by whatever way."""
    verdict = judged({"n": "beaucoup", **sent}, IntegerQuestion(name="n"), *nodes)
    assert faults(verdict) == [("/answers/n", "type", "integer")]


def test_what_does_not_depend_on_an_unfit_answer_is_judged() -> None:
    """Also where one of its rules does and another does not."""
    nodes = [
        IntegerQuestion(name="n"),
        TextQuestion(name="a", required=True),
        TextQuestion(name="b", required=True, constraint="${n} > 1"),
        SelectOneQuestion(name="c", choices="communes", choice_filter="name = ${n}", constraint=". = 'rennes'"),
        CalculateQuestion(name="autre", calculation="${a} = ''"),
        TextQuestion(name="d", constraint="not(${autre})"),
    ]
    assert faults(judged({"n": "x", "c": "brest", "d": "x"}, *nodes)) == [
        ("/answers/n", "type", "integer"),
        ("/answers/a", "required", "required"),
        ("/answers/b", "required", "required"),
        ("/answers/c", "constraint", "constraint"),
        ("/answers/d", "constraint", "constraint"),
    ]


@pytest.mark.parametrize(
    ("begin", "consent", "shown"),
    [
        ("yes", True, ["fait", "oui", "nom", "signe"]),
        ("no", False, ["fait", "non"]),
        (None, False, ["fait", "non"]),
    ],
)
def test_a_computed_boolean_is_its_text_beside_a_text(begin: str | None, consent: bool, shown: list[str]) -> None:
    """As `consent_obtained` in `crvs-berfs-amharic.xlsx`; alone it keeps its sense (see `evaluating.py`)."""
    nodes = [
        TextQuestion(name="begin_interview"),
        CalculateQuestion(name="consent_obtained", calculation="(${begin_interview} = 'yes')"),
        TextQuestion(name="fait", relevant="${consent_obtained} != ''"),
        TextQuestion(name="oui", relevant="${consent_obtained} = 'true'"),
        TextQuestion(name="non", relevant="'false' = ${consent_obtained}"),
        TextQuestion(name="nom", relevant="${consent_obtained}"),
        TextQuestion(name="signe", relevant="not(not(${consent_obtained})) and ${consent_obtained} = (1 = 1)"),
    ]
    answers = judged({"begin_interview": begin}, *nodes).answers
    assert answers == {"begin_interview": begin, "consent_obtained": consent, **dict.fromkeys(shown)}


def test_required_may_be_an_expression() -> None:
    """It is judged over the other answers."""
    nodes = [TextQuestion(name="a"), TextQuestion(name="b", required="${a} = ''")]
    assert judged({"a": "x"}, *nodes).accepted
    assert faults(judged({}, *nodes)) == [("/answers/b", "required", "required")]


def test_constraints_are_judged_when_answered() -> None:
    """With the author's message; an absent answer breaks no constraint."""
    message = {"fr": "Dans le passé."}
    node = DateQuestion(name="q", constraint=". <= today()", constraint_message=message)
    assert judged({"q": "2024-03-01"}, node).accepted
    assert judged({}, node).accepted
    assert judged({"q": "2024-03-02"}, node).flaws == [
        AnswerFlaw(path="/answers/q", code="constraint", reason="constraint", message=message),
    ]


WIDE = [
    IntegerQuestion(name="age", min=0, max=120, constraint=". != 13"),
    SelectOneQuestion(name="dep", choices="departements", required="${age} > 60"),
    Group(
        name="g",
        relevant="${age} > 17 or ${dep} = 'D-29'",
        questions=[
            SelectMultipleQuestion(name="communes", choices="communes", choice_filter="departement = ${dep}"),
            TextQuestion(name="mot", relevant="selected(${communes}, 'brest')", max_length=5),
            DecimalQuestion(name="part", relevant="${mot} != ''"),
        ],
    ),
    DateQuestion(name="jour", relevant="${part} > 0 or ${age} < 10", constraint=". <= today()"),
    AcknowledgeQuestion(name="lu"),
    RangeQuestion(name="note", min=0, max=1, step=0.25),
    CalculateQuestion(name="somme", calculation="${age} div count-selected(${communes})", relevant="${age} != 5"),
    TextQuestion(name="libelle", calculation="jr:choice-name(${dep}, '${dep}')"),
    HiddenQuestion(name="source"),
    Note(name="fin"),
]
JUDGE = compile_judge(form(*WIDE))
ASKED = ["age", "dep", "communes", "mot", "part", "jour", "lu", "note", "somme", "libelle", "source"]

fitting = st.fixed_dictionaries(
    {},
    optional={
        "age": st.integers(0, 120),
        "dep": st.sampled_from(["D-29", "D-35"]),
        "communes": st.lists(st.sampled_from(["brest", "quimper", "rennes"]), unique=True),
        "mot": st.text(max_size=5),
        "part": st.floats(-10, 10),
        "jour": st.dates(max_value=TODAY).map(date.isoformat),
        "lu": st.just("OK"),
        "note": st.sampled_from([0, 0.25, 0.5, 1.0, None]),
        "source": st.text(max_size=3),
    },
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["OK", "D-29"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(ASKED), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(fitting)
def test_validating_accepted_answers_changes_nothing(answers: dict[str, Any]) -> None:
    """Also after a journey through JSON."""
    verdict = JUDGE.validate(answers, today=TODAY)
    if verdict.accepted:
        assert JUDGE.validate(json.loads(json.dumps(verdict.answers)), today=TODAY) == verdict


@settings(max_examples=150, deadline=None)
@given(fitting)
def test_the_stored_keys_are_the_questions_that_were_asked(answers: dict[str, Any]) -> None:
    """A hidden question yields no answer, and one that was asked always has its key."""
    stored = JUDGE.validate(answers, today=TODAY).answers
    age, dep = stored["age"] or 0, stored["dep"]
    shown = {"age", "dep", "lu", "note", "libelle", "source"}
    if age > 17 or dep == "D-29":
        shown.add("communes")
    if "brest" in (stored.get("communes") or []):
        shown.add("mot")
    if stored.get("mot"):
        shown.add("part")
    if (stored.get("part") or 0) > 0 or (stored["age"] is not None and age < 10):
        shown.add("jour")
    if stored["age"] != 5:
        shown.add("somme")
    assert set(stored) == shown
    assert list(stored) == [name for name in ASKED if name in shown]


@settings(max_examples=300, deadline=None)
@given(anything | st.dictionaries(st.sampled_from([*ASKED, "fin", "g", "?"]), anything))
def test_no_json_crashes_the_judge(answers: object) -> None:
    """Whatever is sent is judged, and every flaw has words."""
    for flaw in JUDGE.validate(answers, today=TODAY).flaws:
        assert ANSWER_MESSAGES[flaw.reason].format(**flaw.parameters)


def test_names_without_a_question_are_listed_up_to_a_point() -> None:
    """A sender with a million of them is told of a hundred, each cut to the length of a name."""
    questionnaire = decode(b'{"title": {"fr": "A"}, "languages": ["fr"], "questions": [{"kind": "text", "name": "a"}]}')
    strangers = {f"{number:0>5000}": 1 for number in range(1000)}
    flaws = compile_judge(questionnaire).validate(strangers, today=date(2026, 11, 25)).flaws
    assert len(flaws) == 100
    assert max(len(flaw.path) for flaw in flaws) < 200
