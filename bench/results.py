"""How much longer all results of a survey take than counting the same arrays with numpy alone; at most `LIMIT` times.

100,000 responses to 20 questions: 12 select_one, 3 select_multiple, 3 integer, 1 range, 1 date. The yardstick is one
`numpy.bincount` per array of codes and one `numpy.count_nonzero` per tick box, in the same run: what nobody who counts
can do without, and nothing else.
Run as `python bench/results.py`; the exit code is 1 beyond the limit.
"""

import datetime as dt
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run by its path, from anywhere

from analytics.cube import View
from analytics.encoding import FIRST, Block, Column, Key, date_column, number_column
from analytics.results import results
from forms.questionnaire import (
    Choice,
    DateQuestion,
    IntegerQuestion,
    Question,
    Questionnaire,
    RangeQuestion,
    SelectMultipleQuestion,
    SelectOneQuestion,
)

LIMIT: Final = 3.0
ROWS: Final = 100_000
ROUNDS: Final = 50
CHOICES: Final = [f"c{number}" for number in range(5)]


def survey(chance: np.random.Generator) -> tuple[Questionnaire, Block]:
    """The questionnaire and its answers, one in ten not given, one in ten not asked."""
    questions: list[Question] = []
    columns: dict[Key, Column] = {}
    marks = chance.choice(np.array([1, 2, FIRST], np.uint8), (20, ROWS), p=[0.1, 0.1, 0.8])
    for place in range(20):
        name, mark = f"q{place}", marks[place]
        picked = chance.integers(0, 5, ROWS)
        if place < 12:
            questions.append(SelectOneQuestion(name=name, choices="list"))
            codes = np.where(mark == FIRST, FIRST + picked, mark).astype(np.uint8)
            columns[name, "choice"] = Column("choice", codes, CHOICES)
        elif place < 15:
            questions.append(SelectMultipleQuestion(name=name, choices="list"))
            ticked = tuple((mark == FIRST) & ((picked == tick) | (chance.random(ROWS) < 0.3)) for tick in range(5))
            columns[name, "multiple"] = Column("multiple", mark, CHOICES, ticked)
        elif place < 19:
            question = IntegerQuestion(name=name) if place < 18 else RangeQuestion(name=name, min=0, max=10)
            questions.append(question)
            columns[name, "number"] = number_column(mark, chance.integers(0, 11 if place == 18 else 200, ROWS) * 1.0)
        else:
            questions.append(DateQuestion(name=name))
            columns[name, "date"] = date_column(mark, chance.integers(20_000, 20_060, ROWS).astype(np.int32))
    choices = [Choice(name=choice) for choice in CHOICES]
    form = Questionnaire(title={"fr": "…"}, languages=["fr"], questions=[*questions], choice_lists={"list": choices})
    return form, Block(ROWS, columns)


def plainly(columns: list[Column]) -> None:
    """What nobody can do without."""
    for column in columns:
        np.bincount(column.codes)
        for ticks in column.ticked:
            np.count_nonzero(ticks)


def best_times(*works: Callable[[], object]) -> list[float]:
    """Seconds that each takes at best, in turns, so that what else the machine does falls on all of them."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, taken in zip(works, times, strict=True):
            begun = time.perf_counter()
            work()
            taken.append(time.perf_counter() - begun)
    return [min(taken) for taken in times]


def main() -> int:
    """Print both times and their ratio."""
    form, block = survey(np.random.default_rng(1))
    view = View(block, "v", dt.datetime.now(dt.UTC), 0)
    yardstick, ours = best_times(
        lambda: plainly(list(block.columns.values())), lambda: results(view, {1: form}, survey="s")
    )
    ratio = ours / yardstick
    print(f"results {ours * 1000:.2f} ms, bincount {yardstick * 1000:.2f} ms, ratio {ratio:.2f} (limit {LIMIT})")
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
