"""One answer, all the way: a directorate publishes, an agent answers, the answer is folded and stands in the figures.

The files it passes: surveys/publishing.py, surveys/answering.py, analytics/folding.py, analytics/charts.py.
"""

import datetime as dt
import json
import random
import uuid
from pathlib import Path

import httpx
import pytest

from analytics.folding import fold_all
from analytics.reading import editions_of_number
from forms.questionnaire import decode
from forms.validating import compile_judge
from surveys.generating import made_up

pytestmark = pytest.mark.anyio

WORKBOOK = Path(__file__).parent.parent / "data" / "forms" / "correlaid-testA.xlsx"


async def test_an_answer_goes_from_a_workbook_to_a_chart(
    editor: httpx.AsyncClient, anne: httpx.AsyncClient, people
) -> None:
    """Publish → answer → fold → chart, through HTTP."""
    imported = await editor.post(
        "/api/v1/surveys/import", files={"file": (WORKBOOK.name, WORKBOOK.read_bytes())}, data={"slug": "essai"}
    )
    assert imported.status_code == 201, imported.text
    survey = "/api/v1/surveys/essai"
    questionnaire = (await editor.get(f"{survey}/questionnaire")).json()

    reach = await editor.put(f"{survey}/audience", json={"communities": ["eau"], "territories": ["R-53"]})
    assert reach.json() == {"agents": 3, "units": 2}
    published = await editor.post(f"{survey}/publish", json={})
    assert published.json()["state"] == "open"
    assert published.json()["edition"] == 1

    question, choice = first_select(questionnaire)
    answers = fitting(questionnaire)
    sent = {"id": str(uuid.uuid4()), "answers": answers | {question: choice}}
    receipt = await anne.post(f"{survey}/responses", json=sent)
    assert receipt.status_code == 201, receipt.text

    before = (await editor.get(f"{survey}/results")).json()
    assert before["responses"] == 0
    assert before["pending"] == 1
    await fold_all(editions_of_number)

    result = (await editor.get(f"{survey}/results", params={"by": "@department"})).json()
    assert result["expected"] == 3
    assert result["responses"] == 1
    assert result["pending"] == 0
    figures = {one["name"]: one for one in result["questions"]}[question]
    assert {bucket["key"]: bucket["count"] for bucket in figures["buckets"]}[choice] == 1
    assert [(group["key"], group["responses"]) for group in result["groups"]] == [("D-29", 1)]

    chart = (await editor.get(f"{survey}/charts/{question}")).json()
    assert sum(sum(trace["x"]) for trace in chart["data"] if trace["type"] == "bar") > 0
    assert chart["layout"]["meta"]["sentence"] == (
        "1 answer to this question: too few answers to conclude; 33.3% of the 3 agents asked have responded"
    )

    rates = (await editor.get(f"{survey}/participation", params={"by": "department"})).json()
    assert [(item["key"], item["expected"], item["answered"]) for item in rates["items"]] == [
        ("D-29", 2, 1),
        ("D-35", 1, 0),
    ]


def fitting(questionnaire: dict) -> dict:
    """Answers to every question that the questionnaire accepts."""
    document = decode(json.dumps(questionnaire))
    return made_up(document, compile_judge(document), random.Random(1), today=dt.date(2026, 11, 25))


def first_select(questionnaire: dict) -> tuple[str, str]:
    """The first question with choices that is always asked, and its first choice."""
    nodes = list(questionnaire["questions"])
    while nodes:
        node = nodes.pop(0)
        nodes = node.get("questions", []) + nodes
        if node["kind"] == "select_one" and not node.get("relevant"):
            return node["name"], questionnaire["choice_lists"][node["choices"]][0]["name"]
    raise AssertionError("no select_one")
