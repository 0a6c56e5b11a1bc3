"""Who answers in the demonstration, how likely and when: the same for the same seed, different from place to place."""

import datetime as dt
import random
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from base.ids import text_hash

COASTAL_REGIONS: Final = frozenset({"R-28", "R-32", "R-52", "R-53", "R-75", "R-76", "R-93", "R-94"})
MOUNTAIN_REGIONS: Final = frozenset({"R-84", "R-93", "R-94"})
MOUNTAINS: Final = frozenset(
    "D-04 D-05 D-06 D-09 D-12 D-15 D-25 D-2A D-2B D-38 D-39 D-43 D-48 D-63 D-64 D-65 D-66 D-73 D-74 D-88".split()  # noqa: SIM905 - 20 codes
)
CORSICA: Final = frozenset({"D-2A", "D-2B"})
CAPITAL: Final = "R-11"

ZEAL: Final = {"R-53": 1.5, "R-76": 1.25, "R-93": 1.2, "R-84": 1.1, "R-32": 0.75, "R-94": 0.8, "R-11": 0.6, "R-06": 0.4}
"""Région → how readily its agents answer, where that is not as everywhere."""

SILENT: Final = 0.07
"""The share of the départements where nobody has begun yet."""

NEARER: Final = frozenset({"habitat", "logement-social", "planification", "application-droit-sols"})
"""Communities whose members answer more readily: the surveys are about their work."""

BUSY_HOURS: Final = (8, 9, 9, 10, 10, 10, 11, 11, 12, 13, 14, 14, 14, 15, 15, 16, 16, 17, 18, 20)
WEEKEND: Final = {5: 0.06, 6: 0.04}
"""Day of the week → how much of a working day it is."""

HOLIDAYS: Final = frozenset({(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)})
"""The public holidays of France that have a date of their own: month and day."""


class Respondent(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whose answer is expected: an agent by e-mail, or a service by its code."""

    key: str
    unit_kind: str
    region: str | None
    department: str | None
    communities: tuple[str, ...] = ()
    time_zone: str = "Europe/Paris"

    @property
    def coast(self) -> bool:
        """Whether there is sea where they work."""
        if self.department is None:
            return self.region in COASTAL_REGIONS
        return self.unit_kind == "ddtm" or self.department in CORSICA or self.overseas

    @property
    def mountain(self) -> bool:
        """Whether they work in the mountains."""
        return self.department in MOUNTAINS or (self.department is None and self.region in MOUNTAIN_REGIONS)

    @property
    def overseas(self) -> bool:
        """Whether they work overseas."""
        return (self.department or "").startswith(("D-97", "D-98"))

    @property
    def capital(self) -> bool:
        """Whether they work in Île-de-France."""
        return self.region == CAPITAL


def share(*words: object) -> float:
    """A number from 0 to 1 that belongs to these words: the same each time, on every machine."""
    return text_hash("/".join(map(str, words))) / 2**32


def likelihood(respondent: Respondent, *, seed: int, usual: float) -> float:
    """How likely it is that this agent has answered, where `usual` is how likely it is on the whole."""
    place = respondent.department or respondent.region or respondent.unit_kind
    local = share(seed, "zeal", place)
    if respondent.department and local < SILENT:
        return 0.0
    nearer = 1.25 if NEARER.intersection(respondent.communities) else 1.0
    return min(0.85, usual * ZEAL.get(respondent.region or "", 1.0) * (0.45 + 1.1 * local) * nearer)


def work(day: dt.date) -> float:
    """How much of a working day this is."""
    return 0.02 if (day.month, day.day) in HOLIDAYS else WEEKEND.get(day.weekday(), 1.0)


def moment(chance: random.Random, opened: dt.datetime, until: dt.datetime, zone: str) -> dt.datetime:
    """When an answer comes in: on a working day, in working hours of its place, most soon after the survey opened or
    was called to mind a week later.
    """
    local = ZoneInfo(zone)
    first = opened.astimezone(local).date()
    days = [first + dt.timedelta(days=number) for number in range((until.astimezone(local).date() - first).days + 1)]
    weights = [(0.75**number + 0.8 * 0.6 ** abs(number - 7)) * work(day) for number, day in enumerate(days)]
    for _ in range(50):
        (day,) = chance.choices(days, weights)
        hour = dt.time(chance.choice(BUSY_HOURS), chance.randrange(60), chance.randrange(60))
        drawn = dt.datetime.combine(day, hour, local).astimezone(dt.UTC)
        if opened <= drawn < until:
            return drawn
    return opened + (until - opened) * chance.random()
