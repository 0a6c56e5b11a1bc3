"""Publishing: the working copy becomes an edition, everybody in the audience an assignment; closing and reopening.

Here an answer's way begins: a published edition is what `answering.py` judges by.
"""

import datetime as dt
import secrets
from typing import Final

import msgspec
from asyncpg import Connection

from base.database import transaction
from base.language import N_
from base.problems import INVALID
from directory.actors import Actor
from forms import questionnaire as forms
from forms.checking import check
from forms.questionnaire import Questionnaire
from surveys import queries
from surveys.assigning import assign, spread
from surveys.editions import fingerprint
from surveys.problems import ANONYMOUS_NOT_YET, NO_AUDIENCE, NOT_PUBLISHED, QUESTIONNAIRE_FLAWS
from surveys.queries import EditionDocument
from surveys.survey import PARIS, Survey
from surveys.wording import flaw_members, invalid

LATEST: Final = dt.timezone(dt.timedelta(hours=-10))
"""The last of France's time zones to end a day (Tahiti): a survey that closes on a date closes there last."""


class Publication(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a survey opens and closes, and whether whoever has its link may answer.

    A date means from its first or until its last minute; a time without offset is Paris's. Left out, `opens_at` is now,
    `closes_at` never; on a survey published before, both stay as they are.
    """

    opens_at: str | msgspec.UnsetType | None = msgspec.UNSET
    closes_at: str | msgspec.UnsetType | None = msgspec.UNSET
    open_link: bool | msgspec.UnsetType = msgspec.UNSET


class Reopening(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Until when a closed survey takes answers again; left out, without end."""

    closes_at: str | None = None


async def publish(actor: Actor | None, survey: Survey, publication: Publication, *, now: dt.datetime) -> Survey:
    """Freeze the working copy as the next edition and ask everybody in the audience who is not asked yet.

    An unchanged questionnaire makes no new edition, and a closed survey stays closed until it is reopened. Raises
    `surveys/no-audience` where nobody would be asked, and `surveys/questionnaire-flaws`.
    """
    async with transaction() as connection:
        current = await queries.lock_survey(connection, survey.id)
        if current.anonymity == "anonymous":
            raise ANONYMOUS_NOT_YET()
        questionnaire = await queries.working_copy(connection, survey.id)
        flaws = check(questionnaire)
        if any(flaw.severity == "error" for flaw in flaws):
            raise QUESTIONNAIRE_FLAWS(members={"flaws": flaw_members(flaws)})

        dated = await spread(connection, _dated(current, publication, now))
        asked = await assign(connection, dated, now=now)
        if current.edition is None and not asked and not dated.link:
            raise NO_AUDIENCE()
        if current.edition is not None and publication.closes_at is not msgspec.UNSET:
            await queries.set_deadlines(connection, dated)
        edition = await _freeze(connection, actor, current, questionnaire, now)
        published = msgspec.structs.replace(dated, edition=edition, title=questionnaire.title)
        await queries.update_survey(connection, published)
    return published


async def _freeze(
    connection: Connection, actor: Actor | None, survey: Survey, questionnaire: Questionnaire, now: dt.datetime
) -> int:
    """The number of the edition that holds this questionnaire: the current one if it does, else a new one."""
    document = forms.encode(questionnaire)
    if survey.edition is not None:
        (current,) = await queries.edition_documents(connection, survey.id, [survey.edition])
        if current.document == document:
            return current.number
    edition = EditionDocument(number=(survey.edition or 0) + 1, document=document, hash=fingerprint(document))
    await queries.insert_edition(connection, survey.id, edition, at=now, by=actor.id if actor else None)
    return edition.number


async def close(survey: Survey, *, now: dt.datetime) -> Survey:
    """Take no more answers, from anybody, from now on."""
    async with transaction() as connection:
        current = await queries.lock_survey(connection, survey.id)
        if current.edition is None:
            raise NOT_PUBLISHED()
        if current.closed_at is None:
            current = msgspec.structs.replace(current, closed_at=now)
            await queries.update_survey(connection, current)
    return current


async def reopen(survey: Survey, reopening: Reopening, *, now: dt.datetime) -> Survey:
    """Take answers again, until the date given."""
    async with transaction() as connection:
        current = await queries.lock_survey(connection, survey.id)
        if current.edition is None:
            raise NOT_PUBLISHED()
        opens_at = current.opens_at if current.opens_at and current.opens_at <= now else now
        closes_at, closes_on = _end(reopening.closes_at, opens_at, now)
        reopened = msgspec.structs.replace(
            current, opens_at=opens_at, closes_at=closes_at, closes_on=closes_on, closed_at=None
        )
        await queries.update_survey(connection, reopened)
        await queries.set_deadlines(connection, reopened)
    return reopened


def _dated(survey: Survey, publication: Publication, now: dt.datetime) -> Survey:
    opens_at, closes_at, closes_on, link = survey.opens_at, survey.closes_at, survey.closes_on, survey.link
    if opens_at is not None and survey.edition is not None and opens_at <= now:
        if publication.opens_at and _begin(publication.opens_at, now) != opens_at:
            fault = N_("It has opened already: close it, or leave this out.")
            raise INVALID(invalid_params=[invalid("/opens_at", "range", fault)])
    elif publication.opens_at is not msgspec.UNSET or opens_at is None:
        opens_at = _begin(publication.opens_at or None, now)
    if publication.closes_at is not msgspec.UNSET:
        closes_at, closes_on = _end(publication.closes_at, opens_at, now)
    elif closes_at is not None and closes_at <= opens_at:
        raise _bad_order("/opens_at")
    if publication.open_link is True:
        link = link or secrets.token_urlsafe(16)
    elif publication.open_link is False:
        link = None
    return msgspec.structs.replace(survey, opens_at=opens_at, closes_at=closes_at, closes_on=closes_on, link=link)


def _begin(text: str | None, now: dt.datetime) -> dt.datetime:
    if text is None:
        return now
    try:
        if len(text) == len("2026-12-03"):
            return dt.datetime.combine(dt.date.fromisoformat(text), dt.time.min, PARIS).astimezone(dt.UTC)
        return _instant(text)
    except (ValueError, OverflowError):
        raise _bad_date("/opens_at") from None


def _end(text: str | None, opens_at: dt.datetime, now: dt.datetime) -> tuple[dt.datetime | None, dt.date | None]:
    if text is None:
        return None, None
    day = None
    try:
        if len(text) == len("2026-12-03"):
            day = dt.date.fromisoformat(text)
            end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time.min, LATEST).astimezone(dt.UTC)
        else:
            end = _instant(text)
    except (ValueError, OverflowError):
        raise _bad_date("/closes_at") from None
    if end <= max(opens_at, now):
        raise _bad_order("/closes_at")
    return end, day


def _instant(text: str) -> dt.datetime:
    instant = dt.datetime.fromisoformat(text)
    return (instant if instant.tzinfo else instant.replace(tzinfo=PARIS)).astimezone(dt.UTC)


def _bad_order(path: str) -> Exception:
    return INVALID(invalid_params=[invalid(path, "range", N_("It closes before it opens: give a later date."))])


def _bad_date(path: str) -> Exception:
    return INVALID(
        invalid_params=[
            invalid(path, "type", N_("A date (2026-12-03) or a date and time (2026-12-03T18:00:00+01:00) is wanted."))
        ]
    )
