"""Surveys to look at, drafts and answers: made by the verbs, in the test's own process."""

import asyncio
import datetime as dt
import json
import uuid
from pathlib import Path
from typing import Any

from analytics.folding import fold_all
from analytics.reading import editions_of_number
from base.database import reading
from directory.actors import Actor, actor_by_email
from directory.granting import hold
from forms.questionnaire import decode
from surveys.drafting import create, put_audience, questionnaire_of
from surveys.drafts import answer_in_hand, draft_of, save
from surveys.merging import DraftChange
from surveys.publishing import Publication, publish
from surveys.queries.changes import parts_with_changes
from surveys.sending import send
from surveys.submission import Sent, StoredResponse
from surveys.survey import Audience, NewSurvey, Survey

ANNE = "anne@ddtm-29.example"
BRAN = "bran@ddtm-29.example"
CECILE = "cecile@ddtm-35.example"
EMMA = "emma@ddt-75.example"
EDITOR = "editor@dgaln.example"
WATER = Audience(communities=["eau"], territories=["R-53"])
"""Anne, Bran and Cécile."""

DATA = Path(__file__).parents[1] / "data"
DEMO = Path(__file__).parents[2] / "web" / "demo" / "data"

FORM: dict[str, Any] = {
    "title": {"fr": "L’eau dans vos projets"},
    "languages": ["fr"],
    "choice_lists": {
        "oui_non": [{"name": "oui", "label": {"fr": "Oui"}}, {"name": "non", "label": {"fr": "Non"}}],
        "themes": [
            {"name": "crue", "label": {"fr": "Les crues"}},
            {"name": "nappe", "label": {"fr": "Les nappes"}},
            {"name": "rejet", "label": {"fr": "Les rejets"}},
        ],
    },
    "questions": [
        {
            "kind": "group",
            "name": "role",
            "label": {"fr": "Votre rôle"},
            "questions": [
                {
                    "kind": "select_one",
                    "name": "suivi",
                    "choices": "oui_non",
                    "required": True,
                    "label": {"fr": "Suivez-vous des projets ?"},
                },
                {
                    "kind": "integer",
                    "name": "combien",
                    "relevant": "${suivi} = 'oui'",
                    "constraint": ". >= 0 and . <= 500",
                    "label": {"fr": "Combien de projets ?"},
                },
            ],
        },
        {
            "kind": "group",
            "name": "sujets",
            "label": {"fr": "Vos sujets"},
            "questions": [
                {"kind": "select_multiple", "name": "themes", "choices": "themes", "label": {"fr": "Quels sujets ?"}},
                {"kind": "date", "name": "depuis", "label": {"fr": "Depuis quand ?"}},
                {"kind": "text", "name": "avis", "label": {"fr": "Votre avis"}, "required": True},
            ],
        },
    ],
}
"""Two steps; the second question appears with « Oui » to the first; each step has a question that must be answered."""

ANSWERS: dict[str, Any] = {"suivi": "oui", "combien": 12, "themes": ["crue", "nappe"], "avis": "Rien à redire."}


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


async def person(email: str) -> Actor:
    """Who acts."""
    actor = await actor_by_email(email)
    assert actor is not None
    return actor


async def make_editor() -> str:
    """Somebody who runs the surveys of DGALN."""
    await hold(EDITOR, "editor", "unit:DGALN", now=now())
    return EDITOR


async def drafted(slug: str = "essai", form: dict[str, Any] | Path = FORM, **fields: Any) -> Survey:
    """A survey that is not published, from JSON or from a workbook."""
    if isinstance(form, Path):
        content = form.read_bytes()  # noqa: ASYNC240 - a test waits for nothing else
        questionnaire, warnings = questionnaire_of(content, form.name)
    else:
        questionnaire, warnings = decode(json.dumps(form)), []
    new = NewSurvey(questionnaire=questionnaire, slug=slug, owner="DGALN", **fields)
    return await create(None, new, warnings=warnings, now=now())


async def published(
    slug: str = "essai",
    form: dict[str, Any] | Path = FORM,
    audience: Audience = WATER,
    publication: Publication | None = None,
    **fields: Any,
) -> Survey:
    """A survey that is open, of the water community in Brittany unless another audience is named."""
    survey = await drafted(slug, form, **fields)
    await put_audience(survey, audience)
    return await publish(None, survey, publication or Publication(), now=now())


async def typed(email: str, answers: dict[str, Any], slug: str = "essai") -> None:
    """A draft that holds these answers."""
    actor = await person(email)
    in_hand = await answer_in_hand(actor, slug, now=now())
    change = DraftChange(version=draft_of(in_hand).version, set={f"/{key}": value for key, value in answers.items()})
    await save(actor, in_hand, change, now=now())


async def sent(email: str, answers: dict[str, Any] | None = None, slug: str = "essai") -> None:
    """An answer that was sent, and stands in the figures."""
    await send(await person(email), slug, Sent(id=uuid.uuid4(), answers=answers or ANSWERS), now=now())
    await figures_are_up_to_date()


async def figures_are_up_to_date() -> None:
    """Everything that was sent is in them: folded by the service or by us, whoever has the part."""
    async with asyncio.timeout(60):
        while await _waiting():
            await fold_all(editions_of_number)


async def _waiting() -> list[int]:
    async with reading() as connection:
        return await parts_with_changes(connection)


async def assignment_of(email: str, slug: str = "essai") -> uuid.UUID:
    """What is expected of somebody."""
    return (await answer_in_hand(await person(email), slug, now=now())).assignment.id


async def response_of(email: str, slug: str = "essai") -> StoredResponse | None:
    """What somebody sent."""
    return (await answer_in_hand(await person(email), slug, now=now())).response


async def draft_in(email: str, slug: str = "essai") -> dict[str, Any]:
    """What the server holds of what somebody typed."""
    return draft_of(await answer_in_hand(await person(email), slug, now=now())).answers
