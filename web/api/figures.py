"""Figures: results, crosstabs, charts, participation, exports."""

import contextlib
from collections.abc import AsyncGenerator
from typing import Annotated, Any, Literal

from litestar import Controller, Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from analytics.access import figures_to_read, may_read_texts
from analytics.participation import By, Participation, participation
from analytics.reading import Question, Reader, export
from analytics.result import Crosstab, Result
from base.language import negotiate
from directory.actors import Actor
from surveys.access import survey_to_edit, survey_to_follow

Where = Annotated[list[str] | None, QueryParameter(description="NAME:VALUE; repeat for “and”, VALUE|VALUE for “or”")]
GroupedBy = Annotated[str | None, QueryParameter(description="One dimension (@department) or question")]

EXPORTS: dict[str, str] = {"csv": "text/csv", "ndjson": "application/x-ndjson"}


class FigureController(Controller):
    """What the answers say. Exact figures, so far only for those from whom nothing has to be withheld."""

    path = "/api/v1/surveys/{survey:str}"
    tags = ("Figures",)

    @get("/results", operation_id="get_results", summary="Counts, shares and numbers by question")
    async def results(
        self,
        actor: NamedDependency[Actor],
        figures: NamedDependency[Reader],
        survey: FromPath[str],
        where: Where = None,
        by: GroupedBy = None,
        question: Annotated[list[str] | None, QueryParameter(description="Only these questions")] = None,
        own: Annotated[bool, QueryParameter(description="Whether a question's own filter applies to it")] = True,
    ) -> Result:
        found = await figures_to_read(actor, survey)
        asked = Question(where=where or (), by=by, questions=question, own=own)
        return await figures.results(found, asked, texts=may_read_texts(actor, found))

    @get("/crosstab", operation_id="get_crosstab", summary="Two questions or dimensions against each other")
    async def crosstab(
        self,
        actor: NamedDependency[Actor],
        figures: NamedDependency[Reader],
        survey: FromPath[str],
        rows: Annotated[str, QueryParameter()],
        columns: Annotated[str, QueryParameter()],
        where: Where = None,
    ) -> Crosstab:
        found = await figures_to_read(actor, survey)
        return await figures.crosstab(found, rows, columns, where or (), texts=may_read_texts(actor, found))

    @get("/charts/{question:str}", operation_id="get_chart", summary="A question's chart, as Plotly JSON")
    async def chart(
        self,
        request: Request[Any, Any, Any],
        actor: NamedDependency[Actor],
        figures: NamedDependency[Reader],
        survey: FromPath[str],
        question: FromPath[str],
        where: Where = None,
        by: GroupedBy = None,
    ) -> dict[str, Any]:
        found = await figures_to_read(actor, survey)
        language = negotiate(request.headers.get("Accept-Language"))
        texts = may_read_texts(actor, found)
        return await figures.chart(found, question, where or (), by, language, texts=texts)

    @get("/participation", operation_id="get_participation", summary="Expected, started and answered, by group")
    async def participation(
        self,
        request: Request[Any, Any, Any],
        actor: NamedDependency[Actor],
        survey: FromPath[str],
        by: Annotated[By, QueryParameter()] = "region",
    ) -> Participation:
        found = await survey_to_follow(actor, survey)
        return await participation(found.parts, by, negotiate(request.headers.get("Accept-Language")))

    @get("/export", operation_id="export_responses", summary="The responses as a file (editors of the owner)")
    async def export(
        self,
        actor: NamedDependency[Actor],
        survey: FromPath[str],
        format: Annotated[Literal["csv", "ndjson"], QueryParameter()] = "csv",  # noqa: A002 - the contract's word
        where: Where = None,
    ) -> Stream:
        found = await survey_to_edit(actor, survey)
        stream = await export(found, format, where or ())
        first = await anext(stream, b"")  # an absent database is still a problem document here
        return Stream(
            _with_first(first, stream),
            media_type=EXPORTS[format],
            headers={
                "Content-Disposition": f'attachment; filename="{found.slug}.{format}"',
                "X-Content-Type-Options": "nosniff",
            },
        )


async def _with_first(first: bytes, stream: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """The whole stream. An error in the middle breaks the connection off, so that nothing cut short looks complete."""
    async with contextlib.aclosing(stream):
        if first:
            yield first
        async for chunk in stream:
            yield chunk
