"""All results of a survey of 20 questions with 100,000 responses, as an HTTP answer of the service.

The limit is absolute: 50 ms, the median of 30 answers by one worker, after the first one that loads the columns.
"""

import asyncio
import datetime as dt
import os
import random
import statistics
import sys
import tempfile
import time
import uuid
from pathlib import Path

import httpx
import msgspec
from support import answers, command, questionnaire, serving

from base.database import connected, transaction
from base.embedded import running
from base.ids import part_of, row_key
from forms.questionnaire import Questionnaire
from forms.validating import compile_judge
from surveys import queries
from surveys.drafting import create
from surveys.publishing import Publication, publish
from surveys.rows import Row, encode_row
from surveys.survey import NewSurvey

RESPONSES = 100_000
BATCH = 5_000
ROUNDS = 30
LIMIT = 0.050
DEPARTMENTS = [f"D-{number:02}" for number in range(1, 96) if number != 20]


async def fill() -> None:
    """A published survey, and rows in its queue as so many responses would have left them."""
    now = dt.datetime.now(dt.UTC)
    document = msgspec.convert(questionnaire(), Questionnaire)
    judge = compile_judge(document)
    chance = random.Random(1)
    with running(Path(os.environ["NAVETTE_DATA_DIR"])) as server:
        async with connected(server.database_url):
            survey = await create(None, NewSurvey(questionnaire=document, slug="mesure"), now=now)
            survey = await publish(None, survey, Publication(open_link=True), now=now)
            for _ in range(RESPONSES // BATCH):
                changes = []
                for _ in range(BATCH):
                    response = uuid.uuid4()
                    row = Row(
                        response=response,
                        revision=1,
                        edition=1,
                        channel="open",
                        department=chance.choice(DEPARTMENTS),
                        day=now.date(),
                        record_key=chance.getrandbits(32),
                        answers=judge.validate(answers(chance), today=now.date()).answers,
                    )
                    part = part_of(survey.number, survey.spread, response)
                    changes.append((part, row_key(part, response, 1), encode_row(row)))
                async with transaction() as connection:
                    await queries.queue_changes(connection, changes)


def measure(port: int) -> float:
    """The median seconds of an answer, once everything is folded."""
    token = command("token", "create", "boss@bench.example", "--role", "administrator")
    client = httpx.Client(
        base_url=f"http://127.0.0.1:{port}/api/v1/surveys/mesure",
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    deadline = time.monotonic() + 120
    while (result := client.get("/results").raise_for_status().json())["pending"]:
        assert time.monotonic() < deadline, result["pending"]
        time.sleep(0.2)
    assert result["responses"] == RESPONSES
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        client.get("/results").raise_for_status()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def main() -> None:
    """Fill, measure, fail above the limit."""
    with tempfile.TemporaryDirectory(prefix="navette-bench-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        with serving(folder) as port:
            asyncio.run(fill())
            seconds = measure(port)
    print(f"results over HTTP: {1000 * seconds:.1f} ms, {seconds / LIMIT:.2f} of the limit of {1000 * LIMIT:.0f} ms")
    sys.exit(seconds > LIMIT)


if __name__ == "__main__":
    main()
