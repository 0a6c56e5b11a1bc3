"""Drafting: who may make a survey, under which short name, and that a flawed questionnaire leaves nothing behind."""

import datetime as dt

import pytest

from directory.granting import hold
from surveys.drafting import slugged

pytestmark = pytest.mark.anyio

SURVEYS = "/api/v1/surveys"


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Enquête sur l'eau", "enquete-sur-l-eau"),
        ("Enquête sur l’eau", "enquete-sur-l-eau"),
        ("ŒUVRES & mœurs — 2026", "oeuvres-moeurs-2026"),
        ("Eau–habitat", "eau-habitat"),
        ("  --  ", "enquete"),
        ("水", "enquete"),
        ("m² par agent", "m2-par-agent"),
        ("x" * 100, "x" * 60),
        ("x" * 59 + " y", "x" * 59),
    ],
)
def test_slugs_are_plain(title: str, slug: str) -> None:
    """Accents go, every other sign separates words, and something is left."""
    assert slugged(title) == slug


async def test_a_derived_slug_makes_room(editor, questionnaire) -> None:
    """A title that was used before gets the next number."""
    questionnaire["title"] = {"fr": "Été à la mer"}
    slugs = [(await editor.post(SURVEYS, json={"questionnaire": questionnaire})).json()["slug"] for _ in range(3)]
    assert slugs == ["ete-a-la-mer", "ete-a-la-mer-2", "ete-a-la-mer-3"]


async def test_an_explicit_slug_is_taken_once(editor, questionnaire, sql) -> None:
    """A short name that was chosen is kept or refused, never changed."""
    body = {"questionnaire": questionnaire, "slug": "mer"}
    assert (await editor.post(SURVEYS, json=body)).json()["slug"] == "mer"
    again = await editor.post(SURVEYS, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "surveys/slug-taken")
    assert await sql.fetchval("SELECT count(*) FROM survey") == 1


OTHER_MEANINGS = ["import", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "0" * 32]


async def test_a_slug_never_means_something_else(editor, questionnaire) -> None:
    """Words of the API's own addresses and whatever reads as an id cannot be short names."""
    for slug in OTHER_MEANINGS:
        refused = await editor.post(SURVEYS, json={"questionnaire": questionnaire, "slug": slug})
        assert refused.json()["code"] == "surveys/slug-taken"
        questionnaire["title"] = {"fr": slug}
        made = (await editor.post(SURVEYS, json={"questionnaire": questionnaire})).json()["slug"]
        assert made == f"{slug}-2"
        assert (await editor.get(f"{SURVEYS}/{made}")).status_code == 200


NO_SLUGS = ["É", "a b", "a\n", "", "x" * 81, "a/b"]


async def test_slugs_that_are_none(editor, questionnaire) -> None:
    """Letters, digits and hyphens only."""
    for slug in NO_SLUGS:
        refused = await editor.post(SURVEYS, json={"questionnaire": questionnaire, "slug": slug})
        assert refused.status_code == 422
        assert refused.json()["invalid_params"][0]["path"] == "/slug"


async def test_what_is_left_out_is_derived(editor, questionnaire) -> None:
    """The owner is the editor's directorate; a collection is answered by services, everything else by people."""
    survey = (await editor.post(SURVEYS, json={"questionnaire": questionnaire})).json()
    assert survey["owner"] == "DGALN"
    assert (survey["kind"], survey["anonymity"], survey["answering"]) == ("survey", "named", "agent")
    assert (survey["state"], survey["edition"], survey["title"]) == ("draft", None, {"fr": "Essai"})
    collection = await editor.post(SURVEYS, json={"questionnaire": questionnaire, "kind": "collection"})
    assert collection.json()["answering"] == "unit"


async def test_a_title_of_its_own_stays(editor, drafted) -> None:
    """A title given beside the questionnaire is the survey's, also once it is published."""
    survey = await drafted(title={"fr": "Mon titre"}, slug="mien")
    await editor.put(f"{survey}/audience", json={})
    published = await editor.post(f"{survey}/publish", json={})
    assert published.json()["title"] == {"fr": "Mon titre"}
    assert (await editor.get(f"{survey}/questionnaire")).json()["title"] == {"fr": "Mon titre"}


async def test_owners(people, editor, anne, questionnaire) -> None:
    """An editor drafts for their directorate only, an administrator for any unit, others for none."""
    body = {"questionnaire": questionnaire}
    assert (await editor.post(SURVEYS, json=body | {"owner": "DGALN"})).status_code == 201
    other = await editor.post(SURVEYS, json=body | {"owner": "DREAL-53"})
    assert (other.status_code, other.json()["code"]) == (403, "forbidden")
    nowhere = await editor.post(SURVEYS, json=body | {"owner": "NULLE-PART"})
    assert nowhere.status_code == 422
    assert nowhere.json()["invalid_params"][0]["path"] == "/owner"
    assert (await anne.post(SURVEYS, json=body)).status_code == 403
    admin = await people("admin@navette.example", "administrator")
    assert (await admin.post(SURVEYS, json=body | {"owner": "DREAL-53"})).json()["owner"] == "DREAL-53"


async def test_an_editor_of_two_directorates_says_which(people, questionnaire) -> None:
    """With two there is no usual owner; their own unit, for which they do not edit, is no way out."""
    for unit in ("DGALN", "DREAL-53"):
        await hold("anne@ddtm-29.example", "editor", f"unit:{unit}", now=dt.datetime.now(dt.UTC))
    both = await people("anne@ddtm-29.example")
    assert (await both.post(SURVEYS, json={"questionnaire": questionnaire})).status_code == 403
    for unit in ("DGALN", "DREAL-53"):
        made = await both.post(SURVEYS, json={"questionnaire": questionnaire, "owner": unit})
        assert made.json()["owner"] == unit


async def test_flaws_store_nothing(editor, questionnaire, sql) -> None:
    """A flawed questionnaire is refused with all its flaws, and no draft is left of it."""
    questionnaire["questions"] += [
        {"kind": "text", "name": "q1", "label": {"fr": "Encore"}},
        {"kind": "text", "name": "x", "label": {"fr": "X"}, "relevant": "${nulle_part} = 1"},
        {"kind": "select_one", "name": "y", "label": {"fr": "Y"}, "choices": "rien"},
    ]
    refused = await editor.post(SURVEYS, json={"questionnaire": questionnaire})
    assert (refused.status_code, refused.json()["code"]) == (422, "surveys/questionnaire-flaws")
    flaws = {(flaw["code"], flaw["question"]) for flaw in refused.json()["flaws"] if flaw["severity"] == "error"}
    assert flaws == {("name-repeated", "q1"), ("reference-unknown", "x"), ("list-missing", "y")}
    assert all(flaw["message"] for flaw in refused.json()["flaws"])
    assert await sql.fetchval("SELECT count(*) FROM survey") == 0


async def test_a_flawed_working_copy_is_not_taken(editor, drafted, questionnaire) -> None:
    """A draft keeps the questionnaire it has."""
    survey = await drafted()
    before = (await editor.get(f"{survey}/questionnaire")).json()
    refused = await editor.put(f"{survey}/questionnaire", json=questionnaire | {"questions": []})
    assert refused.json()["code"] == "surveys/questionnaire-flaws"
    assert (await editor.get(f"{survey}/questionnaire")).json() == before


@pytest.mark.parametrize("place", ["title", "label", "choice"])
async def test_what_cannot_be_stored(editor, questionnaire, place) -> None:
    """A NUL anywhere in a questionnaire is refused; the two characters backslash and u0000 are nothing special."""
    nul = {"title": {"title": {"fr": "a\0"}}}
    nul["label"] = {"questions": [questionnaire["questions"][3] | {"label": {"fr": "a\0"}}]}
    nul["choice"] = {"choice_lists": questionnaire["choice_lists"] | {"on": [{"name": "\0", "label": {"fr": "a"}}]}}
    refused = await editor.post(SURVEYS, json={"questionnaire": questionnaire | nul[place]})
    assert refused.status_code == 422, refused.text
    fine = questionnaire | {"title": {"fr": "C:\\u0000"}}
    assert (await editor.post(SURVEYS, json={"questionnaire": fine})).status_code == 201


async def test_the_working_copy(editor, anne, published, questionnaire) -> None:
    """Editors read and replace it; what is published stays as it is until it is published again."""
    survey = await published()
    questionnaire["questions"][0]["label"] = {"fr": "Oui ou non ?"}
    questionnaire["title"] = {"fr": "Autre titre"}
    assert (await editor.put(f"{survey}/questionnaire", json=questionnaire)).status_code == 200
    assert (await editor.get(f"{survey}/questionnaire")).json()["title"] == {"fr": "Autre titre"}
    assert (await editor.get(survey)).json()["title"] == {"fr": "Essai"}
    assert (await anne.get(f"{survey}/questionnaire")).json()["title"] == {"fr": "Essai"}
    assert (await anne.put(f"{survey}/questionnaire", json=questionnaire)).status_code == 403
