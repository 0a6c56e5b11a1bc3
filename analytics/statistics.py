"""Statistics, each with its source. They take distinct values in order with their counts, never the single answers."""

import itertools
import math
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from analytics.encoding import Array

Number: TypeAlias = int | float

LEVEL: Final = 0.95
Z: Final = 1.959963984540054
"""The quantile of the normal distribution that leaves 2.5 % above: for intervals at `LEVEL`."""

LEAST_ANSWERS: Final = 30
LEAST_COVERAGE: Final = 0.3
"""Below either, an indicative interval would promise more than it knows."""

BINS: Final = 20
"""Bars of a histogram at most."""

QUANTILES: Final = {"0": 0.0, "0.25": 0.25, "0.5": 0.5, "0.75": 0.75, "1": 1.0}

_EXACT: Final = 2**53
_HUGE: Final = 1e300
_TERMS: Final = 10_000
_TINY: Final = 1e-300


class Moments(NamedTuple):
    """Sum, mean and sample standard deviation; null where there are too few values, or too large ones."""

    sum: Number | None
    mean: float | None
    sd: float | None


def tidy(number: float) -> Number:
    """A whole number as an integer, so that it is written without decimals."""
    return int(number) if number.is_integer() and abs(number) < _EXACT else number


def moments(values: Array, counts: Array) -> Moments:
    """`math.fsum` rounds once, so no order of arrival and no grouping changes a digit."""
    total = int(counts.sum())
    summed = weighted_sum(values, counts)
    if total == 0 or not math.isfinite(summed):
        return Moments(None, None, None)
    mean = summed / total
    if total == 1:
        return Moments(tidy(summed), mean, None)
    with np.errstate(over="ignore"):
        squares = weighted_sum((values - mean) ** 2, counts)
    return Moments(tidy(summed), mean, math.sqrt(squares / (total - 1)) if math.isfinite(squares) else None)


def weighted_sum(values: Array, counts: Array) -> float:
    """The sum of all single values, rounded once; NaN where it is too large.

    A value times its count is split into two exact parts (T. J. Dekker, "A floating-point technique for extending the
    available precision", Numerische Mathematik 18, 1971: counts have at most 26 bits at a time).
    """
    parts: list[float] = []
    left = counts.astype(np.int64)
    scale = 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        high, low = _split(values)
        while left.any():
            digits = (left & 0x3FFFFFF) * scale
            parts += (high * digits).tolist()
            parts += (low * digits).tolist()
            left >>= 26
            scale *= 2.0**26
    try:
        return math.fsum(parts)
    except (OverflowError, ValueError):
        return math.nan


def _split(values: Array) -> tuple[Array, Array]:
    """Each number as the sum of two that have at most 27 bits (exact)."""
    mantissa, exponent = np.frexp(values)
    high = np.ldexp(np.trunc(np.ldexp(mantissa, 26)), exponent - 26)
    return high, values - high


def quantile(values: Array, cumulated: Array, probability: float) -> Number:
    """Type 7 of R. J. Hyndman and Y. Fan, "Sample quantiles in statistical packages", American Statistician 50, 1996.

    `cumulated` says how many single values there are up to each distinct one.
    """
    place = (int(cumulated[-1]) - 1) * probability
    below = math.floor(place)
    low = float(values[np.searchsorted(cumulated, below, side="right")])
    if place == below:
        return tidy(low)
    high = float(values[np.searchsorted(cumulated, below + 1, side="right")])
    return tidy(low + (high - low) * (place - below))


def wilson(share: float, effective: float) -> tuple[float, float]:
    """The score interval of E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.

    Unlike the textbook's interval it keeps its promise near 0 and 1, where survey shares often are.
    """
    shrunk = 1 + Z**2 / effective
    centre = (share + Z**2 / (2 * effective)) / shrunk
    half = Z / shrunk * math.sqrt(share * (1 - share) / effective + Z**2 / (4 * effective**2))
    # At the ends the bound is the share itself; rounding would leave it a hair inside.
    return (0.0 if share == 0 else centre - half), (1.0 if share == 1 else centre + half)


def effective_size(answered: int, population: float) -> float:
    """How large a sample of an endless population would tell as much (finite-population correction).

    W. G. Cochran, "Sampling Techniques", 3rd edition, 1977, §2.6: the variance shrinks by (N - n) / (N - 1).
    """
    return math.inf if population <= answered else answered * (population - 1) / (population - answered)


def interval(share: float, answered: int, population: float) -> tuple[float, float]:
    """Between which shares the population's lies, at `LEVEL`, if those who answered were drawn from it at random."""
    effective = effective_size(answered, population)
    return (share, share) if math.isinf(effective) else wilson(share, effective)


class Independence(NamedTuple):
    """Pearson's test of independence on a table, and how strong the relation is; null where the table is too small."""

    chi2: float | None
    df: int | None
    p_value: float | None
    cramers_v: float | None


def independence(table: Array) -> Independence:
    """K. Pearson, 1900; H. Cramér, "Mathematical Methods of Statistics", 1946, §21.9. Empty lines fall out."""
    counts = table[table.any(axis=1)][:, table.any(axis=0)].astype(np.float64)
    rows, columns = counts.shape
    if min(rows, columns) < 2:
        return Independence(None, None, None, None)
    total = counts.sum()
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / total
    chi2 = math.fsum(((counts - expected) ** 2 / expected).ravel().tolist())
    df = (rows - 1) * (columns - 1)
    strength = math.sqrt(chi2 / (float(total) * (min(rows, columns) - 1)))
    return Independence(chi2, df, chi_square_tail(chi2, df), strength)


def chi_square_tail(chi2: float, df: int) -> float:
    """The probability of at least this χ² by chance: M. Abramowitz and I. A. Stegun, 1964, 26.4.19."""
    return upper_gamma(df / 2, chi2 / 2)


def upper_gamma(a: float, x: float) -> float:
    """The regularised upper incomplete gamma function Q(a, x): a series below a + 1, a continued fraction above.

    W. H. Press et al., "Numerical Recipes", 3rd edition, 2007, §6.2, after Abramowitz and Stegun 6.5.29 and 6.5.31.
    """
    if x <= 0:
        return 1.0
    factor = math.exp(a * math.log(x) - x - math.lgamma(a))
    return 1.0 - factor * _series(a, x) if x < a + 1 else factor * _fraction(a, x)


def _series(a: float, x: float) -> float:
    term = total = 1 / a
    for step in range(1, _TERMS):
        term *= x / (a + step)
        total += term
        if term < total * 1e-16:
            break
    return total


def _fraction(a: float, x: float) -> float:
    b = x + 1 - a
    c = 1 / _TINY
    d = 1 / b
    value = d
    for step in range(1, _TERMS):
        numerator = -step * (step - a)
        b += 2
        d = 1 / _away_from_zero(numerator * d + b)
        c = _away_from_zero(b + numerator / c)
        value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value


def _away_from_zero(number: float) -> float:
    return number if abs(number) > _TINY else _TINY


def bin_edges(low: float, high: float, *, whole: bool) -> list[Number]:
    """Edges of at most `BINS` equal bins that hold all from `low` to `high`, each bin without its upper edge.

    Steps are 1, 2 or 5 times a power of ten; whole numbers have a bin each where there are few. Where numbers are too
    large or too close for such steps, there is one bin that ends at `high` and holds it.
    """
    span = high - low
    within_reach = 1 / _HUGE < span < _HUGE if span else abs(low) < _EXACT
    if not within_reach or max(abs(low), abs(high)) > _HUGE:
        return [tidy(low), tidy(high)]
    if whole and span < BINS:
        return [tidy(low + place) for place in range(int(span) + 2)]
    digits = math.floor(math.log10(span / BINS)) if span else 0
    steps = ((mantissa, digits + decade) for decade in (0, 1, 2) for mantissa in (1, 2, 5))
    for mantissa, exponent in steps:
        edges = _edges(low, high, mantissa, exponent)
        if len(edges) - 1 <= BINS and not (whole and exponent < 0):
            return [tidy(edge) for edge in edges] if _rises(edges) else [tidy(low), tidy(high)]
    return [tidy(low), tidy(high)]


def _edges(low: float, high: float, mantissa: int, exponent: int) -> list[float]:
    def edge(place: int) -> float:
        return float(place * mantissa * 10**exponent) if exponent >= 0 else place * mantissa / 10**-exponent

    first = math.floor(low / edge(1))
    last = math.floor(high / edge(1)) + 1
    # Dividing by a decimal step is not exact: the edges themselves decide.
    first -= edge(first) > low
    last += edge(last) <= high
    return [edge(place) for place in range(first, last + 1)]


def _rises(edges: Sequence[float]) -> bool:
    return all(one < next_ for one, next_ in itertools.pairwise(edges))
