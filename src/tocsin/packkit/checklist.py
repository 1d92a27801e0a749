"""What a checklist is: items gone through one by one when a case makes a move, each with the finding that it leads to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tocsin.packkit.forms import Question

__all__ = ["ITEM_ANSWERS", "MET", "MOST_ITEMS", "NOT_MET", "NOTE", "Checklist", "Checklists", "Item"]

MET, NOT_MET, NOT_APPLICABLE = "met", "not_met", "not_applicable"
ITEM_ANSWERS: Mapping[str, Mapping[str, str]] = {
    MET: {"en": "Met", "zh-hans": "符合"},
    NOT_MET: {"en": "Not met", "zh-hans": "不符合"},
    NOT_APPLICABLE: {"en": "Does not apply", "zh-hans": "不适用"},
}
NOTE = "_note"  # ends the name of the question that takes an item's note
MOST_ITEMS = 25  # a list; nobody goes through more with care
NOTE_AT_MOST = 400


@dataclass(frozen=True, slots=True)
class Item:
    """One item. ``asks``: what must hold; ``finding``: what is wrong where it does not, of which ``grade``; ``picture``: where
    it does not hold a photograph is needed. ``source`` and ``verified``: on what it stands, and whether somebody read that."""

    code: str
    asks: Mapping[str, str]
    finding: Mapping[str, str]
    grade: str
    picture: bool
    source: str
    verified: bool

    @property
    def questions(self) -> tuple[Question, Question]:
        """What a form asks of it: the answer, and a note."""
        titled = {"en": f"Note: {self.asks.get('en', '')}", "zh-hans": f"备注：{self.asks.get('zh-hans', '')}"}
        return (
            _question(self.code, "choice", self.asks, {"enum": list(ITEM_ANSWERS)}, ITEM_ANSWERS, required=True),
            _question(self.code + NOTE, "text", titled, {"type": "string", "maxLength": NOTE_AT_MOST}, {}, required=False),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checklist:
    """The items of one choice, in order."""

    code: str
    title: Mapping[str, str]
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Checklists:
    """The checklists of a kind of case. The ``move`` asks the list of the choice that the question ``by`` was answered with,
    and its own question ``result``, which says ``in_order`` or ``findings``. An item that is not met opens a case of the kind
    ``finding``, whose questions ``grade`` and ``what`` are answered by the item."""

    move: str
    by: str
    result: str
    in_order: str
    findings: str
    finding: str
    grade: str
    what: str
    lists: Mapping[str, Checklist] = field(default_factory=dict)


def _question(
    name: str, kind: str, title: Mapping[str, str], schema: Mapping[str, object],
    words: Mapping[str, Mapping[str, str]], *, required: bool,
) -> Question:  # fmt: skip
    """A question that is asked each time the list is gone through."""
    return Question(name, kind, title, {}, words, required, True, False, False, False, False, schema)
