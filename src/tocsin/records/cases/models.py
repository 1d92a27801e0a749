"""Tables of cases. Only ``services`` writes them."""

from __future__ import annotations

from django.db import models

__all__ = [
    "AppealRow", "CalendarYearRow", "CaseRow", "ClockRow", "CountsRow", "DeclarationRow", "DocumentRow", "HandRow", "LegRow",
    "MergeRow",
    "MessageRow", "NumberRow", "RatingRow", "ReadingRow", "STANDS_IN",
]  # fmt: skip

STANDS_IN = "stands_in"  # no post is made for such cases there: this one has it until it can be handed on


class DeclarationRow(models.Model):
    """What a version of a pack declares of cases, kept for good: a case is always read with its own."""

    sha = models.CharField(max_length=64, primary_key=True)
    pack = models.CharField(max_length=60)
    version = models.IntegerField()
    texts = models.JSONField()
    kept_at = models.DateTimeField()


class NumberRow(models.Model):
    """How far the numbers of one kind and year have been given out; ``key``: letters and year."""

    key = models.CharField(max_length=12, primary_key=True)
    last = models.IntegerField(default=0)


class CalendarYearRow(models.Model):
    """A year of working days that was loaded after this version was built."""

    calendar = models.CharField(max_length=20)
    year = models.IntegerField()
    body = models.JSONField()
    loaded_at = models.DateTimeField()
    loaded_by = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["calendar", "year"], name="cases_one_table_a_year")]


class CaseRow(models.Model):
    """One case. ``values``: what was answered; ``makers``: by move, the account that made it last; ``legs_open``: helpers who
    have not replied; ``survivor``: the case it was merged into. Of a sealed kind: ``sealed`` holds the answers under seal and
    the place, ``seal_key`` the id of its data key; both and ``salt`` are empty once it was purged (ADR 23). ``receipt``:
    SHA-256 of the requester's code. ``salt``: of the ledger's commitments."""

    id = models.CharField(max_length=40, primary_key=True)
    number = models.CharField(max_length=30)
    kind = models.CharField(max_length=110)
    declaration = models.ForeignKey(DeclarationRow, models.PROTECT, db_index=False)
    state = models.CharField(max_length=40)
    version = models.IntegerField(default=1)
    owner = models.CharField(max_length=60)
    jurisdiction = models.CharField(max_length=200, default="")
    facility = models.CharField(max_length=100, default="")
    place = models.CharField(max_length=300, default="")
    event = models.CharField(max_length=60, default="")
    parent = models.CharField(max_length=40, default="")
    values = models.JSONField(default=dict)
    makers = models.JSONField(default=dict)
    sealed = models.BinaryField(null=True)
    seal_key = models.CharField(max_length=40, default="")
    salt = models.CharField(max_length=32)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=120)
    moved_at = models.DateTimeField()
    replied_at = models.DateTimeField(null=True)
    put_right_at = models.DateTimeField(null=True)
    over_at = models.DateTimeField(null=True)
    purged_at = models.DateTimeField(null=True)
    reopened = models.IntegerField(default=0)
    legs_open = models.IntegerField(default=0)
    contested_at = models.DateTimeField(null=True)
    ruled_at = models.DateTimeField(null=True)
    survivor = models.CharField(max_length=40, default="")
    receipt = models.CharField(max_length=64, null=True)
    once = models.CharField(max_length=64, null=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "over_at", "-opened_at"], name="cases_of_owner"),
            models.Index(fields=["kind", "state", "-opened_at"], name="cases_by_state"),
            models.Index(fields=["-opened_at", "id"], name="cases_by_age"),
            models.Index(
                fields=["kind", "declaration", "over_at"],
                name="cases_sealed_over",
                condition=~models.Q(seal_key="") & models.Q(over_at__isnull=False),
            ),
            models.Index(fields=["event"], name="cases_of_event", condition=~models.Q(event="")),
            models.Index(fields=["facility"], name="cases_of_facility", condition=~models.Q(facility="")),
            models.Index(fields=["survivor"], name="cases_merged", condition=~models.Q(survivor="")),
            models.Index(fields=["parent"], name="cases_of_parent", condition=~models.Q(parent="")),
            models.Index(fields=["over_at"], name="cases_to_purge", condition=~models.Q(seal_key="")),
        ]
        constraints = [
            # As constraints, not unique=True: that would give PostgreSQL a second index of each, to be kept at every move.
            models.UniqueConstraint(fields=["number"], name="cases_number"),
            models.UniqueConstraint(fields=["receipt"], name="cases_receipt"),
            models.UniqueConstraint(fields=["once"], name="cases_once"),
            models.CheckConstraint(condition=~models.Q(survivor=models.F("id")), name="cases_not_into_itself"),
            models.CheckConstraint(condition=models.Q(legs_open__gte=0), name="cases_legs"),
            models.CheckConstraint(condition=~models.Q(owner=""), name="cases_one_owner"),
        ]


class LegRow(models.Model):
    """A helper's part of a case: asked, then replied or waived."""

    case = models.ForeignKey(CaseRow, models.PROTECT, related_name="legs")
    post = models.CharField(max_length=60, db_index=True)
    words = models.TextField()
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=120)
    reply = models.TextField(default="")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=120, default="")
    waived_why = models.TextField(default="")


class ClockRow(models.Model):
    """A running or ended clock. ``purpose``: case, leg, ruling or appeal. ``due_at``: the deadline, strict or rolled as
    its law says. ``pauses``: [from, until, by, why], moments in us; ``extensions``: [by, why, at]. ``standing``: it stands
    still. ``warned_at`` and ``overdue_at``: when the crossing was told. ``origin``: the case it was merged from."""

    case = models.ForeignKey(CaseRow, models.PROTECT, related_name="clocks")
    leg = models.ForeignKey(LegRow, models.PROTECT, null=True, related_name="clocks", db_index=False)
    code = models.CharField(max_length=40)
    purpose = models.CharField(max_length=10, default="case")
    zone = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    pauses = models.JSONField(default=list)
    extensions = models.JSONField(default=list)
    strict_at = models.DateTimeField()
    rolled_at = models.DateTimeField()
    due_at = models.DateTimeField()
    warn_at = models.DateTimeField(null=True)
    provisional = models.BooleanField()
    calendar = models.CharField(max_length=200)
    standing = models.BooleanField(default=False)
    warned_at = models.DateTimeField(null=True)
    overdue_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_how = models.CharField(max_length=20, default="")
    origin = models.CharField(max_length=40, default="")

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="cases_clocks_due",
                         condition=models.Q(ended_at=None, overdue_at=None, standing=False)),
            models.Index(fields=["warn_at"], name="cases_clocks_warn",
                         condition=models.Q(ended_at=None, warned_at=None, standing=False)),
        ]  # fmt: skip
        constraints = [
            models.UniqueConstraint(fields=["case", "code", "purpose"], name="cases_one_running_clock",
                                    condition=models.Q(ended_at=None, leg=None)),
        ]  # fmt: skip


class HandRow(models.Model):
    """The case changed hands, or somebody said it should: ``what`` is assigned, transferred, contested, ruled or STANDS_IN."""

    case = models.ForeignKey(CaseRow, models.PROTECT, related_name="hands")
    what = models.CharField(max_length=12)
    before = models.CharField(max_length=60, default="")
    after = models.CharField(max_length=60, default="")
    why = models.TextField(default="")
    at = models.DateTimeField()
    by = models.CharField(max_length=120)

    class Meta:
        indexes = [models.Index(fields=["case"], name="cases_stands_in", condition=models.Q(what=STANDS_IN))]


class MergeRow(models.Model):
    """One case merged into another; ``moved``: what went along, so that it can be undone."""

    merged = models.ForeignKey(CaseRow, models.PROTECT, related_name="merges")
    survivor = models.ForeignKey(CaseRow, models.PROTECT, related_name="survived")
    why = models.TextField()
    moved = models.JSONField(default=dict)
    at = models.DateTimeField()
    by = models.CharField(max_length=120)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=120, default="")


class MessageRow(models.Model):
    """Between the office and the requester. ``is_reply``: it answers the request."""

    case = models.ForeignKey(CaseRow, models.PROTECT, related_name="messages")
    from_requester = models.BooleanField()
    is_reply = models.BooleanField(default=False)
    words = models.TextField()
    at = models.DateTimeField()
    by = models.CharField(max_length=120, default="")


class DocumentRow(models.Model):
    """A picture kept with a case, by the digests of ``records.blobs``; of a sealed case those of its ciphertext, and ``mark``,
    a salted digest, so that the same picture is kept once. ``step``: the move that it came with ("open" for the opening, "" for
    neither)."""

    case = models.ForeignKey(CaseRow, models.PROTECT, related_name="documents")
    digest = models.CharField(max_length=64)
    thumbnail = models.CharField(max_length=64)
    mark = models.CharField(max_length=64, default="")
    state = models.CharField(max_length=40)
    step = models.CharField(max_length=40, default="")
    at = models.DateTimeField()
    by = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "digest", "step"], name="cases_document_once_a_step")]


class RatingRow(models.Model):
    """How the requester found it, once each time the case was over; ``score`` 1 to 5."""

    case = models.ForeignKey(CaseRow, models.PROTECT, related_name="ratings")
    closing = models.IntegerField()
    score = models.SmallIntegerField()
    put_right = models.BooleanField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "closing"], name="cases_one_rating_a_closing"),
            models.CheckConstraint(condition=models.Q(score__gte=1, score__lte=5), name="cases_rating"),
        ]


class AppealRow(models.Model):
    """An appeal: always with a named owner. ``upheld`` is None until it is decided."""

    case = models.ForeignKey(CaseRow, models.PROTECT, related_name="appeals")
    owner = models.CharField(max_length=60)
    words = models.TextField()
    at = models.DateTimeField()
    by = models.CharField(max_length=120)
    upheld = models.BooleanField(null=True)
    reason = models.TextField(default="")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=120, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case"], name="cases_one_open_appeal", condition=models.Q(decided_at=None)),
            models.CheckConstraint(condition=~models.Q(owner=""), name="cases_appeal_owner"),
        ]


class ReadingRow(models.Model):
    """Sealed content was opened: by which post and account, for which purpose; until ``until`` it stays open to that account.
    ``second``: who let them in where they do not work on the case; before that ``at`` is None and nothing is open. ``why``:
    the reason they gave, under seal."""

    case = models.ForeignKey(CaseRow, models.PROTECT, related_name="readings")
    post = models.CharField(max_length=60)
    account = models.CharField(max_length=120)
    purpose = models.CharField(max_length=40)
    why = models.TextField(default="")
    asked_at = models.DateTimeField()
    second = models.CharField(max_length=120, default="")
    at = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)


class CountsRow(models.Model):
    """The counts of a sealed kind and month (``2026-10``) as they may be shown; fixed once, so that no later one tells more."""

    kind = models.CharField(max_length=110)
    month = models.CharField(max_length=7)
    body = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "month"], name="cases_counts_once")]
