"""Takes the pictures of README.md and docs/demo.md from a demonstration: `docs/images/*.png`.

Starts one of its own in a new folder, unless --url names one that runs; signs in by clicking, as a visitor does. Needs
Chromium, and says so where there is none.
"""

import argparse
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
LIMIT = 200_000
"""Bytes of a picture."""

PATIENCE = 180
"""Seconds until the demonstration is complete."""

WIDE, TALL, NARROW = (1280, 860), (1280, 1160), (390, 780)
DIRECTORATE, BRETON = range(2)
"""Whom the first page of the demonstration lets one become, in its order."""

SETTLING = 1500
"""Milliseconds that charts take to be drawn once they are in sight."""

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


class Picture(NamedTuple):
    """A page as one of the demonstration's people sees it, once they ticked what has the labels `ticks`.

    What the selector `top` finds stands at the upper edge.
    """

    name: str
    person: int | None
    path: str
    size: tuple[int, int] = WIDE
    top: str = "body"
    ticks: tuple[str, ...] = ()


PICTURES = (
    Picture("connexion", None, "/connexion"),
    Picture("accueil", BRETON, "/"),
    Picture("repondre", BRETON, "/s/meubles-de-tourisme/etape/2", TALL, ticks=("7", "Littoral")),
    Picture("repondre-telephone", BRETON, "/s/meubles-de-tourisme/etape/2", NARROW, top="h1"),
    Picture("enquetes", DIRECTORATE, "/enquetes"),
    Picture("audience", DIRECTORATE, "/enquetes/sobriete-fonciere/audience"),
    Picture("suivi", DIRECTORATE, "/enquetes/meubles-de-tourisme/suivi", TALL),
    Picture("resultats", DIRECTORATE, "/s/meubles-de-tourisme/resultats", TALL, top="h3:has-text('Quels effets')"),
)


@contextlib.contextmanager
def demonstration() -> Iterator[str]:
    """The address of a demonstration of our own, once all its answers are in."""
    folder = Path(tempfile.mkdtemp(prefix="navette-pictures-"))
    folder.chmod(0o755)  # root's PostgreSQL is another user
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NAVETTE_")}
    command = [str(Path(sys.executable).with_name("navette")), "demo", "--port", str(port)]
    service = subprocess.Popen(command, env=clean | {"NAVETTE_DATA_DIR": str(folder)}, start_new_session=True)
    try:
        deadline = time.monotonic() + PATIENCE
        while not complete(folder / "demo" / "demo.json"):
            if service.poll() is not None or time.monotonic() > deadline:
                sys.exit("The demonstration did not come up.")
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait(60)
        shutil.rmtree(folder)


def complete(state: Path) -> bool:
    """Whether the last answers of the demonstration are in."""
    return state.exists() and "answers testwerk" in msgspec.json.decode(state.read_bytes())["done"]


def take(browser: Browser, address: str, picture: Picture) -> Path:
    """Take one picture; raises where the page is not there or the picture is too large."""
    width, height = picture.size
    context = browser.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=1, locale="fr-FR", color_scheme="light"
    )
    try:
        page = context.new_page()
        opened(page, address, picture)
        for label in picture.ticks:
            page.locator("label", has_text=re.compile(rf"^\s*{label}\s*$")).first.click()
        page.evaluate("document.activeElement?.blur()")  # no ring around what has the focus
        page.locator(picture.top).first.evaluate("element => element.scrollIntoView()")
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(SETTLING)
        file = IMAGES / f"{picture.name}.png"
        page.screenshot(path=file, animations="disabled")
    finally:
        context.close()
    size = file.stat().st_size
    if size > LIMIT:
        sys.exit(f"{file.name} has {size} bytes, more than {LIMIT}.")
    return file


def opened(page: Page, address: str, picture: Picture) -> None:
    """Go to the page of a picture, by the first page where somebody is to be signed in."""
    if picture.person is None:
        page.goto(address + picture.path)
    else:
        page.goto(f"{address}/connexion?suite={picture.path}")
        page.locator("form[action='/connexion'] button").nth(picture.person).click()
        page.wait_for_url(address + picture.path)
    if page.locator("h1").count() != 1:
        sys.exit(f"There is no page at {picture.path}.")


def main() -> None:
    """Take all pictures, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="the pictures to take; all of them unless named")
    parser.add_argument("--url", help="a demonstration that runs already")
    chosen = parser.parse_args()
    program = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if program is None:
        sys.exit("The pictures need Chromium: install it (Debian: apt-get install chromium).")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        address = chosen.url or stack.enter_context(demonstration())
        player = stack.enter_context(sync_playwright())
        browser = player.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for picture in PICTURES:
            if not chosen.names or picture.name in chosen.names:
                print(take(browser, address, picture).relative_to(ROOT))
        browser.close()


if __name__ == "__main__":
    main()
