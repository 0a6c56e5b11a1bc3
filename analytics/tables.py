"""The cube at rest."""

from piccolo.columns import UUID, Array, BigInt, Bytea, Integer, Timestamptz
from piccolo.columns.column_types import JSONB
from piccolo.table import Table

from base.database import ENGINE

PART = ["part"]


class Segment(Table, tablename="segment", db=ENGINE, tags=PART):
    """Folded rows as one Parquet file, with the codebook that its small integers stand for. Never updated."""

    part = BigInt(null=False, default=None)
    id = UUID(primary_key=True, null=False, default=None)
    row_count = Integer(null=False, default=None)
    codebook = JSONB(null=False, default=None)
    content = Bytea(null=False, default=None)
    created_at = Timestamptz(null=False, default=None)


class Manifest(Table, tablename="manifest", db=ENGINE, tags=PART):
    """Which segments of a part count, which of their rows are hidden, and how often that has changed."""

    part = BigInt(primary_key=True, null=False, default=None)
    segments = Array(base_column=UUID(), null=False, default=None)
    tombstones = Array(base_column=BigInt(), null=False, default=None)
    version = BigInt(null=False, default=None)
    updated_at = Timestamptz(null=False, default=None)
