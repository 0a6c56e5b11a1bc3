"""The one style sheet of the pages: what is used of the theme's sheets, then ours.

The theme's sheets hold much that no page shows. What goes: selectors that the theme lists as unused, custom properties
that nothing reads. What comes: each small picture once, as a `data:` address, so that a page asks for few files; the
dark colours for whoever's system is dark, so that they need no script.
"""

import re
import urllib.parse
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import tinycss2
from tinycss2 import ast

DARK: Final = "[data-fr-theme=dark]"
SYSTEM: Final = "[data-fr-scheme=system]:not([data-fr-theme])"
"""A page that leaves the choice to the system, before a script (if there is one) has said which it is."""

_READ: Final = re.compile(r"var\(\s*(--[\w-]+)")
_NAMED: Final = re.compile(r"(?<![\w-])--[\w-]+")
_NEGATED: Final = re.compile(r":not\([^()]*\)")
"""What a selector excludes is no reason to leave it out."""

_FORGOTTEN: Final = re.compile(r"url\((?![\"']?data:)[^)]*\)")


class SheetError(Exception):
    """A sheet says what this cannot carry over; the message says what and where."""


@dataclass(frozen=True, kw_only=True)
class Declaration:
    name: str
    value: str


@dataclass(kw_only=True)
class Rule:
    """A rule with its body, or with none, as `@import`. Of a style rule, the prelude is a list of selectors."""

    selectors: list[str]
    body: list["Rule | Declaration"] | None = field(default_factory=list)


class Pictures:
    """The small pictures that sheets name, each kept once as a custom property of the root."""

    def __init__(self) -> None:
        self._named: dict[str, str] = {}

    def reference(self, path: Path) -> str:
        """What a declaration says instead of the picture's address."""
        if path.suffix != ".svg" or not path.is_file():
            raise SheetError(f"a style sheet names {path}, which is not there or no SVG")
        name = f"--picture-{path.stem.removeprefix('fr--')}"
        address = data_address(path.read_text(encoding="utf-8"))
        if self._named.setdefault(name, address) != address:
            raise SheetError(f"two different pictures are called {path.name}")
        return f"var({name})"

    def rule(self) -> Rule:
        body: list[Rule | Declaration] = [
            Declaration(name=name, value=f'url("{address}")') for name, address in self._named.items()
        ]
        return Rule(selectors=[":root"], body=body)


def data_address(svg: str) -> str:
    """A `data:` address that may stand between double quotes in a sheet."""
    text = re.sub(r"\s+", " ", svg.strip()).replace('"', "'")
    return "data:image/svg+xml," + urllib.parse.quote(text, safe=" !$&'()*+,-./:;=?@[]_~")


def read(path: Path, pictures: Pictures) -> list[Rule]:
    """The rules of a file. Faces of fonts are left out: the theme says which there are."""
    nodes = tinycss2.parse_stylesheet(path.read_text(encoding="utf-8"), skip_comments=True, skip_whitespace=True)
    rules = [_rule(node, path, pictures) for node in nodes]
    return [rule for rule in rules if rule.selectors[0] not in {"@charset", "@font-face"}]


def icon_rules(names: Iterable[str], folder: Path, prefix: str, pictures: Pictures) -> list[Rule]:
    """For each icon the class that shows it. A theme's own drawing (`fr--…`) goes before the general one."""
    rules = []
    for name in names:
        found = sorted(folder.glob(f"*/fr--{name}.svg")) or sorted(folder.glob(f"*/{name}.svg"))
        if not found:
            raise SheetError(f"there is no icon {name} in {folder}: see web/static/icons.txt")
        picture = pictures.reference(found[0])
        shown = [f".{prefix}{name}::before", f".{prefix}{name}::after"]
        masks: list[Rule | Declaration] = [
            Declaration(name=mask, value=picture) for mask in ("-webkit-mask-image", "mask-image")
        ]
        rules.append(Rule(selectors=shown, body=masks))
    return rules


def without(rules: list[Rule], unused: re.Pattern[str]) -> list[Rule]:
    """The rules without the selectors that match, and without those that then select nothing."""
    kept = []
    for rule in rules:
        selectors = rule.selectors
        if not is_at(rule):
            selectors = [one for one in selectors if not unused.search(_NEGATED.sub("", one))]
        body = rule.body
        if is_at(rule) and body is not None:
            inner = without([item for item in body if isinstance(item, Rule)], unused)
            body = [*[item for item in body if isinstance(item, Declaration)], *inner]
        if selectors and body != []:
            kept.append(Rule(selectors=selectors, body=body))
    return kept


def with_dark_system(rules: list[Rule]) -> list[Rule]:
    """Each rule of the dark theme also for readers whose system is dark, where the page leaves it to the system.

    All of them on screens only: paper is white, and browsers print light text on it without the dark ground.
    """
    made = []
    for rule in rules:
        if is_at(rule) and rule.body is not None:
            inner = with_dark_system([item for item in rule.body if isinstance(item, Rule)])
            made.append(
                Rule(selectors=rule.selectors, body=[*inner, *[i for i in rule.body if isinstance(i, Declaration)]])
            )
            continue
        dark = [one for one in rule.selectors if DARK in one]
        light = [one for one in rule.selectors if DARK not in one]
        if light:
            made.append(Rule(selectors=light, body=rule.body))
        if dark:
            twin = Rule(selectors=[one.replace(DARK, SYSTEM) for one in dark], body=rule.body)
            of_system = Rule(selectors=["@media (prefers-color-scheme:dark)"], body=[twin])
            made.append(Rule(selectors=["@media screen"], body=[Rule(selectors=dark, body=rule.body), of_system]))
    return made


def without_unread_properties(rules: list[Rule], elsewhere: str) -> list[Rule]:
    """The rules without the custom properties that no declaration reads and no text `elsewhere` names."""
    declared = list(_declarations(rules))
    reads: dict[str, set[str]] = {}
    for one in declared:
        reads.setdefault(one.name, set()).update(_READ.findall(one.value))
    waiting = {name for name in reads if not name.startswith("--")} | set(_NAMED.findall(elsewhere))
    alive: set[str] = set()
    while waiting:
        name = waiting.pop()
        alive.add(name)
        waiting |= reads.get(name, set()) - alive
    return _filtered(rules, lambda one: one.name in alive)


def written(rules: list[Rule]) -> str:
    """The sheet as text, without a needless character; nothing in it names another file."""
    text = "".join(_text(rule) for rule in rules)
    forgotten = _FORGOTTEN.search(text)
    if forgotten:
        raise SheetError(f"the style sheet would name another file: {forgotten[0]}")
    return text


def is_at(rule: Rule) -> bool:
    return rule.selectors[0].startswith("@")


def _rule(node: ast.Node, path: Path, pictures: Pictures) -> Rule:
    match node:
        case ast.QualifiedRule():
            return Rule(selectors=_selectors(node.prelude), body=_body(node.content, path, pictures))
        case ast.AtRule() if node.content is None:
            return Rule(selectors=[f"@{node.at_keyword} {_compact(node.prelude)}".strip()], body=None)
        case ast.AtRule() if node.lower_at_keyword == "font-face":
            return Rule(selectors=["@font-face"], body=None)
        case ast.AtRule():
            name = f"@{node.at_keyword} {_compact(node.prelude)}".strip()
            return Rule(selectors=[name], body=_body(node.content, path, pictures))
        case _:
            raise SheetError(f"{path}:{node.source_line}: {getattr(node, 'message', node.type)}")


def _body(content: list[ast.Node], path: Path, pictures: Pictures) -> list[Rule | Declaration]:
    body: list[Rule | Declaration] = []
    for node in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if isinstance(node, ast.Declaration):
            value = _compact(_pictured(node.value, path, pictures)) + ("!important" if node.important else "")
            body.append(Declaration(name=node.name, value=value))
        else:
            body.append(_rule(node, path, pictures))
    return body


def _pictured(value: list[ast.Node], path: Path, pictures: Pictures) -> list[ast.Node]:
    """The value with each address of a picture replaced by the property that holds it."""
    made = []
    for node in value:
        address = _address(node)
        if address is None or address.startswith("data:"):
            made.append(node)
        else:
            made += tinycss2.parse_component_value_list(pictures.reference((path.parent / address).resolve()))
    return made


def _address(node: ast.Node) -> str | None:
    if isinstance(node, ast.URLToken):
        return str(node.value)
    if isinstance(node, ast.FunctionBlock) and node.lower_name == "url" and node.arguments:
        return str(getattr(node.arguments[0], "value", ""))
    return None


def _selectors(prelude: list[ast.Node]) -> list[str]:
    parts: list[list[ast.Node]] = [[]]
    for node in prelude:
        if node == ",":
            parts.append([])
        else:
            parts[-1].append(node)
    return [_compact(part) for part in parts]


def _compact(nodes: list[ast.Node]) -> str:
    """The text of the nodes, with single spaces, and none at the ends or around a comma."""
    texts = [
        " " if isinstance(node, ast.WhitespaceToken) else node.serialize()
        for node in nodes
        if not isinstance(node, ast.Comment)
    ]
    made: list[str] = []
    for index, text in enumerate(texts):
        beside = texts[index - 1 : index] + texts[index + 1 : index + 2]
        if not (text == " " and "," in beside):
            made.append(text)
    return "".join(made).strip()


def _declarations(rules: Iterable[Rule | Declaration]) -> Iterable[Declaration]:
    for item in rules:
        if isinstance(item, Declaration):
            yield item
        else:
            yield from _declarations(item.body or ())


def _filtered(rules: list[Rule], wanted: Callable[[Declaration], bool]) -> list[Rule]:
    kept = []
    for rule in rules:
        body: list[Rule | Declaration] | None = None
        if rule.body is not None:
            body = []
            for item in rule.body:
                if isinstance(item, Rule):
                    body += _filtered([item], wanted)
                elif wanted(item):
                    body.append(item)
        if body != []:
            kept.append(Rule(selectors=rule.selectors, body=body))
    return kept


def _text(rule: Rule) -> str:
    head = ",".join(rule.selectors)
    if rule.body is None:
        return f"{head};"
    parts = [_text(item) if isinstance(item, Rule) else f"{item.name}:{item.value};" for item in rule.body]
    return f"{head}{{{''.join(parts).removesuffix(';')}}}"
