"""What somebody is asked, over all surveys: to answer now, later, answered, and closed without an answer."""

import datetime as dt
import uuid
from typing import Any

import pytest

from directory.tokens import actor_of_token, create_token
from surveys.drafts import answer_in_hand, save
from surveys.merging import DraftChange
from surveys.owing import RECENT, Expected, Owed, days_left, last_day, owed
from surveys.survey import PARIS

pytestmark = pytest.mark.anyio

ANNE, BRAN = "anne@ddtm-29.example", "bran@ddtm-29.example"
GUYANE = "felix@dgtm-973.example"
FINISTERE = {"territories": ["D-29"]}


async def actor_of(email: str):
    now = dt.datetime.now(dt.UTC)
    _, token = await create_token(email, role=None, scope=None, now=now)
    return await actor_of_token(token, now)


async def owed_by(email: str, now: dt.datetime | None = None, **options: Any) -> Owed:
    return await owed(await actor_of(email), now=now or dt.datetime.now(dt.UTC), **options)


def slugs(found: list[Expected]) -> list[str]:
    return [one.survey.slug for one in found]


def day(days: int) -> str:
    return (dt.datetime.now(PARIS).date() + dt.timedelta(days=days)).isoformat()


async def test_in_order_of_days_left(published, people) -> None:
    """Least time first; of the same time by title; what never closes comes last."""
    for slug, days in (("sans", None), ("loin", 30), ("pres", 2), ("aussi", 2)):
        await published(slug=slug, publication={"closes_at": day(days)} if days else {})
    found = (await owed_by(ANNE)).expected
    assert slugs(found)[2:] == ["loin", "sans"]
    assert set(slugs(found)[:2]) == {"pres", "aussi"}
    assert [one.days_left is None for one in found] == [False, False, False, True]


async def test_what_one_card_says(published, people) -> None:
    """Who asks, for whom, how far it is, and how long it takes."""
    await published(slug="moi", publication={"closes_at": day(4)})
    await published(FINISTERE, slug="nous", answering="unit")
    now = dt.datetime.now(dt.UTC)
    bran = await actor_of(BRAN)
    in_hand = await answer_in_hand(bran, "nous", now=now)
    await save(bran, in_hand, DraftChange(version=0, set={"/q1": "oui"}), now=now)
    mine, ours = (await owed_by(ANNE)).expected
    assert (mine.survey.slug, mine.owner_name, mine.for_unit, mine.state, mine.phase) == (
        "moi",
        "Direction générale",
        False,
        "expected",
        "open",
    )
    assert (mine.days_left, mine.minutes, mine.saved_at, mine.response) == (4, 1, None, None)
    assert mine.survey.link is None
    assert (ours.survey.slug, ours.for_unit, ours.state, ours.due_at, ours.days_left) == (
        "nous",
        True,
        "draft",
        None,
        None,
    )
    assert ours.saved_at == now
    assert ours.assignment == in_hand.assignment.id


async def test_of_nobody_else(published, people) -> None:
    """Others are asked nothing; those of another unit do not see what a unit is asked."""
    await published()
    await published(FINISTERE, answering="unit")
    empty = Owed(expected=[], scheduled=[], sent=[], closed=[])
    assert await owed_by("denis@ddtm-35.example") == empty
    assert await owed_by("editor@dgaln.example") == empty
    assert len((await owed_by("cecile@ddtm-35.example")).expected) == 1
    assert len((await owed_by(BRAN)).expected) == 2


async def test_sent(anne, people, published, sent) -> None:
    """What was sent, by whoever of the unit did, newest first, as many as are asked for; it is owed no more."""
    receipts = []
    for slug in ("un", "deux", "trois"):
        survey = await published(FINISTERE, slug=slug, answering="unit")
        receipts.append((await anne.post(f"{survey}/responses", json=sent())).json())
    found = await owed_by(BRAN)
    assert found.expected == []
    assert slugs(found.sent) == ["trois", "deux", "un"]
    assert [str(one.response) for one in found.sent] == [receipt["id"] for receipt in reversed(receipts)]
    assert [one.sent_at for one in found.sent] == [
        dt.datetime.fromisoformat(receipt["submitted_at"]) for receipt in reversed(receipts)
    ]
    assert slugs((await owed_by(BRAN, sent=2)).sent) == ["trois", "deux"]
    assert (await owed_by(BRAN, sent=0)).sent == []


async def test_not_open_yet(published, people) -> None:
    """What opens later is listed apart, the first to open first."""
    await published(slug="tard", publication={"opens_at": day(9)})
    await published(slug="bientot", publication={"opens_at": day(2)})
    found = await owed_by(ANNE)
    assert found.expected == []
    assert slugs(found.scheduled) == ["bientot", "tard"]


async def test_closed_without_an_answer(anne, editor, people, published, sent) -> None:
    """What closed on somebody, by its date or by hand, is listed for a while, the last one first."""
    await published(slug="date", publication={"closes_at": day(1)})
    by_hand = await published(slug="main")
    answered = await published(slug="repondu")
    assert (await anne.post(f"{answered}/responses", json=sent())).status_code == 201
    for survey in (by_hand, answered):
        assert (await editor.post(f"{survey}/close")).status_code == 200
    found = await owed_by(ANNE)
    assert (slugs(found.expected), slugs(found.closed), slugs(found.sent)) == (["date"], ["main"], ["repondu"])
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=3)
    assert slugs((await owed_by(ANNE, later)).closed) == ["date", "main"]
    assert (await owed_by(ANNE, later + RECENT)).closed == []


@pytest.mark.parametrize(
    "change", ["state = 'exempt'", "disposition = 'left'", "disposition = 'duplicate'", "origin = 'test'"]
)
async def test_no_longer_expected(people, published, sql, change) -> None:
    """What was waived, or is no answer that counts, is not owed."""
    await published()
    await sql.execute(f"UPDATE assignment SET {change}")
    assert (await owed_by(ANNE)).expected == []


async def test_sent_back(anne, people, published, sent, sql) -> None:
    """An answer to correct is owed again, with the response that it is about."""
    body = sent()
    assert (await anne.post(f"{await published()}/responses", json=body)).status_code == 201
    await sql.execute("UPDATE assignment SET state = 'returned' WHERE state = 'sent'")
    (one,) = (await owed_by(ANNE)).expected
    assert (one.state, one.response) == ("returned", uuid.UUID(body["id"]))


async def test_the_last_day_is_the_territorys(people, published) -> None:
    """A date means the end of that day where the answer is expected, and until then it is today's."""
    await published({"territories": ["D-29", "D-973"]}, publication={"closes_at": "2099-06-10"})
    moments = {
        "2099-06-09T23:30:00+00:00": {ANNE: 0, GUYANE: 1},  # half past one in Brest, half past eight in Cayenne
        "2099-06-10T21:59:59+00:00": {ANNE: 0, GUYANE: 0},
        "2099-06-10T22:00:00+00:00": {ANNE: None, GUYANE: 0},
        "2099-06-11T02:59:59+00:00": {ANNE: None, GUYANE: 0},
        "2099-06-11T03:00:00+00:00": {ANNE: None, GUYANE: None},
    }
    for moment, left in moments.items():
        now = dt.datetime.fromisoformat(moment)
        for email, days in left.items():
            found = await owed_by(email, now)
            assert [one.days_left for one in found.expected] == ([] if days is None else [days]), (moment, email)
            assert len(found.closed) == (days is None), (moment, email)


def test_days_left() -> None:
    """Counted by the calendar, over changes of the clock too, and never below none."""
    due = dt.datetime(2026, 10, 25, 23, tzinfo=dt.UTC)  # midnight in Paris, at the end of a day of 25 hours
    for now, left in (
        (dt.datetime(2026, 10, 24, 21, 59, tzinfo=dt.UTC), 1),
        (dt.datetime(2026, 10, 24, 22, tzinfo=dt.UTC), 0),
        (dt.datetime(2026, 10, 25, 22, 59, tzinfo=dt.UTC), 0),
        (dt.datetime(2026, 11, 2, tzinfo=dt.UTC), 0),
    ):
        assert days_left(due, "Europe/Paris", now) == left
    assert last_day(due, "Europe/Paris") == dt.date(2026, 10, 25)
    assert days_left(None, "Europe/Paris", due) is last_day(None, "Europe/Paris") is None
