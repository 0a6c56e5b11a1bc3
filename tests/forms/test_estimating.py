"""How long a questionnaire takes: an estimate that grows with what there is to read and to answer."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.estimating import CHOICES_READ, WORDS_A_MINUTE, minutes
from forms.questionnaire import Choice, Questionnaire

CHOICES = {"many": [Choice(name=f"c{number}", label={"fr": "un deux trois"}) for number in range(50)]}


def asking(*nodes: dict[str, Any], languages: tuple[str, ...] = ("fr",)) -> Questionnaire:
    """A questionnaire of these nodes, named in order."""
    named = [{"name": f"q{number}", **node} for number, node in enumerate(nodes)]
    return msgspec.convert(
        {"title": {"fr": "Essai"}, "languages": list(languages), "questions": named, "choice_lists": CHOICES},
        Questionnaire,
    )


def words(number: int) -> dict[str, str]:
    return {"fr": " ".join(["mot"] * number)}


def test_nothing_takes_a_minute() -> None:
    """There is no questionnaire of no time."""
    assert minutes(asking()) == minutes(asking({"kind": "note", "label": words(1)})) == 1


def test_reading() -> None:
    """So many words a minute, in labels, hints and notes; what is begun is a whole minute."""
    note = {"kind": "note", "label": words(WORDS_A_MINUTE), "hint": words(WORDS_A_MINUTE)}
    assert minutes(asking(note, note)) == 4
    assert minutes(asking(note, note, {"kind": "note", "label": words(1)})) == 5
    assert minutes(asking({"kind": "note", "label": {"fr": "l'aujourd’hui est-il – 12,5 ?"}})) == 1


def test_another_language() -> None:
    """It is read in the questionnaire's first language, not in all of them."""
    texts = {"label": words(2 * WORDS_A_MINUTE) | {"en": "short"}}
    assert minutes(asking({"kind": "note"} | texts, languages=("en", "fr"))) == 1
    assert minutes(asking({"kind": "note"} | texts, languages=("fr", "en"))) == 2


@pytest.mark.parametrize(
    ("question", "seconds"),
    [
        ({"kind": "acknowledge"}, 2),
        ({"kind": "range"}, 4),
        ({"kind": "select_one", "choices": "none"}, 4),
        ({"kind": "select_multiple", "choices": "none"}, 6),
        ({"kind": "date"}, 8),
        ({"kind": "integer"}, 10),
        ({"kind": "decimal"}, 10),
        ({"kind": "text"}, 30),
        ({"kind": "text", "read_only": True}, 0),
        ({"kind": "integer", "calculation": "1 + 1"}, 0),
        ({"kind": "calculate", "label": words(500)}, 0),
        ({"kind": "hidden", "label": words(500)}, 0),
        ({"kind": "note"}, 0),
        ({"kind": "group"}, 0),
    ],
)
def test_answering(question, seconds) -> None:
    """Each kind takes its seconds; where nobody answers there are none, and what nobody sees is not read."""
    assert minutes(asking(*[question] * 60)) == max(seconds, 1)
    assert minutes(asking(*[question] * 61)) == (seconds + 1 if seconds else 1)


def test_long_lists_are_searched() -> None:
    """Of a list of choices only the first are read."""
    one = {"kind": "select_one", "choices": "many"}
    read = CHOICES_READ * 3 * 60 / WORDS_A_MINUTE
    assert minutes(asking(*[one] * 60)) == pytest.approx(read + 4, abs=1)


def test_what_only_some_are_shown() -> None:
    """A condition, of a question or of a group around it, halves; two halve once."""
    texts = [{"kind": "text"}] * 12
    rule = {"relevant": "1 = 1"}
    assert minutes(asking(*texts)) == 6
    assert minutes(asking(*[text | rule for text in texts])) == 3
    inner = [{"name": f"t{number}", "kind": "text"} | rule for number in range(12)]
    group = {"kind": "group", "questions": [{"kind": "group", "name": "inner", "questions": inner}]}
    assert minutes(asking(group)) == minutes(asking(group | rule)) == 3


KINDS = st.sampled_from(
    [
        {"kind": "text", "label": words(30)},
        {"kind": "text", "relevant": "1 = 1"},
        {"kind": "select_one", "choices": "many"},
        {"kind": "note", "label": words(90)},
    ]
)


@given(st.lists(KINDS, max_size=30), st.lists(KINDS, max_size=30))
def test_more_takes_longer(some, more) -> None:
    """Never less with more, and two together no longer than one after the other."""
    both = minutes(asking(*some, *more))
    assert max(minutes(asking(*some)), minutes(asking(*more))) <= both
    assert both <= minutes(asking(*some)) + minutes(asking(*more))
