"""How long a questionnaire takes to answer: an estimate for people who are deciding whether to begin now.

Seconds = words to read × 60 / 200 + seconds to answer by kind of question; what has a `relevant` (its own or that of a
group around it) is shown to some only and weighs half. The sum is rounded up to whole minutes, one at the least.

*Reading.* Adults read English non-fiction silently at 238 words a minute (Brysbaert 2019, *How many words do we read
per minute?*, Journal of Memory and Language 109, 104047: 190 studies, most people between 175 and 300); French takes
more words to say the same, and forms are read on phones and in between. 200 is our cautious figure from that range.
Labels, hints and notes are read, and of a list of choices the first 12: a longer one is searched, not read.

*Answering.* The seconds in `_answering` are our assumption, to be replaced by measured ones.
"""

import math
import re
from typing import Final, assert_never

from forms.questionnaire import (
    AcknowledgeQuestion,
    CalculateQuestion,
    DateQuestion,
    DecimalQuestion,
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
    text_in,
    walk,
)

WORDS_A_MINUTE: Final = 200
CHOICES_READ: Final = 12
CONDITIONAL: Final = 0.5

_WORD: Final = re.compile(r"\w+(?:['’\-]\w+)*")


def minutes(questionnaire: Questionnaire) -> int:
    """Minutes that answering takes, in the questionnaire's first language."""
    seconds = 0.0
    for node, groups in walk(questionnaire.questions):
        if isinstance(node, CalculateQuestion | HiddenQuestion):
            continue
        weight = CONDITIONAL if node.relevant or any(group.relevant for group in groups) else 1
        seconds += weight * (_words(node, questionnaire) * 60 / WORDS_A_MINUTE + _answering(node))
    return max(1, math.ceil(seconds / 60))


def _words(node: Node, questionnaire: Questionnaire) -> int:
    """How many words the node shows."""
    texts = [node.label, node.hint]
    if isinstance(node, SelectOneQuestion | SelectMultipleQuestion):
        listed = questionnaire.choice_lists.get(node.choices, [])
        texts += [choice.label for choice in listed[:CHOICES_READ]]
    language = questionnaire.languages[0]
    return sum(len(_WORD.findall(text_in(shown, language, questionnaire))) for shown in texts)


def _answering(node: Node) -> int:  # noqa: PLR0911 - one case per kind
    """Seconds to answer once it is read: choosing is quick, a figure is looked up, a sentence is thought about."""
    match node:
        case Note() | Group() | CalculateQuestion() | HiddenQuestion():
            return 0
        case _ if node.read_only or node.calculation:
            return 0
        case AcknowledgeQuestion():
            return 2
        case SelectOneQuestion() | RangeQuestion():
            return 4
        case SelectMultipleQuestion():
            return 6
        case DateQuestion():
            return 8
        case IntegerQuestion() | DecimalQuestion():
            return 10
        case TextQuestion():
            return 30
        case _:
            assert_never(node)
