"""Sending one set of answers: by which right it comes in, what becomes of it, and what its sender is told.

Next in the flow: `answering.py`, through which whatever is sent in any other way comes in too.
"""

import datetime as dt
from typing import assert_never

from base.problems import UNAUTHENTICATED
from directory.actors import Actor
from surveys.access import may_edit, not_asked, survey_by_link, survey_to_answer
from surveys.answering import DraftMovedOn, submit
from surveys.problems import DRAFT_CHANGED
from surveys.submission import Refused, Sent, Stored, Submission


async def send(
    actor: Actor | None, reference: str, sent: Sent, *, now: dt.datetime, draft: int | None = None
) -> Stored:
    """Store what somebody sent to the survey with this id or slug; the receipt is there once it is committed.

    A link opens its survey to whoever holds it. Otherwise people answer what is expected of them, and those who run the
    survey also for an expected answer or a territory that they name. Raises the problem where it is refused.

    `draft` is the version of the draft that this is, if it is one: raises `surveys/draft-changed` where it was saved
    again meanwhile, for what somebody was told is saved is never lost by another's sending.
    """
    if sent.link is not None:
        submission = Submission(
            sent=sent,
            survey=await survey_by_link(reference, sent.link),
            actor=actor,
            right="link",
            channel="open",
            at=now,
        )
    elif actor is not None:
        survey = await survey_to_answer(actor, reference)
        others = (sent.assignment is not None or sent.territory is not None) and may_edit(actor, survey)
        submission = Submission(
            sent=sent,
            survey=survey,
            actor=actor,
            right="others" if others else "own",
            channel="proxy" if others else "assigned",
            at=now,
            draft=draft,
        )
    else:
        raise UNAUTHENTICATED(headers={"WWW-Authenticate": "Bearer"})
    try:
        outcome = await submit(submission)
    except DraftMovedOn:
        raise DRAFT_CHANGED() from None
    match outcome:
        case Stored():
            return outcome
        case Refused(problem=problem):
            raise await not_asked(actor, submission.survey, problem) if actor else problem
        case _:
            assert_never(outcome)
