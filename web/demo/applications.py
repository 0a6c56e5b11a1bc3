"""What services report on planning applications and inspections (`data/autorisations-urbanisme.xlsx`): figures that fit
each other, more of them where more is built, later decisions where staff is short.
"""

import datetime as dt
import random

from surveys.submission import Answers
from web.demo import words
from web.demo.answers import Mind, within
from web.demo.respondents import Respondent


class Applications(Mind):
    """A service that processes planning applications."""

    def __init__(self, person: Respondent, chance: random.Random, today: dt.date) -> None:
        super().__init__(person, chance, today)
        pull = 1.7 if person.coast else 1.5 if person.capital else 0.6 if person.overseas else 1.0
        small = 0.25 if person.unit_kind in {"dreal", "drieat"} else 1.0  # these process few themselves
        self.permits = round(pull * small * (260 + 620 * chance.random()))
        self.short = 0.5 - 0.35 * self.temper + (0.6 if person.overseas else 0.0) + (0.3 if person.capital else 0.0)

    def contact(self, _: Answers) -> str:
        return f"urbanisme@{self.person.key.lower()}.example"

    def date_arret(self, _: Answers) -> str:
        return (self.today.replace(day=1) - dt.timedelta(days=1)).isoformat()

    def communes(self, _: Answers) -> int:
        if self.person.capital:
            return int(self.few(60))
        return int(4 + self.few(20)) if self.person.overseas else round(60 + 320 * self.chance.random())

    def permis_construire(self, _: Answers) -> int:
        return self.permits

    def permis_amenager(self, _: Answers) -> int:
        return round(self.permits * (0.03 + 0.05 * self.chance.random()))

    def declarations(self, _: Answers) -> int:
        return round(self.permits * (2.1 + 1.4 * self.chance.random()))

    def hors_delai(self, answers: Answers) -> int:
        done = _applications(answers)
        return within(round(done * max(0.01, 0.16 * self.short + 0.03 * self.chance.random())), 0, done)

    def dematerialisation(self, _: Answers) -> int:
        return within(5 * round((62 + 18 * self.temper - 20 * self.person.overseas) / 5), 0, 100)

    def controles(self, _: Answers) -> int:
        return round(self.permits * (0.02 + self.few(0.14))) if self.likely(0.94) else 0

    def proces_verbaux(self, answers: Answers) -> int:
        return int(answers["controles"] * (0.12 + 0.25 * self.person.coast + self.few(0.3)))

    def suites(self, _: Answers) -> list[str] | None:
        return self.several(
            {
                "regularisation": 0.7,
                "mise_en_demeure": 0.5 + 0.2 * self.person.coast,
                "transaction": 0.25,
                "poursuites": 0.35,
                "remise_en_etat": 0.3 if self.person.coast else 0.12,
                "attente": 0.4,
            },
            none="attente",
        )

    def etp(self, answers: Answers) -> float:
        done = _applications(answers)
        return round(max(0.5, done / (190 + 70 * max(self.short, 0) + 60 * self.chance.random())), 1)

    def difficulte(self, _: Answers) -> str:
        return self.one(
            {
                "effectifs": 0.2 + 0.5 * self.short,
                "competences": 0.15,
                "outils": 0.3 if self.person.overseas else 0.15,
                "droit": 0.2,
                "contentieux": 0.35 if self.person.coast else 0.1,
                "aucune": 0.15 + 0.15 * self.temper,
            }
        )

    def commentaire(self, _: Answers) -> str | None:
        return self.any(words.REMARKS) if self.likely(0.35) else None

    def validation(self, _: Answers) -> str:
        return "OK"


def _applications(answers: Answers) -> int:
    """How many the service processed, of all kinds."""
    return int(answers["permis_construire"] + answers["permis_amenager"] + answers["declarations"])
