"""Which language somebody reads, and that messages come in it."""

import pytest

from base.language import negotiate, translate
from base.problems import NOT_FOUND, InvalidParam, Worded


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "fr"),
        ("", "fr"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("de, en;q=0.5", "en"),
        ("fr;q=0.3, en;q=0.8", "en"),
        ("en;q=0, fr", "fr"),
        ("en;q=much", "fr"),
        ("*", "fr"),
        ("zh", "fr"),
    ],
)
def test_the_best_of_our_languages_is_chosen(header: str | None, language: str) -> None:
    """RFC 9110 §12.5.4; French where nothing fits."""
    assert negotiate(header) == language


def test_a_problem_is_worded_for_its_reader() -> None:
    """Title, detail, members and faults, all in one language."""
    raised = NOT_FOUND(
        invalid_params=[InvalidParam(path="/a", code="type", reason=Worded(message="Not found"))],
        members={"flaws": [{"message": Worded(message="Not allowed")}]},
    )
    french, english = raised.document("fr"), raised.document("en")
    assert english["title"] == english["invalid_params"][0]["reason"] == "Not found"
    assert french["title"] == french["invalid_params"][0]["reason"] == "Introuvable"
    assert french["flaws"][0]["message"] == "Non autorisé"
    assert french["type"] == "/problems/not-found"


def test_an_authors_own_words_come_first() -> None:
    """A constraint's message is the author's, in the reader's language if they wrote it."""
    reason = Worded(message="Not found", texts={"fr": "Pas négatif", "en": "Not negative"})
    assert reason.sentence("en") == "Not negative"
    assert Worded(message="Not found", texts={"de": "Nicht negativ"}).sentence("fr") == "Nicht negativ"


def test_braces_in_values_are_just_text() -> None:
    """What people typed is never taken for a field."""
    assert translate("{file}: {fault}", {"file": "{x}", "fault": "{0}"}, "en") == "{x}: {0}"
