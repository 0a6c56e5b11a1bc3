"""Writes `forms-own/hdv2003.xlsx`, the questionnaire behind `responses/hdv2003-fr.csv`, as we ask it.

Choice labels are the texts of the CSV's cells, so that a cell matches a label. Run it after a change and commit both.
"""

from datetime import UTC, datetime
from pathlib import Path

import xlsxwriter

FORM = Path(__file__).resolve().parent / "forms-own" / "hdv2003.xlsx"

WORKS = "${occup} = 'travaille'"

SURVEY = [
    ("type", "name", "label::Français (fr)", "hint::Français (fr)", "relevant", "constraint", "constraint_message"),
    ("begin_group", "vous", "Vous"),
    ("integer", "age", "Quel est votre âge ?", "En années révolues.", "", ". >= 0 and . <= 120", "Entre 0 et 120 ans."),
    ("select_one sexe", "sexe", "Quel est votre sexe ?"),
    ("select_one nivetud", "nivetud", "Quel est votre niveau d’études ?"),
    ("decimal", "poids", "Pondération", "Poids de la personne dans l’échantillon."),
    ("select_one occup", "occup", "Quelle est votre occupation principale ?"),
    ("select_one qualif", "qualif", "Quelle est, ou était, votre qualification ?"),
    ("integer", "freres_soeurs", "Combien avez-vous, ou aviez-vous, de frères et sœurs ?"),
    ("select_one clso", "clso", "Avez-vous le sentiment d’appartenir à une classe sociale ?"),
    ("select_one relig", "relig", "Quelle est votre pratique religieuse ?"),
    ("end_group",),
    ("begin_group", "travail", "Votre travail", "", WORKS),
    ("select_one trav_imp", "trav_imp", "Quelle importance a le travail dans votre vie ?"),
    ("select_one trav_satisf", "trav_satisf", "Que ressentez-vous au travail ?"),
    ("end_group",),
    ("begin_group", "loisirs", "Vos loisirs"),
    ("select_one oui_non", "hard_rock", "Écoutez-vous du hard rock ?"),
    ("select_one oui_non", "lecture_bd", "Lisez-vous des bandes dessinées ?"),
    ("select_one oui_non", "peche_chasse", "Pratiquez-vous la pêche ou la chasse ?"),
    ("select_one oui_non", "cuisine", "Faites-vous la cuisine pour le plaisir ?"),
    ("select_one oui_non", "bricol", "Faites-vous du bricolage ?"),
    ("select_one oui_non", "cinema", "Êtes-vous allé au cinéma au cours des douze derniers mois ?"),
    ("select_one oui_non", "sport", "Avez-vous fait du sport au cours des douze derniers mois ?"),
    (
        "decimal",
        "heures_tv",
        "Combien d’heures par jour regardez-vous la télévision ?",
        "",
        "",
        ". >= 0 and . <= 24",
        "Entre 0 et 24 heures.",
    ),
    ("end_group",),
]

CHOICES = {
    "sexe": {"femme": "Femme", "homme": "Homme"},
    "nivetud": {
        "jamais": "N'a jamais fait d'etudes",
        "arret": "A arrete ses etudes, avant la derniere annee d'etudes primaires",
        "primaire": "Derniere annee d'etudes primaires",
        "cycle1": "1er cycle",
        "cycle2": "2eme cycle",
        "technique_court": "Enseignement technique ou professionnel court",
        "technique_long": "Enseignement technique ou professionnel long",
        "superieur": "Enseignement superieur y compris technique superieur",
    },
    "occup": {
        "travaille": "Exerce une profession",
        "chomeur": "Chomeur",
        "etudiant": "Etudiant, eleve",
        "retraite": "Retraite",
        "retire": "Retire des affaires",
        "foyer": "Au foyer",
        "inactif": "Autre inactif",
    },
    "qualif": {
        "ouvrier_specialise": "Ouvrier specialise",
        "ouvrier_qualifie": "Ouvrier qualifie",
        "technicien": "Technicien",
        "intermediaire": "Profession intermediaire",
        "cadre": "Cadre",
        "employe": "Employe",
        "autre": "Autre",
    },
    "clso": {"oui": "Oui", "non": "Non", "nsp": "Ne sait pas"},
    "relig": {
        "regulier": "Pratiquant regulier",
        "occasionnel": "Pratiquant occasionnel",
        "sans_pratique": "Appartenance sans pratique",
        "aucune": "Ni croyance ni appartenance",
        "rejet": "Rejet",
        "nsp": "NSP ou NVPR",
    },
    "trav_imp": {
        "plus": "Le plus important",
        "autant": "Aussi important que le reste",
        "moins": "Moins important que le reste",
        "peu": "Peu important",
    },
    "trav_satisf": {"satisfaction": "Satisfaction", "insatisfaction": "Insatisfaction", "equilibre": "Equilibre"},
    "oui_non": {"oui": "Oui", "non": "Non"},
}


def main() -> None:
    choices = [(name, choice, label) for name, rows in CHOICES.items() for choice, label in rows.items()]
    sheets = {
        "survey": SURVEY,
        "choices": [("list_name", "name", "label::Français (fr)"), *choices],
        "settings": [
            ("form_title", "form_id", "default_language"),
            ("Histoire de vie 2003", "hdv2003", "Français (fr)"),
        ],
    }
    FORM.parent.mkdir(exist_ok=True)
    with xlsxwriter.Workbook(FORM) as workbook:
        workbook.set_properties({"created": datetime(2026, 1, 1, tzinfo=UTC)})  # the same bytes each time
        for title, rows in sheets.items():
            sheet = workbook.add_worksheet(title)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)


if __name__ == "__main__":
    main()
