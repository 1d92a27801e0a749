"""Stable codes of faults: what programs compare, where people read the sentence. The sentence may be worded better any day; its
code stays. A test writes one example of each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tocsin.packkit.fault import Fault

__all__ = ["CODES", "code_of"]

# code: what it is about.
CODES: Mapping[str, str] = {
    "limit": "larger, longer, deeper or more than a stated limit",
    "toml": "no TOML, or no text",
    "file": "a file is missing, or is none of a pack",
    "unit": "a unit is unknown, missing, or of another kind",
    "duration": "no duration, or an impossible one",
    "function": "no such function",
    "stage": "no such stage of a stream",
    "property": "no such property",
    "table": "no such index table",
    "name": "no such name in the rule language",
    "level": "no such level, or none that can be seen",
    "hazard": "no such hazard",
    "ladder": "a higher level does not imply a lower one",
    "hold": "a hold that is none, or that can never be met",
    "clear": "a clear condition under which nothing could stay raised",
    "syntax": "the grammar expects something else here",
    "kind": "a number where a condition must stand, or the reverse",
    "arguments": "a function takes other parts",
    "place": "it may not stand here, or not beside that",
    "key": "a key that is not known",
    "missing": "a key that must be there",
    "type": "a value of another type",
    "expression": "anything else about a condition",
    "declaration": "anything else about a rule or a pack",
}
# The first whose pattern is found in the sentence counts.
_PATTERNS: tuple[tuple[str, str], ...] = (
    ("limit", r"at most \d+ (characters|operators|deep)|nested more than|has more than|larger than|"
              r"64 bits"),
    ("toml", r"^not TOML|not UTF-8|invisible character|must be written as \[\["),
    ("file", r"\.(toml|csv|md) is missing|is no file of a pack"),
    ("hold", r"is no hold|a hold (is|takes)|can never be raised|no number of observations can be waited|never held back|"
             r"not a number of observations|a silence is judged when"),
    ("duration", r"is no duration|duration (is|must|may)|longer than the window|looks back over|is shorter than"),
    ("unit", r"has no unit|not a unit we know|do not share one unit|cannot be added up|is multiplied by|is divided by|"
             r" is in \S+ \(|measure different"),
    ("function", r"no function "),
    ("stage", r"no stage "),
    ("table", r"no index table "),
    ("property", r"no property "),
    ("hazard", r"no hazard "),
    ("name", r"is not a name of the language|needs parentheses"),
    ("ladder", r"ladder not monotone|not decidable from the texts"),
    ("level", r"has no level|can never be seen|flag stands alone|at least one level"),
    ("clear", r"clear holds whenever|exclude each other"),
    ("kind", r"is a (number|condition), not a|is a condition, not|fixed numbers? (is|are)|two fixed numbers"),
    ("arguments", r"\(\.\.\.\) (takes|compares)|the second part of|the share of a quantile|division by zero|"
                  r"minus sign|does not exist"),
    ("place", r"stands? (beside|only)|cannot stand inside|do not nest|looks at an? |looks at one|two different"),
    ("syntax", r"has no place here|ends too early|cannot be read|condition is empty"),
    ("key", r"unknown key"),
    ("missing", r" is missing$|is empty$|has no text in|selects its streams by"),
    ("type", r" must (be|hold)|is written as text|must be an?|holds one text|is a share between"),
)  # fmt: skip
_COMPILED = tuple((code, re.compile(pattern)) for code, pattern in _PATTERNS)
_IN_TEXT = re.compile(r"^(level\.\w+|clear|hold(\.\w+)?|clear_after): ")


def code_of(fault: Fault) -> str:
    """The code of a fault."""
    for code, pattern in _COMPILED:
        if pattern.search(fault.what):
            return code
    return "expression" if _IN_TEXT.match(fault.what) else "declaration"
