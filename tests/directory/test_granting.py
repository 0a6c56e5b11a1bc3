"""Grants: which role takes which scope, and what a scope must name."""

import pytest

from base.database import reading, transaction
from base.problems import Problem
from directory.granting import hold
from directory.rows import ROLES

pytestmark = pytest.mark.anyio

SCOPES = {"unit": "unit:DGALN", "territory": "territory:R-53", "community": "community:eau"}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", ["unit", "territory", "community", None])
async def test_which_scope_fits_which_role(directory, now, role, kind):
    """Editors: a unit; analysts: a unit or territory; reviewers: a territory; animators: a community; others: none."""
    fits = {
        "respondent": {None},
        "animator": {"community"},
        "reviewer": {"territory"},
        "analyst": {"unit", "territory"},
        "editor": {"unit"},
        "administrator": {None},
    }
    scope = SCOPES.get(kind)
    if kind in fits[role]:
        held = await hold("anne@dgaln.example", role, scope, now=now)
        assert (held.role, held.scope) == (role, scope or "")
    else:
        with pytest.raises(Problem) as raised:
            await hold("anne@dgaln.example", role, scope, now=now)
        assert raised.value.kind.code in {"directory/scope-misfit", "directory/scope-not-wanted"}


@pytest.mark.parametrize(
    ("email", "role", "scope", "code"),
    [
        ("anne@dgaln.example", "king", None, "role-unknown"),
        ("anne@dgaln.example", "editor", "unit:NOBODY", "scope-unknown"),
        ("anne@dgaln.example", "reviewer", "territory:D-20", "scope-unknown"),
        ("anne@dgaln.example", "animator", "community:nothing", "scope-unknown"),
        ("anne@dgaln.example", "editor", "DGALN", "scope-misfit"),
        ("anne@dgaln.example", "editor", "unit:", "scope-misfit"),
        ("nobody@dgaln.example", "editor", "unit:DGALN", "agent-unknown"),
    ],
)
async def test_what_cannot_be_held(directory, now, email, role, scope, code):
    """Each refusal has its own problem, and nothing is stored."""
    with pytest.raises(Problem) as raised:
        await hold(email, role, scope, now=now)
    assert raised.value.kind.code == f"directory/{code}"
    async with reading() as connection:
        assert await connection.fetchval('SELECT count(*) FROM "grant"') == 0


async def test_holding_twice_is_holding_once(directory, now):
    for _ in range(2):
        await hold("ANNE@dgaln.example", "editor", "unit:DGALN", now=now)
    async with reading() as connection:
        assert await connection.fetchval('SELECT count(*) FROM "grant"') == 1


async def test_an_inactive_agent_gets_nothing(directory, now):
    async with transaction() as connection:
        await connection.execute("UPDATE agent SET active = false")
    with pytest.raises(Problem) as raised:
        await hold("anne@dgaln.example", "editor", "unit:DGALN", now=now)
    assert raised.value.kind.code == "directory/agent-inactive"
