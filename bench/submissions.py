"""Submissions per second at 32 connections over HTTP, as a ratio to the same server with no database behind it.

Each submission is a different agent's answer to a survey of 20 questions: token, rights, ledger, commit and receipt
included. Both servers have one worker and run one after the other, so that the machine's noise hits both.
"""

import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import httpx

CONNECTIONS = 32
SUBMISSIONS = 6_000
LIMIT = 0.1
HERE = Path(__file__).resolve().parent
NAVETTE = Path(sys.executable).parent / "navette"
GRANIAN = Path(sys.executable).parent / "granian"


def questionnaire() -> dict[str, Any]:
    """Twenty questions, of the kinds that surveys are made of."""
    questions: list[dict[str, Any]] = []
    for number in range(20):
        name = f"q{number + 1}"
        match number % 5:
            case 0 | 1:
                question = {"kind": "select_one", "name": name, "choices": "scale"}
            case 2:
                question = {"kind": "select_multiple", "name": name, "choices": "themes"}
            case 3:
                question = {"kind": "integer", "name": name, "constraint": ". >= 0"}
            case _:
                question = {"kind": "text", "name": name, "relevant": f"${{q{number}}} > 10"}
        questions.append(question | {"label": {"fr": f"Question {number + 1}"}})
    lists = {"scale": ["tout", "assez", "peu", "pas"], "themes": ["eau", "habitat", "foret", "mer"]}
    return {
        "title": {"fr": "Mesure"},
        "languages": ["fr"],
        "questions": questions,
        "choice_lists": {
            name: [{"name": choice, "label": {"fr": choice}} for choice in choices] for name, choices in lists.items()
        },
    }


def answers(chance: random.Random) -> dict[str, Any]:
    """One set of answers to it."""
    found: dict[str, Any] = {}
    for number in range(20):
        name = f"q{number + 1}"
        match number % 5:
            case 0 | 1:
                found[name] = chance.choice(["tout", "assez", "peu", "pas"])
            case 2:
                found[name] = chance.sample(["eau", "habitat", "foret", "mer"], 2)
            case 3:
                found[name] = chance.randint(0, 50)
            case _:
                found[name] = "Des délais plus courts et un interlocuteur identifié."
    return found


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


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port}")


def command(*arguments: str) -> str:
    """Run `navette` and return what it prints."""
    return subprocess.run([NAVETTE, *arguments], check=True, capture_output=True, text=True).stdout.strip()


def service(folder: Path) -> float:
    """Submissions per second of the service."""
    os.environ["NAVETTE_DATA_DIR"] = str(folder / "data")
    port = free_port()
    server = subprocess.Popen([NAVETTE, "serve", "--port", str(port)])
    try:
        wait_for(port)
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
        print("sending", flush=True)
        warm, rest = wires[:200], wires[200:]
        asyncio.run(send_all(port, warm))
        seconds, statuses = asyncio.run(send_all(port, rest))
        print(f"service: {len(rest) / seconds:.0f}/s, {statuses}")
        assert statuses == {201: len(rest)}, statuses
        return len(rest) / seconds
    finally:
        server.terminate()
        server.wait()


async def make_tokens(emails: list[str]) -> list[str]:
    """A token for each agent, made by the verb that the command uses."""
    import datetime as dt  # noqa: PLC0415

    from base.database import connected  # noqa: PLC0415
    from base.embedded import running  # noqa: PLC0415
    from directory.tokens import create_token  # noqa: PLC0415

    with running(Path(os.environ["NAVETTE_DATA_DIR"])) as server:
        async with connected(server.database_url):
            return [(await create_token(email, now=dt.datetime.now(dt.UTC)))[1] for email in emails]


def nothing() -> float:
    """Submissions per second of the server with nothing behind it."""
    port = free_port()
    server = subprocess.Popen(
        [
            GRANIAN,
            "--interface",
            "asgi",
            "--factory",
            "--no-ws",
            "--port",
            str(port),
            "--log-level",
            "warning",
            "nothing:create",
        ],
        cwd=HERE,
    )
    try:
        wait_for(port)
        chance = random.Random(1)
        wires = [
            request(port, "mesure", "none", {"id": str(uuid.uuid4()), "answers": answers(chance)})
            for _ in range(SUBMISSIONS)
        ]
        asyncio.run(send_all(port, wires[:200]))
        seconds, statuses = asyncio.run(send_all(port, wires[200:]))
        print(f"nothing behind it: {len(wires[200:]) / seconds:.0f}/s, {statuses}")
        return len(wires[200:]) / seconds
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
