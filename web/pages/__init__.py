"""The pages that people see: controllers that fetch through access functions, call one verb, and render a template.

`visiting.py` says who looks, `rendering.py` makes the HTML; each other module is one area.
"""

from typing import Final

from litestar.types import ControllerRouterHandler

from web.pages.about import AboutController
from web.pages.answering import AnsweringPages
from web.pages.audience import AudiencePages
from web.pages.dashboard import DashboardController
from web.pages.following import FollowingPages
from web.pages.home import HomePage
from web.pages.language import LanguageController
from web.pages.publication import PublicationPages
from web.pages.questionnaire import QuestionnairePages
from web.pages.signing_in import SigningInController
from web.pages.surveys import SurveyPages

CONTROLLERS: Final[tuple[ControllerRouterHandler, ...]] = (
    AboutController,
    AnsweringPages,
    HomePage,
    LanguageController,
    DashboardController,
    SigningInController,
    SurveyPages,
    QuestionnairePages,
    AudiencePages,
    PublicationPages,
    FollowingPages,
)
"""What `web.app` mounts; none of it is part of the API's description."""
