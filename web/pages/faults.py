"""What went wrong with a form, for the form that is shown again: a list on top, and a message beside each field."""

from collections.abc import Mapping

import msgspec

from analytics.sentences import told
from base.language import translate
from base.problems import Problem

TITLE_ID = "titre"
"""Where a fault leads that belongs to no field: the id of a page's heading."""


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """`summary` is what the layout and `error_summary` take; `beside` has the messages by field."""

    summary: list[dict[str, str]] = []
    beside: dict[str, str] = {}

    def of(self, field: str) -> str:
        """The message beside a field; empty where nothing is wrong with it."""
        return self.beside.get(field, "")


def faults_of(raised: Problem, fields: Mapping[str, str], language: str) -> Faults:
    """A problem in the words of its form; `fields` has the form's field for each place that the verb may name."""
    summary, beside = [], {}
    for fault in raised.invalid_params:
        place = next((field for path, field in fields.items() if fault.path.startswith(path)), None)
        text = fault.reason.sentence(language)
        summary.append({"href": f"#f-{place}" if place else f"#{TITLE_ID}", "text": text})
        if place:
            beside[place] = text
    if not summary:
        title = translate(raised.kind.title, None, language)
        summary.append({"href": f"#{TITLE_ID}", "text": told(title, raised.sentence(language), language)})
    return Faults(summary=summary, beside=beside)
