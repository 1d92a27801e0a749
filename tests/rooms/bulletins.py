"""Other authorities for tests: their messages, feeds and keys, in the words of the glossary."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.unit.cap.conftest import corpus_folder
from tocsin.formats.cap import sign
from tocsin.formats.cap.new_key import new_pair
from tocsin.loop.observe.bulletins import services
from tocsin.loop.observe.bulletins.feed import Feed, PinnedCertificate, Sender, Speaks
from tocsin.loop.observe.bulletins.models import BulletinRow
from tocsin.loop.observe.bulletins.services import Came
from tocsin.records.org.actor import SYSTEM

__all__ = [
    "ELSEWHERE", "MET", "RING", "atom", "bulletin_of", "declare", "feed", "message", "met_key", "pinned",
    "recorded", "reference", "signed", "take",
]  # fmt: skip

MET, ELSEWHERE = "met@weather.example", "other@weather.example"
RING = "30.10,120.60 30.10,120.90 30.40,120.90 30.40,120.60 30.10,120.60"  # inside the east of the town
_numbers = itertools.count(1)


def message(
    identifier: str = "m-1", *, sent: datetime, sender: str = MET, kind: str = "Alert", status: str = "Actual",
    scope: str = "Public", cites: str = "", event: str = "Rainstorm", grading: tuple[str, str, str] | None = None,
    expires: datetime | str | None = "", headline: str = "Heavy rain expected", language: str = "en",
    area: str | None = f"<polygon>{RING}</polygon>", info: bool = True, more: str = "", office: str = "Met Office",
    note: str = "", description: str = "Rain of 100 mm in three hours.", instruction: str = "Keep away from rivers.",
) -> bytes:  # fmt: skip
    """A message as an authority writes it; ``expires`` "" is six hours after ``sent``, None leaves it out."""
    urgency, level, certainty = grading or ("Immediate", "Severe", "Observed")
    until = sent + timedelta(hours=6) if expires == "" else expires
    ends = f"<expires>{_time(until)}</expires>" if isinstance(until, datetime) else ""
    told = (
        f"<info><language>{language}</language><category>Met</category><event>{escape(event)}</event>"
        f"<urgency>{urgency}</urgency><severity>{level}</severity><certainty>{certainty}</certainty>{ends}"
        f"<senderName>{escape(office)}</senderName><headline>{escape(headline)}</headline>"
        f"<description>{escape(description)}</description><instruction>{escape(instruction)}</instruction>{more}"
        f"<area><areaDesc>East of the town</areaDesc>{area or ''}</area></info>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
        f"<identifier>{identifier}</identifier><sender>{sender}</sender><sent>{_time(sent)}</sent>"
        f"<status>{status}</status><msgType>{kind}</msgType><scope>{scope}</scope>"
        f"{'<note>' + escape(note) + '</note>' if note else ''}"
        f"{'<references>' + escape(cites) + '</references>' if cites else ''}{told if info else ''}</alert>"
    ).encode()


def recorded(name: str) -> bytes:
    """A file of the corpus of real messages, which is not shipped; skips where it is not."""
    root = corpus_folder()
    if root is None:
        pytest.skip("The corpus cap is not on this machine; set TOCSIN_DATA to the folder that holds it.")
    return (root / name).read_bytes()


def reference(identifier: str, sent: datetime, sender: str = MET) -> str:
    """How a later message cites one."""
    return f"{sender},{identifier},{_time(sent)}"


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")


@cache
def met_key() -> tuple[bytes, bytes]:
    """The met office's key and its certificate, PEM."""
    return new_pair("Met Office", days=7300, at=datetime(2020, 1, 1, tzinfo=UTC))


def feed(feed_id: str = "met", **other: Any) -> Feed:
    """A declaration: the met office speaks of rainstorms in the town."""
    given: dict[str, Any] = {
        "title": {"en": "Weather service", "zh-hans": "气象台"}, "address": "https://weather.example/feed.atom",
        "senders": (Sender(MET),), "speaks": (Speaks("rainstorm", ("Rainstorm",), ("simcity",)),),
    }  # fmt: skip
    return Feed(feed_id, **(given | other))


def pinned(sender: str = MET, delegates: tuple[str, ...] = ()) -> Sender:
    """A sender whose certificate is registered."""
    return Sender(sender, (PinnedCertificate(met_key()[1].decode()),), delegates)


def signed(document: bytes) -> bytes:
    """The document with the met office's signature."""
    key, certificate = met_key()
    return sign(document, load_pem_private_key(key, None), x509.load_pem_x509_certificate(certificate))  # type: ignore[arg-type]


def declare(*feeds: Feed, now: datetime) -> None:
    services.put_feeds(feeds, actor=SYSTEM, now=now)


def take(*documents: bytes, now: datetime, feed_id: str = "met") -> list[BulletinRow]:
    """Messages as if a poll had brought them together; their rows, None for what was not kept."""
    came = [Came(f"entry-{next(_numbers)}", "https://weather.example/m.xml", document) for document in documents]
    services.keep(feed_id, came, now=now)
    services.settle(now=now)
    return [
        BulletinRow.objects.filter(document=document).order_by("received_at", "id").first() for document in documents
    ]


def bulletin_of(identifier: str, sender: str = MET) -> BulletinRow:
    """The one that counts under a name."""
    return BulletinRow.objects.get(identifier=identifier, sender=sender, admitted=True)


def atom(*entries: tuple[str, str], updated: str = "2025-11-22T03:00:00Z", title: str = "Warnings") -> bytes:
    """A feed of (id, link) entries."""
    told = "".join(
        f"<entry><id>{name}</id><title>{name}</title><updated>{updated}</updated>"
        f'<link type="application/cap+xml" href="{escape(href)}"/></entry>'
        for name, href in entries
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"><id>urn:feed</id><title>{title}</title>'
        f"<updated>{updated}</updated>{told}</feed>"
    ).encode()
