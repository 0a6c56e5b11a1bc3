"""What is asked can be read by those who are asked, in the edition that judges their answers."""

import pytest

pytestmark = pytest.mark.anyio


async def test_those_asked_read_what_is_asked(anne, editor, published, questionnaire) -> None:
    """The current edition or one they name; the working copy is its editors' alone."""
    survey = await published()
    asked = await anne.get(f"{survey}/questionnaire")
    assert (asked.status_code, asked.json()) == (200, (await editor.get(f"{survey}/questionnaire")).json())
    drafted = questionnaire | {"title": {"fr": "Autre titre"}}
    assert (await editor.put(f"{survey}/questionnaire", json=drafted)).status_code == 200
    assert (await editor.get(f"{survey}/questionnaire")).json()["title"] == {"fr": "Autre titre"}
    for reader in (anne, editor):
        first = await reader.get(f"{survey}/questionnaire", params={"edition": 1})
        assert first.json()["title"] == questionnaire["title"]
    assert (await anne.get(f"{survey}/questionnaire", params={"edition": 2})).status_code == 422


async def test_holders_of_the_link_read_it_too(nobody, editor, published) -> None:
    """With the link and no token; another link opens nothing, and no link asks for a token."""
    survey = await published(publication={"open_link": True})
    link = (await editor.get(survey)).json()["link"]
    assert (await nobody.get(f"{survey}/questionnaire", params={"link": link})).status_code == 200
    assert (await nobody.get(f"{survey}/questionnaire", params={"link": "x" * 22})).status_code == 404
    assert (await nobody.get(f"{survey}/questionnaire")).status_code == 401
