"""The pages of a questionnaire: each group at the top is one, and so are nodes in a row that stand outside groups."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import msgspec

from forms.questionnaire import CalculateQuestion, Group, HiddenQuestion, Node, Note, Question, Questionnaire, walk
from forms.showing import Shown

Leaf: TypeAlias = Question | Note
"""What a page shows one of: it holds nothing further."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One page: `number` is its place among all, from 1, and stays so when others are not relevant.

    `group` gives it a title; `nodes` are what stands on it, groups inside it being sections.
    """

    number: int
    group: Group | None
    nodes: tuple[Node, ...]


def steps_of(questionnaire: Questionnaire) -> list[Step]:
    """All pages on which there is something to see, in order."""
    found: list[tuple[Group | None, list[Node]]] = []
    for node in questionnaire.questions:
        if isinstance(node, Group):
            found.append((node, node.questions))
        elif found and found[-1][0] is None:
            found[-1][1].append(node)
        else:
            found.append((None, [node]))
    seen = [(group, nodes) for group, nodes in found if any(True for _ in leaves(nodes))]
    return [Step(number=number, group=group, nodes=tuple(nodes)) for number, (group, nodes) in enumerate(seen, start=1)]


def is_seen(node: Node) -> bool:
    """Whether a node has a place on a page: what is hidden or computed without a label has none."""
    match node:
        case HiddenQuestion() | Group():
            return False
        case CalculateQuestion() | Note():
            return any(node.label.values())
        case _:
            return True


def leaves(nodes: Sequence[Node]) -> Iterator[Leaf]:
    """The questions and notes that are seen, sections opened."""
    for node, _ in walk(list(nodes)):
        if not isinstance(node, Group) and is_seen(node):
            yield node


def relevant(steps: Sequence[Step], shown: Shown) -> list[Step]:
    """Those on which there is something to see for these answers."""
    return [step for step in steps if any(leaf.name in shown.visible for leaf in leaves(step.nodes))]


def step_of(steps: Sequence[Step], name: str) -> Step | None:
    """The page on which a question stands."""
    return next((step for step in steps if any(leaf.name == name for leaf in leaves(step.nodes))), None)


def furthest(steps: Sequence[Step], answered: set[str]) -> Step | None:
    """The last page on which something is answered."""
    return next((step for step in reversed(steps) if any(leaf.name in answered for leaf in leaves(step.nodes))), None)
