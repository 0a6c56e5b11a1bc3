"""A full disk under the database: answers are refused by name and nothing of them is stored; with room it goes on.

As root, who alone can mount the small disk.
"""

import os
import random
import subprocess

import httpx
import pytest

from base.embedded import running


@pytest.fixture
def small_disk(open_folder):
    small = open_folder / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", "size=250m,mode=755", "none", small], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("only a root that may mount can make a small disk")
    yield small
    subprocess.run(["/bin/umount", "--lazy", small], check=True)
    small.rmdir()


def fill(disk) -> None:
    """Take the last byte of a disk."""
    with (disk / "filling").open("ab", buffering=0) as filling:
        for size in (1 << 20, 4096):
            while True:
                try:
                    filling.write(bytes(size))
                except OSError:
                    break
    assert os.statvfs(disk).f_bavail == 0


def test_disk_full(tools, serve, small_disk):
    """507 by name and no trace of the answer; after room was made the same service takes it."""
    with running(small_disk / "data") as server:
        poll = tools.prepared(server.owner_url, server.database_url)
        service = serve(NAVETTE_DATABASE_URL=server.database_url).until()
        chance = random.Random(1)

        def send() -> httpx.Response:
            body = poll.answer(chance)
            body["answers"]["t"] = random.Random(body["id"]).randbytes(4_000).hex()  # nothing that would compress
            answer = httpx.post(service.address + poll.path, json=body, headers={"Accept-Language": "en"}, timeout=30)
            attempts[body["id"]] = answer.status_code
            return answer

        attempts: dict[str, int] = {}
        assert send().status_code == 201
        fill(small_disk)
        refused = None
        for _ in range(200):
            answer = send()
            if answer.status_code != 201:
                refused = answer
                break
        assert refused is not None, "the database still finds room"
        assert refused.status_code == 507, refused.text
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["code"] == "disk-full"
        assert service.status("/health/live") == 200

        (small_disk / "filling").unlink()
        service.until()
        assert send().status_code == 201
        stored = {str(row["id"]) for row in tools.ask(server.database_url, "SELECT id FROM response")}
        assert stored == {key for key, status in attempts.items() if status == 201}
        assert attempts.keys() - stored
        assert service.stop() == 0


def test_disk_full_at_start(tools, small_disk, open_folder):
    """Where there is no room to begin with, `navette serve` says so in one sentence."""
    fill(small_disk)
    done = subprocess.run(
        [tools.NAVETTE, "serve", "--port", str(tools.free_port())],
        env=tools.environment_of(small_disk / "data"),
        capture_output=True,
        text=True,
        timeout=tools.DEADLINE,
        check=False,
    )
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "full" in line
    assert str(small_disk) in line
