"""Responses: sent one by one or in bulk, read, amended, erased."""

import datetime as dt
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter

from base.language import negotiate
from base.paging import LIMIT, Page
from directory.actors import Actor
from surveys.access import survey_to_see, survey_to_submit_for
from surveys.amending import amend, erase, response_to_read, responses_to_read, revisions_to_read
from surveys.bulk import BulkReport, accept_stream
from surveys.problems import REVISION_REQUIRED
from surveys.sending import send
from surveys.submission import Amendment, Receipt, Revision, Sent, StoredResponse
from web.authentication import somebody

REVISION_DIGITS: Final = 9
"""As many digits as a revision may have."""


class ResponseController(Controller):
    """Answers. Those who are asked send theirs; holders of an open survey's link need no token."""

    path = "/api/v1/surveys/{survey:str}/responses"
    tags = ("Responses",)

    @post(
        operation_id="send_response",
        summary="Send answers (those asked; anybody with the link; editors for a territory): 201, or 200 on a repeat",
    )
    async def send(
        self,
        request: Request[Any, Any, Any],
        now: NamedDependency[dt.datetime],
        survey: FromPath[str],
        data: JSONBody[Sent],
    ) -> Response[Receipt]:
        stored = await send(await somebody(request), survey, data, now=now)
        return Response(stored.receipt, status_code=200 if stored.replayed else 201)

    @post(
        "/bulk",
        operation_id="send_responses",
        summary="Send many answers, one JSON object a line (editors of the owner)",
        status_code=200,
        request_max_body_size=None,
    )
    async def send_bulk(
        self,
        request: Request[Any, Any, Any],
        actor: NamedDependency[Actor],
        now: NamedDependency[dt.datetime],
        survey: FromPath[str],
    ) -> Response[bytes]:
        found = await survey_to_submit_for(actor, survey)
        report = await accept_stream(request.stream(), found, actor, now=now)
        return bulk_response(request, report)

    @get(operation_id="list_responses", summary="The responses of the territories I may read, in order of arrival")
    async def list_all(
        self,
        actor: NamedDependency[Actor],
        survey: FromPath[str],
        cursor: Annotated[str | None, QueryParameter()] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=LIMIT)] = 100,
    ) -> Page[StoredResponse]:
        return await responses_to_read(actor, await survey_to_see(actor, survey), cursor, limit)

    @get("/{response:uuid}", operation_id="get_response", summary="One response (its author or unit, readers)")
    async def read(
        self, actor: NamedDependency[Actor], survey: FromPath[str], response: FromPath[UUID]
    ) -> Response[StoredResponse]:
        found = await response_to_read(actor, await survey_to_see(actor, survey), response)
        return Response(found, headers={"ETag": f'"{found.revision}"'})

    @get("/{response:uuid}/revisions", operation_id="list_revisions", summary="All states of a response, oldest first")
    async def revisions(
        self, actor: NamedDependency[Actor], survey: FromPath[str], response: FromPath[UUID]
    ) -> Page[Revision]:
        return Page(items=await revisions_to_read(actor, await survey_to_see(actor, survey), response))

    @put("/{response:uuid}", operation_id="amend_response", summary="Replace the answers (author, unit, editors)")
    async def amend(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[dt.datetime],
        survey: FromPath[str],
        response: FromPath[UUID],
        data: JSONBody[Amendment],
        if_match: Annotated[str | None, HeaderParameter(name="If-Match")] = None,
    ) -> Receipt:
        found = await survey_to_see(actor, survey)
        return await amend(actor, found, response, data, revision=_revision(if_match), now=now)

    @delete("/{response:uuid}", operation_id="erase_response", summary="Erase a response (editors of the owner)")
    async def erase(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[dt.datetime],
        survey: FromPath[str],
        response: FromPath[UUID],
    ) -> None:
        await erase(actor, await survey_to_see(actor, survey), response, now=now)


def bulk_response(request: Request[Any, Any, Any], report: BulkReport) -> Response[bytes]:
    """The report with each line's problem in the caller's language."""
    language = negotiate(request.headers.get("Accept-Language"))
    return Response(
        msgspec.json.encode(
            {
                "accepted": report.accepted,
                "replayed": report.replayed,
                "rejected": [
                    {"line": line.line, "problem": line.problem.document(language)} for line in report.rejected
                ],
                "unlisted": report.unlisted,
            }
        ),
        media_type="application/json",
    )


def _revision(if_match: str | None) -> int:
    text = (if_match or "").strip().removeprefix("W/").strip('"')
    if not text.isdecimal() or len(text) > REVISION_DIGITS:
        raise REVISION_REQUIRED()
    return int(text)
