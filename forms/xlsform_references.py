"""What `${name}` means in a workbook, where names are unique in their group only: the nearest node of that name."""

import re
from collections import defaultdict
from collections.abc import Callable
from itertools import takewhile
from typing import Any, Final

import msgspec

from forms.expressions import REFERENCE
from forms.questionnaire import Language, Texts
from forms.xlsform_survey import Line, Survey
from forms.xlsform_table import Record, Table
from forms.xlsform_words import row_type

_MALFORMED: Final = re.compile(rf"(?!{REFERENCE.pattern})\$\{{.{{0,30}}", re.DOTALL)


class References:
    """Finds what references mean. `metadata` are the names of rows that were not kept and that something refers to."""

    def __init__(self, survey: Survey) -> None:
        self.metadata: dict[str, None] = {}
        self._metadata = survey.metadata
        self._named: dict[str, list[Line]] = defaultdict(list)
        self._users: dict[str, list[Line]] = defaultdict(list)
        self._in_lists: dict[tuple[str, str], list[Line]] = {}
        for line in survey.lines:
            if line.written:
                self._named[line.written].append(line)
            if line.type.choices:
                self._users[line.type.choices].append(line)

    def at(self, line: Line, table: Table, field: str) -> "Place":
        """A cell of the row of a node."""
        scope = [*line.above(), line]
        return Place(self, table, line.record, field, line.name, lambda name: self._nearest(name, scope))

    def at_choice(self, choices: Table, record: Record, listed: str) -> "Place":
        """The label of a choice, which is read wherever its list is used."""
        return Place(self, choices, record, "label", listed, lambda name: self._nearest_to_users(name, listed))

    def _nearest_to_users(self, name: str, listed: str) -> list[Line]:
        if (listed, name) not in self._in_lists:
            scopes = [[*line.above(), line] for line in self._users.get(listed, ())] or [[]]
            found = {line: None for scope in scopes for line in self._nearest(name, scope)}
            self._in_lists[listed, name] = list(found)
        return self._in_lists[listed, name]

    def _nearest(self, name: str, scope: list[Line]) -> list[Line]:
        """The nodes of this name that share most groups with the row that refers to it; rather a question."""
        candidates = self._named.get(name, [])

        def nearness(candidate: Line) -> tuple[int, bool]:
            shared = takewhile(lambda pair: pair[0] is pair[1], zip(scope, candidate.above(), strict=False))
            return sum(1 for _ in shared), candidate.type.kind != "begin"

        best = max(map(nearness, candidates), default=None)
        return [candidate for candidate in candidates if nearness(candidate) == best]

    def metadata_type(self, name: str) -> str | None:
        """The type of the row of this name, if it was not kept."""
        return row_type(self._metadata[name].values["type"]).word if name in self._metadata else None


class Place(msgspec.Struct, frozen=True):
    """A cell that may refer to nodes: `nearest` finds those that a name means there, several if it is ambiguous."""

    references: References
    table: Table
    record: Record
    field: str
    node: str
    nearest: Callable[[str], list[Line]]

    def texts(self, texts: Texts) -> Texts:
        """Texts with each reference under the name that its node got."""
        for language, text in texts.items():
            for match in _MALFORMED.finditer(text):
                self._flag("text-reference", language, found=match[0])
        return {language: self.text(text, language) for language, text in texts.items()}

    def text(self, text: str, language: Language | None = None) -> str:
        """The same of one text or expression."""
        return REFERENCE.sub(lambda match: f"${{{self._resolved(match[1], language)}}}", text)

    def _resolved(self, name: str, language: Language | None) -> str:
        found = self.nearest(name)
        if len(found) > 1:
            candidates = ", ".join(line.name for line in found)
            self._flag("reference-ambiguous", language, name=name, candidates=candidates)
        if found:
            return found[0].name
        kind = self.references.metadata_type(name)
        if kind is not None:
            if name not in self.references.metadata:
                self._flag("metadata-referred", language, name=name, type=kind)
            self.references.metadata[name] = None
        return name

    def _flag(self, code: str, language: Language | None, **parameters: Any) -> None:  # noqa: ANN401 - whatever it says
        number = self.record.number
        self.table.flag(code, number, self.field, node=self.node, language=language, **parameters)
