import uuid, json
import pytest
pytestmark = pytest.mark.anyio
Q = {
    "title": {"fr": "Essai"},
    "languages": ["fr"],
    "questions": [
        {"kind": "select_one", "name": "q1", "choices": "on", "label": {"fr": "Oui ?"}, "required": True},
        {"kind": "integer", "name": "n", "label": {"fr": "Combien ?"}},
        {"kind": "text", "name": "t", "label": {"fr": "T"}},
    ],
    "choice_lists": {"on": [{"name": "oui", "label": {"fr": "Oui"}}, {"name": "non", "label": {"fr": "Non"}}]},
}
def say(label, r):
    print(f"== {label}: {r.status_code} {r.text[:400]} {dict(r.headers) if r.status_code in (405,) else ''}")

async def tryit(label, coro):
    try:
        say(label, await coro)
    except BaseException as e:
        print(f"== {label}: EXC {type(e).__name__} {str(e)[:300]}")

async def test_it(editor, anne, nobody, people):
    P = "/api/v1/surveys"
    J = {"Content-Type": "application/json"}
    T = tryit
    await T("slug newline", editor.post(P, json={"questionnaire": Q, "slug": "abc\n"}))
    await T("slug import", editor.post(P, json={"questionnaire": Q, "slug": "import"}))
    await T("get import", editor.get(P + "/import"))
    await T("title nul", editor.post(P, json={"questionnaire": Q | {"title": {"fr": "a\u0000b"}}}))
    await T("title empty", editor.post(P, json={"questionnaire": Q | {"title": {}}}))
    await T("label nul", editor.post(P, json={"questionnaire": Q | {"choice_lists": {"on": [{"name": "o\u0000", "label": {"fr": "x\u0000"}}]}}}))
    await T("title surrogate", editor.post(P, content=json.dumps({"questionnaire": Q | {"title": {"fr": "a\ud800b"}}}), headers=J))
    await T("owner nul", editor.post(P, json={"questionnaire": Q, "owner": "a\u0000"}))
    await T("owner admin", editor.post(P, json={"questionnaire": Q, "owner": "admin"}))
    await T("own title", editor.post(P, json={"questionnaire": Q, "slug": "s", "title": {"fr": "Mien"}}))
    await T("dup", editor.post(P, json={"questionnaire": Q, "slug": "s"}))
    await T("unknown field", editor.post(P, json={"questionnaire": Q, "sluge": "s"}))
    await T("bad kind", editor.post(P, json={"questionnaire": Q, "kind": "x"}))
    await T("bad q", editor.post(P, json={"questionnaire": Q | {"questions": [{"kind": "text", "name": "1"}]}}))
    await T("bad kind q", editor.post(P, json={"questionnaire": Q | {"questions": [{"kind": "texte", "name": "a"}]}}))
    await T("not json", editor.post(P, content=b"{", headers=J))
    await T("empty", editor.post(P, content=b"", headers=J))
    await T("array", editor.post(P, content=b"[]", headers=J))
    await T("bad utf8", editor.post(P, content=b'{"slug":"\xff"}', headers=J))
    await T("deep", editor.post(P, content=b'{"questionnaire":' + b"[" * 100000 + b"]" * 100000 + b"}", headers=J))
    await T("text/plain", editor.post(P, content=b"{}", headers={"Content-Type": "text/plain"}))
    await T("no ct", editor.post(P, content=b"{}"))
    await T("form", editor.post(P, data={"a": "b"}))
    await T("slug path nul", editor.get(P + "/a%00b"))
    await T("slug path ff", editor.get(P + "/a%ffb"))
    await T("q nul", editor.get(P, params={"q": "a\x00"}))
    await T("cursor", editor.get(P, params={"cursor": "zzz"}))
    await T("limit", editor.get(P, params={"limit": "501"}))
    await T("limit", editor.get(P, params={"limit": "x"}))
    await T("state", editor.get(P, params={"state": "x"}))
    await T("parent nul", editor.get("/api/v1/territories", params={"parent": "a\x00"}))
    await T("method", editor.delete(P))
    await T("404", editor.get("/nowhere"))
    await T("aud unknown", editor.put(P + "/s/audience", json={"communities": ["zz", "eau"], "territories": ["X", "Y"]}))
    await T("aud nul", editor.put(P + "/s/audience", json={"communities": ["a\u0000"]}))
    await T("aud kind", editor.put(P + "/s/audience", json={"unit_kinds": ["ddt", "zz"]}))
    await T("publish none", editor.post(P + "/s/publish", json={}))
    await T("publish nobody", editor.post(P + "/s/publish"))
    await T("aud", editor.put(P + "/s/audience", json={"communities": ["eau"]}))
    for o in ("0001-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31", "9999-12-31T23:59:59-10:00", "abc", "2026-W01-1", "20261203", ""):
        await T(f"publish opens {o}", editor.post(P + "/s/publish", json={"opens_at": o}))
        await T(f"publish closes {o}", editor.post(P + "/s/publish", json={"closes_at": o}))
    await T("publish", editor.post(P + "/s/publish", json={"opens_at": "2020-01-01", "closes_at": "2030-01-01", "open_link": True}))
    await T("republish opens later than closes", editor.post(P + "/s/publish", json={"opens_at": "2031-01-01"}))
    await T("publish bad", editor.post(P + "/s/publish", json={"opens_at": 3}))
    i = str(uuid.uuid4())
    R = P + "/s/responses"
    await T("link é", nobody.post(R, json={"id": i, "answers": {"q1": "oui"}, "link": "é"}))
    await T("terr nul", editor.post(R, json={"id": i, "answers": {"q1": "oui"}, "territory": "a\u0000"}))
    await T("answers surrogate", anne.post(R, content=json.dumps({"id": i, "answers": {"q1": "oui", "t": "a\ud800"}}), headers=J))
    await T("answers big", anne.post(R, content=b'{"id": "%s", "answers": {"q1": "oui", "n": 1%s}}' % (i.encode(), b"0" * 40), headers=J))
    await T("answers 1e400", anne.post(R, content=b'{"id": "%s", "answers": {"q1": "oui", "n": 1e400}}' % (i.encode()), headers=J))
    await T("answers huge int", anne.post(R, content=b'{"id": "%s", "answers": {"q1": "oui", "n": 1%s}}' % (i.encode(), b"0" * 6000), headers=J))
    await T("answers nul", anne.post(R, json={"id": i, "answers": {"q1": "oui", "t": "a\u0000"}}))
    await T("answers deep", anne.post(R, content=b'{"id": "%s", "answers": {"q1": %s}}' % (i.encode(), b"[" * 50000 + b"]" * 50000), headers=J))
    await T("answers deep2", anne.post(R, content=b'{"id": "%s", "answers": {"q1": %s}}' % (i.encode(), b"[" * 900 + b"]" * 900), headers=J))
    await T("edition", anne.post(R, json={"id": i, "answers": {"q1": "oui"}, "edition": 10**9}))
    await T("edition0", anne.post(R, json={"id": i, "answers": {"q1": "oui"}, "edition": 0}))
    await T("edition huge", anne.post(R, content=b'{"id": "%s", "answers": {"q1": "oui"}, "edition": 1%s}' % (i.encode(), b"0" * 25), headers=J))
    await T("id", anne.post(R, json={"id": "x", "answers": {"q1": "oui"}}))
    await T("missing", anne.post(R, json={"id": i}))
    await T("answers list", anne.post(R, json={"id": i, "answers": []}))
    await T("assignment", anne.post(R, json={"id": i, "answers": {"q1": "oui"}, "assignment": str(uuid.uuid4())}))
    await T("assignment ed", editor.post(R, json={"id": i, "answers": {"q1": "oui"}, "assignment": str(uuid.uuid4())}))
    await T("ok", anne.post(R, json={"id": i, "answers": {"q1": "oui"}}))
    await T("if match none", anne.put(R + "/" + i, json={"answers": {"q1": "non"}}))
    await T("if match huge", anne.put(R + "/" + i, json={"answers": {"q1": "non"}}, headers={"If-Match": "9" * 5000}))
    await T("if match *", anne.put(R + "/" + i, json={"answers": {"q1": "non"}}, headers={"If-Match": "*"}))
    await T("if match 2", anne.put(R + "/" + i, json={"answers": {"q1": "non"}}, headers={"If-Match": "2"}))
    await T("read uuid", anne.get(R + "/x"))
    await T("resp cursor", editor.get(R, params={"cursor": "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwiMDE5YjI5YTAtN2Q2Mi03ZGZlLWE3YjEtMGZkNTBlMzE1ZDM0Il0"}))
    await T("bulk ", editor.post(R + "/bulk", content=b'{"id": 3}\n\nxx\n' + b'{"a":' * 20000))
    await T("import none", editor.post(P + "/import"))
    await T("import json", editor.post(P + "/import", json={}))
    await T("import no file", editor.post(P + "/import", data={"slug": "x"}, files={"fil": ("a", b"x")}))
    await T("import text file", editor.post(P + "/import", data={"slug": "x", "file": "abc"}))
    await T("import bad slug", editor.post(P + "/import", data={"slug": "É", "kind": "x"}, files={"file": ("a", b"x")}))
    await T("import garbage", editor.post(P + "/import", files={"file": ("a", b"x")}))
    await T("import big", editor.post(P + "/import", files={"file": ("a", b"x" * 10_200_000)}))
    await T("import 10.05", editor.post(P + "/import", files={"file": ("a", b"x" * 10_050_000)}))
    await T("post big", editor.post(P, content=b"x" * 10_200_000, headers=J))
    await T("badtoken", nobody.get(P, headers={"Authorization": "Bearer é"}))
    await T("results", editor.get(P + "/s/results", params={"where": "a\x00:b"}))
    await T("results", editor.get(P + "/s/results", params={"where": "t:\x00"}))
    await T("export", editor.get(P + "/s/export", params={"format": "x"}))
    await T("api", nobody.get("/api"))
    await T("apij", nobody.get("/api/openapi.json"))
    await T("OPTIONS", nobody.options(P))
    await T("HEAD", editor.head(P))
    await T("trailing", editor.get(P + "/"))
    await T("409 fr", anne.get(R + "/" + i, headers={"Accept-Language": "de, fr;q=0.5"}))
