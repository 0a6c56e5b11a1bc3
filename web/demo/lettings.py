"""What agents think of furnished tourist lettings (`data/meubles-de-tourisme.xlsx`).

On the coast, in the mountains and in the capital they have reasons to mind them.
"""

import datetime as dt
import random
from typing import Final

from surveys.submission import Answers
from web.demo import words
from web.demo.answers import Mind, bell, within
from web.demo.respondents import NEARER, Respondent, share

ROLES: Final = {
    "encadrement": 0.18,
    "etudes": 0.3,
    "instruction": 0.26,
    "controle": 0.12,
    "support": 0.1,
    "autre": 0.04,
}
ROLES_AT_THE_CENTRE: Final = {"encadrement": 0.22, "etudes": 0.55, "support": 0.18, "autre": 0.05}
CENTRE: Final = frozenset({"directorate", "operator"})

QUOTAS: Final = frozenset({"D-29", "D-35", "D-64", "D-17"})
"""Départements whose large towns limit lettings by area."""


class Lettings(Mind):
    """An agent who is asked about furnished tourist lettings; `weight` is how much these weigh where they work."""

    def __init__(self, person: Respondent, chance: random.Random, today: dt.date) -> None:
        super().__init__(person, chance, today)
        self.weight = _weight(person)
        self.near = bool(NEARER.intersection(person.communities))

    def fonction(self, _: Answers) -> str:
        return self.one(ROLES_AT_THE_CENTRE if self.person.unit_kind in CENTRE else ROLES)

    def anciennete(self, _: Answers) -> int | None:
        return int(self.few(30)) if self.likely(0.93) else None

    def exposition(self, _: Answers) -> str:
        often = self.weight / 18 * (1.8 if self.near else 1)
        return self.one({"souvent": often, "parfois": 0.45 if self.near else 0.3, "jamais": 1 - self.weight / 10})

    def pression(self, _: Answers) -> int:
        return within(round(self.weight - 0.9 * self.temper + 1.2 * bell(self.chance)), 0, 10)

    def secteurs(self, _: Answers) -> list[str] | None:
        return self.several(
            {
                "littoral": 0.85 * self.person.coast,
                "montagne": 0.8 * self.person.mountain,
                "metropole": 0.8 if self.person.capital else 0.3,
                "bourgs": 0.35,
                "rural": 0.1 if self.person.capital else 0.25,
            },
            none="aucun",
        )

    def effets(self, answers: Answers) -> list[str] | None:
        felt = answers["pression"]
        return self.several(
            {
                "prix": 0.08 * felt,
                "rarete": 0.075 * felt,
                "saisonniers": 0.6 if self.person.mountain else 0.4 * self.person.coast,
                "depart": 0.045 * felt,
                "revenus": 0.25 - 0.1 * self.temper,
                "entretien": 0.2,
            },
            none="aucun",
        )

    def sources(self, _: Answers) -> list[str] | None:
        return self.several(
            {
                "declarations": 0.55,
                "taxe": 0.55 if self.person.coast or self.person.mountain else 0.3,
                "plateformes": 0.45 if self.person.capital else 0.22,
                "foncier": 0.35,
                "observatoire": 0.25,
                "terrain": 0.2 if self.person.capital else 0.4,
            },
            none="aucune",
        )

    def fiabilite(self, answers: Answers) -> str:
        better = 0.5 if "plateformes" in (answers["sources"] or ()) else 0.0
        return self.scaled(2.9 + 0.5 * self.temper + better, 1, 5)

    def part_estimee(self, answers: Answers) -> float | None:
        guess = answers["pression"] * (0.6 + 0.9 * self.chance.random()) + self.chance.random()
        return round(guess, 1) if self.likely(0.65) else None

    def loi(self, answers: Answers) -> str:
        if answers["exposition"] == "souvent":
            return self.one({"bien": 0.45, "peu": 0.35, "nom": 0.15, "non": 0.05})
        return self.one({"bien": 0.12, "peu": 0.36, "nom": 0.34, "non": 0.18})

    def outils(self, _: Answers) -> list[str] | None:
        return self.several(
            {
                "enregistrement": 0.08 * self.weight,
                "changement_usage": 0.7 if self.person.capital else 0.055 * self.weight,
                "quotas": 0.5 if self.person.department in QUOTAS else 0.03 * self.weight,
                "nuitees": 0.6 if self.person.capital else 0.2,
                "servitude": 0.35 if self.person.mountain else 0.12,
                "controle": 0.25,
            },
            none="aucun",
        )

    def outil_utile(self, answers: Answers) -> str | None:
        return self.any(answers["outils"])

    def dernier_echange(self, answers: Answers) -> str | None:
        if answers["exposition"] == "jamais" or not self.likely(0.6):
            return None
        return (self.today - dt.timedelta(days=int(self.few(240)))).isoformat()

    def obstacles(self, _: Answers) -> list[str] | None:
        return self.several(
            {
                "effectifs": 0.35 if self.person.unit_kind in CENTRE else 0.6,
                "donnees": 0.45,
                "droit": 0.35,
                "volonte": 0.4 if self.person.mountain else 0.28,
                "coordination": 0.25,
                "ingenierie": 0.15 if self.person.capital else 0.4,
                "autre": 0.05,
            },
            most=3,
        )

    def obstacle_autre(self, _: Answers) -> str | None:
        return self.any(words.OBSTACLES)

    def jours(self, answers: Answers) -> int:
        return int(self.few(14 if answers["exposition"] == "souvent" else 4))

    def besoins(self, answers: Answers) -> list[str] | None:
        obstacles = answers.get("obstacles") or ()
        return self.several(
            {
                "formation": 0.45 if answers["loi"] in {"nom", "non"} else 0.2,
                "guide": 0.4,
                "donnees": 0.8 if "donnees" in obstacles else 0.25,
                "juridique": 0.7 if "droit" in obstacles else 0.2,
                "reseau": 0.3,
                "effectifs": 0.75 if "effectifs" in obstacles else 0.1,
            },
            most=3,
        )

    def adequation(self, answers: Answers) -> str:
        if answers["exposition"] == "jamais" and self.likely(0.45):
            return "0"
        return self.scaled(3.2 - 0.13 * answers["pression"] + 0.5 * self.temper, 1, 4)

    def suggestion(self, answers: Answers) -> str | None:
        minds = answers["exposition"] != "jamais" and self.likely(0.3)
        return self.any(words.SUGGESTIONS[_landscape(self.person)]) if minds else None

    def recontact(self, answers: Answers) -> str | None:
        return "OK" if answers["exposition"] == "souvent" and self.likely(0.4) else None


def _weight(person: Respondent) -> float:
    """How much lettings weigh on housing where this person works, from 0 to 10."""
    if person.department is None and person.region is None:
        return 4.5
    kind = _landscape(person)
    usual = {"coast": 6.0, "mountain": 5.6, "overseas": 4.4, "capital": 3.2, "elsewhere": 2.2}[kind]
    both = 1.4 if person.coast and person.mountain else 0.0
    paris = 3.6 if person.department == "D-75" else 0.0
    return min(9.5, usual + both + paris + 2 * (share("weight", person.department) - 0.5))


def _landscape(person: Respondent) -> str:
    """What kind of place this person works in."""
    kinds = {
        "overseas": person.overseas,
        "capital": person.capital,
        "coast": person.coast,
        "mountain": person.mountain,
    }
    return next((kind for kind, holds in kinds.items() if holds), "elsewhere")
