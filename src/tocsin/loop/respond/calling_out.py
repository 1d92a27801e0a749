"""Calling out for what is no warning of our own, where the plan declares it: an order to respond, another authority's bulletin.
Handlers of responses and bulletins; warnings call out by ``loop.warn.calling``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tocsin.loop.detect import queries as detect
from tocsin.loop.observe.bulletins import queries as bulletins
from tocsin.loop.observe.bulletins.facts import BulletinEnded, BulletinReceived
from tocsin.loop.respond import playbooks
from tocsin.loop.respond.facts import ResponseChanged, ResponseEnded, ResponseOpened
from tocsin.loop.warn.calling import villages
from tocsin.loop.warn.content import Areas
from tocsin.loop.warn.names import Names
from tocsin.records.callout import services as callout
from tocsin.records.callout.cause import Cause, Spoken
from tocsin.records.org.actor import service
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.errors import UnknownName
from tocsin.terms.moment import from_us
from tocsin.terms.response_level import response_level

__all__ = ["on_bulletin_ended", "on_bulletin_received", "on_response_ended", "on_response_opened"]

RULE = service("rule:callout")
RESPONSE, BULLETIN = "response", "bulletin"
_OVER = ("cancelled", "gone")  # what was replaced goes on with its successor


def on_response_opened(told: Sequence[ResponseOpened | ResponseChanged], now: datetime) -> None:
    """A commander ordered a response of a level that the plan names, or raised one to it: the villages of the event's area are
    called, once."""
    plan = callout.plan_in_force().callout
    for fact in told:
        if RESPONSE not in plan.causes or fact.level < plan.least_response:
            continue
        event, names = detect.event(EVERYWHERE, fact.event).event, Names.read()
        cause = Cause(
            RESPONSE, fact.incident, fact.incident, fact.event, fact.hazard, max(1, event.level), fact.exercise,
            from_us(fact.at_us), None, _ordered(fact, names), f"/events/{fact.event}/response/",
        )  # fmt: skip
        callout.start_callout(cause, villages(Areas((fact.jurisdiction,)), names), actor=RULE, now=now)


def on_response_ended(told: Sequence[ResponseEnded], now: datetime) -> None:
    """It is over, and so is its call-out."""
    for fact in told:
        words = {"en": "The response is over.", "zh-hans": "应急响应已终止。"}
        texts = {language: Spoken(said, said, said) for language, said in words.items()}
        callout.stop_callout(RESPONSE, fact.incident, texts, actor=RULE, now=now)


def on_bulletin_received(told: Sequence[BulletinReceived], now: datetime) -> None:
    """Another authority warns in earnest of our area: its own words are read to the villages."""
    if BULLETIN not in callout.plan_in_force().callout.causes:
        return
    for fact in told:
        line = bulletins.bulletin(EVERYWHERE, fact.bulletin)
        if line.status != "Actual" or not line.holds(now) or not line.areas:
            continue
        cause = Cause(
            BULLETIN, line.id, line.thread, line.thread or line.id, next(iter(fact.hazards), ""), fact.level, False, now,
            line.until, _quoted(line), f"/console/bulletins/{line.id}",
        )  # fmt: skip
        callout.start_callout(cause, villages(Areas(tuple(line.areas)), Names.read()), actor=RULE, now=now)


def on_bulletin_ended(told: Sequence[BulletinEnded], now: datetime) -> None:
    """It was cancelled or left its feed: nobody is called for it any more."""
    for fact in told:
        if fact.state not in _OVER:
            continue
        try:
            line = bulletins.bulletin(EVERYWHERE, fact.bulletin)
        except UnknownName:
            continue
        callout.stop_callout(BULLETIN, line.thread, _taken_back(line), actor=RULE, now=now)


_ORDERED = {
    "en": (
        "{level} for {what}, {place}",
        "It was ordered at {at}. Man your posts, act by your village's plan and stay within reach.",
    ),
    "zh-hans": ("{place}{what}：{level}", "已于{at}下令启动。请到岗到位，按本村预案行动，保持通信畅通。"),
}


def _ordered(fact: ResponseOpened | ResponseChanged, names: Names) -> dict[str, Spoken]:
    """What, where, since when, and what a village does now."""
    texts = {}
    for language, (subject, then) in _ORDERED.items():
        said = subject.format(
            level=response_level(fact.level).word(language), what=playbooks.hazard_title(fact.hazard, language),
            place=names.area(fact.jurisdiction, language),
        )  # fmt: skip
        at = then.format(at=names.moment(from_us(fact.at_us), (fact.jurisdiction,), language))
        stop = "。" if language == "zh-hans" else ". "
        texts[language] = Spoken(said, f"{said}{stop}{at}", said)
    return texts


def _quoted(line: bulletins.BulletinLine) -> dict[str, Spoken]:
    """What the other authority says, in its own words, by our languages where it speaks them."""
    texts: dict[str, Spoken] = {}
    for language, words in line.texts.items():
        ours = "zh-hans" if language.lower().startswith("zh") else "en"
        headline = words.get("headline") or words.get("event") or line.identifier
        said = " ".join(part for part in (headline, words.get("instruction", "")) if part)
        texts.setdefault(ours, Spoken(headline[:300], said[:2000], headline[:300]))
    return texts or {"en": Spoken(line.identifier, line.identifier, line.identifier)}


def _taken_back(line: bulletins.BulletinLine) -> dict[str, Spoken]:
    texts = {}
    for language, mark in (("en", "Over: "), ("zh-hans", "已解除：")):
        quoted = _quoted(line)
        said = mark + (quoted.get(language) or next(iter(quoted.values()))).subject
        texts[language] = Spoken(said, said, said)
    return texts
