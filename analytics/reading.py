"""Reading figures: a request's words become conditions and series, the cube counts, the ledger says what was expected.

A read never writes: where something waits to be folded it wakes the folder, and says how much is pending.
"""

import datetime as dt
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar
from uuid import UUID

import msgspec

from analytics.charts import question_figure
from analytics.crosstab import crosstab
from analytics.cube import Cube, View
from analytics.encoding import ASSIGNED
from analytics.exporting import export_csv, export_ndjson
from analytics.folding import Folder
from analytics.panorama import PLACES, Panorama, Refused, Words, panorama
from analytics.result import Crosstab, Result
from analytics.results import Ledger, results
from analytics.selecting import Condition, ledger_only, mask_rows, named, names_needed, parse, refuse_texts, require_few
from analytics.sentences import sentence
from analytics.series import LEDGER_DIMENSIONS, Editions, Labels, Series, worded
from base.database import reading
from base.language import LANGUAGES, N_
from base.problems import Problem
from directory.communities import community_names
from directory.rows import UNIT_KINDS, Territory
from directory.territories import list_territories
from surveys import queries
from surveys.editions import Edition, all_editions
from surveys.queries import ExpectedGroup
from surveys.rows import Row
from surveys.survey import Survey

T = TypeVar("T")

NOBODY: Final = UUID(int=0)

UNIT_KIND_LABELS: Final = {
    "directorate": N_("Directorate"),
    "dreal": "DREAL",
    "drieat": "DRIEAT",
    "deal": "DEAL",
    "ddt": "DDT",
    "ddtm": "DDTM",
    "operator": N_("Operator"),
    "other": N_("Other"),
}


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of the figures, in the words of the API."""

    where: Sequence[str] = ()
    by: str | None = None
    questions: Sequence[str] | None = None
    own: bool = True


class Reader:
    """The figures of a process: its cube, and the folder to wake."""

    def __init__(self, cube: Cube, folder: Folder) -> None:
        self._cube = cube
        self._folder = folder

    async def results(self, survey: Survey, asked: Question, *, texts: bool) -> Result:
        """The results of a survey; raises `analytics/bad-filter` for words that mean nothing in it.

        Only with `texts` they show what people wrote, or answer questions about it (`analytics/text-not-allowed`).
        """
        editions, labels = await _meaning(survey)
        where = parse(asked.where, editions, labels)
        by = named(asked.by, editions, labels) if asked.by else None
        if not texts:
            refuse_texts(where, [by], editions)
        ledger = await _ledger(survey, editions, where, by)
        return await self._count(
            survey,
            names_needed(where, by, None if asked.questions is None else [*asked.questions, ASSIGNED]),
            lambda view: results(
                view,
                editions,
                survey=str(survey.id),
                where=where,
                by=by,
                question=asked.questions,
                own=asked.own,
                ledger=ledger,
                texts=texts,
            ),
        )

    async def chart(
        self, survey: Survey, question: str, where: Sequence[str], by: str | None, language: str, *, texts: bool
    ) -> dict[str, Any]:
        """A question's chart as Plotly JSON; what it says in one sentence is its `layout.meta.sentence`."""
        result = await self.results(survey, Question(where=where, by=by, questions=[question]), texts=texts)
        figured = result.questions[0]
        figure = question_figure(figured, language, () if result.groups is msgspec.UNSET else result.groups)
        said = sentence(figured, result, answering=survey.answering, language=language)
        return figure | {"layout": figure["layout"] | {"meta": {"sentence": said}}}

    async def panorama(self, survey: Survey, asked: Sequence[str], *, texts: bool) -> Panorama:
        """A dashboard's figures, in one count; filters that cannot be used are left out and named."""
        editions, labels = await _meaning(survey)
        words = _understood(asked, editions, labels, texts=texts)
        where = words.conditions
        groups = await _expected(survey, {condition.name for condition in where})
        elsewhere = [condition for condition in where if condition.name not in PLACES]

        def seen(view: View) -> Panorama:
            others = _meeting(groups, elsewhere, editions) if ledger_only(elsewhere) else None
            kept = others if elsewhere == where else _meeting(groups, where, editions) if ledger_only(where) else None
            return panorama(
                view,
                editions,
                words,
                survey=str(survey.id),
                ledger=_counted(survey, kept or (), where),
                everybody=_counted(survey, groups, ()),
                expected=None if others is None else {name: _by(others, name) for name in PLACES},
                texts=texts,
            )

        return await self._count(survey, None, seen)

    async def crosstab(self, survey: Survey, rows: str, columns: str, where: Sequence[str], *, texts: bool) -> Crosstab:
        """Two questions or dimensions against each other."""
        editions, labels = await _meaning(survey)
        conditions = parse(where, editions, labels)
        one, other = named(rows, editions, labels), named(columns, editions, labels)
        if not texts:
            refuse_texts(conditions, [one, other], editions)
        return await self._count(
            survey,
            names_needed(conditions, one, [other.name]),
            lambda view: crosstab(view, one, other, survey=str(survey.id), where=conditions),
        )

    async def _count(self, survey: Survey, names: set[str] | None, work: Callable[[View], T]) -> T:
        def waking(view: View) -> tuple[T, int]:
            return work(view), view.pending

        found, pending = await self._cube.count(survey.parts, names, waking)
        if pending:
            self._folder.wake()
        return found


async def export(survey: Survey, kind: Literal["csv", "ndjson"], where: Sequence[str]) -> AsyncGenerator[bytes]:
    """The responses that meet the conditions, as a stream to close; nothing is read before its first chunk."""
    editions, labels = await _meaning(survey)
    conditions = parse(where, editions, labels)
    stream = export_csv if kind == "csv" else export_ndjson
    return stream(survey.parts, editions, conditions)


async def editions_of_number(number: int) -> Editions:
    """All editions of the survey of this number: what folding needs to know."""
    async with reading() as connection:
        survey = await queries.survey_by_number(connection, number)
        return _questionnaires(await all_editions(connection, survey))


async def _meaning(survey: Survey) -> tuple[Editions, Labels]:
    """What a request's words may mean: the editions, and the labels of the dimensions."""
    async with reading() as connection:
        editions = _questionnaires(await all_editions(connection, survey))
    territories = await list_territories()
    return editions, {
        "@region": _names(territories, "region"),
        "@department": _names(territories, "department", "collectivity"),
        "@unit_kind": {kind: worded(UNIT_KIND_LABELS[kind]) for kind in UNIT_KINDS},
        "@community": await community_names(),
    }


def _questionnaires(editions: dict[int, Edition]) -> Editions:
    return {number: edition.questionnaire for number, edition in editions.items()}


def _names(territories: Sequence[Territory], *kinds: str) -> dict[str, dict[str, str]]:
    return {one.code: dict.fromkeys(LANGUAGES, one.name) for one in territories if one.kind in kinds}


def _understood(where: Sequence[str], editions: Editions, labels: Labels, *, texts: bool) -> Words:
    """The conditions among these words; those that mean nothing here or tell what somebody wrote are set apart.

    Raises `analytics/bad-filter` where they are too many.
    """
    require_few(where)
    conditions: list[Condition] = []
    refused: list[Refused] = []
    for source in where:
        try:
            found = parse([source], editions, labels)
            if not texts:
                refuse_texts(found, (), editions)
        except Problem as problem:
            refused.append(Refused(source=source, problem=problem))
        else:
            conditions += found
    return Words(conditions=conditions, refused=refused, labels=labels)


async def _ledger(survey: Survey, editions: Editions, where: Sequence[Condition], by: Series | None) -> Ledger:
    """How many answers were expected, under conditions that the ledger can tell, in all and by group."""
    if not ledger_only(where):
        return _counted(survey, (), where)
    told = {condition.name for condition in where}
    groups = await _expected(survey, told | {by.name} if by else told)
    kept = _meeting(groups, where, editions)
    if by is None or by.name not in LEDGER_DIMENSIONS:
        return _counted(survey, kept, where)
    return _counted(survey, kept, where, _by(kept, by.name))


async def _expected(survey: Survey, told: set[str]) -> list[ExpectedGroup]:
    """The expected answers in groups that tell these dimensions apart."""
    async with reading() as connection:
        return await queries.expected_by_place(
            connection, survey.parts, unit_kind="@unit_kind" in told, communities="@community" in told
        )


def _counted(
    survey: Survey,
    groups: Sequence[ExpectedGroup],
    where: Sequence[Condition],
    by: Mapping[str | None, int] = MappingProxyType({}),
) -> Ledger:
    """What is expected of these groups, which meet the conditions; nothing is known where one is about answers."""
    indicative = survey.kind != "collection" and survey.link is None
    if not ledger_only(where):
        return Ledger(indicative=indicative)
    expected = sum(group.expected for group in groups)
    return Ledger(expected=expected or None if survey.link else expected, groups=by, indicative=indicative)


def _meeting(
    groups: Sequence[ExpectedGroup], where: Sequence[Condition], editions: Editions
) -> Sequence[ExpectedGroup]:
    """The groups that meet the conditions."""
    if not where:
        return groups
    rows = [_place(group) for group in groups]
    return [group for group, keep in zip(groups, mask_rows(rows, where, editions), strict=True) if keep]


def _by(groups: Sequence[ExpectedGroup], dimension: str) -> Counter[str | None]:
    """How many answers are expected by key of a dimension."""
    counted: Counter[str | None] = Counter()
    for group in groups:
        for key in _keys(group, dimension):
            counted[key] += group.expected
    return counted


def _place(group: ExpectedGroup) -> Row:
    """The group as a row without answers, so that the same conditions choose among both."""
    return Row(
        response=NOBODY,
        revision=1,
        edition=1,
        channel="assigned",
        region=group.region,
        department=group.department,
        unit_kind=group.unit_kind,
        communities=group.communities,
        day=dt.date.min,
        record_key=0,
        answers={},
    )


def _keys(group: ExpectedGroup, dimension: str) -> Sequence[str | None]:
    match dimension:
        case "@region":
            return [group.region]
        case "@department":
            return [group.department]
        case "@unit_kind":
            return [group.unit_kind]
        case _:
            return group.communities
