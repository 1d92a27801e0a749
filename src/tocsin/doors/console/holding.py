"""What an account does for itself: choose one of the posts it holds, and change its password."""

from __future__ import annotations

from django import forms
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from tocsin.doors.access import POST_KEY, posts_of_request
from tocsin.doors.console.plain import onward, plain_context, present_language
from tocsin.doors.refusals import refusal_page
from tocsin.records import clock
from tocsin.records.org import services as org
from tocsin.records.org.roles import role_title
from tocsin.terms.errors import NotAllowed, Refused

__all__ = ["PasswordForm", "password", "post"]


class PasswordForm(forms.Form):
    """The present password and the new one, twice."""

    old = forms.CharField(max_length=200, strip=False)
    new = forms.CharField(max_length=200, strip=False)
    again = forms.CharField(max_length=200, strip=False)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def post(request: HttpRequest) -> HttpResponse:
    """Choose the post to work in. The session gets a new key, so that what was opened for the other post ends."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), "/login")
    held = posts_of_request(request)
    wanted = onward(request, request.POST.get("next") or request.GET.get("next") or "/")
    if not held:
        return refusal_page(request, NotAllowed(_("your account"), _("it holds no post at this moment"),
                                                _("ask the administrator for a shift in a post")))  # fmt: skip
    if request.method == "POST":
        chosen = request.POST.get("post", "")
        if chosen not in {line.id for line in held}:
            return refusal_page(request, NotAllowed(_("post {post}").format(post=chosen[:60]),
                                                    _("you have no shift in it at this moment"),
                                                    _("choose one of the posts that you hold")))  # fmt: skip
        request.session[POST_KEY] = chosen
        request.session.cycle_key()
        return HttpResponseRedirect(wanted)
    language = present_language()
    lines = [
        (line.id, line.title.get(language) or line.title.get("en") or line.id, role_title(line.role), line.jurisdiction)
        for line in held
    ]
    context = plain_context(request, "post") | {"posts": lines, "next": wanted, "chosen": request.session.get(POST_KEY)}
    return render(request, "console/post.html", context)


@sensitive_post_parameters("old", "new", "again")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change the password; asked of everybody whose password is a one-time one. Other sessions of the account end."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), "/login")
    wanted = onward(request, request.POST.get("next") or request.GET.get("next") or "/")
    error = ""
    if request.method == "POST":
        form = PasswordForm(request.POST)
        if not form.is_valid():
            error = _("Fill in all three fields.")
        elif form.cleaned_data["new"] != form.cleaned_data["again"]:
            error = _("The new password was typed in two different ways. Type it again.")
        else:
            try:
                account = str(request.user.pk)
                org.change_password(account, form.cleaned_data["old"], form.cleaned_data["new"], now=clock.now())
            except Refused as refused:
                error = f"{refused.rule} - {refused.remedy}."
            else:
                request.user.refresh_from_db()
                update_session_auth_hash(request, request.user)
                return HttpResponseRedirect(wanted)
    context = plain_context(request, "password") | {
        "next": wanted, "error": error, "forced": getattr(request.user, "must_change_password", False),
    }  # fmt: skip
    return render(request, "console/password.html", context, status=422 if error else 200)
