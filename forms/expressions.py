"""XLSForm's expressions: `parse` turns what an author wrote into a tree of tagged structs, or says where it fails.

The language is the part of XPath 1.0 that XLSForm's authors use, with `${name}` for a question's answer. Everything
outside it is refused by name. The tree is JSON-serialisable, since the page's evaluator reads the same one; chains
of one operator stand in one node, so that a tree is never deep because an expression is long.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, TypeAlias

import msgspec

from forms.patterns import PatternError, compile_pattern
from forms.questionnaire import MAX_SOURCE, NAME, UNSTORABLE

MAX_DEPTH: Final = 100
"""How deep calls, brackets and operators may stand in each other: well below Python's recursion limit."""

Operator: TypeAlias = Literal["or", "and", "=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "div", "mod"]

_PRECEDENCE: Final[dict[Operator, int]] = {
    "or": 1,
    "and": 2,
    "=": 3,
    "!=": 3,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "div": 6,
    "mod": 6,
}

ARITIES: Final[dict[str, range]] = {
    "selected": range(2, 3),
    "not": range(1, 2),
    "if": range(3, 4),
    "count-selected": range(1, 2),
    "format-date": range(2, 3),
    "int": range(1, 2),
    "instance": range(1, 2),
    "date": range(1, 2),
    "today": range(1),
    "indexed-repeat": range(3, 8, 2),
    "string-length": range(1, 2),
    "jr:choice-name": range(2, 3),
    "regex": range(2, 3),
}
"""The functions we know, with the numbers of arguments each takes."""

_SUPPORTED: Final = ", ".join(sorted(ARITIES.keys() - {"indexed-repeat"}))
"""What to advise: `indexed-repeat` is known, and refused for want of repeats (`checking.py`)."""

DATE_DIRECTIVES: Final = frozenset("YymnbdeHhMS3a%")


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    pass


class Number(_Part, tag="number", frozen=True, kw_only=True):
    """A number as written, never negative."""

    value: float


class Text(_Part, tag="text", frozen=True, kw_only=True):
    """A string between quotes."""

    value: str


class Reference(_Part, tag="reference", frozen=True, kw_only=True):
    """`${name}`: the answer of a question."""

    name: str


class Current(_Part, tag="current", frozen=True, kw_only=True):
    """`.`: the answer of the question that the expression belongs to."""


class Column(_Part, tag="column", frozen=True, kw_only=True):
    """A bare name: a column of the choice that is being looked at."""

    name: str


class Negation(_Part, tag="negation", frozen=True, kw_only=True):
    """Unary minus."""

    operand: "Expression"


class Operation(_Part, tag="operation", frozen=True, kw_only=True):
    """Two or more operands joined by one operator, which is applied from the left."""

    operator: Operator
    operands: tuple["Expression", ...]


class Call(_Part, tag="call", frozen=True, kw_only=True):
    """A function with its arguments; `instance` and `jr:choice-name` have their own structs."""

    function: str
    arguments: tuple["Expression", ...] = ()


class ChoiceLabel(_Part, tag="choice_label", frozen=True, kw_only=True):
    """`jr:choice-name(value, '${question}')`: the label of that choice in the question's list."""

    value: "Expression"
    question: str


class Lookup(_Part, tag="lookup", frozen=True, kw_only=True):
    """`instance('choices')/root/item[predicate]/column`: a column of the first choice that fits."""

    choices: str
    predicate: "Expression"
    column: str


Expression: TypeAlias = (
    Number | Text | Reference | Current | Column | Negation | Operation | Call | ChoiceLabel | Lookup
)


class ExpressionError(Exception):
    """What an author wrote is no expression of ours: a flaw's code, the offset in the source, and parameters."""

    def __init__(self, code: str, position: int, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.position = position
        self.parameters = parameters or {}


def parse(source: str) -> Expression:
    """The tree of `source`; raises `ExpressionError` and nothing else, whatever the text."""
    if len(source) > MAX_SOURCE:
        raise ExpressionError("expression-long", MAX_SOURCE, {"limit": MAX_SOURCE})
    return _Parser(source).whole()


def place(source: str, position: int) -> str:
    """Two lines: the source around `position`, and a caret below it."""
    start, end = max(0, position - 40), position + 40
    shown = source[start:end]
    before = "…" if start else ""
    after = "…" if end < len(source) else ""
    line = re.sub(r"\s", " ", f"{before}{shown}{after}")
    return f"{line}\n{' ' * (len(before) + position - start)}^"


def parts(expression: Expression, *, predicates: bool = True) -> Iterator[Expression]:
    """Each node of the tree; without `predicates`, those inside a look-up's brackets are left out."""
    waiting = [expression]
    while waiting:
        part = waiting.pop()
        yield part
        waiting.extend(reversed(_children(part, predicates=predicates)))


def references(expression: Expression) -> frozenset[str]:
    """The names of the questions whose answers it reads: each `${name}` outside quotes."""
    return frozenset(part.name for part in parts(expression) if isinstance(part, Reference))


def columns(expression: Expression) -> frozenset[str]:
    """The bare names outside any look-up's brackets: columns of the list that a `choice_filter` filters."""
    return frozenset(part.name for part in parts(expression, predicates=False) if isinstance(part, Column))


def _children(part: Expression, *, predicates: bool = True) -> tuple[Expression, ...]:
    match part:
        case Negation(operand=operand):
            return (operand,)
        case Operation(operands=operands):
            return operands
        case Call(arguments=arguments):
            return arguments
        case ChoiceLabel(value=value):
            return (value,)
        case Lookup(predicate=predicate) if predicates:
            return (predicate,)
        case _:
            return ()


REFERENCE: Final = re.compile(rf"\$\{{\s*({NAME})\s*\}}")
"""`${name}` in an expression or in a text."""

_TOKEN: Final = re.compile(
    rf"""(?P<blank>\s+)
    |(?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)
    |(?P<text>'[^']*'|"[^"]*")
    |(?P<reference>\$\{{\s*{NAME}\s*\}})
    |(?P<name>{NAME}(?::{NAME})?)
    |(?P<symbol><=|>=|!=|\.\.|//|[.()\[\],=<>+\-*/])""",
    re.VERBOSE,
)
_SINGLE_QUOTE: Final = re.compile(r"(?<!\w)[‘’]|[‘’](?!\w)")  # between two letters it is an apostrophe: d’Armor
_DOUBLE_QUOTE: Final = re.compile("[“”]")


class _Token(msgspec.Struct, frozen=True):
    kind: str
    text: str
    position: int


def _tokens(source: str) -> list[_Token]:
    """The words of the source, typographic quotes made straight (one for one, so that positions hold)."""
    if unfit := UNSTORABLE.search(source):
        raise ExpressionError("expression-character", unfit.start(), {"character": repr(unfit[0])})
    straight = _DOUBLE_QUOTE.sub('"', _SINGLE_QUOTE.sub("'", source))
    found: list[_Token] = []
    position = 0
    while position < len(straight):
        match = _TOKEN.match(straight, position)
        if match is None:
            raise _misplaced(straight, position)
        if match.lastgroup != "blank":
            found.append(_Token(str(match.lastgroup), match[0], position))
        position = match.end()
    return [*found, _Token("end", "", len(straight))]


def _misplaced(source: str, position: int) -> ExpressionError:
    character = source[position]
    if character in "'\"":
        return ExpressionError("expression-quote", position, {"quote": character})
    if character == "$":
        return ExpressionError("expression-reference", position)
    return ExpressionError("expression-character", position, {"character": character})


class _Parser:
    """A precedence climber over the tokens of one source."""

    def __init__(self, source: str) -> None:
        self.tokens = _tokens(source)
        self.index = 0
        self.depth = 0
        self.in_predicate = False

    @property
    def token(self) -> _Token:
        return self.tokens[self.index]

    def take(self) -> _Token:
        token = self.token
        self.index += 1
        return token

    def taken(self, text: str) -> bool:
        """Whether the next token is this symbol or name, which is then consumed."""
        if self.token.text == text and self.token.kind in {"symbol", "name"}:
            self.index += 1
            return True
        return False

    @staticmethod
    def unexpected(token: _Token) -> ExpressionError:
        if token.kind == "end":
            return ExpressionError("expression-incomplete", token.position)
        if token.text in {"/", "//", ".."}:
            return ExpressionError("expression-path", token.position, {"path": token.text})
        return ExpressionError("expression-unexpected", token.position, {"found": token.text})

    def expect(self, text: str) -> None:
        if not self.taken(text):
            raise self.unexpected(self.token)

    def whole(self) -> Expression:
        if self.token.kind == "end":
            raise ExpressionError("expression-empty", 0)
        expression = self.expression()
        if self.token.kind != "end":
            raise self.unexpected(self.token)
        _refuse_deep(expression)
        return expression

    def expression(self, minimum: int = 1) -> Expression:
        """Operands joined by operators that bind at least as tightly as `minimum`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError("expression-deep", self.token.position, {"limit": MAX_DEPTH})
        left = self.operand()
        while (operator := self.operator(minimum)) is not None:
            operands = [left]
            while self.taken(operator):
                operands.append(self.expression(_PRECEDENCE[operator] + 1))
            left = Operation(operator=operator, operands=tuple(operands))
        self.depth -= 1
        return left

    def operator(self, minimum: int) -> Operator | None:
        """The operator that comes next, if it binds at least as tightly as `minimum`; not consumed."""
        text = self.token.text
        for operator, precedence in _PRECEDENCE.items():
            if operator == text and precedence >= minimum and self.token.kind in {"symbol", "name"}:
                return operator
        return None

    def operand(self) -> Expression:  # noqa: PLR0911 - one case per construct
        token = self.take()
        match token.kind, token.text:
            case "number", text:
                return _number(token, text)
            case "text", text:
                return Text(value=text[1:-1])
            case "reference", text:
                return Reference(name=text[2:-1].strip())
            case "name", text if text not in _PRECEDENCE:
                return self.call(token) if self.taken("(") else _column(token, text)
            case "symbol", "(":
                inner = self.expression()
                self.expect(")")
                return inner
            case "symbol", "-":
                return Negation(operand=self.expression(max(_PRECEDENCE.values()) + 1))
            case "symbol", ".":
                if self.in_predicate:
                    raise ExpressionError("expression-dot", token.position)
                return Current()
            case _:
                raise self.unexpected(token)

    def call(self, name: _Token) -> Expression:
        """A call whose opening bracket was just consumed."""
        if name.text not in ARITIES:
            raise ExpressionError(
                "expression-function",
                name.position,
                {"function": name.text, "supported": _SUPPORTED},
            )
        arguments: list[Expression] = []
        if not self.taken(")"):
            arguments.append(self.expression())
            while self.taken(","):
                arguments.append(self.expression())
            self.expect(")")
        if len(arguments) not in ARITIES[name.text]:
            expected = ", ".join(str(number) for number in ARITIES[name.text])
            raise ExpressionError(
                "expression-arguments",
                name.position,
                {"function": name.text, "expected": expected, "given": len(arguments)},
            )
        if name.text == "instance":
            return self.lookup(name, arguments[0])
        return _SPECIAL.get(name.text, _plain_call)(name, arguments)

    def lookup(self, start: _Token, choices: Expression) -> Expression:
        """What follows `instance('list')`."""
        shape = ExpressionError("expression-instance", start.position)
        if not isinstance(choices, Text):
            raise shape
        if self.in_predicate:
            raise ExpressionError("expression-instance-nested", start.position)
        if not all(self.taken(text) for text in ("/", "root", "/", "item", "[")):
            raise shape
        self.in_predicate = True
        predicate = self.expression()
        self.in_predicate = False
        self.expect("]")
        if not self.taken("/") or self.token.kind != "name":
            raise shape
        return Lookup(choices=choices.value, predicate=predicate, column=self.take().text)


def _number(token: _Token, text: str) -> Number:
    value = float(text)
    if value == float("inf"):
        raise ExpressionError("expression-number", token.position)
    return Number(value=value)


def _column(token: _Token, text: str) -> Column:
    if ":" in text:
        raise ExpressionError("expression-unexpected", token.position, {"found": text})
    return Column(name=text)


def _plain_call(name: _Token, arguments: list[Expression]) -> Expression:
    return Call(function=name.text, arguments=tuple(arguments))


def _choice_label(name: _Token, arguments: list[Expression]) -> Expression:
    value, question = arguments
    match = REFERENCE.fullmatch(question.value.strip()) if isinstance(question, Text) else None
    if match is None:
        raise ExpressionError("expression-choice-name", name.position)
    return ChoiceLabel(value=value, question=match[1])


def _regex(name: _Token, arguments: list[Expression]) -> Expression:
    pattern = arguments[1]
    if not isinstance(pattern, Text):
        raise ExpressionError("expression-pattern-literal", name.position)
    try:
        compile_pattern(pattern.value)
    except PatternError as error:
        raise ExpressionError(error.code, name.position, {"pattern": pattern.value, **error.parameters}) from None
    return _plain_call(name, arguments)


def _format_date(name: _Token, arguments: list[Expression]) -> Expression:
    if isinstance(arguments[1], Text):
        for directive in re.findall(r"%(.?)", arguments[1].value, re.DOTALL):
            if directive not in DATE_DIRECTIVES or not directive:
                raise ExpressionError("expression-directive", name.position, {"directive": f"%{directive}"})
    return _plain_call(name, arguments)


_SPECIAL: Final[dict[str, Callable[[_Token, list[Expression]], Expression]]] = {
    "jr:choice-name": _choice_label,
    "regex": _regex,
    "format-date": _format_date,
}


def _refuse_deep(expression: Expression) -> None:
    """`1 + 1 - 1 + 1 …` leans to the left without any bracket: its height is measured on the tree."""
    level = [expression]
    for _ in range(MAX_DEPTH):
        level = [child for part in level for child in _children(part)]
        if not level:
            return
    raise ExpressionError("expression-deep", 0, {"limit": MAX_DEPTH})
