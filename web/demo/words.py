"""What the made-up people of the demonstration write where they may write what they want."""

from typing import Final

SUGGESTIONS: Final = {
    "coast": (
        "Donner aux communes littorales un droit de préemption sur les résidences secondaires mises en location.",
        "Réserver des programmes neufs à la résidence principale dans les communes du bord de mer.",
        "Contrôler les numéros d’enregistrement avant chaque été, avec l’appui de la douane et de la DGFiP.",
        "Aider les petites communes balnéaires à instruire les changements d’usage.",
    ),
    "mountain": (
        "Loger d’abord les saisonniers : conventionner des logements avec les stations.",
        "Fixer un quota de meublés par vallée plutôt que par commune.",
        "Rénover les lits froids avant d’autoriser de nouvelles constructions.",
        "Mutualiser un contrôleur entre plusieurs communes de montagne.",
    ),
    "overseas": (
        "Adapter les seuils au marché du logement outre-mer.",
        "Disposer de données fiables sur les locations non déclarées.",
    ),
    "capital": (
        "Transmettre chaque mois aux communes les nuitées par logement.",
        "Accélérer les procédures contre les changements d’usage sans autorisation.",
        "Coordonner les contrôles entre la Ville, l’État et les plateformes.",
    ),
    "elsewhere": (
        "Publier un guide court, avec des modèles de délibération.",
        "Mettre à disposition un jeu de données national, mis à jour chaque trimestre.",
        "Former les secrétaires de mairie à la procédure d’enregistrement.",
        "Laisser chaque intercommunalité choisir ses outils.",
        "Rien de particulier : le sujet reste marginal dans notre département.",
    ),
}
"""Kind of place → measures proposed."""

OBSTACLES: Final = (
    "Les délais de réponse des plateformes.",
    "Le manque de temps des élus.",
    "Des contentieux longs et coûteux.",
    "La difficulté d’identifier les propriétaires.",
)

REMARKS: Final = (
    "Deux postes d’instructeur sont restés vacants une partie de l’année.",
    "Le changement de logiciel a retardé la saisie des dossiers du premier trimestre.",
    "Plusieurs communes ont repris l’instruction en régie.",
    "Les tempêtes de l’hiver ont entraîné un surcroît de déclarations préalables.",
    "Les chiffres du contrôle ne comptent que les visites suivies d’un rapport.",
    "Un plan de contrôle commun avec le parquet a été signé au printemps.",
)

GERMAN_WISHES: Final = (
    "Mehr feste Ansprechpersonen.",
    "Früher miteinander reden.",
    "Weniger Formulare, mehr Zeit.",
    "Räume, die man einfach buchen kann.",
    "Gemeinsame Treffen einmal im Monat.",
    "Klarere Zuständigkeiten.",
    "Es läuft schon ganz gut.",
)

GERMAN_PROJECTS: Final = (
    "Ein Regal aus alten Paletten.",
    "Eine Tasche genäht.",
    "Einen Kurzfilm gedreht.",
    "Ein Fahrrad repariert.",
    "Eine Lampe gelötet.",
    "Einen Hocker gebaut.",
)

GERMAN_GAINS: Final = (
    "Dass man alles ausprobieren darf.",
    "Die Leute.",
    "Mit Werkzeug umgehen zu können.",
    "Geduld.",
    "Meine eigene Idee fertig zu bauen.",
)
