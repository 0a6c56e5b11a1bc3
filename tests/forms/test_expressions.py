"""Expressions: one parser, one tree, every refusal by name."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.expressions import (
    ARITIES,
    MAX_DEPTH,
    Call,
    ChoiceLabel,
    Column,
    Current,
    Expression,
    ExpressionError,
    Lookup,
    Negation,
    Number,
    Operation,
    Reference,
    Text,
    columns,
    parse,
    parts,
    place,
    references,
)
from forms.flaws import MESSAGES

A, B, C = (Reference(name=name) for name in "abc")


def joined(operator: str, *operands: Expression) -> Operation:
    return Operation(operator=operator, operands=operands)


@pytest.mark.parametrize(
    ("source", "tree"),
    [
        ("1", Number(value=1)),
        (".5", Number(value=0.5)),
        ("12.", Number(value=12)),
        ("'it is'", Text(value="it is")),
        ('"l\'eau"', Text(value="l'eau")),
        ("‘eau’", Text(value="eau")),
        ("“eau”", Text(value="eau")),
        ("'features’", Text(value="features")),
        ("'Côtes d’Armor'", Text(value="Côtes d’Armor")),
        ("‘Côtes d’Armor’", Text(value="Côtes d’Armor")),
        ("${a}", A),
        ("${ a }", A),
        ("${zone.1-b}", Reference(name="zone.1-b")),
        ("${prénom}", Reference(name="prénom")),
        (".", Current()),
        ("region", Column(name="region")),
        ("-1", Negation(operand=Number(value=1))),
        ("((${a}))", A),
        ("today()", Call(function="today")),
        ("selected(${a}, 'x')", Call(function="selected", arguments=(A, Text(value="x")))),
        ("jr:choice-name(., '${a}')", ChoiceLabel(value=Current(), question="a")),
        (
            "instance('communes')/root/item[name = ${a}]/label",
            Lookup(choices="communes", predicate=joined("=", Column(name="name"), A), column="label"),
        ),
        (
            "instance ( 'l' ) / root / item [ 1 ] / div",
            Lookup(choices="l", predicate=Number(value=1), column="div"),
        ),
    ],
)
def test_each_construct_has_one_tree(source: str, tree: Expression) -> None:
    """What authors write, typographic quotes and blanks included, gives the tree it means."""
    assert parse(source) == tree


@pytest.mark.parametrize(
    ("source", "tree"),
    [
        ("${a} or ${b} and ${c}", joined("or", A, joined("and", B, C))),
        ("(${a} or ${b}) and ${c}", joined("and", joined("or", A, B), C)),
        ("${a} + ${b} * ${c}", joined("+", A, joined("*", B, C))),
        ("${a} - ${b} - ${c}", joined("-", A, B, C)),
        ("${a} - (${b} - ${c})", joined("-", A, joined("-", B, C))),
        ("${a} - ${b} + ${c}", joined("+", joined("-", A, B), C)),
        ("${a} = ${b} < ${c}", joined("=", A, joined("<", B, C))),
        ("${a} >= 1 + 2", joined(">=", A, joined("+", Number(value=1), Number(value=2)))),
        ("${a}-${b}", joined("-", A, B)),
        ("-${a} * ${b}", joined("*", Negation(operand=A), B)),
        ("${a} div ${b} mod ${c}", joined("mod", joined("div", A, B), C)),
        ("a-b", Column(name="a-b")),
        ("${a}\nand\t${b}\u00a0and ${c}", joined("and", A, B, C)),
    ],
)
def test_operators_bind_as_in_xpath(source: str, tree: Expression) -> None:
    """`or` binds least, then `and`, equality, comparison, sums, products; chains are applied from the left."""
    assert parse(source) == tree


@pytest.mark.parametrize(
    ("source", "code", "position"),
    [
        ("", "expression-empty", 0),
        ("  ", "expression-empty", 0),
        ("1 +", "expression-incomplete", 3),
        ("(1", "expression-incomplete", 2),
        ("1)", "expression-unexpected", 1),
        ("1 2", "expression-unexpected", 2),
        ("1 == 2", "expression-unexpected", 3),
        ("${a} and or ${b}", "expression-unexpected", 9),
        ("'eau", "expression-quote", 0),
        ("1 & 2", "expression-character", 2),
        ("'\x00'", "expression-character", 1),
        ("'\ud800'", "expression-character", 1),
        ("${a", "expression-reference", 0),
        ("${}", "expression-reference", 0),
        ("1 + ../a", "expression-path", 4),
        ("/data/a", "expression-path", 0),
        ("data/a", "expression-path", 4),
        ("//a", "expression-path", 0),
        ("concat(1, 2)", "expression-function", 0),
        ("1 + pulldata('a','b','c','d')", "expression-function", 4),
        ("not()", "expression-arguments", 0),
        ("if(1, 2)", "expression-arguments", 0),
        ("today(1)", "expression-arguments", 0),
        ("indexed-repeat(1, 2, 3, 4)", "expression-arguments", 0),
        ("instance('l')", "expression-instance", 0),
        ("instance('l')/root/item/label", "expression-instance", 0),
        ("instance(${a})/root/item[1]/label", "expression-instance", 0),
        ("instance('l')/root/item[. = 1]/label", "expression-dot", 24),
        ("instance('l')/root/item[instance('m')/root/item[1]/a]/b", "expression-instance-nested", 24),
        ("jr:choice-name('x', ${a})", "expression-choice-name", 0),
        ("jr:choice-name('x', 'a')", "expression-choice-name", 0),
        ("regex(., ${a})", "expression-pattern-literal", 0),
        ("regex(., '(?=a)')", "expression-pattern", 0),
        ("regex(., '(.{1000}){1000}')", "expression-pattern-size", 0),
        ("regex(., '(.{1000}){9}')", "expression-pattern-size", 0),
        ("format-date(today(), '%Y-%q')", "expression-directive", 0),
        ("jr:itext", "expression-unexpected", 0),
        ("9" * 400, "expression-number", 0),
        ("1" * 10_001, "expression-long", 10_000),
        ("(" * 4_000 + "1" + ")" * 4_000, "expression-deep", MAX_DEPTH),
        ("-" * 5_000 + "1", "expression-deep", MAX_DEPTH),
        ("1" + "-1+1" * 1_000, "expression-deep", 0),
    ],
)
def test_what_is_not_ours_is_refused_by_name(source: str, code: str, position: int) -> None:
    """Each refusal has a code of the catalogue and the offset where the fault stands; none is a RecursionError."""
    with pytest.raises(ExpressionError) as caught:
        parse(source)
    assert (caught.value.code, caught.value.position) == (code, position)
    assert code in MESSAGES
    where = {"position": position + 1, "place": place(source, position)}
    assert MESSAGES[code].format(**where, **caught.value.parameters)


def test_only_what_is_evaluated_is_advised() -> None:
    """Not `indexed-repeat`, which is known and refused while there are no repeats."""
    with pytest.raises(ExpressionError) as caught:
        parse("concat(1, 2)")
    advised = caught.value.parameters["supported"].split(", ")
    assert advised == sorted(ARITIES.keys() - {"indexed-repeat"})


def test_a_long_chain_is_not_deep() -> None:
    """Two thousand terms joined by one operator make one node."""
    tree = parse(" or ".join(["1"] * 2_000))
    assert isinstance(tree, Operation)
    assert len(tree.operands) == 2_000


def test_a_hundred_conditions_in_each_other_are_read() -> None:
    """`if` within `if`, as authors write for want of `switch`, works well past any real form."""
    depth = MAX_DEPTH - 2
    assert parse("if(1, 2, " * depth + "3" + ")" * depth)


def test_the_place_is_shown_with_a_caret() -> None:
    """The caret stands below the fault, also in a long or broken line."""
    assert place("1 + ?", 4) == "1 + ?\n    ^"
    line, caret = place("a\n" * 50 + "?" + "b" * 100, 100).split("\n")
    assert line[caret.index("^")] == "?"
    assert line.startswith("…")
    assert line.endswith("…")


def test_references_and_columns_are_found() -> None:
    """References are found everywhere but in quotes; columns only where they mean the filtered list."""
    tree = parse("region = ${a} and instance('l')/root/item[code = ${b}]/label = jr:choice-name(${c}, '${d}')")
    assert references(tree) == {"a", "b", "c"}
    assert columns(tree) == {"region"}
    assert Column(name="code") in list(parts(tree))


leaves = st.one_of(
    st.builds(Number, value=st.floats(0, 1e300)),
    st.builds(Text, value=st.text(st.characters(exclude_categories=["Cs"]))),
    st.builds(Reference, name=st.sampled_from("abc")),
    st.just(Current()),
    st.builds(Column, name=st.sampled_from(["name", "region"])),
)


def above(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Negation, operand=inner),
        st.builds(Operation, operator=st.sampled_from(["or", "=", "<=", "mod"]), operands=several),
        st.builds(Call, function=st.sampled_from(sorted(ARITIES)), arguments=several),
        st.builds(ChoiceLabel, value=inner, question=st.just("a")),
        st.builds(Lookup, choices=st.just("l"), predicate=inner, column=st.just("label")),
    )


@settings(max_examples=60, deadline=None)
@given(st.recursive(leaves, above, max_leaves=12))
def test_a_tree_survives_json(tree: Expression) -> None:
    """Decoding what was encoded gives the same tree."""
    assert msgspec.json.decode(msgspec.json.encode(tree), type=Expression) == tree


words = st.sampled_from(
    [
        *("${a}", "'x'", "1", ".", "name", "today()", "(", ")", ",", "and", "or", "=", "-", "div", "..", "/"),
        *(
            "if(",
            "selected(",
            "jr:choice-name(",
            "instance('l')",
            "/root/item[",
            "]",
            "/label",
            "regex(., '",
            "[a-z]+",
            "'",
        ),
    ],
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(words, max_size=25).map(" ".join)))
def test_no_text_crashes_the_parser(source: str) -> None:
    """Any text is an expression or an `ExpressionError` whose message can be worded and whose place shown."""
    try:
        tree = parse(source)
    except ExpressionError as error:
        fault = error
    else:
        assert msgspec.json.decode(msgspec.json.encode(tree), type=Expression) == tree
        return
    where = {"position": fault.position + 1, "place": place(source, fault.position)}
    assert MESSAGES[fault.code].format(**where, **fault.parameters)
