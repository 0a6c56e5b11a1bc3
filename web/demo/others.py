"""Who answers the smaller questionnaires of the demonstration: two German ones, and one question to a network."""

from surveys.submission import Answers
from web.demo import words
from web.demo.answers import Mind, within

GROUPS = ("migrantinnen", "kinderjugendliche", "frauen", "menschen_ohne", "studierende", "senioren")


class Theme(Mind):
    """A member of the housing network (`data/journee-du-reseau.xlsx`)."""

    def theme(self, _: Answers) -> str:
        return self.one(
            {
                "vacance": 0.15 if self.person.coast else 0.4,
                "renovation": 0.5 if self.person.mountain else 0.3,
                "indigne": 0.5 if self.person.overseas or self.person.capital else 0.2,
                "tourisme": 0.6 if self.person.coast or self.person.mountain else 0.1,
                "accession": 0.2,
            }
        )


class Association(Mind):
    """Somebody of an association in Saxony (`data/correlaid-mitwirken-de.xlsx`)."""

    def landkreise(self, _: Answers) -> str:
        return self.one({"bautzen": 3, "erzgebirge": 2, "goerlitz": 4, "landkreis": 5, "meissen": 2, "zwickau": 3})

    def viele_ehrenamt_komm(self, _: Answers) -> int:
        return 3 + int(self.few(70))

    def viele_hauptamt_komm(self, answers: Answers) -> int:
        return int(self.few(0.2 * answers["viele_ehrenamt_komm"]))

    def zusammenarbeit_stadt(self, _: Answers) -> str:
        return "ja" if self.likely(0.8 if self.person.coast else 0.55) else "nein"

    def zusammenarbeit_stadt_einschaetzung(self, _: Answers) -> str:
        steps = ("sehr_gut", "eher_gut", "eher_schlecht", "schlecht")
        return steps[int(self.scaled(1.4 - 0.7 * self.temper, 0, 3))]

    def zusammenarbeit_verbesserung_text(self, _: Answers) -> str | None:
        return self.any(words.GERMAN_WISHES) if self.likely(0.5) else None

    def wissen_gesetz(self, answers: Answers) -> str:
        return "ja" if self.likely(0.6 if answers["zusammenarbeit_stadt"] == "ja" else 0.3) else "nein"

    def gesetz_veraenderung_text(self, _: Answers) -> str | None:
        return self.any(words.GERMAN_WISHES) if self.likely(0.4) else None

    def themenfelder_other(self, _: Answers) -> str:
        return "Nachbarschaft"

    def ansprechpersonen_other(self, _: Answers) -> str:
        return "Stadtteilbüro"

    def entscheidungsverfahren_other(self, _: Answers) -> str:
        return "Im Gespräch"

    def schwierigkeiten(self, _: Answers) -> str | None:
        return self.any(words.GERMAN_WISHES) if self.likely(0.3) else None

    def teilhabe_gruppen(self, _: Answers) -> list[str] | None:
        return self.several(dict.fromkeys(GROUPS, 0.4), none="andere_personen")

    def teilhabe_gruppen_other(self, _: Answers) -> str:
        return "Familien"

    def probleme(self, _: Answers) -> list[str] | None:
        strain = 0.45 - 0.15 * self.temper
        return self.several(
            {
                "politische": strain,
                "finanzierungsprobleme": strain + 0.25,
                "verlust": strain,
                "interne": 0.2,
                "diskriminierung": strain - 0.1,
            },
            none="interne",
        )

    def probleme_other(self, _: Answers) -> str:
        return "Zu wenig Zeit"

    def probleme_ansprechpersonen_text(self, _: Answers) -> str | None:
        return self.any(words.GERMAN_WISHES) if self.likely(0.3) else None

    def hilfe_other(self, _: Answers) -> str:
        return "Gute Freunde"

    def probleme_digital_other(self, _: Answers) -> str:
        return "Alte Geräte"

    def hilfe_digital_other(self, _: Answers) -> str:
        return "Eine feste Ansprechperson"

    def unterstuetzung_sonstiges(self, _: Answers) -> None:
        return None

    def verein(self, _: Answers) -> None:
        return None

    def email(self, _: Answers) -> None:
        return None

    def telefon(self, _: Answers) -> None:
        return None


class Workshop(Mind):
    """Somebody who comes to a workshop (`data/correlaid-testA.xlsx`)."""

    def dauer(self, _: Answers) -> str:
        return self.one({"1": 2, "2": 3, "3": 3, "4": 2, "l_nger_als_drei_jahre": 1})

    def haeufigkeit(self, answers: Answers) -> str:
        return self.scaled(2.0 + 0.4 * (answers["dauer"] not in {"1", "2"}) + 0.4 * self.temper, 1, 4)

    def stunden_gesamt(self, answers: Answers) -> int | None:
        months = {"1": 1, "2": 6, "3": 12, "4": 24}.get(answers["dauer"], 40)
        return 1 + int(months * int(answers["haeufigkeit"]) ** 2 * (0.5 + self.chance.random()))

    def wohlfuehlen(self, _: Answers) -> str:
        return self._agreement(3.9)

    def freundschaften(self, answers: Answers) -> str:
        return self._agreement(2.4 + 0.4 * int(answers["haeufigkeit"]))

    def eigene_ideen(self, _: Answers) -> str:
        return self._agreement(3.5)

    def problemloesung(self, _: Answers) -> str:
        return self._agreement(3.2)

    def skills_gelernt(self, answers: Answers) -> str:
        return self._agreement(2.8 + 0.4 * int(answers["haeufigkeit"]))

    def beruf_pre(self, _: Answers) -> str:
        return self._agreement(2.4)

    def beruf_post(self, answers: Answers) -> str:
        return self._agreement(int(answers["beruf_pre"]) + 0.8)

    def projekte(self, _: Answers) -> str | None:
        return self.any(words.GERMAN_PROJECTS) if self.likely(0.6) else None

    def am_meisten_gebracht(self, _: Answers) -> str | None:
        return self.any(words.GERMAN_GAINS) if self.likely(0.5) else None

    def verbesserungen(self, _: Answers) -> str | None:
        return self.any(words.GERMAN_WISHES) if self.likely(0.3) else None

    def nps_score(self, answers: Answers) -> str:
        return str(within(2 * int(answers["wohlfuehlen"]) + round(self.temper), 0, 10))

    def geschlecht_andere(self, _: Answers) -> None:
        return None

    def _agreement(self, mean: float) -> str:
        return self.scaled(mean + 0.6 * self.temper, 1, 5)
