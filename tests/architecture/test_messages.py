"""Everything that the code says to people has its French, with the same fields."""

import runpy
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from base.language import PACKAGES
from forms.flaws import ANSWER_MESSAGES, MESSAGES


@pytest.fixture(scope="module")
def script(root: Path) -> dict[str, Any]:
    return runpy.run_path(str(root / "scripts" / "messages.py"))


@pytest.fixture(params=PACKAGES)
def package(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_message_is_translated(script: dict[str, Any], package: str) -> None:
    """French is complete: no message is missing from its package's catalogue, empty, or marked as doubtful."""
    french = script["catalogue"](package)
    wrong = []
    for message, path in script["said"](package):
        entry = french.get(message)
        if entry is None or not script["complete"](entry) or entry.fuzzy:
            wrong.append(f"{path}: {message}")
    assert wrong == []


def test_translations_have_the_same_fields(script: dict[str, Any], package: str) -> None:
    """A translation fills the fields of its message, and no others."""
    wrong = [
        f"{message} → {text}"
        for entry in script["catalogue"](package)
        for message, text in zip(forms(entry.id), forms(entry.string), strict=True)
        if message and text and fields(message) != fields(text)
    ]
    assert wrong == []


def test_catalogues_hold_nothing_else(script: dict[str, Any], package: str) -> None:
    """A translation whose message left the code leaves too."""
    said = {message for message, _path in script["said"](package)}
    assert [entry.id for entry in script["catalogue"](package) if entry.id and entry.id not in said] == []


def test_flaws_are_worded(script: dict[str, Any]) -> None:
    """The wordings of flaws are marked for the catalogue (so that the tests above see them)."""
    said = {message for message, _path in script["said"]("forms")}
    assert sorted({*MESSAGES.values(), *ANSWER_MESSAGES.values()} - said) == []


def forms(message: str | tuple[str, ...]) -> tuple[str, ...]:
    """A message, or both of one that counts."""
    return (message,) if isinstance(message, str) else message


def fields(message: str) -> set[str]:
    return {name for _text, name, _format, _conversion in Formatter().parse(message) if name is not None}
