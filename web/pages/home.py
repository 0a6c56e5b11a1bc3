"""The agent's home: what they owe, in the order of the days left, and what became of what they gave."""

import datetime as dt
from collections import Counter
from typing import Final

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency

from base.language import N_, translate
from surveys.owing import Expected, last_day, owed
from surveys.survey import PARIS
from web.pages.filling import Addresses
from web.pages.rendering import FOLLOWING, page
from web.pages.visiting import Visitor

STATES: Final = {
    "expected": N_("To begin"),
    "opened": N_("To begin"),
    "draft": N_("Draft, not sent yet"),
    "returned": N_("To correct"),
}
"""The states of the ledger from which one goes on, in words."""

ACTS: Final = {"expected": N_("Begin"), "opened": N_("Begin"), "draft": N_("Resume"), "returned": N_("Correct")}


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One expected answer: its state and what to do about it in words, where it is given, where its receipt is, and the
    last day on which it was taken, once it is closed.
    """

    one: Expected
    state: str
    act: str
    href: str
    receipt: str
    ended: dt.date | None


class HomePage(Controller):
    """The first page of whoever signed in."""

    @get("/")
    async def home(self, visitor: NamedDependency[Visitor], now: NamedDependency[dt.datetime]) -> Response[str]:
        found = await owed(visitor.actor, now=now)
        twice = Counter(one.survey.id for one in (*found.expected, *found.scheduled, *found.sent, *found.closed))

        def cards(of: list[Expected]) -> list[Card]:
            return [_card(one, visitor.language, named=twice[one.survey.id] > 1) for one in of]

        return page(
            visitor,
            "home/home.html",
            expected=cards(found.expected),
            scheduled=cards(found.scheduled),
            sent=cards(found.sent),
            closed=cards(found.closed),
            follows=any(held.role in FOLLOWING for held in visitor.actor.grants),
            now=now,
        )


def _card(one: Expected, language: str, *, named: bool) -> Card:
    """`named`: the survey asks them twice, so that the address says which answer is meant."""
    addresses = Addresses(slug=one.survey.slug, assignment=one.assignment if named else None)
    return Card(
        one=one,
        state=translate(STATES.get(one.state, ""), None, language),
        act=translate(ACTS.get(one.state, ""), None, language),
        href=addresses.of(),
        receipt=addresses.of("recu"),
        ended=min((day for day in (one.last_day, last_day(one.survey.closes_at, PARIS.key)) if day), default=None),
    )
