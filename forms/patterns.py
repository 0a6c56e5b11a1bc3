r"""The regular expressions of `regex(…)`: matched whole, and in time proportional to the text.

Python's `re` backtracks and cannot be stopped, so one careless pattern could hold a server. Here a pattern becomes a
small automaton without backtracking, whose steps are remembered. The syntax is what Java (ODK) and JavaScript share,
with Java's `\p{L}`; what an automaton cannot do (look-around, back-references) is refused.
"""

import functools
import string
import unicodedata
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import msgspec

MAX_STEPS: Final = 2_500
"""How long a pattern may become once its repetitions are written out."""

_MAX_NESTING: Final = 20
_MAX_REMEMBERED: Final = 20_000

Test: TypeAlias = Callable[[str], bool]


class PatternError(Exception):
    """The pattern is not one of ours: a flaw's code and its parameters."""

    def __init__(self, code: str, **parameters: object) -> None:
        super().__init__(code)
        self.code = code
        self.parameters: dict[str, Any] = parameters


class _One(msgspec.Struct, frozen=True):
    """One character that passes a test."""

    test: Test


class _Edge(msgspec.Struct, frozen=True):
    """`^` or `$`."""

    start: bool


class _Chain(msgspec.Struct, frozen=True):
    items: list["_Syntax"]


class _Either(msgspec.Struct, frozen=True):
    branches: list["_Syntax"]


class _Repeat(msgspec.Struct, frozen=True):
    body: "_Syntax"
    low: int
    high: int | None


_Syntax: TypeAlias = _One | _Edge | _Chain | _Either | _Repeat


class _Fork(msgspec.Struct):
    """A step that goes on at any of `targets`."""

    targets: list[int]


class _Success(msgspec.Struct, frozen=True):
    pass


_Step: TypeAlias = _One | _Edge | _Fork | _Success
_State: TypeAlias = tuple[frozenset[int], bool]
"""The places of the program that wait for a character, and whether the text may end here."""


class Pattern:
    """A compiled pattern."""

    def __init__(self, program: list[_Step]) -> None:
        self._program = program
        self._first = self._state([0], at_start=True)
        self._known: dict[tuple[frozenset[int], str], _State] = {}

    def matches(self, text: str) -> bool:
        """Whether the pattern describes the whole text."""
        waiting, accepted = self._first
        for character in text:
            key = (waiting, character)
            state = self._known.get(key)
            if state is None:
                state = self._after(waiting, character)
                if len(self._known) >= _MAX_REMEMBERED:
                    self._known = {}
                self._known[key] = state
            waiting, accepted = state
            if not waiting and not accepted:
                return False
        return accepted

    def _after(self, waiting: frozenset[int], character: str) -> _State:
        passed = [
            place + 1 for place in waiting if isinstance(step := self._program[place], _One) and step.test(character)
        ]
        return self._state(passed, at_start=False)

    def _state(self, places: list[int], *, at_start: bool) -> _State:
        """Where one gets from these places without a character; past a `$` only the end counts."""
        seen = {(place, False) for place in places}
        front = list(seen)
        waiting: set[int] = set()
        accepted = False
        while front:
            place, ended = front.pop()
            following: list[tuple[int, bool]] = []
            match self._program[place]:
                case _One():
                    if not ended:
                        waiting.add(place)
                case _Success():
                    accepted = True
                case _Fork(targets=targets):
                    following = [(target, ended) for target in targets]
                case _Edge(start=True):
                    following = [(place + 1, ended)] if at_start else []
                case _Edge():
                    following = [(place + 1, True)]
            fresh = [each for each in following if each not in seen]
            seen.update(fresh)
            front.extend(fresh)
        return frozenset(waiting), accepted


@functools.lru_cache(maxsize=512)
def compile_pattern(source: str) -> Pattern:
    """The pattern that `source` writes; raises `PatternError`."""
    reader = _Reader(source)
    syntax = reader.either(0)
    if reader.index < len(source):
        raise reader.refusal(source[reader.index])
    program: list[_Step] = []
    _write(syntax, program)
    program.append(_Success())
    return Pattern(program)


def _write(syntax: _Syntax, program: list[_Step]) -> None:
    """Append the steps of `syntax`; it goes on at what is appended next."""
    if len(program) > MAX_STEPS:
        raise PatternError("expression-pattern-size")
    match syntax:
        case _One() | _Edge():
            program.append(syntax)
        case _Chain(items=items):
            program.append(_Fork([len(program) + 1]))  # never empty, so that repeating nothing is bounded too
            for item in items:
                _write(item, program)
        case _Either(branches=branches):
            fork = _Fork([])
            program.append(fork)
            leaving: list[_Fork] = []
            for branch in branches:
                fork.targets.append(len(program))
                _write(branch, program)
                leaving.append(_Fork([]))
                program.append(leaving[-1])
            for jump in leaving:
                jump.targets.append(len(program))
        case _Repeat(body=body, low=low, high=high):
            _write_repeat(body, low, high, program)


def _write_repeat(body: _Syntax, low: int, high: int | None, program: list[_Step]) -> None:
    for _ in range(low):
        _write(body, program)
    if high is None:
        fork = _Fork([len(program) + 1])
        program.append(fork)
        back = len(program) - 1
        _write(body, program)
        program.append(_Fork([back]))
        fork.targets.append(len(program))
        return
    leaving: list[_Fork] = []
    for _ in range(high - low):
        leaving.append(_Fork([len(program) + 1]))
        program.append(leaving[-1])
        _write(body, program)
    for jump in leaving:
        jump.targets.append(len(program))


def _among(characters: str) -> Test:
    return frozenset(characters).__contains__


def _between(first: str, last: str) -> Test:
    return lambda character: first <= character <= last


def _category(name: str) -> Test:
    return lambda character: unicodedata.category(character).startswith(name)


def _other_than(test: Test) -> Test:
    return lambda character: not test(character)


def _any_of(tests: list[Test]) -> Test:
    return lambda character: any(test(character) for test in tests)


_CLASSES: Final[dict[str, Test]] = {
    "d": _among(string.digits),
    "w": _among(string.ascii_letters + string.digits + "_"),
    "s": _among(" \t\n\x0b\f\r"),
}
_CONTROLS: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_ANY_CHARACTER: Final = _other_than(_among("\n\r\x85\u2028\u2029"))
_CATEGORIES: Final = frozenset("LMNPSZC") | frozenset(
    first + second
    for first, seconds in {
        "L": "ultmo",
        "M": "nce",
        "N": "dlo",
        "P": "cdseifo",
        "S": "mcko",
        "Z": "slp",
        "C": "cfo",
    }.items()
    for second in seconds
)


class _Reader:
    """A recursive-descent reader of one pattern."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.index = 0

    @staticmethod
    def refusal(construct: str) -> PatternError:
        return PatternError("expression-pattern", construct=construct)

    @property
    def ahead(self) -> str:
        return self.source[self.index : self.index + 1]

    def take(self) -> str:
        character = self.ahead
        self.index += 1
        if not character:
            raise self.refusal(self.source[-10:])
        return character

    def taken(self, text: str) -> bool:
        if self.source.startswith(text, self.index):
            self.index += len(text)
            return True
        return False

    def either(self, nesting: int) -> _Syntax:
        if nesting > _MAX_NESTING:
            raise PatternError("expression-pattern-size")
        branches = [self.chain(nesting)]
        while self.taken("|"):
            branches.append(self.chain(nesting))
        return branches[0] if len(branches) == 1 else _Either(branches)

    def chain(self, nesting: int) -> _Syntax:
        items: list[_Syntax] = []
        while self.ahead not in {"", "|", ")"}:
            items.append(self.repeated(self.item(nesting)))
        return _Chain(items)

    def item(self, nesting: int) -> _Syntax:  # noqa: PLR0911 - one case per construct
        match self.take():
            case "(":
                if self.ahead == "?" and not self.taken("?:"):
                    raise self.refusal(self.source[self.index - 1 : self.index + 2])
                inner = self.either(nesting + 1)
                if not self.taken(")"):
                    raise self.refusal("(")
                return inner
            case "[":
                return _One(self.set_of_characters())
            case ".":
                return _One(_ANY_CHARACTER)
            case "^":
                return _Edge(start=True)
            case "$":
                return _Edge(start=False)
            case "\\":
                return _One(self.escape()[1])
            case "*" | "+" | "?" | "{" as quantifier:
                raise self.refusal(quantifier)
            case character:
                return _One(_among(character))

    def repeated(self, item: _Syntax) -> _Syntax:
        start = self.index
        if self.taken("*"):
            low, high = 0, None
        elif self.taken("+"):
            low, high = 1, None
        elif self.taken("?"):
            low, high = 0, 1
        elif self.taken("{"):
            low, high = self.bounds()
        else:
            return item
        self.taken("?")  # lazy or greedy is the same for a whole match
        if self.ahead in {"*", "+", "?", "{"}:
            raise self.refusal(self.source[start : self.index + 1])
        return _Repeat(item, low, high)

    def bounds(self) -> tuple[int, int | None]:
        """What follows `{`: `n}`, `n,}` or `n,m}`."""
        start = self.index - 1
        low = self.number()
        high: int | None = low
        if self.taken(","):
            high = None if self.ahead == "}" else self.number()
        if not self.taken("}") or (high is not None and high < low):
            raise self.refusal(self.source[start : self.index + 1])
        return low, high

    def number(self) -> int:
        start = self.index
        while self.ahead and self.ahead in string.digits:
            self.index += 1
        digits = self.source[start : self.index]
        if not 1 <= len(digits) <= 4:
            raise self.refusal("{" + digits)
        return int(digits)

    def escape(self) -> tuple[str | None, Test]:
        """What follows a backslash: the character it stands for, if only one, and its test."""
        letter = self.take()
        if letter.lower() in _CLASSES:
            test = _CLASSES[letter.lower()]
            return None, test if letter.islower() else _other_than(test)
        if letter in {"p", "P"}:
            name = self.property()
            return None, _category(name) if letter == "p" else _other_than(_category(name))
        if letter in {"u", "x"}:
            letter = self.code(4 if letter == "u" else 2)
        elif letter in _CONTROLS:
            letter = _CONTROLS[letter]
        elif letter.isalnum():
            raise self.refusal("\\" + letter)
        return letter, _among(letter)

    def property(self) -> str:
        r"""What follows `\p`: `{L}`, or one letter."""
        name = self.take()
        if name == "{":
            end = self.source.find("}", self.index)
            name = self.source[self.index : end]
            self.index = end + 1
        if name not in _CATEGORIES:
            raise self.refusal(f"\\p{{{name[:20]}}}")
        return name

    def code(self, length: int) -> str:
        digits = self.source[self.index : self.index + length]
        if len(digits) < length or any(digit not in string.hexdigits for digit in digits):
            raise self.refusal("\\" + digits)
        self.index += length
        return chr(int(digits, 16))

    def set_of_characters(self) -> Test:
        """What follows `[`."""
        start = self.index - 1
        negated = self.taken("^")
        tests: list[Test] = []
        singles: list[str] = []
        while not self.taken("]"):
            first, test = self.member()
            if first is None:
                tests.append(test)
            elif self.ahead == "-" and self.source[self.index + 1 : self.index + 2] not in {"]", ""}:
                self.index += 1
                last, _ = self.member()
                if last is None or last < first:
                    raise self.refusal(self.source[start : self.index])
                tests.append(_between(first, last))
            else:
                singles.append(first)
        if not tests and not singles:
            raise self.refusal("[]")
        whole = _any_of([_among("".join(singles)), *tests])
        return _other_than(whole) if negated else whole

    def member(self) -> tuple[str | None, Test]:
        character = self.take()
        return self.escape() if character == "\\" else (character, _among(character))
