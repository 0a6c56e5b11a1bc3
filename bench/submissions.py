"""Submissions per second at 32 connections over HTTP, as a ratio to the same server with no database behind it.

Each submission is a different agent's answer to a survey of 20 questions: token, rights, ledger, commit and receipt
included. Both servers have one worker and run one after the other, so that the machine's noise hits both.
"""

import asyncio
import datetime as dt
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
from support import answers, command, free_port, questionnaire, serving, wait_for

from base.database import connected
from base.embedded import running
from directory.tokens import create_token

CONNECTIONS = 32
SUBMISSIONS = 6_000
WARM_UP = 200
LIMIT = 0.1
SUPPORT = Path(__file__).resolve().parent / "support"
GRANIAN = Path(sys.executable).parent / "granian"


def request(port: int, slug: str, token: str, body: dict[str, Any]) -> bytes:
    """A POST as it goes on the wire."""
    content = json.dumps(body).encode()
    head = (
        f"POST /api/v1/surveys/{slug}/responses HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def send_all(port: int, requests: list[bytes]) -> tuple[float, dict[int, int]]:
    """Send all over 32 connections; seconds taken, and how many of each status came back."""
    queue = iter(requests)
    statuses: dict[int, int] = {}

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for wire in queue:
            writer.write(wire)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            status = int(head[9:12])
            statuses[status] = statuses.get(status, 0) + 1
        writer.close()

    begin = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return time.perf_counter() - begin, statuses


def service(folder: Path) -> float:
    """Submissions per second of the service."""
    with serving(folder) as port:
        command("territories", "load")
        command("agents", "generate", str(folder), "--agents", str(SUBMISSIONS))
        command("agents", "import", str(folder / "agents.csv"))
        token = command("token", "create", "boss@bench.example", "--role", "administrator")
        client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}/api/v1/surveys", headers={"Authorization": f"Bearer {token}"}
        )
        client.post("", json={"slug": "mesure", "questionnaire": questionnaire()}).raise_for_status()
        client.put("/mesure/audience", json={}).raise_for_status()
        client.post("/mesure/publish", json={}).raise_for_status()
        chance = random.Random(1)
        emails = [line.split(",")[0] for line in (folder / "agents.csv").read_text().splitlines()[1:]]
        tokens = asyncio.run(make_tokens(emails))
        wires = [request(port, "mesure", one, {"id": str(uuid.uuid4()), "answers": answers(chance)}) for one in tokens]
        return measured("service", port, wires)


def measured(name: str, port: int, wires: list[bytes]) -> float:
    """Requests per second, after some to warm up; every one must be a new answer."""
    asyncio.run(send_all(port, wires[:WARM_UP]))
    seconds, statuses = asyncio.run(send_all(port, wires[WARM_UP:]))
    assert statuses == {201: len(wires) - WARM_UP}, statuses
    rate = (len(wires) - WARM_UP) / seconds
    print(f"{name}: {rate:.0f}/s")
    return rate


async def make_tokens(emails: list[str]) -> list[str]:
    """A token for each agent, made by the verb that the command uses."""
    with running(Path(os.environ["NAVETTE_DATA_DIR"])) as server:
        async with connected(server.database_url):
            return [(await create_token(email, now=dt.datetime.now(dt.UTC)))[1] for email in emails]


def nothing() -> float:
    """Submissions per second of the server with nothing behind it."""
    port = free_port()
    options = ["--interface", "asgi", "--factory", "--no-ws", "--port", str(port), "--log-level", "warning"]
    server = subprocess.Popen([GRANIAN, *options, "nothing:create"], cwd=SUPPORT)
    try:
        wait_for(port)
        chance = random.Random(1)
        bodies = [{"id": str(uuid.uuid4()), "answers": answers(chance)} for _ in range(SUBMISSIONS)]
        return measured("nothing behind it", port, [request(port, "mesure", "none", body) for body in bodies])
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    """Measure both, print the ratio, fail below the limit."""
    with tempfile.TemporaryDirectory(prefix="navette-bench-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        limit, ours = nothing(), service(folder)
    print(f"submissions: {ours / limit:.2f} of the limit (at least {LIMIT})")
    sys.exit(ours / limit < LIMIT)


if __name__ == "__main__":
    main()
