"""What a questionnaire says, in the language that it is read in, and answers in words.

A questionnaire has its own languages: a text that is not in the page's language says so, for screen readers.
"""

import re
from typing import Final

import msgspec
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from base.language import N_, translate
from forms.evaluating import iso_day
from forms.flaws import ANSWER_MESSAGES, AnswerFlaw
from forms.questionnaire import (
    AcknowledgeQuestion,
    DateQuestion,
    Question,
    Questionnaire,
    SelectMultipleQuestion,
    SelectOneQuestion,
    Texts,
    questions,
)
from forms.showing import Shown, piped
from web import wording
from web.markdown import block, inline, words

NO_ANSWER_YET: Final = "…"
"""What stands in a text for an answer that is not there yet."""

MESSAGES: Final = {
    "date": N_("Enter a date that exists, for instance 31/12/2026."),
    "choice-name": ANSWER_MESSAGES["choice"],
    "choice-names": ANSWER_MESSAGES["choice"],
    "choice-filtered": N_("What you chose is not offered with your other answers: choose again."),
    "text": ANSWER_MESSAGES["characters"],
}
"""Where people need other words for a flaw than programs do."""

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_PUNCTUATION: Final = re.compile(r"[!-/:-@\[-`{-~\s]")


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """How a questionnaire is told: in which of its languages, on a page in which language, for which answers."""

    questionnaire: Questionnaire
    spoken: str
    language: str
    shown: Shown

    def inline(self, texts: Texts) -> Markup:
        """A label or hint."""
        text, key = self._chosen(texts)
        return self._marked(inline(self._piped(text), personal=_is_piped(text)), key, "span")

    def block(self, texts: Texts) -> Markup:
        """A note, of several paragraphs perhaps."""
        text, key = self._chosen(texts)
        return self._marked(block(self._piped(text), personal=_is_piped(text)), key, "div")

    def plain(self, texts: Texts) -> str:
        """The words alone."""
        text, _ = self._chosen(texts)
        return words(inline(self._piped(text), personal=_is_piped(text)))

    def lang(self, texts: Texts) -> str | None:
        """The `lang` of a text, where it is not the page's."""
        key = self._chosen(texts)[1]
        return None if key in ("", self.language) else tag_of(key)

    def answer(self, question: Question, value: object) -> Markup:
        """An answer in words, with its language where it is a choice's label; each choice on a line."""
        return Markup("<br>").join(self._answer(question, value))

    def _answer(self, question: Question, value: object) -> list[Markup]:
        if not isinstance(question, SelectOneQuestion | SelectMultipleQuestion):
            return [escape(in_words(question, value, self.language))]
        names = [str(name) for name in (value if isinstance(value, list) else [value])]
        choices = self.questionnaire.choice_lists[question.choices]
        labels = {choice.name: choice.label for choice in reversed(choices) if choice.name in names}
        return [self.inline(labels[name]) if any(labels.get(name, {}).values()) else escape(name) for name in names]

    def flaw(self, flaw: AnswerFlaw) -> Markup:
        """What is wrong with an answer: in the words of the questionnaire's author where there are some."""
        if any(flaw.message.values()):
            return self.inline(flaw.message)
        message = MESSAGES.get(flaw.reason) or ANSWER_MESSAGES[flaw.reason]
        parameters = {
            name: figure(value, self.language) if isinstance(value, int | float) else value
            for name, value in flaw.parameters.items()
        }
        return escape(translate(message, parameters, self.language))

    def _chosen(self, texts: Texts) -> tuple[str, str]:
        """The text in the language that is read, else in the first that has it; and which language that is."""
        for key in (self.spoken, *self.questionnaire.languages, *texts):
            if texts.get(key):
                return texts[key], key
        return "", ""

    def _marked(self, html: Markup, key: str, element: str) -> Markup:
        if key in ("", self.language):
            return html
        return Markup('<{0} lang="{1}">{2}</{0}>').format(element, tag_of(key), html)

    def _piped(self, text: str) -> str:
        return piped(text, self._said) if _is_piped(text) else text

    def _said(self, name: str) -> str:
        value = self.shown.answers.get(name)
        question = next((one for one in questions(self.questionnaire) if one.name == name), None)
        if value is None or question is None:
            return NO_ANSWER_YET
        # Where a choice's label has answers in it itself, they are left out: two that name each other have no end.
        blank = msgspec.structs.replace(self, shown=msgspec.structs.replace(self.shown, answers={}))
        words = ", ".join(line.striptags() for line in blank.answer(question, value).split("<br>"))
        return _PUNCTUATION.sub(lambda sign: f"&#{ord(sign[0])};", words)  # what somebody typed is no Markdown


def _is_piped(text: str) -> bool:
    return "${" in text


def tag_of(key: str) -> str:
    """The language tag of a questionnaire's language key; empty, which says that it is unknown, where it is none."""
    return key if _LANGUAGE.fullmatch(key) else ""


def language_to_read(questionnaire: Questionnaire, wished: str | None, language: str) -> str:
    """The one of a questionnaire's languages to show: what was chosen, else the page's, else its first."""
    for candidate in (wished, language):
        if candidate in questionnaire.languages:
            return str(candidate)
    return questionnaire.languages[0]


def in_words(question: Question, value: object, language: str) -> str:
    """An answer that is no choice, as a sentence would have it: 1 234,5; 3 décembre 2026."""
    if isinstance(question, AcknowledgeQuestion) and value == "OK":
        return translate(N_("Yes, ticked"), None, language)
    match value:
        case bool():
            return translate(N_("Yes") if value else N_("No"), None, language)
        case int() | float():
            return figure(value, language)
        case str() if isinstance(question, DateQuestion) and (day := iso_day(value)):
            return wording.day(day, language)
        case _:
            return str(value)


def figure(value: float, language: str) -> str:
    """A number with all its digits, as the language writes it."""
    return str(format_decimal(value, "#,##0.###############", locale=language))
