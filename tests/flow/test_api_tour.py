"""docs/api-tour.md does what it says: its commands run in order against a real service, and print what it shows."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
TOUR = ROOT / "docs" / "api-tour.md"
MARK = "@@@ block"
FENCED = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="the tour needs curl")


class Block(NamedTuple):
    """Commands, and the lines that they are said to print."""

    commands: str
    promised: list[str]


def blocks() -> list[Block]:
    found: list[Block] = []
    for kind, text in FENCED.findall(TOUR.read_text(encoding="utf-8")):
        if kind == "sh":
            found.append(Block(text, []))
        else:
            found[-1].promised.extend(text.splitlines())
    return found


@pytest.fixture
def place() -> Iterator[dict[str, str]]:
    """What the tour writes → what the test has instead: a folder, a port and an environment of its own."""
    folder = Path(tempfile.mkdtemp(prefix="navette-tour-"))
    folder.chmod(0o755)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    yield {
        "/var/tmp/navette-tour": str(folder / "data"),  # noqa: S108 - what the tour writes
        "8000": str(port),
        ".venv/bin/navette": str(Path(sys.executable).with_name("navette")),
    }
    shutil.rmtree(folder)


def test_tour(place):
    """Each block of commands exits with 0 and prints the promised lines, in their order."""
    told = blocks()
    script = "set -eo pipefail\ntrap 'kill $SERVER 2> /dev/null || true; wait' EXIT\n" + "".join(
        f"{block.commands}printf '\\n{MARK} %s\\n' {number}\n" for number, block in enumerate(told)
    )
    for said, meant in place.items():
        assert said in script
        script = script.replace(said, meant)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NAVETTE_")}
    done = subprocess.run(
        ["/bin/bash", "-c", script], cwd=ROOT, env=clean, capture_output=True, text=True, timeout=120, check=False
    )
    printed = re.split(rf"^{MARK} \d+$", done.stdout, flags=re.MULTILINE)
    assert len(printed) == len(told) + 1, f"block {len(printed) - 1} failed: {printed[-1]}\n{done.stderr[-3000:]}"
    assert done.returncode == 0, done.stderr[-3000:]
    for block, output in zip(told, printed, strict=False):
        shown(block, output)
    assert "Traceback" not in done.stderr


def shown(block: Block, output: str) -> None:
    """The promised lines stand in the output, in their order; `…` is anything."""
    lines = iter(line for line in output.splitlines() if line)
    for promise in block.promised:
        if promise == "…":
            continue
        wanted = re.compile(".*".join(map(re.escape, promise.split("…"))))
        seen = []
        for line in lines:
            seen.append(line)
            if wanted.fullmatch(line):
                break
        else:
            pytest.fail(f"after\n{block.commands}\nthere is no\n{promise}\nbut\n" + "\n".join(seen))
