"""What may be left out of a request may be left out whole."""

import pytest

pytestmark = pytest.mark.anyio


async def test_publishing_and_reopening_need_no_body(editor, drafted) -> None:
    """Now and without end, as with an empty object."""
    survey = await drafted()
    await editor.put(f"{survey}/audience", json={})
    published = await editor.post(f"{survey}/publish")
    assert (published.status_code, published.json()["state"]) == (200, "open")
    assert (await editor.post(f"{survey}/close")).json()["state"] == "closed"
    reopened = await editor.post(f"{survey}/reopen")
    assert (reopened.status_code, reopened.json()["state"]) == (200, "open")
