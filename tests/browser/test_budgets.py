"""What pages weigh on the line with an empty cache, and in which order their parts are asked for."""

from typing import Any

import pytest
from playwright.async_api import expect

from surveys.survey import Audience
from tests.browser.conftest import MakeReader, Reader
from tests.browser.world import ANNE, CECILE, DEMO, EDITOR, make_editor, published, sent

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("directory")]

ANSWERING_BYTES, ANSWERING_REQUESTS = 150_000, 15
DASHBOARD_BYTES = 600_000


class Line:
    """What went over the line for one page of a new browser: the addresses in order, all bytes, headers too."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.bytes = 0

    @property
    def requests(self) -> list[str]:
        return [step for step in self.steps if step.startswith("http")]

    async def listen(self, one: Reader) -> None:
        """Before the page is opened."""
        session = await one.context.new_cdp_session(one.page)
        session.on("Network.requestWillBeSent", self._ask)
        session.on("Network.loadingFinished", self._end)
        session.on("Page.domContentEventFired", lambda _: self.steps.append("parsed"))
        await session.send("Network.enable")
        await session.send("Page.enable")

    def _ask(self, event: dict[str, Any]) -> None:
        self.steps.append(event["request"]["url"])

    def _end(self, event: dict[str, Any]) -> None:
        self.bytes += event["encodedDataLength"]


@pytest.mark.parametrize("path", ["/s/meubles", "/s/meubles/etape/2", "/s/meubles/verification"])
async def test_answering(path: str, reader: MakeReader):
    """Light enough for a bad line."""
    await published("meubles", DEMO / "meubles-de-tourisme.xlsx")
    anne = await reader(ANNE, width=390, height=844)
    line = Line()
    await line.listen(anne)
    await anne.open(path)
    await anne.page.wait_for_load_state("networkidle")
    assert line.bytes > 10_000
    assert line.bytes <= ANSWERING_BYTES, line.requests
    assert len(line.requests) <= ANSWERING_REQUESTS, line.requests


async def test_results(reader: MakeReader):
    """With all charts; sentences and tables are read before any of them is asked for."""
    await make_editor()
    await published(audience=Audience())
    for email in (ANNE, CECILE):
        await sent(email)
    editor = await reader(EDITOR)
    line = Line()
    await line.listen(editor)
    await editor.open("/s/essai/resultats")
    for place in await editor.page.locator("[data-chart]").all():
        await place.scroll_into_view_if_needed()
        await expect(place).to_contain_class("nv-chart--drawn")
    await editor.page.wait_for_load_state("networkidle")
    assert 100_000 < line.bytes <= DASHBOARD_BYTES, line.requests
    late = [index for index, step in enumerate(line.steps) if "plotly" in step or step.endswith("/graphiques")]
    assert len(late) >= 2, line.steps
    assert min(late) > line.steps.index("parsed"), line.steps
