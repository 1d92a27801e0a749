"""Tables of org. Only ``services`` writes them. Staff accounts are the only persons here, and nothing is kept of them but
a log-in, a display name and a language: no position, no figure, no history of what they looked at."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

__all__ = ["Account", "Department", "Post", "Shift"]


class Department(models.Model):
    """An office; ``title`` by language. Its title is what a warning names as the issuing body."""

    id = models.CharField(max_length=60, primary_key=True)
    title = models.JSONField(default=dict)
    jurisdiction = models.CharField(max_length=200, default="")


class Post(models.Model):
    """A post of a department: the office that is responsible. It has one role and one area; ``lon``/``lat`` is where the
    post is, never where its holder is. ``facility``: the one facility of an operator's post. ``mail``: the post's address,
    ``phone``: the post's own number (E.164), never a holder's at home; ``duty``: what the post answers for in its area when a
    call-out asks (``DUTIES`` of services; "" = nothing)."""

    id = models.CharField(max_length=60, primary_key=True)
    title = models.JSONField(default=dict)
    department = models.ForeignKey(Department, models.PROTECT, related_name="posts")
    role = models.CharField(max_length=30)
    jurisdiction = models.CharField(max_length=200, default="")
    facility = models.CharField(max_length=100, default="")
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    mail = models.EmailField(default="")
    phone = models.CharField(max_length=20, default="")
    duty = models.CharField(max_length=10, default="")
    language = models.CharField(max_length=12, default="zh-hans")
    skills = models.JSONField(default=list)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["role", "jurisdiction"], name="org_posts_by_role")]


class Accounts(BaseUserManager["Account"]):
    """How Django finds an account by its log-in name."""

    def get_by_natural_key(self, username: str | None) -> Account:
        """Names are case-insensitive."""
        return self.get(username=(username or "").casefold())


class Account(AbstractBaseUser):
    """A log-in of staff. ``username`` is kept in lower case."""

    id = models.CharField(max_length=40, primary_key=True)
    username = models.CharField(max_length=60, unique=True)
    display_name = models.CharField(max_length=100, default="")
    language = models.CharField(max_length=12, default="")
    must_change_password = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    opened_at = models.DateTimeField()
    last_login = None  # Django would keep when somebody logged in last; that is no concern of ours

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = Accounts()


class Shift(models.Model):
    """An account holds a post from one moment until another (None: until further notice). The duty roster is these rows."""

    post = models.ForeignKey(Post, models.PROTECT, related_name="shifts")
    account = models.ForeignKey(Account, models.PROTECT, related_name="shifts")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["account", "from_at"], name="org_shifts_of_account")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(until_at=None) | models.Q(until_at__gt=models.F("from_at")), name="org_shift_forward"
            )
        ]
