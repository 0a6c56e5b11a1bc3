"""Columns say what the rows say: encoded, stored, read again and joined."""

import datetime as dt
from uuid import uuid4

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics import segments
from analytics.encoding import ASSIGNED, FIRST, NO_ANSWER, NOT_ASKED, NOWHERE, Block, days, encode
from analytics.joining import in_key_order, join, take
from forms.questionnaire import decode
from surveys.rows import Row, decode_row, encode_row

SHARED = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def contents(block):
    """A block as plain values: per row and column the code below 3, else the value (set of ticks)."""
    found = {}
    for key, column in block.columns.items():
        cells = []
        for row, code in enumerate(column.codes.tolist()):
            if code < FIRST:
                cells.append(code)
            elif column.family == "multiple":
                cells.append({value for value, ticks in zip(column.values, column.ticked, strict=True) if ticks[row]})
            else:
                cells.append([column.values[code - FIRST]])
        found[key] = cells
    return found


def naive(rows, editions, key):
    """The same from the rows of questions that have one kind."""
    name, family = key
    cells = []
    for row in rows:
        there = any(one.name == name for one in _flat(editions[row.edition].questions))
        value = row.answers.get(name)
        if not there:
            cells.append(NOWHERE)
        elif value is None:
            cells.append(NO_ANSWER if name in row.answers else NOT_ASKED)
        elif family == "multiple":
            cells.append(set(value))
        elif family == "date":
            cells.append([days(dt.date.fromisoformat(value))])
        else:
            cells.append(["true" if value is True else value])
    return cells


def _flat(nodes):
    for node in nodes:
        yield from _flat(node.questions) if hasattr(node, "questions") else [node]


@given(seed=st.integers(0, 2**32), count=st.integers(0, 30))
@SHARED
def test_columns_say_what_rows_say(sample, seed, count):
    """For every question of one kind, in every row."""
    rows = sample.rows(sample.chance(seed), count)
    found = contents(encode(rows, sample.editions))
    for key, cells in found.items():
        if not key[0].startswith("@") and key[0] != "q11":
            assert cells == naive(rows, sample.editions, key)


@given(seed=st.integers(0, 2**32), count=st.integers(1, 30), cut=st.integers(0, 30))
@SHARED
def test_storing_and_joining_change_nothing(sample, seed, count, cut):
    """A segment reads as it was written; parts encoded apart and joined are the whole."""
    rows = sample.rows(sample.chance(seed), count)
    whole = encode(rows, sample.editions)
    book, content = segments.write(whole)
    book = segments.decode_codebook(segments.encode_codebook(book))
    again = segments.read(content, book, book.keys, segments.PLAIN)
    assert contents(again) == contents(whole)
    assert all(np.array_equal(again.plain[name], whole.plain[name]) for name in segments.PLAIN)

    pieces = [encode(piece, sample.editions) for piece in (rows[:cut], rows[cut:]) if piece]
    joined = contents(join(pieces))
    assert joined == contents(whole)


def test_a_question_that_changes_its_kind_has_two_columns(sample):
    """Each says 0 for the rows of the editions in which the question was another."""
    rows = sample.rows(sample.chance(1), 50)
    block = encode(rows, sample.editions)
    first = np.array([row.edition == 1 for row in rows])
    assert (block.columns["q11", "number"].codes[~first] == NOWHERE).all()
    assert (block.columns["q11", "number"].codes[first] != NOWHERE).all()
    assert (block.columns["q11", "text"].codes[first] == NOWHERE).all()


@pytest.mark.parametrize(
    ("name", "value", "family"),
    [
        ("q1", 3, "choice"),
        ("q1", ["oui"], "choice"),
        ("q2", "eau", "multiple"),
        ("q2", {"a": 1}, "multiple"),
        ("q3", "3", "number"),
        ("q3", True, "number"),
        ("q6", "hier", "date"),
        ("q6", 3, "date"),
        ("q7", 3, "text"),
        ("q9", [1], "value"),
    ],
)
def test_what_no_column_can_hold_is_reported(sample, name, value, family):
    """It counts as not answered, and folding says so in the log; it never keeps others from being folded."""
    row = msgspec.structs.replace(sample.row(sample.chance(2)), edition=1, answers={name: value})
    block = encode([row], sample.editions)
    assert block.columns[name, family].codes.tolist() == [NO_ANSWER]
    assert {name: count for name, count in block.unfit.items() if count} == {name: 1}


def test_a_choice_the_edition_does_not_list_is_counted_under_its_name(sample):
    """What was accepted is never dropped."""
    row = msgspec.structs.replace(sample.row(sample.chance(2)), edition=1, answers={"q1": "autre", "q2": ["feu"]})
    assert contents(encode([row], sample.editions))["q1", "choice"] == [["autre"]]
    assert contents(encode([row], sample.editions))["q2", "multiple"] == [{"feu"}]


def test_more_than_256_choices_need_wider_codes(sample):
    """Codes grow with what they stand for."""
    base = sample.row(sample.chance(3))
    rows = [
        msgspec.structs.replace(base, response=uuid4(), edition=1, answers={"q1": f"c{index}", "q3": index})
        for index in range(70_000)
    ]
    block = encode(rows, sample.editions, {"q1", "q3"})
    assert block.columns["q1", "choice"].codes.dtype == np.uint32
    assert block.columns["q1", "choice"].values[block.columns["q1", "choice"].codes[-1] - FIRST] == "c69999"
    assert block.columns["q3", "number"].values[-1] == 69_999


def test_rows_in_key_order_stand_once(sample):
    """Duplicates of a key fall out, whatever their place."""
    rows = sample.rows(sample.chance(4), 5)
    block = encode([*rows, rows[0]], sample.editions)
    ordered = in_key_order(block)
    assert ordered.rows == 5
    assert (np.diff(ordered.plain["row_key"]) > 0).all()
    assert take(ordered, None) is ordered


def test_rows_say_whether_they_answer_an_assignment(sample):
    """In a column of its own, which an older segment may lack."""
    rows = [msgspec.structs.replace(sample.row(sample.chance(n)), assigned=n < 2) for n in range(3)]
    block = encode(rows, sample.editions)
    assert (block.columns[ASSIGNED, "choice"].codes >= FIRST).tolist() == [True, True, False]
    older = Block(1, {}, take(block, np.array([0])).plain)
    assert (join([older, block]).columns[ASSIGNED, "choice"].codes >= FIRST).tolist() == [False, True, True, False]
    assert decode_row(encode_row(rows[0])).assigned
    assert not decode_row(encode_row(rows[2])).assigned


def test_a_choice_that_stands_in_a_list_several_times_is_one() -> None:
    """Each of its entries has other columns for a filter; the choices behind it keep codes of their own."""
    entries = [("a", "x"), ("b", "x"), ("b", "y"), ("c", "x")]
    questionnaire = decode(
        msgspec.json.encode(
            {
                "title": {"fr": "A"},
                "languages": ["fr"],
                "questions": [{"kind": "select_one", "name": "q", "choices": "list"}],
                "choice_lists": {"list": [{"name": name, "extra": {"r": region}} for name, region in entries]},
            }
        )
    )
    rows = [
        Row(
            response=uuid4(),
            revision=1,
            edition=1,
            channel="open",
            day=dt.date(2026, 1, 1),
            record_key=1,
            answers={"q": name},
        )
        for name in ("b", "c", "c", "a")
    ]
    column = encode(rows, {1: questionnaire}).columns["q", "choice"]
    assert [column.values[code - FIRST] for code in column.codes] == ["b", "c", "c", "a"]
    assert list(column.values) == ["a", "b", "c"]
