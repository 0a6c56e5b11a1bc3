"""What a page shows of a questionnaire while it is being answered: `Judge.show` says how it stands, `piped` puts
answers into texts, and `reads` tells which answers change how a node looks.
"""

from collections.abc import Callable, Iterator

import msgspec

from forms.evaluating import Answer
from forms.expressions import REFERENCE, parse, references
from forms.flaws import AnswerFlaw
from forms.questionnaire import (
    Choice,
    Group,
    Node,
    Note,
    Questionnaire,
    SelectMultipleQuestion,
    SelectOneQuestion,
    Texts,
)


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """How a questionnaire stands for some answers, finished or not.

    `visible` are the nodes of all kinds that are shown; `answers` has a key for each question among them, null where
    there is no answer that fits. Of every question, visible or not, `offered` has the choices (where wanted), each name
    once, and `required` says whether it needs an answer where it is asked. `flaws` are what `Judge.validate` would say.
    """

    visible: frozenset[str]
    answers: dict[str, Answer]
    offered: dict[str, list[Choice]]
    required: frozenset[str]
    flaws: list[AnswerFlaw]


def piped(text: str, said: Callable[[str], str]) -> str:
    """A text with each `${name}` replaced by what `said` says for that name."""
    return REFERENCE.sub(lambda match: said(match[1]), text)


def reads(node: Node, questionnaire: Questionnaire) -> frozenset[str]:
    """The names whose answers change how a visible node looks: its texts, choices, calculation, whether required."""
    named = {match[1] for text in _texts(node, questionnaire) for match in REFERENCE.finditer(text)}
    if isinstance(node, Note | Group):
        return frozenset(named)
    sources = [node.calculation, node.required if isinstance(node.required, str) else None]
    if isinstance(node, SelectOneQuestion | SelectMultipleQuestion):
        sources.append(node.choice_filter)
    return frozenset(named).union(*(references(parse(source)) for source in sources if source))


def _texts(node: Node, questionnaire: Questionnaire) -> Iterator[str]:
    said: list[Texts] = [node.label, node.hint]
    if isinstance(node, SelectOneQuestion | SelectMultipleQuestion):
        said += [choice.label for choice in questionnaire.choice_lists.get(node.choices, [])]
    for texts in said:
        yield from texts.values()
