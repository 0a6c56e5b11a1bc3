"""Evaluating: XPath 1.0 as ODK uses it, over typed answers."""

import math
from datetime import date

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.evaluating import Answer, ChoiceList, Form, Scope, Value, compile_expression, to_number, to_text
from forms.expressions import ARITIES, MAX_DEPTH, Expression, parse
from forms.questionnaire import (
    Choice,
    DateQuestion,
    IntegerQuestion,
    Questionnaire,
    SelectMultipleQuestion,
    SelectOneQuestion,
    TextQuestion,
)

FORM = Form(
    Questionnaire(
        title={"fr": "Essai"},
        languages=["fr", "en"],
        questions=[
            IntegerQuestion(name="age"),
            TextQuestion(name="nom"),
            DateQuestion(name="jour"),
            SelectOneQuestion(name="theme", choices="themes"),
            SelectOneQuestion(name="lieu", choices="lieux"),
            SelectOneQuestion(name="vide", choices="lieux"),
            SelectMultipleQuestion(name="themes", choices="themes"),
        ],
        choice_lists={
            "themes": [
                Choice(name="eau", label={"fr": "L’eau", "en": "Water"}, extra={"rang": "1", "genre": "milieu"}),
                Choice(name="air", label={"fr": "L’air"}, extra={"rang": "2", "genre": "milieu"}),
                Choice(name="3", label={"fr": "Trois"}, extra={"rang": "03"}),
            ],
            "lieux": [
                Choice(name="Le Mans", extra={"chef": "Laval"}),
                Choice(name="Laval", extra={"chef": "Laval"}),
            ],
        },
    ),
)
ANSWERS: dict[str, Answer] = {
    "age": 18,
    "nom": "Anne",
    "jour": "2024-02-01",
    "theme": "eau",
    "themes": ["air", "eau"],
    "lieu": "Le Mans",
    "vrai": True,
    "part": 0.5,
}


def value(source: str, *, current: str = "age", language: str = "fr", choice: Choice | None = None) -> Value:
    scope = Scope(
        form=FORM,
        answers=ANSWERS,
        today=date(2024, 3, 1),
        language=language,
        current=current,
        choice=choice,
    )
    return compile_expression(parse(source))(scope)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("${age} >= 18 and selected(${themes}, 'eau')", True),
        ("${age} = 18 or ${age} = 19", True),
        ("${age} = '18'", True),
        ("${age} = '18.0'", True),
        ("'18' = '18.0'", False),
        ("${theme} = 'eau'", True),
        ("${theme} != 'eau'", False),
        (". > 17", True),
        ("1 = 1 = 1", True),
        ("3 > 2 > 1", False),
        ("${vrai} = 'false'", False),
        ("${vrai} = 'true'", True),
        ("'true' != ${vrai}", False),
        ("${vrai} = ''", False),
        ("${vrai} != ''", True),
        ("${vrai} = ${nom}", False),
        ("${vrai} = 1", True),
        ("${vrai} = (1 = 1)", True),
        ("${vrai} = 'true' = 'x'", True),
        ("(1 = 1) = 'false'", True),
        ("(1 = 2) = ''", True),
        ("(${age} = 1) = 'false'", False),
        ("not(${vrai})", False),
        ("not('false')", False),
        ("'' or 0", False),
        ("0 div 0 or ''", False),
        ("-0.5 and 'a'", True),
    ],
)
def test_comparisons_follow_the_types(source: str, expected: Value) -> None:
    """As booleans if one side is one, else as numbers if one side is one, else as texts; `<` is numeric."""
    assert value(source) is expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("${rien} = ''", True),
        ("${rien} != ''", False),
        ("${age} != ''", True),
        ("${age} = ''", False),
        ("${rien} = 0", False),
        ("${rien} != 0", True),
        ("${rien} < 5", False),
        ("${rien} >= 0", False),
        ("selected(${rien}, 'x')", False),
        ("count-selected(${rien})", 0.0),
        ("string-length(${rien})", 0.0),
        ("format-date(${rien}, '%Y')", ""),
        ("date(${rien})", ""),
        ("jr:choice-name(${rien}, '${theme}')", ""),
        ("if(${rien}, 1, 2)", 2.0),
    ],
)
def test_no_answer_is_the_empty_text(source: str, expected: Value) -> None:
    """It equals '', is NaN as a number, and so makes every numeric comparison false but `!=`."""
    assert value(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 2 * 3", 7.0),
        ("10 - 2 - 3", 5.0),
        ("7 div 2", 3.5),
        ("1 div 0", math.inf),
        ("-1 div 0", -math.inf),
        ("1 div -0", -math.inf),
        ("-1 div -0", math.inf),
        ("5 mod 2", 1.0),
        ("5 mod -2", 1.0),
        ("-5 mod 2", -1.0),
        ("1.5 mod 0.5", 0.0),
        ("int(3.9)", 3.0),
        ("int(-3.9)", -3.0),
        ("int('12.7')", 12.0),
        ("${part} * ${age}", 9.0),
        ("${vrai} + 1", 2.0),
        ("-'3'", -3.0),
        ("string-length(1 div 4)", 4.0),
    ],
)
def test_arithmetic(source: str, expected: Value) -> None:
    """Division by zero is infinite, `int` cuts towards zero, `mod` has the sign of what is divided."""
    assert value(source) == expected


@pytest.mark.parametrize("source", ["0 div 0", "1 mod 0", "(1 div 0) mod 2", "'a' + 1", "int('a')", "'1e3' + 0"])
def test_what_is_no_number_is_nan(source: str) -> None:
    """NaN, never an exception."""
    result = value(source)
    assert isinstance(result, float)
    assert math.isnan(result)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("today()", "2024-03-01"),
        ("today() - ${jour}", 29.0),
        ("${jour} < today()", True),
        ("${jour} = date('2024-02-01')", True),
        ("${jour} = '2024-02-01'", True),
        ("${jour} >= '2024-02-02'", False),
        ("${jour} <= date('2024-12-31')", True),
        ("date('1970-01-02') + 1", 2.0),
        ("date(today() - 30)", "2024-01-31"),
        ("date('2024-05-06T07:08:09')", "2024-05-06"),
        ("date('2024-02-30')", ""),
        ("date('20240201')", ""),
        ("date(-1.5)", "1969-12-30"),
        ("date(1 div 0)", ""),
        ("date(-719162)", "0001-01-01"),
        ("date(-719162.5)", ""),
        ("date(-719163)", ""),
        ("date(2932896.9)", "9999-12-31"),
        ("date(2932897)", ""),
        ("date(99999999)", ""),
        ("format-date(${jour}, '%Y|%y|%m|%n|%b|%d|%e|%a')", "2024|24|02|2|Feb|01|1|Thu"),
        ("format-date(${jour}, '%H:%M:%S.%3 %h')", "00:00:00.000 0"),
        ("format-date(${jour} + 1, '100%% %d')", "100% 02"),
        ("format-date('hier', '%Y')", ""),
    ],
)
def test_days_count_from_1970(source: str, expected: Value) -> None:
    """A day is its ISO text, and its number of days wherever a number is wanted."""
    assert value(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("selected(${themes}, 'air')", True),
        ("selected(${themes}, 'ai')", False),
        ("selected(${theme}, ' eau ')", True),
        ("selected(${themes}, '')", False),
        ("selected(${themes}, 'air eau')", True),
        ("selected(${rien}, '')", True),
        ("selected('', '')", True),
        ("selected(${vide}, '')", True),
        ("selected(${theme}, '')", False),
        ("selected(${lieu}, 'Le Mans')", True),
        ("selected(${lieu}, 'Mans')", False),
        ("selected('Le Mans', 'Mans')", True),
        ("count-selected(${themes})", 2.0),
        ("${themes} = 'air eau'", True),
        ("jr:choice-name(${theme}, '${theme}')", "L’eau"),
        ("jr:choice-name('plus', '${theme}')", ""),
        ("instance('themes')/root/item[name = ${theme}]/label", "L’eau"),
        ("instance('themes')/root/item[${theme} = name]/rang", "1"),
        ("instance('themes')/root/item[name = 3]/label", "Trois"),
        ("instance('themes')/root/item[rang = 3]/name", "3"),
        ("instance('themes')/root/item[rang = '3']/name", ""),
        ("instance('themes')/root/item[genre = 'milieu']/name", "eau"),
        ("instance('themes')/root/item[genre = 'milieu' and rang > 1]/name", "air"),
        ("instance('themes')/root/item[label = 'L’air']/name", "air"),
        ("instance('lieux')/root/item[name = chef]/name", "Laval"),
        ("instance('lieux')/root/item[chef = name]/name", "Laval"),
        ("instance('themes')/root/item[2]/name", "air"),
        ("instance('themes')/root/item[9]/name", ""),
        ("instance('themes')/root/item[genre = '']/name", "3"),
    ],
)
def test_choices_are_looked_up(source: str, expected: Value) -> None:
    """A multiple choice is its names joined by spaces; a look-up gives a column of the first choice that fits."""
    assert value(source) == expected


def test_labels_are_in_the_language_of_the_scope() -> None:
    """Where a label is missing in it, the questionnaire's first language stands in."""
    assert value("jr:choice-name('eau', '${theme}')", language="en") == "Water"
    assert value("jr:choice-name('air', '${theme}')", language="en") == "L’air"


def test_bare_names_are_columns_of_the_choice() -> None:
    """In a `choice_filter` they look into the choice that may be offered; a column it lacks is empty."""
    choice = FORM.lists["themes"].choices[0]
    assert value("genre = 'milieu' and name = 'eau'", choice=choice) is True
    assert value("absent = ''", choice=choice) is True


def test_selected_by_dot() -> None:
    """`.` of a `select_one` is compared whole too."""
    assert value("selected(., 'Le Mans')", current="lieu") is True
    assert value("selected(., 'Mans')", current="lieu") is False
    assert value("selected(., 'eau')", current="themes") is True


def test_entries_of_one_name() -> None:
    """A list may have a name several times; the first is the one whose label is shown."""
    rows = [Choice(name="a", extra={"x": "1"}), Choice(name="b"), Choice(name="a", extra={"x": "2"})]
    choices = ChoiceList(rows)
    assert choices.entries("a") == [rows[0], rows[2]]
    assert choices.entries("z") == []
    assert choices.first("name", "a") is rows[0]
    assert choices.positions == {"a": 0, "b": 1}


def test_regex_describes_the_whole_answer() -> None:
    """As ODK: a part that matches is not enough."""
    assert value("regex(., '[A-Z].*')", current="nom") is True
    assert value("regex(., '[A-Z]')", current="nom") is False
    assert value("regex(${age}, '[0-9]{2}')") is True


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (0.5, "0.5"),
        (1e21, "1000000000000000000000"),
        (1.5e-7, "0.00000015"),
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (True, "true"),
    ],
)
def test_numbers_are_written_without_exponent(number: float, text: str) -> None:
    """XPath's `string()`."""
    assert to_text(number) == text


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_survives_its_text(number: float) -> None:
    """Writing a number and reading it again changes nothing."""
    assert to_number(to_text(number)) == number


operands = st.sampled_from(
    [
        *("${age}", "${nom}", "${jour}", "${themes}", "${vrai}", "${rien}", ".", "name", "today()"),
        *("'x'", "'2024-01-01'", "''", "0", "-1", "9" * 300),
        "instance('themes')/root/item[rang > ${age}]/label",
    ],
)
answers = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.sampled_from(["0001-01-01", "9999-12-31"]),
    st.lists(st.sampled_from(["eau", "air"]), unique=True),
)


def around(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["or", "and", "=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "div", "mod"])
    joined = st.tuples(inner, operators, inner).map(lambda parts: f"({' '.join(parts)})")
    names = sorted(ARITIES.keys() - {"instance", "indexed-repeat", "jr:choice-name", "regex"})
    calls = st.sampled_from(names).flatmap(
        lambda name: st.lists(inner, min_size=ARITIES[name][0], max_size=ARITIES[name][0]).map(
            lambda arguments: f"{name}({', '.join(arguments)})",
        ),
    )
    special = inner.map(lambda source: f"jr:choice-name({source}, '${{theme}}')")
    return st.one_of(joined, calls, special, inner.map(lambda source: f"regex({source}, '[0-9]+')"))


@pytest.mark.parametrize(("opening", "closing"), [("not(", ")"), ("0 or 1 and (", ")"), ("if(1, ", ", 2)"), ("-", "")])
def test_the_deepest_expression_has_a_value(opening: str, closing: str) -> None:
    """What the parser lets through is compiled, evaluated and sent as JSON without hitting the recursion limit."""
    depth = MAX_DEPTH // (opening.count("(") + opening.count("or") + opening.count("and") + opening.count("-")) - 1
    tree = parse(opening * depth + "1" + closing * depth)
    assert msgspec.json.decode(msgspec.json.encode(tree), type=Expression) == tree
    scope = Scope(form=FORM, answers={}, today=date(2024, 3, 1), language="fr")
    assert isinstance(compile_expression(tree)(scope), bool | float)


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(operands, around, max_leaves=6),
    st.dictionaries(st.sampled_from(["age", "nom", "jour", "themes", "vrai"]), answers),
)
def test_evaluating_never_raises(source: str, given_answers: dict[str, Answer]) -> None:
    """Whatever parses has a value, whatever the answers."""
    scope = Scope(form=FORM, answers=given_answers, today=date(9999, 12, 31), language="fr", current="age")
    assert isinstance(compile_expression(parse(source))(scope), str | float | bool)
