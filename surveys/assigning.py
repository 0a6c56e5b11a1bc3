"""The ledger's beginning: who is asked becomes one expected answer each. Called by `publishing.py`, survey locked."""

import datetime as dt
from typing import Final

import msgspec
from asyncpg import Connection

from surveys import queries
from surveys.survey import Survey

NATIONAL: Final = 100_000
"""From this many expected answers on, a survey is spread over many parts."""

NATIONAL_SPREAD: Final = 64


def spread_for(expected: int) -> int:
    """How many parts a survey of this size is spread over; fixed when it is first published."""
    return NATIONAL_SPREAD if expected >= NATIONAL else 1


async def spread(connection: Connection, survey: Survey) -> Survey:
    """The survey, spread for the size of its audience; one that was published keeps the parts it has."""
    if survey.edition is not None or survey.audience is None:
        return survey
    reach = await queries.reach(connection, survey.answering, survey.audience)
    expected = reach.units if survey.answering == "unit" else reach.agents
    return msgspec.structs.replace(survey, spread=spread_for(expected))


async def assign(connection: Connection, survey: Survey, *, now: dt.datetime) -> int:
    """Add an assignment for everybody in the audience who has none yet; returns how many were added.

    Dimensions are frozen here: later changes of the directory touch none of them.
    """
    if survey.audience is None:
        return 0
    origin: Final = "initial" if survey.edition is None else "added"
    return await queries.insert_assignments(connection, survey, survey.audience, origin=origin, at=now)
