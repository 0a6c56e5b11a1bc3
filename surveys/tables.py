"""The tables of surveys. Those tagged `part` grow with answers and carry their part first in every key."""

from piccolo.columns import (
    UUID,
    Array,
    BigInt,
    Bytea,
    Date,
    DoublePrecision,
    ForeignKey,
    Integer,
    Text,
    Timestamptz,
)
from piccolo.columns.base import OnDelete
from piccolo.columns.column_types import JSONB
from piccolo.table import Table

from base.database import ENGINE
from directory.tables import Agent, Unit

REFERENCE = ["reference"]
FROZEN = ["reference", "frozen"]
PART = ["part"]


class Survey(Table, tablename="survey", db=ENGINE, tags=REFERENCE):
    """A survey with its owner, its lane, its dates and its working copy; `created_by` null is the command line.

    `warnings` are what the import of the working copy mended or left out: null where it came from no workbook.
    """

    id = UUID(primary_key=True, null=False, default=None)
    number = BigInt(null=False, default=None)
    slug = Text(null=False, default=None)
    kind = Text(null=False, default=None)
    title = JSONB(null=False, default=None)
    owner = ForeignKey(Unit, null=False, on_delete=OnDelete.restrict)
    anonymity = Text(null=False, default=None)
    answering = Text(null=False, default=None)
    questionnaire = Bytea(null=False, default=None)
    audience = JSONB(null=True, default=None)
    spread = Integer(null=False, default=None)
    edition = Integer(null=True, default=None)
    opens_at = Timestamptz(null=True, default=None)
    closes_at = Timestamptz(null=True, default=None)
    closes_on = Date(null=True, default=None)
    closed_at = Timestamptz(null=True, default=None)
    link = Text(null=True, default=None)
    created_at = Timestamptz(null=False, default=None)
    created_by = ForeignKey(Agent, null=True, on_delete=OnDelete.restrict)
    warnings = JSONB(null=True, default=None)


class Edition(Table, tablename="edition", db=ENGINE, tags=FROZEN):
    """A published questionnaire: the exact bytes, their SHA-256, never updated (the service has no right to)."""

    id = UUID(primary_key=True, null=False, default=None)
    survey = ForeignKey(Survey, null=False, on_delete=OnDelete.restrict)
    number = Integer(null=False, default=None)
    questionnaire = Bytea(null=False, default=None)
    hash = Bytea(null=False, default=None)
    published_at = Timestamptz(null=False, default=None)
    published_by = ForeignKey(Agent, null=True, on_delete=OnDelete.restrict)


class Assignment(Table, tablename="assignment", db=ENGINE, tags=PART):
    """One expected answer, of an agent or (agent null) of a unit; its dimensions are frozen at entry."""

    part = BigInt(null=False, default=None)
    id = UUID(primary_key=True, null=False, default=None)
    survey = ForeignKey(Survey, null=False, on_delete=OnDelete.restrict)
    agent = ForeignKey(Agent, null=True, on_delete=OnDelete.restrict)
    unit = ForeignKey(Unit, null=False, on_delete=OnDelete.restrict)
    unit_kind = Text(null=False, default=None)
    territory = Text(null=False, default=None)
    region = Text(null=True, default=None)
    department = Text(null=True, default=None)
    communities = Array(base_column=Text(), null=False, default=None)
    stratum = Text(null=True, default=None)
    base_weight = DoublePrecision(null=False, default=None)
    origin = Text(null=False, default=None)
    entered_at = Timestamptz(null=False, default=None)
    disposition = Text(null=False, default=None)
    disposition_reason = Text(null=True, default=None)
    disposition_at = Timestamptz(null=False, default=None)
    state = Text(null=False, default=None)
    state_at = Timestamptz(null=False, default=None)
    due_at = Timestamptz(null=True, default=None)


class AssignmentEvent(Table, tablename="assignment_event", db=ENGINE, tags=PART):
    """A change of state of an expected answer: who, when, why. The assignment's state is its last event's."""

    part = BigInt(null=False, default=None)
    id = UUID(primary_key=True, null=False, default=None)
    assignment = UUID(null=False, default=None)
    state = Text(null=False, default=None)
    at = Timestamptz(null=False, default=None)
    actor = ForeignKey(Agent, null=True, on_delete=OnDelete.restrict)
    reason = Text(null=True, default=None)


class Draft(Table, tablename="draft", db=ENGINE, tags=PART):
    """What is typed for an expected answer and not sent yet; `id` is that of the response to come.

    `touched` holds, for each path that was ever changed, the version that changed it last.
    """

    part = BigInt(null=False, default=None)
    id = UUID(primary_key=True, null=False, default=None)
    survey = ForeignKey(Survey, null=False, on_delete=OnDelete.restrict)
    assignment = UUID(null=False, default=None)
    edition = Integer(null=False, default=None)
    version = Integer(null=False, default=None)
    answers = JSONB(null=False, default=None)
    touched = JSONB(null=False, default=None)
    saved_at = Timestamptz(null=False, default=None)
    saved_by = ForeignKey(Agent, null=False, on_delete=OnDelete.restrict)
    region = Text(null=True, default=None)
    department = Text(null=True, default=None)


class Response(Table, tablename="response", db=ENGINE, tags=PART):
    """One submitted set of answers, in its last revision; an erased one keeps its id and nothing that was answered.

    `content_hash` is over what was sent first, `revision_hash` over what was sent for the present revision.
    """

    part = BigInt(null=False, default=None)
    id = UUID(primary_key=True, null=False, default=None)
    survey = ForeignKey(Survey, null=False, on_delete=OnDelete.restrict)
    edition = Integer(null=False, default=None)
    assignment = UUID(null=True, default=None)
    actor = ForeignKey(Agent, null=True, on_delete=OnDelete.restrict)
    channel = Text(null=False, default=None)
    unit = ForeignKey(Unit, null=True, on_delete=OnDelete.restrict)
    unit_kind = Text(null=True, default=None)
    territory = Text(null=True, default=None)
    region = Text(null=True, default=None)
    department = Text(null=True, default=None)
    communities = Array(base_column=Text(), null=False, default=None)
    stratum = Text(null=True, default=None)
    base_weight = DoublePrecision(null=False, default=None)
    submitted_at = Timestamptz(null=False, default=None)
    day = Date(null=False, default=None)
    revision = Integer(null=False, default=None)
    revised_at = Timestamptz(null=False, default=None)
    answers = JSONB(null=True, default=None)
    content_hash = Bytea(null=False, default=None)
    revision_hash = Bytea(null=False, default=None)
    row_key = BigInt(null=False, default=None)
    record_key = BigInt(null=False, default=None)
    erased_at = Timestamptz(null=True, default=None)


class ResponseRevision(Table, tablename="response_revision", db=ENGINE, tags=PART):
    """What a response held before it was amended."""

    part = BigInt(null=False, default=None)
    response = UUID(primary_key=True, null=False, default=None)
    revision = Integer(null=False, default=None)
    edition = Integer(null=False, default=None)
    actor = ForeignKey(Agent, null=True, on_delete=OnDelete.restrict)
    revised_at = Timestamptz(null=False, default=None)
    answers = JSONB(null=False, default=None)


class Change(Table, tablename="change", db=ENGINE, tags=PART):
    """What the cube does not know yet: a row to add, or (content null) a tombstone for one to hide."""

    part = BigInt(null=False, default=None)
    id = UUID(primary_key=True, null=False, default=None)
    row_key = BigInt(null=False, default=None)
    content = JSONB(null=True, default=None)
