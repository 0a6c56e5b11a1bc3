"""Made-up answers, for demonstrations and tests: they fit their questionnaire and go in like any other."""

import datetime as dt
import random
from collections.abc import Callable
from typing import Any, Final, TypeAlias, assert_never
from uuid import UUID

import msgspec

from base.database import reading, transaction
from forms.questionnaire import (
    AcknowledgeQuestion,
    CalculateQuestion,
    DateQuestion,
    DecimalQuestion,
    HiddenQuestion,
    IntegerQuestion,
    Question,
    Questionnaire,
    RangeQuestion,
    SelectMultipleQuestion,
    SelectOneQuestion,
    TextQuestion,
    questions,
)
from forms.validating import Judge
from surveys import queries
from surveys.answering import accept
from surveys.bulk import BATCH
from surveys.editions import editions_by_number
from surveys.problems import NOT_PUBLISHED
from surveys.submission import Answers, Outcome, Sent, Submission
from surveys.survey import Survey

TRIES: Final = 50
"""How often an answer that does not fit is drawn again."""

LIKELY: Final = 0.85
"""How often a question that may be left out is answered."""

WORDS: Final = (
    "délais",
    "moyens",
    "logement",
    "eau",
    "réseau",
    "dialogue",
    "calendrier",
    "données",
    "terrain",
    "outil",
)


Preference: TypeAlias = Callable[[str, Answers], Any]
"""What somebody would answer to the question of a name after these answers: null leaves it out, `UNSET` does not care.

Asked again for an answer that did not fit, it may give another.
"""


def indifferent(name: str, answers: Answers) -> msgspec.UnsetType:
    """The preference of nobody in particular."""
    del name, answers
    return msgspec.UNSET


def made_up(
    questionnaire: Questionnaire,
    judge: Judge,
    chance: random.Random,
    *,
    today: dt.date,
    preferred: Preference = indifferent,
) -> Answers:
    """Answers that the judge accepts: as preferred, else each drawn alone; and again where its constraint fails.

    Raises `ValueError` where no such answers were found: then two questions exclude each other's answers.
    """
    asked = {question.name: question for question in questions(questionnaire)}
    answers: Answers = {}
    for name, question in asked.items():
        answer = preferred(name, answers)
        if answer is msgspec.UNSET:
            answer = _drawn(question, questionnaire, chance, today) if chance.random() < LIKELY else None
        if answer is not None:
            answers[name] = answer
    for _ in range(TRIES):
        flaws = judge.validate(answers, today=today).flaws
        if not flaws:
            return answers
        for flaw in flaws:
            name = flaw.path.removeprefix("/answers/").replace("~1", "/").replace("~0", "~")
            if flaw.code in ("choice", "constraint") and chance.random() < 0.2:
                answers.pop(name, None)  # perhaps nothing fits, or another answer must change
            else:
                answer = preferred(name, answers)
                cares = answer is not msgspec.UNSET and answer is not None
                answers[name] = answer if cares else _drawn(asked[name], questionnaire, chance, today)
    raise ValueError(f"no answers found that fit {sorted(answers)}")


async def answer_for_all(survey: Survey, *, seed: int, share: float, now: dt.datetime) -> list[Outcome]:
    """Answer for a share of those whose answer is expected; the same seed gives the same answers."""
    if survey.edition is None:
        raise NOT_PUBLISHED()
    chance = random.Random(seed)  # noqa: S311 - must repeat, protects nothing
    async with reading() as connection:
        edition = (await editions_by_number(connection, survey.id, [survey.edition]))[survey.edition]
        expected = await queries.expected_assignments(connection, survey)
    chosen = [assignment for assignment in expected if chance.random() < share]
    outcomes: list[Outcome] = []
    for start in range(0, len(chosen), BATCH):
        submissions = [
            Submission(
                sent=Sent(
                    id=UUID(int=chance.getrandbits(128), version=4),
                    answers=made_up(edition.questionnaire, edition.judge, chance, today=now.date()),
                    assignment=assignment,
                ),
                survey=survey,
                actor=None,
                right="others",
                channel="assigned",
                at=now,
            )
            for assignment in chosen[start : start + BATCH]
        ]
        async with transaction() as connection:
            outcomes += await accept(connection, submissions)
    return outcomes


def _drawn(question: Question, questionnaire: Questionnaire, chance: random.Random, today: dt.date) -> Any:  # noqa: ANN401, C901, PLR0911 - an answer is any JSON; one case per kind
    match question:
        case TextQuestion(max_length=limit):
            return " ".join(chance.choices(WORDS, k=chance.randint(1, 8)))[:limit]
        case IntegerQuestion(min=low, max=high):
            return chance.randint(0 if low is None else low, (low or 0) + 100 if high is None else high)
        case DecimalQuestion(min=low, max=high):
            return round(chance.uniform(0 if low is None else low, (low or 0) + 100 if high is None else high), 2)
        case RangeQuestion(min=low, max=high, step=step):
            value = low + step * chance.randint(0, int((high - low) / step))
            return int(value) if question.whole else value
        case DateQuestion():
            return (today - dt.timedelta(days=chance.randint(0, 365))).isoformat()
        case SelectOneQuestion(choices=name):
            return chance.choice(questionnaire.choice_lists[name]).name
        case SelectMultipleQuestion(choices=name):
            names = list(dict.fromkeys(choice.name for choice in questionnaire.choice_lists[name]))
            return chance.sample(names, chance.randint(1, min(3, len(names))))
        case AcknowledgeQuestion():
            return "OK"
        case CalculateQuestion():
            return None
        case HiddenQuestion():
            return chance.choice(WORDS)
        case _:
            assert_never(question)
