"""The documentation says what the code does: every setting, problem and command, and nothing else."""

import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from base.settings import Settings, variable


def sections(page: Path) -> dict[str, str]:
    """The sections of a page whose headings are code: heading → text."""
    parts = re.split(r"^#+ `([^`\n]+)`$", page.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_settings(root: Path) -> None:
    """docs/settings.md has a section for each setting, with its default."""
    documented = sections(root / "docs" / "settings.md")
    fields = {variable(field.name): field for field in msgspec.structs.fields(Settings)}
    assert sorted(documented) == sorted(fields)
    for name, field in fields.items():
        default = field.default
        if default is not None and default is not msgspec.NODEFAULT:
            assert f"Default: `{default}`" in documented[name], name


def test_problems(root: Path) -> None:
    """docs/problems.md is what `make docs` makes of the catalogues."""
    made = runpy.run_path(str(root / "scripts" / "document_problems.py"))["page"]()
    assert (root / "docs" / "problems.md").read_text() == made, "run make docs"


def test_commands(root: Path) -> None:
    """docs/commands.md has a section for each command, which names its options and no others."""
    from web.commands import cli  # noqa: PLC0415 - a broken command must not hide the tests above

    documented = sections(root / "docs" / "commands.md")
    commands = dict(leaves("navette", cli))
    assert sorted(name.split(" [")[0] for name in documented) == sorted(commands)
    for heading, text in documented.items():
        name = heading.split(" [")[0]
        options = {option for parameter in commands[name].params for option in parameter.opts if option[:2] == "--"}
        assert set(re.findall(r"--[a-z][a-z-]*", heading + text)) - {"--help"} == options - {"--help"}, name


def leaves(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """The commands that do something, by their full names."""
    children = getattr(command, "commands", None)
    if children is None:
        yield name, command
        return
    for child in children.values():
        yield from leaves(f"{name} {child.name}", child)
