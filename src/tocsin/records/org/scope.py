"""Scope: whose eyes a query reads with. Every query of a room takes one (architecture.md, promise 7)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F, Q, Value
from django.db.models.functions import Substr
from django.db.models.lookups import Exact
from django.utils.translation import gettext as _

from tocsin.records.org.roles import Act, act_words, may, role_title
from tocsin.terms.errors import NotAllowed

__all__ = ["EVERYWHERE", "Scope"]


@dataclass(frozen=True, slots=True)
class Scope:
    """A jurisdiction path (``simcity/east``; "" = the whole deployment), a role, and for a facility's operator the one
    facility. A scope covers its path and everything below it. Rows without a jurisdiction are seen only from the whole.
    """

    jurisdiction: str
    role: str
    facility: str = ""

    def covers(self, path: str) -> bool:
        """Whether ``path`` lies in this scope.

        >>> Scope("simcity", "duty_officer").covers("simcity/east")
        True
        >>> Scope("simcity", "duty_officer").covers("simcity2")
        False
        """
        return not self.jurisdiction or path == self.jurisdiction or path.startswith(self.jurisdiction + "/")

    def rows(self, field: str = "jurisdiction") -> Q:
        """The same as ``covers``, as a filter on a column."""
        if not self.jurisdiction:
            return Q()
        below = self.jurisdiction + "/"
        # SQLite's LIKE ignores case, which would let "Simcity" read "simcity"; the exact comparison decides, the
        # prefix is there for PostgreSQL's index.
        exact_prefix = Exact(Substr(F(field), 1, len(below)), Value(below))
        return Q(**{field: self.jurisdiction}) | (Q(**{f"{field}__startswith": below}) & Q(exact_prefix))

    def of_facility(self, field: str = "facility") -> Q:
        """For a facility's operator only that facility's rows; for everybody else the rows of the jurisdiction."""
        return Q(**{field: self.facility}) if self.facility else self.rows()

    def may(self, act: Act) -> bool:
        """Whether this role may do an act at all."""
        return may(self.role, act)

    def require(self, act: Act) -> None:
        """Raises NotAllowed where this role may not do an act."""
        if not self.may(act):
            raise NotAllowed(_("role {role}").format(role=role_title(self.role)),
                             _("may not {act}").format(act=act_words(act)),
                             _("log in with a post that may, or ask the duty officer"))  # fmt: skip


EVERYWHERE = Scope("", "system")
