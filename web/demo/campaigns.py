"""The surveys of the demonstration: what each asks, of whom, since when and until when."""

import datetime as dt
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from forms.questionnaire import Questionnaire
from surveys.drafting import questionnaire_of
from surveys.publishing import Publication
from surveys.survey import PARIS, Answering, Audience, Lane
from web.demo.answers import Mind
from web.demo.applications import Applications
from web.demo.lettings import Lettings
from web.demo.others import Association, Theme, Workshop
from web.demo.respondents import work

OPENING: Final = dt.time(8, 30)
CLOSING: Final = dt.time(18)


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """One survey: `opened` days ago, closing in `closes` days (the day before, at -1, it has just closed).

    `usual` is the share of those asked who have answered, `mind` how they do. Without a mind it is a draft.
    """

    slug: str
    workbook: str
    kind: Lane = "survey"
    answering: Answering = "agent"
    audience: Audience
    mind: type[Mind] | None = None
    usual: float = 0.0
    opened: int = 0
    closes: int = 0

    def questionnaire(self) -> Questionnaire:
        """What it asks."""
        return _read(self.workbook)

    def opening(self, began: dt.datetime) -> dt.datetime:
        """When it opened, in a demonstration that began at this moment: early on a working day."""
        day = began.astimezone(PARIS).date() - dt.timedelta(days=self.opened)
        while work(day) < 1:
            day -= dt.timedelta(days=1)
        return dt.datetime.combine(day, OPENING, PARIS).astimezone(dt.UTC)

    def publication(self, began: dt.datetime) -> Publication:
        """How it is published."""
        day = began.astimezone(PARIS).date() + dt.timedelta(days=self.closes)
        if self.closes >= 0:
            return Publication(closes_at=day.isoformat())
        return Publication(closes_at=dt.datetime.combine(day, CLOSING, PARIS).isoformat())


CAMPAIGNS: Final = (
    Campaign(
        slug="meubles-de-tourisme",
        workbook="meubles-de-tourisme.xlsx",
        audience=Audience(),
        mind=Lettings,
        usual=0.33,
        opened=12,
        closes=6,
    ),
    Campaign(
        slug="autorisations-urbanisme",
        workbook="autorisations-urbanisme.xlsx",
        kind="collection",
        answering="unit",
        audience=Audience(unit_kinds=["ddt", "ddtm", "dreal", "drieat", "deal"]),
        mind=Applications,
        usual=0.55,
        opened=14,
        closes=9,
    ),
    Campaign(
        slug="journee-du-reseau",
        workbook="journee-du-reseau.xlsx",
        kind="flash",
        audience=Audience(communities=["habitat"]),
        mind=Theme,
        usual=0.4,
        opened=1,
        closes=1,
    ),
    Campaign(
        slug="mitwirken",
        workbook="correlaid-mitwirken-de.xlsx",
        audience=Audience(communities=["logement-social", "ville-durable"]),
        mind=Association,
        usual=0.3,
        opened=9,
        closes=2,
    ),
    Campaign(
        slug="testwerk",
        workbook="correlaid-testA.xlsx",
        audience=Audience(communities=["donnees"]),
        mind=Workshop,
        usual=0.5,
        opened=12,
        closes=-1,
    ),
    Campaign(
        slug="sobriete-fonciere",
        workbook="sobriete-fonciere.xlsx",
        audience=Audience(communities=["sobriete-fonciere"]),
    ),
)


@cache
def _read(workbook: str) -> Questionnaire:
    questionnaire, _ = questionnaire_of((files("web") / "demo" / "data" / workbook).read_bytes(), workbook)
    return questionnaire
