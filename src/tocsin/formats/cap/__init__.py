"""CAP, the Common Alerting Protocol of OASIS: strict in what we write, tolerant in what we read, every defect recorded.

Pure: bytes and values in, values and bytes out; no clock, no network. The official schema and the project's corpus of real
messages are used in the tests and not shipped.
"""

from tocsin.formats.cap.atom import CAP_TYPE, FeedEntry, entry_id, entry_of, feed
from tocsin.formats.cap.check import check
from tocsin.formats.cap.edxl import Distribution, read_edxl
from tocsin.formats.cap.feed_read import FeedReading, ReadEntry, read_feed
from tocsin.formats.cap.finding import Finding, Grade
from tocsin.formats.cap.gravity import gravity, is_for_the_public
from tocsin.formats.cap.lineage import Line, LineState, trace
from tocsin.formats.cap.message import Alert, Area, Circle, Info, Pair, Reference, Resource, Ring
from tocsin.formats.cap.period import ends_at, has_ended, starts_at
from tocsin.formats.cap.pin import Pin
from tocsin.formats.cap.producer import Box, Producer
from tocsin.formats.cap.read import Reading, read
from tocsin.formats.cap.recognise import recognise
from tocsin.formats.cap.rules.table import RULES, Rule
from tocsin.formats.cap.sign import sign
from tocsin.formats.cap.signature import Judgement, SignatureReport, Verdict, verify
from tocsin.formats.cap.simplify import simplify_outwards
from tocsin.formats.cap.target import holes, target_shape
from tocsin.formats.cap.times import strict_time, write_time
from tocsin.formats.cap.wis2 import WIS2_TOPIC, Wis2Notice, read_wis2, wis2_notice
from tocsin.formats.cap.write import write

__all__ = [
    "CAP_TYPE", "RULES", "WIS2_TOPIC", "Alert", "Area", "Box", "Circle", "Distribution", "FeedEntry", "FeedReading",
    "Finding", "Grade", "Info", "Judgement", "Line", "Pair", "Pin", "LineState", "Producer", "ReadEntry", "Reading",
    "Reference", "Resource", "Ring", "Rule", "SignatureReport", "Verdict", "Wis2Notice", "check", "ends_at", "entry_id",
    "entry_of", "feed", "gravity", "has_ended", "holes", "is_for_the_public", "read", "read_edxl", "read_feed",
    "read_wis2", "recognise", "sign", "simplify_outwards", "starts_at", "strict_time", "target_shape", "trace", "verify",
    "wis2_notice", "write", "write_time",
]  # fmt: skip
