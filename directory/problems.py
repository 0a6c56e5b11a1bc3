"""What may go wrong in the directory."""

from typing import Final

import msgspec

from base.language import N_
from base.problems import Problem, Worded, problem

AGENT_UNKNOWN = problem(
    "directory/agent-unknown",
    404,
    N_("Nobody has this address"),
    N_("No agent has the address {email}. Check it, or import the agent first with `navette agents import`."),
)
AGENT_INACTIVE = problem(
    "directory/agent-inactive",
    409,
    N_("This agent is inactive"),
    N_("The agent with the address {email} is marked as inactive and cannot act. Choose somebody else."),
)
EMAIL_INVALID = problem(
    "directory/email-invalid",
    422,
    N_("This is not an e-mail address"),
    N_("{email} is not an e-mail address. Write it as name@domain, without accents."),
)
ROLE_UNKNOWN = problem(
    "directory/role-unknown",
    422,
    N_("There is no such role"),
    N_("There is no role {role}. Choose one of: {roles}."),
)
SCOPE_WITHOUT_ROLE = problem(
    "directory/scope-without-role",
    422,
    N_("A scope needs a role"),
    N_("The scope {scope} was given without a role. Say which role holds there, or leave out the scope."),
)
SCOPE_MISFIT = problem(
    "directory/scope-misfit",
    422,
    N_("The scope does not fit the role"),
    N_("The role {role} does not fit the scope “{scope}”. It takes: {forms}."),
)
SCOPE_NOT_WANTED = problem(
    "directory/scope-not-wanted",
    422,
    N_("This role has no scope"),
    N_("The role {role} holds everywhere. Leave out the scope {scope}."),
)
SCOPE_UNKNOWN = problem(
    "directory/scope-unknown",
    422,
    N_("The scope names nothing we know"),
    N_("Nothing is known under {scope}. Check its spelling, or import what it names first."),
)
TERRITORIES_MISSING = problem(
    "directory/territories-missing",
    409,
    N_("The territories are missing"),
    N_("Nothing was imported. Run `navette territories load` first, then import the file again."),
)
TOKEN_EXPIRED = problem(
    "directory/token-expired",
    422,
    N_("The token would be expired already"),
    N_("The token would expire on {expires_at}, which is past. Choose a later date, or none."),
)
TOKEN_UNKNOWN = problem(
    "directory/token-unknown",
    404,
    N_("There is no such token"),
    N_("No token has the id {id}. Check that it is the id, not the text of the token."),
)
IMPORT_FLAWS = problem(
    "directory/import-flaws",
    422,
    N_("The file has flaws"),
    N_("Nothing was imported. Flaws in the file: {count}, all listed. Correct them, then import it again."),
)

FLAWS: Final[dict[str, str]] = {
    "encoding": N_("The file is not UTF-8 from here on: save it as “CSV UTF-8”."),
    "empty": N_("The first line is empty: it names the columns {columns}."),
    "quoting": N_("The quotes do not match from here on, and what follows could not be read: correct them."),
    "column-missing": N_("The column {name} is missing from the first line."),
    "column-unknown": N_("The column “{name}” is not known: the columns are {columns}."),
    "column-twice": N_("The column {name} stands twice in the first line."),
    "cells": N_("Cells on this line: {count}; on the first line: {expected}. Check separators and quotes."),
    "required": N_("This cell must not be empty."),
    "long": N_("This cell is longer than {limit} characters."),
    "character": N_("This cell holds a control character: remove it."),
    "email": N_("“{value}” is not an e-mail address: write it as name@domain, without accents."),
    "email-twice": N_("{value} stands on line {first} already: keep one of the two."),
    "slug": N_("“{value}” is not a community's short name: use small letters a to z, digits and single hyphens."),
    "slug-twice": N_("{value} stands on line {first} already: keep one of the two."),
    "unit-code": N_(
        "“{value}” is not a unit's code: use at most 64 characters, no spaces, commas, semicolons, colons or bars.",
    ),
    "unit-kind": N_("“{value}” is not a kind of unit: choose one of {kinds}."),
    "unit-territory": N_("There is no territory “{value}”: write a code such as FR, R-53 or D-2A."),
    "unit-new": N_("The unit {unit} is new: give its name, its kind and its territory on at least one line."),
    "unit-differs": N_(
        "The unit {unit} is known with “{known}” here, not “{value}”: leave the cell empty or correct it."
    ),
    "agent-unknown": N_("No agent has the address {value}: import the agents first."),
}
"""Flaw code → English message id: what is wrong with a line of a file and what to do."""


class Flaw(msgspec.Struct, frozen=True, kw_only=True):
    """One fault of an imported file: the line it begins on (1 is the first), the column if it is in one, and which."""

    line: int
    column: str | None
    code: str
    parameters: dict[str, object] = {}


def flawed_file(flaws: list[Flaw]) -> Problem:
    """The problem of a file with these flaws, in the order of its lines, each in words."""
    return IMPORT_FLAWS(
        count=len(flaws),
        members={
            "flaws": [
                {
                    "line": flaw.line,
                    "column": flaw.column,
                    "code": flaw.code,
                    "message": Worded(message=FLAWS[flaw.code], parameters=flaw.parameters),
                }
                for flaw in sorted(flaws, key=lambda flaw: flaw.line)
            ]
        },
    )
