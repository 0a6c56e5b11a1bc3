"""Merging what several people, or one person in several pages, change in a draft. Pure.

A change says which version of the draft its author saw. Paths are JSON Pointers below the answers (`/q1`), of one step
as long as answers do not nest. A value is not judged: what does not fit its question is kept as it was typed.
"""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import Meta

from base.language import N_
from base.problems import INVALID, InvalidParam
from forms.questionnaire import (
    MAX_ANSWER,
    MAX_NAME,
    UNSTORABLE,
    CalculateQuestion,
    Question,
    Questionnaire,
    SelectMultipleQuestion,
    questions,
)
from surveys.problems import DRAFT_CONFLICT
from surveys.queries import DraftRow
from surveys.submission import Answers
from surveys.wording import invalid

MAX_DRAFT: Final = 1_000_000
"""Bytes of JSON that a draft may hold: as much as the largest answers come to, with room for what is no answer yet."""

MAX_PATHS: Final = 20_000
"""Paths that a change may name: more than a questionnaire has, and not so many that naming their faults is a burden."""

Pointer: TypeAlias = Annotated[str, Meta(max_length=MAX_NAME + 1)]
"""Where an answer stands in a draft: a slash and the name of its question."""


class DraftChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What changed since `version` of a draft: paths (`/q1`) with their new values, and paths without a value now.

    Who gets no answer sends the same change again before any later one: what was stored then is recognised, and is no
    conflict with what the same page brings next.
    """

    version: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    set: Annotated[dict[Pointer, Any], Meta(max_length=MAX_PATHS)] = {}
    unset: Annotated[list[Pointer], Meta(max_length=MAX_PATHS)] = []


def answerable(questionnaire: Questionnaire) -> dict[str, Question]:
    """The questions that people answer, by name."""
    return {
        question.name: question
        for question in questions(questionnaire)
        if not (isinstance(question, CalculateQuestion) or question.calculation or question.read_only)
    }


def wanted_by(questionnaire: Questionnaire, change: DraftChange) -> dict[str, Any]:
    """The values that a change brings, by path, null where it takes one away; raises `invalid` with every fault."""
    asked = answerable(questionnaire)
    faults = []
    for path, value in change.set.items():
        question = asked.get(path.removeprefix("/")) if path.startswith("/") else None
        place = f"/set/{path.replace('~', '~0').replace('/', '~1')}"
        if question is None:
            faults.append(_unknown(place))
        elif fault := _unfit(place, value, questionnaire, question):
            faults.append(fault)
    for index, path in enumerate(change.unset):
        if not path.startswith("/") or path.removeprefix("/") not in asked or path in change.set:
            faults.append(_unknown(f"/unset/{index}"))
    if faults:
        raise INVALID(invalid_params=faults)
    return change.set | dict.fromkeys(change.unset)


def _unknown(place: str) -> InvalidParam:
    return invalid(place, "unknown", N_("This is not the path of a question that is answered here, or it comes twice."))


def _unfit(place: str, value: object, questionnaire: Questionnaire, question: Question) -> InvalidParam | None:
    """What keeps a value out of a draft: not that it does not fit its question, but what could not even be kept."""
    match value:
        case None | bool() | int() | float():
            return None
        case str():
            return _unfit_text(place, value)
        case list():
            most = 0
            if isinstance(question, SelectMultipleQuestion):
                most = len(questionnaire.choice_lists[question.choices])
            if len(value) > most or not all(isinstance(item, str) for item in value):
                return invalid(place, "type", N_("This question takes no such list."))
            return next((fault for item in value if (fault := _unfit_text(place, item))), None)
        case _:
            return invalid(place, "type", N_("A text, a number, true, false or a list is wanted."))


def _unfit_text(place: str, text: str) -> InvalidParam | None:
    if len(text) > MAX_ANSWER:
        message = N_("This text has {length} characters; at most {limit} are possible.")
        return invalid(place, "length", message, length=len(text), limit=MAX_ANSWER)
    if UNSTORABLE.search(text):
        return invalid(place, "type", N_("This text holds a character that cannot be stored."))
    return None


def require_room(answers: Answers) -> None:
    """Raise `invalid` where these are more than a draft may hold."""
    if len(msgspec.json.encode(answers)) > MAX_DRAFT:
        message = N_("The draft would be too large ({limit} bytes are possible). Shorten some texts.")
        raise INVALID(invalid_params=[invalid("/set", "length", message, limit=MAX_DRAFT)])


def merge(draft: DraftRow, wanted: Mapping[str, Any], *, since: int, stale: Collection[str] = ()) -> DraftRow:
    """The draft with these values (null: none) by path, at its next version; as it was where it has them all already.

    Raises `surveys/draft-conflict` with every path that was changed after version `since` to another value, or that is
    `stale`: whoever changes it saw another value there than the draft's.
    """
    seen = since if since <= draft.version else 0  # of another draft, or of one from before a backup was restored
    answers = dict(draft.answers)
    touched = dict(draft.touched)
    conflicts = []
    for path, yours in wanted.items():
        name = path.removeprefix("/")
        theirs = draft.answers.get(name)
        if _same(yours, theirs):
            continue
        if draft.touched.get(path, 0) > seen or path in stale:
            conflicts.append({"path": path, "yours": yours, "theirs": theirs})
        answers.pop(name, None)
        if yours is not None:
            answers[name] = yours
        touched[path] = draft.version + 1
    if conflicts:
        raise DRAFT_CONFLICT(version=draft.version, members={"conflicts": conflicts, "version": draft.version})
    if touched == draft.touched:
        return draft
    return msgspec.structs.replace(draft, version=draft.version + 1, answers=answers, touched=touched)


def _same(one: object, other: object) -> bool:
    """Whether two values are the same JSON; to Python, true is 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)
