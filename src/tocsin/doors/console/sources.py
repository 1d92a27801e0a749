"""The sources page: every stream with its standing and its tallies. Normal, raised and no data are three displays."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tocsin.doors.access import acting
from tocsin.doors.console.bulletin_words import trouble_word
from tocsin.doors.console.feed_health import heard_streams, refusals
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.loop.detect import queries as detect
from tocsin.loop.observe import queries as observe
from tocsin.loop.observe.bulletins import queries as bulletins
from tocsin.loop.observe.bulletins.queries import EntryFault
from tocsin.loop.observe.tallies import Tallies, read_tallies
from tocsin.packkit.speak import unit_words
from tocsin.records.one_moment import one_moment
from tocsin.records.org.roles import Act
from tocsin.terms.level import Standing
from tocsin.terms.moment import from_us, to_us
from tocsin.terms.stream import Stream

__all__ = ["STREAMS_A_PAGE", "FeedOnPage", "sources"]

STREAMS_A_PAGE = 100
_ORDER = {Standing.NO_DATA: 0, Standing.RAISED: 1, Standing.NORMAL: 2}


@dataclass(frozen=True, slots=True)
class StreamOnPage:
    """``level`` counts where the standing is raised, or was when the stream fell silent. Tallies None: not counted yet."""

    id: str
    place: str
    property: str
    unit: str
    source: str
    standing: Standing
    level: int
    newest_us: int | None
    accepted: int | None
    late: int | None
    duplicate: int | None
    missing: int | None
    refused: int
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FeedOnPage:
    """Another authority's feed: what is wrong with it ("" nothing), when it was heard and asked, how many messages came in
    a day, and the entries that could not be taken."""

    id: str
    title: str
    address: str
    trouble: str
    error: str
    heard_us: int | None
    asked_us: int | None
    messages: int
    faults: list[EntryFault]
    must_be_signed: bool
    relayed: bool


@require_safe
@acting(Act.READ_SOURCES)
@one_moment()
def sources(request: HttpRequest) -> HttpResponse:
    """Streams by page, of one source or of all: those without data first, then raised, then normal."""
    frame = open_frame(request)
    source = request.GET.get("source") or None
    streams = sorted(_lines(frame, observe.streams(frame.scope, source=source)), key=lambda line: _ORDER[line.standing])
    text = request.GET.get("start", "0")
    start = int(text) if text.isdigit() and len(text) < 10 and int(text) < len(streams) else 0
    shown = streams[start : start + STREAMS_A_PAGE]
    context = frame.context(request, "sources") | {
        "sources": observe.sources(frame.scope),
        "feeds": _feeds(frame),
        "chosen": source,
        "streams": shown,
        "streams_total": len(streams),
        "first_row": start + 1,
        "last_row": start + len(shown),
        "next_start": start + STREAMS_A_PAGE if start + STREAMS_A_PAGE < len(streams) else None,
        "previous_start": max(0, start - STREAMS_A_PAGE) if start else None,
    }
    return render(request, "console/sources.html", context)


def _feeds(frame: Frame) -> list[FeedOnPage]:
    """Other authorities' feeds, those in trouble first."""
    lines = [
        FeedOnPage(
            line.feed.id, line.feed.title.get(frame.language) or line.feed.title.get("en") or line.feed.id,
            line.feed.address, trouble_word(line.trouble or ("failing" if line.failing_since else "")), line.error,
            to_us(line.heard_at) if line.heard_at else None, to_us(line.asked_at) if line.asked_at else None,
            line.bulletins, bulletins.faults_of(frame.scope, line.feed.id, at_most=20) if line.faults else [],
            line.feed.signature == "require", line.feed.relay,
        )
        for line in bulletins.feeds(frame.scope, now=from_us(frame.now_us))
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (not line.trouble, line.title))


def _lines(frame: Frame, streams: list[Stream]) -> list[StreamOnPage]:
    tallies = read_tallies(settings.HOME.run)
    heard = heard_streams(frame.register, tallies)
    silent = observe.silent_streams(frame.scope)
    refused = Counter(refusals(frame.scope, frame.register, frame.now_us)["stream"].to_pylist())
    levels, flags = _raised(frame)
    lines = []
    for stream in streams:
        level = levels.get(stream.id, 0)
        known = stream.id in heard and stream.id not in silent
        standing = Standing.NO_DATA if not known else Standing.RAISED if level else Standing.NORMAL
        index = frame.register.catalogue.index(stream.id)
        lines.append(
            StreamOnPage(
                id=stream.id, place=frame.register.place(stream.feature),
                property=frame.words.measured(stream.property, frame.language),
                unit=unit_words(stream.unit, frame.language), source=stream.source, standing=standing, level=level,
                **_counted(tallies, index), refused=refused[stream.id] + refused[str(index)],
                flags=tuple(flags.get(stream.id, ())),
            )
        )  # fmt: skip
    return lines


def _raised(frame: Frame) -> tuple[dict[str, int], dict[str, list[str]]]:
    """Highest rank by stream, and the titles of the data-quality signals that hold."""
    levels: dict[str, int] = {}
    flags: dict[str, list[str]] = {}
    for signal in detect.open_signals(frame.scope):
        if signal.subject.kind != "stream":
            continue
        if signal.quality:
            flags.setdefault(signal.subject.key, []).append(frame.words.rule(signal.rule, frame.language))
        else:
            levels[signal.subject.key] = max(signal.level, levels.get(signal.subject.key, 0))
    return levels, flags


def _counted(tallies: Tallies | None, index: int) -> dict[str, int | None]:
    if tallies is None or index >= len(tallies.accepted):
        return dict.fromkeys(("newest_us", "accepted", "late", "duplicate", "missing"))
    counted = {name: int(getattr(tallies, name)[index]) for name in ("accepted", "late", "duplicate", "missing")}
    return counted | {"newest_us": tallies.newest_of(index)}
