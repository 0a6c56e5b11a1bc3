"""The faces of a theme's font, each in two files: what French and its neighbours are written with, and the rest.

A browser takes the second only for a page that shows one of its letters. No outline is changed.
"""

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Final

import brotli
import fontTools
from fontTools import subset
from fontTools.ttLib import TTFont

USUAL: Final = (
    (0x20, 0x7E),
    (0xA0, 0xFF),
    (0x152, 0x153),  # œ
    (0x178, 0x178),  # Ÿ
    (0x2010, 0x2027),  # dashes, quotation marks, ellipsis
    (0x202F, 0x203A),  # the narrow no-break space, per mille, primes, single guillemets
    (0x20AC, 0x20AC),  # €
    (0x2122, 0x2122),  # ™
    (0x2190, 0x2193),  # arrows
    (0x2212, 0x2212),  # minus
)
FEATURES: Final = ("tnum", "case")
"""Of OpenType, besides those that browsers use unasked: figures of one width, signs of the height of capitals."""


def usual() -> str:
    """As `unicode-range` says it."""
    return _css(USUAL)


def rest(path: Path) -> str:
    """As `unicode-range` says it: every other character that the font has."""
    return _css(_ranges(_others(path)))


def usual_file(path: Path) -> bytes:
    return _cut(path, [code for first, last in USUAL for code in range(first, last + 1)])


def rest_file(path: Path) -> bytes:
    return _cut(path, _others(path))


def _others(path: Path) -> list[int]:
    with TTFont(path) as font:
        held = font.getBestCmap()
    return sorted(code for code in held if not any(first <= code <= last for first, last in USUAL))


def _cut(path: Path, codes: Iterable[int]) -> bytes:
    options = subset.Options(flavor="woff2", notdef_outline=True)
    options.layout_features = [*options.layout_features, *FEATURES]
    with TTFont(path, lazy=True, recalcTimestamp=False) as font:
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=codes)
        cutter.subset(font)
        font.flavor = "woff2"
        made = BytesIO()
        font.save(made)
    return made.getvalue()


def _ranges(codes: list[int]) -> list[tuple[int, int]]:
    """The codes as first and last of each row; a gap of few codes is no gap, unless a usual one stands in it."""
    made: list[tuple[int, int]] = []
    for code in codes:
        if made and not any(made[-1][1] < first < code for first, _ in USUAL) and code - made[-1][1] < 32:
            made[-1] = (made[-1][0], code)
        else:
            made.append((code, code))
    return made


def key(path: Path) -> bytes:
    """What the files of a face are made from: where this is the same, so are they."""
    return repr((USUAL, FEATURES, fontTools.version, brotli.__version__)).encode() + path.read_bytes()


def _css(ranges: Iterable[tuple[int, int]]) -> str:
    return ",".join(f"U+{first:X}" if first == last else f"U+{first:X}-{last:X}" for first, last in ranges)
