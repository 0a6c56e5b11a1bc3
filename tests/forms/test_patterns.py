"""The regular expressions of `regex(…)`: the whole text, in time that grows with the text only."""

import itertools
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.patterns import PatternError, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "fits", "unfits"),
    [
        ("[0-9]{5}", ["29000"], ["2900", "290000", "2A000", "٢٩٠٠٠"]),
        (r"^\d{2}$", ["29"], ["٢٩", "2", "29\n"]),
        (r"\p{L}+", ["été", "Ŝ"], ["", "a1", "a b"]),
        (r"\p{Lu}\P{L}", ["A1"], ["aa", "Ab"]),
        (r"[^\s,;]+", ["a.b"], ["a b", "a,b", ""]),
        (r"[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-z]{2,}", ["a.b@c.gouv.fr"], ["a@b", "@c.fr", "a@b.c"]),
        ("oui|non", ["oui", "non"], ["ouinon", "ou"]),
        ("^a|b$", ["a", "b"], ["ab"]),
        ("(ab){2,3}c?", ["abab", "abababc"], ["ab", "abc"]),
        (r"[\u0621-\u064A ]+", ["ب"], ["b"]),
        (r"[\w.-]+", ["a-b.c_d"], ["é"]),
        ("a.c", ["abc", "aéc"], ["a\nc", "ac"]),
        (r"\x41\.\(", ["A.("], ["A-("]),
        ("a+?", ["aaa"], [""]),
        (r"^([A-Z]{1,70}\s?)+$", ["JEAN PAUL", "A B "], ["Jean", " A", "A  B"]),
        ("", [""], ["a"]),
    ],
)
def test_patterns_describe_whole_texts(pattern: str, fits: list[str], unfits: list[str]) -> None:
    r"""As ODK's `regex`, which is Java's `matches`: classes are those of ASCII but for `\p`."""
    compiled = compile_pattern(pattern)
    assert [text for text in fits if not compiled.matches(text)] == []
    assert [text for text in unfits if compiled.matches(text)] == []


@pytest.mark.parametrize(
    "pattern",
    [
        *("(", ")", "a)", "(?", "(?=a)", "(?<n>a)", "[a", "[]", "[\\", "[z-a]", "*", "a**", "a++", "{2}"),
        *("a{2", "a{3,2}", "a{x}", "\\", "\\b", "\\1", "\\p{Latin}", "\\p{L", "\\u12"),
    ],
)
def test_what_an_automaton_cannot_do_is_refused(pattern: str) -> None:
    """Malformed patterns, look-around, back-references and word boundaries are named."""
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern)
    assert caught.value.code == "expression-pattern"
    assert caught.value.parameters["construct"]


@pytest.mark.parametrize("pattern", ["(.{1000}){9}", "(" * 30 + ")" * 30, "((((){9999}){9}){9999}){9}"])
def test_a_pattern_too_large_is_refused(pattern: str) -> None:
    """Repetitions are written out, so their product is bounded."""
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern)
    assert caught.value.code == "expression-pattern-size"


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+b", "([a-z]{1,70}\\s?)+!", ".*a.*a.*a.*a.*a.*b", "(a?){10}a{10}b", "((a|a|a)*)*c"],
)
def test_time_grows_with_the_text_alone(pattern: str) -> None:
    """Patterns that hold up a backtracking engine answer at once on ten thousand characters."""
    start = time.perf_counter()
    assert not compile_pattern(pattern).matches("a" * 10_000)
    assert time.perf_counter() - start < 2


atoms = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "(a|ab)", "(?:b|)", "(a*b?)", "(?:a+|b*)", "^", "$", "\\w"])
quantifiers = st.sampled_from(["", "", "?", "*", "+", "{2}", "{1,2}", "{1,}", "*?"])
pieces = st.tuples(atoms, quantifiers).map(lambda pair: pair[0] + ("" if pair[0] in "^$" else pair[1]))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(pieces, max_size=4).map("".join), min_size=1, max_size=2).map("|".join))
def test_it_agrees_with_python(pattern: str) -> None:
    """On all short texts the automaton says what Python's engine says."""
    compiled = compile_pattern(pattern)
    for length in range(5):
        for letters in itertools.product("abc", repeat=length):
            text = "".join(letters)
            assert compiled.matches(text) == bool(re.fullmatch(pattern, text)), text


@settings(max_examples=200, deadline=None)
@given(st.text("ab(){}[]|*+?\\^$-,0129:pLu", max_size=20), st.text("ab12-", max_size=10))
def test_no_pattern_crashes(pattern: str, text: str) -> None:
    """A pattern is compiled and answers, or is refused."""
    try:
        compiled = compile_pattern(pattern)
    except PatternError:
        return
    assert compiled.matches(text) in {True, False}
