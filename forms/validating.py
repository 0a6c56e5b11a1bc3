"""The one judge of answers: made once per edition from a questionnaire that passed `checking.check`.

Relevance and calculations are followed in the order in which they depend on each other, so that what is hidden is
empty for everything else; then each answer that was asked is judged. What is accepted is stored as judged: a null
for a question that was asked and not answered, no key for one that was not asked.

An answer that does not fit its question is one fault, and no more: whatever depends on it, directly or by way of
relevance and calculations, is doubtful and is judged once it has been corrected. Where nobody can answer (a
calculation, a read-only question) nothing is required.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from graphlib import TopologicalSorter
from itertools import islice
from typing import Any, Final, TypeAlias, assert_never

import msgspec

from forms.evaluating import (
    Answer,
    ChoiceList,
    Evaluator,
    Form,
    Scope,
    Value,
    compile_expression,
    iso_day,
    to_boolean,
    to_day,
    to_number,
    to_text,
)
from forms.expressions import parse, references
from forms.flaws import AnswerCode, AnswerFlaw
from forms.questionnaire import (
    MAX_ANSWER,
    MAX_NAME,
    UNSTORABLE,
    AcknowledgeQuestion,
    CalculateQuestion,
    DateQuestion,
    DecimalQuestion,
    Group,
    HiddenQuestion,
    IntegerQuestion,
    Node,
    Note,
    Number,
    Question,
    Questionnaire,
    RangeQuestion,
    SelectMultipleQuestion,
    SelectOneQuestion,
    Source,
    TextQuestion,
    Texts,
    walk,
)

MAX_INTEGER: Final = 2**53 - 1
"""The largest whole number that JSON carries safely."""
MOST_UNKNOWN: Final = 100
"""Names without a question that are listed; whoever sends more has been told enough."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answers to store, and what is wrong; they may be stored only if nothing is."""

    answers: dict[str, Any]
    flaws: list[AnswerFlaw]

    @property
    def accepted(self) -> bool:
        return not self.flaws


class Unfit(Exception):  # noqa: N818 - it is no error of the program
    """A value does not fit its question: an answer flaw's code, reason and parameters."""

    def __init__(self, code: AnswerCode, reason: str, **parameters: object) -> None:
        super().__init__(reason)
        self.code: AnswerCode = code
        self.reason = reason
        self.parameters: dict[str, Any] = parameters


Reader: TypeAlias = Callable[[object], Answer]
"""From a value on the wire to the answer as stored; raises `Unfit`. It is never given what means no answer."""


def reader(question: Question, lists: Mapping[str, ChoiceList]) -> Reader:  # noqa: C901, PLR0911 - one case per kind
    """What a question accepts, leaving expressions aside; its list must exist and its bounds be sound."""
    match question:
        case TextQuestion(max_length=limit):
            return lambda value: _text(value, min(limit or MAX_ANSWER, MAX_ANSWER))
        case HiddenQuestion():
            return lambda value: _text(value, MAX_ANSWER)
        case IntegerQuestion(min=low, max=high):
            return lambda value: _bounded(_integer(value), low, high)
        case DecimalQuestion(min=low, max=high):
            return lambda value: _bounded(_number(value), low, high)
        case RangeQuestion():
            number = _integer if question.whole else _number
            return lambda value: _on_step(question, _bounded(number(value), question.min, question.max))
        case DateQuestion():
            return _day
        case SelectOneQuestion(choices=name):
            choices = lists[name]
            return lambda value: _choice(value, choices)
        case SelectMultipleQuestion(choices=name):
            choices = lists[name]
            return lambda value: _choices(value, choices)
        case AcknowledgeQuestion():
            return _acknowledged
        case CalculateQuestion():
            return _computed
        case _:
            assert_never(question)


def _text(value: object, limit: int) -> str:
    if not isinstance(value, str):
        raise Unfit("type", "text")
    if len(value) > limit:
        raise Unfit("length", "length", limit=limit, length=len(value))
    if UNSTORABLE.search(value):
        raise Unfit("type", "characters")
    return value


def _integer(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unfit("type", "integer")
    if abs(value) > MAX_INTEGER:
        raise Unfit("type", "too-large")
    return value


def _number(value: object) -> Number:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit("type", "number")
    if isinstance(value, int) and abs(value) <= MAX_INTEGER:
        return value
    try:
        number = float(value)
    except OverflowError:
        raise Unfit("type", "too-large") from None
    if not math.isfinite(number):
        raise Unfit("type", "number")
    return number


def _bounded(value: Number, low: Number | None, high: Number | None) -> Number:
    if low is not None and value < low:
        raise Unfit("range", "minimum", minimum=low)
    if high is not None and value > high:
        raise Unfit("range", "maximum", maximum=high)
    return value


def _on_step(question: RangeQuestion, value: Number) -> Number:
    """Decimal steps are not exact in binary: a billionth of a step, or the last digits of a number, are forgiven."""
    forgiven = max(1e-9 * question.step, 4 * math.ulp(max(abs(value), abs(question.min))))
    if abs(math.remainder(value - question.min, question.step)) > forgiven:
        raise Unfit("range", "step", minimum=question.min, step=question.step)
    return value


def _day(value: object) -> str:
    if not isinstance(value, str) or iso_day(value) is None:
        raise Unfit("type", "date")
    return value


def _choice(value: object, choices: ChoiceList) -> str:
    if not isinstance(value, str):
        raise Unfit("type", "choice-name")
    if value not in choices.positions:
        raise Unfit("choice", "choice")
    return value


def _choices(value: object, choices: ChoiceList) -> list[str] | None:
    """In the order of the list; none is no answer."""
    if not isinstance(value, list):
        raise Unfit("type", "choice-names")
    names = [_choice(name, choices) for name in value]
    if len(set(names)) < len(names):
        raise Unfit("choice", "choice-repeated")
    return sorted(names, key=choices.positions.__getitem__) or None


def _acknowledged(value: object) -> str:
    if value != "OK":
        raise Unfit("type", "acknowledge")
    return "OK"


def _computed(value: object) -> Answer:
    """A calculation's value as stored: whole numbers without a point, no NaN, no infinity."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, len(value))
    number = _number(value)
    return int(number) if float(number).is_integer() and abs(number) <= MAX_INTEGER else number


def _as_wire(question: Question, value: Value) -> object:
    """A computed value in the form that the question's reader takes."""
    match question:
        case IntegerQuestion() | DecimalQuestion() | RangeQuestion():
            number = to_number(value)
            whole = isinstance(question, IntegerQuestion) or (isinstance(question, RangeQuestion) and question.whole)
            return math.trunc(number) if whole and math.isfinite(number) else number
        case DateQuestion():
            day = to_day(value)
            return "" if day is None else day.isoformat()
        case SelectMultipleQuestion():
            return to_text(value).split()
        case CalculateQuestion():
            return value
        case _:
            return to_text(value)


class _Rule(msgspec.Struct, frozen=True):
    """An expression that judges, and the names that it reads."""

    holds: Callable[[Scope], bool]
    reads: frozenset[str]


class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A node made ready: what decides whether it is asked, where its value comes from, and what judges it.

    `fixed` says that no answer is taken, `default` stands in for one that is absent.
    """

    name: str
    group: str | None
    before: frozenset[str]
    relevant: Evaluator | None = None
    question: Question | None = None
    read: Reader | None = None
    calculation: Evaluator | None = None
    fixed: bool = False
    default: Answer = None
    required: _Rule | None = None
    constraint: _Rule | None = None
    choice_filter: _Rule | None = None


def _compiled(source: Source | None) -> Evaluator | None:
    return compile_expression(parse(source)) if source else None


def _rule(source: bool | Source | None) -> _Rule | None:
    if isinstance(source, bool):
        source = "1 = 1" if source else None
    if not source:
        return None
    expression = parse(source)
    value = compile_expression(expression)
    return _Rule(lambda scope: to_boolean(value(scope)), references(expression))


def _plan(node: Node, groups: tuple[Group, ...], form: Form) -> _Plan:
    group = groups[-1].name if groups else None
    sources = [node.relevant, None if isinstance(node, Note | Group) else node.calculation]
    before = frozenset().union(*(references(parse(source)) for source in sources if source))
    around = _Plan(
        name=node.name,
        group=group,
        before=before if group is None else before | {group},
        relevant=_compiled(node.relevant),
    )
    if isinstance(node, Note | Group):
        return around
    read = reader(node, form.lists)
    default = getattr(node, "default", None) if node.read_only or isinstance(node, HiddenQuestion) else None
    choice_filter = node.choice_filter if isinstance(node, SelectOneQuestion | SelectMultipleQuestion) else None
    return msgspec.structs.replace(
        around,
        question=node,
        read=read,
        calculation=_compiled(node.calculation),
        fixed=node.read_only,
        default=_fitting(read, default),
        required=None if node.calculation or node.read_only else _rule(node.required),
        constraint=None if isinstance(node, CalculateQuestion) else _rule(node.constraint),
        choice_filter=_rule(choice_filter),
    )


class Judge:
    """Judges sets of answers to one edition; it keeps nothing of them, so that threads may share it."""

    def __init__(self, questionnaire: Questionnaire) -> None:
        self._form = Form(questionnaire)
        self._language = questionnaire.languages[0]
        self._plans = [_plan(node, groups, self._form) for node, groups in walk(questionnaire.questions)]
        self._askable = {plan.name for plan in self._plans if plan.question is not None}
        plans = {plan.name: plan for plan in self._plans}
        order = TopologicalSorter({plan.name: plan.before for plan in self._plans}).static_order()
        self._order = [plans[name] for name in order]

    def validate(self, answers: object, *, today: date) -> Verdict:
        """What to store and what is wrong, all of it, in the order of the questionnaire; never raises."""
        if not isinstance(answers, dict):
            return Verdict(answers={}, flaws=[AnswerFlaw(path="/answers", code="type", reason="object")])
        typed: dict[str, Answer] = {}
        scope = Scope(form=self._form, answers=typed, today=today, language=self._language)
        unfit = self._follow(answers, typed, scope)
        doubtful = self._doubtful(unfit)
        flaws: list[AnswerFlaw] = []
        for plan in self._plans:
            if plan.before & doubtful:
                continue
            if plan.name in unfit:
                flaws.append(_flaw(plan.name, unfit[plan.name]))
            elif plan.name in typed and plan.question is not None:
                scope.current = plan.name
                flaws.extend(_judged(plan, plan.question, scope, doubtful))
        unknown = (str(name)[:MAX_NAME] for name in answers if name not in self._askable)
        flaws.extend(_flaw(name, Unfit("unknown", "unknown")) for name in islice(unknown, MOST_UNKNOWN))
        stored = {plan.name: typed[plan.name] for plan in self._plans if plan.name in typed}
        return Verdict(answers=stored, flaws=flaws)

    def _follow(self, answers: dict[object, object], typed: dict[str, Answer], scope: Scope) -> dict[str, Unfit]:
        """Fill `typed` with the answers to what is asked, so that `scope` sees them; what does not fit is returned."""
        unfit: dict[str, Unfit] = {}
        shown: set[str | None] = {None}
        for plan in self._order:
            scope.current = plan.name
            if plan.group not in shown or (plan.relevant is not None and not to_boolean(plan.relevant(scope))):
                continue
            if plan.question is None or plan.read is None:
                shown.add(plan.name)
                continue
            typed[plan.name] = None
            if plan.calculation is not None:
                typed[plan.name] = _fitting(plan.read, _as_wire(plan.question, plan.calculation(scope)))
                continue
            value = None if plan.fixed else answers.get(plan.name)
            try:
                typed[plan.name] = plan.default if _is_empty(value) else plan.read(value)
            except Unfit as fault:
                unfit[plan.name] = fault
        return unfit

    def _doubtful(self, unfit: Mapping[str, Unfit]) -> frozenset[str]:
        """The names whose value, or whether they are asked, depends on an answer that does not fit."""
        doubtful: set[str] = set()
        for plan in self._order if unfit else ():
            if plan.name in unfit or plan.before & doubtful:
                doubtful.add(plan.name)
        return frozenset(doubtful)


def compile_judge(questionnaire: Questionnaire) -> Judge:
    """The judge of an edition; the questionnaire must have passed `checking.check`."""
    return Judge(questionnaire)


def _is_empty(value: object) -> bool:
    return value is None or value == ""


def _fitting(read: Reader, value: object) -> Answer:
    """A computed value as an answer; what does not fit the question is no answer."""
    try:
        return None if _is_empty(value) else read(value)
    except Unfit:
        return None


def _judged(plan: _Plan, question: Question, scope: Scope, doubtful: frozenset[str]) -> Iterator[AnswerFlaw]:
    """What the author's expressions say against an answer that fits its kind, doubtful ones aside."""
    required, choice_filter, constraint = (
        None if rule is None or rule.reads & doubtful else rule
        for rule in (plan.required, plan.choice_filter, plan.constraint)
    )
    answer = scope.answers[plan.name]
    blank = answer is None or (isinstance(answer, str) and not answer.strip())
    if blank and required is not None and required.holds(scope):
        yield _flaw(plan.name, Unfit("required", "required"), question.required_message)
        return
    if answer is None:
        return
    if choice_filter is not None:
        for name in answer if isinstance(answer, list) else [str(answer)]:
            if not _offered(name, plan.name, choice_filter, scope):
                yield _flaw(plan.name, Unfit("choice", "choice-filtered", choice=name))
                return
    if constraint is not None and not constraint.holds(scope):
        yield _flaw(plan.name, Unfit("constraint", "constraint"), question.constraint_message)


def _offered(choice: str, question: str, choice_filter: _Rule, scope: Scope) -> bool:
    """Whether the filter holds for any of the entries that have the choice's name."""
    for entry in scope.form.list_of[question].entries(choice):
        scope.choice = entry
        if choice_filter.holds(scope):
            return True
    return False


def _flaw(name: str, fault: Unfit, message: Texts | None = None) -> AnswerFlaw:
    pointer = name.replace("~", "~0").replace("/", "~1")
    return AnswerFlaw(
        path=f"/answers/{pointer}",
        code=fault.code,
        reason=fault.reason,
        parameters=fault.parameters,
        message=message or {},
    )
