"""Fields: what a page shows of an answer and what its form sends back are the same answer, for every kind."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
)
from forms.validating import compile_judge
from web.pages.fields import read, typed_fields
from web.pages.questions import Asking, QuestionView, scale_of
from web.pages.telling import Telling

FEW = [Choice(name=f"c{number}", label={"fr": f"Choix {number}"}) for number in range(5)]
MANY = [Choice(name=f"c{number}", label={"fr": f"Choix {number}"}) for number in range(40)]
QUESTIONS: dict[str, Question] = {
    question.name: question
    for question in (
        TextQuestion(name="ligne"),
        TextQuestion(name="lignes", appearance="multiline"),
        IntegerQuestion(name="entier"),
        DecimalQuestion(name="decimal"),
        RangeQuestion(name="court", min=0, max=1, step=0.1),
        RangeQuestion(name="long", min=0, max=1000, step=5),
        DateQuestion(name="jour"),
        SelectOneQuestion(name="un", choices="few"),
        SelectOneQuestion(name="un_parmi", choices="many"),
        SelectOneQuestion(name="un_menu", choices="few", appearance="minimal"),
        SelectMultipleQuestion(name="plusieurs", choices="few"),
        SelectMultipleQuestion(name="plusieurs_parmi", choices="many"),
        AcknowledgeQuestion(name="vu"),
    )
}
FORM = Questionnaire(
    title={"fr": "Essai"},
    languages=["fr"],
    questions=list(QUESTIONS.values()),
    choice_lists={"few": FEW, "many": MANY},
)
JUDGE = compile_judge(FORM)

# A browser shows no lone carriage return, and what cannot be stored never gets as far as a page.
TEXTS = st.text(st.characters(exclude_characters="\r\x00", exclude_categories=["Cs"]), max_size=300)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**15), 10**15)


def wire(question: Question) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - one case per kind
    """Answers of a question, as they go on the wire; what was typed there in letters too."""
    typed = st.sampled_from(["douze", "12 ou 13", "31/02/2026"])
    match question:
        case TextQuestion():
            return TEXTS.filter(bool)
        case IntegerQuestion():
            return st.integers(-(2**53), 2**53) | typed
        case DecimalQuestion():
            return NUMBERS | typed
        case RangeQuestion():
            return (st.sampled_from(scale_of(question)) if question.step < 1 else st.integers(0, 1000)) | typed
        case DateQuestion():
            return st.dates().map(date.isoformat) | typed
        case SelectOneQuestion():
            return st.sampled_from([choice.name for choice in FORM.choice_lists[question.choices]])
        case SelectMultipleQuestion():
            names = [choice.name for choice in FORM.choice_lists[question.choices]]
            return st.sets(st.sampled_from(names), min_size=1).map(lambda chosen: sorted(chosen, key=names.index))
        case AcknowledgeQuestion():
            return st.just("OK")
        case CalculateQuestion() | HiddenQuestion():
            raise AssertionError("nobody types these")


def view(question: Question, value: Any, language: str = "fr") -> QuestionView:
    answers = {} if value is None else {question.name: value}
    shown = JUDGE.show(answers, today=date(2026, 3, 1))
    telling = Telling(questionnaire=FORM, spoken="fr", language=language, shown=shown)
    return Asking(telling=telling, answers=answers).question(question)


def posted(shown: QuestionView) -> list[str]:
    """What a browser sends of a field as it is shown: browsers make every line break two characters."""
    if shown.kind in ("input", "area"):
        return [str(shown.value).replace("\n", "\r\n")]
    chosen = [choice.value for choice in shown.choices if choice.checked]
    return chosen or ([""] if shown.kind == "list" else [])


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_answer_comes_back(name: str, language: str) -> None:
    """Showing an answer and reading the form that was not touched changes nothing."""
    question = QUESTIONS[name]

    @given(wire(question))
    def law(value: Any) -> None:
        shown = view(question, value, language)
        assert read(question, posted(shown), FORM) == value

    law()


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_answer_comes_back_as_none(name: str) -> None:
    question = QUESTIONS[name]
    assert read(question, posted(view(question, None)), FORM) is None


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("entier", "1 234", 1234),
        ("entier", "1\u202f234", 1234),
        ("entier", " 12 ", 12),
        ("entier", "12,5", "12,5"),
        ("entier", "douze", "douze"),
        ("decimal", "12,5", 12.5),
        ("decimal", "12.5", 12.5),
        ("decimal", "1 234,5", 1234.5),
        ("jour", "2026-12-31", "2026-12-31"),
        ("jour", "31/12/2026", "2026-12-31"),
        ("jour", "31/13/2026", "31/13/2026"),
        ("ligne", "a\r\nb", "a\nb"),
        ("ligne", "a\x00b", "ab"),
        ("vu", "OK", "OK"),
        ("un", "c3", "c3"),
    ],
)
def test_what_people_type(name: str, typed: str, value: Any) -> None:
    """French and English habits are understood; what is no such value stays as it was typed."""
    assert read(QUESTIONS[name], [typed], FORM) == value


def test_only_questions_that_were_asked_are_read() -> None:
    """A question whose boxes are all empty was asked; one that was hidden was not, whatever is sent in its name."""
    form = {"asked": ["plusieurs", "ligne"], "q.ligne": ["oui"], "q.jour": ["2026-01-01"], "csrf": ["x"]}
    assert typed_fields(form) == {"plusieurs": [], "ligne": ["oui"]}
