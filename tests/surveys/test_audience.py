"""The audience: communities × territories × kinds of units; an empty list means all."""

import pytest

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("audience", "agents", "units"),
    [
        ({}, 9, 6),
        ({"territories": ["FR"]}, 9, 6),
        ({"territories": ["R-53"]}, 5, 3),
        ({"territories": ["D-29"]}, 2, 1),
        ({"territories": ["D-29", "R-53"]}, 5, 3),
        ({"territories": ["D-29", "D-75"]}, 3, 2),
        ({"unit_kinds": ["ddtm"]}, 4, 2),
        ({"unit_kinds": ["ddtm", "dreal"], "territories": ["R-53"]}, 5, 3),
        ({"communities": ["eau"]}, 4, 3),
        ({"communities": ["eau", "habitat"]}, 6, 4),
        ({"communities": ["eau"], "territories": ["R-53"], "unit_kinds": ["ddtm"]}, 3, 2),
        ({"communities": ["eau"], "unit_kinds": ["dreal"]}, 0, 0),
    ],
)
async def test_people(editor, drafted, sql, audience, agents, units) -> None:
    """The people who fit all three, each once, and their units; publishing asks exactly them."""
    survey = await drafted()
    reach = await editor.put(f"{survey}/audience", json=audience)
    assert reach.json() == {"agents": agents, "units": units}
    published = await editor.post(f"{survey}/publish", json={})
    assert published.status_code == (200 if agents else 409)
    assert await sql.fetchval("SELECT count(*) FROM assignment") == agents


@pytest.mark.parametrize(
    ("audience", "agents", "units"),
    [
        ({}, 9, 7),  # the unit `admin` has nobody and is a unit all the same
        ({"territories": ["R-53"]}, 5, 3),
        ({"unit_kinds": ["ddtm", "other"]}, 5, 4),
        ({"communities": ["eau"], "territories": ["D-35"]}, 2, 1),
        ({"communities": ["habitat"]}, 5, 3),
        ({"communities": ["eau"], "unit_kinds": ["other"]}, 0, 0),
    ],
)
async def test_units(editor, drafted, sql, audience, agents, units) -> None:
    """Where units answer: those with an active member of a community; `agents` are all the people of these units."""
    survey = await drafted(answering="unit")
    reach = await editor.put(f"{survey}/audience", json=audience)
    assert reach.json() == {"agents": agents, "units": units}
    await editor.post(f"{survey}/publish", json={})
    assert await sql.fetchval("SELECT count(*) FROM assignment WHERE agent IS NULL") == units
    assert await sql.fetchval("SELECT count(*) FROM assignment") == units


async def test_people_who_left(editor, drafted, sql) -> None:
    """Somebody inactive is not asked, and a community whose only member is inactive brings no unit."""
    await sql.execute("UPDATE agent SET active = false WHERE email IN ('emma@ddt-75.example', 'bran@ddtm-29.example')")
    survey = await drafted()
    reach = await editor.put(f"{survey}/audience", json={"communities": ["eau"]})
    assert reach.json() == {"agents": 2, "units": 2}
    by_unit = await drafted(answering="unit")
    reach = await editor.put(f"{by_unit}/audience", json={"communities": ["eau"]})
    assert reach.json() == {"agents": 3, "units": 2}


async def test_unknown_names(editor, drafted) -> None:
    """Everything unknown is named at its field, and the audience stays as it was."""
    survey = await drafted()
    await editor.put(f"{survey}/audience", json={"communities": ["eau"]})
    wrong = {"communities": ["eau", "feu"], "territories": ["D-29", "D-0", "R-0"]}
    refused = await editor.put(f"{survey}/audience", json=wrong)
    assert refused.status_code == 422
    faults = sorted((fault["path"], fault["code"], fault["reason"]) for fault in refused.json()["invalid_params"])
    assert [(path, code) for path, code, _ in faults] == [
        ("/communities", "choice"),
        ("/territories", "choice"),
        ("/territories", "choice"),
    ]
    assert [reason.split()[-1] for _, _, reason in faults] == ["feu.", "D-0.", "R-0."]
    assert (await editor.get(survey)).json()["audience"]["communities"] == ["eau"]


MISFITS = [
    ({"unit_kinds": ["ddt", "ministère"]}, "/unit_kinds/1"),
    ({"communities": "eau"}, "/communities"),
    ({"communities": ["eau", 3]}, "/communities/1"),
    ({"communautés": ["eau"]}, "/communautés"),
    ({"territories": ["D-29\0"]}, "/territories/0"),
]


async def test_input_that_does_not_fit(editor, drafted) -> None:
    """Each fault has the place where it stands."""
    for audience, path in MISFITS:
        refused = await editor.put(f"{await drafted()}/audience", json=audience)
        assert refused.status_code == 422
        assert [fault["path"] for fault in refused.json()["invalid_params"]] == [path]


async def test_the_audience_is_for_editors(anne, editor, published) -> None:
    """Those who are asked see the survey, not who else is asked."""
    survey = await published()
    assert (await anne.get(survey)).json()["audience"] is None
    assert (await editor.get(survey)).json()["audience"]["territories"] == ["R-53"]
    assert (await anne.put(f"{survey}/audience", json={})).status_code == 403
