"""The one judge of answers: made once per edition from a questionnaire that passed `checking.check`.

Relevance and calculations are followed in the order in which they depend on each other, so that what is hidden is
empty for everything else; then each answer that was asked is judged. What is accepted is stored as judged: a null
for a question that was asked and not answered, no key for one that was not asked.

An answer that does not fit its question is one fault, and no more: whatever depends on it, directly or by way of
relevance and calculations, is doubtful and is judged once it has been corrected. Where nobody can answer (a
calculation, a read-only question) nothing is required.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from graphlib import TopologicalSorter
from itertools import islice
from typing import Any, Final

import msgspec

from forms.evaluating import Answer, Evaluator, Form, Scope, compile_expression, to_boolean
from forms.expressions import parse, references
from forms.fitting import Reader, Unfit, as_wire, fitting, is_empty, reader
from forms.flaws import AnswerFlaw
from forms.questionnaire import (
    MAX_NAME,
    CalculateQuestion,
    Choice,
    Group,
    HiddenQuestion,
    Node,
    Note,
    Question,
    Questionnaire,
    SelectMultipleQuestion,
    SelectOneQuestion,
    Source,
    Texts,
    walk,
)
from forms.showing import Shown

MOST_UNKNOWN: Final = 100
"""Names without a question that are listed; whoever sends more has been told enough."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answers to store, and what is wrong; they may be stored only if nothing is."""

    answers: dict[str, Any]
    flaws: list[AnswerFlaw]

    @property
    def accepted(self) -> bool:
        return not self.flaws


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
        default=fitting(read, default),
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
        scope, _, unfit = self._follow(answers, today)
        unknown = (str(name)[:MAX_NAME] for name in answers if name not in self._askable)
        return Verdict(
            answers={plan.name: scope.answers[plan.name] for plan in self._plans if plan.name in scope.answers},
            flaws=[
                *self._flaws(scope, unfit),
                *(_flaw(name, Unfit("unknown", "unknown")) for name in islice(unknown, MOST_UNKNOWN)),
            ],
        )

    def show(self, answers: Mapping[str, object], *, today: date, offering: Collection[str] | None = None) -> Shown:
        """How the questionnaire stands for these answers, finished or not; names that it does not ask are ignored. Of
        long lists it is work to tell what can be chosen: `offering` names the questions for which that is wanted.
        """
        scope, shown, unfit = self._follow(answers, today)
        asked = [plan for plan in self._plans if plan.name in scope.answers]
        offered: dict[str, list[Choice]] = {}
        required: set[str] = set()
        for plan in self._plans:
            scope.current = plan.name
            if plan.name in self._form.list_of and (offering is None or plan.name in offering):
                offered[plan.name] = _choices_offered(plan, scope)
            if plan.required is not None and plan.required.holds(scope):
                required.add(plan.name)
        return Shown(
            visible=frozenset(shown.union(scope.answers)),
            answers={plan.name: scope.answers[plan.name] for plan in asked},
            offered=offered,
            required=frozenset(required),
            flaws=self._flaws(scope, unfit),
        )

    def _flaws(self, scope: Scope, unfit: Mapping[str, Unfit]) -> list[AnswerFlaw]:
        """What is wrong with the answers to what is asked, in the order of the questionnaire."""
        doubtful = self._doubtful(unfit)
        flaws: list[AnswerFlaw] = []
        for plan in self._plans:
            if plan.before & doubtful:
                continue
            if plan.name in unfit:
                flaws.append(_flaw(plan.name, unfit[plan.name]))
            elif plan.name in scope.answers and plan.question is not None:
                scope.current = plan.name
                flaws.extend(_judged(plan, plan.question, scope, doubtful))
        return flaws

    def _follow(self, answers: Mapping[Any, object], today: date) -> tuple[Scope, set[str], dict[str, Unfit]]:
        """What expressions see: the answers to what is asked; the groups and notes shown; what does not fit."""
        typed: dict[str, Answer] = {}
        scope = Scope(form=self._form, answers=typed, today=today, language=self._language)
        unfit: dict[str, Unfit] = {}
        shown: set[str] = set()
        for plan in self._order:
            scope.current = plan.name
            if plan.group is not None and plan.group not in shown:
                continue
            if plan.relevant is not None and not to_boolean(plan.relevant(scope)):
                continue
            if plan.question is None or plan.read is None:
                shown.add(plan.name)
                continue
            typed[plan.name] = None
            if plan.calculation is not None:
                typed[plan.name] = fitting(plan.read, as_wire(plan.question, plan.calculation(scope)))
                continue
            value = None if plan.fixed else answers.get(plan.name)
            try:
                typed[plan.name] = plan.default if is_empty(value) else plan.read(value)
            except Unfit as fault:
                unfit[plan.name] = fault
        return scope, shown, unfit

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


def _choices_offered(plan: _Plan, scope: Scope) -> list[Choice]:
    """What can be chosen: each name once, in the first entry for which the filter holds."""
    offered: dict[str, Choice] = {}
    for entry in scope.form.list_of[plan.name].choices:
        scope.choice = entry
        if entry.name not in offered and (plan.choice_filter is None or plan.choice_filter.holds(scope)):
            offered[entry.name] = entry
    return list(offered.values())


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
