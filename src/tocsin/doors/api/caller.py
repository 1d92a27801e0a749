"""Who calls the API: a source by its own token, or an administrator or reader by theirs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import HttpRequest

from tocsin.doors.api.admin_tokens import AdminTokens
from tocsin.doors.intake.http.bearer import TokenMemory, bearer_of
from tocsin.loop.observe import queries
from tocsin.records.org.scope import Scope
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
        """The scope to read with. Raises NotAllowed for a source: its token delivers, it does not read."""
        if self.scope is None:
            raise NotAllowed(
                "token", "a source's token may deliver, not read signals and events", "use one of `tocsin token reader`"
            )
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
    """The caller of a request. Raises Unauthenticated."""
    try:
        token = bearer_of(request.headers.get("Authorization", ""))
        scope = _admins().scope(token)
        return Caller(scope=scope) if scope else Caller(source=_sources.source(token))
    except NotAllowed as error:
        raise Unauthenticated(error.thing, error.rule, error.remedy) from None
