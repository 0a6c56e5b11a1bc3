"""The follow-up: rate, tree of territories, map, lists of expected answers, the history of one."""

import html
import re
import uuid

import asyncpg
import pytest

from tests.web.conftest import text

pytestmark = pytest.mark.anyio

EDITOR = ("editor@dgaln.example", "editor", "unit:DGALN")
PAGE = "/enquetes/essai/suivi"


def rows(page: str) -> list[list[str]]:
    """The table of territories: name and figures of each row."""
    found = re.findall(r'<tr class="nv-follow__row.*?</tr>', page, re.DOTALL)
    bare = [
        re.sub(r'<span class="fr-sr-only">.*?</span>|<span class="nv-follow__note">.*?</span>', "", row)
        for row in found
    ]
    return [
        [
            " ".join(html.unescape(re.sub(r"<[^>]+>", "", cell)).split())
            for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)
        ]
        for row in bare
    ]


def names(page: str) -> list[str]:
    """The names in that table."""
    return [row[0] for row in rows(page)]


@pytest.fixture
async def browser(pages):
    """An editor of DGALN."""
    return await pages(*EDITOR)


@pytest.fixture
async def everywhere(editor, anne) -> str:
    """A survey, `essai`, that asks all nine; Anne of the Finistère has answered."""
    question = {"kind": "text", "name": "q1", "label": {"fr": "Oui ?"}}
    questionnaire = {"title": {"fr": "Essai"}, "languages": ["fr"], "questions": [question]}
    await editor.post("/api/v1/surveys", json={"questionnaire": questionnaire, "slug": "essai"})
    survey = "/api/v1/surveys/essai"
    await editor.put(f"{survey}/audience", json={})
    assert (await editor.post(f"{survey}/publish", json={})).status_code == 200
    sent = await anne.post(f"{survey}/responses", json={"id": str(uuid.uuid4()), "answers": {"q1": "oui"}})
    assert sent.status_code == 201
    return survey


async def test_the_whole(browser, everywhere) -> None:
    """One line says it all; régions without an answer are there; the lowest rates first; the map says the same."""
    page = await browser.get(PAGE)
    assert page.status_code == 200
    said = text(page.text)
    assert "1 réponse sur 9 attendues (11,1 %)" in said
    assert "0 commencée" in said
    assert "8 pas commencées" in said
    assert rows(page.text) == [
        ["Guyane", "1", "1", "0", "0", "0 %"],
        ["Île-de-France", "1", "1", "0", "0", "0 %"],
        ["Bretagne", "5", "4", "0", "1", "20 %"],
        ["Hors région", "2", "2", "0", "0", "0 %"],
    ]
    assert "De 0 % (Guyane) à 20 % (Bretagne)." in said
    assert 'role="img"' in page.text
    assert "1 réponse le" in said


@pytest.mark.parametrize(
    ("query", "first", "sorted_by"),
    [
        ("tri=name", "Bretagne", "ascending"),
        ("tri=name&sens=desc", "Île-de-France", "descending"),
        ("tri=expected&sens=desc", "Bretagne", "descending"),
        ("tri=not_begun", "Guyane", "ascending"),
        ("tri=answered&sens=desc", "Bretagne", "descending"),
        ("tri=rate&sens=desc", "Bretagne", "descending"),
        ("tri=n-importe-quoi", "Guyane", "ascending"),
    ],
)
async def test_orders(browser, everywhere, query: str, first: str, sorted_by: str) -> None:
    """Each column sorts, both ways, by a link; one column says that it does; what lies nowhere stays last."""
    page = await browser.get(f"{PAGE}?{query}")
    assert names(page.text)[0] == first
    assert names(page.text)[-1] == "Hors région"
    assert re.findall(r'aria-sort="(\w+)"', page.text) == [sorted_by]


async def test_unfolding(browser, everywhere) -> None:
    """A région's name unfolds it, and folds it up again; its services above the départements are there too."""
    page = await browser.get(PAGE)
    link = re.search(r'href="([^"]*)#R-53" aria-expanded="false">Bretagne', page.text)
    assert link
    unfolded = await browser.get(PAGE + html.unescape(link[1]))
    assert names(unfolded.text)[2:6] == ["Bretagne", "DREAL Bretagne", "Ille-et-Vilaine", "Finistère"]
    assert re.search(r'aria-expanded="true">Bretagne', unfolded.text)
    everything = await browser.get(f"{PAGE}?ouvert=tout")
    assert {"Paris", "Guyane", "Direction générale"} <= set(names(everything.text))


async def test_lists(browser, everywhere) -> None:
    """From a figure to who that is: of a territory, of a service, of those who have not begun."""
    page = await browser.get(f"{PAGE}?territoire=D-29")
    assert "Réponses attendues : Finistère" in text(page.text)
    assert people(page.text) == ["Bran Kerdoncuff", "Anne Le Goff"]
    page = await browser.get(f"{PAGE}?territoire=D-29&etat=not_begun")
    assert people(page.text) == ["Bran Kerdoncuff"]
    page = await browser.get(f"{PAGE}?etat=answered")
    assert people(page.text) == ["Anne Le Goff"]
    page = await browser.get(f"{PAGE}?service=DREAL-53&ouvert=R-53")
    assert people(page.text) == ["Rémi Viseur"]
    assert "Réponses attendues : DREAL Bretagne" in text(page.text)
    page = await browser.get(f"{PAGE}?territoire=D-29&etat=started")
    assert "Il n’y en a aucune" in text(page.text)
    for strange in ("territoire=%00", "service=%00", "territoire=%3Cb%3E", "suite=abc&etat=answered", "carte=x&etat=y"):
        answer = await browser.get(f"{PAGE}?{strange}")
        assert answer.status_code in {200, 303}
        assert "<b>" not in answer.text


def people(page: str) -> list[str]:
    """The people in the list of expected answers."""
    return re.findall(r'/attendus/[0-9a-f-]+">([^<]*)</a>', page)


async def test_territorial_roles(pages, everywhere) -> None:
    """A reviewer sees their territories, is told so, and finds no tab that is not theirs."""
    reviewer = await pages("emma@ddt-75.example", "reviewer", "territory:D-29")
    page = await reviewer.get(PAGE)
    assert names(page.text) == ["Bretagne"]
    said = text(page.text)
    assert "Dans vos territoires" in said
    assert "1 réponse sur 2 attendues" in said
    assert "/enquetes/essai/audience" not in page.text
    assert people((await reviewer.get(f"{PAGE}?territoire=R-53")).text) == ["Bran Kerdoncuff", "Anne Le Goff"]
    elsewhere = await pages("felix@dgtm-973.example", "reviewer", "territory:D-988")
    assert "Personne n’est interrogé dans vos territoires" in text((await elsewhere.get(PAGE)).text)


async def test_before_publication(browser, editor) -> None:
    """The page says what will be here, and leads to the publication."""
    question = {"kind": "text", "name": "q1", "label": {"fr": "Oui ?"}}
    questionnaire = {"title": {"fr": "Essai"}, "languages": ["fr"], "questions": [question]}
    await editor.post("/api/v1/surveys", json={"questionnaire": questionnaire, "slug": "essai"})
    page = await browser.get(PAGE)
    assert page.status_code == 200
    assert 'href="/enquetes/essai/publication"' in page.text
    assert "Une fois l’enquête publiée" in text(page.text)


async def test_late(browser, everywhere, sql_owner) -> None:
    """After its deadline an expected answer is late, unless it came."""
    await sql_owner.execute("UPDATE assignment SET due_at = now() - interval '1 day'")
    said = text((await browser.get(f"{PAGE}?territoire=D-29")).text)
    assert said.count("en retard") == 1


@pytest.fixture
async def sql_owner(database):
    """The owner's connection."""
    connection = await asyncpg.connect(database.owner)
    yield connection
    await connection.close()


async def test_history(browser, pages, everywhere) -> None:
    """From the list to what happened to one: who, when, by whom."""
    page = await browser.get(f"{PAGE}?etat=answered")
    address = re.search(r'href="(/enquetes/essai/attendus/[^"]+)"', page.text)
    assert address
    history = await browser.get(address[1])
    said = text(history.text)
    for words in (
        "Anne Le Goff",
        "DDTM du Finistère",
        "anne@ddtm-29.example",
        "Réponse demandée",
        "Envoyée par Anne Le Goff",
    ):
        assert words in said, said
    for strange in (uuid.UUID(int=7), "n-importe", "%00"):
        assert (await browser.get(f"/enquetes/essai/attendus/{strange}")).status_code == 404
    parisian = await pages("emma@ddt-75.example", "reviewer", "territory:D-75")
    assert (await parisian.get(address[1])).status_code == 404


async def test_statements(browser, everywhere, statements) -> None:
    """Who it is, the survey, the tree, the arrivals; the list is one more. However many are asked."""
    for query, count in (("", 4), ("?territoire=D-29&ouvert=tout&carte=department", 5)):
        await browser.get(PAGE + query)
        statements.clear()
        await browser.get(PAGE + query)
        assert len(statements) == count, statements
