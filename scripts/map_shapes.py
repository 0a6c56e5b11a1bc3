"""Makes the outlines of `directory/data/territories/` from two SVG maps: `map_shapes.py FOLDER`.

The folder holds `departements-carte.svg` and `regions-carte.svg` (Lambert-93, the DROM and the petite couronne again in
frames). Borders that two territories share are simplified once (Visvalingam), so that neighbours never gap; the frames
are set a little closer to leave room for their names. What it writes is small enough to stand in a page.
"""

import itertools
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias
from xml.etree import ElementTree as ET

Point: TypeAlias = tuple[float, float]
Ring: TypeAlias = list[Point]

TARGET: Final = Path(__file__).resolve().parent.parent / "directory" / "data" / "territories"
SVG: Final = "{http://www.w3.org/2000/svg}"

MAPS: Final = {"departements-carte": "D", "regions-carte": "R"}
"""The maps, and what stands before INSEE's code in ours."""

SCALE: Final = 2
"""Units of ours in one of the source: all coordinates are whole numbers."""

LEAST_TRIANGLE: Final = 0.8
LEAST_ISLAND: Final = 1.5
"""Areas, in square units of the source (about a pixel): points and islands that nobody would see are left out."""

NAME_HEIGHT: Final = 14
"""Units of the source that a frame gives up for the name above it."""


def main(folder: Path) -> None:
    for name, letter in MAPS.items():
        drawing = ET.parse(folder / f"{name}.svg").getroot()  # noqa: S314 - our own file
        path = TARGET / f"{name}.json"
        path.write_text(lines(shapes(drawing, letter)), encoding="utf-8")
        print(f"{path.name}: {path.stat().st_size} bytes")


def lines(value: dict[str, Any]) -> str:
    """The map as JSON, a line for each outline and frame, so that a change can be read."""
    parts = []
    for name, content in value.items():
        items = [json.dumps(item, ensure_ascii=False) for item in content] if isinstance(content, list) else None
        parts.append(f'"{name}": ' + (json.dumps(content) if items is None else "[\n" + ",\n".join(items) + "\n]"))
    return "{\n" + ",\n".join(parts) + "\n}\n"


def shapes(drawing: ET.Element, letter: str) -> dict[str, Any]:
    """The map as we store it: its size, `[code, path]` for each outline, the frames of the insets with their names."""
    paths = [(path.attrib["data-code"], rings_of(path.attrib["d"])) for path in drawing.iter(f"{SVG}path")]
    simple = simplified([ring for _, rings in paths for ring in rings])
    frames = [frame_of(rect) for rect in drawing.iter(f"{SVG}rect")]
    outlines = []
    for code, rings in paths:
        frame = next((one for one in frames if inside(rings[0][0], one["box"])), None)
        kept = [ring for ring in (simple.pop(0) for _ in rings) if area(ring) >= LEAST_ISLAND]
        outlines.append([f"{letter}-{code}", "".join(drawn(ring, frame) for ring in kept)])
    _, _, width, height = (round(float(side) * SCALE) for side in drawing.attrib["viewBox"].split())
    return {
        "width": width,
        "height": height,
        "outlines": outlines,
        "frames": [[one["name"], *placed(one)] for one in frames],
    }


def rings_of(path: str) -> list[Ring]:
    """The rings of a path that has only M, L and Z; the first point is not repeated at the end."""
    rings = []
    for part in path.split("Z"):
        points = [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", part)]
        if points:
            rings.append(points[:-1] if points[0] == points[-1] else points)
    return rings


def simplified(rings: Sequence[Ring]) -> list[Ring]:
    """The rings with fewer points, each shared border the same on both its sides."""
    around: defaultdict[Point, set[Point]] = defaultdict(set)
    met: Counter[Point] = Counter()
    for ring in rings:
        met.update(set(ring))
        for before, point, after in neighbours(ring):
            around[point] |= {before, after}
    # An end of the coast or a corner of three territories: borders begin and end there.
    corners = {point for point, others in around.items() if len(others) > 2}
    kept: dict[tuple[Point, ...], Ring] = {}
    found = []
    for ring in rings:
        shape: Ring = []
        for line in lines_of(ring, corners, met):
            forward = tuple(line)
            backward = forward[::-1]
            if forward not in kept:
                kept[forward] = thinned(line)
                kept[backward] = kept[forward][::-1]
            shape += kept[forward][:-1]
        found.append(shape)
    return found


def neighbours(ring: Ring) -> Iterator[tuple[Point, Point, Point]]:
    return zip(ring[-1:] + ring[:-1], ring, ring[1:] + ring[:1], strict=True)


def lines_of(ring: Ring, corners: set[Point], met: Counter[Point]) -> Iterator[Ring]:
    """The ring cut at its corners; one without corners (an island) is cut at the ends of its longest way across."""
    cuts = [place for place, point in enumerate(ring) if point in corners]
    if len(cuts) < 2:
        first = cuts[0] if cuts else ring.index(min(ring, key=lambda point: (met[point], point)))
        far = max(range(len(ring)), key=lambda place: distance(ring[first], ring[place]))
        cuts = sorted({first, far})
    turned = ring[cuts[0] :] + ring[: cuts[0]]
    ends = [cut - cuts[0] for cut in cuts[1:]] + [len(ring)]
    start = 0
    for end in ends:
        yield [*turned[start:end], turned[end % len(ring)]]
        start = end


def thinned(line: Ring) -> Ring:
    """The line without the points whose triangle with their neighbours is smallest, its ends kept (Visvalingam)."""
    points = list(line)
    while len(points) > 3:
        areas = [triangle(*points[place - 1 : place + 2]) for place in range(1, len(points) - 1)]
        least = min(areas)
        if least >= LEAST_TRIANGLE:
            break
        del points[1 + areas.index(least)]
    return points


def triangle(one: Point, two: Point, three: Point) -> float:
    return abs((two[0] - one[0]) * (three[1] - one[1]) - (three[0] - one[0]) * (two[1] - one[1])) / 2


def area(ring: Ring) -> float:
    return abs(sum(one[0] * two[1] - two[0] * one[1] for _, one, two in neighbours(ring))) / 2


def distance(one: Point, two: Point) -> float:
    return (one[0] - two[0]) ** 2 + (one[1] - two[1]) ** 2


def frame_of(rect: ET.Element) -> dict[str, Any]:
    name = rect.findtext(f"{SVG}title")
    return {"name": name, "box": tuple(float(rect.attrib[side]) for side in ("x", "y", "width", "height"))}


def inside(point: Point, box: tuple[float, float, float, float]) -> bool:
    x, y, width, height = box
    return x <= point[0] <= x + width and y <= point[1] <= y + height


def placed(frame: dict[str, Any]) -> list[int]:
    """Where the frame stands on our map: lower by the height of its name, and smaller."""
    x, y, width, height = frame["box"]
    return [round(side * SCALE) for side in (x, y + NAME_HEIGHT, width - NAME_HEIGHT, height - NAME_HEIGHT)]


def drawn(ring: Ring, frame: dict[str, Any] | None) -> str:
    """The ring as a path with whole, relative coordinates; points that fall together are one."""
    if frame is None:
        corners = [(round(x * SCALE), round(y * SCALE)) for x, y in ring]
    else:
        x0, y0, width, _ = frame["box"]
        left, top, across, _ = placed(frame)
        corners = [(round(left + (x - x0) * across / width), round(top + (y - y0) * across / width)) for x, y in ring]
    x, y = corners[0]
    steps = []
    for one, other in itertools.pairwise(corners):
        if one != other:
            across, down = other[0] - one[0], other[1] - one[1]
            steps.append(f"{across}{down}" if down < 0 else f"{across} {down}")
    text = "".join(step if step[0] == "-" or not place else f" {step}" for place, step in enumerate(steps))
    return f"M{x} {y}l{text}z"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
