"""Figures as different people get them over HTTP."""

import json
from typing import Any

import httpx
import pytest

from analytics.folding import fold_all
from analytics.reading import editions_of_number
from analytics.rebuilding import rebuild
from base.database import reading
from surveys.queries import find_survey
from tests.conftest import People
from tests.web.conftest import SURVEYS

pytestmark = pytest.mark.anyio

FORM: dict[str, Any] = {
    "title": {"fr": "Collecte"},
    "languages": ["fr"],
    "questions": [
        {"kind": "integer", "name": "n", "label": {"fr": "Combien ?"}},
        {"kind": "text", "name": "avis", "label": {"fr": "Votre avis"}},
        {"kind": "calculate", "name": "copie", "calculation": "if(${n} > 0, ${avis}, '')"},
    ],
}
SECRET = "Mme X. est épuisée"


@pytest.fixture
async def collection(editor: httpx.AsyncClient, people: People) -> str:
    """A collection of the nation, answered by a service of Paris."""
    created = await editor.post(
        SURVEYS, json={"questionnaire": FORM, "kind": "collection", "answering": "unit", "slug": "collecte"}
    )
    assert created.status_code == 201, created.text
    survey = f"{SURVEYS}/{created.json()['id']}"
    await editor.put(f"{survey}/audience", json={"territories": ["FR"]})
    opened = await editor.post(f"{survey}/publish", json={})
    assert opened.status_code == 200, opened.text
    emma = await people("emma@ddt-75.example")
    answers = {"n": 12, "avis": SECRET}
    sent = await emma.post(
        f"{survey}/responses", json={"id": "0193a8f2-0000-4000-8000-000000000001", "answers": answers}
    )
    assert sent.status_code == 201, sent.text
    await fold_all(editions_of_number)
    return survey


@pytest.fixture
async def analyst(people: People) -> httpx.AsyncClient:
    """An analyst of another region."""
    return await people("reviewer@dreal-53.example", "analyst", "territory:R-53")


@pytest.mark.parametrize(
    "asked",
    [
        "results?by=avis",
        "results?by=copie",
        "results?where=avis:Mme X. est épuisée",
        "results?where=copie:a|b",
        "crosstab?rows=avis&columns=@department",
        "crosstab?rows=@department&columns=copie",
        "crosstab?rows=n&columns=@department&where=avis:a",
        "charts/n?by=avis",
        "charts/n?where=avis:a",
    ],
)
async def test_texts_are_no_way_to_split_or_choose(
    editor: httpx.AsyncClient, analyst: httpx.AsyncClient, collection: str, asked: str
) -> None:
    """Those who may read all responses may; others learn which question it was."""
    refused = await analyst.get(f"{collection}/{asked}", headers={"Accept-Language": "fr"})
    assert refused.status_code == 422, refused.text
    problem = refused.json()
    assert problem["code"] == "analytics/text-not-allowed"
    assert "ce que des personnes ont écrit" in problem["detail"]
    assert "avis" in problem["detail"] or "copie" in problem["detail"]
    assert SECRET not in refused.text
    allowed = await editor.get(f"{collection}/{asked}")
    assert allowed.status_code == 200, allowed.text


async def test_words_are_for_those_who_may_read_the_texts(
    editor: httpx.AsyncClient, analyst: httpx.AsyncClient, collection: str
) -> None:
    """Others see how many texts there are."""
    figures = {
        who: (await client.get(f"{collection}/results")).json() for who, client in (("e", editor), ("a", analyst))
    }
    texts = {who: {one["name"]: one for one in found["questions"]} for who, found in figures.items()}
    assert "épuisée" in {term["term"] for term in texts["e"]["avis"]["terms"]}
    assert texts["e"]["copie"]["buckets"][0]["key"] == SECRET
    assert "terms" not in texts["a"]["avis"]
    assert "épuisée" not in json.dumps(figures["a"], ensure_ascii=False)
    assert texts["a"]["avis"]["distinct"] == texts["a"]["copie"]["distinct"] == 1
    for asked in (
        "charts/avis",
        "charts/copie",
        "results?where=avis:",
        "results?by=n",
        "crosstab?rows=n&columns=@region",
    ):
        found = await analyst.get(f"{collection}/{asked}")
        assert found.status_code == 200, found.text
        assert "épuisée" not in json.dumps(found.json(), ensure_ascii=False)


async def test_only_answers_to_assignments_are_part_of_the_rate(editor: httpx.AsyncClient, collection: str) -> None:
    """Also after an amendment, and when the figures are made again from the responses."""
    line = {"id": "0193a8f2-0000-4000-8000-000000000002", "territory": "D-29", "answers": {"n": 1}}
    brought = await editor.post(f"{collection}/responses/bulk", content=json.dumps(line))
    assert brought.status_code == 200, brought.text
    await fold_all(editions_of_number)
    found = (await editor.get(f"{collection}/results?question=n")).json()
    assert (found["responses"], found["assigned"]) == (2, 1)
    amended = await editor.put(
        f"{collection}/responses/0193a8f2-0000-4000-8000-000000000001",
        json={"answers": {"n": 13}},
        headers={"If-Match": "1"},
    )
    assert amended.status_code == 200, amended.text
    await fold_all(editions_of_number)
    found = (await editor.get(f"{collection}/results?question=n")).json()
    assert (found["responses"], found["assigned"], found["questions"][0]["sum"]) == (2, 1, 14)
    async with reading() as connection:
        stored = await find_survey(connection, collection.rpartition("/")[2])
    assert stored is not None
    await rebuild(stored.parts, editions_of_number)
    again = (await editor.get(f"{collection}/results?question=n")).json()
    assert (again["responses"], again["assigned"]) == (2, 1)
    said = (await editor.get(f"{collection}/charts/n")).json()["layout"]["meta"]["sentence"]
    share = f"{100 / found['expected']:.1f}".removesuffix(".0")
    assert f"{share}% of the {found['expected']} services asked have responded" in said


async def test_names_of_communities_cost_no_count_of_members(
    editor: httpx.AsyncClient, collection: str, statements: list[str]
) -> None:
    """Figures need what communities are called, not who is in them."""
    statements.clear()
    found = await editor.get(f"{collection}/results?by=@community")
    assert found.status_code == 200
    assert any("FROM community" in statement for statement in statements)
    assert not any("membership" in statement for statement in statements if "FROM community" in statement)
