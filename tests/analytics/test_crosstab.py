"""Crosstabs equal a recount of the responses that have both answers."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.crosstab import crosstab, partial_lines
from analytics.encoding import encode
from analytics.selecting import mask_rows, named, parse
from analytics.tallying import merge
from base.problems import Problem

SIDES = ["q1", "q2", "q3", "q6", "q9", "@region", "@community", "@day", "@edition"]


def keys_of(row, name):
    """The keys a row has on one side; none if it has no place there."""
    value = {
        "@region": row.region,
        "@community": row.communities or None,
        "@day": row.day.isoformat(),
        "@edition": str(row.edition),
    }.get(name, row.answers.get(name))
    if value is None:
        return [None] if name.startswith("@") else []
    return value if isinstance(value, list) else ["true" if value is True else str(value)]


@given(
    seed=st.integers(0, 2**32),
    count=st.integers(0, 60),
    sides=st.tuples(st.sampled_from(SIDES), st.sampled_from(SIDES)),
    filters=st.lists(st.sampled_from(["q3:0..", "@region:R-53", "q2:eau"]), max_size=1),
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cells_and_margins_equal_a_recount(sample, seed, count, sides, filters):
    """Cells, row and column totals, and the total, each response once in each."""
    rows = sample.rows(sample.chance(seed), count)
    conditions = parse(filters, sample.editions)
    first, second = (named(name, sample.editions) for name in sides)
    table = crosstab(sample.view(rows), first, second, survey="s", where=conditions)
    chosen = [row for row, keep in zip(rows, mask_rows(rows, conditions, sample.editions), strict=True) if keep]
    pairs = [(keys_of(row, sides[0]), keys_of(row, sides[1])) for row in chosen]
    both = [pair for pair in pairs if all(pair)]
    assert table.total == len(both)
    assert {key for one, _ in both for key in one} <= set(table.rows.keys)
    assert {key for _, one in both for key in one} <= set(table.columns.keys)
    for i, row in enumerate(table.rows.keys):
        assert table.row_totals[i] == sum(row in one for one, _ in both)
        for j, column in enumerate(table.columns.keys):
            assert table.column_totals[j] == sum(column in other for _, other in both)
            assert table.cells[i][j].count == sum(row in one and column in other for one, other in both)
    many = {"q2", "@community"} & set(sides)
    if many:
        assert (table.chi2, table.df, table.p_value, table.cramers_v) == (None, None, None, None)


@given(seed=st.integers(0, 2**32), count=st.integers(1, 40), cut=st.integers(0, 40))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_lines_counted_apart_merge_to_the_whole(sample, seed, count, cut):
    """What lets a table be counted on several machines."""
    rows = sample.rows(sample.chance(seed), count)
    sides = named("q2", sample.editions), named("q9", sample.editions)

    def counts(lines):
        return {
            line: (tally.marks, {v: c for v, c in zip(tally.values, tally.counts.tolist(), strict=True) if c})
            for line, tally in lines.items()
        }

    pieces = [encode(piece, sample.editions) for piece in (rows[:cut], rows[cut:]) if piece]
    merged = merge([partial_lines(piece, *sides, None) for piece in pieces])
    assert counts(merged) == counts(partial_lines(encode(rows, sample.editions), *sides, None))


def test_every_choice_has_a_line_in_questionnaire_order(sample):
    """Also one that nobody took; the document is the contract's."""
    base = msgspec.structs.replace(sample.row(sample.chance(1)), region="R-53", edition=1)
    pairs = [("oui", "D-29"), ("oui", "D-29"), ("non", "D-29"), ("oui", None), (None, "D-29")]
    rows = [msgspec.structs.replace(base, department=place, answers={"q1": answer}) for answer, place in pairs]
    sides = named("q1", sample.editions), named("@department", sample.editions, {"@department": {"D-29": {"fr": "F"}}})
    document = msgspec.to_builtins(crosstab(sample.view(rows), *sides, survey="s"))
    assert document["rows"]["keys"] == ["nsp", "oui", "non"]
    assert document["columns"]["keys"] == ["D-29", None]
    assert document["columns"]["labels"][0] == {"fr": "F"}
    assert document["cells"] == [
        [{"count": 0, "withheld": False}, {"count": 0, "withheld": False}],
        [{"count": 2, "withheld": False}, {"count": 1, "withheld": False}],
        [{"count": 1, "withheld": False}, {"count": 0, "withheld": False}],
    ]
    assert document["row_totals"] == [0, 3, 1]
    assert document["column_totals"] == [3, 1]
    assert document["total"] == 4
    assert document["chi2"] == pytest.approx(4 / 9)
    assert document["df"] == 1


def test_a_side_with_too_many_values_is_refused(sample):
    """On either side."""
    base = sample.row(sample.chance(1))
    rows = [msgspec.structs.replace(base, answers={"q1": "oui", "q7": str(n)}) for n in range(501)]
    sides = [named(name, sample.editions) for name in ("q1", "q7")]
    for one, other in (sides, reversed(sides)):
        with pytest.raises(Problem):
            crosstab(sample.view(rows), one, other, survey="s")


@pytest.mark.parametrize("sides", [("q7", "q10"), ("q10", "q7"), ("@region", "q7"), ("q7", "q2")])
def test_too_many_values_are_refused_before_anything_is_counted(sample, sides, monkeypatch):
    """What is counted is never more than the table can show."""
    base = sample.row(sample.chance(1))
    texts = {"q2": ["eau"]}
    rows = [msgspec.structs.replace(base, answers=texts | {"q7": str(n), "q10": str(n % 400)}) for n in range(600)]
    one, other = (named(name, sample.editions) for name in sides)
    view = sample.view(rows)
    monkeypatch.setattr("analytics.crosstab.partial", None)
    with pytest.raises(Problem) as raised:
        crosstab(view, one, other, survey="s")
    assert raised.value.kind.code == "analytics/too-many-groups"


def test_values_that_no_chosen_response_has_do_not_count(sample):
    """Of thousands of texts, only those of the rows in question matter."""
    base = msgspec.structs.replace(sample.row(sample.chance(1)), edition=1)
    rows = [
        msgspec.structs.replace(base, answers={"q1": "oui" if n < 2 else None, "q7": str(n), "q3": n})
        for n in range(900)
    ]
    sides = [named(name, sample.editions) for name in ("q1", "q7")]
    table = crosstab(sample.view(rows), *sides, survey="s")
    assert (table.columns.keys, table.column_totals, table.total) == (["0", "1"], [1, 1], 2)
    where = parse(["q3:899"], sample.editions)
    assert crosstab(sample.view(rows), *reversed(sides), survey="s", where=where).rows.keys == []


@pytest.mark.parametrize("sides", [("q9", "q3"), ("q3", "q9"), ("q9", "q9")])
def test_a_number_and_a_text_that_look_alike_are_one_line(sample, sides):
    """On either side."""
    base = msgspec.structs.replace(sample.row(sample.chance(1)), edition=1)
    rows = [msgspec.structs.replace(base, answers={"q9": value, "q3": 1}) for value in ("1", 1, "a", 1)]
    one, other = (named(name, sample.editions) for name in sides)
    table = crosstab(sample.view(rows), one, other, survey="s")
    assert table.total == sum(table.row_totals) == sum(table.column_totals) == 4
    assert sum(cell.count for line in table.cells for cell in line) == 4
    assert len(set(table.rows.keys)) == len(table.rows.keys)
    axis, totals = (table.rows, table.row_totals) if sides[0] == "q9" else (table.columns, table.column_totals)
    assert (axis.keys, totals) == (["1", "a"], [3, 1])
