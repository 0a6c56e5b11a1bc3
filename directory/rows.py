"""What leaves `queries.py`: the structs of territories, agents, units and communities."""

from typing import Final, Literal, get_args
from uuid import UUID

import msgspec

TerritoryKind = Literal["nation", "region", "department", "collectivity", "epci", "commune"]
UnitKind = Literal["directorate", "dreal", "drieat", "deal", "ddt", "ddtm", "operator", "other"]
Role = Literal["respondent", "animator", "reviewer", "analyst", "editor", "administrator"]

UNIT_KINDS: Final[tuple[UnitKind, ...]] = get_args(UnitKind)
ROLES: Final[tuple[Role, ...]] = get_args(Role)


class Territory(msgspec.Struct, frozen=True, kw_only=True):
    """A territory as lists show it; `parent` is null for the nation."""

    code: str
    kind: TerritoryKind
    name: str
    parent: str | None


class Place(Territory, frozen=True, kw_only=True):
    """A territory and where it lies: `path` from the nation to itself, its région and département if it has them."""

    path: tuple[str, ...]
    region: str | None
    department: str | None
    time_zone: str


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A role held in a scope: `unit:CODE`, `territory:CODE`, `community:SLUG`, or empty for everywhere."""

    role: Role
    scope: str


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """An active agent, as `access.may` judges them. `territory` is the path of their unit's territory, nation first.

    `animates` are the communities they may act for as animators: marked in the membership, or by a grant.
    """

    id: UUID
    email: str
    given_name: str
    family_name: str
    unit: UUID
    unit_code: str
    unit_kind: UnitKind
    territory: tuple[str, ...]
    communities: tuple[str, ...]
    animates: tuple[str, ...]
    grants: tuple[Held, ...]


class Community(msgspec.Struct, frozen=True, kw_only=True):
    """A community as lists show it: `name` by language, and how many active agents are in it and animate it."""

    slug: str
    name: dict[str, str]
    members: int
    animators: int


class UnitRow(msgspec.Struct, frozen=True, kw_only=True):
    """A unit as stored."""

    id: UUID
    code: str
    name: str
    kind: UnitKind
    territory: str


class CommunityRow(msgspec.Struct, frozen=True, kw_only=True):
    """A community as stored."""

    id: UUID
    slug: str
    name: dict[str, str]


class AgentRow(msgspec.Struct, frozen=True, kw_only=True):
    """An agent as stored."""

    id: UUID
    email: str
    given_name: str
    family_name: str
    unit: UUID
    active: bool


class MembershipRow(msgspec.Struct, frozen=True, kw_only=True):
    """A membership as stored."""

    community: UUID
    agent: UUID
    animator: bool


class FoundAgent(msgspec.Struct, frozen=True, kw_only=True):
    """An agent as a search shows them: who, in which unit, where."""

    id: UUID
    given_name: str
    family_name: str
    unit_name: str
    territory_name: str
