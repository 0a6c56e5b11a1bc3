"""Bringing agents and communities in from CSV files: all of a file or, if it has a single flaw, nothing of it.

Who is not in the file stays as they are. What differs is computed against what is stored and written in batches by
set-based statements, in one transaction; importing the same file again changes nothing.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, TypeVar, cast
from uuid import UUID

import msgspec
from asyncpg import Connection

from base.database import transaction
from base.ids import uuid7
from base.progress import Progress
from directory import queries
from directory.emails import is_email
from directory.problems import TERRITORIES_MISSING, Flaw, flawed_file
from directory.rows import UNIT_KINDS, AgentRow, CommunityRow, MembershipRow, UnitKind, UnitRow
from directory.tabular import Columns, Line, Sheet, read_sheet
from directory.territories import NATION

T = TypeVar("T")

BATCH: Final = 1000
SEPARATOR: Final = "|"
"""Between the items of a list in one cell."""

UNIT_FACTS: Final = ("unit_name", "unit_kind", "territory")
AGENT_COLUMNS: Final = Columns(
    known=("email", "given_name", "family_name", "unit", *UNIT_FACTS, "communities"),
    optional=("communities",),
    lists=("communities",),
)
COMMUNITY_COLUMNS: Final = Columns(known=("slug", "name_fr", "name_en", "animators"), lists=("animators",))

_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_UNIT_CODE: Final = re.compile(r"[^\s,;:|]{1,64}")


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did: how many rows were new, changed something, changed nothing; what it created on the way."""

    created: int
    updated: int
    unchanged: int
    units_created: tuple[str, ...] = ()
    communities_created: tuple[str, ...] = ()


class _Person(msgspec.Struct, frozen=True, kw_only=True):
    """A good row of agents.csv; `communities` is None in a file without that column."""

    email: str
    given_name: str
    family_name: str
    unit: str
    communities: frozenset[str] | None


class _Network(msgspec.Struct, frozen=True, kw_only=True):
    """A good row of communities.csv."""

    slug: str
    name: dict[str, str]
    animators: frozenset[str]


class _Differences(msgspec.Struct, kw_only=True):
    """What a batch has to write, and how many of its rows change nothing."""

    new_agents: list[AgentRow] = []
    changed_agents: list[AgentRow] = []
    new_communities: list[CommunityRow] = []
    renamed_communities: list[CommunityRow] = []
    memberships: list[MembershipRow] = []
    ended_memberships: list[MembershipRow] = []
    unchanged: int = 0


async def import_agents(data: bytes, progress: Progress, *, now: datetime) -> Imported:
    """Import agents.csv, with the units and communities that it is the first to name.

    The column `communities`, where there is one, replaces the memberships, except that animators stay in what they
    animate. Whether an agent is active does not change. A file with flaws is refused with all of them.
    """
    flaws: list[Flaw] = []
    sheet = read_sheet(data, AGENT_COLUMNS, flaws)
    people = _people(sheet, flaws)
    async with transaction() as connection:
        await queries.lock_for_writing(connection)
        units, new_units = await _units(connection, sheet, flaws)
        if flaws:
            raise flawed_file(flaws)
        await queries.insert_units(connection, new_units)
        communities, new_communities = await _communities(connection, people)
        await queries.insert_communities(connection, new_communities)
        created = unchanged = done = 0
        progress(0, len(people))
        for some in _batches(people):
            differences = await _differences_of_people(connection, some, units, communities)
            await _write(connection, differences, now)
            created += len(differences.new_agents)
            unchanged += differences.unchanged
            done += len(some)
            progress(done, len(people))
    return Imported(
        created=created,
        updated=done - created - unchanged,
        unchanged=unchanged,
        units_created=tuple(unit.code for unit in new_units),
        communities_created=tuple(community.slug for community in new_communities),
    )


async def import_communities(data: bytes, progress: Progress, *, now: datetime) -> Imported:
    """Import communities.csv: names and animators, who become members; who is no longer named stays as a member.

    A file with flaws is refused with all of them.
    """
    flaws: list[Flaw] = []
    sheet = read_sheet(data, COMMUNITY_COLUMNS, flaws)
    async with transaction() as connection:
        await queries.lock_for_writing(connection)
        emails = sorted({email for line in sheet.lines for email in _list(line, "animators")})
        agents = {agent.email: agent.id for agent in await queries.stored_agents(connection, emails)}
        networks = _networks(sheet, agents, flaws)
        if flaws:
            raise flawed_file(flaws)
        stored = {community.slug: community for community in await queries.stored_communities(connection)}
        done = unchanged = 0
        progress(0, len(networks))
        for some in _batches(networks):
            differences = await _differences_of_networks(connection, some, stored, agents)
            await _write(connection, differences, now)
            unchanged += differences.unchanged
            done += len(some)
            progress(done, len(networks))
    new = tuple(network.slug for network in networks if network.slug not in stored)
    return Imported(created=len(new), updated=done - len(new) - unchanged, unchanged=unchanged, communities_created=new)


def _batches(rows: list[T]) -> Iterator[list[T]]:
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))


# Judging what the file says


def _people(sheet: Sheet, flaws: list[Flaw]) -> list[_Person]:
    people = []
    first: dict[str, int] = {}
    for line in sheet.lines:
        email = line.cells.get("email", "").lower()
        _judge_key(line, "email", email, first, flaws)
        for column in ("given_name", "family_name"):
            _judge_presence(line, column, flaws)
        slugs = _list(line, "communities")
        flaws += [_flaw(line, "communities", "slug", value=slug) for slug in slugs if not _SLUG.fullmatch(slug)]
        people.append(
            _Person(
                email=email,
                given_name=line.cells.get("given_name", ""),
                family_name=line.cells.get("family_name", ""),
                unit=line.cells.get("unit", ""),
                communities=frozenset(slugs) if "communities" in sheet.columns else None,
            )
        )
    return people


def _networks(sheet: Sheet, agents: dict[str, UUID], flaws: list[Flaw]) -> list[_Network]:
    networks = []
    first: dict[str, int] = {}
    for line in sheet.lines:
        slug = line.cells.get("slug", "")
        _judge_key(line, "slug", slug, first, flaws)
        _judge_presence(line, "name_fr", flaws)
        animators = _list(line, "animators")
        flaws += [_flaw(line, "animators", "agent-unknown", value=email) for email in animators if email not in agents]
        name = {language: line.cells.get(f"name_{language}", "") for language in ("fr", "en")}
        networks.append(
            _Network(
                slug=slug,
                name={language: text for language, text in name.items() if text},
                animators=frozenset(animators),
            )
        )
    return networks


async def _units(connection: Connection, sheet: Sheet, flaws: list[Flaw]) -> tuple[dict[str, UUID], list[UnitRow]]:
    """The units of the file, by code, and those of them to create. Lines and database must agree on each."""
    codes = sorted({line.cells["unit"] for line in sheet.lines if line.cells.get("unit")})
    stored = {unit.code: unit for unit in await queries.stored_units(connection, codes)}
    territories = {territory.code for territory in await queries.territories(connection, None, None)}
    if territories <= {NATION}:
        raise TERRITORIES_MISSING()
    facts: dict[str, dict[str, str]] = {
        code: dict(zip(UNIT_FACTS, (unit.name, unit.kind, unit.territory), strict=True))
        for code, unit in stored.items()
    }
    new: dict[str, Line] = {}
    for line in sheet.lines:
        _judge_presence(line, "unit", flaws)
        code = line.cells.get("unit", "")
        if code and not _UNIT_CODE.fullmatch(code):
            flaws.append(_flaw(line, "unit", "unit-code", value=code))
        if code and code not in stored:
            new.setdefault(code, line)
        known = facts.setdefault(code, {}) if code else {}
        for column in UNIT_FACTS:
            _judge_unit_fact(line, column, known, territories, flaws)
    for code, line in new.items():
        if any(column in sheet.columns and column not in facts[code] for column in UNIT_FACTS):
            flaws.append(_flaw(line, "unit", "unit-new", unit=code))
    rows = [
        UnitRow(
            id=uuid7(),
            code=code,
            name=facts[code].get("unit_name", ""),
            kind=cast("UnitKind", facts[code].get("unit_kind", "")),
            territory=facts[code].get("territory", ""),
        )
        for code in sorted(new)
    ]
    return {unit.code: unit.id for unit in (*stored.values(), *rows)}, rows


def _judge_unit_fact(line: Line, column: str, known: dict[str, str], territories: set[str], flaws: list[Flaw]) -> None:
    value = line.cells.get(column, "")
    if not value:
        return
    if known.setdefault(column, value) != value:
        flaws.append(
            _flaw(line, column, "unit-differs", unit=line.cells.get("unit", ""), known=known[column], value=value)
        )
    if column == "unit_kind" and value not in UNIT_KINDS:
        flaws.append(_flaw(line, column, "unit-kind", value=value, kinds=", ".join(UNIT_KINDS)))
    if column == "territory" and value not in territories:
        flaws.append(_flaw(line, column, "unit-territory", value=value))


def _judge_key(line: Line, column: str, value: str, first: dict[str, int], flaws: list[Flaw]) -> None:
    """A key is there, well formed and new in the file; `first` keeps the line of each."""
    _judge_presence(line, column, flaws)
    if not value:
        return
    if not (is_email(value) if column == "email" else _SLUG.fullmatch(value)):
        flaws.append(_flaw(line, column, column, value=value))
    if first.setdefault(value, line.number) != line.number:
        flaws.append(_flaw(line, column, f"{column}-twice", value=value, first=first[value]))


def _judge_presence(line: Line, column: str, flaws: list[Flaw]) -> None:
    if line.cells.get(column) == "":
        flaws.append(_flaw(line, column, "required"))


def _flaw(line: Line, column: str, code: str, **parameters: object) -> Flaw:
    return Flaw(line=line.number, column=column, code=code, parameters=parameters)


def _list(line: Line, column: str) -> list[str]:
    """The items of a list, each once, in the order of the cell; all our lists are written in small letters."""
    items = (item.strip() for item in line.cells.get(column, "").split(SEPARATOR))
    return list(dict.fromkeys(item.lower() if column == "animators" else item for item in items if item))


# Comparing with what is stored


async def _communities(connection: Connection, people: list[_Person]) -> tuple[dict[str, UUID], list[CommunityRow]]:
    """All communities, by slug, and those of them to create because people are in them."""
    stored = await queries.stored_communities(connection)
    slugs = {slug for person in people for slug in person.communities or ()}
    missing = sorted(slugs.difference(community.slug for community in stored))
    new = [CommunityRow(id=uuid7(), slug=slug, name={"fr": slug, "en": slug}) for slug in missing]
    return {community.slug: community.id for community in (*stored, *new)}, new


async def _differences_of_people(
    connection: Connection, people: list[_Person], units: dict[str, UUID], communities: dict[str, UUID]
) -> _Differences:
    differences = _Differences()
    stored = {agent.email: agent for agent in await queries.stored_agents(connection, [p.email for p in people])}
    memberships = _by_agent(await queries.memberships_of_agents(connection, [agent.id for agent in stored.values()]))
    for person in people:
        before = stored.get(person.email)
        after = AgentRow(
            id=before.id if before else uuid7(),
            email=person.email,
            given_name=person.given_name,
            family_name=person.family_name,
            unit=units[person.unit],
            active=before.active if before else True,
        )
        joining: list[MembershipRow] = []
        leaving: list[MembershipRow] = []
        if person.communities is not None:
            present = memberships.get(after.id, {})
            wanted = {communities[slug] for slug in person.communities}
            joining = [
                MembershipRow(community=community, agent=after.id, animator=False)
                for community in sorted(wanted.difference(present))
            ]
            leaving = [row for row in present.values() if row.community not in wanted and not row.animator]
        if before is None:
            differences.new_agents.append(after)
        elif after != before:
            differences.changed_agents.append(after)
        elif not joining and not leaving:
            differences.unchanged += 1
        differences.memberships += joining
        differences.ended_memberships += leaving
    return differences


def _by_agent(memberships: Sequence[MembershipRow]) -> dict[UUID, dict[UUID, MembershipRow]]:
    found: dict[UUID, dict[UUID, MembershipRow]] = {}
    for row in memberships:
        found.setdefault(row.agent, {})[row.community] = row
    return found


async def _differences_of_networks(
    connection: Connection, networks: list[_Network], stored: dict[str, CommunityRow], agents: dict[str, UUID]
) -> _Differences:
    differences = _Differences()
    marked: dict[UUID, set[UUID]] = {}
    for row in await queries.memberships_of_communities(connection, [network.slug for network in networks]):
        if row.animator:
            marked.setdefault(row.community, set()).add(row.agent)
    for network in networks:
        before = stored.get(network.slug)
        after = CommunityRow(id=before.id if before else uuid7(), slug=network.slug, name=network.name)
        present = marked.get(after.id, set())
        wanted = {agents[email] for email in network.animators}
        memberships = [
            MembershipRow(community=after.id, agent=agent, animator=agent in wanted)
            for agent in sorted(wanted.symmetric_difference(present))
        ]
        if before is None:
            differences.new_communities.append(after)
        elif after != before:
            differences.renamed_communities.append(after)
        elif not memberships:
            differences.unchanged += 1
        differences.memberships += memberships
    return differences


async def _write(connection: Connection, differences: _Differences, now: datetime) -> None:
    await queries.insert_agents(connection, differences.new_agents, now)
    await queries.update_agents(connection, differences.changed_agents)
    await queries.insert_communities(connection, differences.new_communities)
    await queries.rename_communities(connection, differences.renamed_communities)
    await queries.delete_memberships(connection, differences.ended_memberships)
    ids = [uuid7() for _ in differences.memberships]
    await queries.store_memberships(connection, ids, differences.memberships)
