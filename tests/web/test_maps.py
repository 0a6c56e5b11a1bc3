"""Maps: every territory is drawn, classes are round and hold all values, what has no value is told apart."""

import re
from collections import Counter
from xml.etree import ElementTree as ET

import pytest

from directory.territories import france
from web.pages.maps import CLASSES, SOURCE, Level, MapView, bounds_of, class_of, outlines, territory_map
from web.pages.rendering import environment

SVG = "{http://www.w3.org/2000/svg}"
CORE = ("D-75", "D-92", "D-93", "D-94")


def a_map(**more: object) -> MapView:
    values = {"D-29": 8 / 13, "D-35": 0.1, "D-2A": 0.97, "D-75": 0.5}
    more = {"labels": {"D-29": "Finistère"}, "title": "Taux", "sentence": "Une phrase", "language": "fr"} | more
    return territory_map("department", **({"values": values} | more))  # type: ignore[arg-type]


def rendered(view: MapView) -> ET.Element:
    template = environment("fr").from_string('{% from "macros/map.html" import map %}<div>{{ map(view) }}</div>')
    html = template.render(view=view)
    return ET.fromstring(html.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" '))  # noqa: S314 - our own template


@pytest.mark.parametrize(("level", "kind"), [("department", "department"), ("region", "region")])
def test_every_territory_is_drawn(level: Level, kind: str):
    """Each territory with an outline once, those of the petite couronne twice; nothing that is no territory of ours."""
    times = Counter(code for code, _ in outlines(level).outlines)
    assert set(times) == {place.code for place in france() if place.kind == kind}
    assert {code for code, count in times.items() if count > 1} == (set(CORE) if level == "department" else set())
    assert max(times.values()) <= 2


@pytest.mark.parametrize("level", ["department", "region"])
def test_shapes_stay_on_the_map(level: Level):
    """All coordinates are whole numbers on the map, each ring has at least three corners and is closed."""
    drawn = outlines(level)
    for code, path in drawn.outlines:
        rings = re.findall(r"M(\d+) (\d+)l([-\d ]+)z", path)
        assert "".join(f"M{x} {y}l{rest}z" for x, y, rest in rings) == path, code
        for x, y, rest in rings:
            steps = [int(step) for step in re.findall(r"-?\d+", rest)]
            assert len(steps) % 2 == 0
            assert len(steps) >= 4, code
            place = [int(x), int(y)]
            for across, down in zip(steps[::2], steps[1::2], strict=True):
                place = [place[0] + across, place[1] + down]
                assert 0 <= place[0] <= drawn.width, code
                assert 0 <= place[1] <= drawn.height, code


def test_neighbours_share_their_border():
    """Simplifying leaves no gap: most corners of the mainland belong to two territories or lie on the coast."""
    met: Counter[tuple[int, int]] = Counter()
    for code, path in outlines("department").outlines:
        if len(code) == 4:
            for x, y, rest in re.findall(r"M(\d+) (\d+)l([-\d ]+)z", path):
                place = (int(x), int(y))
                corners = {place}
                steps = [int(step) for step in re.findall(r"-?\d+", rest)]
                for across, down in zip(steps[::2], steps[1::2], strict=True):
                    place = (place[0] + across, place[1] + down)
                    corners.add(place)
                met.update(corners)
    shared = sum(count > 1 for count in met.values())
    assert shared > 0.6 * len(met)


@pytest.mark.parametrize(
    ("shares", "bounds"),
    [
        ([], (0, 0.2, 0.4, 0.6, 0.8, 1)),
        ([0, 1], (0, 0.2, 0.4, 0.6, 0.8, 1)),
        ([0.21, 0.24], (0.21, 0.22, 0.23, 0.24, 0.25, 0.26)),
        ([0.12, 0.48], (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)),
        ([0.97, 1], (0.95, 0.96, 0.97, 0.98, 0.99, 1)),
        ([1, 1], (0, 0.2, 0.4, 0.6, 0.8, 1)),
        ([0.042], (0, 0.01, 0.02, 0.03, 0.04, 0.05)),
        ([0, 0], (0, 0.01, 0.02, 0.03, 0.04, 0.05)),
    ],
)
def test_bounds_are_round_and_hold_all_shares(shares: list[float], bounds: tuple[float, ...]):
    """Five classes of one round width, the narrowest that holds all shares, never beyond 0 and 100 %."""
    assert bounds_of(shares) == pytest.approx(bounds)


def test_classes_hold_their_lower_bound():
    """A share on a bound is in the upper class, 100 % in the last one."""
    bounds = bounds_of([0, 1])
    assert [class_of(share, bounds) for share in (0, 0.2, 0.39, 0.4, 0.8, 1)] == [1, 2, 2, 3, 5, 5]


def test_a_shape_says_its_value():
    """What a shape says by itself: name, share, and the figures behind it."""
    view = a_map(details={"D-29": "8 sur 13"})
    finistere = next(shape for shape in view.shapes if shape.code == "D-29")
    assert finistere.hover == "Finistère\u00a0: 61,5\u202f% (8 sur 13)"
    assert finistere.mark == "4"


def test_without_value_or_with_too_few_answers_there_is_no_class():
    """Nobody asked and too few answers have a mark of their own, which the legend explains."""
    view = a_map(values={"D-29": 0.5, "D-35": 0.9, "D-2A": None}, few={"D-35"})
    marks = {shape.code: shape.mark for shape in view.shapes}
    assert (marks["D-35"], marks["D-2A"], marks["D-01"]) == ("few", "none", "none")
    assert marks["D-29"].isdigit()
    assert [line.mark for line in view.legend] == [str(place) for place in range(1, CLASSES + 1)] + ["few", "none"]


def test_a_territory_without_outline_is_said():
    """The collectivities overseas have no outline: their values stand below the map."""
    view = a_map(values={"D-988": 0.5}, labels={"D-988": "Nouvelle-Calédonie"})
    assert view.unseen == ("Nouvelle-Calédonie\u00a0: 50\u202f%",)


def test_what_is_selected_is_drawn_last():
    """A thick outline is not covered by the neighbours."""
    view = a_map(selected={"D-29"})
    assert [shape.code for shape in view.shapes if shape.selected] == ["D-29"]
    assert view.shapes[-1].selected


def test_the_drawing_is_an_image_with_name_and_sentence():
    """It has role img, its title and its sentence, every shape once; texts are escaped and nothing is styled inline."""
    view = a_map(title="<Taux> & co", sentence="« Une » phrase")
    root = rendered(view)
    image = root.find(f".//{SVG}svg[@role='img']")
    assert image is not None
    assert image.findtext(f"{SVG}title") == "<Taux> & co"
    assert image.findtext(f"{SVG}desc") == "« Une » phrase"
    assert image.attrib["aria-labelledby"] == "map-title map-sentence"
    assert len(image.findall(f"{SVG}path")) == len(view.shapes)
    assert not [element for element in root.iter() if "style" in element.attrib]
    ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))
    assert SOURCE in "".join(root.itertext())


def test_links_lie_outside_the_image():
    """A link takes no focus and is hidden from assistive techniques; each has its territory's address."""
    root = rendered(a_map(links={"D-75": "?where=@department:D-75"}))
    image, layer = root.findall(f".//{SVG}svg")[:2]
    assert not image.findall(f".//{SVG}a")
    assert layer.attrib["aria-hidden"] == "true"
    links = layer.findall(f".//{SVG}a")
    assert [link.attrib["href"] for link in links] == ["?where=@department:D-75"] * 2
    assert {link.attrib["tabindex"] for link in links} == {"-1"}
