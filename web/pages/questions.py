"""A question as a page shows it: which field it gets, what stands in it, what is said around it.

The templates know these views only (`macros/questions.html`); what is posted back is read by `fields.py`.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias, assert_never

import msgspec
from markupsafe import Markup

from base.language import N_, NN_, translate, translate_count
from forms.evaluating import iso_day
from forms.questionnaire import (
    MAX_ANSWER,
    AcknowledgeQuestion,
    CalculateQuestion,
    Choice,
    DateQuestion,
    DecimalQuestion,
    Group,
    HiddenQuestion,
    IntegerQuestion,
    Node,
    Note,
    Number,
    Question,
    RangeQuestion,
    SelectMultipleQuestion,
    SelectOneQuestion,
    TextQuestion,
)
from forms.showing import reads
from web.pages.fields import field_of, written
from web.pages.steps import is_seen
from web.pages.telling import NO_ANSWER_YET, Telling, figure

SHORT_SCALE: Final = 11
"""Values of a range that still get a button each."""
MANY: Final = 12
"""Choices beyond which a list can be searched."""
LONG_TEXT: Final = 200
"""Characters beyond which a text gets several lines."""
NUMBER_LENGTH: Final = 60
"""Characters that a field for a number or a day takes: more than any has, so that words typed there are kept."""
FEW_SIGNS: Final = 3
"""Characters in a choice's label up to which all choices stand on one line (0 to 10)."""

FieldKind: TypeAlias = Literal["input", "area", "radios", "boxes", "list", "tick", "said", "note"]


class ChoiceView(msgspec.Struct, frozen=True, kw_only=True):
    """One choice: the value it posts, its label, whether it is chosen."""

    value: str
    text: Markup
    checked: bool


class QuestionView(msgspec.Struct, frozen=True, kw_only=True):
    """One question or note.

    `field` names its fields, `value` is what a field for typing holds (`said` and `note` have it as HTML). With
    `searched` the choices are many; `lang` is the language they are in, if not the page's. `live` says that other
    answers change how it looks; `theirs` is what somebody else answered meanwhile, in words; `mark` is that of the
    answer which the reader takes for the draft's.
    """

    name: str
    kind: FieldKind
    field: str
    visible: bool
    label: Markup
    hint: Markup
    required: bool = False
    error: Markup = Markup()
    value: str | Markup = ""
    attributes: dict[str, str] = {}
    choices: list[ChoiceView] = []
    inline: bool = False
    searched: bool = False
    live: bool = False
    lang: str | None = None
    theirs: Markup | None = None
    mark: str = ""

    @property
    def on_field(self) -> dict[str, str]:
        """The attributes of its field: a hidden question's is disabled, so that it is not posted."""
        further = {name: value for name, value in self.attributes.items() if name != "type"}
        return further if self.visible else further | {"disabled": ""}


class SectionView(msgspec.Struct, frozen=True, kw_only=True):
    """A group inside a page: a heading (of this level) with what stands below it."""

    name: str
    visible: bool
    label: Markup
    hint: Markup
    level: int
    items: list["QuestionView | SectionView"]


class _Field(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a view that depends on the kind of a question; `advice` is what we add to its hint."""

    kind: FieldKind
    value: str | Markup = ""
    attributes: dict[str, str] = {}
    choices: list[ChoiceView] = []
    inline: bool = False
    advice: str = ""


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """What the views of a page are made from: answers as they are kept or were typed, flaws to show by question, and
    what others answered where that differs; `marks` are those of the answers that the reader takes for the draft's.
    """

    telling: Telling
    answers: Mapping[str, Any]
    flaws: Mapping[str, Markup] = {}
    theirs: Mapping[str, Any] = {}
    marks: Mapping[str, str] = {}

    def views(self, nodes: Sequence[Node], level: int = 2) -> list[QuestionView | SectionView]:
        """What a page shows, hidden questions included, so that a script can show them."""
        items: list[QuestionView | SectionView] = []
        for node in nodes:
            if isinstance(node, Group):
                inside = self.views(node.questions, level + 1 if any(node.label.values()) else level)
                if inside:
                    items.append(self._section(node, level, inside))
            elif isinstance(node, Note):
                if is_seen(node):
                    items.append(self._note(node))
            elif is_seen(node):
                items.append(self.question(node))
        return items

    def _section(self, group: Group, level: int, items: list[QuestionView | SectionView]) -> SectionView:
        return SectionView(
            name=group.name,
            visible=group.name in self.telling.shown.visible,
            label=self.telling.inline(group.label),
            hint=self.telling.inline(group.hint),
            level=min(level, 6),
            items=items,
        )

    def _note(self, note: Note) -> QuestionView:
        return QuestionView(
            name=note.name,
            kind="note",
            field=field_of(note.name),
            visible=note.name in self.telling.shown.visible,
            label=Markup(),
            hint=self.telling.inline(note.hint),
            value=self.telling.block(note.label),
            live=bool(reads(note, self.telling.questionnaire)),
        )

    def question(self, question: Question) -> QuestionView:
        """One question."""
        telling = self.telling
        field = self._field(question)
        hint = telling.inline(question.hint)
        label = telling.inline(question.label)
        theirs = self.theirs.get(question.name, msgspec.UNSET)
        return QuestionView(
            name=question.name,
            kind=field.kind,
            field=field_of(question.name),
            visible=question.name in telling.shown.visible,
            label=label or Markup.escape(question.name),
            hint=Markup(" ").join(part for part in (hint, Markup.escape(field.advice)) if part),
            required=question.name in telling.shown.required and field.kind != "said",
            error=self.flaws.get(question.name, Markup()),
            value=field.value,
            attributes=field.attributes,
            choices=field.choices,
            inline=field.inline,
            searched=len(field.choices) > MANY,
            live=bool(reads(question, telling.questionnaire)),
            lang=telling.lang({telling.spoken: "x"}) if field.kind == "list" else None,
            theirs=None if theirs is msgspec.UNSET else self._said(question, theirs),
            mark=self.marks.get(question.name, ""),
        )

    def _said(self, question: Question, value: object) -> Markup:
        if value is None or value == "":
            return Markup.escape(translate(N_("no answer"), None, self.telling.language))
        return self.telling.answer(question, value)

    def _field(self, question: Question) -> _Field:  # noqa: PLR0911 - one case per kind
        """The field of a question, with what is answered in it."""
        if question.read_only or question.calculation or isinstance(question, CalculateQuestion):
            computed = self.telling.shown.answers.get(question.name)
            return _Field(kind="said", value=NO_ANSWER_YET if computed is None else self._said(question, computed))
        value = self.answers.get(question.name)
        match question:
            case TextQuestion():
                return self._text(question, value)
            case IntegerQuestion() | DecimalQuestion():
                return self._number(question, value)
            case RangeQuestion():
                return self._range(question, value)
            case DateQuestion():
                return self._date(value)
            case SelectOneQuestion():
                return self._one_of(question, value)
            case SelectMultipleQuestion():
                chosen = value if isinstance(value, list) else []
                choices = self._choices(question.name, chosen)
                advice = "" if any(question.hint.values()) else self._words(N_("Several answers are possible."))
                return _Field(kind="boxes", choices=choices, advice=advice)
            case AcknowledgeQuestion():
                box = ChoiceView(value="OK", text=self.telling.inline(question.label), checked=value == "OK")
                return _Field(kind="tick", choices=[box])
            case HiddenQuestion():
                raise ValueError(f"{question.name} is hidden: it has no field")
            case _:
                assert_never(question)

    def _words(self, message: str, **parameters: object) -> str:
        return translate(message, parameters, self.telling.language)

    def _text(self, question: TextQuestion, value: object) -> _Field:
        text = written(value, self.telling.language)
        looks = (question.appearance or "").lower().split()
        most = min(question.max_length or MAX_ANSWER, MAX_ANSWER)
        attributes = {"maxlength": str(most)}
        advice = ""
        if question.max_length:
            forms = NN_("{count} character at most.", "{count} characters at most.")
            language = self.telling.language
            advice = translate_count(forms, most, {"count": figure(most, language)}, language)
        if "multiline" in looks or "\n" in text or len(text) > LONG_TEXT or (question.max_length or 0) > LONG_TEXT:
            return _Field(kind="area", value=text, attributes=attributes, advice=advice)
        if "numbers" in looks:
            attributes["inputmode"] = "numeric"
        return _Field(kind="input", value=text, attributes={"type": "text"} | attributes, advice=advice)

    def _number(self, question: IntegerQuestion | DecimalQuestion | RangeQuestion, value: object) -> _Field:
        whole = isinstance(question, IntegerQuestion) or (isinstance(question, RangeQuestion) and question.whole)
        attributes = {
            "type": "text",
            "inputmode": "numeric" if whole and (question.min or 0) >= 0 else "decimal" if not whole else "text",
            "maxlength": str(NUMBER_LENGTH),
            "autocomplete": "off",
        }
        return _Field(
            kind="input",
            value=written(value, self.telling.language),
            attributes=attributes,
            advice=self._bounds(question.min, question.max),
        )

    def _bounds(self, low: Number | None, high: Number | None) -> str:
        language = self.telling.language
        if low is not None and high is not None:
            return self._words(N_("Between {low} and {high}."), low=figure(low, language), high=figure(high, language))
        if low is not None:
            return self._words(N_("At least {low}."), low=figure(low, language))
        return "" if high is None else self._words(N_("At most {high}."), high=figure(high, language))

    def _range(self, question: RangeQuestion, value: object) -> _Field:
        """A button for each value of a short scale; a field for typing where what was typed is not on it."""
        scale = scale_of(question)
        place = next((number for number in scale if _is(value, number, question)), None)
        if not scale or (place is None and value not in (None, "")):
            return self._number(question, value)
        language = self.telling.language
        return _Field(
            kind="radios",
            inline=True,
            choices=[
                ChoiceView(value=written(number, "en"), text=Markup.escape(figure(number, language)), checked=checked)
                for number, checked in ((number, number == place) for number in scale)
            ],
        )

    def _date(self, value: object) -> _Field:
        text = written(value, self.telling.language)
        if text and iso_day(text) is None:
            advice = self._words(N_("For instance 31/12/2026."))
            attributes = {"type": "text", "maxlength": str(NUMBER_LENGTH)}
            return _Field(kind="input", value=text, attributes=attributes, advice=advice)
        # Years have four digits: without a bound, browsers take six.
        return _Field(kind="input", value=text, attributes={"type": "date", "max": "9999-12-31"})

    def _one_of(self, question: SelectOneQuestion, value: object) -> _Field:
        choices = self._choices(question.name, [value])
        looks = (question.appearance or "").lower().split()
        if len(choices) > MANY or "minimal" in looks:
            return _Field(kind="list", choices=choices)
        signs = [len(choice.text.striptags()) for choice in choices]
        return _Field(kind="radios", choices=choices, inline=max(signs, default=0) <= FEW_SIGNS)

    def _choices(self, name: str, chosen: Sequence[object]) -> list[ChoiceView]:
        offered: list[Choice] = self.telling.shown.offered.get(name, [])
        return [
            ChoiceView(
                value=choice.name,
                text=self.telling.inline(choice.label) or Markup.escape(choice.name),
                checked=choice.name in chosen,
            )
            for choice in offered
        ]


def scale_of(question: RangeQuestion) -> list[Number]:
    """The values of a range that is short enough to show each; nothing for a longer one."""
    low, high, step = (Decimal(repr(number)) for number in (question.min, question.max, question.step))
    count = int((high - low) / step) + 1 if step > 0 and high >= low else 0
    if not 0 < count <= SHORT_SCALE:
        return []
    values = [low + step * place for place in range(count)]
    return [int(value) if question.whole else float(value) for value in values]


def _is(value: object, number: Number, question: RangeQuestion) -> bool:
    """Whether an answer is this value of the scale, forgiving what binary fractions lose."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value - number) <= 1e-9 * abs(question.step)
