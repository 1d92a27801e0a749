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
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from tocsin.doors.refusals import refusal_page
from tocsin.records import clock
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.records.org.services import PostLine
from tocsin.terms.errors import BadValue, NotAllowed, Refused

__all__ = ["POST_KEY", "acting", "actor_of_request", "posts_of_request"]

POST_KEY = "post"  # where the session keeps the chosen post
PASSWORD_PATH, POST_PATH = "/password", "/post"
View = Callable[..., HttpResponseBase]


def posts_of_request(request: HttpRequest) -> list[PostLine]:
    """The posts that the account of a logged-in request holds now; empty where nobody is logged in."""
    if not request.user.is_authenticated:
        return []
    if not hasattr(request, "_tocsin_posts"):
        request._tocsin_posts = org.posts_of(str(request.user.pk), now=clock.now())  # type: ignore[attr-defined]
    posts: list[PostLine] = request._tocsin_posts  # type: ignore[attr-defined]
    return posts


def actor_of_request(request: HttpRequest) -> Actor:
    """The actor of a logged-in request. Raises NotAllowed where nobody is logged in, or who is holds no post now."""
    if not request.user.is_authenticated:
        raise NotAllowed(_("page"), _("nobody is logged in"), _("log in"))
    if not hasattr(request, "_tocsin_actor"):
        chosen = request.session.get(POST_KEY, "")
        account = str(request.user.pk)
        request._tocsin_actor = org.actor_of(account, chosen, now=clock.now())  # type: ignore[attr-defined]
    actor: Actor = request._tocsin_actor  # type: ignore[attr-defined]
    return actor


def acting(*acts: Act) -> Callable[[View], View]:
    """In front of a view: nobody logged in goes to the log-in page and comes back; a role that may do none of ``acts`` gets a
    page that says so. What the view refuses (``Refused``) is told in words with the right status, nothing is lost.

    Stands outside everything else: a view is written ``@require_safe @acting(Act.X) @one_moment() def page(request)``.
    """

    def around(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
            first = _before(request)
            if first is not None:
                return first
            try:
                _require_no_zero(request)
                actor = actor_of_request(request)
                if acts and not any(actor.may(act) for act in acts):
                    actor.require(acts[0])
                response = view(request, *args, **named)
                response.headers.setdefault(
                    "Cache-Control", "private, no-cache"
                )  # asked for anew, not read to the next
                return response
            except Refused as error:
                return refusal_page(request, error)

        guarded.acts = acts  # type: ignore[attr-defined] # the matrix test reads it
        return guarded

    return around


def _require_no_zero(request: HttpRequest) -> None:
    """No browser sends the character zero, and PostgreSQL keeps it nowhere: what is looked up by it would be an error of ours.
    Raises BadValue."""
    fields = [*request.GET.lists(), *(request.POST.lists() if request.method == "POST" else ())]
    if "\0" in request.path or any("\0" in text for name, texts in fields for text in (name, *map(str, texts))):
        raise BadValue(_("form"), _("holds characters that cannot be seen"), _("type it again without them"))


def _before(request: HttpRequest) -> HttpResponseBase | None:
    """What must be done before any page: log in, change the one-time password, choose a post."""
    if not request.user.is_authenticated:
        if request.method in ("GET", "HEAD"):
            return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
        from tocsin.doors.console.send_again import log_in_first  # noqa: PLC0415 - only the rare case needs it

        return log_in_first(request)
    if getattr(request.user, "must_change_password", False):
        return _to(request, PASSWORD_PATH)
    held = {post.id for post in posts_of_request(request)}
    if len(held) == 1:
        request.session.setdefault(POST_KEY, next(iter(held)))
    if held and request.session.get(POST_KEY) not in held:
        return _to(request, POST_PATH)
    return None


def _to(request: HttpRequest, path: str) -> HttpResponseRedirect:
    back = request.get_full_path() if request.method in ("GET", "HEAD") else "/"
    return HttpResponseRedirect(f"{path}?{urlencode({'next': back})}")
