"""Territories, communities, and who the caller is."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from base.paging import Page
from directory.actors import Actor, Held
from directory.communities import Community, list_communities
from directory.territories import Territory, TerritoryKind, list_territories


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """The agent whose token this is, and what they may act as."""

    id: UUID
    email: str
    given_name: str
    family_name: str
    unit: str
    territory: str
    communities: tuple[str, ...]
    animates: tuple[str, ...]
    grants: tuple[Held, ...]


class DirectoryController(Controller):
    """Who answers and where. Any agent may read it."""

    path = "/api/v1"
    tags = ("Directory",)

    @get("/territories", operation_id="list_territories", summary="The territories, by kind or under a parent")
    async def territories(
        self,
        actor: NamedDependency[Actor],  # noqa: ARG002 - asking for it is the rule: signed in
        kind: Annotated[TerritoryKind | None, QueryParameter()] = None,
        parent: Annotated[str | None, QueryParameter()] = None,
    ) -> Page[Territory]:
        return Page(items=await list_territories(kind, parent))

    @get("/communities", operation_id="list_communities", summary="The thematic communities")
    async def communities(
        self,
        actor: NamedDependency[Actor],  # noqa: ARG002 - same
    ) -> Page[Community]:
        return Page(items=await list_communities())

    @get("/me", operation_id="me", summary="Who I am here")
    async def me(self, actor: NamedDependency[Actor]) -> Me:
        return Me(
            id=actor.id,
            email=actor.email,
            given_name=actor.given_name,
            family_name=actor.family_name,
            unit=actor.unit_code,
            territory=actor.territory[-1],
            communities=actor.communities,
            animates=actor.animates,
            grants=actor.grants,
        )
