"""What is installed is the whole service: a wheel, in an empty environment, far from the checkout."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("base", "forms", "directory", "surveys", "analytics", "web", "migrations")
BUILT_FROM = (
    *("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore"),
    *("package.json", "package-lock.json", ".npmrc"),
)
MADE = shutil.ignore_patterns("__pycache__", "*.mo", "static_built")
"""What the build makes anew."""

DEADLINE = 90
"""Seconds until a service on a new data folder is ready: it makes its database and migrates it."""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder outside the checkout. Not tmp_path: that is closed to the user that root's PostgreSQL runs as."""
    path = Path(tempfile.mkdtemp(prefix="navette-wheel-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def wheel(folder: Path) -> Path:
    """The wheel, built from a copy of the sources without anything compiled."""
    source = folder / "source"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=MADE)
    shutil.copytree(ROOT / "scripts", source / "scripts", ignore=MADE)
    # The npm packages of the checkout, compared with the lock by the build: this test brings none of its own.
    (source / "node_modules").symlink_to(ROOT / "node_modules")
    for name in BUILT_FROM:
        shutil.copy(ROOT / name, source / name)
    pip(sys.executable, "wheel", "--no-deps", f"--wheel-dir={folder}", str(source))
    (built,) = folder.glob("navette-*.whl")
    return built


@pytest.fixture(scope="module")
def navette(folder: Path, wheel: Path) -> Path:
    """The command, installed with the locked dependencies into an empty environment."""
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = str(environment / "bin" / "python")
    pip(python, "install", "--no-compile", "--require-hashes", f"--requirement={ROOT / 'requirements.lock'}")
    pip(python, "install", "--no-compile", "--no-deps", str(wheel))
    return environment / "bin" / "navette"


def pip(python: str, *arguments: str) -> None:
    command = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_wheel_holds_everything(wheel: Path) -> None:
    """Code, data, templates, migrations, compiled catalogues, built files of pages are in the wheel; tests are not."""
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    sources = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".mo"
        if not {"static", "static_built"} & set(path.relative_to(ROOT).parts)
    }
    compiled = {name.removesuffix(".po") + ".mo" for name in sources if name.endswith(".po")}
    built = {name for name in held if name.startswith("web/static_built/")}
    assert held - built == sources | compiled


def test_the_wheel_holds_what_pages_load(wheel: Path) -> None:
    """Every file that the manifest names is in the wheel, text also compressed, and nothing that it does not name."""
    archive = zipfile.ZipFile(wheel)
    held = {name for name in archive.namelist() if name.startswith("web/static_built/")}
    manifest = json.loads(archive.read("web/static_built/manifest.json"))["files"]
    files = [entry["file"] + ending for entry in manifest.values() for ending in ("", *endings(entry))]
    assert held == {f"web/static_built/{name}" for name in ("manifest.json", *files)}
    assert {"navette.css", "plotly.js", "Marianne-Regular.woff2", "licences.txt"} <= manifest.keys()
    assert [name for name in archive.namelist() if name.endswith(".map") or "node_modules" in name] == []


def endings(entry: dict[str, Any]) -> list[str]:
    """The endings of the compressed forms of a file."""
    return [f".{ending}" for ending in ("br", "gz") if ending in entry]


def test_the_wheel_carries_its_licence(wheel: Path) -> None:
    """The licence travels with every copy."""
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in names if name.endswith(".dist-info/licenses/LICENSE")]


@pytest.mark.parametrize(
    ("command", "path", "database"),
    [(["serve"], "/health/ready", "postgres"), (["demo", "--agents", "400"], "/connexion", "demo/postgres")],
    ids=["serve", "demo"],
)
def test_serves_far_from_the_checkout(
    folder: Path, navette: Path, command: list[str], path: str, database: str
) -> None:
    """Both commands become ready by themselves on a new data folder, and stop cleanly when asked to."""
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    data = folder / f"data-{command[0]}"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("NAVETTE_", "PYTHON"))}
    with (folder / "output").open("wb") as output:
        service = subprocess.Popen(
            [navette, *command, "--port", str(port)],
            cwd=elsewhere,
            env=environment | {"NAVETTE_DATA_DIR": str(data)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        ready = wait_until_ready(f"http://127.0.0.1:{port}{path}", service)
    finally:
        service.send_signal(signal.SIGTERM)
        try:
            status = service.wait(timeout=60)
        except subprocess.TimeoutExpired:
            service.kill()
            raise
    said = (folder / "output").read_text()
    assert ready, said
    assert status == 0, said
    assert (data / database / "PG_VERSION").exists()
    assert not (data / database / "postmaster.pid").exists()


def wait_until_ready(url: str, service: subprocess.Popen[bytes]) -> bool:
    """Whether the service answers 200 before the deadline; False at once if it has ended."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline and service.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own address
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False
