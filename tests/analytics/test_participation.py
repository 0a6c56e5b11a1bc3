"""Participation is counted in the ledger: on what was expected, never on what came in."""

import datetime as dt
from typing import Any
from uuid import UUID

import msgspec
import pytest

from analytics.participation import By, Participation, participation
from base.database import transaction
from base.ids import part_of, parts_of, uuid7

pytestmark = pytest.mark.anyio

NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
SPREAD = 4


class Ledger:
    """A survey with units and communities, to which a test adds expected answers."""

    def __init__(self, survey: UUID, number: int, units: dict[str, UUID]) -> None:
        self.survey = survey
        self.number = number
        self.units = units
        self.parts = parts_of(number, SPREAD)

    async def expect(
        self,
        territory: str,
        *,
        unit: str = "ddt-a",
        state: str = "expected",
        disposition: str = "in_scope",
        origin: str = "initial",
        communities: tuple[str, ...] = (),
        state_at: dt.datetime = NOW,
        day: dt.date | None = None,
    ) -> None:
        """One more expected answer; with `day`, a response of that local day."""
        id_ = uuid7()
        part = part_of(self.number, SPREAD, id_)
        async with transaction() as connection:
            agent = await connection.fetchval(
                "INSERT INTO agent (id, email, given_name, family_name, unit, active, created_at)"
                " VALUES ($1, $2, '', '', $3, true, $4) RETURNING id",
                uuid7(),
                f"{id_}@example.fr",
                self.units[unit],
                NOW,
            )
            await connection.execute(
                "INSERT INTO assignment (part, id, survey, agent, unit, unit_kind, territory, region, department,"
                " communities, base_weight, origin, entered_at, disposition, disposition_at, state, state_at)"
                " SELECT $1, $2, $3, $4, $5, 'ddt', code, region, department, $7, 1, $8, $9, $10, $9, $11, $12"
                " FROM territory WHERE code = $6",
                part,
                id_,
                self.survey,
                agent,
                self.units[unit],
                territory,
                list(communities),
                origin,
                NOW,
                disposition,
                state,
                state_at,
            )
            if day:
                await connection.execute(
                    "INSERT INTO response (part, id, survey, edition, assignment, channel, territory, communities,"
                    " base_weight, submitted_at, day, revision, revised_at, answers, content_hash, revision_hash,"
                    " row_key, record_key)"
                    " VALUES ($1, $2, $3, 1, $4, 'assigned', $5, '{}', 1, $6, $7, 1, $6, '{}', $8, $8, 1, 1)",
                    part,
                    uuid7(),
                    self.survey,
                    id_,
                    territory,
                    NOW,
                    day,
                    bytes(32),
                )

    async def by(self, by: By, language: str = "fr") -> Participation:
        return await participation(self.parts, by, language)


@pytest.fixture
async def ledger(database: object) -> Ledger:
    """An empty ledger, and beside it one of another survey that must never be counted."""
    mine = await _survey("mine")
    other = await _survey("other")
    await other.expect("D-29", state="sent")
    return mine


async def _survey(slug: str) -> Ledger:
    async with transaction() as connection:
        await connection.execute(
            "INSERT INTO unit (id, code, name, kind, territory) VALUES ($1, 'ddt-a', 'Écologie A', 'ddt', 'D-29'),"
            " ($2, 'ddt-z', 'DDT Z', 'ddt', 'D-29') ON CONFLICT DO NOTHING",
            uuid7(),
            uuid7(),
        )
        await connection.execute(
            """INSERT INTO community (id, slug, name) VALUES ($1, 'eau', '{"fr": "Eau", "en": "Water"}'),"""
            """ ($2, 'air', '{"fr": "Air"}') ON CONFLICT DO NOTHING""",
            uuid7(),
            uuid7(),
        )
        units = {row["code"]: row["id"] for row in await connection.fetch("SELECT code, id FROM unit")}
        survey = await connection.fetchrow(
            "INSERT INTO survey (id, slug, kind, title, owner, anonymity, answering, questionnaire, spread, created_at)"
            " VALUES ($1, $2, 'survey', '{}', $3, 'named', 'agent', '', $4, $5) RETURNING id, number",
            uuid7(),
            slug,
            units["ddt-a"],
            SPREAD,
            NOW,
        )
    return Ledger(survey["id"], survey["number"], units)


def table(result: Participation) -> list[tuple[Any, ...]]:
    return [(item.key, item.label, item.expected, item.started, item.answered) for item in result.items]


async def test_states(ledger: Ledger) -> None:
    """Started: draft, returned; answered: sent, accepted; unreachable ones stay expected, exempt ones and tests go."""
    for state in ("expected", "opened", "draft", "returned", "sent", "accepted"):
        await ledger.expect("D-29", state=state)
    await ledger.expect("D-29", disposition="unreachable")
    for gone in ("exempt", "left", "duplicate"):
        await ledger.expect("D-29", disposition=gone)
    await ledger.expect("D-29", state="exempt")
    await ledger.expect("D-29", origin="test", state="sent")
    result = await ledger.by("department")
    assert (result.expected, result.started, result.answered) == (7, 2, 2)
    assert result.rate == pytest.approx(2 / 7)
    assert table(result) == [("D-29", "Finistère", 7, 2, 2)]


async def test_nothing_expected(ledger: Ledger) -> None:
    """Where nothing is expected there is no rate, and no group."""
    result = await ledger.by("region")
    assert msgspec.to_builtins(result) == {
        "by": "region",
        "expected": 0,
        "started": 0,
        "answered": 0,
        "rate": None,
        "items": [],
    }


async def test_departments_by_code_and_those_outside_last(ledger: Ledger) -> None:
    """Départements without an answer are shown; a unit above them stands under a null key, at the end."""
    for territory in ("FR", "D-971", "D-2A", "D-29", "R-53"):
        await ledger.expect(territory)
    result = await ledger.by("department")
    assert table(result) == [
        ("D-29", "Finistère", 1, 0, 0),
        ("D-2A", "Corse-du-Sud", 1, 0, 0),
        ("D-971", "Guadeloupe", 1, 0, 0),
        (None, "Hors département", 2, 0, 0),
    ]
    assert [item.rate for item in result.items] == [0.0, 0.0, 0.0, 0.0]
    assert (await ledger.by("department", "en")).items[-1].label == "Outside any département"


async def test_regions_by_name_without_accents(ledger: Ledger) -> None:
    """Île-de-France stands between Hauts-de-France and Normandie."""
    for territory in ("R-28", "R-11", "R-32"):
        await ledger.expect(territory)
    result = await ledger.by("region")
    assert [item.key for item in result.items] == ["R-32", "R-11", "R-28"]


async def test_units(ledger: Ledger) -> None:
    """Units are named by their code and come by name."""
    await ledger.expect("D-29", unit="ddt-a")
    await ledger.expect("D-29", unit="ddt-z", state="draft")
    assert table(await ledger.by("unit")) == [("ddt-z", "DDT Z", 1, 1, 0), ("ddt-a", "Écologie A", 1, 0, 0)]


async def test_communities_overlap(ledger: Ledger) -> None:
    """An assignment counts in each of its communities and once in the whole; an unknown community shows its slug."""
    await ledger.expect("D-29", communities=("air", "eau"), state="sent")
    await ledger.expect("D-29", communities=("eau",))
    await ledger.expect("D-29", communities=("old",))
    await ledger.expect("D-29")
    result = await ledger.by("community", "en")
    assert (result.expected, result.answered) == (4, 1)
    assert table(result) == [
        ("air", "Air", 1, 0, 1),
        ("old", "old", 1, 0, 0),
        ("eau", "Water", 2, 0, 1),
        (None, "No community", 1, 0, 0),
    ]


async def test_days_are_local(ledger: Ledger) -> None:
    """Answers stand on the local day of their response; where the ledger has none, on the local day of sending."""
    await ledger.expect("D-29", state="accepted", day=dt.date(2026, 3, 1))
    await ledger.expect("D-29", state="sent", day=dt.date(2026, 3, 1))
    await ledger.expect("D-29", state="returned", day=dt.date(2026, 3, 1))
    await ledger.expect("D-988", state="sent", state_at=dt.datetime(2026, 3, 2, 20, 0, tzinfo=dt.UTC))
    await ledger.expect("D-29")
    result = await ledger.by("day")
    assert (result.expected, result.started, result.answered) == (5, 1, 3)
    assert table(result) == [
        ("2026-03-01", "2026-03-01", None, None, 2),
        ("2026-03-03", "2026-03-03", None, None, 1),
    ]
    assert [item.rate for item in result.items] == [None, None]


async def test_one_statement(ledger: Ledger) -> None:
    """However many groups there are, one statement counts them."""
    for territory in ("D-29", "D-35", "D-22"):
        await ledger.expect(territory)
    asked: list[str] = []
    async with transaction(readonly=True) as connection:
        with connection.query_logger(lambda query: asked.append(query.query)):
            await ledger.by("department")
    assert len([query for query in asked if "assignment" in query or "territory" in query]) == 1
