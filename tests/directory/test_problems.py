"""Problems and flaws in words: French complete, with its typography."""

import re
from pathlib import Path

from babel.messages.pofile import read_po

import directory
from base.problems import CATALOGUE
from directory.problems import FLAWS, Flaw, flawed_file

PO = Path(directory.__file__).parent / "locale" / "fr" / "LC_MESSAGES" / "directory.po"


def _messages():
    kinds = [kind for code, kind in CATALOGUE.items() if code.startswith("directory/")]
    return {kind.title for kind in kinds} | {kind.detail for kind in kinds} | set(FLAWS.values())


def test_the_french_catalogue_is_complete():
    """Every message is translated, with the same fields, and nothing else is in the catalogue."""
    with PO.open("rb") as file:
        catalogue = read_po(file, locale="fr")
    french = {message.id: message.string for message in catalogue if message.id}
    assert set(french) == _messages()
    for source, text in french.items():
        assert text
        assert set(re.findall(r"{\w+}", source)) == set(re.findall(r"{\w+}", text))


def test_french_typography():
    """Spaces that do not break before double punctuation and inside guillemets, and curved apostrophes."""
    with PO.open("rb") as file:
        texts = [message.string for message in read_po(file, locale="fr") if message.id]
    for text in texts:
        assert not re.search(r" [;:!?»]|« |\w'\w", text), text


def test_a_flawed_file_lists_its_flaws_in_the_readers_language():
    problem = flawed_file(
        [Flaw(line=3, column="unit_kind", code="unit-kind", parameters={"value": "x", "kinds": "ddt"})]
    )
    document = problem.document("en")
    assert (document["code"], document["status"]) == ("directory/import-flaws", 422)
    assert document["flaws"] == [
        {
            "line": 3,
            "column": "unit_kind",
            "code": "unit-kind",
            "message": "“x” is not a kind of unit: choose one of ddt.",
        }
    ]
