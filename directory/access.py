"""The one function that decides who may do what: roles and scopes as DESIGN §7 has them, pure.

`surveys/access.py` and `analytics/access.py` fetch an object, describe it as a `Scope` and ask `may`; nobody else
judges. That an agent is asked (has an assignment) is a fact of the ledger, not a right: those who see or answer a
survey because they are asked do so beside this function.
"""

from typing import Literal

import msgspec

from directory.rows import Actor, Role
from directory.territories import NATION

Act = Literal[
    "create_survey",
    "edit_survey",
    "follow_survey",
    "read_figures",
    "read_responses",
    "submit_for_territory",
    "see_survey",
]
Lane = Literal["survey", "collection", "flash"]


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What an act is about: whose survey, which territory of it, which communities it is addressed to.

    `owner` is the unit code of the owning directorate. `path` is the territory of the object, nation first: `("FR",)`
    for a whole survey, `("FR", "R-53", "D-29")` for a response of the Finistère.
    """

    owner: str
    path: tuple[str, ...]
    communities: frozenset[str] = frozenset()
    anonymous: bool = False
    lane: Lane = "survey"


def may(actor: Actor, act: Act, scope: Scope) -> bool:
    """Whether the actor may do this, by DESIGN §7.

    * `create_survey`, `edit_survey` (draft, publish, bulk import, exports), `submit_for_territory` (answer without an
      assignment): editors of the owner and administrators.
    * `follow_survey` (participation, assignments): the same, the owner's analysts, and reviewers and analysts of a
      territory for what lies inside it.
    * `read_figures` (exact, nothing withheld): editors of the owner and administrators for named surveys; for
      collections, whose figures are open, also the owner's analysts and those of any territory. Never for anonymous
      surveys: their figures pass disclosure control for everybody.
    * `read_responses` (rows): editors of the owner and administrators, reviewers and analysts of a territory for rows
      inside it. Never for anonymous surveys.
    * `see_survey` (that it exists, once published): all who have one of these rights, reviewers and analysts of any
      territory for a survey of the nation, animators of a community it is addressed to.
    """
    administrator = _holds(actor, "administrator", "")
    editor = _holds(actor, "editor", f"unit:{scope.owner}")
    owner = administrator or editor
    analyst = _holds(actor, "analyst", f"unit:{scope.owner}")
    inside = [f"territory:{code}" for code in scope.path]
    local = _holds(actor, "reviewer", *inside) or _holds(actor, "analyst", *inside)
    match act:
        case "create_survey" | "edit_survey" | "submit_for_territory":
            return owner
        case "follow_survey":
            return owner or analyst or local
        case "read_figures":
            figures_are_open = scope.lane == "collection" and (analyst or _holds_somewhere(actor, "analyst"))
            return not scope.anonymous and (owner or figures_are_open)
        case "read_responses":
            return not scope.anonymous and (owner or local)
        case "see_survey":
            animated = not scope.communities.isdisjoint(actor.animates)
            territorial = _holds_somewhere(actor, "reviewer") or _holds_somewhere(actor, "analyst")
            national = scope.path == (NATION,) and territorial
            return owner or analyst or local or animated or national


def reach(actor: Actor, act: Act, scope: Scope) -> tuple[str, ...]:
    """The territories inside which the actor may do this to parts of a survey: the nation if everywhere, else those of
    their grants. Lists take it as their condition, so that they show what `may` allows, row by row.
    """
    if may(actor, act, scope):
        return (NATION,)
    granted = _granted(actor, "territory")
    return tuple(code for code in granted if may(actor, act, msgspec.structs.replace(scope, path=(NATION, code))))


def directorates(actor: Actor, act: Act) -> tuple[str, ...] | None:
    """The directorates on whose surveys the actor may do this: null if on those of all, else those of their grants.
    Lists of surveys take it as their condition, as they take `reach` for what lies in a survey.
    """
    if may(actor, act, Scope(owner="", path=(NATION,))):
        return None
    return tuple(code for code in _granted(actor, "unit") if may(actor, act, Scope(owner=code, path=(NATION,))))


def _granted(actor: Actor, kind: Literal["unit", "territory"]) -> list[str]:
    """The codes of the units or territories that the actor's grants name."""
    prefix = f"{kind}:"
    return sorted({held.scope.removeprefix(prefix) for held in actor.grants if held.scope.startswith(prefix)})


def _holds(actor: Actor, role: Role, *scopes: str) -> bool:
    return any(held.role == role and held.scope in scopes for held in actor.grants)


def _holds_somewhere(actor: Actor, role: Role) -> bool:
    return any(held.role == role and _is_territorial(held.scope) for held in actor.grants)


def _is_territorial(scope: str) -> bool:
    return scope.startswith("territory:")
