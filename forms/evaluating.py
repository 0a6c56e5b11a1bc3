"""What an expression is worth: `compile_expression` makes a function of it, once per edition.

XPath 1.0 as ODK uses it. A value is a string, a number or a boolean; no answer is the empty string. A day is its ISO
string, which counts as the days since 1970-01-01 wherever a number is wanted, so that days compare and add. A
compiled expression never raises, whatever the typed answers.

A calculation may give a boolean, and is then an answer that is one. Alone it keeps its sense: what is relevant where
`${consent}` holds is hidden once it has been computed false. XPath compares a boolean as one, so that `(1 = 2) = ''`
holds; but an XForm stores the text of a calculation, and authors write `${consent} = 'false'` or `${consent} != ''`.
So where a boolean answer itself, and no expression around it, is compared with a text, its text is: "true" or "false",
never empty. Here we leave our oracle (Enketo), for which `${consent}` alone is a text that is not empty, and so always
true: no author means that, and ODK Collect does not do it.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeAlias

import msgspec

from forms.expressions import (
    Call,
    ChoiceLabel,
    Column,
    Current,
    Expression,
    Lookup,
    Negation,
    Number,
    Operation,
    Reference,
    Text,
    columns,
)
from forms.patterns import compile_pattern
from forms.questionnaire import (
    Choice,
    Questionnaire,
    SelectMultipleQuestion,
    SelectOneQuestion,
    questions,
    text_in,
)

Value: TypeAlias = str | float | bool
Answer: TypeAlias = str | int | float | bool | list[str] | None
"""A typed answer, as `validating.py` stores it."""


class ChoiceList:
    """A choice list with look-up tables, made when first wanted."""

    def __init__(self, choices: list[Choice]) -> None:
        self.choices = choices
        self.positions = {choice.name: place for place, choice in reversed(list(enumerate(choices)))}
        self._tables: dict[str, dict[str, Choice]] = {}
        self._entries: dict[str, list[Choice]] = {}

    def entries(self, name: str) -> list[Choice]:
        """The entries of this name: several if their further columns differ."""
        if not self._entries:
            entries: dict[str, list[Choice]] = {}
            for choice in self.choices:
                entries.setdefault(choice.name, []).append(choice)
            self._entries = entries  # at once, since threads may share it
        return self._entries.get(name, [])

    def first(self, column: str, value: str) -> Choice | None:
        """The first choice with this value in a column that has no languages."""
        if column not in self._tables:
            self._tables[column] = {_cell(choice, column): choice for choice in reversed(self.choices)}
        return self._tables[column].get(value)


class Form:
    """What expressions need to know of a questionnaire, read once per edition."""

    def __init__(self, questionnaire: Questionnaire) -> None:
        self.questionnaire = questionnaire
        self.lists = {name: ChoiceList(choices) for name, choices in questionnaire.choice_lists.items()}
        self.list_of = {
            question.name: self.lists[question.choices]
            for question in questions(questionnaire)
            if isinstance(question, SelectOneQuestion | SelectMultipleQuestion) and question.choices in self.lists
        }
        self.single = {node.name for node in questions(questionnaire) if isinstance(node, SelectOneQuestion)}


class Scope(msgspec.Struct, kw_only=True):
    """What an expression sees: typed answers by name (absent or None: no answer), and where it stands.

    `current` names the question that `.` means; `choice` is the one that bare names look into.
    """

    form: Form
    answers: Mapping[str, Answer]
    today: date
    language: str
    current: str = ""
    choice: Choice | None = None


Evaluator: TypeAlias = Callable[[Scope], Value]


def compile_expression(expression: Expression) -> Evaluator:  # noqa: C901, PLR0911 - one case per kind of part
    """A function from scopes to values. The expression must have passed `checking.check`."""
    match expression:
        case Number(value=constant) | Text(value=constant):
            return _constant(constant)
        case Reference(name=name):
            return lambda scope: as_value(scope.answers.get(name))
        case Current():
            return lambda scope: as_value(scope.answers.get(scope.current))
        case Column(name=name):
            return lambda scope: "" if scope.choice is None else _cell_in(scope, scope.choice, name)
        case Negation(operand=operand):
            inner = compile_expression(operand)
            return lambda scope: -to_number(inner(scope))
        case Operation(operator="=" | "!=" as operator, operands=operands):
            return _comparison(operator, operands)
        case Operation(operator=operator, operands=operands):
            return _OPERATORS[operator]([compile_expression(operand) for operand in operands])
        case Call(function=function, arguments=arguments):
            if function == "regex":
                return _regex(arguments)
            if function == "selected":
                return _selected(arguments)
            return _FUNCTIONS[function]([compile_expression(argument) for argument in arguments])
        case ChoiceLabel(value=value, question=question):
            return _choice_label(compile_expression(value), question)
        case Lookup():
            return _lookup(expression)


def _constant(value: Value) -> Evaluator:
    return lambda scope: value  # noqa: ARG005 - it is the same in every scope


def as_value(answer: Answer) -> Value:
    """A typed answer as expressions see it: a multiple choice is its names joined by spaces."""
    if answer is None:
        return ""
    if isinstance(answer, str | bool):
        return answer
    return " ".join(answer) if isinstance(answer, list) else float(answer)


_NUMBER: Final = re.compile(r"\s*-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EPOCH: Final = date(1970, 1, 1).toordinal()


def to_number(value: Value) -> float:
    """XPath's `number()`; a day counts from 1970-01-01; what is no number is NaN."""
    if not isinstance(value, str):
        return float(value)
    if _NUMBER.fullmatch(value):
        return float(value)
    day = iso_day(value)
    return math.nan if day is None else float(day.toordinal() - _EPOCH)


def to_text(value: Value) -> str:
    """XPath's `string()`: whole numbers have no point, no number has an exponent."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value.is_integer():
        return str(int(value))
    return format(Decimal(repr(value)), "f")


def to_boolean(value: Value) -> bool:
    """XPath's `boolean()`: a text that is not empty, a number that is neither zero nor NaN."""
    return bool(value) and value == value  # noqa: PLR0124 - false for NaN alone


def to_day(value: Value) -> date | None:
    """ODK's `date()`: a day, the day of a moment, or a number of days since 1970-01-01."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        head, _, _ = value.partition("T")
        return iso_day(head)
    days = value + _EPOCH
    return date.fromordinal(math.floor(days)) if 1 <= days < date.max.toordinal() + 1 else None


def iso_day(text: str) -> date | None:
    """The day that `YYYY-MM-DD` writes; `date.fromisoformat` alone would take other forms too."""
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _equal(left: Value, right: Value) -> bool:
    """XPath's `=`: as booleans if one is, else as numbers if one is, else as texts."""
    if isinstance(left, bool) or isinstance(right, bool):
        return to_boolean(left) == to_boolean(right)
    if isinstance(left, float) or isinstance(right, float):
        return to_number(left) == to_number(right)
    return left == right


def _unequal(left: Value, right: Value) -> bool:
    return not _equal(left, right)


def _comparison(operator: str, operands: tuple[Expression, ...]) -> Evaluator:
    """`=` and `!=`: an answer that is a boolean is compared with a text as its text."""
    compare = _equal if operator == "=" else _unequal
    first, second, *others = [compile_expression(operand) for operand in operands]
    first_answered, second_answered = (isinstance(operand, Reference | Current) for operand in operands[:2])

    def pair(scope: Scope) -> Value:
        left, right = first(scope), second(scope)
        if first_answered and isinstance(left, bool) and isinstance(right, str):
            left = to_text(left)
        elif second_answered and isinstance(right, bool) and isinstance(left, str):
            right = to_text(right)
        return compare(left, right)

    return _folded(compare)([pair, *others]) if others else pair


def _divided(left: Value, right: Value) -> float:
    dividend, divisor = to_number(left), to_number(right)
    if divisor:
        return dividend / divisor
    if not dividend or math.isnan(dividend):
        return math.nan
    return math.copysign(math.inf, dividend) * math.copysign(1, divisor)


def _remainder(left: Value, right: Value) -> float:
    dividend, divisor = to_number(left), to_number(right)
    return math.fmod(dividend, divisor) if divisor and math.isfinite(dividend) else math.nan


def _folded(step: Callable[[Value, Value], Value]) -> Callable[[list[Evaluator]], Evaluator]:
    """An operator of two values, applied from the left to all operands."""

    def make(operands: list[Evaluator]) -> Evaluator:
        first, *others = operands
        if len(others) == 1:
            second = others[0]
            return lambda scope: step(first(scope), second(scope))

        def evaluator(scope: Scope) -> Value:
            value = first(scope)
            for other in others:
                value = step(value, other(scope))
            return value

        return evaluator

    return make


def _any_true(operands: list[Evaluator]) -> Evaluator:
    return lambda scope: any(to_boolean(operand(scope)) for operand in operands)


def _all_true(operands: list[Evaluator]) -> Evaluator:
    return lambda scope: all(to_boolean(operand(scope)) for operand in operands)


_OPERATORS: Final[dict[str, Callable[[list[Evaluator]], Evaluator]]] = {
    "or": _any_true,
    "and": _all_true,
    "<": _folded(lambda left, right: to_number(left) < to_number(right)),
    "<=": _folded(lambda left, right: to_number(left) <= to_number(right)),
    ">": _folded(lambda left, right: to_number(left) > to_number(right)),
    ">=": _folded(lambda left, right: to_number(left) >= to_number(right)),
    "+": _folded(lambda left, right: to_number(left) + to_number(right)),
    "-": _folded(lambda left, right: to_number(left) - to_number(right)),
    "*": _folded(lambda left, right: to_number(left) * to_number(right)),
    "div": _folded(_divided),
    "mod": _folded(_remainder),
}


def _if(arguments: list[Evaluator]) -> Evaluator:
    condition, then, otherwise = arguments
    return lambda scope: then(scope) if to_boolean(condition(scope)) else otherwise(scope)


def _today(arguments: list[Evaluator]) -> Evaluator:
    del arguments
    return lambda scope: scope.today.isoformat()


def _whole(value: Value) -> Value:
    number = to_number(value)
    return float(math.trunc(number)) if math.isfinite(number) else number


def _date(value: Value) -> Value:
    day = to_day(value)
    return "" if day is None else day.isoformat()


_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _format_date(value: Value, pattern: Value) -> Value:
    """ODK's directives; the names of months and days are English there, and a day has no hours."""
    day = to_day(value)
    if day is None:
        return ""
    written = {
        "Y": f"{day.year:04}",
        "y": f"{day.year % 100:02}",
        "m": f"{day.month:02}",
        "n": str(day.month),
        "b": _MONTHS[day.month - 1],
        "d": f"{day.day:02}",
        "e": str(day.day),
        "H": "00",
        "h": "0",
        "M": "00",
        "S": "00",
        "3": "000",
        "a": _WEEKDAYS[day.weekday()],
        "%": "%",
    }
    return re.sub("%(.)", lambda match: written.get(match[1], match[0]), to_text(pattern), flags=re.DOTALL)


def _of_one(function: Callable[[Value], Value]) -> Callable[[list[Evaluator]], Evaluator]:
    def make(arguments: list[Evaluator]) -> Evaluator:
        (argument,) = arguments
        return lambda scope: function(argument(scope))

    return make


_FUNCTIONS: Final[dict[str, Callable[[list[Evaluator]], Evaluator]]] = {
    "not": _of_one(lambda value: not to_boolean(value)),
    "if": _if,
    "count-selected": _of_one(lambda names: float(len(to_text(names).split()))),
    "format-date": _folded(_format_date),
    "int": _of_one(_whole),
    "date": _of_one(_date),
    "today": _today,
    "string-length": _of_one(lambda value: float(len(to_text(value)))),
}
"""`indexed-repeat` is not here: it needs a repeat, and `checking` refuses it while there are none."""


def _selected(arguments: tuple[Expression, ...]) -> Evaluator:
    """As JavaRosa, whether the words of one text stand in the other: with no word, whether nothing is selected. The
    answer to a `select_one` is one name, however many blanks it has.
    """
    names, name = (compile_expression(argument) for argument in arguments)
    subject = arguments[0]
    named = subject.name if isinstance(subject, Reference) else None

    def evaluator(scope: Scope) -> Value:
        selected, wanted = to_text(names(scope)), to_text(name(scope)).strip()
        question = scope.current if isinstance(subject, Current) else named
        if question in scope.form.single:
            return selected.strip() == wanted
        return f" {wanted} " in f" {selected} "

    return evaluator


def _regex(arguments: tuple[Expression, ...]) -> Evaluator:
    subject, pattern = arguments
    inner = compile_expression(subject)
    compiled = compile_pattern(pattern.value if isinstance(pattern, Text) else "")
    return lambda scope: compiled.matches(to_text(inner(scope)))


def _cell(choice: Choice, column: str) -> str:
    return choice.name if column == "name" else choice.extra.get(column, "")


def _cell_in(scope: Scope, choice: Choice, column: str) -> str:
    if column == "label":
        return text_in(choice.label, scope.language, scope.form.questionnaire)
    return _cell(choice, column)


def _choice_label(value: Evaluator, question: str) -> Evaluator:
    def evaluator(scope: Scope) -> Value:
        choice = scope.form.list_of[question].first("name", to_text(value(scope)))
        return "" if choice is None else _cell_in(scope, choice, "label")

    return evaluator


def _lookup(lookup: Lookup) -> Evaluator:
    """The first choice for which the predicate holds; a predicate that is a number is a place in the list."""
    predicate = compile_expression(lookup.predicate)
    key = _key(lookup.predicate)

    def evaluator(scope: Scope) -> Value:
        choices = scope.form.lists[lookup.choices]
        if key is not None:
            column, wanted = key
            value = wanted(scope)
            if isinstance(value, str):
                found = choices.first(column, value)
                return "" if found is None else _cell_in(scope, found, lookup.column)
        return scan(choices, scope)

    def scan(choices: ChoiceList, scope: Scope) -> Value:
        inside: Any = msgspec.structs.replace(scope)
        for place, choice in enumerate(choices.choices, start=1):
            inside.choice = choice
            value = predicate(inside)
            holds = value == place if isinstance(value, float) else to_boolean(value)
            if holds:
                return _cell_in(scope, choice, lookup.column)
        return ""

    return evaluator


def _key(predicate: Expression) -> tuple[str, Evaluator] | None:
    """The column and the value of `column = value`, the predicate of nearly every look-up, which a table answers."""
    if not isinstance(predicate, Operation) or predicate.operator != "=" or len(predicate.operands) != 2:
        return None
    for column, value in (predicate.operands, predicate.operands[::-1]):
        if isinstance(column, Column) and column.name != "label" and not columns(value):
            return column.name, compile_expression(value)
    return None
