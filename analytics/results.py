"""Results: what the answers of a survey say, under conditions and by groups. Next in the flow: `charts.py`."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from msgspec import UNSET, UnsetType

from analytics.cube import View
from analytics.encoding import ASSIGNED, FIRST, Array, Block, Key
from analytics.figures import Asked, figure, is_numeric
from analytics.grouping import groups_of
from analytics.problems import FILTER_NAME
from analytics.result import Group, QuestionResult, Result
from analytics.selecting import Condition, holds, ledger_only
from analytics.series import LEDGER_DIMENSIONS, Editions, Series, free_texts, series_of
from analytics.tallying import Tally, merge, partial


class Ledger(NamedTuple):
    """What is known about the expected answers: in all, and by key of the dimension that `by` names.

    `indicative` says that intervals may be given: everybody was asked, and it is neither a collection nor an open link.
    """

    expected: int | None = None
    groups: Mapping[str | None, int] = {}
    indicative: bool = True


NO_LEDGER: Final = Ledger()


def results(
    view: View,
    editions: Editions,
    *,
    survey: str,
    where: Sequence[Condition] = (),
    by: Series | None = None,
    question: Sequence[str] | None = None,
    own: bool = True,
    ledger: Ledger = NO_LEDGER,
    texts: bool = False,
    terms: bool = True,
) -> Result:
    """The figures of all questions, or of those named in `question`; raises `analytics/bad-filter` for an unknown one.

    With `own` false, a question's own conditions do not apply to its own figures. `texts` allows words of free texts,
    which are left out without `terms`.
    """
    series = series_of(editions)
    for name in question or ():
        if name not in series:
            raise FILTER_NAME(filter=name, name=name)
    chosen = list(series.values()) if question is None else [series[name] for name in dict.fromkeys(question)]
    hidden = None if texts else free_texts(editions)
    count = _Count(view.block, chosen, where, own=own, hidden=hidden, terms=terms)
    over_ledger = ledger_only(where)
    expected = ledger.expected if over_ledger else None
    shown: list[Group] | UnsetType = UNSET
    if by is not None:
        known = ledger.groups if over_ledger and ledger.indicative and by.name in LEDGER_DIMENSIONS else {}
        shown = count.groups(by, known)
    return Result(
        survey=survey,
        edition=max(editions, default=0),
        expected=expected,
        responses=count.responses,
        assigned=count.assigned,
        pending=view.pending,
        as_of=view.as_of,
        version=view.version,
        where=[condition.source for condition in where],
        by=by.name if by else UNSET,
        questions=count.figures(count.indexes, expected if ledger.indicative else None),
        groups=shown,
    )


class _Count:
    """One request's count: each condition makes its mask once, each set of conditions chooses its rows once.

    `hidden` are the questions that may hold what somebody wrote (null: they may be shown). `indexes` are the rows to
    count in: under null by all conditions, under a question's name by all but its own.
    """

    def __init__(
        self,
        block: Block,
        chosen: Sequence[Series],
        where: Sequence[Condition],
        *,
        own: bool,
        hidden: frozenset[str] | None,
        terms: bool,
    ) -> None:
        self._block = block
        self._hidden = hidden
        self._terms = terms
        column = block.columns.get((ASSIGNED, "choice"))
        self._assigned = np.zeros(block.rows, np.bool_) if column is None else column.codes >= FIRST
        masks = [(condition.name, holds(block, condition)) for condition in where]
        filtered = set() if own else {name for name, _ in masks}
        self._asked: dict[str | None, list[Series]] = {None: []}
        for one in chosen:
            self._asked.setdefault(one.name if one.name in filtered else None, []).append(one)
        self.indexes = {exempt: _rows([mask for name, mask in masks if name != exempt]) for exempt in self._asked}
        index = self.indexes[None]
        self.responses = block.rows if index is None else len(index)
        self.assigned = int(np.count_nonzero(self._assigned if index is None else self._assigned[index]))
        self._order = {one.name: place for place, one in enumerate(chosen)}
        every = partial(block, _keys([one for one in chosen if one.family == "value"]))
        self._numeric = {name: is_numeric(tally) for (name, _), tally in every.items()}

    def figures(self, indexes: Mapping[str | None, Array | None], expected: float | None) -> list[QuestionResult]:
        """The questions' figures in these rows."""
        found: list[QuestionResult] = []
        for exempt, asked in self._asked.items():
            tallies = merge([partial(self._block, _keys(asked), indexes[exempt])])
            answering = self._answering(asked, indexes[exempt], tallies) if expected else {}
            for one in asked:
                if one.question is not None:
                    facts = Asked(
                        expected,
                        texts=self._hidden is None,
                        terms=self._terms,
                        free=self._hidden is not None and one.name in self._hidden,
                        assigned=answering.get((one.name, one.family)),
                        numeric=self._numeric.get(one.name, True),
                    )
                    found.append(figure(one.question, one, tallies[one.name, one.family], facts))
        return sorted(found, key=lambda result: self._order[result.name])

    def _answering(self, asked: Sequence[Series], index: Array | None, tallies: dict[Key, Tally]) -> dict[Key, Tally]:
        """The tallies of those of these rows that answer an assignment."""
        theirs = np.flatnonzero(self._assigned) if index is None else index[self._assigned[index]]
        if len(theirs) == (self._block.rows if index is None else len(index)):
            return tallies
        return partial(self._block, _keys(asked), theirs)

    def groups(self, by: Series, expected: Mapping[str | None, int]) -> list[Group]:
        """The questions' figures by group."""
        nobody = np.zeros(0, np.int64)
        split = {
            exempt: {group.key: group for group in groups_of(self._block, by, index)}
            for exempt, index in self.indexes.items()
        }
        return [
            Group(
                key=group.key,
                label=group.label,
                responses=len(group.rows),
                questions=self.figures(
                    {exempt: groups[key].rows if key in groups else nobody for exempt, groups in split.items()},
                    expected.get(key),
                ),
            )
            for key, group in split[None].items()
        ]


def _rows(masks: Sequence[Array]) -> Array | None:
    """The places where all of these are true; null where there is no mask."""
    return np.flatnonzero(np.logical_and.reduce(masks)) if masks else None


def _keys(series: Sequence[Series]) -> list[Key]:
    return [(one.name, one.family) for one in series]
