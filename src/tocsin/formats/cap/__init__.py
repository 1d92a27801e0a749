"""CAP, the Common Alerting Protocol of OASIS: strict in what we write, tolerant in what we read, every defect recorded.

Pure: bytes and values in, values and bytes out; no clock, no network. The official schema and the project's corpus of real
messages are used in the tests and not shipped.
"""

from tocsin.formats.cap.atom import CAP_TYPE, FeedEntry, entry_id, entry_of, feed
from tocsin.formats.cap.check import check
from tocsin.formats.cap.finding import Finding, Grade
from tocsin.formats.cap.message import Alert, Area, Circle, Info, Pair, Reference, Resource, Ring
from tocsin.formats.cap.producer import Box, Producer
from tocsin.formats.cap.read import Reading, read
from tocsin.formats.cap.rules.table import RULES, Rule
from tocsin.formats.cap.times import strict_time, write_time
from tocsin.formats.cap.write import write

__all__ = [
    "CAP_TYPE", "RULES", "Alert", "Area", "Box", "Circle", "FeedEntry", "Finding", "Grade", "Info", "Pair", "Producer",
    "Reading", "Reference", "Resource", "Ring", "Rule", "check", "entry_id", "entry_of", "feed", "read", "strict_time",
    "write", "write_time",
]  # fmt: skip
