"""The questionnaire as a document: what cannot be decoded is no questionnaire."""

import json
import re

import msgspec
import pytest

from forms.questionnaire import MAX_NAME, Questionnaire, decode


def document(name: str) -> str:
    question = {"kind": "text", "name": name}
    return json.dumps({"title": {"fr": "Essai"}, "languages": ["fr"], "questions": [question]})


@pytest.mark.parametrize("name", ["a", "_", "été.1-b_c", "a" * MAX_NAME])
def test_names(name: str) -> None:
    """A letter or underscore, then letters, digits, dots, hyphens and underscores."""
    assert decode(document(name)).questions[0].name == name


@pytest.mark.parametrize("name", ["", "1a", "-a", "a b", "a/b", "a\n", "a\nb", "\na", "a" * (MAX_NAME + 1)])
def test_what_is_no_name(name: str) -> None:
    """Not even with a newline at its end."""
    with pytest.raises(msgspec.ValidationError):
        decode(document(name))


def test_the_pattern_of_names_is_one_of_javascript_too() -> None:
    r"""It stands in the contract that others generate code from, where `\Z` means a Z."""
    schema = msgspec.json.schema(Questionnaire)
    patterns = set(re.findall(r'"pattern": (".*?[^\\]")', json.dumps(schema)))
    assert patterns
    assert not any("\\Z" in json.loads(pattern) for pattern in patterns)
