"""What somebody sees when a page cannot be shown: what happened, what is safe, what to do, in plain words.

Programs, the API's and the pages' own scripts, get the same problem as data. These pages ask the database nothing: it
may be what is away.
"""

from typing import Any, Final

from litestar import Response

from base.language import N_, translate
from base.problems import Problem
from web.errors import problem_of, problem_response
from web.pages.rendering import page
from web.pages.visiting import AnyRequest, by_script, guest_of
from web.wording import number

FOR_PROGRAMS: Final = ("/api", "/health", "/static")
"""Where no page is, and nobody expects one."""

TITLES: Final = {
    400: N_("This request cannot be read"),
    401: N_("Sign in first"),
    404: N_("This page does not exist, or is not for you"),
    405: N_("This page cannot be reached that way"),
    413: N_("What you sent is too large"),
    422: N_("Something in this form does not fit"),
    500: N_("Something went wrong on our side"),
    503: N_("The service cannot answer for the moment"),
}
"""Status → the title of the page, where the catalogue's own words are for programs."""

DETAILS: Final = {
    401: N_("This page is for people who have signed in."),
    404: N_(
        "The address may be mistyped or out of date, or the page belongs to another service. "
        "Nothing of what you did was lost."
    ),
    405: N_("It is shown after a form was sent. Go back to the page that has the form."),
    413: N_("Nothing was stored. A workbook may have {megabytes} MB at most: take what you do not need out of it."),
    503: N_("Nothing was lost: what you sent before is stored. We go on as soon as the database is back."),
}
"""Status → what happened and what is safe, in the same cases; else the problem's own sentence is shown."""

ADVICE: Final = {
    403: N_("If you think that you should have access, ask those who run the survey."),
    404: N_("Check the address, or start again from the home page."),
    409: N_("Go back to the page before, load it again, and see what has changed."),
    422: N_("Go back to the page before: your browser has kept what you typed."),
    503: N_("Try again in a few minutes."),
}
"""Status → what to do, besides going home."""


def failed(request: AnyRequest, error: Exception) -> Response[Any]:
    """The answer to a request that failed: a page for people, `application/problem+json` for programs."""
    raised = problem_of(request, error)
    if _for_program(request):
        return problem_response(request, raised)
    return _page(request, raised)


def _for_program(request: AnyRequest) -> bool:
    path = request.scope["path"]
    return by_script(request) or any(path == place or path.startswith(f"{place}/") for place in FOR_PROGRAMS)


def _page(request: AnyRequest, raised: Problem) -> Response[str]:
    guest = guest_of(request)
    status = raised.kind.status
    document = raised.document(guest.language)
    size = number(request.app.state.settings.upload_limit / 1_000_000, guest.language)

    def said(messages: dict[int, str], otherwise: str) -> str:
        message = messages.get(status)
        return translate(message, {"megabytes": size}, guest.language) if message else otherwise

    return page(
        guest,
        "errors/problem.html",
        status=status,
        failed=True,
        headers={"Vary": "Accept-Language, Cookie"} | raised.headers,
        code=status,
        title=said(TITLES, document["title"]),
        detail=said(DETAILS, document["detail"]),
        faults=document.get("invalid_params", []),
        advice=said(ADVICE, ""),
    )
