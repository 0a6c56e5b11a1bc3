"""The tables of the directory, all small and read everywhere (`reference`)."""

from piccolo.columns import UUID, Array, Boolean, Bytea, ForeignKey, Text, Timestamptz
from piccolo.columns.base import OnDelete
from piccolo.columns.column_types import JSONB
from piccolo.table import Table

from base.database import ENGINE

REFERENCE = ["reference"]


class Territory(Table, tablename="territory", db=ENGINE, tags=REFERENCE):
    """A nation, région, département or collectivity; `path` goes from the nation to itself."""

    code = Text(primary_key=True, null=False, default=None)
    kind = Text(null=False, default=None)
    name = Text(null=False, default=None)
    parent = Text(null=True, default=None)
    path = Array(base_column=Text(), null=False, default=None)
    region = Text(null=True, default=None)
    department = Text(null=True, default=None)
    time_zone = Text(null=False, default=None)


class Unit(Table, tablename="unit", db=ENGINE, tags=REFERENCE):
    """A service: a DDTM, a DREAL, a directorate, an operator."""

    id = UUID(primary_key=True, null=False, default=None)
    code = Text(null=False, default=None)
    name = Text(null=False, default=None)
    kind = Text(null=False, default=None)
    territory = Text(null=False, default=None)


class Agent(Table, tablename="agent", db=ENGINE, tags=REFERENCE):
    """A person; the e-mail is kept in lower case."""

    id = UUID(primary_key=True, null=False, default=None)
    email = Text(null=False, default=None)
    given_name = Text(null=False, default=None)
    family_name = Text(null=False, default=None)
    unit = ForeignKey(Unit, null=False, on_delete=OnDelete.restrict)
    active = Boolean(null=False, default=None)
    created_at = Timestamptz(null=False, default=None)


class Community(Table, tablename="community", db=ENGINE, tags=REFERENCE):
    """A thematic network of agents; `name` is by language."""

    id = UUID(primary_key=True, null=False, default=None)
    slug = Text(null=False, default=None)
    name = JSONB(null=False, default=None)


class Membership(Table, tablename="membership", db=ENGINE, tags=REFERENCE):
    """An agent in a community, perhaps as one of its animators."""

    id = UUID(primary_key=True, null=False, default=None)
    community = ForeignKey(Community, null=False, on_delete=OnDelete.restrict)
    agent = ForeignKey(Agent, null=False, on_delete=OnDelete.restrict)
    animator = Boolean(null=False, default=None)


class Grant(Table, tablename="grant", db=ENGINE, tags=REFERENCE):
    """A role that an agent holds in a scope: `unit:CODE`, `territory:CODE`, `community:SLUG`, empty for everywhere."""

    id = UUID(primary_key=True, null=False, default=None)
    agent = ForeignKey(Agent, null=False, on_delete=OnDelete.restrict)
    role = Text(null=False, default=None)
    scope = Text(null=False, default=None)
    created_at = Timestamptz(null=False, default=None)


class ApiToken(Table, tablename="api_token", db=ENGINE, tags=REFERENCE):
    """A token, by the SHA-256 of its text alone; with a role it acts in that role only."""

    id = UUID(primary_key=True, null=False, default=None)
    agent = ForeignKey(Agent, null=False, on_delete=OnDelete.restrict)
    hash = Bytea(null=False, default=None)
    role = Text(null=True, default=None)
    scope = Text(null=True, default=None)
    created_at = Timestamptz(null=False, default=None)
    expires_at = Timestamptz(null=True, default=None)
    revoked_at = Timestamptz(null=True, default=None)


class Session(Table, tablename="session", db=ENGINE, tags=REFERENCE):
    """Somebody signed in, by the SHA-256 of the secret in their cookie; `seen_at` is exact to a minute."""

    id = UUID(primary_key=True, null=False, default=None)
    agent = ForeignKey(Agent, null=False, on_delete=OnDelete.restrict)
    hash = Bytea(null=False, default=None)
    created_at = Timestamptz(null=False, default=None)
    seen_at = Timestamptz(null=False, default=None)
    ended_at = Timestamptz(null=True, default=None)
