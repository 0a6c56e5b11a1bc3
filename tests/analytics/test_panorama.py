"""What a dashboard shows agrees with the results, and territories are compared whatever territories are chosen."""

import datetime as dt
from collections import Counter

import pytest

from analytics.panorama import Here, Panorama, Words, arrivals, panorama
from analytics.results import Ledger, results
from analytics.selecting import parse
from surveys.rows import Row
from tests.analytics.conftest import Sample


@pytest.fixture(scope="module")
def rows(sample: Sample) -> list[Row]:
    return sample.rows(sample.chance(7), 300)


def seen(sample: Sample, rows: list[Row], *where: str, **more: object) -> Panorama:
    conditions = parse(where, sample.editions)
    words = Words(conditions=conditions, refused=[], labels={})
    facts = {"survey": "s", "ledger": Ledger(), "everybody": Ledger(expected=900), "expected": None, "texts": True}
    return panorama(sample.view(rows), sample.editions, words, **(facts | more))  # type: ignore[arg-type]


def test_figures_are_those_of_the_results(sample: Sample, rows: list[Row]):
    """Under the filters with each question's own left out, and without any: there the words of texts are left out."""
    found = seen(sample, rows, "q1:oui", "@region:R-53")
    view, where = sample.view(rows), parse(["q1:oui", "@region:R-53"], sample.editions)
    assert found.result == results(view, sample.editions, survey="s", where=where, own=False, texts=True)
    assert found.whole.questions == results(view, sample.editions, survey="s", texts=True, terms=False).questions
    assert (found.whole.expected, found.whole.responses) == (900, len(rows))
    assert found.questionnaire == sample.editions[2]


def test_without_filters_there_is_one_count(sample: Sample, rows: list[Row]):
    """Those chosen are everybody."""
    found = seen(sample, rows)
    assert found.whole is found.result


def test_territories_are_compared_whatever_is_chosen_among_them(sample: Sample, rows: list[Row]):
    """All other filters hold; those of no territory stand under null."""
    found = seen(sample, rows, "q1:oui", "@region:R-53", "@department:D-29").places["@region"]
    every = Counter(row.region for row in rows)
    chosen = Counter(row.region for row in rows if row.answers.get("q1") == "oui")
    assert {key: (here.responses, here.chosen) for key, here in found.items()} == {
        key: (count, chosen[key]) for key, count in every.items()
    }
    assert None in found
    assert all(here.expected is None for here in found.values())


def test_where_answers_are_expected_they_are_counted(sample: Sample, rows: list[Row]):
    """A territory that nobody answered from is there; one where nobody is expected has none."""
    due = {"@region": {"R-53": 10, "R-93": 4}, "@department": {}}
    found = seen(sample, rows, expected=due).places["@region"]
    assert found["R-93"] == Here(expected=4)
    assert found["R-53"].expected == 10
    assert found["R-11"].expected == 0


def test_days_without_answers_are_there(sample: Sample, rows: list[Row]):
    """The days' own filter leaves the others in sight, other filters hold, the last day is that of all."""
    kept = [row for row in rows if row.day != dt.date(2026, 1, 2)]
    found = seen(sample, kept, "@day:2026-01-01", "q1:oui")
    chosen = Counter(row.day for row in kept if row.answers.get("q1") == "oui")
    days = [dt.date(2026, 1, day) for day in (1, 2, 3)]
    assert found.days == [(day, chosen[day]) for day in days]
    assert found.latest == days[-1]
    drawn = arrivals(found.days)
    assert [(item.key, item.answered) for item in drawn.items] == [(str(day), chosen[day]) for day in days]


def test_without_a_response_there_is_nothing(sample: Sample):
    """No day, no territory, no failure."""
    found = seen(sample, [])
    assert (found.days, found.latest, found.places) == ([], None, {"@region": {}, "@department": {}})
    assert found.result.responses == 0
