"""Skip logic agrees with the reference evaluator of XForms, case by case, for each form that is imported."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from forms.questionnaire import (
    CalculateQuestion,
    DecimalQuestion,
    IntegerQuestion,
    Question,
    RangeQuestion,
    SelectMultipleQuestion,
    walk,
)
from forms.validating import compile_judge
from forms.xlsform import read

DATA = Path(__file__).resolve().parent.parent / "data"
FORMS = ["correlaid-mitwirken-de.xlsx"]
"""Those of `oracle/` that are imported; the others wait for their kinds (`test_xlsform_real.py`)."""


@pytest.mark.parametrize("name", FORMS)
def test_verdicts_agree(name: str) -> None:
    """Of each set of answers: what is relevant, calculated, required and missing, or against a constraint."""
    oracle = json.loads((DATA / "oracle" / f"{name}.json").read_text("utf-8"))
    questionnaire = read((DATA / "forms" / name).read_bytes(), file_name=name).questionnaire
    questions = {
        "/".join([*(group.name for group in groups), node.name]): node
        for node, groups in walk(questionnaire.questions)
        if isinstance(node, Question)
    }
    judge = compile_judge(questionnaire)
    assert len(oracle["cases"]) >= 60
    for case in oracle["cases"]:
        answers = {questions[path].name: typed(questions[path], text) for path, text in case["answers"].items()}
        verdict = judge.validate(answers, today=date.fromisoformat(oracle["today"]))
        known = {path: node for path, node in questions.items() if path not in case["unknown"]}
        assert {path for path, node in known.items() if node.name in verdict.answers} == known.keys() & {
            *case["relevant"]
        }
        assert failing(verdict.flaws, "constraint") == named(case["constraint_violations"])
        assert failing(verdict.flaws, "required") == named(case["required_missing"])
        calculated = {path: node for path, node in known.items() if isinstance(node, CalculateQuestion)}
        for path, node in calculated.items():
            assert shown(verdict.answers.get(node.name)) == case["calculated"].get(path, "")


def typed(question: Question, text: str) -> Any:
    """An answer of the XForm as it travels to us."""
    match question:
        case IntegerQuestion():
            return int(text)
        case DecimalQuestion() | RangeQuestion():
            return float(text)
        case SelectMultipleQuestion():
            return text.split()
        case _:
            return text


def shown(value: Any) -> str:
    """An answer of ours as XPath writes it."""
    return "" if value is None else format(value, "g") if isinstance(value, float) else str(value)


def failing(flaws: list[Any], code: str) -> set[str]:
    return {flaw.path.removeprefix("/answers/") for flaw in flaws if flaw.code == code}


def named(paths: list[str]) -> set[str]:
    return {path.rsplit("/", 1)[-1] for path in paths}
