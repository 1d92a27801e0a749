"""Who stands at a door: the actor of a request, and the guard in front of a page.

A session holds an account (Django's log-in) and one post of those the account holds now; the role, the area and the facility
come from the post. A post whose shift has ended lets nobody in any more, also in a running session.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase

from tocsin.doors.refusals import refusal_page
from tocsin.records import clock
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.terms.errors import NotAllowed, Refused

__all__ = ["POST_KEY", "acting", "actor_of_request"]

POST_KEY = "post"  # where the session keeps the chosen post
View = Callable[..., HttpResponseBase]


def actor_of_request(request: HttpRequest) -> Actor:
    """The actor of a logged-in request. Raises NotAllowed where nobody is logged in, or who is holds no post now."""
    if not request.user.is_authenticated:
        raise NotAllowed("page", "nobody is logged in", "log in")
    if not hasattr(request, "_tocsin_actor"):
        chosen = request.session.get(POST_KEY, "")
        account = str(request.user.pk)
        request._tocsin_actor = org.actor_of(account, chosen, now=clock.now())  # type: ignore[attr-defined]
    actor: Actor = request._tocsin_actor  # type: ignore[attr-defined]
    return actor


def acting(*acts: Act) -> Callable[[View], View]:
    """In front of a view: nobody logged in goes to the log-in page and comes back; a role that may do none of ``acts`` gets a
    page that says so. What the view refuses (``Refused``) is told in words with the right status, nothing is lost."""

    def around(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
            try:
                actor = actor_of_request(request)
                if acts and not any(actor.may(act) for act in acts):
                    actor.require(acts[0])
                return view(request, *args, **named)
            except Refused as error:
                return refusal_page(request, error)

        return guarded

    return around


