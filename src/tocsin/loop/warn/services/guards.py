"""What must be true of a warning before it is written, sent for approval, signed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from tocsin.loop.warn.aid import helping_bodies, own_signers
from tocsin.loop.warn.authority import require_authority, require_shape
from tocsin.loop.warn.content import Content, missing_items
from tocsin.loop.warn.family import family
from tocsin.loop.warn.item_words import item_words
from tocsin.loop.warn.lifecycle import Kind, WarningState
from tocsin.loop.warn.models import WarningRow
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.services.rows import in_force
from tocsin.loop.warn.text_checks import require_texts
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.terms.errors import BadTime, BadValue, NotAllowed, Stale

__all__ = [
    "LONGEST", "require_everywhere", "require_first", "require_kept", "require_passkey", "require_signer", "require_sound",
]  # fmt: skip

LONGEST = timedelta(days=31)
_KEPT = {Kind.UPDATE: ("hazard", "exercise"),
         Kind.CANCEL: ("hazard", "level", "areas", "onset", "expires", "body", "exercise")}  # fmt: skip


def require_everywhere(actor: Actor, act: Act, content: Content) -> None:
    """The actor may do this in every area of the content. Raises NotAllowed."""
    actor.require(act)
    for path in content.areas.paths:
        if not actor.scope.covers(path):
            raise NotAllowed(_("post {post}").format(post=actor.post), _("has no authority in {area}").format(area=path),
                             _("leave this area out, or hand it over to a post of that area"))  # fmt: skip


def require_signer(row: WarningRow, content: Content, actor: Actor, now: datetime) -> str:
    """A signer of the issuing body, with authority in all areas, who wrote none of it; "" then. Where nobody of that body is
    on duty and the deployment lets others help: a signer of another body that the table of authority names for it; that body
    then. Raises NotAllowed."""
    actor.require(Act.SIGN_WARNING)
    if actor.account in row.authors:
        raise NotAllowed(_("warning {id}").format(id=row.id), _("whoever wrote any of it cannot sign it"),
                         _("ask another signer"))  # fmt: skip
    own = org.post(actor.post).department
    if content.body and own != content.body and own in helping_bodies(content, Names.read()):
        if posts := own_signers(content, row.authors, now=now):
            raise NotAllowed(_("post {post}").format(post=actor.post),
                             _("another body helps only while no signer of the issuing one is on duty"),
                             _("ask {posts}").format(posts=_(", ").join(sorted(post.id for post in posts))))  # fmt: skip
        return own
    require_everywhere(actor, Act.SIGN_WARNING, content)
    if content.body and own != content.body:  # an empty body is refused as an empty item
        names = Names.read()
        raise NotAllowed(
            _("post {post}").format(post=actor.post),
            _("it signs for {own}, this warning is of {body}").format(
                own=names.body(own), body=names.body(content.body)
            ),
            _("ask a signer of {body}").format(body=names.body(content.body)),
        )
    return ""


def require_passkey(passkey: str) -> None:
    """Raises NotAllowed where the deployment asks for a passkey and none has signed."""
    if settings.CONFIGURATION.signing == "passkey" and not passkey:
        raise NotAllowed(_("signature"), _("this deployment asks for a passkey with every signature"),
                         _("sign on a telephone or computer with your passkey; add one under Passkeys"))  # fmt: skip


def require_sound(row: WarningRow, content: Content, names: Names, now: datetime) -> None:
    """All that must be true when it is submitted and again when it is signed."""
    thing = _("warning {id}").format(id=row.id)
    if lacks := missing_items(content):
        raise BadValue(
            thing, _("empty: {items}").format(items=item_words(lacks)), _("fill them in, then send it again")
        )
    require_texts(content)
    if content.expires <= now:
        raise BadTime(thing, _("its period is over: until {time}").format(
            time=names.moment(content.expires, content.areas.paths)), _("set a later end"))  # fmt: skip
    if content.expires <= content.onset:
        raise BadTime(thing, _("it ends before it begins"), _("set the end after the beginning"))
    if content.expires - content.onset > LONGEST:
        raise BadTime(thing, _("it would last more than 31 days"), _("let it end sooner, and update it"))
    if content.kind is not Kind.ALERT:
        in_force(content.predecessor, now)
    require_first(content, row.event, now, row.id)
    require_shape(content.areas, names)
    require_authority(content.body, content.hazard, content.level, content.areas, names)


def require_kept(before: Content, after: Content) -> None:
    """A later message is about the same warning: an update keeps its hazard, a cancellation all but its words."""
    kept = _KEPT.get(before.kind, ())
    if any(getattr(before, name) != getattr(after, name) for name in kept):
        words = {
            Kind.UPDATE: _("an update keeps the hazard, and whether it is an exercise"),
            Kind.CANCEL: _("a cancellation keeps hazard, level, area, period and body"),
        }[before.kind]
        raise BadValue(_("this message"), words, _("put it back, and change the words only"))


def require_first(content: Content, event: str, now: datetime, own: str = "") -> None:
    """Of one event, hazard and body there is no second first message for an area that has one in force: it is updated."""
    if not event or content.kind is not Kind.ALERT:
        return
    rows = WarningRow.objects.filter(
        event__in=family(event), state=WarningState.ISSUED, expires_at__gt=now, hazard=content.hazard, body=content.body,
        exercise=content.exercise, areas__jurisdiction__in=content.areas.paths,
    )  # fmt: skip
    found = rows.exclude(kind=Kind.CANCEL).exclude(id=own).order_by("issued_at").first()
    if found is not None:
        raise Stale(_("warning {id}").format(id=found.id), _("it is in force for this event and area already"),
                    _("update it instead of beginning a second one"))  # fmt: skip
