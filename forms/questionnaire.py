"""The questionnaire: one JSON document, a tree of nodes, each with a kind and a stable name.

The vocabulary is XLSForm's. Evolution is a promise: new fields have defaults, no field changes its type, no tag is
renamed, so that every edition ever stored can still be read.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

NAME: Final = r"[^\W\d][\w.\-]*"
"""The pattern of a name."""

MAX_NAME: Final = 128
MAX_CHOICE_NAME: Final = 256
MAX_LANGUAGE: Final = 64
MAX_LANGUAGES: Final = 100
MAX_TEXT: Final = 20_000
"""Characters in a text that an author writes for people."""
MAX_SOURCE: Final = 10_000
"""Characters in an expression."""
MAX_ANSWER: Final = 10_000
"""Characters in an answer that is a text."""

UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
"""What neither the database nor JSON can hold."""

Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=MAX_NAME, pattern=rf"^{NAME}$(?!\n)")]
"""A question's name, as XLSForm allows it: a letter or underscore, then letters, digits, `.`, `-` and `_`.

The end of the pattern is what Python and JavaScript both take for the end: Python's `$` alone lets a newline follow.
"""

ChoiceName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=MAX_CHOICE_NAME)]
Language: TypeAlias = Annotated[str, Meta(min_length=1, max_length=MAX_LANGUAGE)]
Texts: TypeAlias = dict[Language, Annotated[str, Meta(max_length=MAX_TEXT)]]
"""One text in several languages, by language key."""

Source: TypeAlias = Annotated[str, Meta(min_length=1, max_length=MAX_SOURCE)]
"""An expression as its author wrote it, in XLSForm's syntax."""

Number: TypeAlias = int | float


class _Node(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="kind",
):
    name: Name
    label: Texts = {}
    hint: Texts = {}
    relevant: Source | None = None
    appearance: str | None = None


class _Question(_Node, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    required: bool | Source = False
    required_message: Texts = {}
    constraint: Source | None = None
    constraint_message: Texts = {}
    calculation: Source | None = None
    read_only: bool = False


class TextQuestion(_Question, tag="text", frozen=True, kw_only=True, omit_defaults=True):
    """Free text: a string on the wire."""

    default: str | None = None
    max_length: int | None = None


class IntegerQuestion(_Question, tag="integer", frozen=True, kw_only=True, omit_defaults=True):
    """A whole number."""

    default: int | None = None
    min: int | None = None
    max: int | None = None


class DecimalQuestion(_Question, tag="decimal", frozen=True, kw_only=True, omit_defaults=True):
    """A finite number."""

    default: Number | None = None
    min: Number | None = None
    max: Number | None = None


class RangeQuestion(_Question, tag="range", frozen=True, kw_only=True, omit_defaults=True):
    """A number on a scale from `min` to `max` by `step`: an integer where all three are."""

    default: Number | None = None
    min: Number = 1
    max: Number = 10
    step: Number = 1

    @property
    def whole(self) -> bool:
        """Whether answers are integers."""
        return all(float(bound).is_integer() for bound in (self.min, self.max, self.step))


class DateQuestion(_Question, tag="date", frozen=True, kw_only=True, omit_defaults=True):
    """A day: `YYYY-MM-DD` on the wire."""

    default: str | None = None


class SelectOneQuestion(_Question, tag="select_one", frozen=True, kw_only=True, omit_defaults=True):
    """One choice of a list: its name on the wire."""

    choices: str
    choice_filter: Source | None = None
    default: str | None = None


class SelectMultipleQuestion(_Question, tag="select_multiple", frozen=True, kw_only=True, omit_defaults=True):
    """Any choices of a list: their names on the wire, in the list's order once stored."""

    choices: str
    choice_filter: Source | None = None
    default: list[str] | None = None


class AcknowledgeQuestion(_Question, tag="acknowledge", frozen=True, kw_only=True, omit_defaults=True):
    """A box to tick: `"OK"` on the wire, or no answer."""


class CalculateQuestion(_Question, tag="calculate", frozen=True, kw_only=True, omit_defaults=True):
    """A value the service computes; one that is sent is ignored."""


class HiddenQuestion(_Question, tag="hidden", frozen=True, kw_only=True, omit_defaults=True):
    """A string that travels with the answers and is shown to nobody."""

    default: str | None = None


class Note(_Node, tag="note", frozen=True, kw_only=True, omit_defaults=True):
    """A text to read: it has no answer."""


class Group(_Node, tag="group", frozen=True, kw_only=True, omit_defaults=True):
    """Questions that stand together; transparent on the wire (its children stand at its level)."""

    questions: list["Node"] = []


Question: TypeAlias = (
    TextQuestion
    | IntegerQuestion
    | DecimalQuestion
    | RangeQuestion
    | DateQuestion
    | SelectOneQuestion
    | SelectMultipleQuestion
    | AcknowledgeQuestion
    | CalculateQuestion
    | HiddenQuestion
)
"""What has an answer."""

Node: TypeAlias = Question | Note | Group


class Choice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One entry of a choice list; `extra` holds the further columns that a `choice_filter` reads.

    A name may stand in a list several times, each time with another `extra`: it is one choice, offered where the filter
    holds for any of its entries.
    """

    name: ChoiceName
    label: Texts = {}
    extra: dict[str, str] = {}


class Questionnaire(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is asked. The first of `languages` is the one shown where no better one is known."""

    title: Annotated[Texts, Meta(min_length=1)]
    languages: Annotated[list[Language], Meta(min_length=1, max_length=MAX_LANGUAGES)]
    questions: list[Node] = []
    choice_lists: dict[str, list[Choice]] = {}


_decoder: Final = msgspec.json.Decoder(Questionnaire)
_encoder: Final = msgspec.json.Encoder(order="deterministic")


def decode(document: bytes | str) -> Questionnaire:
    """The questionnaire in a JSON document; raises `msgspec.ValidationError` naming the place of the first fault."""
    return _decoder.decode(document)


def encode(questionnaire: Questionnaire) -> bytes:
    """The one byte sequence for this questionnaire: what an edition stores and its hash is taken over."""
    return _encoder.encode(questionnaire)


def walk(nodes: list[Node], above: tuple[Group, ...] = ()) -> Iterator[tuple[Node, tuple[Group, ...]]]:
    """Each node in questionnaire order with the groups around it, outermost first; a group before its children."""
    for node in nodes:
        yield node, above
        if isinstance(node, Group):
            yield from walk(node.questions, (*above, node))


def questions(questionnaire: Questionnaire) -> list[Question]:
    """All that has an answer, in questionnaire order, groups opened."""
    return [node for node, _ in walk(questionnaire.questions) if not isinstance(node, Note | Group)]


def text_in(texts: Texts, language: str, questionnaire: Questionnaire) -> str:
    """The text in `language`, else in the questionnaire's first language that has it, else any, else nothing."""
    for candidate in (language, *questionnaire.languages, *texts):
        if texts.get(candidate):
            return texts[candidate]
    return ""
