"""Statistics against published values and against exact arithmetic."""

import itertools
import math
import statistics
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.statistics import (
    BINS,
    bin_edges,
    chi_square_tail,
    effective_size,
    independence,
    interval,
    moments,
    quantile,
    weighted_sum,
    wilson,
)

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=64)
PAIRS = st.lists(st.tuples(NUMBERS, st.integers(1, 2**31)), min_size=1, max_size=20, unique_by=lambda pair: pair[0])


@given(PAIRS)
def test_sums_are_exact_until_the_last_rounding(pairs):
    """A value that occurs n times counts n times, without an error of multiplication."""
    values, counts = (np.array(part) for part in zip(*pairs, strict=True))
    exact = sum(Fraction(value) * count for value, count in pairs)
    found = weighted_sum(values, counts)
    if math.isnan(found) or math.isinf(found):
        assert max(abs(Fraction(value) * count) for value, count in pairs) > Fraction(1e300)
    else:
        assert found == float(exact)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_moments_and_quantiles(values):
    """As Python's and numpy's own, from distinct values with counts."""
    distinct, counts = np.unique(np.array(values) + 0.0, return_counts=True)
    found = moments(distinct, counts)
    assert found.sum == math.fsum(values)
    assert found.mean == pytest.approx(statistics.fmean(values))
    if len(values) > 1:
        assert found.sd == pytest.approx(statistics.stdev(values), rel=1e-6, abs=1e-6)
    cumulated = np.cumsum(counts)
    for probability in (0, 0.25, 0.5, 0.75, 1, 0.1):
        expected = np.quantile(np.array(values), probability, method="linear")
        assert quantile(distinct, cumulated, probability) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_numbers_too_large_for_a_sum_give_none():
    """One absurd answer must not take the page away."""
    found = moments(np.array([1e308, 1.5e308]), np.array([3, 1]))
    assert found == (None, None, None)
    assert moments(np.array([-1e200, 1e200]), np.array([1, 1])).sd is None


@pytest.mark.parametrize(
    ("chi2", "df", "p"),
    [  # Abramowitz and Stegun, table 26.8, and R's pchisq
        (3.841458820694124, 1, 0.05),
        (6.634896601021213, 1, 0.01),
        (18.307038053275146, 10, 0.05),
        (2.558212, 10, 0.99),
        (124.342113404004, 100, 0.05),
        (0.0, 4, 1.0),
        (100.0, 3, 1.554159e-21),
    ],
)
def test_chi_square_tail(chi2, df, p):
    """Both branches of the incomplete gamma function."""
    assert chi_square_tail(chi2, df) == pytest.approx(p, rel=2e-6)


def test_independence_of_a_known_table():
    """The 2×3 table of R's chisq.test help page (Agresti 2007, p. 39: party by gender)."""
    found = independence(np.array([[762, 327, 468], [484, 239, 477]]))
    assert found.chi2 == pytest.approx(30.07015, rel=1e-6)
    assert found.df == 2
    assert found.p_value == pytest.approx(2.953589e-07, rel=1e-5)
    assert found.cramers_v == pytest.approx(math.sqrt(30.07015 / 2757), rel=1e-6)


@pytest.mark.parametrize("table", [np.zeros((0, 0)), np.zeros((2, 2)), np.array([[3, 4], [0, 0]]), np.ones((1, 5))])
def test_no_test_without_two_lines_each_way(table):
    """Empty rows and columns do not count."""
    assert set(independence(table)) == {None}


def test_wilson_of_known_cases():
    """Newcombe, Statistics in Medicine 17, 1998, table I, method 3."""
    for answered, size, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        found = wilson(answered / size, size)
        assert found == pytest.approx((low, high), abs=5e-5)


def test_the_population_corrects():
    """Nothing to guess where everybody answered; nothing to gain from an endless population."""
    assert interval(0.3, 50, 50) == (0.3, 0.3)
    assert effective_size(400, 1e12) == pytest.approx(400)
    wide, narrow = interval(0.62, 405, 1e9), interval(0.62, 405, 900)
    assert wide[0] < narrow[0] < 0.62 < narrow[1] < wide[1]


@given(NUMBERS, NUMBERS, st.booleans())
def test_bins_hold_everything(one, other, whole):
    """At most so many, rising, all of it inside; whole numbers have whole bins."""
    low, high = min(one, other), max(one, other)
    if whole:
        low, high = float(math.floor(low)), float(math.floor(high))
    edges = bin_edges(low, high, whole=whole)
    assert 2 <= len(edges) <= BINS + 1 or (whole and len(edges) <= BINS + 2)
    assert edges[0] <= low
    assert edges[-1] >= high
    if len(edges) > 2:
        assert all(a < b for a, b in itertools.pairwise(edges))
        assert edges[-1] > high
    if whole:
        assert all(float(edge).is_integer() for edge in edges)
