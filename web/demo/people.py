"""The people of the demonstration whom a visitor is invited to become, each for something to see."""

from typing import Final
from uuid import UUID

import msgspec

from base.database import reading
from base.language import N_
from directory import queries
from directory.rows import AgentRow, Role

OWNER: Final = "DGALN"
"""The unit whose surveys the demonstration shows."""


class DemoPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to become; `role` and `tries` (what to try as them) are message ids."""

    agent: UUID
    email: str
    name: str
    unit_name: str
    role: str
    tries: str


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part to play: for the person at `place` (by e-mail) of the first of `units` that has so many people.

    `holds` is the role that goes with it, on what belongs to the directorate of the demonstration.
    """

    units: tuple[str, ...]
    place: int = 0
    holds: Role | None = None
    role: str
    tries: str


PARTS: Final = (
    Part(
        units=(OWNER,),
        holds="editor",
        role=N_("Directorate: sends surveys and follows them"),
        tries=N_("Import a workbook, choose whom to ask, publish it; then see who has answered, by territory."),
    ),
    Part(
        units=("DDTM-29", "DDTM-22", "DDTM-35", "DDTM-56"),
        place=1,
        role=N_("Agent of a service in Bretagne"),
        tries=N_("Answer the survey on furnished tourist lettings, leave it half way, and come back to it."),
    ),
    Part(
        units=("DDT-65", "DDT-31", "DDT-81", "DDT-09", "DDT-12"),
        role=N_("Agent of a service in Occitanie"),
        tries=N_("Fill in the yearly collection for your service: one answer for all your colleagues."),
    ),
    Part(
        units=(OWNER,),
        place=1,
        holds="analyst",
        role=N_("Analyst of the directorate"),
        tries=N_("Read the figures of the collection: filter them by région, or by any answer."),
    ),
)


async def demo_people() -> list[DemoPerson]:
    """Whom a visitor may become, in the order in which to try; in a small directory some may be missing."""
    return [
        DemoPerson(
            agent=agent.id,
            email=agent.email,
            name=f"{agent.given_name} {agent.family_name}",
            unit_name=unit_name,
            role=part.role,
            tries=part.tries,
        )
        for part, agent, unit_name in await players()
    ]


async def players() -> list[tuple[Part, AgentRow, str]]:
    """Each part that somebody plays, with who that is and the name of their unit: the same people every time."""
    async with reading() as connection:
        units = await queries.stored_units(connection, [code for part in PARTS for code in part.units])
        agents = await queries.agents_of_units(connection, [unit.id for unit in units])
    people = {unit.code: [agent for agent in agents if agent.unit == unit.id] for unit in units}
    names = {unit.code: unit.name for unit in units}
    found = []
    for part in PARTS:
        unit = next((code for code in part.units if len(people.get(code, ())) > part.place), None)
        if unit is not None:
            found.append((part, people[unit][part.place], names[unit]))
    return found
