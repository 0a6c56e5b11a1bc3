"""What the benchmarks share: a survey of twenty questions, and a service to measure."""

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAVETTE = Path(sys.executable).parent / "navette"


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


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    """A service with its data in this folder, by its port; it ends with the block."""
    os.environ["NAVETTE_DATA_DIR"] = str(folder / "data")
    port = free_port()
    server = subprocess.Popen([NAVETTE, "serve", "--port", str(port)])
    try:
        wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()
