"""The only way to figures on somebody's behalf.

Until disclosure control exists, figures are served only to those from whom nothing has to be withheld; for everybody
else they do not exist.
"""

from base.problems import NOT_FOUND
from directory.access import may
from directory.actors import Actor
from surveys.access import scope_of, survey_to_see
from surveys.survey import Survey


async def figures_to_read(actor: Actor, reference: str) -> Survey:
    """A survey whose exact figures the actor may read."""
    survey = await survey_to_see(actor, reference)
    if not may_read_figures(actor, survey):
        raise NOT_FOUND()
    return survey


def may_read_figures(actor: Actor, survey: Survey) -> bool:
    """Whether the exact figures of a survey that the actor sees are for them, too."""
    return may(actor, "read_figures", scope_of(survey))


def may_read_texts(actor: Actor, survey: Survey) -> bool:
    """Whether figures may show the actor what people wrote: whoever may read only some responses, or none, may not."""
    return may(actor, "read_responses", scope_of(survey))
