"""Made-up answers: what somebody prefers is answered, whatever fits is accepted, and the same chance gives the same."""

import datetime as dt
import random

import msgspec
import pytest

from forms.questionnaire import decode
from forms.validating import compile_judge
from surveys.generating import made_up

TODAY = dt.date(2026, 11, 25)
QUESTIONNAIRE = decode(
    b"""{"title": {"fr": "Essai"}, "languages": ["fr"], "questions": [
        {"kind": "integer", "name": "n", "min": 0, "max": 9, "required": true},
        {"kind": "integer", "name": "more", "min": 0, "max": 9, "constraint": ". >= ${n}"},
        {"kind": "text", "name": "why"}]}"""
)
JUDGE = compile_judge(QUESTIONNAIRE)


@pytest.mark.parametrize("seed", range(50))
def test_preferred(seed):
    """A preference is kept, null leaves the question out, and what nobody minds is drawn so that it fits."""

    def preferred(name, answers):
        return {"n": 7, "why": None}.get(name, msgspec.UNSET)

    answers = made_up(QUESTIONNAIRE, JUDGE, random.Random(seed), today=TODAY, preferred=preferred)
    assert answers["n"] == 7
    assert "why" not in answers
    assert answers.get("more", 9) in (7, 8, 9)


@pytest.mark.parametrize("seed", range(20))
def test_preferred_in_keeping(seed):
    """A preference is told what was answered before it, in the order of the questionnaire."""
    chance = random.Random(seed)

    def preferred(name, answers):
        if name == "n":
            assert answers == {}
            return chance.randint(0, 8)
        return answers["n"] + 1 if name == "more" else f"because of {answers['n']}"

    answers = made_up(QUESTIONNAIRE, JUDGE, chance, today=TODAY, preferred=preferred)
    assert answers == {"n": answers["n"], "more": answers["n"] + 1, "why": f"because of {answers['n']}"}


def test_preferred_without_success():
    """A preference that never fits ends in an error instead of an answer that would be refused."""

    def preferred(name, answers):
        return {"n": "seven"}.get(name, msgspec.UNSET)

    with pytest.raises(ValueError, match="no answers found"):
        made_up(QUESTIONNAIRE, JUDGE, random.Random(1), today=TODAY, preferred=preferred)


def test_repeats():
    """The same chance gives the same answers."""
    first, again = (made_up(QUESTIONNAIRE, JUDGE, random.Random(5), today=TODAY) for _ in range(2))
    assert first == again
