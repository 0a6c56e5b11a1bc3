"""Templates hold no style and no script, which our policy forbids, and leave the design system to macros."""

import re
from collections import Counter
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).parents[2] / "web" / "templates"
ALL = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
SHEETS = sorted((TEMPLATES.parent / "static" / "css").glob("*.css"))

FORBIDDEN = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*="),
    "a style element": re.compile(r"<style\b"),
    "a script in the page": re.compile(r"<script\b(?![^>]*\bsrc=)"),
    "a handler attribute": re.compile(r"<[^>]*\son[a-z]+\s*="),
    "text that is not escaped": re.compile(r"\|\s*safe\b"),
    "an address of scripts": re.compile(r"javascript:", re.IGNORECASE),
}
DESIGN_SYSTEM = re.compile(r"""["'\s]fr-[a-z]""")


@pytest.mark.parametrize("name", ALL)
def test_nothing_that_the_policy_forbids(name: str) -> None:
    """It would not work, and tempt to loosen the policy."""
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    assert [fault for fault, pattern in FORBIDDEN.items() if pattern.search(text)] == []


@pytest.mark.parametrize("name", [name for name in ALL if name.startswith("pages/")])
def test_pages_use_macros_not_classes_of_the_design_system(name: str) -> None:
    """So that another theme is a change of macros and style sheets."""
    assert DESIGN_SYSTEM.findall((TEMPLATES / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", [name for name in ALL if name.startswith("pages/")])
def test_text_goes_through_the_catalogue(name: str) -> None:
    """What stands between tags is `_(…)`, a value, or a name that is the same in every language."""
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    bare = re.sub(r"\{[{%#].*?[}%#]\}", " ", text, flags=re.DOTALL)
    bare = re.sub(r"<code>[^<]*</code>|<[^>]*>", " ", bare)
    assert re.findall(r"[^\W\d_]{3,}", re.sub(r"&\w+;|\bcnil\.fr\b", " ", bare)) == []


@pytest.mark.parametrize("name", ALL)
def test_what_is_imported_is_used(name: str) -> None:
    """A macro that a template asks for, and none that it does not need."""
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    imported = re.findall(r"\{% from \S+ import (.+?)(?: with context)? %\}", text)
    names = [one.rpartition(" as ")[2].strip() for line in imported for one in line.split(",")]
    assert [one for one in names if len(re.findall(rf"\b{one}\b", text)) < 2] == []


def test_every_macro_is_used() -> None:
    """By another template, another macro or our code."""
    texts = [path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html")]
    texts += [path.read_text(encoding="utf-8") for path in TEMPLATES.parent.rglob("*.py")]
    macros = {name for text in texts for name in re.findall(r"\{%-? macro (\w+)\(", text)}
    words = Counter(word for text in texts for word in re.findall(r"\w+", text))
    assert macros
    assert sorted(name for name in macros if words[name] < 2) == []


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.stem)
def test_every_class_of_ours_is_shown_somewhere(sheet: Path) -> None:
    """What a style sheet of ours says is about what a template or a script writes, perhaps by its beginning."""
    sources = [*TEMPLATES.rglob("*.html"), *(TEMPLATES.parent / "static" / "js").rglob("*.js")]
    written = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    names = set(re.findall(r"\bnv-[\w-]*", written))
    begun = tuple(name for name in names if name.endswith("-"))
    styled = set(re.findall(r"\.(nv-[\w-]+)", sheet.read_text(encoding="utf-8")))
    assert sorted(one for one in styled - names if not one.startswith(begun)) == []
