"""An answer in hand as its pages show it: what is typed so far, how the questionnaire stands, where each page is."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal, TypeAlias
from urllib.parse import quote, urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from babel import Locale, UnknownLocaleError
from markupsafe import Markup

from analytics import sentences
from base.language import N_, translate
from forms.flaws import AnswerFlaw
from forms.questionnaire import Note, Question, Questionnaire, questions
from surveys.answering import local_day
from surveys.drafts import AnswerInHand
from surveys.merging import answerable
from web import wording
from web.markdown import words
from web.pages import fields
from web.pages.changing import stored_in
from web.pages.questions import Asking, QuestionView, SectionView
from web.pages.steps import Step, furthest, leaves, relevant, step_of, steps_of
from web.pages.telling import Telling, language_to_read, tag_of

Standing: TypeAlias = Literal["open", "sent", "exempt", "scheduled", "closed"]


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """Where the pages of an answer are; `assignment` is named where the address of this page names it."""

    slug: str
    assignment: UUID | None = None

    def of(self, page: str = "", anchor: str = "", **query: object) -> str:
        """The address of one of them."""
        named = {"assignment": self.assignment} if self.assignment else {}
        asked = urlencode(named | query)
        path = f"/s/{quote(self.slug)}" + (f"/{page}" if page else "")
        return path + (f"?{asked}" if asked else "") + (f"#{quote(anchor)}" if anchor else "")

    def step(self, step: Step | int, anchor: str = "", **query: object) -> str:
        """The address of a page of questions."""
        return self.of(f"etape/{step if isinstance(step, int) else step.number}", anchor, **query)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A step in a list of steps: its title, the language of that where it is not the page's, where it is."""

    step: Step
    title: str
    lang: str | None
    href: str


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the summary of errors."""

    href: str
    text: Markup


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A question with its answer in words; nothing where there is none."""

    name: str
    label: Markup
    answer: Markup
    href: str
    plain: str


class Filling(msgspec.Struct, frozen=True, kw_only=True):
    """An answer in hand, told in one of its languages.

    `stored` are the answers of the draft, with the defaults of what was not touched yet, or those that were sent;
    `answers` the same with what a page holds that is not saved, whose marks are `marks`. `people` are the questions
    that people answer, `ahead` the steps that matter.
    """

    in_hand: AnswerInHand
    addresses: Addresses
    telling: Telling
    stored: Mapping[str, Any]
    answers: Mapping[str, Any]
    marks: Mapping[str, str]
    people: Collection[str]
    steps: list[Step]
    ahead: list[Step]

    @property
    def questionnaire(self) -> Questionnaire:
        return self.in_hand.edition.questionnaire

    @property
    def zone(self) -> ZoneInfo:
        """The time of the place that is asked."""
        return ZoneInfo(self.in_hand.assignment.time_zone)

    @property
    def flaws(self) -> dict[str, AnswerFlaw]:
        """What is wrong, by question."""
        return {flaw.path.removeprefix("/answers/"): flaw for flaw in self.telling.shown.flaws}

    def told(self) -> list[Told]:
        """The steps that matter for these answers, with their titles."""
        found = []
        first = 1
        for step in self.ahead:
            asked = [leaf for leaf in self.seen(step) if not isinstance(leaf, Note)]
            title, lang = (
                (self.telling.plain(step.group.label), self.telling.lang(step.group.label))
                if step.group
                else ("", None)
            )
            if not title:
                title, lang = self._untitled(first, len(asked)), None
            first += len(asked)
            found.append(Told(step=step, title=title, lang=lang, href=self.addresses.step(step)))
        return found

    def _untitled(self, first: int, count: int) -> str:
        """What a step without a title is called: after the questions that it has, counted from the start."""
        numbers: dict[str, object] = {"first": first, "last": first + count - 1}
        match count:
            case 0:
                message = N_("Information")
            case 1:
                message = N_("Question {first}")
            case 2:
                message = N_("Questions {first} and {last}")
            case _:
                message = N_("Questions {first} to {last}")
        return translate(message, numbers, self.telling.language)

    def seen(self, step: Step) -> list[Question | Note]:
        """What is visible on a step."""
        return [leaf for leaf in leaves(step.nodes) if leaf.name in self.telling.shown.visible]

    def asked(self, step: Step) -> list[str]:
        """The questions of a step that are visible and answered by people."""
        return [leaf.name for leaf in self.seen(step) if leaf.name in self.people]

    def resume(self) -> Step | None:
        """Where to go on: the last step with an answer, else the first; none where nothing is to be seen."""
        touched = set(self.in_hand.draft.answers) if self.in_hand.draft else set()
        return furthest(self.ahead, touched) or next(iter(self.ahead), None)

    @property
    def onward(self) -> str:
        """The address to begin or go on at."""
        step = self.resume()
        return self.addresses.step(step) if step else self.addresses.of("verification")

    def after(self, step: Step) -> Step | None:
        """The next step that matters."""
        return next((one for one in self.ahead if one.number > step.number), None)

    def before(self, step: Step) -> Step | None:
        """The last one before that matters."""
        return next((one for one in reversed(self.ahead) if one.number < step.number), None)

    def views(
        self, step: Step, flaws: Mapping[str, Markup] | None = None, theirs: Mapping[str, Any] | None = None
    ) -> list[QuestionView | SectionView]:
        """What a step shows."""
        others = theirs or {}
        marks = {
            leaf.name: self.mark(leaf.name) if leaf.name in others else self.marks.get(leaf.name, self.mark(leaf.name))
            for leaf in leaves(step.nodes)
        }
        asking = Asking(telling=self.telling, answers=self.answers, flaws=flaws or {}, theirs=others, marks=marks)
        return asking.views(step.nodes)

    def mark(self, name: str) -> str:
        """The mark of what is stored for a question."""
        return fields.mark_of(self.stored.get(name))

    def messages(self, names: Iterable[str], *, missing: bool = True) -> dict[str, Markup]:
        """What is wrong with these questions, in words; without `missing`, not that an answer is missing."""
        flaws = self.flaws
        return {
            name: self.telling.flaw(flaws[name])
            for name in names
            if name in flaws and (missing or flaws[name].code != "required")
        }

    def faults(self, messages: Mapping[str, Markup], *, here: bool) -> list[Fault]:
        """The lines of a summary of errors; `here` says that the fields are on this page."""
        known = {question.name: question for question in questions(self.questionnaire)}
        faults = []
        for name, message in messages.items():
            label = self.telling.inline(known[name].label) if name in known else Markup()
            place = f"f-{fields.field_of(name)}"
            step = step_of(self.steps, name)
            href = f"#{place}" if here or step is None else self.addresses.step(step, place, corriger=1)
            colon = sentences.colon_after(words(label), self.telling.language)
            faults.append(Fault(href=href, text=Markup("{}{}{}").format(label, colon, message) if label else message))
        return faults

    def lines(self, step: Step) -> list[Line]:
        """The answers of a step, in words."""
        found = []
        for leaf in self.seen(step):
            if isinstance(leaf, Note):
                continue
            value = self.telling.shown.answers.get(leaf.name)
            value = self.answers.get(leaf.name) if value is None else value
            none = value is None or value == ""
            label = self.telling.inline(leaf.label) or Markup.escape(leaf.name)
            found.append(
                Line(
                    name=leaf.name,
                    label=label,
                    plain=words(label),
                    answer=Markup() if none else self.telling.answer(leaf, value),
                    href=self.addresses.step(step, f"question-{leaf.name}") if leaf.name in self.people else "",
                )
            )
        return found

    def saved(self, now: dt.datetime) -> str:
        """How the draft stands, in words."""
        draft = self.in_hand.draft
        language = self.telling.language
        if draft is None or draft.saved_at is None or draft.version == 0:
            return translate(N_("Nothing is saved yet"), None, language)
        if draft.saved_at.astimezone(self.zone).date() == now.astimezone(self.zone).date():
            time = wording.moment(draft.saved_at, language, zone=self.zone)
            return translate(N_("Draft saved at {time}: not sent yet"), {"time": time}, language)
        when = wording.when(draft.saved_at, now, language, zone=self.zone)
        return translate(N_("Draft saved {when}: not sent yet"), {"when": when}, language)

    def languages(self) -> list[tuple[str, str, str]]:
        """The questionnaire's languages where there is a choice: key, tag, name in itself."""
        keys = self.questionnaire.languages
        return [(key, tag_of(key), language_name(key)) for key in keys] if len(keys) > 1 else []

    def to_send(self) -> dict[str, Any]:
        """The answers that are given to what is asked."""
        return {
            name: value
            for name, value in self.answers.items()
            if name in self.people and name in self.telling.shown.visible and value not in (None, "", [])
        }


def filling(
    in_hand: AnswerInHand,
    addresses: Addresses,
    *,
    language: str,
    spoken: str | None,
    now: dt.datetime,
    typed: Mapping[str, Any] | None = None,
    marks: Mapping[str, str] | None = None,
    step: int | None = None,
) -> Filling:
    """An answer in hand, told; `typed` is what a page holds that is not in the draft, `marks` are those of what it
    showed there before, `step` the page whose choices are worked out.
    """
    questionnaire = in_hand.edition.questionnaire
    unsaved = {} if in_hand.response else dict(typed or {})
    stored = stored_in(in_hand)
    answers = stored | unsaved
    steps = steps_of(questionnaire)
    here = [leaf.name for one in steps if one.number == step for leaf in leaves(one.nodes)]
    today = local_day(now, in_hand.assignment.time_zone)
    shown = in_hand.edition.judge.show(answers, today=today, offering=here)
    return Filling(
        in_hand=in_hand,
        addresses=addresses,
        telling=Telling(
            questionnaire=questionnaire,
            spoken=language_to_read(questionnaire, spoken, language),
            language=language,
            shown=shown,
        ),
        stored=stored,
        answers=answers,
        marks={name: mark for name, mark in (marks or {}).items() if name in unsaved},
        people=answerable(questionnaire).keys(),
        steps=steps,
        ahead=relevant(steps, shown),
    )


def standing_of(in_hand: AnswerInHand, now: dt.datetime) -> Standing:
    """Whether an answer can be given, and why not."""
    if in_hand.response:
        return "sent"
    if in_hand.assignment.state == "exempt":
        return "exempt"
    if in_hand.open:
        return "open"
    state = in_hand.survey.state_until(in_hand.assignment.due_at, now)
    return "scheduled" if state == "scheduled" else "closed"


def closed_at(in_hand: AnswerInHand) -> dt.datetime | None:
    """Since when no answer is taken."""
    moments = [moment for moment in (in_hand.survey.closed_at, in_hand.assignment.due_at) if moment]
    return min(moments, default=None)


def language_name(key: str) -> str:
    """What a language is called by those who speak it; its key where nobody knows."""
    try:
        name = Locale.parse(key.replace("-", "_")).get_display_name() or key
    except (UnknownLocaleError, ValueError):
        name = key
    return name[:1].upper() + name[1:]
