"""Holding back: letters that wait for the end of quiet hours, of a silence, or for a telephone that rang too often, and go as
one letter that counts them. What may be held back, and until when, is ``restraint`` (pure); here are its rows.

A held delivery has the state HELD and ends once: alone, as itself, where it was the only one and is still wanted; else in a
bundle that lists and counts everything held for that recipient on that channel, also what is over by now: nothing is lost and
nothing is told twice. Inside the transactions of ``services``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max, Min, Q
from django.utils import translation
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tocsin.records.dispatch import answers
from tocsin.records.dispatch.lifecycle import DeliveryState
from tocsin.records.dispatch.models import DeliveryRow, DispatchRow, HeardRow, QuietRow, SilenceRow
from tocsin.records.dispatch.restraint import Limit, Quiet, Standing, held_until, limits_of, takes_back
from tocsin.records.ledger import services as ledger
from tocsin.records.new_id import new_id
from tocsin.records.org.actor import SYSTEM
from tocsin.records.packs import packs_in_use
from tocsin.terms.moment import to_us

__all__ = ["BUNDLE", "NEVER_HELD", "forget_heard", "hold_back", "note_heard", "reconsider", "release", "throttled"]

BUNDLE = "bundle"
# a call-out goes on until a human answers, day and night, orange too (facts/kernel_warning_response.yaml#call_out)
NEVER_HELD = frozenset({BUNDLE, "callout", "callout_late", "callout_not_reached"})
LINES_AT_MOST = 20  # of a bundle; the others are counted
_LONGEST = timedelta(days=1)
_LANGUAGES = ("zh-hans", "en")


def throttled(channel: str) -> tuple[Limit, ...]:
    """The limits of a channel; none for most: machines and mailboxes ring at nobody's bed."""
    configuration = settings.CONFIGURATION
    return limits_of(configuration.throttles) if channel in configuration.throttle_channels else ()


def hold_back(row: DispatchRow, due: Iterable[DeliveryRow], *, now: datetime) -> list[DeliveryRow]:
    """Those of the due deliveries that go now; the others are held. What was held once is never held again as itself."""
    due = list(due)
    if not due or row.kind in NEVER_HELD or row.level >= _red():
        return due
    open_to = [one for one in due if one.held_at is None]
    ends = _ends(row, [one.recipient for one in open_to], now)
    for one in open_to:
        if (end := ends.get(one.recipient)) is not None:
            one.state, one.held_at, one.not_before = DeliveryState.HELD.value, now, end
            one.save(update_fields=["state", "held_at", "not_before"])
    return [one for one in due if one.state == DeliveryState.WAITING]


def release(row: DispatchRow, *, now: datetime) -> None:
    """Held deliveries of this dispatch whose time has come: into one bundle a recipient with everything else that is held for
    it on this channel, or on as themselves."""
    due = DeliveryRow.objects.filter(dispatch=row, state=DeliveryState.HELD, not_before__lte=now)
    for recipient in sorted(set(due.values_list("recipient", flat=True))):
        _release(row.channel, recipient, now)


def reconsider(recipient: str, *, now: datetime) -> None:
    """What is held for a recipient is looked at again now: a silence was lifted. Inside a transaction."""
    held = DeliveryRow.objects.filter(recipient=recipient, state=DeliveryState.HELD)
    dispatches = list(held.values_list("dispatch_id", flat=True))
    held.update(not_before=now)
    DispatchRow.objects.filter(id__in=dispatches, settled_at=None).update(not_before=None)


def note_heard(row: DispatchRow, recipients: Sequence[str], *, now: datetime) -> None:
    """These telephones rang. Red is not counted: it is not held back and holds nothing back. What was held was counted when its
    time came, so that nothing slips in between."""
    if not recipients or row.kind == BUNDLE or row.level >= _red() or not throttled(row.channel):
        return
    counted = DeliveryRow.objects.filter(dispatch=row, recipient__in=recipients, held_at__isnull=False)
    known = set(counted.values_list("recipient", flat=True))
    _count(row.channel, [name for name in recipients if name not in known], now)


def _count(channel: str, recipients: Sequence[str], now: datetime) -> None:
    if throttled(channel):
        HeardRow.objects.bulk_create(HeardRow(channel=channel, recipient=name, at=now) for name in recipients)


def forget_heard(*, now: datetime) -> int:
    """Sweep: what no limit counts any more. No fact."""
    old = list(HeardRow.objects.filter(at__lt=now - _LONGEST).values_list("id", flat=True)[:1000])
    if old:
        HeardRow.objects.filter(id__in=old).delete()
    return 0


# ---------------------------------------------------------------- until when
@dataclass(frozen=True, slots=True)
class _Rules:
    """What holds for some recipients of a channel at a moment."""

    quiets: dict[str, list[Quiet]]
    silent: dict[str, datetime]
    heard: dict[str, list[datetime]]
    limits: tuple[Limit, ...]
    queued: dict[str, datetime]

    @classmethod
    def of(cls, channel: str, recipients: Sequence[str], now: datetime) -> _Rules:
        quiets: dict[str, list[Quiet]] = {}
        for rule in QuietRow.objects.filter(recipient__in=recipients):
            if not rule.channels or channel in rule.channels:
                quiets.setdefault(rule.recipient, []).append(Quiet(rule.begins, rule.ends, rule.zone))
        running = SilenceRow.objects.filter(
            recipient__in=recipients, begins_at__lte=now, ends_at__gt=now, lifted_at=None
        )
        silent = dict(running.values_list("recipient").annotate(end=Max("ends_at")).order_by())
        limits, heard = throttled(channel), dict[str, list[datetime]]()
        if limits:
            rows = HeardRow.objects.filter(channel=channel, recipient__in=recipients, at__gt=now - _LONGEST)
            for name, at in rows.values_list("recipient", "at"):
                heard.setdefault(name, []).append(at)
        held = DeliveryRow.objects.filter(recipient__in=recipients, state=DeliveryState.HELD, dispatch__channel=channel)
        queued = dict(held.values_list("recipient").annotate(at=Min("not_before")).order_by())
        return cls(quiets, silent, heard, limits, queued)

    def end(self, name: str, standing: Standing, now: datetime) -> datetime | None:
        """Until when a letter to one of them waits."""
        if name in self.queued and not standing.is_exempt:  # behind those that wait already, never past them
            return self.queued[name]
        return held_until(standing, self.quiets.get(name, []), self.silent.get(name), self.limits,
                          self.heard.get(name, []), now)  # fmt: skip


def _ends(row: DispatchRow, recipients: Sequence[str], now: datetime) -> dict[str, datetime]:
    """Who waits until when. That somebody was told of the thread before is asked only where it matters."""
    rules = _Rules.of(row.channel, recipients, now)
    back, red, ends = takes_back(row.kind), _red(), {}
    plain = Standing(row.level, takes_back=False, stands_alone=not row.thread, told_level=None, red=red)
    wait = [name for name in recipients if rules.end(name, plain, now) is not None]
    told = _told(row, wait)
    for name in wait:
        standing = Standing(row.level, back, not row.thread, told.get(name), red)
        if (end := rules.end(name, standing, now)) is not None:
            ends[name] = end
    return ends


def _told(row: DispatchRow, recipients: Sequence[str]) -> dict[str, int]:
    """The highest level that earlier messages of the thread told them on this channel, by a letter of their own or in a
    bundle."""
    if not row.thread or not recipients:
        return {}
    rows = DeliveryRow.objects.filter(
        dispatch__thread=row.thread, dispatch__channel=row.channel, recipient__in=recipients
    )
    heard = rows.filter(Q(state=DeliveryState.BUNDLED) | ~Q(accepted_at=None))
    return dict(heard.values_list("recipient").annotate(top=Max("dispatch__level")).order_by())


# ---------------------------------------------------------------- the end of holding
def _release(channel: str, recipient: str, now: datetime) -> None:
    held = list(
        DeliveryRow.objects.select_for_update(of=("self",))
        .filter(dispatch__channel=channel, recipient=recipient, state=DeliveryState.HELD)
        .select_related("dispatch")
        .order_by("dispatch__put_at", "dispatch_id", "number")
    )
    rules = replace(_Rules.of(channel, [recipient], now), queued={})
    plain = Standing(0, takes_back=False, stands_alone=True, told_level=None, red=_red())
    later = rules.end(recipient, plain, now)
    if later is not None:  # it became quiet, or rang too often, meanwhile
        ids = [one.pk for one in held]
        DeliveryRow.objects.filter(pk__in=ids).update(not_before=later)
        return
    _count(channel, [recipient], now)
    over = {one.pk for one in held if _is_over(one.dispatch, now)}
    if len(held) == 1 and not over:
        held[0].state, held[0].not_before = DeliveryState.WAITING.value, None
        held[0].save(update_fields=["state", "not_before"])
        _wake(held, now)
        return
    bundle = _bundle(channel, recipient, held, over, now)
    DeliveryRow.objects.filter(pk__in=[one.pk for one in held]).update(
        state=DeliveryState.BUNDLED, not_before=None, said=f"in {bundle.id}"
    )
    _wake(held, now)
    body = {"bundle": bundle.id, "channel": channel, "letters": len(held), "over": len(over),
            "dispatches": sorted({one.dispatch_id for one in held})[:50],
            "held_since_us": to_us(min(one.held_at or now for one in held))}  # fmt: skip
    ledger.append(bundle.about, "letters_bundled", body, actor=SYSTEM.name, now=now)


def _wake(held: Sequence[DeliveryRow], now: datetime) -> None:
    """Their dispatches are looked at again, so that those without open deliveries get their end."""
    DispatchRow.objects.filter(id__in={one.dispatch_id for one in held}, settled_at=None).update(not_before=None)


def _is_over(row: DispatchRow, now: datetime) -> bool:
    if row.not_after is not None and now >= row.not_after:
        return True
    newer = DispatchRow.objects.filter(thread=row.thread, channel=row.channel, put_at__gt=row.put_at)
    return bool(row.thread) and newer.exists()


def _bundle(channel: str, recipient: str, held: Sequence[DeliveryRow], over: set[int], now: datetime) -> DispatchRow:
    """One letter that lists and counts them."""
    last, texts = held[-1], {}
    for language in _LANGUAGES:
        with translation.override(language):
            texts[language] = _words(channel, held, over, language)
    return DispatchRow.objects.create(
        id=new_id("dsp", now=now), kind=BUNDLE, channel=channel, shard=0, about=recipient[:60],
        level=max(one.dispatch.level for one in held), texts=texts,
        exercise=all(one.dispatch.exercise for one in held),
        audience=[[recipient, last.address, last.language]], recipients=1, put_at=now,
    )  # fmt: skip


def _words(channel: str, held: Sequence[DeliveryRow], over: set[int], language: str) -> dict[str, str]:
    count = len(held)
    subject = ngettext("{n} message was held back", "{n} messages were held back", count).format(n=count)
    lines = [_line(channel, one, language, is_over=one.pk in over) for one in held[-LINES_AT_MOST:]]
    if count > LINES_AT_MOST:
        more = count - LINES_AT_MOST
        lines.insert(0, ngettext("{n} earlier one", "{n} earlier ones", more).format(n=more))
    if over:
        lines.append(_("Over or replaced by now: {n}").format(n=len(over)))
    if channel in ("sms", "voice"):  # a short message counts, and names the last
        return {"subject": subject, "body": f"{subject}. {lines[-1] if not over else _subject(held[-1], language)}"}
    return {"subject": subject, "body": "\n".join(lines)}


def _line(channel: str, one: DeliveryRow, language: str, *, is_over: bool) -> str:
    at = one.dispatch.put_at.astimezone(get_default_timezone())
    words = f"{at:%m-%d %H:%M} {_subject(one, language)}"
    if is_over:
        words = _("{what} (over)").format(what=words)
    elif one.dispatch.asks and channel not in ("sms", "voice"):
        words += answers.footer(channel, f"{one.dispatch_id}-{one.number}", language)
    return words


def _subject(one: DeliveryRow, language: str) -> str:
    texts = one.dispatch.texts
    subject = texts.get(language, texts.get("en", next(iter(texts.values()))))["subject"]
    return f"[{_('Exercise')}] {subject}" if one.dispatch.exercise else subject


def _red() -> int:
    """The rank that nothing holds back: the highest of the scheme in force."""
    packs = packs_in_use()
    return len(packs[0].scheme.levels) if packs else 4
