"""The limit that `../submissions.py` measures against: the same server and framework take and answer the same body,
with nothing behind it.
"""

import datetime as dt
from uuid import UUID

from litestar import Litestar, post
from litestar.params import FromPath, JSONBody

from surveys.submission import Receipt, Sent

NOBODY = UUID(int=0)


@post("/api/v1/surveys/{survey:str}/responses")
async def send(survey: FromPath[str], data: JSONBody[Sent]) -> Receipt:
    """Decode the answers and answer with a receipt for them."""
    del survey
    return Receipt(id=data.id, survey=NOBODY, edition=1, revision=1, submitted_at=dt.datetime.now(dt.UTC))


def create() -> Litestar:
    """The target that granian loads."""
    return Litestar([send], logging_config=None, openapi_config=None)
