"""How the pages' files are built: names by content, imports that follow, style sheets without what no page shows."""

import importlib
import json
import re
import shutil
from pathlib import Path
from types import ModuleType

import plotly
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
THEME = (ROOT / "web" / "static" / "themes" / "dsfr.toml").read_text()


@pytest.fixture
def assets(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The builder, which is a script beside its modules."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module("assets")


@pytest.fixture
def stylesheet(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module("stylesheet")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout with the theme, the npm packages, and no file of ours yet."""
    for name in ("themes", "icons.txt"):
        source, target = ROOT / "web" / "static" / name, tmp_path / "web" / "static" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    shutil.copy(ROOT / "package-lock.json", tmp_path)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    # What a build finds made already it does not make again: these take seconds, and are no matter of these tests.
    built = tmp_path / "web" / "static_built"
    shutil.copytree(ROOT / "web" / "static_built", built, ignore=shutil.ignore_patterns("manifest.json"))
    return tmp_path


def write(project: Path, name: str, text: str) -> None:
    path = project / "web" / "static" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def built(project: Path) -> dict[str, str]:
    manifest = json.loads((project / "web" / "static_built" / "manifest.json").read_text())
    return {name: entry["file"] for name, entry in manifest["files"].items()}


def text_of(project: Path, name: str) -> str:
    return (project / "web" / "static_built" / built(project)[name]).read_text()


def test_imports_follow_the_hashes(assets: ModuleType, project: Path) -> None:
    """A module names those that it imports by their hashed names, however it imports them; a change goes through."""
    write(
        project,
        "js/page.js",
        'import { a } from "./part.js";\nimport "./side.js";\nconst b = await import("./part.js");\n',
    )
    write(project, "js/part.js", "export const a = 1;\n")
    write(project, "js/side.js", 'export * from "./part.js";\n')
    assert assets.bring_up_to_date(project)
    first = built(project)
    assert re.fullmatch(r"part-[0-9a-f]{10}\.js", first["part.js"])
    assert text_of(project, "page.js").count(f'"./{first["part.js"]}"') == 2
    assert f'"./{first["side.js"]}"' in text_of(project, "page.js")
    assert not assets.bring_up_to_date(project), "nothing had changed"

    write(project, "js/part.js", "export const a = 2;\n")
    assert assets.bring_up_to_date(project)
    second = built(project)
    assert {name for name in first if first[name] != second[name]} == {"part.js", "side.js", "page.js"}
    assert not (project / "web" / "static_built" / first["part.js"]).exists()


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"js/a.js": 'import "./b.js";', "js/b.js": 'import "./a.js";'}, r"in a circle: a\.js → b\.js → a\.js"),
        ({"js/a.js": 'import "./absent.js";'}, r"a\.js imports absent\.js"),
        ({"js/plotly.js": ""}, r"two files would be called plotly\.js"),
        ({"images/favicon.svg": "<svg/>"}, r"two files would be called favicon\.svg"),
        ({"css/a.css": ".a { background: url(absent.svg) }"}, r"names .*absent\.svg, which is not there"),
        ({"css/a.css": ".a { color: red } }"}, r"a\.css:1"),
        ({"icons.txt": "absent-icon\n"}, r"there is no icon absent-icon"),
        ({"themes/dsfr.toml": THEME.replace('"table"', '"absent"')}, r"there is no .*absent\.main\.min\.css"),
    ],
)
def test_a_mistake_ends_the_build(assets: ModuleType, project: Path, files: dict[str, str], complaint: str) -> None:
    """A file that cannot work is found when it is built, not when a page loads it."""
    for name, text in files.items():
        write(project, name, text)
    with pytest.raises(assets.BuildError, match=complaint):
        assets.bring_up_to_date(project)
    assert not (project / "web" / "static_built" / "manifest.json").exists()


def test_without_npm_the_build_says_what_to_do(
    assets: ModuleType, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence, and no manifest."""
    (project / "node_modules").unlink()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(assets.BuildError, match=r"there is no npm here: install npm .* or `pip install [a-z-]+`"):
        assets.bring_up_to_date(project)
    assert not (project / "web" / "static_built" / "manifest.json").exists()


def test_our_style_sheets(assets: ModuleType, project: Path) -> None:
    """They come last, in alphabetical order, without a needless character; pictures are in the sheet, each once."""
    write(project, "css/b.css", "/* Why. */\n.two , .three > p {\n  color: var(--read);\n  --unread: 1px;\n}\n")
    write(project, "css/a.css", ":root { --read: red }\n.one { background: url('x.svg') } .four { mask: url(x.svg) }")
    write(project, "css/x.svg", '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0#"/></svg>')
    assets.bring_up_to_date(project)
    sheet = text_of(project, "navette.css")
    assert sheet.endswith(
        ":root{--read:red}.one{background:var(--picture-x)}.four{mask:var(--picture-x)}"
        ".two,.three > p{color:var(--read)}"
    )
    assert sheet.count("M0 0%23") == 1


def test_figures_are_drawn_by_the_library_that_they_are_made_for() -> None:
    """The plotly.js of npm is the version that the Python package makes figures for."""
    brought = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    version = re.search(r"plotly\.js v([\d.]+)", brought.read_text(encoding="utf-8")[:200])
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert version
    assert packages["node_modules/plotly.js-cartesian-dist-min"]["version"] == version[1]


def test_what_no_page_shows_is_left_out(stylesheet: ModuleType, tmp_path: Path) -> None:
    """Unused selectors go, and with them what only they read; rules for a dark theme follow the system, on screens."""
    path = tmp_path / "theme.css"
    path.write_text(
        ":root{--kept:var(--deep);--deep:#fff;--gone:#000}.used:not(.accent),.accent{color:var(--kept)}.accent{color:var(--gone)}"
        "@media (min-width:1px){.accent{margin:0}}:root[data-fr-theme=dark]{--deep:#111}"
    )
    rules = stylesheet.without(stylesheet.read(path, stylesheet.Pictures()), re.compile("accent"))
    rules = stylesheet.without_unread_properties(stylesheet.with_dark_system(rules), "")
    assert stylesheet.written(rules) == (
        ":root{--kept:var(--deep);--deep:#fff}.used:not(.accent){color:var(--kept)}"
        "@media screen{:root[data-fr-theme=dark]{--deep:#111}"
        "@media (prefers-color-scheme:dark){:root[data-fr-scheme=system]:not([data-fr-theme]){--deep:#111}}}"
    )
