"""The language of `where`: what it accepts, what it means, and that it means the same for columns and for rows."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.encoding import encode
from analytics.selecting import MOST_VALUES, ledger_only, mask, mask_rows, named, parse, refuse_texts
from base.problems import Problem

LABELS = {"@region": {"R-53": {"fr": "Bretagne"}, "R-11": {"fr": "Île-de-France"}}}


def between(low, high):
    """A test of numbers."""
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def has(*values):
    """A test of single or many values."""
    return lambda value: any(one in values for one in value) if isinstance(value, list) else value in values


FILTERS = {
    "q1:oui": ("q1", has("oui")),
    "q1:oui|nsp": ("q1", has("oui", "nsp")),
    "q1:": ("q1", lambda value: value is None),
    "q1:oui|": ("q1", lambda value: value in ("oui", None)),
    "q2:eau": ("q2", has("eau")),
    "q2:air|sol": ("q2", has("air", "sol")),
    "q2:": ("q2", lambda value: value is None),
    "q3:1": ("q3", between(1, 1)),
    "q3:0..2": ("q3", between(0, 2)),
    "q3:..0|40": ("q3", lambda value: between(-9, 0)(value) or value == 40),
    "q4:0.1..": ("q4", between(0.1, 1e300)),
    "q4:0": ("q4", between(0, 0)),
    "q5:..": ("q5", between(-9, 9)),
    "q6:2026-01-01": ("q6", has("2026-01-01")),
    "q6:2026-01-01..": ("q6", lambda value: value is not None and value >= "2026-01-01"),
    "q7:L’eau potable|été": ("q7", has("L’eau potable", "été")),
    "q8:OK": ("q8", has("OK")),
    "q9:1..3": ("q9", between(1, 3)),
    "q9:oui|2.5": ("q9", lambda value: value in ("oui", 2.5)),
    "q10:a": ("q10", has("a")),
}
DIMENSIONS = {
    "@region:R-53": lambda row: row.region == "R-53",
    "@department:": lambda row: row.department is None,
    "@department:D-29|": lambda row: row.department in (None, "D-29"),
    "@unit_kind:ddtm": lambda row: row.unit_kind == "ddtm",
    "@community:eau": lambda row: "eau" in row.communities,
    "@community:": lambda row: not row.communities,
    "@day:2026-01-02..": lambda row: row.day >= dt.date(2026, 1, 2),
    "@edition:2": lambda row: row.edition == 2,
    "@channel:open|import": lambda row: row.channel in ("open", "import"),
    "@status:sent": lambda row: row.status == "sent",
}


@given(
    seed=st.integers(0, 2**32),
    count=st.integers(1, 40),
    chosen=st.lists(st.sampled_from(sorted(FILTERS) + sorted(DIMENSIONS)), max_size=3, unique=True),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_masks_mean_what_the_filter_says(sample, seed, count, chosen):
    """All conditions hold; a question that was not asked meets none."""
    rows = sample.rows(sample.chance(seed), count)
    expected = []
    for row in rows:
        holds = True
        for text in chosen:
            if text in DIMENSIONS:
                holds &= DIMENSIONS[text](row)
            else:
                name, test = FILTERS[text]
                holds &= name in row.answers and bool(test(row.answers[name]))
        expected.append(holds)
    conditions = parse(chosen, sample.editions, LABELS)
    found = mask(encode(rows, sample.editions), conditions)
    assert (found is None) == (not chosen)
    assert (np.ones(count, bool) if found is None else found).tolist() == expected
    assert mask_rows(rows, conditions, sample.editions) == expected


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("q99:1", "q99"),
        ("n:1", "n"),
        ("@country:FR", "@country"),
        ("q1", "q1"),
        ("q1:peut-être", "peut-être"),
        ("q2:feu", "feu"),
        ("q8:non", "non"),
        ("q3:beaucoup", "beaucoup"),
        ("q3:nan", "nan"),
        ("q4:inf..", "inf"),
        ("q3:5..2", "5..2"),
        ("q6:hier", "hier"),
        ("q6:2026-02-30", "2026-02-30"),
        ("q6:2026-02-02..2026-02-01", "2026-02-02"),
        ("@region:R-99", "R-99"),
        ("@edition:3", "3"),
        ("@status:lost", "lost"),
        ("@channel:fax", "fax"),
        ("@day:lundi", "lundi"),
    ],
)
def test_what_cannot_be_used_is_named(sample, text, word):
    """422 `analytics/bad-filter`, in the reader's language."""
    with pytest.raises(Problem) as raised:
        parse([text], sample.editions, LABELS)
    assert (raised.value.kind.code, raised.value.kind.status) == ("analytics/bad-filter", 422)
    assert word in raised.value.sentence("en")


def test_too_many_values_are_refused(sample):
    """Whether in one condition or in many: each costs, and whoever follows a link has not chosen them."""
    for texts in (["q1:" + "oui|" * MOST_VALUES], ["q1:oui"] * (MOST_VALUES + 1)):
        with pytest.raises(Problem) as raised:
            parse(texts, sample.editions, LABELS)
        assert (raised.value.kind.code, raised.value.kind.status) == ("analytics/bad-filter", 422)
    assert len(parse(["q1:oui"] * MOST_VALUES, sample.editions, LABELS)) == MOST_VALUES


def test_escapes_stand_for_the_signs_of_the_language(sample):
    """Only inside a value; a colon may also stand as it is."""
    texts = parse(["q7:a%7Cb%3ac:d|e%20"], sample.editions)[0].among.values
    assert texts == {"a|b:c:d", "e%20"}


def test_only_dimensions_of_the_ledger_leave_a_rate(sample):
    """Every other condition chooses among those who answered."""
    assert ledger_only(parse(["@region:R-53", "@community:eau"], sample.editions))
    assert ledger_only([])
    assert not ledger_only(parse(["@region:R-53", "@day:2026-01-01"], sample.editions))
    assert not ledger_only(parse(["q1:oui"], sample.editions))


@pytest.mark.parametrize("name", ["q7", "q10"])
def test_texts_can_be_refused(sample, name):
    """As a value to look for and as a side; that one was left out may be asked of any."""
    series = named(name, sample.editions)
    for filters, sides in (([f"{name}:é"], []), (["q3:1|", f"{name}:|é"], []), ([], [None, series])):
        with pytest.raises(Problem) as raised:
            refuse_texts(parse(filters, sample.editions), sides, sample.editions)
        assert raised.value.kind.code == "analytics/text-not-allowed"
        assert name in str(raised.value)
    others = [named(one, sample.editions) for one in ("q1", "q9", "@region", "q3")]
    refuse_texts(parse([f"{name}:", "q9:oui", "q3:1.."], sample.editions), [None, *others], sample.editions)


def test_names_are_questions_and_dimensions(sample):
    """For `by` and crosstabs."""
    assert named("@community", sample.editions).many
    assert named("gone", sample.editions).family == "number"
    assert named("q11", sample.editions).family == "text"
    with pytest.raises(Problem):
        named("@territory", sample.editions)
