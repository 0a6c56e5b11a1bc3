import uuid
import pytest

pytestmark = pytest.mark.anyio
Q = {
    "title": {"fr": "Essai"},
    "languages": ["fr"],
    "questions": [
        {"kind": "select_one", "name": "q1", "choices": "on", "label": {"fr": "Oui ?"}, "required": True},
        {
            "kind": "integer",
            "name": "n",
            "label": {"fr": "Combien ?"},
            "relevant": "${q1} = 'oui'",
            "constraint": ". >= 0",
            "constraint_message": {"fr": "Pas négatif"},
        },
    ],
    "choice_lists": {"on": [{"name": "oui", "label": {"fr": "Oui"}}, {"name": "non", "label": {"fr": "Non"}}]},
}


async def test_it(editor, anne, people):
    r = await editor.post("/api/v1/surveys", json={"questionnaire": Q})
    print(r.status_code, r.text)
    assert r.status_code == 201
    s = r.json()["slug"]
    r = await editor.put(f"/api/v1/surveys/{s}/audience", json={"communities": ["eau"], "territories": ["R-53"]})
    print(r.text)
    assert r.json() == {"agents": 3, "units": 2}
    r = await editor.post(f"/api/v1/surveys/{s}/publish", json={})
    print(r.text)
    assert r.status_code == 200
    i = str(uuid.uuid4())
    r = await anne.post(f"/api/v1/surveys/{s}/responses", json={"id": i, "answers": {"q1": "oui", "n": -3, "zz": 1}})
    print(r.status_code, r.text)
    assert r.status_code == 422
    r = await anne.post(f"/api/v1/surveys/{s}/responses", json={"id": i, "answers": {"q1": "oui", "n": 3}})
    print(r.text)
    assert r.status_code == 201
    r2 = await anne.post(f"/api/v1/surveys/{s}/responses", json={"id": i, "answers": {"q1": "oui", "n": 3}})
    print(r2.text)
    assert r2.status_code == 200 and r2.json() == r.json()
    r2 = await anne.post(f"/api/v1/surveys/{s}/responses", json={"id": i, "answers": {"q1": "non"}})
    print(r2.text)
    assert r2.status_code == 409
    r2 = await anne.post(f"/api/v1/surveys/{s}/responses", json={"id": str(uuid.uuid4()), "answers": {"q1": "non"}})
    print(r2.text)
    assert r2.status_code == 409
    r2 = await anne.put(
        f"/api/v1/surveys/{s}/responses/{i}", json={"answers": {"q1": "non"}}, headers={"If-Match": "1"}
    )
    print(r2.text)
    assert r2.status_code == 200
    r2 = await editor.get(f"/api/v1/surveys/{s}/responses/{i}/revisions")
    print(r2.text)
    assert r2.status_code == 200
    r2 = await editor.delete(f"/api/v1/surveys/{s}/responses/{i}")
    print(r2.text)
    assert r2.status_code == 204
    r2 = await anne.post(f"/api/v1/surveys/{s}/responses", json={"id": i, "answers": {"q1": "oui", "n": 3}})
    print(r2.text)
    assert r2.status_code == 410
    r2 = await editor.get("/api/v1/surveys")
    print(r2.text)
    d = await people("emma@ddt-75.example")
    r2 = await d.post(f"/api/v1/surveys/{s}/responses", json={"id": i, "answers": {"q1": "oui", "n": 3}})
    print(r2.text)
    assert r2.status_code == 404
