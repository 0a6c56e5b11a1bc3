"""A survey in two editions with every kind of question, and responses to it made up at random."""

import datetime as dt
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import msgspec
import pytest

from analytics.cube import View
from analytics.encoding import encode
from base.database import transaction
from base.ids import row_key, uuid7
from forms.questionnaire import Questionnaire, decode
from surveys.queries import queue_changes
from surveys.rows import Row, encode_row

NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)

FIRST: dict[str, Any] = {
    "title": {"fr": "Logements"},
    "languages": ["fr"],
    "choice_lists": {
        "ouinon": [{"name": "oui", "label": {"fr": "Oui"}}, {"name": "non", "label": {"fr": "Non"}}],
        "themes": [{"name": "eau"}, {"name": "air"}, {"name": "sol"}],
    },
    "questions": [
        {"kind": "select_one", "name": "q1", "label": {"fr": "D’accord ?"}, "choices": "ouinon"},
        {
            "kind": "group",
            "name": "g",
            "questions": [{"kind": "select_multiple", "name": "q2", "choices": "themes"}],
        },
        {"kind": "integer", "name": "q3"},
        {"kind": "decimal", "name": "q4"},
        {"kind": "range", "name": "q5", "min": 0, "max": 1, "step": 0.1},
        {"kind": "date", "name": "q6"},
        {"kind": "text", "name": "q7"},
        {"kind": "acknowledge", "name": "q8", "label": {"fr": "Lu"}},
        {"kind": "calculate", "name": "q9"},
        {"kind": "hidden", "name": "q10"},
        {"kind": "integer", "name": "q11"},
        {"kind": "integer", "name": "gone"},
        {"kind": "note", "name": "n"},
    ],
}


def second() -> dict[str, Any]:
    """The next edition: a choice and a question more, a question less, and one that changed its kind."""
    changed = msgspec.json.decode(msgspec.json.encode(FIRST))
    changed["choice_lists"]["ouinon"] = [{"name": "nsp", "label": {"fr": "Ne sait pas"}}, {"name": "oui"}]
    questions = [question for question in changed["questions"] if question["name"] != "gone"]
    questions[10] = {"kind": "text", "name": "q11"}
    changed["questions"] = [*questions, {"kind": "select_one", "name": "q12", "choices": "ouinon"}]
    return changed


EDITIONS = {number: decode(msgspec.json.encode(form)) for number, form in ((1, FIRST), (2, second()))}

VALUES: dict[str, list[Any]] = {
    "q2": [["eau"], ["eau", "sol"], ["air", "sol"], ["eau", "air", "sol"]],
    "q3": [-2, 0, 1, 2, 3, 40],
    "q4": [-0.0, 0.0, 0.1, 0.7, 1e16, -3.25],
    "q5": [0, 0.1, 0.3, 1],
    "q6": ["2025-12-31", "2026-01-01", "2026-02-28"],
    "q7": ["", "L’eau potable", "eau et air", "été"],
    "q8": ["OK"],
    "q9": [1, 2.5, "oui", True],
    "q10": ["a", "b"],
    "q12": ["nsp", "oui"],
}


class Sample(NamedTuple):
    """What the tests share."""

    editions: dict[int, Questionnaire]

    def __repr__(self) -> str:
        return "Sample()"

    def chance(self, seed: int) -> random.Random:
        """Where made-up things come from, the same for the same seed."""
        return random.Random(seed)

    def rows(self, chance: random.Random, count: int) -> list[Row]:
        """Responses as the queue has them."""
        return [self.row(chance) for _ in range(count)]

    def row(self, chance: random.Random, response: UUID | None = None, revision: int = 1) -> Row:
        """One response; some questions are not asked, some not answered."""
        edition = chance.choice([1, 2])
        values = VALUES | {"q1": ["oui", "non"] if edition == 1 else ["nsp", "oui"]}
        values |= {"q11": [1, 2] if edition == 1 else ["un", "deux"]}
        values |= {"gone": [7, 8]} if edition == 1 else {}
        if edition == 1:
            del values["q12"]
        answers: dict[str, Any] = {}
        for name, possible in values.items():
            match chance.randrange(4):
                case 0:
                    pass
                case 1:
                    answers[name] = None
                case _:
                    answers[name] = chance.choice(possible)
        region = chance.choice([None, "R-53", "R-11"])
        return Row(
            response=response or UUID(int=chance.getrandbits(128)),
            revision=revision,
            edition=edition,
            channel=chance.choice(["assigned", "open", "import"]),
            territory=region,
            region=region,
            department=chance.choice([None, "D-29"]) if region == "R-53" else None,
            unit=chance.choice([None, "ddtm-29"]),
            unit_kind=chance.choice([None, "ddtm"]),
            communities=chance.choice([[], ["eau"], ["eau", "risques"]]),
            day=dt.date(2026, 1, 1) + dt.timedelta(days=chance.randrange(3)),
            record_key=chance.getrandbits(32),
            answers=answers,
        )

    def view(self, rows: Sequence[Row]) -> View:
        """What the cube would show of these rows."""
        return View(encode(rows, self.editions), "v", NOW, 0)

    async def load(self, number: int) -> dict[int, Questionnaire]:
        """The editions of whatever survey."""
        assert number > 0
        return self.editions


@pytest.fixture(scope="session")
def sample() -> Sample:
    """The survey, its editions and its made-up responses."""
    return Sample(EDITIONS)


class Sender:
    """Writes responses and their changes as `surveys/answering.py` and `amending.py` do: both in one transaction."""

    def __init__(self, survey: UUID) -> None:
        self.survey = survey
        self.held: dict[UUID, Row] = {}

    async def send(self, part: int, rows: Sequence[Row]) -> None:
        """New responses."""
        async with transaction() as connection:
            for row in rows:
                await connection.execute(
                    """
                    INSERT INTO response (part, id, survey, edition, channel, unit_kind, territory, region, department,
                        communities, base_weight, submitted_at, day, revision, revised_at, answers, content_hash,
                        revision_hash, row_key, record_key, unit)
                    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11, $12, $13, $11, $14, $15, $15, $16, $17,
                        (SELECT id FROM unit WHERE code = $18)
                    """,
                    part,
                    row.response,
                    self.survey,
                    row.edition,
                    row.channel,
                    row.unit_kind,
                    row.territory,
                    row.region,
                    row.department,
                    row.communities,
                    NOW,
                    row.day,
                    row.revision,
                    msgspec.json.encode(row.answers).decode(),
                    bytes(32),
                    _key(part, row),
                    row.record_key,
                    row.unit,
                )
            await queue_changes(connection, [(part, _key(part, row), encode_row(row)) for row in rows])
        self.held |= {row.response: row for row in rows}

    async def amend(self, part: int, row: Row) -> None:
        """Other answers, in the edition they were given under."""
        before = self.held[row.response]
        after = msgspec.structs.replace(before, revision=before.revision + 1, edition=row.edition, answers=row.answers)
        async with transaction() as connection:
            await connection.execute(
                """
                UPDATE response SET revision = $3, edition = $4, answers = $5, row_key = $6 WHERE part = $1 AND id = $2
                """,
                part,
                after.response,
                after.revision,
                after.edition,
                msgspec.json.encode(after.answers).decode(),
                _key(part, after),
            )
            row = (part, _key(part, after), encode_row(after))
            await queue_changes(connection, [(part, _key(part, before), None), row])
        self.held[after.response] = after

    async def erase(self, part: int, response: UUID) -> None:
        """No answers any more."""
        before = self.held.pop(response)
        async with transaction() as connection:
            await connection.execute(
                "UPDATE response SET answers = NULL, erased_at = $3 WHERE part = $1 AND id = $2", part, response, NOW
            )
            await queue_changes(connection, [(part, _key(part, before), None)])

    async def shuffle(self, part: int) -> None:
        """Put the queue in a random order: clocks of several processes do not agree."""
        async with transaction() as connection:
            await connection.execute("UPDATE change SET id = gen_random_uuid() WHERE part = $1", part)


def _key(part: int, row: Row) -> int:
    return row_key(part, row.response, row.revision)


@pytest.fixture
async def sender(database: Any) -> Callable[[], Sender]:
    """Makes senders, all for one survey."""
    unit, agent, survey = uuid7(), uuid7(), uuid4()
    async with transaction() as connection:
        await connection.execute(
            "INSERT INTO unit (id, code, name, kind, territory) VALUES ($1, 'ddtm-29', 'DDTM 29', 'ddtm', 'D-29')", unit
        )
        await connection.execute(
            """
            INSERT INTO agent (id, email, given_name, family_name, unit, active, created_at)
            VALUES ($1, 'a@b.fr', 'A', 'B', $2, true, $3)
            """,
            agent,
            unit,
            NOW,
        )
        await connection.execute(
            """
            INSERT INTO survey (id, slug, kind, title, owner, anonymity, answering, questionnaire, spread, created_at,
                created_by)
            VALUES ($1, 's', 'survey', '{}', $2, 'named', 'agent', '', 1, $3, $4)
            """,
            survey,
            unit,
            NOW,
            agent,
        )
    return lambda: Sender(survey)
