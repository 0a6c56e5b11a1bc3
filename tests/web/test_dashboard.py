"""The dashboard: one page for whoever may read figures, whose tables are its filters and whose states are addresses."""

import json
import re
import uuid
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from analytics.folding import fold_all
from analytics.reading import editions_of_number
from analytics.result import TextResult
from tests.conftest import People
from tests.web.conftest import SURVEYS, Browser, Pages
from web.pages.blocks import MOST_TERMS, labels_of

pytestmark = pytest.mark.anyio

YES_NO = [{"name": "oui", "label": {"fr": "Oui"}}, {"name": "non", "label": {"fr": "Non"}}, {"name": "nsp"}]
FORM: dict[str, Any] = {
    "title": {"fr": "L’eau & <nous>"},
    "languages": ["fr", "de"],
    "choice_lists": {"on": YES_NO, "themes": [{"name": "eau"}, {"name": "a:b|c", "label": {"de": "Zwei"}}]},
    "questions": [
        {"kind": "select_one", "name": "q1", "choices": "on", "label": {"fr": "Êtes-vous **d’accord** ?"}},
        {
            "kind": "group",
            "name": "suite",
            "label": {"fr": "La suite"},
            "questions": [
                {"kind": "select_multiple", "name": "q2", "choices": "themes", "label": {"de": "Welche?"}},
                {"kind": "integer", "name": "q3", "label": {"fr": "Combien ?"}},
                {"kind": "date", "name": "q4", "label": {"fr": "Quand ?"}},
            ],
        },
        {"kind": "text", "name": "avis", "label": {"fr": "Votre avis"}},
        {"kind": "integer", "name": "jamais", "relevant": "${q3} = 99", "label": {"fr": "Jamais posée"}},
    ],
}
ANSWERS = [
    ("D-29", {"q1": "oui", "q2": ["eau"], "q3": 1, "q4": "2026-01-01", "avis": "Bravo pour tout"}),
    ("D-29", {"q1": "oui", "q2": ["eau", "a:b|c"], "q3": 2}),
    ("D-35", {"q1": "non", "q3": 7, "q4": "2026-01-03"}),
    ("D-75", {"q3": 1}),
    ("D-988", {"q1": "nsp", "q2": ["a:b|c"]}),
]
PAGE = "/s/eau/resultats"


@pytest.fixture
async def survey(editor: httpx.AsyncClient) -> str:
    """A survey of the nation with an open link."""
    created = await editor.post(SURVEYS, json={"questionnaire": FORM, "slug": "eau"})
    assert created.status_code == 201, created.text
    return f"{SURVEYS}/eau"


async def published(editor: httpx.AsyncClient, survey: str) -> None:
    await editor.put(f"{survey}/audience", json={"territories": ["FR"]})
    opened = await editor.post(f"{survey}/publish", json={})
    assert opened.status_code == 200, opened.text


@pytest.fixture
async def answered(editor: httpx.AsyncClient, survey: str, people: People) -> str:
    """The survey with one answer that was expected and five brought from outside."""
    await published(editor, survey)
    anne = await people("anne@ddtm-29.example")
    sent = await anne.post(f"{survey}/responses", json={"id": str(uuid.uuid4()), "answers": {"q1": "oui", "q3": 3}})
    assert sent.status_code == 201, sent.text
    await bring(editor, survey, ANSWERS)
    return survey


async def bring(editor: httpx.AsyncClient, survey: str, answers: list[tuple[str, dict[str, Any]]]) -> None:
    lines = [json.dumps({"id": str(uuid.uuid4()), "territory": place, "answers": values}) for place, values in answers]
    brought = await editor.post(f"{survey}/responses/bulk", content="\n".join(lines))
    assert brought.json()["accepted"] == len(answers), brought.text
    await fold_all(editions_of_number)


@pytest.fixture
async def browser(pages: Pages) -> Browser:
    """An editor of the directorate."""
    return await pages("editor@dgaln.example", "editor", "unit:DGALN")


async def shown(browser: Browser, address: str) -> str:
    found = await browser.get(address)
    assert found.status_code == 200, found.text
    return found.text


def block(html: str, anchor: str) -> str:
    """The part of the page that an anchor leads to."""
    found = re.search(rf'<section class="nv-figure" id="{re.escape(anchor)}".*?</section>', html, re.DOTALL)
    assert found, anchor
    return found[0]


def rows(part: str) -> list[list[str]]:
    """The texts of the rows of its tables."""
    found = []
    for row in re.findall(r"<tr.*?</tr>", part, re.DOTALL):
        cells = re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)
        found.append([unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in cells])
    return found


def pressed(part: str) -> list[str]:
    """The names of the buttons that are on."""
    return [unescape(name) for name in re.findall(r'aria-pressed="true"[^>]*>([^<]*)</button>', part)]


def submitted(part: str, label: str) -> str:
    """The address that a row's button leads to, as a browser makes it of its form."""
    action = re.search(r'<form [^>]*action="([^"]*)"', part)
    button = next(one for one in re.findall(r"<button.*?</button>", part, re.DOTALL) if f">{label}</button>" in one)
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', part)
    value = re.search(r'name="where" value="([^"]*)"', button)
    if value:
        fields.append(("where", value[1]))
    assert action
    return str(httpx.URL(action[1].partition("#")[0], params=[(unescape(n), unescape(v)) for n, v in fields]))


async def test_the_answer_stands_in_one_line(browser: Browser, answered: str) -> None:
    """How many came in of how many expected, and how many besides."""
    html = await shown(browser, PAGE)
    assert re.search(r"1 réponse sur \d+ attendues, soit [\d,]+\u202f%, et 5 réponses non attendues", unescape(html))
    assert "<title>Résultats\u00a0: L’eau &amp; &lt;nous&gt;" in html
    assert html.count("<h1") == 1


async def test_a_block_for_each_question_in_its_order(browser: Browser, answered: str) -> None:
    """With its group's heading, its sentence, and as many rows as it has choices."""
    html = await shown(browser, PAGE)
    anchors = re.findall(r'<section class="nv-figure" id="(q-[^"]*)"', html)
    assert anchors == ["q-q1", "q-q2", "q-q3", "q-q4", "q-avis", "q-jamais"]
    headings = [re.sub("<[^>]+>", "", text) for text in re.findall(r"<h2[^>]*>(.*?)</h2>", html)]
    assert headings[2:] == ["Questions", "La suite", "Questions"]
    first = block(html, "q-q1")
    assert rows(first) == [
        ["Réponse", "Réponses", "Part"],
        ["Oui", "3", "60\u202f%"],
        ["Non", "1", "20\u202f%"],
        ["nsp", "1", "20\u202f%"],
        ["Sans réponse", "1", ""],
    ]
    assert "60\u202f% de oui parmi 5 réponses à cette question" in unescape(first)
    assert "<strong>d’accord</strong>" in first


async def test_numbers_dates_and_texts_have_tables_too(browser: Browser, answered: str) -> None:
    """Moments and a histogram; periods; words of free texts, which are no filters."""
    html = await shown(browser, PAGE)
    numbers = rows(block(html, "q-q3"))
    assert numbers[0][1:5] == ["Nombre de réponses", "Moyenne", "Premier quartile", "Médiane"]
    assert numbers[1][:3] == ["Ensemble", "5", "2,8"]
    assert sum(int(row[1]) for row in numbers[3:] if row[0] != "Sans réponse") == 5
    assert [row[0] for row in rows(block(html, "q-q4"))[1:3]] == [
        "1er\u00a0janvier\u00a02026",
        "2\u00a0janvier\u00a02026",
    ]
    words = block(html, "q-avis")
    assert ["bravo", "1"] in [[cell.lower() for cell in row] for row in rows(words)]
    assert "Cette question ne concernait personne" in unescape(block(html, "q-jamais"))


async def test_texts_say_their_language(browser: Browser, answered: str) -> None:
    """What stands in a language that is not the page's carries it; what has no label is shown by its key, without."""
    html = await shown(browser, PAGE)
    second = block(html, "q-q2")
    assert re.search(r'<h3 [^>]*lang="de">Welche\?</h3>', second)
    assert re.search(r'<button [^>]*lang="de">Zwei</button>', second)
    assert not re.search(r'<button [^>]*lang="[^"]*">eau</button>', second)


async def test_a_row_adds_and_removes_its_value(browser: Browser, answered: str) -> None:
    """Several values of one question add up; the address has it all; the second press undoes the first."""
    html = await shown(browser, PAGE)
    yes = submitted(block(html, "q-q1"), "Oui")
    assert parse_qs(urlsplit(yes).query) == {"where": ["q1:oui"]}
    html = await shown(browser, yes)
    assert pressed(block(html, "q-q1")) == ["Oui"]
    assert "3 réponses sur 6 sont retenues" in unescape(html)
    both = submitted(block(html, "q-q1"), "Non")
    assert parse_qs(urlsplit(both).query) == {"where": ["q1:oui|non"]}
    html = await shown(browser, both)
    assert pressed(block(html, "q-q1")) == ["Oui", "Non"]
    further = submitted(block(html, "q-q3"), "7")
    assert parse_qs(urlsplit(further).query) == {"where": ["q1:oui|non", "q3:7..7"]}
    html = await shown(browser, further)
    assert "1 réponse sur 6 est retenue" in unescape(html)
    assert parse_qs(urlsplit(submitted(block(html, "q-q3"), "7")).query) == {"where": ["q1:oui|non"]}
    html = await shown(browser, yes)
    assert submitted(block(html, "q-q1"), "Oui") == PAGE


async def test_a_filter_changes_all_other_questions(browser: Browser, answered: str) -> None:
    """Not its own, which shows everybody beside those chosen, as all do."""
    html = await shown(browser, f"{PAGE}?where=q1:oui")
    assert rows(block(html, "q-q1"))[:2] == [
        ["Réponse", "Réponses", "Part", "Ensemble"],
        ["Oui", "3", "60\u202f%", "60\u202f%"],
    ]
    assert rows(block(html, "q-q2"))[1:3] == [
        ["eau", "2", "100\u202f%", "66,7\u202f%"],
        ["Zwei", "1", "50\u202f%", "66,7\u202f%"],
    ]


@pytest.mark.parametrize(
    ("row", "anchor", "source", "tag"),
    [
        ("Zwei", "q-q2", "q2:a%3Ab%7Cc", "Welche? Zwei"),
        ("Sans réponse", "q-q1", "q1:", "Êtes-vous d’accord ? sans réponse"),
        ("Bretagne", "carte", "@region:R-53", "Région\u00a0: Bretagne"),
        ("1er\u00a0janvier\u00a02026", "q-q4", "q4:2026-01-01..2026-01-01", "Quand ?"),
    ],
)
async def test_every_kind_of_row_is_a_filter(
    browser: Browser, answered: str, row: str, anchor: str, source: str, tag: str
) -> None:
    """Its value is escaped; the filter stands on top as a tag that removes it."""
    html = await shown(browser, PAGE)
    address = submitted(block(html, anchor), row)
    assert parse_qs(urlsplit(address).query) == {"where": [source]}
    html = await shown(browser, address)
    assert pressed(block(html, anchor)) == [row]
    tags = re.search(r'<ul class="nv-dashboard__tags".*?</ul>', html, re.DOTALL)
    assert tags
    assert tag in unescape(tags[0])
    assert f'href="{PAGE}"' in tags[0]


async def test_the_lists_lead_to_an_address(browser: Browser, answered: str) -> None:
    """The form of lists keeps filters on answers, and replaces those of its dimensions."""
    sent = await browser.get(
        f"{PAGE}?where=q1:oui&where=@region:R-11&region=&department=D-29&unit_kind=&community=&par=department"
    )
    assert sent.status_code == 303
    query = parse_qs(urlsplit(sent.headers["Location"]).query)
    assert query == {"where": ["q1:oui", "@department:D-29"], "par": ["department"]}
    html = await shown(browser, sent.headers["Location"])
    assert re.search(r'<option value="D-29" selected>Finistère</option>', html)
    assert '<input type="hidden" name="where" value="q1:oui">' in html


async def test_too_many_filters_are_refused(browser: Browser, answered: str) -> None:
    """A link could hold thousands, and each would cost: none is applied, and nothing else is shown."""
    for page in (PAGE, f"{PAGE}/graphiques"):
        assert (await browser.get(f"{page}?where=q1:{'oui|' * 200}")).status_code == 422


async def test_a_bad_filter_is_left_out_and_named(browser: Browser, answered: str) -> None:
    """The page is there all the same, without it in any link."""
    html = await shown(browser, f"{PAGE}?where=zzz:1&where=q1:oui&where=q3:rien&par=commune")
    assert html.count("Un filtre de cette adresse n’a pas été appliqué") == 2
    assert "« zzz:1 »" in unescape(html).replace("\u00a0", " ")
    main = html.partition("<main")[2]
    assert "q3:rien" not in "".join(re.findall(r'(?:href|value|data-charts)="([^"]*)"', main))
    assert pressed(html) == ["Oui"]


async def test_the_map_and_its_table_say_the_same(browser: Browser, answered: str) -> None:
    """Each territory of the map is a row, with the same address; those without an outline are said below it."""
    html = await shown(browser, f"{PAGE}?par=department&where=q1:oui")
    part = block(html, "carte")
    known = {row[0]: row[1:] for row in rows(part)}
    assert known["Finistère"] == ["3", "3", "trop peu"]
    assert known["Nouvelle-Calédonie"] == ["0", "1", "trop peu"]
    assert "Absents de cette carte" in unescape(part)
    links = {unescape(link) for link in re.findall(r'<a href="([^"]*)" tabindex="-1">', part)}
    address = submitted(part, "Finistère")
    assert parse_qs(urlsplit(address).query) in [parse_qs(urlsplit(link).query) for link in links]


async def test_the_map_shows_rates_where_answers_are_expected(browser: Browser, answered: str) -> None:
    """Answers that nobody expected have no part in them."""
    known = {row[0]: row[1:] for row in rows(block(await shown(browser, PAGE), "carte"))}
    assert known["Région"] == ["Réponses", "Attendues", "Taux"]
    assert known["Bretagne"] == ["1", "5", "20\u202f%"]


async def test_charts_have_as_many_bars_as_choices(browser: Browser, answered: str) -> None:
    """One request for all; under a filter a mark for everybody; none has a heading, the page has it."""
    found = await browser.get(f"{PAGE}/graphiques", headers={"X-Requested-With": "fetch"})
    assert found.status_code == 200, found.text
    figures = found.json()["figures"]
    assert set(figures) == {"q1", "q2", "q3", "q4", "avis", "@day"}
    assert len(figures["q1"]["data"][0]["x"]) == 3
    assert not any("title" in figure["layout"] for figure in figures.values())
    filtered = (await browser.get(f"{PAGE}/graphiques?where=q3:1..3")).json()["figures"]
    bars, mark, *_ = filtered["q1"]["data"]
    assert bars["x"] == [3, 0, 0]
    assert mark["x"] == pytest.approx([0.6 * 3, 0.2 * 3, 0.2 * 3])
    html = await shown(browser, f"{PAGE}?where=q3:1..3")
    assert f'data-charts="{PAGE}/graphiques?where=q3:1..3"' in html
    assert set(re.findall('data-chart="([^"]*)"', html)) == set(filtered)


async def test_others_find_nothing(pages: Pages, answered: str) -> None:
    """Those asked and those of elsewhere get the same page as for a survey that does not exist."""
    for who in (("anne@ddtm-29.example",), ("reviewer@dreal-53.example", "reviewer", "territory:R-53")):
        browser = await pages(*who)
        for address in (PAGE, f"{PAGE}/graphiques", "/s/rien/resultats"):
            found = await browser.get(address)
            assert found.status_code == 404, address
            assert "L’eau" not in found.text
    stranger = await pages()
    assert (await stranger.get(PAGE)).status_code in {302, 303}


async def test_before_publication_and_before_the_first_answer(
    browser: Browser, editor: httpx.AsyncClient, survey: str
) -> None:
    """The page says what will stand here; no chart is asked for."""
    html = await shown(browser, PAGE)
    assert "Cette enquête n’est pas encore publiée" in html
    await published(editor, survey)
    html = await shown(browser, PAGE)
    assert "Aucune réponse pour l’instant" in html
    assert re.search(r"0 réponse sur \d+ attendues, soit 0\u202f%", unescape(html))
    assert "dashboard" not in "".join(re.findall("<script[^>]*>", html))


async def test_filters_that_leave_nothing(browser: Browser, answered: str) -> None:
    """The filters stay in sight, to be removed."""
    html = await shown(browser, f"{PAGE}?where=q1:oui&where=q3:7..7")
    assert "Aucune réponse ne correspond à tous ces filtres" in html
    assert html.count("fr-tag--dismiss") == 2


async def test_pages_cost_as_many_statements_whatever_there_is(
    browser: Browser, editor: httpx.AsyncClient, answered: str, statements: list[str]
) -> None:
    """The page and its charts, with filters and without, with few answers and with more."""

    async def counted(address: str) -> int:
        statements.clear()
        assert (await browser.get(address)).status_code == 200
        return len(statements)

    await counted(PAGE)
    once = await counted(PAGE)
    assert once == await counted(f"{PAGE}?where=q1:oui&where=@region:R-53&par=department")
    assert once == await counted(f"{PAGE}/graphiques")
    await bring(editor, answered, ANSWERS * 20)
    await counted(PAGE)  # the columns of the new answers are read once
    assert once == await counted(PAGE) <= 9, statements


def test_questions_of_the_same_label_are_told_apart() -> None:
    """What belongs to another question is named after it, others after their own name; unique labels stay."""

    def asked(name: str, label: str) -> TextResult:
        return TextResult(kind="text", name=name, label={"fr": label}, eligible=1, asked=1, answered=1, distinct=1)

    other = "Précisez."
    questions = [asked("q1", "Pourquoi ?"), asked("q1_other", other), asked("q2_other", other), asked("q3", "Et ?")]
    assert {name: label.text for name, label in labels_of(questions, "fr").items()} == {
        "q1": "Pourquoi ?",
        "q1_other": "Pourquoi ? – Précisez.",
        "q2_other": "Précisez. (q2_other)",
        "q3": "Et ?",
    }


async def test_a_chart_of_words_shows_those_of_its_table(
    browser: Browser, editor: httpx.AsyncClient, answered: str
) -> None:
    """As many, in the same order."""
    words = [f"mot{chr(97 + place // 26)}{chr(97 + place % 26)}" for place in range(40)]
    await bring(editor, answered, [("D-29", {"avis": " ".join(words[place:])}) for place in range(40)])
    listed = [row[0] for row in rows(block(await shown(browser, PAGE), "q-avis"))[1:]]
    drawn = (await browser.get(f"{PAGE}/graphiques")).json()["figures"]["avis"]["data"][0]["customdata"]
    assert listed[: len(drawn)] == drawn
    assert len(drawn) == MOST_TERMS
    assert [row for row in listed if row not in drawn] == ["Sans réponse"]
