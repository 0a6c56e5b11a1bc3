"""From the fields of a page to a change of the draft: what its reader changed, and nothing else.

A form holds all questions of a page, also those that nobody touched, and a draft may go on elsewhere while the page is
open. So each question carries the mark of the answer that the page showed as the draft's (`mark_of`), and brings it
back.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from forms.questionnaire import Questionnaire
from surveys.drafts import AnswerInHand
from surveys.merging import DraftChange, answerable
from web.pages.fields import mark_of, read


def defaults_of(questionnaire: Questionnaire) -> dict[str, Any]:
    """What stands in the fields before anybody typed."""
    return {
        name: default
        for name, question in answerable(questionnaire).items()
        if (default := getattr(question, "default", None)) is not None
    }


def values_of(questionnaire: Questionnaire, typed: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What the fields of a page mean, question by question; None for no answer."""
    people = answerable(questionnaire)
    return {name: read(people[name], texts, questionnaire) for name, texts in typed.items() if name in people}


def stored_in(in_hand: AnswerInHand) -> dict[str, Any]:
    """The answers that are sent or in the draft; where nothing was typed yet, the defaults."""
    if in_hand.response:
        return dict(in_hand.response.answers)
    return defaults_of(in_hand.edition.questionnaire) | (in_hand.draft.answers if in_hand.draft else {})


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody changed on a page: values by question; `stale` are paths where they saw another than the draft."""

    values: dict[str, Any]
    stale: frozenset[str]


def typed_on(in_hand: AnswerInHand, values: Mapping[str, Any], marks: Mapping[str, str]) -> Typed:
    """What was changed on a page that holds these values and was given out with these marks.

    A value that has the mark of what the page showed was not changed by its reader, whatever the draft holds by now: to
    save it would put over a newer answer one that nobody typed. Only a default that was left standing is kept, as an
    answer. A page that brings no mark counts as one that showed what is stored.
    """
    stored = stored_in(in_hand)
    drafted = in_hand.draft.answers if in_hand.draft else {}
    untouched = defaults_of(in_hand.edition.questionnaire).keys() - drafted.keys()
    now = {name: mark_of(stored.get(name)) for name in values}
    changed = {
        name: value
        for name, value in values.items()
        if (mark := mark_of(value)) != marks.get(name, now[name]) or (name in untouched and mark == now[name])
    }
    return Typed(
        values=changed, stale=frozenset(f"/{name}" for name in changed if marks.get(name, now[name]) != now[name])
    )


def change_of(questionnaire: Questionnaire, values: Mapping[str, Any], version: int) -> DraftChange:
    """The change of a draft that these values are. A default that was cleared stays in it as an empty text."""
    emptied = {name: "" for name in defaults_of(questionnaire) if values.get(name, "") is None}
    kept = {name: value for name, value in values.items() if value is not None} | emptied
    return DraftChange(
        version=version,
        set={f"/{name}": value for name, value in kept.items()},
        unset=[f"/{name}" for name in values if name not in kept],
    )
