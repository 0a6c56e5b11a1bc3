"""Drafting: a survey from a questionnaire or a workbook, its working copy, its audience. Next: `publishing.py`."""

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
from asyncpg import Connection

from base.database import reading, transaction
from base.ids import uuid7
from base.language import N_
from base.problems import FORBIDDEN, INVALID, UNAUTHENTICATED, Problem
from directory.access import Scope, directorates, may
from directory.actors import Actor
from forms import questionnaire as forms
from forms.checking import check
from forms.flaws import Flaw
from forms.questionnaire import Questionnaire
from forms.xlsform import Refused, read
from surveys import queries
from surveys.access import may_edit, survey_by_link, survey_to_see
from surveys.editions import editions_by_number
from surveys.problems import EDITION_UNKNOWN, QUESTIONNAIRE_FLAWS, SLUG_TAKEN
from surveys.survey import Audience, Lane, NewSurvey, Reach, Survey
from surveys.wording import flaw_members, invalid

SLUG_LENGTH: Final = 60
SLUG_TRIES: Final = 5

RESERVED: Final = {"import", "nouvelle", "modele"}
"""Words that stand in addresses where a slug stands."""

_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


async def create(
    actor: Actor | None,
    new: NewSurvey,
    *,
    id: UUID | None = None,  # noqa: A002 - the word of the design
    warnings: Sequence[Flaw] = (),
    now: dt.datetime,
) -> Survey:
    """Store a new draft, with the warnings of the import that it comes from. `actor` null is the command line, which
    may do everything. With an `id` from the sender, the same draft sent twice is `surveys/already-created`.

    Raises `surveys/questionnaire-flaws` with every flaw, `surveys/slug-taken` for an explicit slug that is taken, and
    `forbidden` where the actor is no editor of the owner.
    """
    questionnaire = msgspec.structs.replace(new.questionnaire, title=new.title or new.questionnaire.title)
    _refuse_flaws(questionnaire)
    for _ in range(SLUG_TRIES):
        try:
            return await _create(actor, new, id or uuid7(), questionnaire, warnings, now)
        except Problem as problem:
            # Somebody else's draft took the slug that was made for this one, between our look and our insert.
            if problem.kind is not SLUG_TAKEN or new.slug:
                raise
    return await _create(actor, new, id or uuid7(), questionnaire, warnings, now)


async def _create(
    actor: Actor | None,
    new: NewSurvey,
    survey: UUID,
    questionnaire: Questionnaire,
    warnings: Sequence[Flaw],
    now: dt.datetime,
) -> Survey:
    async with transaction() as connection:
        owner = new.owner or _usual_owner(actor)
        if not await queries.unit_exists(connection, owner):
            raise INVALID(
                invalid_params=[invalid("/owner", "choice", N_("There is no unit of the code {unit}."), unit=owner)]
            )
        if actor:
            require_drafter(actor, owner, new.kind)
        draft = Survey(
            id=survey,
            number=0,
            slug=await _slug(connection, new.slug, forms.text_in(questionnaire.title, "fr", questionnaire)),
            kind=new.kind,
            title=questionnaire.title,
            owner=owner,
            anonymity=new.anonymity,
            answering=new.answering or ("unit" if new.kind == "collection" else "agent"),
            audience=None,
            spread=1,
            edition=None,
            opens_at=None,
            closes_at=None,
            closes_on=None,
            closed_at=None,
            link=None,
            created_at=now,
        )
        return await queries.insert_survey(connection, draft, questionnaire, actor.id if actor else None, warnings)


def require_drafter(actor: Actor, owner: str | None, lane: Lane) -> None:
    """Raise `forbidden` unless the actor may draft for this owner (null: their usual one)."""
    if not may(actor, "create_survey", Scope(owner=owner or _usual_owner(actor), path=("FR",), lane=lane)):
        raise FORBIDDEN()


def questionnaire_of(workbook: bytes, file_name: str) -> tuple[Questionnaire, list[Flaw]]:
    """The questionnaire in an XLSForm and its warnings; raises `surveys/questionnaire-flaws` with every flaw.

    It computes for as long as the workbook is large: call it in a thread.
    """
    try:
        imported = read(workbook, file_name=file_name)
    except Refused as refused:
        raise QUESTIONNAIRE_FLAWS(members={"flaws": flaw_members(refused.flaws)}) from None
    return imported.questionnaire, imported.warnings


async def questionnaire_to_read(
    actor: Actor | None, reference: str, *, edition: int | None = None, link: str | None = None
) -> Questionnaire:
    """What a survey asks: an edition (the current one unless named) for those who see it or hold its link; for those
    who run it, and name none, the working copy.
    """
    if link is not None:
        survey = await survey_by_link(reference, link)
    elif actor is not None:
        survey = await survey_to_see(actor, reference)
    else:
        raise UNAUTHENTICATED(headers={"WWW-Authenticate": "Bearer"})
    drafting = link is None and actor is not None and may_edit(actor, survey)
    number = edition or survey.edition or 0
    async with reading() as connection:
        if drafting and edition is None:
            return await queries.working_copy(connection, survey.id)
        if not 1 <= number <= (survey.edition or 0):
            raise EDITION_UNKNOWN(edition=number, current=survey.edition or 0)
        return (await editions_by_number(connection, survey.id, [number]))[number].questionnaire


async def working_copy_of(survey: Survey) -> tuple[Questionnaire, list[Flaw]]:
    """The questionnaire as it is being drafted, and all that is to be said of it: the flaws that publishing would meet,
    and what the import of its workbook mended or left out.
    """
    async with reading() as connection:
        questionnaire = await queries.working_copy(connection, survey.id)
        warnings = await queries.import_warnings(connection, survey.id)
    flaws = check(questionnaire)
    said = {(flaw.code, flaw.node, flaw.field) for flaw in flaws}
    # The import checks too, and knows more: in which row and column of the workbook a flaw stands.
    placed = {(flaw.code, flaw.node, flaw.field): flaw for flaw in warnings}
    known = [placed.get((flaw.code, flaw.node, flaw.field), flaw) for flaw in flaws]
    return questionnaire, known + [flaw for key, flaw in placed.items() if key not in said]


async def put_questionnaire(survey: Survey, questionnaire: Questionnaire, warnings: Sequence[Flaw] = ()) -> None:
    """Replace the working copy and the warnings of its import; what is published stays as it is until it is published
    again.
    """
    _refuse_flaws(questionnaire)
    async with transaction() as connection:
        locked = await queries.lock_survey(connection, survey.id)
        await queries.update_working_copy(connection, survey.id, questionnaire, warnings)
        if locked.edition is None:
            await queries.update_survey(connection, msgspec.structs.replace(locked, title=questionnaire.title))


async def put_audience(survey: Survey, audience: Audience) -> Reach:
    """Say who is asked; takes effect at the next publication. Returns how many that is now."""
    async with transaction() as connection:
        await _refuse_unknown(connection, audience)
        locked = await queries.lock_survey(connection, survey.id)
        await queries.update_survey(connection, msgspec.structs.replace(locked, audience=audience))
        return await queries.reach(connection, locked.answering, audience)


async def reach_of(survey: Survey, audience: Audience) -> Reach:
    """How many people and services an audience comes to; nothing is stored."""
    async with reading() as connection:
        await _refuse_unknown(connection, audience)
        return await queries.reach(connection, survey.answering, audience)


async def people_by_territory() -> dict[str, Reach]:
    """How many people and services there are to ask in each territory."""
    async with reading() as connection:
        return await queries.people_by_territory(connection)


async def _refuse_unknown(connection: Connection, audience: Audience) -> None:
    unknown = await queries.unknown_names(connection, audience)
    if unknown:
        raise INVALID(
            invalid_params=[
                invalid(f"/{field}", "choice", N_("There is nothing of the name {name}."), name=name)
                for field, names in unknown.items()
                for name in names
            ]
        )


async def discard(survey: Survey) -> None:
    """Remove a draft; one that was published stays."""
    async with transaction() as connection:
        await queries.delete_draft(connection, survey.id)


def slugged(title: str) -> str:
    """A short name of `[a-z0-9-]` for a title."""
    plain = unicodedata.normalize("NFKD", title.lower().replace("œ", "oe").replace("æ", "ae"))
    words = re.findall(r"[a-z0-9]+", "".join(letter for letter in plain if not unicodedata.combining(letter)))
    return "-".join(words)[:SLUG_LENGTH].strip("-") or "enquete"


async def _slug(connection: Connection, wanted: str | None, title: str) -> str:
    stem = wanted or slugged(title)
    taken = await queries.taken_slugs(connection, stem) | RESERVED
    if _is_id(stem):
        taken.add(stem)
    if stem not in taken:
        return stem
    if wanted:
        raise SLUG_TAKEN()
    return next(candidate for number in range(2, len(taken) + 3) if (candidate := f"{stem}-{number}") not in taken)


def _is_id(text: str) -> bool:
    """Whether a survey of this slug would be looked up by id."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _usual_owner(actor: Actor | None) -> str:
    if actor is None:
        return "admin"
    theirs = directorates(actor, "create_survey")
    return theirs[0] if theirs and len(theirs) == 1 else actor.unit_code


def _refuse_flaws(questionnaire: Questionnaire) -> None:
    if _NUL.search(forms.encode(questionnaire)):
        raise INVALID(
            invalid_params=[
                invalid("/questionnaire", "type", N_("It contains the character NUL, which cannot be stored."))
            ]
        )
    flaws = check(questionnaire)
    if any(flaw.severity == "error" for flaw in flaws):
        raise QUESTIONNAIRE_FLAWS(members={"flaws": flaw_members(flaws)})
