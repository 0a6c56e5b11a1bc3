"""The wording of flaws in French typography (that the catalogue is complete is held by `tests/architecture/`)."""

import re
from pathlib import Path

from babel.messages.pofile import read_po

import forms.flaws

CATALOGUE = Path(forms.flaws.__file__).parent / "locale" / "fr" / "LC_MESSAGES" / "forms.po"


def test_french_signs_have_their_no_break_spaces() -> None:
    """Before : ; ? ! and within « »; the apostrophe is typographic."""
    loose = re.compile(r" [:;?!»]|« |«(?!\u00a0)|(?<!\u00a0)»|[a-zé]'[a-zé]")
    with CATALOGUE.open("rb") as file:
        french = read_po(file, locale="fr")
    assert [message.string for message in french if message.id and loose.search(str(message.string))] == []
