"""Writes requirements.lock (what the service runs on) and requirements-dev.lock (that, and the tools).

Both hold one version and its hashes for each package, for every platform and every Python that pyproject.toml allows,
and no address: pip takes the files from wherever it is set up to take them, and refuses one that differs. A package
that is locked already keeps its version as long as pyproject.toml allows it, unless this is called with `--upgrade`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Made by `make lock` from pyproject.toml. Do not edit.\n"
OPTIONS = (
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-header",
    "--no-annotate",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--quiet",
)


def main() -> None:
    """Lock with uv, in an environment of its own that is thrown away."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        venv.create(folder, with_pip=True)
        run(folder / "bin" / "python", "-m", "pip", "install", "--quiet", "uv")
        runtime, tools = folder / "requirements.lock", folder / "requirements-dev.lock"
        if "--upgrade" not in sys.argv:
            for kept in (runtime, tools):
                if (ROOT / kept.name).exists():
                    shutil.copy(ROOT / kept.name, kept)
        compile_ = (folder / "bin" / "uv", "pip", "compile", *OPTIONS, "pyproject.toml")
        run(*compile_, f"--output-file={runtime}")
        # The tools may not pull the service to other versions than those it is installed with.
        run(*compile_, "--extra=dev", f"--constraint={runtime}", f"--output-file={tools}")
        for made in (runtime, tools):
            text = made.read_text()
            if "://" in text or " @ " in text:
                sys.exit(f"{made.name} would hold an address: see what pyproject.toml and uv's settings name")
            (ROOT / made.name).write_text(HEADER + text)


def run(*command: str | Path) -> None:
    """Run a command in the root of the repository; stop where it fails."""
    # Settings of uv that this machine has are no part of the lock.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
    subprocess.run([str(word) for word in command], cwd=ROOT, env=environment, check=True)


if __name__ == "__main__":
    main()
