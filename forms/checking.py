"""What is wrong with a questionnaire, all of it at once: errors hinder publication, warnings do not.

The order of the flaws is: the questionnaire as a whole, its choice lists, each node in turn, then cycles.
"""

from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any, Final, TypeAlias

import msgspec

from forms.evaluating import ChoiceList
from forms.expressions import (
    REFERENCE,
    Call,
    ChoiceLabel,
    Current,
    Expression,
    ExpressionError,
    Lookup,
    columns,
    parse,
    parts,
    place,
    references,
)
from forms.fitting import MAX_INTEGER, Unfit, reader
from forms.flaws import Flaw, Severity
from forms.questionnaire import (
    MAX_ANSWER,
    CalculateQuestion,
    Choice,
    DecimalQuestion,
    Group,
    HiddenQuestion,
    IntegerQuestion,
    Node,
    Note,
    Question,
    Questionnaire,
    RangeQuestion,
    SelectMultipleQuestion,
    SelectOneQuestion,
    TextQuestion,
    Texts,
    walk,
)

MAX_DEPTH: Final = 32
"""How deep groups may stand in each other."""

_MAX_CYCLES: Final = 20
_EXPRESSIONS: Final = ("relevant", "required", "constraint", "calculation", "choice_filter")
_TEXTS: Final = ("label", "hint", "constraint_message", "required_message")


_Fault: TypeAlias = tuple[str, dict[str, Any]]
"""A flaw's code and parameters, where its node and field are known."""


class _Placed(msgspec.Struct, frozen=True, kw_only=True):
    """A node, where it stands, and those of its expressions that parse."""

    node: Node
    index: int
    group: str | None
    expressions: dict[str, Expression]


class _Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the flaws of a node depend on beside the node."""

    languages: list[str]
    lists: dict[str, ChoiceList]
    columns: dict[str, set[str]]
    by_name: dict[str, _Placed]


def check(questionnaire: Questionnaire) -> list[Flaw]:
    """Every flaw of a questionnaire; with no error among them it may be published."""
    if _depth(questionnaire.questions) > MAX_DEPTH:
        return [Flaw(code="groups-deep", field="questions", parameters={"limit": MAX_DEPTH})]
    flaws: list[Flaw] = []
    placed: list[_Placed] = []
    unparsed: list[list[Flaw]] = []
    for index, (node, groups) in enumerate(walk(questionnaire.questions)):
        expressions, faults = _parsed(node)
        group = groups[-1].name if groups else None
        placed.append(_Placed(node=node, index=index, group=group, expressions=expressions))
        unparsed.append(faults)
    facts = _Facts(
        languages=questionnaire.languages,
        lists={name: ChoiceList(choices) for name, choices in questionnaire.choice_lists.items()},
        columns={
            name: {"name", "label"}.union(*(choice.extra for choice in choices))
            for name, choices in questionnaire.choice_lists.items()
        },
        by_name={each.node.name: each for each in reversed(placed)},
    )
    flaws.extend(_whole_flaws(questionnaire, placed))
    for name, choices in questionnaire.choice_lists.items():
        flaws.extend(_list_flaws(name, choices, placed, facts))
    for each, faults in zip(placed, unparsed, strict=True):
        flaws.extend(faults)
        flaws.extend(_node_flaws(each, facts))
    flaws.extend(_cycle_flaws(placed))
    return flaws


def _depth(nodes: list[Node]) -> int:
    """How deep the groups go, found level by level, since `walk` may not go that deep itself."""
    depth = 0
    level = [node for node in nodes if isinstance(node, Group)]
    while level and depth <= MAX_DEPTH:
        level = [child for group in level for child in group.questions if isinstance(child, Group)]
        depth += 1
    return depth


def _parsed(node: Node) -> tuple[dict[str, Expression], list[Flaw]]:
    """The expressions of a node by field, and the flaws of those that do not parse."""
    expressions: dict[str, Expression] = {}
    flaws: list[Flaw] = []
    for field in _EXPRESSIONS:
        source = getattr(node, field, None)
        if not isinstance(source, str):
            continue
        try:
            expressions[field] = parse(source)
        except ExpressionError as error:
            where = {"position": error.position + 1, "place": place(source, error.position)}
            flaws.append(Flaw(code=error.code, node=node.name, field=field, parameters={**where, **error.parameters}))
    return expressions, flaws


def _whole_flaws(questionnaire: Questionnaire, placed: list[_Placed]) -> Iterator[Flaw]:
    if all(isinstance(each.node, Note | Group) for each in placed):
        yield Flaw(code="questions-none", field="questions")
    for language, count in Counter(questionnaire.languages).items():
        if count > 1:
            yield Flaw(code="language-repeated", field="languages", parameters={"language": language})
    seen: dict[str, str] = {}
    for each in placed:
        name = each.node.name
        other = seen.get(name.casefold())
        if other == name:
            yield Flaw(code="name-repeated", node=name, field="name", parameters={"name": name})
        elif other is not None:
            yield Flaw(code="name-case", node=name, field="name", parameters={"name": name, "other": other})
        seen.setdefault(name.casefold(), name)


def _list_flaws(name: str, choices: list[Choice], placed: list[_Placed], facts: _Facts) -> Iterator[Flaw]:
    """A choice that stands in the list several times, each time with other columns, is one choice."""
    by_name: dict[str, list[Choice]] = {}
    for choice in choices:
        by_name.setdefault(choice.name, []).append(choice)

    def flaw(code: str, field: str, choice: str, **parameters: str) -> Flaw:
        return Flaw(code=code, node=name, field=field, parameters={"list": name, "choice": choice, **parameters})

    for repeated, entries in by_name.items():
        if len({tuple(sorted(entry.extra.items())) for entry in entries}) < len(entries):
            yield flaw("choice-repeated", "name", repeated)
    if any(isinstance(each.node, SelectMultipleQuestion) and each.node.choices == name for each in placed):
        yield from (flaw("choice-blank", "name", each) for each in by_name if each.split() != [each])
    for each, entries in by_name.items():
        for found in sorted({found for entry in entries for found in _referred(entry.label)}):
            yield from (flaw(code, "label", each, **fault) for code, fault in _reference_faults(found, facts))
    yield from _choice_label_flaws(name, choices, facts.languages)


def _referred(texts: Texts) -> set[str]:
    """The names that texts refer to."""
    return {name for text in texts.values() for name in REFERENCE.findall(text)}


def _choice_label_flaws(name: str, choices: list[Choice], languages: list[str]) -> Iterator[Flaw]:
    labelled = [choice for choice in choices if any(choice.label.values())]
    if len(labelled) < len(choices):
        bare = list(dict.fromkeys(choice.name for choice in choices if not any(choice.label.values())))
        yield _warning("choice-label", name, "label", list=name, count=len(bare), choice=bare[0])
    for language in languages:
        bare = list(dict.fromkeys(choice.name for choice in labelled if not choice.label.get(language)))
        if bare:
            first = bare[0]
            yield _warning(
                "choice-language", name, "label", list=name, language=language, count=len(bare), choice=first
            )


def _warning(code: str, node: str, field: str, **parameters: object) -> Flaw:
    return Flaw(code=code, severity="warning", node=node, field=field, parameters=parameters)


def _node_flaws(placed: _Placed, facts: _Facts) -> Iterator[Flaw]:
    node = placed.node
    for field, expression in placed.expressions.items():
        faults = (*_name_faults(node, field, expression, facts), *_part_faults(node, field, expression, facts))
        for code, parameters in faults:
            yield Flaw(code=code, node=node.name, field=field, parameters=parameters)
        if not isinstance(node, CalculateQuestion):
            yield from _forward_flaws(placed, field, expression, facts)
    for field in _TEXTS:
        yield from _text_flaws(node, field, getattr(node, field, {}), facts)
    if not isinstance(node, Note | Group):
        yield from _unjudged_flaws(node)
        flaws = list(_kind_flaws(node, facts))
        yield from flaws
        if all(flaw.severity == "warning" for flaw in flaws):
            yield from _default_flaws(node, facts)


def _name_faults(node: Node, field: str, expression: Expression, facts: _Facts) -> Iterator[_Fault]:
    """`${name}` without a question of that name, and bare names that are no column."""
    for name in sorted(references(expression)):
        yield from _reference_faults(name, facts)
    bare = sorted(columns(expression))
    if field != "choice_filter":
        yield from (("column-misplaced", {"name": name}) for name in bare)
    elif isinstance(node, SelectOneQuestion | SelectMultipleQuestion) and node.choices in facts.lists:
        yield from _column_faults(bare, node.choices, facts)


def _part_faults(node: Node, field: str, expression: Expression, facts: _Facts) -> Iterator[_Fault]:
    """Look-ups and functions that need something the questionnaire does not have."""
    for part in parts(expression):
        match part:
            case Lookup(choices=name) if name not in facts.lists:
                yield "lookup-list", {"list": name}
            case Lookup(choices=name, predicate=predicate, column=column):
                yield from _column_faults(sorted({column, *columns(predicate)}), name, facts)
            case ChoiceLabel(question=name):
                target = facts.by_name.get(name)
                if target is None or not isinstance(target.node, SelectOneQuestion | SelectMultipleQuestion):
                    yield "choice-name-question", {"name": name}
            case Call(function="indexed-repeat"):
                yield "repeat-missing", {}
            case Current() if field == "choice_filter" or isinstance(node, Note | Group):
                yield "dot-misplaced", {}
            case _:
                pass


def _reference_faults(name: str, facts: _Facts) -> Iterator[_Fault]:
    target = facts.by_name.get(name)
    if target is None:
        yield "reference-unknown", {"name": name}
    elif isinstance(target.node, Group):
        yield "reference-group", {"name": name}
    elif isinstance(target.node, Note):
        yield "reference-note", {"name": name}


def _column_faults(names: list[str], listed: str, facts: _Facts) -> Iterator[_Fault]:
    known = facts.columns[listed]
    yield from (("column-unknown", {"name": name, "list": listed}) for name in names if name not in known)


def _forward_flaws(placed: _Placed, field: str, expression: Expression, facts: _Facts) -> Iterator[Flaw]:
    """A calculation may come later: it is there as soon as what it reads is."""
    for name in sorted(references(expression)):
        target = facts.by_name.get(name)
        if target and target.index > placed.index and not isinstance(target.node, CalculateQuestion | Group | Note):
            yield _warning("reference-forward", placed.node.name, field, name=name)


def _text_flaws(node: Node, field: str, texts: Texts, facts: _Facts) -> Iterator[Flaw]:
    for name in sorted(_referred(texts)):
        for code, parameters in _reference_faults(name, facts):
            yield Flaw(code=code, node=node.name, field=field, parameters=parameters)
    if not any(texts.values()):
        if field == "label" and not isinstance(node, Group | CalculateQuestion | HiddenQuestion):
            yield _warning("label-missing", node.name, field, name=node.name)
        return
    if isinstance(node, CalculateQuestion | HiddenQuestion):
        return
    for language in facts.languages:
        if not texts.get(language):
            yield _warning("text-language", node.name, field, text=field, language=language)


def _unjudged_flaws(question: Question) -> Iterator[Flaw]:
    """Rules that `validating.py` does not apply, since nobody could do anything about them."""
    calculate = isinstance(question, CalculateQuestion)
    if question.required and (calculate or question.calculation is not None):
        yield _warning("calculate-judged", question.name, "required", name=question.name)
    if question.constraint and calculate:
        yield _warning("calculate-judged", question.name, "constraint", name=question.name)


def _kind_flaws(question: Question, facts: _Facts) -> Iterator[Flaw]:
    """What its kind asks of a question; without an error here, its reader can be made."""
    name = question.name
    match question:
        case CalculateQuestion(calculation=calculation):
            if calculation is None:
                yield Flaw(code="calculation-missing", node=name, field="calculation", parameters={"name": name})
        case SelectOneQuestion(choices=listed) | SelectMultipleQuestion(choices=listed):
            if listed not in facts.lists or not facts.lists[listed].choices:
                code = "list-empty" if listed in facts.lists else "list-missing"
                yield Flaw(code=code, node=name, field="choices", parameters={"list": listed})
        case TextQuestion(max_length=limit):
            if limit is not None and not 1 <= limit <= MAX_ANSWER:
                yield Flaw(code="max-length", node=name, field="max_length", parameters={"limit": MAX_ANSWER})
        case IntegerQuestion() | DecimalQuestion() | RangeQuestion():
            yield from _bounds_flaws(question)
        case _:
            pass


def _bounds_flaws(question: IntegerQuestion | DecimalQuestion | RangeQuestion) -> Iterator[Flaw]:
    name, low, high = question.name, question.min, question.max
    step = question.step if isinstance(question, RangeQuestion) else None
    for field, bound in (("min", low), ("max", high), ("step", step)):
        if bound is not None and not abs(bound) <= MAX_INTEGER:  # written so that NaN is refused too
            yield Flaw(code="number-large", node=name, field=field, parameters={"limit": MAX_INTEGER})
    if low is not None and high is not None and low > high:
        yield Flaw(code="bounds-order", node=name, field="min", parameters={"minimum": low, "maximum": high})
    if step is not None and step <= 0:
        yield Flaw(code="step", node=name, field="step", parameters={"step": step})


def _default_flaws(question: Question, facts: _Facts) -> Iterator[Flaw]:
    default = getattr(question, "default", None)
    if default is None or default in ("", []):
        return
    try:
        reader(question, facts.lists)(default)
    except Unfit as fault:
        shown = " ".join(default) if isinstance(default, list) else str(default)
        parameters = {"default": shown, "reason": fault.reason, **fault.parameters}
        yield Flaw(code=f"default-{fault.code}", node=question.name, field="default", parameters=parameters)


def _cycle_flaws(placed: list[_Placed]) -> Iterator[Flaw]:
    """Circles among what decides whether and with what a question is answered.

    A circle that only `required` closes (“one of the two at least”) can be judged, but not asked page by page.
    """
    graph = _dependencies(placed, ("relevant", "calculation", "choice_filter"))
    found = [*_cycles(graph)]
    yield from (_cycle("cycle", "error", names) for names in found)
    if not found:
        wider = _dependencies(placed, ("relevant", "calculation", "choice_filter", "required"))
        yield from (_cycle("cycle-required", "warning", names) for names in _cycles(wider))


def _dependencies(placed: list[_Placed], fields: tuple[str, ...]) -> dict[str, set[str]]:
    """For each name, the names it depends on: what its expressions read (`.` is itself) and the group around it."""
    names = {each.node.name for each in placed}
    graph: dict[str, set[str]] = {}
    for each in placed:
        needed = graph.setdefault(each.node.name, set())
        if each.group is not None:
            needed.add(each.group)
        for field in fields:
            expression = each.expressions.get(field)
            if expression is None:
                continue
            needed |= references(expression) & names
            if field in {"relevant", "calculation"} and not isinstance(each.node, Note | Group):
                needed |= {each.node.name for part in parts(expression) if isinstance(part, Current)}
    return graph


def _cycles(graph: dict[str, set[str]]) -> Iterator[list[str]]:
    """Cycles, each as names that depend on the next, the first again at the end; none shares an arrow with another."""
    for _ in range(_MAX_CYCLES):
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            names: list[str] = error.args[1][::-1]
            yield names
            for name, needed in pairwise(names):
                graph[name].discard(needed)
        else:
            return


def _cycle(code: str, severity: Severity, names: list[str]) -> Flaw:
    return Flaw(code=code, severity=severity, node=names[0], parameters={"names": " → ".join(names)})
