"""Server time of the pages, each as what it takes more than an empty page through the same layout and session.

In process, without a network, one request at a time, the median of many; a page and the empty one take turns, so that
what else the machine does falls on both. The limits are absolute: home 5 ms, a form of 20 questions 5 ms, the follow-up
of 9,000 expected answers 30 ms, the dashboard of 100,000 responses 50 ms. What is larger than those has 60 ms: all
départements unfolded, a list of assignments beside the table, and a dashboard with a filter on an answer, which counts
those chosen and everybody beside them.
"""

import asyncio
import datetime as dt
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

import httpx
import msgspec
from figures import RESPONSES, fill
from support import answers, questionnaire

from analytics.folding import fold_all
from analytics.reading import editions_of_number
from base.database import connected
from base.embedded import running
from base.migrating import migrate
from base.settings import Settings
from directory.actors import Actor, actor_by_email
from directory.generating import generate
from directory.granting import hold
from directory.importing import import_agents
from directory.sessions import begin
from directory.territories import load_territories
from forms.questionnaire import Questionnaire
from surveys.access import survey_to_see
from surveys.drafting import create, put_audience
from surveys.drafts import answer_in_hand, save
from surveys.generating import answer_for_all
from surveys.merging import DraftChange
from surveys.publishing import Publication, publish
from surveys.survey import Audience, NewSurvey, Survey
from web.app import create_app
from web.authentication import SESSION

AGENTS: Final = 9_000
OTHERS: Final = 4
"""Surveys that everybody is asked, beside the one that is measured."""

ROUNDS: Final = 100
WARM_UP: Final = 3
EMPTY: Final = "/mentions-legales"


class Measured(NamedTuple):
    """A page: what it is called, whether the agent or whoever follows the surveys sees it, and its limit in seconds."""

    name: str
    follows: bool
    address: str
    limit: float


PAGES: Final = (
    Measured("home", False, "/", 0.005),
    Measured("a form of 20 questions", False, "/s/autre-1/etape/1", 0.005),
    Measured(f"follow-up of {AGENTS:,}", True, "/enquetes/mesure/suivi", 0.030),
    Measured("the same, all unfolded", True, "/enquetes/mesure/suivi?ouvert=tout&carte=department", 0.060),
    Measured("the same, with a list", True, "/enquetes/mesure/suivi?etat=not_begun", 0.060),
    Measured(f"dashboard of {RESPONSES:,}", True, "/s/mesure/resultats", 0.050),
    Measured("the same, filtered", True, "/s/mesure/resultats?where=q1:tout&par=department", 0.060),
)


async def ask_everybody(survey: Survey, now: dt.datetime) -> Survey:
    """Publish to the whole directory."""
    await put_audience(survey, Audience())
    return await publish(None, survey, Publication(), now=now)


async def prepare(now: dt.datetime) -> tuple[Actor, Actor]:
    """The directory, what it is asked and what it answered; an agent with a draft, and an administrator."""
    made = generate(1, AGENTS)
    await import_agents(made.agents_csv(), lambda *_: None, now=now)
    agent, boss = [await someone(person.email) for person in made.agents[:2]]
    await hold(boss.email, "administrator", None, now=now)
    boss = await someone(boss.email)
    mesure = await ask_everybody(await survey_to_see(boss, "mesure"), now)
    await answer_for_all(mesure, seed=1, share=0.4, now=now)
    document = msgspec.convert(questionnaire(), Questionnaire)
    for number in range(OTHERS):
        new = NewSurvey(questionnaire=document, slug=f"autre-{number + 1}")
        survey = await ask_everybody(await create(None, new, now=now), now)
        in_hand = await answer_in_hand(agent, survey.slug, now=now)
        given = answers(random.Random(1)) | {f"q{place}": 50 for place in (4, 9, 14, 19)}  # every question is asked
        await save(agent, in_hand, DraftChange(version=0, set={f"/{name}": given[name] for name in given}), now=now)
    await fold_all(editions_of_number)
    return agent, boss


async def someone(email: str) -> Actor:
    """An agent of the directory."""
    actor = await actor_by_email(email)
    assert actor is not None
    return actor


async def browser(actor: Actor, url: str) -> httpx.AsyncClient:
    """The service in this process, as somebody who signed in reads it."""
    app = create_app(Settings(data_dir=Path(os.environ["NAVETTE_DATA_DIR"]), database_url=url))
    secret = await begin(actor.id, dt.datetime.now(dt.UTC))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="https://bench.example",
        headers={"Accept": "text/html", "Accept-Language": "fr", "Cookie": f"{SESSION}={secret}"},
    )


async def more_than_empty(client: httpx.AsyncClient, address: str) -> float:
    """How many seconds more the page takes than the empty one: the difference of the medians."""
    addresses = (EMPTY, address)
    times: dict[str, list[float]] = {one: [] for one in addresses}
    for turn in range(WARM_UP + ROUNDS):
        for one in addresses:
            start = time.perf_counter()
            answer = await client.get(one)
            taken = time.perf_counter() - start
            assert answer.status_code == 200, (one, answer.status_code)
            if turn >= WARM_UP:
                times[one].append(taken)
    return statistics.median(times[address]) - statistics.median(times[EMPTY])


async def measure(url: str) -> bool:
    """Print what each page takes; whether all keep their limits."""
    async with connected(url):
        agent, boss = await prepare(dt.datetime.now(dt.UTC))
        kept = True
        async with await browser(agent, url) as answering, await browser(boss, url) as following:
            for page in PAGES:
                more = await more_than_empty(following if page.follows else answering, page.address)
                ratio = more / page.limit
                kept &= ratio <= 1
                print(f"{page.name}: {1000 * more:.1f} ms, {ratio:.2f} of the limit of {1000 * page.limit:.0f} ms")
        return kept


async def begin_with(owner_url: str, url: str) -> None:
    """An empty database with the territories of France."""
    await migrate(owner_url)
    async with connected(url):
        await load_territories()


def main() -> None:
    """Fill, measure, fail above a limit."""
    with tempfile.TemporaryDirectory(prefix="navette-bench-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        os.environ["NAVETTE_DATA_DIR"] = str(folder / "data")
        with running(folder / "data") as server:
            asyncio.run(begin_with(server.owner_url, server.database_url))
            asyncio.run(fill())
            kept = asyncio.run(measure(server.database_url))
    sys.exit(not kept)


if __name__ == "__main__":
    main()
