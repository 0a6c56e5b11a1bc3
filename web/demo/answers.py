"""How somebody made up answers: a mind has one method per question it cares about, named like the question.

A method is told what the person answered before, so that they keep to it; `surveys/generating.py` makes answers of a
mind's preferences that the judge accepts, and draws whatever it does not care about. The minds: `lettings.py`,
`applications.py`, `others.py`.
"""

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from surveys.submission import Answers
from web.demo.respondents import Respondent

T = TypeVar("T")


class Mind:
    """Somebody with a temper (about 0, hopeful above it), who answers on a day."""

    def __init__(self, person: Respondent, chance: random.Random, today: dt.date) -> None:
        self.person = person
        self.chance = chance
        self.today = today
        self.temper = bell(chance)

    def prefers(self, name: str, answers: Answers) -> Any:  # noqa: ANN401 - an answer is any JSON
        """What this person would answer to the question of this name, as `generating.Preference` says."""
        method = type(self).__dict__.get(name)
        return msgspec.UNSET if method is None else method(self, answers)

    def likely(self, likelihood: float) -> bool:
        """Whether something of this likelihood happens."""
        return self.chance.random() < likelihood

    def one(self, weights: Mapping[str, float]) -> str:
        """One of these, each as likely as its weight says."""
        return self.chance.choices(list(weights), [max(weight, 0.01) for weight in weights.values()])[0]

    def any(self, items: Sequence[T]) -> T | None:
        """One of these; nothing of nothing."""
        return self.chance.choice(items) if items else None

    def several(self, likelihoods: Mapping[str, float], *, most: int = 99, none: str | None = None) -> list[str] | None:
        """Those of these that happen, at most so many; where none does, `none` alone."""
        chosen = [name for name, likelihood in likelihoods.items() if self.likely(likelihood)]
        if len(chosen) > most:
            chosen = self.chance.sample(chosen, most)
        return chosen or ([none] if none else None)

    def scaled(self, mean: float, low: int, high: int) -> str:
        """A step of a scale near the mean, where most of those like this person stand."""
        return str(within(round(mean + 0.8 * bell(self.chance)), low, high))

    def few(self, most: float) -> float:
        """A number from 0 to `most`, small ones likelier."""
        return most * min(self.chance.random(), self.chance.random())


def bell(chance: random.Random) -> float:
    """A number near 0, within 1 for two people in three."""
    return 1.41 * (sum(chance.random() for _ in range(6)) - 3)


def within(number: int, low: int, high: int) -> int:
    """The number, or the bound that it passes."""
    return max(low, min(high, number))
