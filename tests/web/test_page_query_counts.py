"""Every page runs a fixed number of statements, however many surveys, people and answers there are."""

import json
import uuid
from collections.abc import Awaitable, Callable

import httpx
import pytest

from analytics.folding import fold_all
from analytics.reading import editions_of_number
from base.clock import now
from directory.importing import import_agents
from tests.conftest import AGENTS
from tests.web.conftest import Browser, Pages, Publish

pytestmark = pytest.mark.anyio

Add = Callable[[], Awaitable[None]]

EDITOR = ("editor@dgaln.example", "editor", "unit:DGALN")
ANNE = ("anne@ddtm-29.example",)

PAGES = [
    # who, where, how many statements: one says who it is, one finds the survey
    (ANNE, "/", 3),
    (ANNE, "/s/essai", 5),
    (ANNE, "/s/essai/etape/1", 4),
    (ANNE, "/s/essai/verification", 4),
    (EDITOR, "/enquetes", 3),
    (EDITOR, "/enquetes/essai/questionnaire", 4),
    (EDITOR, "/enquetes/essai/audience", 9),
    (EDITOR, "/enquetes/essai/publication", 7),
    (EDITOR, "/enquetes/essai/suivi", 4),
    (EDITOR, "/enquetes/essai/suivi?ouvert=tout&carte=department&etat=not_begun", 5),
    (EDITOR, "/enquetes/essai/attendus/{assignment}", 4),
    (EDITOR, "/s/essai/resultats", 7),
    (EDITOR, "/s/essai/resultats?where=q1:oui&where=@unit_kind:ddtm&where=@community:eau", 7),
    (EDITOR, "/s/essai/resultats/graphiques", 7),
]


@pytest.fixture
def add(editor: httpx.AsyncClient, publish: Publish) -> Add:
    """Makes more of everything: surveys, services, people of whom the survey asks some, answers in a new segment."""
    rounds = iter(range(9))

    async def more() -> None:
        number = next(rounds)
        for _ in range(4):
            await publish()
        rows = [(f"agent{place}", f"D{number}-{place % 5}") for place in range(30)]
        people = "".join(f"{name}@{unit}.example,Gwen,Le Goff,{unit},{unit},ddtm,D-29,eau\n" for name, unit in rows)
        await import_agents((AGENTS + people).encode(), lambda *_: None, now=now())
        assert (await editor.post("/api/v1/surveys/essai/publish", json={})).status_code == 200
        lines = [
            json.dumps({"id": str(uuid.uuid4()), "answers": {"q1": "oui", "avis": f"mot {place}"}, "territory": "D-29"})
            for place in range(30)
        ]
        brought = await editor.post("/api/v1/surveys/essai/responses/bulk", content="\n".join(lines))
        assert brought.json()["accepted"] == len(lines)
        await fold_all(editions_of_number)

    return more


async def counted(statements: list[str], browser: Browser, address: str) -> int:
    """The statements of a page that was asked for before (so that nothing is read for the first time)."""
    for _ in range(2):
        statements.clear()
        assert (await browser.get(address)).status_code == 200
    return len(statements)


async def an_assignment(editor: httpx.AsyncClient) -> str:
    """One of the answers that the survey expects."""
    listed = (await editor.get("/api/v1/surveys/essai/assignments")).json()
    return str(listed["items"][0]["id"])


async def test_pages(pages: Pages, editor, survey, add, statements) -> None:
    """With few and with many of everything the same number, which stands in the table."""
    await add()
    assignment = await an_assignment(editor)
    browsers = {who: await pages(*who) for who in (ANNE, EDITOR)}

    async def all_counted() -> dict[str, int]:
        return {
            address: await counted(statements, browsers[who], address.format(assignment=assignment))
            for who, address, _ in PAGES
        }

    few = await all_counted()
    for _ in range(2):
        await add()
    assert few == await all_counted() == {address: count for _, address, count in PAGES}


async def test_saving_as_one_types(pages: Pages, survey, add, statements) -> None:
    """The first save moves the ledger; each one after it costs the same, whatever the draft holds."""
    browser = await pages(*ANNE)
    await browser.get("/s/essai/etape/1")
    counts = []
    for version in range(4):
        statements.clear()
        body = {"version": version, "step": 1, "fields": {"avis": [f"texte {version}" * (1 + 50 * version)]}}
        answer = await browser.fetch("/s/essai/brouillon", body)
        assert (answer.status_code, answer.json()["version"]) == (200, version + 1)
        counts.append(len(statements))
        if version == 2:
            await add()
    assert counts == [8, 7, 7, 7], statements


async def test_the_search_of_agents(demo_pages: Pages, survey, add, statements) -> None:
    """Found agents come with their services, whoever they are and however many."""
    nobody = await demo_pages()
    few = await counted(statements, nobody, "/connexion?q=goff")
    await add()
    assert (few, await counted(statements, nobody, "/connexion?q=goff")) == (3, 3), statements
