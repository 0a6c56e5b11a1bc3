"""Writes docs/problems.md: every problem that the service can answer, from the catalogues in the code."""

import importlib
import pkgutil
from pathlib import Path

from base.language import PACKAGES
from base.problems import CATALOGUE

PAGE = Path(__file__).resolve().parent.parent / "docs" / "problems.md"
HEAD = """\
# Problems

<!-- Made by `make docs` from the code. Do not edit. -->

When something goes wrong the service answers with a JSON document of type `application/problem+json` (RFC 9457):

```json
{"type": "/problems/CODE", "code": "CODE", "title": "…", "status": 404, "detail": "what happened and what to do"}
```

Programs look at `code`, which does not change; `title` and `detail` are for people and come in the language of the
request's `Accept-Language` (French unless English is asked for). Commands print the `detail` and exit with a status
other than 0. Some problems have more members: `invalid_params` lists each fault of an input, with a JSON Pointer to its
`path`, its own `code` and the `reason` in words; `flaws` lists each fault of an imported questionnaire, with sheet, row
and column.
"""


def page() -> str:
    """The page, with the problems in the order of their codes."""
    for package in PACKAGES:
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            importlib.import_module(module.name)
    lines = [HEAD]
    for code, kind in sorted(CATALOGUE.items()):
        lines += [f"## `{code}`", "", f"{kind.status}. **{kind.title}.** {kind.detail}", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page())
