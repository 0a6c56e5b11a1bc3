"""The SQL of the tables of surveys; rows become structs here.

Every statement on a table with a `part` names its parts (docs/operations.md, *growing*).
"""

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from base.ids import uuid7
from forms import questionnaire as forms
from forms.questionnaire import Texts
from surveys import tables
from surveys.rows import Change, Row, decode_row
from surveys.survey import Audience, Lane, State, Survey

_SURVEY: Final = """
    SELECT s.id, s.number, s.slug, s.kind, s.title, u.code AS owner, s.anonymity, s.answering, s.audience, s.spread,
           s.edition, s.opens_at, s.closes_at, s.closes_on, s.closed_at, s.link, s.created_at
    FROM survey s JOIN unit u ON u.id = s.owner
"""

_texts: Final = msgspec.json.Decoder(Texts)
_audience: Final = msgspec.json.Decoder(Audience)
_answers: Final = msgspec.json.Decoder(dict[str, Any])


def _survey(row: Record) -> Survey:
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
    row = await connection.fetchrow(f"{_SURVEY} WHERE s.id = $1 FOR UPDATE OF s", survey)
    return _survey(row)


async def taken_slugs(connection: Connection, stem: str) -> set[str]:
    """The slugs that begin with this stem."""
    rows = await connection.fetch("SELECT slug FROM survey WHERE slug = $1 OR slug LIKE $1 || '-%'", stem)
    return {row["slug"] for row in rows}


async def insert_survey(connection: Connection, survey: Survey, document: bytes, author: UUID | None) -> Survey:
    """Store a new draft; returns it with its number."""
    number = await connection.fetchval(
        """
        INSERT INTO survey (id, slug, kind, title, owner, anonymity, answering, questionnaire, spread, created_at,
                            created_by)
        SELECT $1, $2, $3, $4::jsonb, u.id, $6, $7, $8, $9, $10, $11 FROM unit u WHERE u.code = $5
        RETURNING number
        """,
        survey.id,
        survey.slug,
        survey.kind,
        msgspec.json.encode(survey.title).decode(),
        survey.owner,
        survey.anonymity,
        survey.answering,
        document,
        survey.spread,
        survey.created_at,
        author,
    )
    return msgspec.structs.replace(survey, number=number)


async def delete_draft(connection: Connection, survey: UUID) -> None:
    """Remove a survey that was never published."""
    await connection.execute("DELETE FROM survey WHERE id = $1 AND edition IS NULL", survey)


async def update_survey(survey: UUID, values: Mapping[str, Any]) -> None:
    """Set columns of a survey, inside the open transaction."""
    columns: dict[Any, Any] = dict(values)
    await tables.Survey.update(columns).where(tables.Survey.id == survey)


async def working_copy(connection: Connection, survey: UUID) -> forms.Questionnaire:
    """The questionnaire as it is being drafted."""
    return forms.decode(await connection.fetchval("SELECT questionnaire FROM survey WHERE id = $1", survey))


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
                    SELECT survey FROM assignment WHERE part / 1024 > 0 AND agent = $2
                    UNION ALL
                    SELECT survey FROM assignment WHERE part / 1024 > 0 AND agent IS NULL AND unit = $3))))
          AND ($4::text IS NULL OR s.kind = $4)
          AND ($5::text IS NULL OR $5 = CASE
                WHEN s.edition IS NULL THEN 'draft'
                WHEN s.closed_at IS NOT NULL OR s.closes_at <= $6 THEN 'closed'
                WHEN s.opens_at > $6 THEN 'scheduled'
                ELSE 'open' END)
          AND ($7::text IS NULL OR s.slug ILIKE '%' || $7 || '%' OR s.title::text ILIKE '%' || $7 || '%')
          AND ($8::timestamptz IS NULL OR (s.created_at, s.id) < ($8, $9::uuid))
        ORDER BY s.created_at DESC, s.id DESC LIMIT $10
        """,
        list(editing) if editing is not None else None,
        agent,
        unit,
        kind,
        state,
        now,
        text,
        *(after or (None, None)),
        limit,
        list(following) if following is not None else None,
        list(animating),
    )
    return [_survey(row) for row in rows]


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


# Editions


async def insert_edition(
    survey: UUID, number: int, document: bytes, digest: bytes, *, at: dt.datetime, by: UUID | None
) -> None:
    """Store a published questionnaire, inside the open transaction."""
    await tables.Edition.insert(
        tables.Edition(
            id=uuid7(),
            survey=survey,
            number=number,
            questionnaire=document,
            hash=digest,
            published_at=at,
            published_by=by,
        )
    )


async def edition_dates(connection: Connection, survey: UUID) -> list[Record]:
    """(number, published_at, superseded_at) of each edition, in order; the last one is not superseded."""
    rows: list[Record] = await connection.fetch(
        """
        SELECT number, published_at, lead(published_at) OVER (ORDER BY number) AS superseded_at
        FROM edition WHERE survey = $1 ORDER BY number
        """,
        survey,
    )
    return rows


async def edition_documents(connection: Connection, survey: UUID, numbers: Sequence[int]) -> list[Record]:
    """(number, questionnaire, hash) of these editions."""
    rows: list[Record] = await connection.fetch(
        "SELECT number, questionnaire, hash FROM edition WHERE survey = $1 AND number = ANY($2::int[])",
        survey,
        list(numbers),
    )
    return rows


# The queue of changes


async def parts_with_changes(connection: Connection) -> list[int]:
    """The parts that have something to fold."""
    return [row["part"] for row in await connection.fetch("SELECT DISTINCT part FROM change ORDER BY part")]


async def changes_of(connection: Connection, part: int, limit: int) -> list[Change]:
    """The next changes of one part, oldest first; call it under the part's manifest lock."""
    rows = await connection.fetch(
        "SELECT id, row_key, content FROM change WHERE part = $1 ORDER BY id LIMIT $2", part, limit
    )
    # Decoding thousands of documents takes long enough to hold up the event loop.
    return await asyncio.to_thread(list, map(_change, rows))


def _change(row: Record) -> Change:
    return Change(id=row["id"], row_key=row["row_key"], row=decode_row(row["content"]) if row["content"] else None)


async def delete_changes(connection: Connection, part: int, ids: list[UUID]) -> None:
    """Take folded changes off the queue, in the transaction that folded them."""
    await connection.execute("DELETE FROM change WHERE part = $1 AND id = ANY($2::uuid[])", part, ids)


async def clear_changes(connection: Connection, part: int) -> None:
    """Take all changes of a part off the queue that the transaction sees, without folding them."""
    await connection.execute("DELETE FROM change WHERE part = $1", part)


async def count_changes(connection: Connection, parts: list[int]) -> int:
    """How many changes of these parts wait to be folded."""
    return int(await connection.fetchval("SELECT count(*) FROM change WHERE part = ANY($1::bigint[])", parts))


class StoredResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A response as it stands now, as the figures and the exports read it again."""

    row_key: int
    submitted_at: dt.datetime
    row: Row


async def responses_of_part(connection: Connection, part: int) -> AsyncGenerator[StoredResponse]:
    """All responses of a part that are not erased, oldest first, streamed; call it in a transaction."""
    cursor = connection.cursor(
        """
        SELECT r.row_key, r.submitted_at, r.id AS response, r.revision, r.edition, r.channel, r.territory, r.region,
               r.department, u.code AS unit, r.unit_kind, r.communities, r.day, r.stratum, r.base_weight, r.record_key,
               r.answers
        FROM response r LEFT JOIN unit u ON u.id = r.unit
        WHERE r.part = $1 AND r.erased_at IS NULL
        ORDER BY r.submitted_at, r.id
        """,
        part,
        prefetch=1_000,
    )
    async for record in cursor:
        values = dict(record)
        values["answers"] = _answers.decode(values["answers"])
        yield StoredResponse(row_key=values.pop("row_key"), submitted_at=values.pop("submitted_at"), row=Row(**values))


class LedgerCount(msgspec.Struct, frozen=True, kw_only=True):
    """How a group of the ledger stands; `total` marks the one row that counts the whole ledger, each assignment once.

    A null `key` is the group of those that lack this dimension; `names` is what the directory calls the key.
    """

    total: bool
    key: str | None
    names: dict[str, str]
    expected: int
    started: int
    answered: int


class _Dimension(NamedTuple):
    """The pieces of `ledger_counts` that differ: what the ledger is grouped by, and how groups find key and names."""

    group: str
    groups: str
    key: str
    names: str
    joins: str = ""


_TERRITORY: Final = "ledger LEFT JOIN territory ON territory.code = ledger.dimension"
_TERRITORY_NAME: Final = "jsonb_build_object('fr', territory.name)"
_DIMENSIONS: Final = {
    "region": _Dimension("assignment.region", _TERRITORY, "ledger.dimension", _TERRITORY_NAME),
    "department": _Dimension("assignment.department", _TERRITORY, "ledger.dimension", _TERRITORY_NAME),
    "unit": _Dimension(
        "assignment.unit",
        "ledger JOIN unit ON unit.id = ledger.dimension",
        "unit.code",
        "jsonb_build_object('fr', unit.name)",
    ),
    "community": _Dimension(
        "assignment.communities",
        "ledger LEFT JOIN LATERAL unnest(ledger.dimension) AS slugs (slug) ON true"
        " LEFT JOIN community ON community.slug = slugs.slug",
        "slugs.slug",
        "community.name",
    ),
    # An anonymous answer leaves no response that is tied to its assignment, only the moment it was sent.
    "day": _Dimension(
        "CASE WHEN assignment.state IN ('sent', 'accepted') THEN"
        " coalesce(response.day, (assignment.state_at AT TIME ZONE territory.time_zone)::date) END",
        "ledger",
        "ledger.dimension::text",
        "'{}'::jsonb",
        "JOIN territory ON territory.code = assignment.territory"
        " LEFT JOIN response ON response.part = assignment.part AND response.assignment = assignment.id",
    ),
}

_LEDGER_COUNTS: Final = """
WITH ledger AS (
    SELECT {group} AS dimension, count(*) AS expected,
        count(*) FILTER (WHERE assignment.state IN ('draft', 'returned')) AS started,
        count(*) FILTER (WHERE assignment.state IN ('sent', 'accepted')) AS answered
    FROM assignment {joins}
    WHERE assignment.part = ANY($1::bigint[])
        AND assignment.disposition IN ('in_scope', 'unreachable')
        AND assignment.state <> 'exempt' AND assignment.origin <> 'test'
    GROUP BY 1
)
SELECT true AS total, NULL AS key, NULL AS names,
    coalesce(sum(expected), 0)::bigint AS expected,
    coalesce(sum(started), 0)::bigint AS started,
    coalesce(sum(answered), 0)::bigint AS answered
FROM ledger
UNION ALL
SELECT false, {key}, {names}, sum(expected)::bigint, sum(started)::bigint, sum(answered)::bigint
FROM {groups}
GROUP BY 2, 3
"""


async def ledger_counts(connection: Connection, parts: list[int], by: str) -> list[LedgerCount]:
    """How the ledger of these parts stands, in all and by region, department, unit, community or day of answering.

    Expected are those in scope and those that could not be reached; exempt ones and tests are left out. Communities
    overlap: an assignment counts in each of its own. By day, what is not answered yet stands under a null key.
    """
    rows = await connection.fetch(_LEDGER_COUNTS.format_map(_DIMENSIONS[by]._asdict()), parts)
    return [
        LedgerCount(
            total=row["total"],
            key=row["key"],
            names={
                language: name
                for language, name in msgspec.json.decode(row["names"] or "{}", type=dict[str, str | None]).items()
                if name
            },
            expected=row["expected"],
            started=row["started"],
            answered=row["answered"],
        )
        for row in rows
    ]


class ExpectedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """How many answers are expected from one kind of place."""

    region: str | None
    department: str | None
    unit_kind: str
    communities: list[str]
    expected: int


async def expected_by_place(connection: Connection, parts: Sequence[int]) -> list[ExpectedGroup]:
    """The expected answers of these parts, counted as `ledger_counts` does, by all dimensions together."""
    rows = await connection.fetch(
        """
        SELECT region, department, unit_kind, communities, count(*) AS expected
        FROM assignment
        WHERE part = ANY($1::bigint[]) AND disposition IN ('in_scope', 'unreachable') AND state <> 'exempt'
          AND origin <> 'test'
        GROUP BY region, department, unit_kind, communities
        """,
        list(parts),
    )
    return [ExpectedGroup(**dict(row)) for row in rows]


# Responses


class AssignmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """What answering needs of an expected answer: its key, its frozen dimensions, its state and deadline."""

    part: int
    id: UUID
    survey: UUID
    agent: UUID | None
    unit: UUID
    unit_code: str
    unit_kind: str
    territory: str
    region: str | None
    department: str | None
    communities: list[str]
    stratum: str | None
    base_weight: float
    state: str
    due_at: dt.datetime | None
    time_zone: str


class ResponseKey(msgspec.Struct, frozen=True, kw_only=True):
    """What deciding on a submission needs of a response stored before; `first_edition` is that of revision 1."""

    part: int
    id: UUID
    assignment: UUID | None
    content_hash: bytes
    first_edition: int
    submitted_at: dt.datetime
    erased: bool


async def assignments_for(
    connection: Connection,
    parts: Sequence[int],
    surveys: Sequence[UUID],
    *,
    agents: Sequence[UUID] = (),
    units: Sequence[UUID] = (),
    ids: Sequence[UUID] = (),
) -> list[AssignmentRow]:
    """The expected answers of these agents, of these units, and of these ids, in these surveys."""
    rows = await connection.fetch(
        """
        WITH found AS (
            SELECT part, id FROM assignment
            WHERE part = ANY($1::bigint[]) AND survey = ANY($2::uuid[]) AND agent = ANY($3::uuid[])
            UNION
            SELECT part, id FROM assignment
            WHERE part = ANY($1::bigint[]) AND survey = ANY($2::uuid[]) AND agent IS NULL AND unit = ANY($4::uuid[])
            UNION
            SELECT part, id FROM assignment
            WHERE part = ANY($1::bigint[]) AND id = ANY($5::uuid[]) AND survey = ANY($2::uuid[])
        )
        SELECT a.part, a.id, a.survey, a.agent, a.unit, u.code AS unit_code, a.unit_kind, a.territory, a.region,
               a.department, a.communities, a.stratum, a.base_weight, a.state, a.due_at, t.time_zone
        FROM found JOIN assignment a USING (part, id) JOIN unit u ON u.id = a.unit JOIN territory t ON t.code = a.territory
        """,
        list(parts),
        list(surveys),
        list(agents),
        list(units),
        list(ids),
    )
    return [AssignmentRow(**dict(row)) for row in rows]


async def response_keys(
    connection: Connection, parts: Sequence[int], ids: Sequence[UUID], assignments: Sequence[UUID]
) -> list[ResponseKey]:
    """The responses stored under these ids or for these assignments."""
    rows = await connection.fetch(
        """
        SELECT r.part, r.id, r.assignment, r.content_hash, coalesce(f.edition, r.edition) AS first_edition,
               r.submitted_at, r.erased_at IS NOT NULL AS erased
        FROM response r
        LEFT JOIN response_revision f ON f.part = r.part AND f.response = r.id AND f.revision = 1
        WHERE r.part = ANY($1::bigint[]) AND (r.id = ANY($2::uuid[]) OR r.assignment = ANY($3::uuid[]))
        """,
        list(parts),
        list(ids),
        list(assignments),
    )
    return [ResponseKey(**dict(row)) for row in rows]


async def places(connection: Connection, codes: Sequence[str]) -> dict[str, Record]:
    """(code, path, region, department, time_zone) of these territories, by code."""
    rows = await connection.fetch(
        "SELECT code, path, region, department, time_zone FROM territory WHERE code = ANY($1::text[])", list(codes)
    )
    return {row["code"]: row for row in rows}


class NewResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A response about to be stored, with the row that goes to the queue."""

    part: int
    id: UUID
    survey: UUID
    assignment: UUID | None
    actor: UUID | None
    unit: UUID | None
    submitted_at: dt.datetime
    answers: str
    content_hash: bytes
    row_key: int
    row: Row


_RESPONSE_COLUMNS: Final = (
    ("part", "bigint"),
    ("id", "uuid"),
    ("survey", "uuid"),
    ("edition", "int"),
    ("assignment", "uuid"),
    ("actor", "uuid"),
    ("channel", "text"),
    ("unit", "uuid"),
    ("unit_kind", "text"),
    ("territory", "text"),
    ("region", "text"),
    ("department", "text"),
    ("communities", "jsonb"),
    ("stratum", "text"),
    ("base_weight", "float8"),
    ("submitted_at", "timestamptz"),
    ("day", "date"),
    ("answers", "jsonb"),
    ("content_hash", "bytea"),
    ("row_key", "bigint"),
    ("record_key", "bigint"),
)

_INSERT_RESPONSES: Final = f"""
    INSERT INTO response ({", ".join(name for name, _ in _RESPONSE_COLUMNS)}, revision, revised_at)
    SELECT {
    ", ".join(
        "ARRAY(SELECT jsonb_array_elements_text(communities))" if name == "communities" else name
        for name, _ in _RESPONSE_COLUMNS
    )
}, 1, submitted_at
    FROM unnest({", ".join(f"${index}::{kind}[]" for index, (_, kind) in enumerate(_RESPONSE_COLUMNS, 1))})
         AS sent ({", ".join(name for name, _ in _RESPONSE_COLUMNS)})
    ORDER BY part, coalesce(assignment, id)
    ON CONFLICT DO NOTHING
    RETURNING part, id
"""  # every name is one of ours


async def insert_responses(connection: Connection, responses: Sequence[NewResponse]) -> set[tuple[int, UUID]]:
    """Store these, except where another transaction was first; returns the keys (part, id) that were stored.

    They are inserted in one order everywhere, so that two batches wait for each other instead of deadlocking.
    """
    rows = [
        (
            new.part,
            new.id,
            new.survey,
            new.row.edition,
            new.assignment,
            new.actor,
            new.row.channel,
            new.unit,
            new.row.unit_kind,
            new.row.territory,
            new.row.region,
            new.row.department,
            msgspec.json.encode(new.row.communities).decode(),
            new.row.stratum,
            new.row.base_weight,
            new.submitted_at,
            new.row.day,
            new.answers,
            new.content_hash,
            new.row_key,
            new.row.record_key,
        )
        for new in responses
    ]
    stored = await connection.fetch(_INSERT_RESPONSES, *map(list, zip(*rows, strict=True)))
    return {(row["part"], row["id"]) for row in stored}


async def queue_changes(connection: Connection, changes: Sequence[tuple[int, int, str | None]]) -> None:
    """Queue rows and tombstones: (part, row key, content; null for a tombstone)."""
    await connection.execute(
        """
        INSERT INTO change (part, id, row_key, content)
        SELECT part, id, row_key, content
        FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::jsonb[]) AS queued (part, id, row_key, content)
        """,
        [part for part, _, _ in changes],
        [uuid7() for _ in changes],
        [key for _, key, _ in changes],
        [content for _, _, content in changes],
    )


async def move_assignments(
    connection: Connection,
    keys: Sequence[tuple[int, UUID]],
    state: str,
    *,
    at: Sequence[dt.datetime],
    actors: Sequence[UUID | None],
    reason: str | None = None,
) -> None:
    """Put these expected answers in a state, with the event that says so; `at` and `actors` go with `keys`."""
    parts, ids = [part for part, _ in keys], [assignment for _, assignment in keys]
    await connection.execute(
        """
        UPDATE assignment a SET state = $4, state_at = moved.at
        FROM unnest($1::bigint[], $2::uuid[], $3::timestamptz[]) AS moved (part, id, at)
        WHERE a.part = moved.part AND a.id = moved.id AND a.part = ANY($1::bigint[])
        """,
        parts,
        ids,
        list(at),
        state,
    )
    await connection.execute(
        """
        INSERT INTO assignment_event (part, id, assignment, state, at, actor, reason)
        SELECT part, id, assignment, $6, at, actor, $7
        FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::uuid[])
             AS moved (part, id, assignment, at, actor)
        """,
        parts,
        [uuid7() for _ in keys],
        ids,
        list(at),
        list(actors),
        state,
        reason,
    )


_STORED: Final = """
    SELECT r.part, r.id, r.survey, r.edition, r.assignment, r.actor, r.channel, u.code AS unit, r.unit_kind, r.territory,
           r.region, r.department, r.communities, r.stratum, r.base_weight, r.submitted_at, r.day, r.revision,
           r.revised_at, r.answers, r.row_key, r.record_key, r.erased_at, a.agent AS asked_agent, a.unit AS asked_unit
    FROM response r
    LEFT JOIN unit u ON u.id = r.unit
    LEFT JOIN assignment a ON a.part = r.part AND a.id = r.assignment
"""


async def find_response(connection: Connection, survey: Survey, response: UUID, *, lock: bool = False) -> Record | None:
    """A response of a survey with all its columns, perhaps locked; erased ones too."""
    found = await connection.fetchrow(
        f"{_STORED} WHERE r.part = ANY($1::bigint[]) AND r.survey = $2 AND r.id = $3", survey.parts, survey.id, response
    )
    if found is None or not lock:
        return found
    # Rows are locked in one part at a time; what was read before the lock may have changed until then.
    return await connection.fetchrow(
        f"{_STORED} WHERE r.part = $1 AND r.survey = $2 AND r.id = $3 FOR UPDATE OF r",
        found["part"],
        survey.id,
        response,
    )


async def list_responses(
    connection: Connection,
    survey: Survey,
    *,
    inside: Sequence[str],
    after: tuple[dt.datetime, UUID] | None,
    limit: int,
) -> list[Record]:
    """The responses that lie in one of these territories (the nation holds all), in order of arrival."""
    rows: list[Record] = await connection.fetch(
        f"""
        {_STORED}
        WHERE r.part = ANY($1::bigint[]) AND r.survey = $2 AND r.erased_at IS NULL
          AND ('FR' = ANY($3::text[]) OR r.territory = ANY($3) OR r.region = ANY($3) OR r.department = ANY($3))
          AND ($4::timestamptz IS NULL OR (r.submitted_at, r.id) > ($4, $5::uuid))
        ORDER BY r.submitted_at, r.id LIMIT $6
        """,
        survey.parts,
        survey.id,
        list(inside),
        *(after or (None, None)),
        limit,
    )
    return rows


async def revisions_of(connection: Connection, part: int, response: UUID) -> list[Record]:
    """(revision, edition, revised_at, answers) of what a response held before, oldest first."""
    rows: list[Record] = await connection.fetch(
        """
        SELECT revision, edition, revised_at, answers FROM response_revision
        WHERE part = $1 AND response = $2 ORDER BY revision
        """,
        part,
        response,
    )
    return rows


async def keep_revision(connection: Connection, part: int, response: UUID) -> None:
    """Put aside what the response holds now, before it is amended."""
    await connection.execute(
        """
        INSERT INTO response_revision (part, response, revision, edition, actor, revised_at, answers)
        SELECT part, id, revision, edition, actor, revised_at, answers FROM response WHERE part = $1 AND id = $2
        """,
        part,
        response,
    )


async def amend_response(
    connection: Connection,
    part: int,
    response: UUID,
    *,
    revision: int,
    edition: int,
    answers: str,
    key: int,
    actor: UUID | None,
    at: dt.datetime,
) -> None:
    """Store the new state of a response."""
    await connection.execute(
        """
        UPDATE response SET revision = $3, edition = $4, answers = $5, row_key = $6, actor = $7, revised_at = $8
        WHERE part = $1 AND id = $2
        """,
        part,
        response,
        revision,
        edition,
        answers,
        key,
        actor,
        at,
    )


async def erase_response(
    connection: Connection, part: int, response: UUID, keys: Sequence[int], at: dt.datetime
) -> None:
    """Forget what was answered, in every place where it stands; the id stays, so that it cannot be sent again.

    `keys` are the row keys of all its revisions.
    """
    await connection.execute("DELETE FROM response_revision WHERE part = $1 AND response = $2", part, response)
    # Earlier revisions may wait in the queue too. Their tombstones stay: what they hide may be folded already.
    await connection.execute(
        "DELETE FROM change WHERE part = $1 AND row_key = ANY($2::bigint[]) AND content IS NOT NULL", part, list(keys)
    )
    await connection.execute(
        """
        UPDATE response SET answers = NULL, erased_at = $3, assignment = NULL, actor = NULL WHERE part = $1 AND id = $2
        """,
        part,
        response,
        at,
    )


async def expected_assignments(connection: Connection, survey: Survey) -> list[Record]:
    """(id, part, agent, unit) of the answers of a survey that are expected and not given yet, in a stable order."""
    rows: list[Record] = await connection.fetch(
        """
        SELECT a.id, a.part, a.agent, a.unit FROM assignment a
        LEFT JOIN agent p ON p.id = a.agent JOIN unit u ON u.id = a.unit
        WHERE a.part = ANY($1::bigint[]) AND a.survey = $2 AND a.disposition = 'in_scope'
          AND a.state IN ('expected', 'opened', 'draft')
        ORDER BY p.email, u.code
        """,
        survey.parts,
        survey.id,
    )
    return rows
