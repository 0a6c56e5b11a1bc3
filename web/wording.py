"""Dates, times and numbers in a sentence of a page, as the reader's language writes them.

Times are shown in the time of Paris unless a zone is given: the ministry's, whatever the server's clock says.
"""

import datetime as dt
from typing import Final

from babel.dates import format_date

from analytics.sentences import day as _long_day
from analytics.sentences import number, percent
from base.language import N_, NN_, translate, translate_count
from surveys.survey import PARIS

__all__ = ["counted", "day", "days_left", "moment", "number", "percent", "when"]

_TIMES: Final = {"fr": "{0.hour}\u00a0h\u00a0{0.minute:02}", "en": "{0:%H:%M}"}
_RELATIVE: Final = {
    -1: N_("yesterday at {time}"),
    0: N_("today at {time}"),
    1: N_("tomorrow at {time}"),
}


def day(date: dt.date, language: str, *, short: bool = False, zone: dt.tzinfo = PARIS) -> str:
    """A day: « 3 décembre 2026 », or where there is little room « 03/12/2026 » (in English « 3 Dec 2026 »)."""
    if isinstance(date, dt.datetime):
        date = date.astimezone(zone).date()
    if not short:
        return _long_day(date, language)
    pattern = "dd/MM/yyyy" if language == "fr" else "d MMM yyyy"
    return str(format_date(date, pattern, locale=language)).replace(" ", "\u00a0")


def moment(time: dt.datetime, language: str, *, zone: dt.tzinfo = PARIS) -> str:
    """A time of day: « 14 h 32 », « 9 h 05 », in English « 14:32 »."""
    return _TIMES[language].format(time.astimezone(zone))


def when(time: dt.datetime, now: dt.datetime, language: str, *, zone: dt.tzinfo = PARIS) -> str:
    """A moment as one says it now: « aujourd'hui à 14 h 32 », else « le 3 décembre 2026 à 14 h 32 »."""
    local = time.astimezone(zone)
    distance = (local.date() - now.astimezone(zone).date()).days
    message = _RELATIVE.get(distance, N_("on {day} at {time}"))
    said: dict[str, object] = {"day": day(local, language, zone=zone), "time": moment(time, language, zone=zone)}
    return translate(message, said, language)


def days_left(days: int | None, language: str) -> str:
    """What a deadline leaves: « Il vous reste 4 jours », « Dernier jour »; it may be past, or there may be none."""
    if days is None:
        return translate(N_("No deadline"), None, language)
    if days == 0:
        return translate(N_("Last day"), None, language)
    forms = NN_("{count} day left", "{count} days left") if days > 0 else NN_("{count} day late", "{count} days late")
    return counted(forms, abs(days), language)


def counted(forms: tuple[str, str], count: int, language: str, **parameters: object) -> str:
    """The form of a message that fits `count`, its field `{count}` filled with the number as the language writes it."""
    return translate_count(forms, count, {"count": number(count, language)} | parameters, language)
