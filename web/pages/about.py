"""What the service says about itself: accessibility, legal notice, personal data, site map."""

from litestar import Controller, Response, get
from litestar.di import NamedDependency

from base.settings import Settings
from web.pages.rendering import navigation, page
from web.pages.visiting import AnyRequest, Guest


class AboutController(Controller):
    """Pages for everybody, signed in or not; what only the operator knows comes from the settings."""

    @get("/accessibilite")
    async def accessibility(self, request: AnyRequest, guest: NamedDependency[Guest]) -> Response[str]:
        """The declaration of accessibility."""
        return _shown(request, guest, "accessibility.html")

    @get("/mentions-legales")
    async def legal(self, request: AnyRequest, guest: NamedDependency[Guest]) -> Response[str]:
        """Who publishes and who hosts the service."""
        return _shown(request, guest, "legal.html")

    @get("/donnees-personnelles")
    async def privacy(self, request: AnyRequest, guest: NamedDependency[Guest]) -> Response[str]:
        """What is kept about people, why, and how long."""
        return _shown(request, guest, "privacy.html")

    @get("/plan-du-site")
    async def site_map(self, guest: NamedDependency[Guest]) -> Response[str]:
        """The main pages that this reader can go to."""
        return page(guest, "about/site_map.html", places=navigation(guest))


def _shown(request: AnyRequest, guest: Guest, template: str) -> Response[str]:
    settings: Settings = request.app.state.settings
    return page(
        guest,
        f"about/{template}",
        contact=settings.contact_email,
        publisher=settings.legal_publisher,
        director=settings.legal_director,
        host=settings.legal_host,
    )
