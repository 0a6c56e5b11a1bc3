"""Results equal a recount of the net rows by hand, whatever is filtered, split or left out."""

import datetime as dt
import itertools
import math
import statistics
from collections import Counter
from uuid import UUID

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.cube import View
from analytics.encoding import encode
from analytics.result import ChoiceResult, NumberResult, TextResult
from analytics.results import Ledger, results
from analytics.selecting import mask_rows, named, parse
from analytics.tallying import merge, partial
from base.problems import Problem
from forms.questionnaire import decode
from surveys.rows import Row

SHARED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LISTED = {
    "q1": ["nsp", "oui", "non"],
    "q2": ["eau", "air", "sol"],
    "q8": ["OK"],
    "q12": ["nsp", "oui"],
}
HAVING = {"q11": {2}, "q12": {2}, "gone": {1}}
"""The editions that have the question in its newest kind."""

FILTERS = ["q1:oui", "q2:eau|sol", "q3:0..2", "@region:R-53", "@community:eau", "q7:", "@day:2026-01-02.."]


def check(question, rows):
    """One question's figures against the rows they are about."""
    name = question.name
    rows = [row for row in rows if row.edition in HAVING.get(name, {1, 2})]
    asked = [row.answers[name] for row in rows if name in row.answers]
    given = [value for value in asked if value is not None]
    assert (question.eligible, question.asked, question.answered) == (len(rows), len(asked), len(given)), name
    match question:
        case ChoiceResult():
            many = [tick for value in given for tick in (value if isinstance(value, list) else [value])]
            counts = Counter("true" if tick is True else str(tick) for tick in many)
            whole = len(asked) if name == "q8" else len(given)
            assert {bucket.key: bucket.count for bucket in question.buckets if bucket.count} == counts
            if name in LISTED:
                assert [bucket.key for bucket in question.buckets] == LISTED[name]
            for bucket in question.buckets:
                assert bucket.share == (bucket.count / whole if whole else None)
        case NumberResult():
            check_numbers(question, sorted(value + 0.0 for value in given))
        case TextResult():
            assert question.distinct == len(set(given))
        case _:
            assert sum(bucket.count for bucket in question.buckets) == len(given)
            assert question.first == (dt.date.fromisoformat(min(given)) if given else None)
            assert question.last == (dt.date.fromisoformat(max(given)) if given else None)


def check_numbers(question, values):
    """Moments, quantiles and the histogram, from the values in order."""
    if not values:
        assert (question.sum, question.mean, question.sd, question.histogram) == (None, None, None, [])
        return
    assert question.sum == math.fsum(values)
    assert question.mean == pytest.approx(statistics.fmean(values))
    if len(values) > 1:
        assert question.sd == pytest.approx(statistics.stdev(values), rel=1e-9, abs=1e-12)
    for key, quantile in question.quantiles.items():
        assert quantile == pytest.approx(np.quantile(values, float(key)))
    assert sum(one.count for one in question.histogram) == len(values)
    for place, one in enumerate(question.histogram):
        last = place == len(question.histogram) - 1
        inside = [value for value in values if one.start <= value and (value < one.end or last)]
        assert one.count == len(inside)


@given(
    seed=st.integers(0, 2**32),
    count=st.integers(0, 60),
    filters=st.lists(st.sampled_from(FILTERS), max_size=2, unique=True),
    by=st.sampled_from([None, "@region", "@community", "@edition", "@day", "q1", "q2", "q3", "q9"]),
    own=st.booleans(),
)
@SHARED
def test_results_equal_a_recount(sample, seed, count, filters, by, own):
    """Every question, filtered and by groups, with and without a question's own condition."""
    rows = sample.rows(sample.chance(seed), count)
    conditions = parse(filters, sample.editions)
    series = named(by, sample.editions) if by else None
    result = results(sample.view(rows), sample.editions, survey="s", where=conditions, by=series, own=own)

    def chosen(name=None):
        kept = [one for one in conditions if own or one.name != name]
        return [row for row, keep in zip(rows, mask_rows(rows, kept, sample.editions), strict=True) if keep]

    assert result.responses == len(chosen())
    assert [question.name for question in result.questions] == [*(f"q{n}" for n in range(1, 13)), "gone"]
    for question in result.questions:
        check(question, chosen(question.name))
    if by is None:
        assert "groups" not in msgspec.to_builtins(result)
        return
    for group in result.groups:
        members = [row for row in chosen() if in_group(row, by, group.key)]
        assert group.responses == len(members) > 0
        for question in group.questions:
            check(question, [row for row in chosen(question.name) if in_group(row, by, group.key)])
    everybody = [row for row in chosen() if by.startswith("@") or by in row.answers]
    assert all(any(in_group(row, by, group.key) for group in result.groups) for row in everybody)


def in_group(row, by, key):
    """Whether a row is in the group of this key."""
    if by.startswith("@"):
        value = {"@community": row.communities, "@edition": str(row.edition), "@day": row.day.isoformat()}.get(
            by, row.region
        )
    elif by not in row.answers:
        return False
    else:
        value = row.answers[by]
        if value is not None and not isinstance(value, list):
            value = "true" if value is True else str(value)
    if isinstance(value, list):
        return key in value if key is not None else not value
    return value == key


@given(seed=st.integers(0, 2**32), count=st.integers(0, 40), cuts=st.lists(st.integers(0, 40), max_size=3))
@SHARED
def test_partial_tallies_merge_to_the_whole(sample, seed, count, cuts):
    """Counted in pieces and merged = counted at once: what lets the counting run on several machines."""
    rows = sample.rows(sample.chance(seed), count)
    bounds = [0, *sorted(min(cut, count) for cut in cuts), count]
    pieces = [encode(rows[low:high], sample.editions) for low, high in itertools.pairwise(bounds)]
    keys = list(encode(rows, sample.editions).columns)
    whole = partial(encode(rows, sample.editions), keys)
    merged = merge([partial(piece, keys) for piece in pieces])
    for key, tally in whole.items():
        assert merged[key].marks == tally.marks
        assert nonzero(merged[key]) == nonzero(tally)


def nonzero(tally):
    """Values that occur, with their counts."""
    return {value: count for value, count in zip(list(tally.values), tally.counts.tolist(), strict=True) if count}


def test_the_document_is_the_contract(sample):
    """Names and shape of DESIGN §8."""
    base = sample.row(sample.chance(1))
    rows = [
        msgspec.structs.replace(base, edition=2, answers={"q1": choice, "q3": number})
        for choice, number in (("oui", 0), ("oui", 3), (None, 3), ("nsp", 9))
    ]
    result = results(sample.view(rows), sample.editions, survey="s", question=["q1", "q3"], ledger=Ledger(expected=9))
    document = msgspec.json.decode(msgspec.json.encode(result))
    first, third = document.pop("questions")
    assert document == {
        "survey": "s",
        "edition": 2,
        "expected": 9,
        "responses": 4,
        "assigned": 0,
        "pending": 0,
        "as_of": "2026-03-02T12:00:00Z",
        "version": "v",
        "regime": "exact",
        "where": [],
    }
    assert first == {
        "name": "q1",
        "kind": "select_one",
        "label": {"fr": "D’accord ?"},
        "eligible": 4,
        "asked": 4,
        "answered": 3,
        "withheld": False,
        "interval": {"method": "none", "level": None, "coverage": None},
        "buckets": [
            bucket("nsp", {"fr": "Ne sait pas"}, 1, 1 / 3),
            bucket("oui", {}, 2, 2 / 3),
            bucket("non", {"fr": "Non"}, 0, 0.0),
        ],
    }
    assert third["sum"] == 15
    assert third["mean"] == 3.75
    assert third["sd"] == pytest.approx(3.774917217635375)
    assert third["quantiles"] == {"0": 0, "0.25": 2.25, "0.5": 3, "0.75": 4.5, "1": 9}
    assert third["histogram"][0] == {"from": 0, "to": 1, "count": 1}
    assert len(third["histogram"]) == 10


def bucket(key, label, count, share):
    """A bucket without an interval."""
    return {"key": key, "label": label, "count": count, "share": share, "low": None, "high": None, "withheld": False}


def test_a_short_scale_has_its_steps(sample):
    """Also those nobody chose; tenths are tenths."""
    base = sample.row(sample.chance(1))
    rows = [msgspec.structs.replace(base, answers={"q5": value}) for value in (0.3, 0.3, 1, 0)]
    question = results(sample.view(rows), sample.editions, survey="s", question=["q5"]).questions[0]
    assert [one.key for one in question.buckets] == ["0", *(f"0.{n}" for n in range(1, 10)), "1"]
    assert [one.count for one in question.buckets] == [1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("dates", "period", "keys"),
    [
        (["2026-01-01", "2026-01-03"], "day", ["2026-01-01", "2026-01-02", "2026-01-03"]),
        (["2026-01-01", "2026-02-10"], "week", [f"{day}" for day in ("2025-12-29", "2026-01-05")]),
        (["2025-01-31", "2026-01-01"], "month", ["2025-01-01", "2025-02-01", "2025-03-01"]),
        (["1950-05-05", "2026-01-01"], "year", ["1950-01-01", "1951-01-01"]),
        (["0001-01-01", "9999-12-31"], "year", ["0001-01-01", "9999-01-01"]),
    ],
)
def test_dates_are_counted_by_what_fits(sample, dates, period, keys):
    """Periods without an answer between two others are there, unless there are very many."""
    base = sample.row(sample.chance(1))
    rows = [msgspec.structs.replace(base, answers={"q6": date}) for date in dates]
    question = results(sample.view(rows), sample.editions, survey="s", question=["q6"]).questions[0]
    assert question.period == period
    assert [one.key for one in question.buckets][: len(keys)] == keys
    assert sum(one.count for one in question.buckets) == 2
    days = [one.key for one in question.buckets]
    assert days == sorted(set(days))


def test_words_of_texts_are_shown_only_where_allowed(sample):
    """Otherwise a text is counted and not more."""
    base = sample.row(sample.chance(1))
    rows = [msgspec.structs.replace(base, answers={"q7": t, "q10": t}) for t in ("L’eau, l’EAU !", "eau sans plomb 95")]
    hidden = results(sample.view(rows), sample.editions, survey="s", question=["q7"]).questions[0]
    assert "terms" not in msgspec.to_builtins(hidden)
    shown = results(sample.view(rows), sample.editions, survey="s", question=["q7", "q10"], texts=True)
    texts, secret = shown.questions
    assert [(term.term, term.count) for term in texts.terms] == [("eau", 2), ("plomb", 1)]
    assert "terms" not in msgspec.to_builtins(secret)


def test_a_calculation_is_numbers_or_categories(sample):
    """Numbers only where all are, under every filter; many different texts are only counted."""
    base = msgspec.structs.replace(sample.row(sample.chance(1)), edition=1)

    def figure(values, where=()):
        rows = [msgspec.structs.replace(base, answers={"q9": value, "q3": n}) for n, value in enumerate(values)]
        conditions = parse(where, sample.editions)
        return results(sample.view(rows), sample.editions, survey="s", where=conditions, question=["q9"]).questions[0]

    assert figure([1, 2.5]).sum == 3.5
    alike = figure([1, "1", 1, "a", True, "true"])
    assert [(one.key, one.count) for one in alike.buckets] == [("1", 3), ("a", 1), ("true", 2)]
    assert figure([*(f"t{n}" for n in range(60)), 1, "1"]).distinct == 61
    mixed = figure([1, "a"], ["q3:0"])
    assert [(one.key, one.count) for one in mixed.buckets] == [("1", 1)]
    assert figure([f"t{n}" for n in range(60)]).distinct == 60


def test_a_filter_that_is_not_about_the_ledger_leaves_no_rate(sample):
    """`expected` is null then, and there is no interval."""
    base = sample.row(sample.chance(1))
    rows = [
        msgspec.structs.replace(base, region="R-53", assigned=True, answers={"q1": "oui", "q3": n}) for n in range(40)
    ]
    ledger = Ledger(expected=100, groups={"R-53": 50})

    def ask(*where, ledger=ledger):
        conditions = parse(where, sample.editions)
        by = named("@region", sample.editions)
        return results(
            sample.view(rows), sample.editions, survey="s", where=conditions, by=by, question=["q1"], ledger=ledger
        )

    result = ask("@region:R-53")
    assert result.expected == 100
    assert result.questions[0].interval.method == "indicative"
    assert result.questions[0].interval.coverage == 0.4
    assert result.questions[0].buckets[1].low < 1 == result.questions[0].buckets[1].high
    assert result.groups[0].questions[0].interval.coverage == 0.8
    assert ask("q3:0..39").expected is None
    assert ask("q3:0..39").questions[0].interval.method == "none"
    assert ask(ledger=Ledger(expected=134)).questions[0].interval.method == "none"
    assert ask(ledger=Ledger(expected=39)).questions[0].interval.method == "none"
    assert ask(ledger=Ledger(expected=100, indicative=False)).questions[0].interval.method == "none"
    assert ask(ledger=Ledger(expected=40)).questions[0].buckets[1].low == 1


def test_answers_to_no_assignment_have_no_part_in_coverage(sample):
    """They are counted and have their share; only the others say how many of those asked have answered."""
    base = msgspec.structs.replace(sample.row(sample.chance(1)), region="R-53", edition=1)
    rows = [
        msgspec.structs.replace(base, assigned=n < 40, answers={"q1": "oui" if n % 2 else "non", "q3": n})
        for n in range(60)
    ]

    def ask(rows, expected=50, **asked):
        ledger = Ledger(expected=expected, groups={"R-53": expected})
        return results(sample.view(rows), sample.editions, survey="s", question=["q1"], ledger=ledger, **asked)

    result = ask(rows, by=named("@region", sample.editions))
    assert (result.responses, result.assigned) == (60, 40)
    for question in (result.questions[0], result.groups[0].questions[0]):
        assert question.interval.coverage == 0.8
        assert [one.count for one in question.buckets] == [0, 30, 30]
        alone = ask(rows[:40]).questions[0].buckets[1]
        assert (question.buckets[1].low, question.buckets[1].high) == (alone.low, alone.high)
    nobody = ask(rows[40:])
    assert (nobody.responses, nobody.assigned) == (20, 0)
    assert nobody.questions[0].interval.method == "none"
    assert ask(rows, where=parse(["q3:30.."], sample.editions)).assigned == 10


def test_groups_without_a_value_are_named(sample):
    """« Hors département », without a service, no answer."""
    base = msgspec.structs.replace(sample.row(sample.chance(1)), department=None, edition=1, answers={"q1": None})
    for by, word in (("@department", "Outside any département"), ("q1", "No answer")):
        series = named(by, sample.editions, {"@department": {"D-29": {"fr": "Finistère"}}})
        result = results(sample.view([base]), sample.editions, survey="s", by=series)
        assert [(group.key, group.label["en"]) for group in result.groups] == [(None, word)]


def test_a_number_and_a_text_that_look_alike_are_one_group(sample):
    """Nobody is lost, and nobody is counted twice."""
    base = msgspec.structs.replace(sample.row(sample.chance(1)), edition=1)
    rows = [msgspec.structs.replace(base, answers={"q9": value, "q3": 1}) for value in ("1", 1, "a", 1)]
    by = named("q9", sample.editions)
    groups = results(sample.view(rows), sample.editions, survey="s", by=by, question=["q3"]).groups
    assert [(one.key, one.responses, one.questions[0].answered) for one in groups] == [("1", 3, 3), ("a", 1, 1)]


@pytest.mark.parametrize(("texts", "kinds"), [(False, [TextResult] * 2), (True, [ChoiceResult] * 2)])
def test_a_calculation_from_texts_is_a_text(texts, kinds):
    """Its values are shown only to those who may read texts; one from anything else is shown to all."""
    form = {
        "title": {"fr": "T"},
        "languages": ["fr"],
        "questions": [
            {"kind": "text", "name": "t"},
            {"kind": "integer", "name": "n"},
            {"kind": "calculate", "name": "first", "calculation": "if(${n} > 0, ${t}, '')"},
            {"kind": "calculate", "name": "second", "calculation": "${first}"},
            {"kind": "calculate", "name": "other", "calculation": "if(${n} > 1, 'a', 'b')"},
        ],
    }
    editions = {1: decode(msgspec.json.encode(form))}
    answers = {"t": "é", "n": 1, "first": "xé", "second": "xé", "other": "b"}
    row = Row(
        response=UUID(int=1),
        revision=1,
        edition=1,
        channel="open",
        day=dt.date(2026, 1, 1),
        record_key=1,
        answers=answers,
    )
    view = View(encode([row], editions), "v", dt.datetime(2026, 1, 1, tzinfo=dt.UTC), 0)
    result = results(view, editions, survey="s", question=["first", "second", "other"], texts=texts)
    assert [type(one) for one in result.questions] == [*kinds, ChoiceResult]


def test_too_many_groups_are_refused(sample):
    """A free text is no way to split."""
    base = sample.row(sample.chance(1))
    rows = [msgspec.structs.replace(base, answers={"q7": str(n)}) for n in range(501)]
    with pytest.raises(Problem) as raised:
        results(sample.view(rows), sample.editions, survey="s", by=named("q7", sample.editions))
    assert raised.value.kind.code == "analytics/too-many-groups"


def test_an_unknown_question_is_named(sample):
    """422, as an unknown filter."""
    with pytest.raises(Problem) as raised:
        results(sample.view([]), sample.editions, survey="s", question=["@region"])
    assert raised.value.kind.code == "analytics/bad-filter"
