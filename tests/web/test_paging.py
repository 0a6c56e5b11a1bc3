"""Lists by pages: each item once, in order, whatever the size of a page; a cursor that is not ours is refused."""

import base64
import itertools
import json
import uuid

import pytest

pytestmark = pytest.mark.anyio

SURVEYS = "/api/v1/surveys"
ID = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"


async def walk(client, address: str, limit: int, **params) -> list[list[str]]:
    """The ids on each page."""
    pages, cursor = [], None
    while True:
        answer = await client.get(address, params={"limit": limit, **params} | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        pages.append([item["id"] for item in answer.json()["items"]])
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return pages


async def test_surveys(editor, publish) -> None:
    """Newest first."""
    made = [(await publish()).rpartition("/")[2] for _ in range(5)][::-1]
    for limit in (1, 2, 5, 500):
        pages = await walk(editor, SURVEYS, limit)
        assert list(itertools.chain(*pages)) == made
        assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
        assert pages[-1]


async def test_surveys_by_words(editor, publish) -> None:
    """Lane, state and words may be combined; signs that mean something to the database mean nothing."""
    for slug, kind in (("eau", "flash"), ("eau-2", "collection"), ("cent-pour-cent", "survey")):
        await publish(slug=slug, kind=kind, title={"fr": f"Enquête {slug}", "en": "100 % water"})

    async def found(**params) -> list[str]:
        return [one["slug"] for one in (await editor.get(SURVEYS, params=params)).json()["items"]]

    assert await found(q="EAU") == ["eau-2", "eau"]
    assert await found(q="eau", kind="flash") == ["eau"]
    assert await found(q="eau", state="draft") == []
    assert [await found(q=sign) for sign in ("0%w", "e_u", "\\", '"', "fr")] == [[]] * 5
    assert await found(q="eau", state="open", kind="collection") == ["eau-2"]


async def test_responses(editor, survey) -> None:
    """In order of arrival, also those of the same moment."""
    lines = [json.dumps({"id": str(uuid.uuid4()), "answers": {"q1": "oui"}, "territory": "D-29"}) for _ in range(7)]
    await editor.post(f"{survey}/responses/bulk", content="\n".join(lines))
    (everything,) = await walk(editor, f"{survey}/responses", 500)
    assert len(set(everything)) == 7
    for limit in (1, 3, 7):
        assert list(itertools.chain(*await walk(editor, f"{survey}/responses", limit))) == everything


def cursor(*key: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).rstrip(b"=").decode()


async def test_no_page_is_empty(editor, survey) -> None:
    """A page of nothing, or of fewer than nothing, is refused."""
    for address in (SURVEYS, f"{survey}/responses"):
        for limit in (0, -1, 501, 10**30):
            refused = await editor.get(address, params={"limit": limit})
            assert (refused.status_code, refused.json()["invalid_params"][0]["path"]) == (422, "/limit")


FORGED = (
    "abc",
    "é",
    "=",
    "%00",
    cursor(),
    cursor("2026-01-01T00:00:00+00:00"),
    cursor("2026-01-01", ID),
    cursor("hier", ID),
    cursor("2026-01-01T00:00:00+00:00", "1"),
    cursor("2026-01-01T00:00:00+00:00", ID, "3"),
    cursor(1, 2),
    base64.urlsafe_b64encode(b"[" * 5_000).decode(),
)


async def refused(client, survey: str, forged: str) -> None:
    for address in (SURVEYS, f"{survey}/responses"):
        answer = await client.get(address, params={"cursor": forged})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad-cursor"), (forged, answer.text)


async def test_a_cursor_that_is_not_ours(editor, survey) -> None:
    """It is refused by name."""
    for forged in FORGED:
        await refused(editor, survey, forged)


async def test_a_cursor_from_before_our_time(editor, survey) -> None:
    """A time that the database cannot hold is none of ours either."""
    await refused(editor, survey, cursor("0001-01-01T00:00:00+14:00", ID))
