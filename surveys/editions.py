"""Editions at hand: a published questionnaire never changes, so each process reads and compiles it once."""

import datetime as dt
import hashlib
from collections.abc import Iterable
from typing import Final, NamedTuple
from uuid import UUID

from asyncpg import Connection

from forms import questionnaire as forms
from forms.estimating import minutes
from forms.validating import Judge, compile_judge
from surveys import queries
from surveys.problems import EDITION_CLOSED, EDITION_DAMAGED, EDITION_UNKNOWN
from surveys.survey import Survey

GRACE: Final = dt.timedelta(days=7)
"""How long an edition still judges answers after the next one was published."""

CAPACITY: Final = 500
"""Editions that a process keeps compiled."""


class Edition(NamedTuple):
    """A published questionnaire, its judge, and the minutes that answering it takes."""

    number: int
    questionnaire: forms.Questionnaire
    judge: Judge
    minutes: int


_kept: Final[dict[tuple[UUID, int], Edition]] = {}


def fingerprint(document: bytes) -> bytes:
    """SHA-256 over the exact bytes of an edition."""
    return hashlib.sha256(document).digest()


async def editions_by_number(connection: Connection, survey: UUID, numbers: Iterable[int]) -> dict[int, Edition]:
    """These editions; raises `surveys/edition-damaged` where one does not match its fingerprint."""
    wanted = set(numbers)
    missing = [number for number in wanted if (survey, number) not in _kept]
    found = {number: _kept[survey, number] for number in wanted if (survey, number) in _kept}
    if missing:
        for stored in await queries.edition_documents(connection, survey, missing):
            if fingerprint(stored.document) != stored.hash:
                raise EDITION_DAMAGED(survey=survey, edition=stored.number)
            questionnaire = forms.decode(stored.document)
            found[stored.number] = _keep(survey, edition_of(stored.number, questionnaire))
    return found


async def all_editions(connection: Connection, survey: Survey) -> dict[int, Edition]:
    """Every edition of a survey, by number."""
    return await editions_by_number(connection, survey.id, range(1, (survey.edition or 0) + 1))


async def edition_to_judge(connection: Connection, survey: Survey, number: int | None, now: dt.datetime) -> Edition:
    """The edition that judges an answer: the current one, or `number` if it was replaced less than 7 days ago."""
    current = survey.edition or 0
    wanted = current if number is None else number
    if not 1 <= wanted <= current:
        raise EDITION_UNKNOWN(edition=wanted, current=current)
    if wanted != current:
        until = await queries.superseded_at(connection, survey.id, wanted)
        if until is not None and until + GRACE <= now:
            raise EDITION_CLOSED(edition=wanted, current=current)
    return (await editions_by_number(connection, survey.id, [wanted]))[wanted]


def edition_of(number: int, questionnaire: forms.Questionnaire) -> Edition:
    """A questionnaire made ready to be answered."""
    return Edition(number, questionnaire, compile_judge(questionnaire), minutes(questionnaire))


def _keep(survey: UUID, edition: Edition) -> Edition:
    while len(_kept) >= CAPACITY:
        _kept.pop(next(iter(_kept)))
    _kept[survey, edition.number] = edition
    return edition
