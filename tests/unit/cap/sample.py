"""A warning that breaks no rule, in two languages, as values and as bytes; every other test bends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from tocsin.formats.cap import Alert, Area, Box, Info, Pair, Producer, write

CST = timezone(timedelta(hours=8))
SENT = datetime(2025, 7, 20, 14, 35, tzinfo=CST)
RING = ((39.8, 116.2), (39.8, 116.6), (40.1, 116.6), (40.1, 116.2), (39.8, 116.2))
PRODUCER = Producer(
    oid="2.49.0.1.156", box=Box(39.4, 115.4, 41.1, 117.5), languages=("zh-CN", "en"),
    offices=frozenset({"东市气象台", "Dongshi Meteorological Observatory"}), short_lived=frozenset({"OET-193"}),
)  # fmt: skip


def area(**changed: Any) -> Area:
    """One district, as polygon and as code."""
    return replace(Area("东市", (RING,), (), (Pair("CPEAS", "110105"),)), **changed)


def english(**changed: Any) -> Info:
    """The warning in English."""
    made = Info(
        "en-US", ("Met",), "Rainstorm", "Immediate", "Severe", "Likely", response_types=("Shelter",),
        event_codes=(Pair("OET:v1.2", "OET-147"), Pair("GB", "11B03")), effective=SENT, onset=SENT + timedelta(minutes=30),
        expires=SENT + timedelta(hours=6), sender_name="Dongshi Meteorological Observatory",
        headline="Orange rainstorm warning for Dongshi", description="More than 50 mm of rain is expected within three hours.",
        instruction="Keep away from underpasses.", web="https://warnings.dongshi.example/1", contact="+86 10 1234",
        parameters=(Pair("colour", "orange"),), areas=(area(area_desc="Dongshi"),),
    )  # fmt: skip
    return replace(made, **changed)


def chinese(**changed: Any) -> Info:
    """The same in Chinese."""
    made = english(
        language="zh-CN", event="暴雨", sender_name="东市气象台", headline="东市暴雨橙色预警",
        description="预计未来三小时降雨量将达五十毫米以上。", instruction="请远离下凹式立交桥。", areas=(area(),),
    )  # fmt: skip
    return replace(made, **changed)


def alert(**changed: Any) -> Alert:
    """The warning with some fields changed."""
    made = Alert(
        "urn:oid:2.49.0.1.156.0.2025.7.20.14.35.0", "cap@dongshi.example", SENT, "Actual", "Alert", "Public",
        infos=(chinese(), english()),
    )  # fmt: skip
    return replace(made, **changed)


def with_info(**changed: Any) -> Alert:
    """The warning with both infos changed in the same way."""
    return alert(infos=(chinese(**changed), english(**changed)))


def with_area(**changed: Any) -> Alert:
    """The warning with the area of both infos changed in the same way."""
    return with_info(areas=(area(**changed),))


def text() -> str:
    """The warning as text of XML."""
    return write(alert()).decode()
