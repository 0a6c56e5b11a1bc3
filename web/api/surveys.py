"""Surveys: drafting, importing, publishing, closing."""

import asyncio
import datetime as dt
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, get, post, put
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, JSONBody, QueryParameter

from base.language import negotiate
from base.paging import LIMIT, Page
from directory.actors import Actor
from forms.questionnaire import Questionnaire
from surveys.access import may_edit, survey_to_edit, survey_to_see
from surveys.drafting import (
    create,
    put_audience,
    put_questionnaire,
    questionnaire_of,
    questionnaire_to_read,
    require_drafter,
)
from surveys.listing import surveys_to_see
from surveys.publishing import Publication, Reopening, close, publish, reopen
from surveys.survey import (
    Anonymity,
    Answering,
    Audience,
    Code,
    Lane,
    NewSurvey,
    Reach,
    Slug,
    State,
    SurveyDocument,
    document,
)
from surveys.wording import flaw_members, worded
from web.authentication import somebody


class Workbook(msgspec.Struct, frozen=True, kw_only=True):
    """An XLSForm and what it is to become; `file` is told by its content, not by its name."""

    file: UploadFile
    kind: Lane = "survey"
    slug: Slug | None = None
    answering: Answering | None = None
    anonymity: Anonymity = "named"
    owner: Code | None = None


class ImportedSurvey(msgspec.Struct, frozen=True, kw_only=True):
    """A survey made from a workbook, with what was mended or left out."""

    survey: SurveyDocument
    warnings: list[dict[str, Any]]


class SurveyController(Controller):
    """A survey's life. What is hidden from the caller is not found."""

    path = "/api/v1/surveys"
    tags = ("Surveys",)

    @post(operation_id="create_survey", summary="Create a draft (editors of the owner)")
    async def create(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[dt.datetime],
        data: JSONBody[NewSurvey],
    ) -> SurveyDocument:
        return document(await create(actor, data, now=now), now, editing=True)

    @post("/import", operation_id="import_survey", summary="Create a draft from an XLSForm (editors of the owner)")
    async def import_workbook(
        self,
        request: Request[Any, Any, Any],
        actor: NamedDependency[Actor],
        now: NamedDependency[dt.datetime],
        data: Annotated[Workbook, Body(media_type=RequestEncodingType.MULTI_PART)],
    ) -> ImportedSurvey:
        require_drafter(actor, data.owner, data.kind)  # reading a workbook is work
        content = await data.file.read()
        questionnaire, warnings = await asyncio.to_thread(questionnaire_of, content, data.file.filename)
        new = NewSurvey(
            questionnaire=questionnaire,
            slug=data.slug,
            kind=data.kind,
            answering=data.answering,
            anonymity=data.anonymity,
            owner=data.owner,
        )
        survey = await create(actor, new, warnings=warnings, now=now)
        language = negotiate(request.headers.get("Accept-Language"))
        return ImportedSurvey(
            survey=document(survey, now, editing=True), warnings=worded(flaw_members(warnings), language)
        )

    @get(operation_id="list_surveys", summary="The surveys I run, follow or am asked, newest first")
    async def list_all(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[dt.datetime],
        in_state: Annotated[State | None, QueryParameter(name="state")] = None,
        kind: Annotated[Lane | None, QueryParameter()] = None,
        q: Annotated[str | None, QueryParameter(max_length=200)] = None,
        cursor: Annotated[str | None, QueryParameter()] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=LIMIT)] = 50,
    ) -> Page[SurveyDocument]:
        return await surveys_to_see(actor, state=in_state, kind=kind, text=q, cursor=cursor, limit=limit, now=now)

    @get("/{survey:str}", operation_id="get_survey", summary="One survey, by id or slug")
    async def read(
        self, actor: NamedDependency[Actor], now: NamedDependency[dt.datetime], survey: FromPath[str]
    ) -> SurveyDocument:
        found = await survey_to_see(actor, survey)
        return document(found, now, editing=may_edit(actor, found))

    @get(
        "/{survey:str}/questionnaire",
        operation_id="get_questionnaire",
        summary="What is asked: an edition (those who see the survey, holders of its link); the working copy (editors)",
    )
    async def read_questionnaire(
        self,
        request: Request[Any, Any, Any],
        survey: FromPath[str],
        edition: Annotated[int | None, QueryParameter(description="The current one unless named")] = None,
        link: Annotated[str | None, QueryParameter(description="The link's token, in place of a bearer token")] = None,
    ) -> Questionnaire:
        return await questionnaire_to_read(await somebody(request), survey, edition=edition, link=link)

    @put("/{survey:str}/questionnaire", operation_id="put_questionnaire", summary="Replace the working copy (editors)")
    async def write_questionnaire(
        self, actor: NamedDependency[Actor], survey: FromPath[str], data: JSONBody[Questionnaire]
    ) -> Questionnaire:
        await put_questionnaire(await survey_to_edit(actor, survey), data)
        return data

    @put("/{survey:str}/audience", operation_id="put_audience", summary="Say who is asked; how many that is (editors)")
    async def write_audience(
        self, actor: NamedDependency[Actor], survey: FromPath[str], data: JSONBody[Audience]
    ) -> Reach:
        return await put_audience(await survey_to_edit(actor, survey), data)

    @post("/{survey:str}/publish", operation_id="publish", summary="Publish an edition (editors)", status_code=200)
    async def publish(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[dt.datetime],
        survey: FromPath[str],
        data: JSONBody[Publication | None] = None,
    ) -> SurveyDocument:
        published = await publish(actor, await survey_to_edit(actor, survey), data or Publication(), now=now)
        return document(published, now, editing=True)

    @post("/{survey:str}/close", operation_id="close", summary="Take no more answers (editors)", status_code=200)
    async def close(
        self, actor: NamedDependency[Actor], now: NamedDependency[dt.datetime], survey: FromPath[str]
    ) -> SurveyDocument:
        return document(await close(await survey_to_edit(actor, survey), now=now), now, editing=True)

    @post("/{survey:str}/reopen", operation_id="reopen", summary="Take answers again (editors)", status_code=200)
    async def reopen(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[dt.datetime],
        survey: FromPath[str],
        data: JSONBody[Reopening | None] = None,
    ) -> SurveyDocument:
        reopened = await reopen(await survey_to_edit(actor, survey), data or Reopening(), now=now)
        return document(reopened, now, editing=True)
