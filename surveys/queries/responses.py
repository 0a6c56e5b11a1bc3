"""Responses and their revisions."""

import datetime as dt
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from surveys.rows import Row
from surveys.submission import Revision
from surveys.survey import Survey

NO_HASH: Final = bytes(32)
"""What stands where the hash of an erased answer stood."""

_answers: Final = msgspec.json.Decoder(dict[str, Any])

_ROW: Final = """
           r.id AS response, r.revision, r.edition, r.channel, r.assignment IS NOT NULL AS assigned, r.territory,
           r.region, r.department, u.code AS unit, r.unit_kind, r.communities, r.day, r.stratum, r.base_weight,
           r.record_key, r.answers
"""
"""The columns of a `Row`."""

_ROW_FIELDS: Final = tuple(field for field in Row.__struct_fields__ if field != "status")


def _row(record: Record) -> Row:
    values = {field: record[field] for field in _ROW_FIELDS}
    return Row(**values | {"answers": _answers.decode(record["answers"] or "{}")})


class FoldableResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A response as it stands now, as the figures and the exports read it again."""

    row_key: int
    submitted_at: dt.datetime
    row: Row


async def responses_of_part(connection: Connection, part: int) -> AsyncGenerator[FoldableResponse]:
    """All responses of a part that are not erased, oldest first, streamed; call it in a transaction."""
    cursor = connection.cursor(
        f"""
        SELECT r.row_key, r.submitted_at, {_ROW}
        FROM response r LEFT JOIN unit u ON u.id = r.unit
        WHERE r.part = $1 AND r.erased_at IS NULL
        ORDER BY r.submitted_at, r.id
        """,  # noqa: S608 - the text is ours
        part,
        prefetch=50,  # an answer may have a megabyte
    )
    async for record in cursor:
        yield FoldableResponse(row_key=record["row_key"], submitted_at=record["submitted_at"], row=_row(record))


class ResponseKey(msgspec.Struct, frozen=True, kw_only=True):
    """What deciding on a submission needs of a response stored before; `first_edition` is that of revision 1."""

    part: int
    id: UUID
    assignment: UUID | None
    content_hash: bytes
    first_edition: int
    submitted_at: dt.datetime
    erased: bool


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


class Locality(msgspec.Struct, frozen=True, kw_only=True):
    """Where a territory lies, and in which time zone."""

    region: str | None
    department: str | None
    time_zone: str


async def localities(connection: Connection, codes: Sequence[str]) -> dict[str, Locality]:
    """Where these territories lie, by code."""
    rows = await connection.fetch(
        "SELECT code, region, department, time_zone FROM territory WHERE code = ANY($1::text[])", list(codes)
    )
    return {
        row["code"]: Locality(region=row["region"], department=row["department"], time_zone=row["time_zone"])
        for row in rows
    }


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
    INSERT INTO response ({", ".join(name for name, _ in _RESPONSE_COLUMNS)}, revision, revised_at,
                          revision_hash)
    SELECT {
    ", ".join(
        "ARRAY(SELECT jsonb_array_elements_text(communities))" if name == "communities" else name
        for name, _ in _RESPONSE_COLUMNS
    )
}, 1, submitted_at, content_hash
    FROM unnest({", ".join(f"${index}::{kind}[]" for index, (_, kind) in enumerate(_RESPONSE_COLUMNS, 1))})
         AS sent ({", ".join(name for name, _ in _RESPONSE_COLUMNS)})
    ORDER BY part, coalesce(assignment, id)
    ON CONFLICT DO NOTHING
    RETURNING part, id
"""  # noqa: S608 - every name is one of ours


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


class ResponseState(msgspec.Struct, frozen=True, kw_only=True):
    """A response in its present revision: its row, whose it is, and what was sent for it. Erased, it has no answers.

    `asked_agent` and `asked_unit` are those of whom it was expected; `time_zone` is its territory's.
    """

    part: int
    survey: UUID
    assignment: UUID | None
    actor: UUID | None
    asked_agent: UUID | None
    asked_unit: UUID | None
    time_zone: str | None
    submitted_at: dt.datetime
    revised_at: dt.datetime
    revision_hash: bytes
    row_key: int
    erased: bool
    row: Row


_STATE: Final = f"""
    SELECT r.part, r.survey, r.assignment, r.actor, r.submitted_at, r.revised_at, r.revision_hash, r.row_key,
           r.erased_at IS NOT NULL AS erased, a.agent AS asked_agent, a.unit AS asked_unit, t.time_zone, {_ROW}
    FROM response r
    LEFT JOIN unit u ON u.id = r.unit
    LEFT JOIN territory t ON t.code = r.territory
    LEFT JOIN assignment a ON a.part = r.part AND a.id = r.assignment
"""  # noqa: S608 - the text is ours

_STATE_FIELDS: Final = tuple(field for field in ResponseState.__struct_fields__ if field != "row")


def _state(record: Record) -> ResponseState:
    return ResponseState(**{field: record[field] for field in _STATE_FIELDS}, row=_row(record))


async def find_response(
    connection: Connection, survey: Survey, response: UUID, *, lock: bool = False
) -> ResponseState | None:
    """A response of a survey, perhaps locked; erased ones too."""
    found = await connection.fetchrow(
        f"{_STATE} WHERE r.part = ANY($1::bigint[]) AND r.survey = $2 AND r.id = $3", survey.parts, survey.id, response
    )
    if found and lock:
        # Rows are locked in one part at a time; what was read before the lock may have changed until then.
        found = await connection.fetchrow(
            f"{_STATE} WHERE r.part = $1 AND r.survey = $2 AND r.id = $3 FOR UPDATE OF r",
            found["part"],
            survey.id,
            response,
        )
    return _state(found) if found else None


async def list_responses(
    connection: Connection,
    survey: Survey,
    *,
    inside: Sequence[str],
    after: tuple[dt.datetime, UUID] | None,
    limit: int,
) -> list[ResponseState]:
    """The responses that lie in one of these territories (the nation holds all), in order of arrival."""
    rows = await connection.fetch(
        f"""
        {_STATE}
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
    return list(map(_state, rows))


async def revisions_of(connection: Connection, part: int, response: UUID) -> list[Revision]:
    """What a response held before it was amended, oldest first."""
    rows = await connection.fetch(
        """
        SELECT revision, edition, revised_at, answers FROM response_revision
        WHERE part = $1 AND response = $2 ORDER BY revision
        """,
        part,
        response,
    )
    return [
        Revision(
            revision=row["revision"],
            edition=row["edition"],
            revised_at=row["revised_at"],
            answers=_answers.decode(row["answers"]),
        )
        for row in rows
    ]


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
    amended: Row,
    *,
    row_key: int,
    revision_hash: bytes,
    actor: UUID | None,
    at: dt.datetime,
) -> None:
    """Store the new state of a response."""
    await connection.execute(
        """
        UPDATE response
        SET revision = $3, edition = $4, answers = $5, row_key = $6, revision_hash = $7, actor = $8, revised_at = $9
        WHERE part = $1 AND id = $2
        """,
        part,
        amended.response,
        amended.revision,
        amended.edition,
        msgspec.json.encode(amended.answers).decode(),
        row_key,
        revision_hash,
        actor,
        at,
    )


async def erase_response(
    connection: Connection, part: int, response: UUID, keys: Sequence[int], at: dt.datetime
) -> None:
    """Forget what was answered, in every place where it stands; the id stays, so that it cannot be sent again.

    `keys` are the row keys of all its revisions. Hashes go too: few answers are possible, and each could be tried.
    """
    await connection.execute("DELETE FROM response_revision WHERE part = $1 AND response = $2", part, response)
    # Earlier revisions may wait in the queue too. Their tombstones stay: what they hide may be folded already.
    await connection.execute(
        "DELETE FROM change WHERE part = $1 AND row_key = ANY($2::bigint[]) AND content IS NOT NULL", part, list(keys)
    )
    await connection.execute(
        """
        UPDATE response
        SET answers = NULL, erased_at = $3, assignment = NULL, actor = NULL, content_hash = $4, revision_hash = $4
        WHERE part = $1 AND id = $2
        """,
        part,
        response,
        at,
        NO_HASH,
    )


async def count_responses(connection: Connection, parts: Sequence[int]) -> int:
    """How many responses of these parts are not erased."""
    return int(
        await connection.fetchval(
            "SELECT count(*) FROM response WHERE part = ANY($1::bigint[]) AND erased_at IS NULL", list(parts)
        )
    )
