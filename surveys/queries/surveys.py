"""Surveys and their editions."""

import contextlib
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from asyncpg import Connection

from base.ids import uuid7
from forms import questionnaire as forms
from forms.flaws import Flaw
from forms.questionnaire import Texts
from surveys.survey import Audience, Lane, State, Survey

_SURVEY: Final = """
    SELECT s.id, s.number, s.slug, s.kind, s.title, u.code AS owner, s.anonymity, s.answering, s.audience, s.spread,
           s.edition, s.opens_at, s.closes_at, s.closes_on, s.closed_at, s.link, s.created_at
    FROM survey s JOIN unit u ON u.id = s.owner
"""

_STATE: Final = """
    CASE WHEN edition IS NULL THEN 'draft'
         WHEN closed_at IS NOT NULL OR closes_at <= {now} THEN 'closed'
         WHEN opens_at > {now} THEN 'scheduled'
         ELSE 'open' END
"""
"""`Survey.state` in SQL; tests/surveys/test_states.py compares the two."""

_TITLED: Final = "EXISTS (SELECT FROM jsonb_each_text({title}) said WHERE said.value ILIKE {pattern})"
"""Whether the title, in one of its languages, is like this."""

_WILD: Final = re.compile(r"[\\%_]")

_texts: Final = msgspec.json.Decoder(Texts)


_audience: Final = msgspec.json.Decoder(Audience)


_flaws: Final = msgspec.json.Decoder(list[Flaw])


def _containing(text: str | None) -> str | None:
    """What SQL calls a pattern: of all that contains this text, in which no sign has a meaning of its own."""
    return None if text is None else "%" + _WILD.sub(r"\\\g<0>", text) + "%"


def _survey(row: Mapping[str, Any]) -> Survey:
    values = dict(row)
    values["title"] = _texts.decode(values["title"])
    values["audience"] = _audience.decode(values["audience"]) if values["audience"] else None
    return Survey(**values)


async def find_survey(connection: Connection, reference: str) -> Survey | None:
    """The survey with this id or slug."""
    return (await find_surveys(connection, [reference])).get(reference)


async def find_surveys(connection: Connection, references: Sequence[str]) -> dict[str, Survey]:
    """The surveys with these ids or slugs, by what they were asked by."""
    ids = {}
    for reference in references:
        with contextlib.suppress(ValueError):
            ids[reference] = UUID(reference)
    rows = await connection.fetch(
        f"{_SURVEY} WHERE s.slug = ANY($1::text[]) OR s.id = ANY($2::uuid[])",
        [reference for reference in references if reference not in ids and "\0" not in reference],
        list(ids.values()),
    )
    found = [_survey(row) for row in rows]
    by_id, by_slug = {one.id: one for one in found}, {one.slug: one for one in found}
    surveys = {
        reference: by_id.get(ids[reference]) if reference in ids else by_slug.get(reference) for reference in references
    }
    return {reference: survey for reference, survey in surveys.items() if survey}


async def surveys_by_id(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Survey]:
    """These surveys as they are now."""
    rows = await connection.fetch(f"{_SURVEY} WHERE s.id = ANY($1::uuid[])", list(ids))
    return {row["id"]: _survey(row) for row in rows}


async def survey_by_number(connection: Connection, number: int) -> Survey:
    """The survey that the parts of this number belong to."""
    return _survey(await connection.fetchrow(f"{_SURVEY} WHERE s.number = $1", number))


async def lock_survey(connection: Connection, survey: UUID) -> Survey:
    """The survey as it is now, locked until the transaction ends: publishing and closing take turns."""
    row = await connection.fetchrow(f"{_SURVEY} WHERE s.id = $1 FOR NO KEY UPDATE OF s", survey)
    return _survey(row)


async def taken_slugs(connection: Connection, stem: str) -> set[str]:
    """The slugs that begin with this stem."""
    rows = await connection.fetch("SELECT slug FROM survey WHERE slug = $1 OR slug LIKE $1 || '-%'", stem)
    return {row["slug"] for row in rows}


async def insert_survey(
    connection: Connection,
    survey: Survey,
    questionnaire: forms.Questionnaire,
    author: UUID | None,
    warnings: Sequence[Flaw] | None = None,
) -> Survey:
    """Store a new draft, with the warnings of its import; returns it with its number."""
    number = await connection.fetchval(
        """
        INSERT INTO survey (id, slug, kind, title, owner, anonymity, answering, questionnaire, spread, created_at,
                            created_by, warnings)
        SELECT $1, $2, $3, $4::jsonb, u.id, $6, $7, $8, $9, $10, $11, $12::jsonb FROM unit u WHERE u.code = $5
        RETURNING number
        """,
        survey.id,
        survey.slug,
        survey.kind,
        msgspec.json.encode(survey.title).decode(),
        survey.owner,
        survey.anonymity,
        survey.answering,
        forms.encode(questionnaire),
        survey.spread,
        survey.created_at,
        author,
        _encoded(warnings),
    )
    return msgspec.structs.replace(survey, number=number)


async def delete_draft(connection: Connection, survey: UUID) -> None:
    """Remove a survey that was never published."""
    await connection.execute("DELETE FROM survey WHERE id = $1 AND edition IS NULL", survey)


async def update_survey(connection: Connection, survey: Survey) -> None:
    """Store what may change of a survey: its title, audience, spread, edition, dates and link."""
    await connection.execute(
        """
        UPDATE survey
        SET title = $2, audience = $3, spread = $4, edition = $5, opens_at = $6, closes_at = $7, closes_on = $8,
            closed_at = $9, link = $10
        WHERE id = $1
        """,
        survey.id,
        msgspec.json.encode(survey.title).decode(),
        msgspec.json.encode(survey.audience).decode() if survey.audience else None,
        survey.spread,
        survey.edition,
        survey.opens_at,
        survey.closes_at,
        survey.closes_on,
        survey.closed_at,
        survey.link,
    )


async def update_working_copy(
    connection: Connection, survey: UUID, questionnaire: forms.Questionnaire, warnings: Sequence[Flaw] | None = None
) -> None:
    """Replace the questionnaire as it is being drafted, and the warnings of its import."""
    await connection.execute(
        "UPDATE survey SET questionnaire = $2, warnings = $3 WHERE id = $1",
        survey,
        forms.encode(questionnaire),
        _encoded(warnings),
    )


async def working_copy(connection: Connection, survey: UUID) -> forms.Questionnaire:
    """The questionnaire as it is being drafted."""
    return forms.decode(await connection.fetchval("SELECT questionnaire FROM survey WHERE id = $1", survey))


async def import_warnings(connection: Connection, survey: UUID) -> list[Flaw]:
    """What the import of the working copy mended or left out."""
    stored = await connection.fetchval("SELECT warnings FROM survey WHERE id = $1", survey)
    return _flaws.decode(stored) if stored else []


def _encoded(warnings: Sequence[Flaw] | None) -> str | None:
    return msgspec.json.encode(warnings).decode() if warnings else None


async def unit_exists(connection: Connection, code: str) -> bool:
    """Whether there is a unit of this code."""
    return bool(await connection.fetchval("SELECT true FROM unit WHERE code = $1", code))


async def list_surveys(
    connection: Connection,
    *,
    agent: UUID,
    unit: UUID,
    editing: Sequence[str] | None,
    following: Sequence[str] | None,
    animating: Sequence[str],
    kind: Lane | None,
    state: State | None,
    text: str | None,
    now: dt.datetime,
    after: tuple[dt.datetime, UUID] | None,
    limit: int,
) -> list[Survey]:
    """The surveys that somebody may see, newest first: those of the directorates they edit for, and published ones of
    those they follow (null: of all), that are addressed to communities they animate, or that they are asked to answer.

    `after` is (created_at, id) of the last one of the page before.
    """
    rows = await connection.fetch(
        f"""
        {_SURVEY}
        WHERE ($1::text[] IS NULL OR u.code = ANY($1) OR (s.edition IS NOT NULL AND (
                $11::text[] IS NULL OR u.code = ANY($11) OR s.audience -> 'communities' ?| $12::text[] OR s.id IN (
                    -- in every part: what somebody is asked crosses surveys
                    SELECT survey FROM assignment WHERE agent = $2
                    UNION ALL
                    SELECT survey FROM assignment WHERE agent IS NULL AND unit = $3))))
          AND ($4::text IS NULL OR s.kind = $4)
          AND ($5::text IS NULL OR $5 = {_STATE.format(now="$6")})
          AND ($7::text IS NULL OR s.slug ILIKE $7 OR {_TITLED.format(title="s.title", pattern="$7")})
          AND ($8::timestamptz IS NULL OR (s.created_at, s.id) < ($8, $9::uuid))
        ORDER BY s.created_at DESC, s.id DESC LIMIT $10
        """,  # noqa: S608 - the text is ours
        list(editing) if editing is not None else None,
        agent,
        unit,
        kind,
        state,
        now,
        _containing(text),
        *(after or (None, None)),
        limit,
        list(following) if following is not None else None,
        list(animating),
    )
    return [_survey(row) for row in rows]


async def list_in_hand(
    connection: Connection,
    *,
    editing: Sequence[str] | None,
    following: Sequence[str] | None,
    everywhere: bool,
    kind: Lane | None,
    state: State | None,
    text: str | None,
    now: dt.datetime,
    after: tuple[int, float, UUID] | None,
    limit: int,
) -> list[tuple[Survey, tuple[int, float]]]:
    """The surveys of the directorates that somebody edits for, and the published ones of those they follow (null: of
    all; with `everywhere`: of all, because a territory of theirs may lie in them), each with its place in the list.

    Open ones come first, the nearest deadline before the others, then scheduled ones, drafts and closed ones. `after`
    is (place, id) of the last one of the page before.
    """
    rows = await connection.fetch(
        f"""
        SELECT * FROM (
            SELECT known.*, CASE known.state
                WHEN 'open' THEN 0 WHEN 'scheduled' THEN 1 WHEN 'draft' THEN 2 ELSE 3 END AS rank,
              CASE known.state
                WHEN 'open' THEN coalesce(extract(epoch FROM known.closes_at)::float8, 'infinity')
                WHEN 'scheduled' THEN extract(epoch FROM known.opens_at)::float8
                WHEN 'draft' THEN -extract(epoch FROM known.created_at)::float8
                ELSE -extract(epoch FROM coalesce(known.closed_at, known.closes_at))::float8 END AS place
            FROM (
                SELECT found.*, {_STATE.format(now="$7")} AS state FROM ({_SURVEY}) found
                WHERE $1::text[] IS NULL OR found.owner = ANY($1)
                   OR (found.edition IS NOT NULL AND ($3 OR $2::text[] IS NULL OR found.owner = ANY($2)))
            ) known
        ) placed
        WHERE ($4::text IS NULL OR kind = $4) AND ($5::text IS NULL OR state = $5)
          AND ($6::text IS NULL OR slug ILIKE $6 OR {_TITLED.format(title="title", pattern="$6")})
          AND ($8::int IS NULL OR (rank, place, id) > ($8, $9::float8, $10::uuid))
        ORDER BY rank, place, id LIMIT $11
        """,  # noqa: S608 - the text is ours
        list(editing) if editing is not None else None,
        list(following) if following is not None else None,
        everywhere,
        kind,
        state,
        _containing(text),
        now,
        *(after or (None, None, None)),
        limit,
    )
    return [
        (
            _survey({name: value for name, value in row.items() if name not in {"state", "rank", "place"}}),
            (row["rank"], row["place"]),
        )
        for row in rows
    ]


async def is_asked(connection: Connection, survey: Survey, agent: UUID, unit: UUID) -> bool:
    """Whether an answer of this agent or of this unit is expected."""
    return bool(
        await connection.fetchval(
            """
            SELECT EXISTS (SELECT FROM assignment WHERE part = ANY($1::bigint[]) AND survey = $2 AND agent = $3)
                OR EXISTS (SELECT FROM assignment
                           WHERE part = ANY($1::bigint[]) AND survey = $2 AND agent IS NULL AND unit = $4)
            """,
            survey.parts,
            survey.id,
            agent,
            unit,
        )
    )


class EditionDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A published questionnaire: its exact bytes, and the hash that was made of them then."""

    number: int
    document: bytes
    hash: bytes


async def insert_edition(
    connection: Connection, survey: UUID, edition: EditionDocument, *, at: dt.datetime, by: UUID | None
) -> None:
    """Store a published questionnaire."""
    await connection.execute(
        """
        INSERT INTO edition (id, survey, number, questionnaire, hash, published_at, published_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        uuid7(),
        survey,
        edition.number,
        edition.document,
        edition.hash,
        at,
        by,
    )


async def edition_documents(connection: Connection, survey: UUID, numbers: Sequence[int]) -> list[EditionDocument]:
    """These editions."""
    rows = await connection.fetch(
        "SELECT number, questionnaire AS document, hash FROM edition WHERE survey = $1 AND number = ANY($2::int[])",
        survey,
        list(numbers),
    )
    return [EditionDocument(**dict(row)) for row in rows]


async def superseded_at(connection: Connection, survey: UUID, number: int) -> dt.datetime | None:
    """When the next edition took the place of this one; null for the last one."""
    moment: dt.datetime | None = await connection.fetchval(
        "SELECT published_at FROM edition WHERE survey = $1 AND number = $2 + 1", survey, number
    )
    return moment
