"""Telling posts about warnings: everybody whose area a signed one touches, and the few who must act while it is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from tocsin.loop.warn.aid import helping_signers
from tocsin.loop.warn.authority import touched_paths
from tocsin.loop.warn.content import LANGUAGES, Areas, Content
from tocsin.loop.warn.lifecycle import Kind
from tocsin.loop.warn.models import WarningRow
from tocsin.loop.warn.names import Names, present_language
from tocsin.records.audience import services as audience
from tocsin.records.audience.wishes import About
from tocsin.records.dispatch.message import Message, Text
from tocsin.records.dispatch.notify import in_every_language, tell_posts
from tocsin.records.org import queries as org
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.org.queries import posts_touched
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.org.services import PostLine

__all__ = [
    "keeper_text", "tell_author", "tell_commanders", "tell_countersigners", "tell_everybody", "tell_keepers",
    "tell_signers", "what_of",
]  # fmt: skip


def tell_everybody(row: WarningRow, content: Content, names: Names, *, actor: Actor, now: datetime) -> int:
    """Put a signed warning on its way, in the signature's transaction; how many posts. A later message also tells those whom
    only the earlier ones concerned, and what still waits of those is not sent any more (one thread)."""
    earlier = WarningRow.objects.filter(lineage=row.lineage).exclude(issued_at=None)
    told = [Content.of(old).areas for old in earlier.values_list("content", flat=True)]
    posts = posts_touched(
        dict.fromkeys(path for areas in (content.areas, *told) for path in touched_paths(areas, names))
    )
    kind = {Kind.ALERT: "warning_issued", Kind.UPDATE: "warning_updated", Kind.CANCEL: "warning_cancelled"}[
        content.kind
    ]
    tell_posts(
        kind, posts, lambda language: _warning_text(content, names, language), about=row.id, event=row.event,
        level=content.level, link=f"/warnings/{row.id}", not_after=content.expires, exercise=content.exercise,
        thread=row.lineage, actor=actor, now=now,
    )  # fmt: skip
    _tell_audience(row, kind, content, told, names, actor, now)
    return len(posts)


def _tell_audience(
    row: WarningRow, kind: str, content: Content, told: Sequence[Areas], names: Names, actor: Actor, now: datetime
) -> None:
    """Displays, other systems and the public; an exercise never reaches the public. Who was told by an earlier message of
    this warning is told by this one too: the areas of both, the higher level, since a downgrade is news to whom it was red."""
    paths = dict.fromkeys(path for areas in (content.areas, *told) for path in touched_paths(areas, names))
    levels = WarningRow.objects.filter(lineage=row.lineage).exclude(issued_at=None).values_list("level", flat=True)
    shaped = all(areas.shaped for areas in (content.areas, *told))
    about = About(
        content.hazard, max(content.level, *levels), tuple(paths),
        tuple((ring,) for areas in (content.areas, *told) for ring in areas.rings) if shaped else (),
        tuple(circle for areas in (content.areas, *told) for circle in areas.circles) if shaped else (),
    )  # fmt: skip
    address = f"{settings.CONFIGURATION.public_address}/warnings/{row.id}"

    def whole(language: str) -> Text:
        text = _warning_text(content, names, language)
        return Text(text.subject, f"{text.body}\n\n{address}")

    texts = in_every_language(whole) | {k: whole(k) for k in content.languages if k not in LANGUAGES}
    message = Message(kind, texts, row.id, row.event, content.level, content.expires, f"/warnings/{row.id}",
                      content.exercise, row.lineage)  # fmt: skip
    audience.tell(message, about, instead=_by_channel(content, address), actor=actor, now=now)


def _by_channel(content: Content, address: str) -> dict[str, dict[str, str]]:
    """What channels say that have no room for the whole message: short messages and displays the text of 90 characters, chat
    rooms and browsers that of 360, a voice the one that is written to be heard. A draft of before has only its headline."""

    def said(name: str, after: str = "") -> dict[str, str]:
        texts = {language: content.text(language) for language in content.languages}
        return {k: (getattr(t, name) or t.short or t.headline) + after for k, t in texts.items()}

    short, brief = said("short"), said("brief")
    return {"sms": short, "mqtt": short, "web_push": brief, "chat": said("brief", f"\n\n{address}"),
            "voice": said("speech")}  # fmt: skip


def tell_signers(row: WarningRow, *, late: bool, now: datetime) -> None:
    """Ask the signers of the body who are on duty; where none is, and in the urgent flow at once, all of its signers, and those
    of other bodies who may help. ``late``: it has waited too long. Then, and where nobody is on duty, the author learns of
    it, and the commanders of the area of what is late."""
    names, content = Names.read(), Content.of(row.content)
    on_duty = [post for post in org.on_duty(Role.SIGNER, row.jurisdiction, now=now) if post.department == row.body]
    helping = helping_signers(content, row.authors, names, now=now)
    asked = on_duty if on_duty and row.flow != "urgent" else [*_signers_of(row), *helping]

    def write(language: str) -> Text:
        subject = _("Still unsigned: {what}") if late else _("To sign: {what}")
        if row.flow == "urgent" and not late:
            subject = _("Urgent, to sign at once: {what}")
        subject = subject.format(what=what_of(row, names, language))
        return Text(subject, _("A warning waits for your signature. Check it, then approve or send it back."))

    _tell("warning_late" if late else "warning_to_sign", asked, write, row, f"/console/warnings/{row.id}/sign", now)
    if not late and on_duty:
        return

    def unsigned(subject: str) -> Text:
        said = _("Nobody has signed it yet. Telephone a signer of {body}.")
        if not on_duty:
            said = _("No signer of {body} is on duty. Telephone one.")
        language = present_language()
        return Text(
            subject.format(what=what_of(row, names, language)), said.format(body=names.body(row.body, language))
        )

    tell_author(row, "warning_unsigned", lambda language: unsigned(_("Not signed: {what}")), now)
    if late:
        tell_commanders(row, "warning_late", lambda language: unsigned(_("Still unsigned: {what}")), now)


def _signers_of(row: WarningRow) -> list[PostLine]:
    """All signers of its body in its area, on duty or not."""
    return [
        post for post in posts_touched([row.jurisdiction]) if post.role == Role.SIGNER and post.department == row.body
    ]


def tell_commanders(row: WarningRow, kind: str, write: Callable[[str], Text], now: datetime) -> None:
    """Tell the commanders on duty in its area."""
    commanders = org.on_duty(Role.COMMANDER, row.jurisdiction, now=now)
    _tell(kind, commanders, write, row, f"/console/warnings/{row.id}", now)


def tell_countersigners(row: WarningRow, until: datetime, *, now: datetime) -> None:
    """It went out on one duty officer's word: ask all signers of its body, and say until when."""
    names, paths = Names.read(), Content.of(row.content).areas.paths

    def write(language: str) -> Text:
        return Text(
            _("To countersign: {what}").format(what=what_of(row, names, language)),
            _("The duty officer released it from a message signed in advance. Countersign before {until}, or it is withdrawn "
              "and everybody is told so.").format(until=names.moment(until, paths, language)),
        )  # fmt: skip

    _tell("warning_to_countersign", _signers_of(row), write, row, f"/console/warnings/{row.id}", now)


def tell_author(row: WarningRow, kind: str, write: Callable[[str], Text], now: datetime) -> None:
    """Tell the post that wrote it."""
    _tell(kind, [post for post in org.posts(EVERYWHERE) if post.id == row.author_post], write, row,
          f"/console/warnings/{row.id}", now)  # fmt: skip


def tell_keepers(row: WarningRow, kind: str, write: Callable[[str], Text], now: datetime) -> None:
    """Tell who must look after a warning in force: duty officers on duty in its area, and the signers of its body."""
    posts = org.on_duty(Role.DUTY_OFFICER, row.jurisdiction, now=now)
    _tell(kind, [*posts, *_signers_of(row)], write, row, f"/console/warnings/{row.id}", now)


def keeper_text(
    row: WarningRow, names: Names, language: str, subject: str, body: str, *, acts: Sequence[str] = ()
) -> Text:
    """A letter to keepers: ``subject`` and ``body`` with {what} and {until} to be filled. ``acts``: what is one click away,
    of ``extend``, ``update``, ``lower``, ``cancel``, ``answer``."""
    content = Content.of(row.content)
    filled = {"what": what_of(row, names, language),
              "until": names.moment(content.expires, content.areas.paths, language)}  # fmt: skip
    words = {"extend": _("Extend it"), "update": _("Update it"), "lower": _("Lower the level"),
             "cancel": _("Cancel it: the danger is over"), "answer": _("Leave it as it is")}  # fmt: skip
    page = f"{settings.CONFIGURATION.public_address}/console/warnings/{row.id}/follow?do="
    links = "\n".join(f"{words[act]}: {page}{act}" for act in acts)
    return Text(subject.format(**filled), "\n\n".join(part for part in (body.format(**filled), links) if part))


def _tell(
    kind: str, posts: Sequence[PostLine], write: Callable[[str], Text], row: WarningRow, link: str, now: datetime
) -> None:
    tell_posts(kind, posts, write, about=row.id, event=row.event, level=row.level, link=link, exercise=row.exercise,
               actor=SYSTEM, now=now)  # fmt: skip


def what_of(row: WarningRow, names: Names, language: str) -> str:
    """What the warning says in a line: its headline, else level, hazard and area."""
    content = Content.of(row.content)
    return content.text(language).headline or _("{level} {hazard}, {area}").format(
        level=names.level(row.level, language), hazard=names.hazard(row.hazard, language),
        area=names.area_list(content.areas.paths, language),
    )  # fmt: skip


def _warning_text(content: Content, names: Names, language: str) -> Text:
    """What a post reads: what, where, until when, what to beware of, what to do, who says so."""
    texts, paths = content.text(language), content.areas.paths
    if language not in LANGUAGES:  # without words of ours, which have no translation there
        until = names.moment(content.expires, paths, language)
        said = (texts.description, texts.beware, texts.instruction, names.area_list(paths, language), until,
                names.body(content.body, language))  # fmt: skip
        return Text(texts.headline, "\n\n".join(line for line in said if line))
    lines = [texts.description]
    if texts.beware:
        lines.append(_("Beware: {what}").format(what=texts.beware))
    if texts.instruction:
        lines.append(_("What to do: {what}").format(what=texts.instruction))
    lines.append(_("Where: {areas}").format(areas=names.area_list(paths, language)))
    if content.kind is not Kind.CANCEL:
        begin, end = (names.moment(at, paths, language) for at in (content.onset, content.expires))
        lines.append(_("From {begin} until {end}").format(begin=begin, end=end))
        if content.verdict == "unverified":
            lines.append(_("Measured, not yet verified on the spot."))
    lines.append(_("Issued by {body}").format(body=names.body(content.body, language)))
    # That it is an exercise is said by dispatch, of every letter.
    return Text(texts.headline, "\n\n".join(line for line in lines if line))
