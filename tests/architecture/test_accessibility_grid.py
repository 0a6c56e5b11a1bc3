"""The grid of the 106 criteria of RGAA 4.1 is whole, and claims nothing that nobody has seen."""

import csv
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
CRITERIA: Final = {1: 9, 2: 2, 3: 3, 4: 13, 5: 8, 6: 2, 7: 5, 8: 10, 9: 4, 10: 14, 11: 13, 12: 11, 13: 12}
"""How many criteria each theme has."""

UNSEEN: Final = {"à auditer", "conforme (automatique), à confirmer", "non applicable, à confirmer"}
AUDITED: Final = {"conforme", "non conforme", "non applicable"}


@pytest.fixture
def grid() -> list[dict[str, str]]:
    """The lines of the grid."""
    with (ROOT / "docs" / "accessibilite" / "grille.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_criterion_is_there_once(grid: list[dict[str, str]]) -> None:
    """In the order of RGAA."""
    wanted = [f"{theme}.{number}" for theme, count in CRITERIA.items() for number in range(1, count + 1)]
    assert len(wanted) == 106
    assert [line["critere"] for line in grid] == wanted
    assert len({(line["critere"].split(".")[0], line["theme"]) for line in grid}) == len(CRITERIA)


def test_states_are_of_the_few_that_are_explained(grid: list[dict[str, str]]) -> None:
    """Whatever is not merely waiting for an audit says where and how."""
    for line in grid:
        assert line["statut"] in UNSEEN | AUDITED, line["critere"]
        assert line["intitule"]
        assert line["statut"] == "à auditer" or line["ou_et_comment"], line["critere"]


def test_the_footer_says_not_compliant_until_a_person_has_audited(grid: list[dict[str, str]]) -> None:
    """The mention is exact words; another one needs an audited grid."""
    layout = (ROOT / "web" / "templates" / "layout.html").read_text(encoding="utf-8")
    if any(line["statut"] in UNSEEN for line in grid):
        assert "Accessibility: not compliant" in layout


def test_files_that_the_grid_names_exist(grid: list[dict[str, str]]) -> None:
    """Evidence that moved is none."""
    for line in grid:
        for word in line["ou_et_comment"].replace("(", " ").replace(")", " ").replace(",", " ").split():
            name = word.rstrip(".\u00a0:")
            if name.endswith((".py", ".html")):
                places = [ROOT / name, ROOT / "web" / "templates" / name]
                assert any(place.exists() for place in places), f"{line['critere']}: {name}"
