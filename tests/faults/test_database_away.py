"""A database that is away: the service starts, says so, stores nothing, and goes on by itself when it is back."""

import random
import uuid

import httpx
import pytest

from base.embedded import running


@pytest.fixture(scope="module")
def place(tools, open_folder):
    """A database that was prepared and then stopped: its folder, its URL, its survey."""
    with running(open_folder / "apart") as server:
        poll = tools.prepared(server.owner_url, server.database_url)
        url = server.database_url
    return open_folder / "apart", url, poll


def test_away_and_back(tools, serve, place):
    """Started without its database, it lives, is not ready, refuses answers; then it takes and counts them."""
    folder, url, poll = place
    service = serve(NAVETTE_DATABASE_URL=url, NAVETTE_FOLD_INTERVAL="0.2").until("/health/live")
    body = poll.answer(random.Random(1))
    headers = {"Authorization": f"Bearer {poll.tokens['root']}", "Accept-Language": "en"}
    results = f"{service.address}/api/v1/surveys/{poll.slug}/results"

    refused = [
        httpx.get(service.address + "/health/ready"),
        httpx.post(service.address + poll.path, json=body),
        httpx.get(results, headers=headers),
        httpx.get(results.replace("results", "export"), headers=headers),
    ]
    for answer in refused:
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "database-away"
        assert int(answer.headers["retry-after"]) > 0
    assert service.status("/health/live") == 200

    for number in range(2):  # it goes away a second time while the pool holds connections
        with running(folder) as server:
            assert server.database_url == url
            service.until("/health/ready")
            if number == 0:
                assert tools.ask(url, "SELECT count(*) FROM response")[0][0] == 0
            sent = httpx.post(service.address + poll.path, json=body | {"id": str(uuid.UUID(int=number, version=4))})
            assert sent.status_code == 201
            tools.wait_until(
                lambda: not tools.ask(url, "SELECT count(*) FROM change")[0][0], "folding after the return", 15
            )
            found = httpx.get(results, headers=headers).json()
            assert (found["responses"], found["pending"]) == (number + 1, 0)
        service.until("/health/ready", 503)
        assert httpx.post(service.address + poll.path, json=body).json()["code"] == "database-away"
    assert "Traceback" not in service.words()
    assert service.stop() == 0
