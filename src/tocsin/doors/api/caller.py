"""Who calls the API: a source by its own token, an administrator or reader by theirs, or a browser by its session.

A session reads with its post's scope, as the pages do. It never writes here: what changes something by a cookie alone could
be sent by another site's page, so writing needs a token.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from tocsin.doors.access import actor_of_request
from tocsin.doors.api.admin_tokens import AdminTokens
from tocsin.doors.intake.http.bearer import TokenMemory, bearer_of
from tocsin.loop.observe import queries
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.terms.errors import NotAllowed

__all__ = ["Caller", "Unauthenticated", "caller_of"]


class Unauthenticated(NotAllowed):
    """No token, or one that nobody issued (401, where NotAllowed is 403)."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Exactly one of ``source`` and ``scope`` is set."""

    source: str | None = None
    scope: Scope | None = None

    @property
    def name(self) -> str:
        """For the ledger."""
        return f"source:{self.source}" if self.source else f"api:{self.scope.role if self.scope else ''}"

    def reading(self) -> Scope:
        """The scope to read signals and events with. Raises NotAllowed for a role that may not, and for a source: its token
        delivers, it does not read."""
        if self.scope is None:
            raise NotAllowed(
                "token", "a source's token may deliver, not read signals and events", "use one of `tocsin token reader`"
            )
        self.scope.require(Act.READ_EVENTS)
        return self.scope

    def reading_sources(self) -> Scope:
        """The scope to read the catalogue with: a source's own rows are picked by its name. Raises NotAllowed."""
        if self.scope is None:
            return EVERYWHERE
        self.scope.require(Act.READ_SOURCES)
        return self.scope

    def administering(self) -> None:
        """Raises NotAllowed unless an administrator calls."""
        if self.scope is None or self.scope.role != "admin":
            raise NotAllowed("token", "only an administrator may do this", "use one of `tocsin token admin`")


_sources = TokenMemory(queries.source_for_token)


@cache
def _admins() -> AdminTokens:
    return AdminTokens(settings.HOME.root)


def caller_of(request: HttpRequest) -> Caller:
    """The caller of a request. Raises Unauthenticated; NotAllowed for a session whose account holds no post."""
    header = request.headers.get("Authorization", "")
    if not header and request.method in ("GET", "HEAD") and request.user.is_authenticated:
        return Caller(scope=_reader(request))
    try:
        token = bearer_of(header)
        scope = _admins().scope(token)
        return Caller(scope=scope) if scope else Caller(source=_sources.source(token))
    except NotAllowed as error:
        raise Unauthenticated(error.thing, error.rule, error.remedy) from None


def _reader(request: HttpRequest) -> Scope:
    if getattr(request.user, "must_change_password", False):
        raise NotAllowed(_("session"), _("its one-time password was not changed yet"), _("open any page and change it"))
    return actor_of_request(request).scope
