"""Log-in and log-out. A wrong name and a wrong password get the same words in the same time; who tries too often waits."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth import login as begin_session
from django.contrib.auth import logout as end_session
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tocsin.doors.access import POST_KEY, posts_of_request
from tocsin.doors.console.cases_drafts import keep_fields
from tocsin.doors.console.plain import onward, plain_context
from tocsin.doors.console.send_again import carried_in, send_again_page

__all__ = ["LoginForm", "login", "logout"]


class LoginForm(forms.Form):
    """What the log-in page asks. The limits keep odd input away from the database."""

    username = forms.CharField(max_length=60)
    password = forms.CharField(max_length=200, strip=False)


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """The log-in page; goes on to ``next`` on our own site, or sends what was typed before the session ended."""
    wanted = onward(request, request.POST.get("next") or request.GET.get("next") or "/")
    if request.method != "POST":
        return HttpResponseRedirect(wanted) if request.user.is_authenticated else login_page(request, wanted)
    form = LoginForm(request.POST)
    account = None
    if form.is_valid():
        username = form.cleaned_data["username"].casefold()
        account = authenticate(request, username=username, password=form.cleaned_data["password"])
    if account is None:
        return _refused(request, wanted)
    begin_session(
        request, account
    )  # a new session key and a new form token: one that was planted before is worth nothing
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    held = posts_of_request(request)
    if len(held) == 1:
        request.session[POST_KEY] = held[0].id
    carried = carried_in(request.POST.get("carried", ""))
    keep_fields(str(account.pk), wanted, carried)  # also for who closes the page now
    return send_again_page(request, wanted, carried) if carried else HttpResponseRedirect(wanted)


@never_cache
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the session; its open live streams end at their next heartbeat."""
    end_session(request)
    answer = HttpResponseRedirect(settings.LOGIN_URL)
    # what the browser kept of pages goes; what it keeps to be sent later (an inspector's answers) stays
    answer["Clear-Site-Data"] = '"cache"'
    return answer


def login_page(
    request: HttpRequest, wanted: str, *, error: str = "", status: int = 200, **context: Any
) -> HttpResponse:
    """The form. ``carried``: fields of a form that was sent without a session, to be sent after the log-in."""
    said = plain_context(request, "login") | {
        "next": wanted,
        "error": error,
        "username": request.POST.get("username", "")[:60],
        "carried": request.POST.get("carried", ""),
    }
    return render(request, "console/login.html", said | context, status=status)


def _refused(request: HttpRequest, wanted: str) -> HttpResponse:
    if getattr(request, "axes_locked_out", False):
        minutes = max(1, round(settings.AXES_COOLOFF_TIME.total_seconds() / 60))
        said = ngettext(
            "Too many failed attempts. Wait {n} minute, then try again. If it is urgent, ask a colleague on duty, or the"
            " administrator for a new password.",
            "Too many failed attempts. Wait {n} minutes, then try again. If it is urgent, ask a colleague on duty, or the"
            " administrator for a new password.",
            minutes,
        ).format(n=minutes)
        answer = login_page(request, wanted, error=said, status=429)
        answer["Retry-After"] = str(int(settings.AXES_COOLOFF_TIME.total_seconds()))
        return answer
    said = _(
        "The log-in name or the password is not right. Type both again. The administrator can give a new password."
    )
    return login_page(request, wanted, error=said, status=403)
