"""Questions as pages show them: their fields, what is said around them, in which language; and their steps."""

from datetime import date
from typing import Any

import pytest

from forms.flaws import AnswerFlaw
from forms.questionnaire import (
    CalculateQuestion,
    Choice,
    DateQuestion,
    Group,
    HiddenQuestion,
    IntegerQuestion,
    Node,
    Note,
    Questionnaire,
    RangeQuestion,
    SelectMultipleQuestion,
    SelectOneQuestion,
    TextQuestion,
)
from forms.validating import compile_judge
from web import markdown
from web.pages.questions import Asking, QuestionView, SectionView, scale_of
from web.pages.steps import furthest, leaves, relevant, step_of, steps_of
from web.pages.telling import Telling, in_words, language_to_read, tag_of

TODAY = date(2026, 3, 1)
LISTS = {
    "oui_non": [
        Choice(name="oui", label={"fr": "Oui", "de": "Ja"}),
        Choice(name="non", label={"fr": "Non", "de": "Nein"}),
    ],
    "echelle": [Choice(name=str(number), label={"fr": str(number)}) for number in range(11)],
    "departements": [Choice(name=f"D-{number}", label={"fr": f"Département {number}"}) for number in range(20)],
}


def asking(
    *nodes: Node, answers: dict[str, Any] | None = None, languages: tuple[str, ...] = ("fr",), language: str = "fr"
) -> Asking:
    form = Questionnaire(title={"fr": "Essai"}, languages=list(languages), questions=list(nodes), choice_lists=LISTS)
    shown = compile_judge(form).show(answers or {}, today=TODAY)
    telling = Telling(questionnaire=form, spoken=language_to_read(form, None, language), language=language, shown=shown)
    return Asking(telling=telling, answers=answers or {})


def one(node: Any, **options: Any) -> QuestionView:
    (view,) = asking(node, **options).views([node])
    assert isinstance(view, QuestionView)
    return view


@pytest.mark.parametrize(
    ("node", "kind"),
    [
        (TextQuestion(name="q"), "input"),
        (TextQuestion(name="q", appearance="multiline"), "area"),
        (TextQuestion(name="q", max_length=500), "area"),
        (IntegerQuestion(name="q"), "input"),
        (RangeQuestion(name="q", min=0, max=10), "radios"),
        (RangeQuestion(name="q", min=0, max=11), "input"),
        (DateQuestion(name="q"), "input"),
        (SelectOneQuestion(name="q", choices="oui_non"), "radios"),
        (SelectOneQuestion(name="q", choices="departements"), "list"),
        (SelectMultipleQuestion(name="q", choices="departements"), "boxes"),
        (CalculateQuestion(name="q", calculation="1 + 1", label={"fr": "Somme"}), "said"),
        (TextQuestion(name="q", read_only=True, default="x"), "said"),
        (Note(name="q", label={"fr": "À savoir"}), "note"),
    ],
)
def test_each_kind_has_its_field(node: Node, kind: str) -> None:
    assert one(node).kind == kind


def test_what_nobody_sees_has_no_place() -> None:
    """What is hidden or computed without a label stands on no page."""
    form = asking(HiddenQuestion(name="h"), CalculateQuestion(name="c", calculation="1"), Note(name="n"))
    assert form.views(form.telling.questionnaire.questions) == []


def test_lists() -> None:
    """More than twelve choices are searched; short labels stand on one line."""
    assert one(SelectMultipleQuestion(name="q", choices="departements")).searched
    assert not one(SelectOneQuestion(name="q", choices="echelle")).searched
    assert one(SelectOneQuestion(name="q", choices="echelle")).inline
    assert (
        not one(SelectOneQuestion(name="q", choices="oui_non", label={"fr": "?"}), answers={"q": "oui"})
        .choices[1]
        .checked
    )


def test_what_we_add_to_a_hint() -> None:
    """Bounds in words, in the page's language, after what the author wrote."""
    view = one(RangeQuestion(name="q", min=0, max=100, step=0.5, hint={"fr": "En %."}))
    assert view.hint == "En %. Entre 0 et 100."
    assert view.attributes["inputmode"] == "decimal"


def test_a_text_in_another_language_says_so() -> None:
    """The German form in a French page; its author's languages are preferred to none."""
    node = TextQuestion(name="q", label={"de": "Wie **heißen** Sie?"}, hint={"de": "Name"})
    view = one(node, languages=("de",))
    assert view.label == '<span lang="de">Wie <strong>heißen</strong> Sie?</span>'
    assert view.hint == '<span lang="de">Name</span>'
    assert one(node, languages=("de",), language="en").label == view.label


def test_the_language_that_is_read() -> None:
    """What was chosen, else the page's, else the questionnaire's first."""
    form = Questionnaire(title={"de": "x"}, languages=["de", "fr", "en"])
    assert language_to_read(form, "en", "fr") == "en"
    assert language_to_read(form, "it", "fr") == "fr"
    assert language_to_read(form, None, "br") == "de"
    assert (tag_of("pt-BR"), tag_of("allemand_simple")) == ("pt-BR", "")


def test_answers_in_labels() -> None:
    """An answer in a text is said in words and can be no Markdown; none yet is an ellipsis."""
    nodes = (
        SelectOneQuestion(name="q", choices="oui_non"),
        TextQuestion(name="nom"),
        Note(name="n", label={"fr": "${nom} : ${q}"}),
    )
    form = asking(*nodes, answers={"q": "oui", "nom": "[x](http://mal) <b>&"})
    note = form.views(nodes)[2]
    assert isinstance(note, QuestionView)
    assert note.value == "<p>[x](http://mal) &lt;b&gt;&amp; : Oui</p>"
    assert note.live
    assert "… : …" in str(asking(*nodes).views(nodes)[2])


def test_what_was_typed_is_shown_again() -> None:
    """What does not fit its kind stands in a field where it can be corrected."""
    assert one(IntegerQuestion(name="q"), answers={"q": "douze"}).value == "douze"
    view = one(DateQuestion(name="q"), answers={"q": "31/13/2026"})
    assert (view.value, view.attributes["type"]) == ("31/13/2026", "text")
    assert one(RangeQuestion(name="q", min=0, max=10), answers={"q": 11}).kind == "input"


def test_hidden_questions_are_there_and_disabled() -> None:
    """So that a script can show them, and a form without one does not send them."""
    node = TextQuestion(name="q", relevant="1 = 2")
    view = one(node)
    assert not view.visible
    assert view.on_field["disabled"] == ""


def test_sections() -> None:
    """A group inside a page is a section below a heading; one without label is no level."""
    inner = Group(name="b", label={"fr": "B"}, questions=[TextQuestion(name="q")])
    outer = Group(name="a", questions=[inner])
    (section,) = asking(outer).views([outer])
    assert isinstance(section, SectionView)
    assert section.level == 2
    assert isinstance(section.items[0], SectionView)
    assert section.items[0].level == 2


def test_scales() -> None:
    assert scale_of(RangeQuestion(name="q", min=0, max=0.3, step=0.1)) == [0.0, 0.1, 0.2, 0.3]
    assert scale_of(RangeQuestion(name="q", min=1, max=5)) == [1, 2, 3, 4, 5]
    assert scale_of(RangeQuestion(name="q", min=1, max=5000)) == []


def test_flaws_in_words() -> None:
    """Numbers as the language writes them; the author's words where there are some."""
    telling = asking(TextQuestion(name="q"), languages=("fr", "de")).telling
    small = AnswerFlaw(path="/answers/q", code="range", reason="minimum", parameters={"minimum": 1.5})
    assert "1,5" in telling.flaw(small)
    own = AnswerFlaw(path="/answers/q", code="constraint", reason="constraint", message={"de": "Zu *kurz* & knapp"})
    assert telling.flaw(own) == '<span lang="de">Zu <em>kurz</em> &amp; knapp</span>'


def test_answers_in_words() -> None:
    assert in_words(IntegerQuestion(name="q"), 12345, "fr") == "12\u202f345"
    assert in_words(DateQuestion(name="q"), "2026-12-03", "fr") == "3\u00a0décembre\u00a02026"
    assert in_words(TextQuestion(name="q"), "2026-12-03", "fr") == "2026-12-03"


NODES: tuple[Node, ...] = (
    TextQuestion(name="a"),
    TextQuestion(name="b"),
    Group(name="g", questions=[Group(name="i", questions=[TextQuestion(name="c")])]),
    HiddenQuestion(name="h"),
    Group(name="r", relevant="${a} = 'x'", questions=[TextQuestion(name="d")]),
    TextQuestion(name="e"),
)


def test_steps() -> None:
    """Nodes outside groups that follow each other are one page, each group is one; what nobody sees is none."""
    form = asking(*NODES)
    steps = steps_of(form.telling.questionnaire)
    assert [[leaf.name for leaf in leaves(step.nodes)] for step in steps] == [["a", "b"], ["c"], ["d"], ["e"]]
    assert [step.number for step in relevant(steps, form.telling.shown)] == [1, 2, 4]
    assert [step.number for step in relevant(steps, asking(*NODES, answers={"a": "x"}).telling.shown)] == [1, 2, 3, 4]
    assert step_of(steps, "c") == steps[1]
    assert furthest(steps, {"a", "c"}) == steps[1]
    assert furthest(steps, set()) is None


def test_labels_that_name_each_other_end() -> None:
    """A choice whose label holds the answer that it is: the text put into a text is not filled in again."""
    lists = {"cercle": [Choice(name="a", label={"fr": "A ${q} ${q}"})]}
    chosen = SelectOneQuestion(name="q", choices="cercle")
    note = Note(name="n", label={"fr": "Vous : ${q}"})
    form = Questionnaire(title={"fr": "Essai"}, languages=["fr"], questions=[chosen, note], choice_lists=lists)
    shown = compile_judge(form).show({"q": "a"}, today=TODAY)
    telling = Telling(questionnaire=form, spoken="fr", language="fr", shown=shown)
    assert telling.inline(note.label) == "Vous : A … …"
    assert telling.answer(chosen, "a") == "A A … … A … …"


def test_texts_with_answers_in_them_are_not_kept() -> None:
    """What people answered does not stay in the memory of a process because a label repeats it."""
    secret = "Cette phrase ne reste pas"
    node = Note(name="n", label={"fr": "Vous : ${q}"}, hint={"fr": "${q}"})
    question = TextQuestion(name="q", label={"fr": "${q}"})
    made = asking(question, node, answers={"q": secret})
    kept = markdown._inline_kept.cache_info().currsize, markdown._block_kept.cache_info().currsize
    assert secret in repr(made.views([question, node]))
    assert secret in made.telling.plain(node.label)
    assert (markdown._inline_kept.cache_info().currsize, markdown._block_kept.cache_info().currsize) == kept
