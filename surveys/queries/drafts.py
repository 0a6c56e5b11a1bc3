"""Drafts, and the moves that they make in the ledger."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from base.ids import uuid7
from surveys.queries.ledger import LATER, AssignmentRow

_answers: Final = msgspec.json.Decoder(dict[str, Any])
_touched: Final = msgspec.json.Decoder(dict[str, int])


class DraftRow(msgspec.Struct, frozen=True, kw_only=True):
    """A draft as stored. `touched` holds, for each path that was ever changed, the version that changed it last."""

    id: UUID
    edition: int
    version: int
    answers: dict[str, Any]
    touched: dict[str, int]
    saved_at: dt.datetime


class AnswerStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How far an expected answer has come: its draft, its response, and how many responses of it were erased before."""

    assignment: UUID
    draft: DraftRow | None
    response: UUID | None
    erased: int


async def standings_of(
    connection: Connection, parts: Sequence[int], assignments: Sequence[UUID]
) -> dict[UUID, AnswerStanding]:
    """How far these expected answers have come."""
    rows = await connection.fetch(
        """
        SELECT a.id AS assignment, d.id, d.edition, d.version, d.answers, d.touched, d.saved_at, r.id AS response,
               coalesce(e.erased, 0) AS erased
        FROM assignment a
        LEFT JOIN draft d ON d.part = a.part AND d.assignment = a.id
        LEFT JOIN response r ON r.part = a.part AND r.assignment = a.id
        LEFT JOIN (
            SELECT part, assignment, count(*) AS erased FROM assignment_event
            WHERE part = ANY($1::bigint[]) AND assignment = ANY($2::uuid[])
              AND state = 'expected' AND reason = 'erased'
            GROUP BY part, assignment
        ) e ON e.part = a.part AND e.assignment = a.id
        WHERE a.part = ANY($1::bigint[]) AND a.id = ANY($2::uuid[])
        """,
        list(parts),
        list(assignments),
    )
    return {row["assignment"]: _standing(row) for row in rows}


def _standing(row: Record) -> AnswerStanding:
    draft = row["id"] and DraftRow(
        id=row["id"],
        edition=row["edition"],
        version=row["version"],
        answers=_answers.decode(row["answers"]),
        touched=_touched.decode(row["touched"]),
        saved_at=row["saved_at"],
    )
    return AnswerStanding(assignment=row["assignment"], draft=draft, response=row["response"], erased=row["erased"])


async def lock_assignment(connection: Connection, part: int, assignment: UUID) -> str:
    """The state of an expected answer, which nobody else changes until the transaction ends."""
    state: str = await connection.fetchval(
        "SELECT state FROM assignment WHERE part = $1 AND id = $2 FOR NO KEY UPDATE", part, assignment
    )
    return state


async def store_draft(connection: Connection, assignment: AssignmentRow, draft: DraftRow, *, by: UUID) -> None:
    """Store a draft in place of what the expected answer had; call it under the lock of its assignment."""
    await connection.execute(
        """
        INSERT INTO draft (part, id, survey, assignment, edition, version, answers, touched, saved_at, saved_by,
                           region, department)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (part, assignment) DO UPDATE SET
            edition = excluded.edition, version = excluded.version, answers = excluded.answers,
            touched = excluded.touched, saved_at = excluded.saved_at, saved_by = excluded.saved_by
        """,
        assignment.part,
        draft.id,
        assignment.survey,
        assignment.id,
        draft.edition,
        draft.version,
        msgspec.json.encode(draft.answers).decode(),
        msgspec.json.encode(draft.touched).decode(),
        draft.saved_at,
        by,
        assignment.region,
        assignment.department,
    )


async def forget_drafts(connection: Connection, keys: Sequence[tuple[int, UUID]]) -> dict[UUID, int]:
    """Delete the drafts of these expected answers (part, assignment), which are sent; the versions that there were."""
    rows = await connection.fetch(
        """
        DELETE FROM draft d USING unnest($1::bigint[], $2::uuid[]) AS sent (part, assignment)
        WHERE d.part = sent.part AND d.assignment = sent.assignment AND d.part = ANY($1::bigint[])
        RETURNING d.assignment, d.version
        """,
        [part for part, _ in keys],
        [assignment for _, assignment in keys],
    )
    return {row["assignment"]: row["version"] for row in rows}


async def advance_assignment(
    connection: Connection, part: int, assignment: UUID, to: str, *, since: Sequence[str], at: dt.datetime, actor: UUID
) -> None:
    """Put an expected answer in a state, with the event that says so, if it is in one of the states before it."""
    await connection.execute(
        f"""
        WITH moved AS (
            UPDATE assignment a SET state = $3, state_at = {LATER.format(at="$5::timestamptz")}
            WHERE a.part = $1 AND a.id = $2 AND a.state = ANY($4::text[]) RETURNING a.part, a.id, a.state_at
        )
        INSERT INTO assignment_event (part, id, assignment, state, at, actor)
        SELECT part, $6, id, $3, state_at, $7 FROM moved
        """,  # noqa: S608 - the text is ours
        part,
        assignment,
        to,
        list(since),
        at,
        uuid7(),
        actor,
    )
