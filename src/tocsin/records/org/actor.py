"""Actor: who acts - an account in a post, or the product itself. Every write of a room names one."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from tocsin.records.org.roles import Act, Role
from tocsin.records.org.scope import Scope
from tocsin.terms.errors import NotAllowed

__all__ = ["SYSTEM", "Actor", "service"]


@dataclass(frozen=True, slots=True)
class Actor:
    """``name`` is what the ledger keeps: ``post/account``, or ``rule:...`` / ``service:...``. ``account`` tells two people
    apart who hold one post after each other: the author of a draft is an account, so is its signer."""

    name: str
    account: str
    post: str
    role: str
    jurisdiction: str
    facility: str = ""

    @property
    def scope(self) -> Scope:
        """What this actor may read."""
        return Scope(self.jurisdiction, self.role, self.facility)

    def may(self, act: Act) -> bool:
        """Whether this actor's role may do an act at all (where, ``require`` asks)."""
        return self.scope.may(act)

    def require(self, act: Act, jurisdiction: str | None = None) -> None:
        """Raises NotAllowed where the role may not do the act, or may not do it in this jurisdiction."""
        self.scope.require(act)
        if jurisdiction is not None and not self.scope.covers(jurisdiction):
            raise NotAllowed(_("post {post}").format(post=self.post),
                             _("has no authority in {area}").format(area=jurisdiction or _("the whole deployment")),
                             _("hand it over to a post of that area"))  # fmt: skip


def service(name: str) -> Actor:
    """The product acting by a rule or a clock: ``service("rule:verification")``."""
    return Actor(name, "", "", Role.SYSTEM, "")


SYSTEM = service("service:tocsin")
