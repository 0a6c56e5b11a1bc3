"""What becomes of a request that met an ended session or another session's form: nothing typed is lost.

An address is gone to again after signing in. A form comes back as a page that holds all its fields, hidden: sign
in in another tab, come back, send again. A form with files cannot be kept by a page, which says so. A script is told
in data; its page still has what was typed.
"""

from typing import Any, Final
from urllib.parse import quote

from litestar import Response
from litestar.response import Redirect

from web.errors import problem_response
from web.pages.rendering import page
from web.pages.visiting import AnyRequest, Interrupted, by_script

SIGN_IN: Final = "/connexion"


def interrupted(request: AnyRequest, raised: Interrupted) -> Response[Any]:
    """The answer: data for a script, the way to the sign-in page, or the page that keeps what was typed."""
    if by_script(request):
        return problem_response(request, raised)
    if request.method in {"GET", "HEAD"}:
        address = raised.guest.address
        return Redirect(
            SIGN_IN if address == "/" else f"{SIGN_IN}?suite={quote(address, safe='/')}",
            status_code=303,
            headers={"Cache-Control": "no-store"},
        )
    return page(
        raised.guest,
        "signing_in/interrupted.html",
        status=raised.kind.status,
        typed=raised.typed,
    )
