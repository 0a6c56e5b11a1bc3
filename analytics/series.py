"""What is counted: one series per question over all editions of a survey, and the dimensions.

Editions may change a question's kind. Its answers then live in two series, since a number and a choice have nothing to
add up. Figures show the newest kind.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeAlias, assert_never

from base.language import LANGUAGES, N_, translate
from forms.expressions import ExpressionError, parse, references
from forms.questionnaire import (
    AcknowledgeQuestion,
    CalculateQuestion,
    Choice,
    DateQuestion,
    DecimalQuestion,
    HiddenQuestion,
    IntegerQuestion,
    Question,
    Questionnaire,
    RangeQuestion,
    SelectMultipleQuestion,
    SelectOneQuestion,
    TextQuestion,
    questions,
)

Family: TypeAlias = Literal["choice", "multiple", "number", "date", "text", "value"]
"""How answers are kept in columns. `value` is what a calculation gave: numbers or texts, as it comes."""

Texts: TypeAlias = dict[str, str]
Labels: TypeAlias = Mapping[str, Mapping[str, Texts]]
"""Dimension (`@region`) → key → label. Where a dimension is listed, only its listed keys exist."""

Editions: TypeAlias = Mapping[int, Questionnaire]

DIMENSIONS: Final[dict[str, Family]] = {
    "@region": "choice",
    "@department": "choice",
    "@unit_kind": "choice",
    "@community": "multiple",
    "@day": "date",
    "@edition": "choice",
    "@status": "choice",
    "@channel": "choice",
}
"""What a response is filtered and split by besides its answers."""

LEDGER_DIMENSIONS: Final = frozenset({"@region", "@department", "@unit_kind", "@community"})
"""Those that the ledger of expected answers has too, so that a rate can be computed."""

_TITLES: Final = {
    "@region": N_("Région"),
    "@department": N_("Département"),
    "@unit_kind": N_("Kind of service"),
    "@community": N_("Community"),
    "@day": N_("Day"),
    "@edition": N_("Edition"),
    "@status": N_("Review"),
    "@channel": N_("Channel"),
}
_WITHOUT: Final = {
    "@region": N_("Outside any région"),
    "@department": N_("Outside any département"),
    "@unit_kind": N_("No unit"),
    "@community": N_("No community"),
}
_NO_ANSWER: Final = N_("No answer")
_VALUES: Final = {
    "sent": N_("Sent"),
    "returned": N_("Sent back"),
    "accepted": N_("Accepted"),
    "assigned": N_("Asked by name"),
    "open": N_("Open link"),
    "proxy": N_("Entered for somebody"),
    "import": N_("Imported"),
    "test": N_("Test"),
}

STATUSES: Final = ("sent", "returned", "accepted")
CHANNELS: Final = ("assigned", "open", "proxy", "import", "test")


class Series(NamedTuple):
    """A question or a dimension as figures see it: `question` is its newest form (null for a dimension)."""

    name: str
    family: Family
    label: Texts
    question: Question | None
    choices: dict[str, Texts]
    """The keys that are known beforehand, in order, with their labels."""

    @property
    def many(self) -> bool:
        """Whether one response may have several values, so that its groups overlap."""
        return self.family == "multiple"


def family_of(question: Question) -> Family:
    """The family that a question's answers are kept in."""
    match question:
        case SelectOneQuestion() | AcknowledgeQuestion():
            return "choice"
        case SelectMultipleQuestion():
            return "multiple"
        case IntegerQuestion() | DecimalQuestion() | RangeQuestion():
            return "number"
        case DateQuestion():
            return "date"
        case TextQuestion() | HiddenQuestion():
            return "text"
        case CalculateQuestion():
            return "value"
        case _:
            assert_never(question)


def choices_of(question: Question, questionnaire: Questionnaire) -> list[Choice]:
    """What can be ticked, in order."""
    match question:
        case SelectOneQuestion() | SelectMultipleQuestion():
            return questionnaire.choice_lists.get(question.choices, [])
        case AcknowledgeQuestion():
            return [Choice(name="OK", label=question.label)]
        case _:
            return []


def series_of(editions: Editions) -> dict[str, Series]:
    """The series of all questions: those of the newest edition in its order, then those only older editions had."""
    found: dict[str, Series] = {}
    for number in sorted(editions, reverse=True):
        questionnaire = editions[number]
        for question in questions(questionnaire):
            listed: dict[str, Texts] = {}
            for choice in choices_of(question, questionnaire):
                listed.setdefault(choice.name, choice.label)
            family = family_of(question)
            newer = found.setdefault(question.name, Series(question.name, family, question.label, question, listed))
            if newer.family == family:
                for name, label in listed.items():
                    newer.choices.setdefault(name, label)
    return found


def free_texts(editions: Editions) -> frozenset[str]:
    """The questions whose answers may hold what somebody wrote, in any edition: texts, and calculations from them."""
    free: set[str] = set()
    read: dict[str, frozenset[str]] = {}
    for questionnaire in editions.values():
        for question in questions(questionnaire):
            match question:
                case TextQuestion() | HiddenQuestion():
                    free.add(question.name)
                case CalculateQuestion(name=name, calculation=str(source)):
                    try:
                        read[name] = read.get(name, frozenset()) | references(parse(source))
                    except ExpressionError:
                        free.add(name)
                case _:
                    pass
    while found := {name for name, needed in read.items() if name not in free and needed & free}:
        free |= found
    return frozenset(free)


def dimension(name: str, editions: Editions, labels: Labels) -> Series:
    """A dimension as a series."""
    listed: dict[str, Texts] = {key: dict(label) for key, label in labels.get(name, {}).items()}
    if not listed:
        match name:
            case "@edition":
                listed = {str(number): {} for number in sorted(editions)}
            case "@status":
                listed = {key: worded(_VALUES[key]) for key in STATUSES}
            case "@channel":
                listed = {key: worded(_VALUES[key]) for key in CHANNELS}
    return Series(name, DIMENSIONS[name], worded(_TITLES[name]), None, listed)


def without(series: Series) -> Texts:
    """The label of the group that has no value."""
    return worded(_WITHOUT.get(series.name, _NO_ANSWER))


def worded(message: str) -> Texts:
    """A message of ours in all our languages."""
    return {language: translate(message, None, language) for language in LANGUAGES}
