"""A reconstruction as ``tocsin duties reconstruct`` tells it: as JSON with every entry, and in words with what was not done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tocsin.loop.review.owed import Owed
    from tocsin.loop.review.reconstructing import Found
    from tocsin.loop.review.story import Told

__all__ = ["reconstruction_document", "reconstruction_words"]


def reconstruction_document(found: Found) -> dict[str, Any]:
    """All of it; every line names its entry by chain, number and hash."""
    told = found.told
    return {
        "case": found.case.number, "kind": found.case.kind.name, "facility": told.place.facility, "area": told.place.area,
        "at": told.at.isoformat(), "whole": not found.breaches, "cut": found.cut,
        "breaches": [{"subject": one.subject, "entry": one.number, "kind": one.kind} for one in found.breaches],
        "duties": [
            {"line": one.line, "facility": one.facility, "matter": one.matter, "area": one.jurisdiction,
             "department": one.department, "post": one.post, "keeps": one.keeps, "from": one.from_at.isoformat(),
             "decides": one.decides, "entered_afterwards": one.afterwards, **_entry(one.told)} for one in told.duties
        ],
        "gaps": [_owed(found, one) for one in told.gaps],
        "owed": [_owed(found, one) for one in told.owed],
        "lines": [{"part": line.part, "of": _of(found, line.told.subject), **_entry(line.told), "body": dict(line.told.body),
                   "answers": dict(line.answers) if line.answers is not None else None} for line in told.lines],
    }  # fmt: skip


def reconstruction_words(found: Found) -> str:
    """Whose it was, and what was due and was not done in time."""
    told = found.told
    first = next((one for one in told.duties if one.decides), None)
    whose = (
        f"{first.department}{f', post {first.post}' if first.post else ''}" if first else "nobody's by any duty list"
    )
    said = [f"{found.case.number} at {told.at:%Y-%m-%d %H:%M} (UTC)", f"whose it was: {whose}",
            f"{len(told.lines)} entries, {len(told.owed)} things due, {len(told.gaps)} not done in time"]  # fmt: skip
    for one in told.gaps:
        clause = _clause(found, one)
        said.append(f"  {one.what} {one.code} of {_of(found, one.subject)}, due {one.due_at:%Y-%m-%d %H:%M}: "
                    f"{one.fate(told.at)}{f' ({clause})' if clause else ''}; in the hands of {one.post or '-'}; "
                    f"entry {one.told.number} of {one.told.subject}")  # fmt: skip
    said += [f"NOT AS WRITTEN: {one.subject} {one.number} {one.kind}" for one in found.breaches]
    return "\n".join(said)


def _owed(found: Found, one: Owed) -> dict[str, Any]:
    return {
        "what": one.what, "code": one.code, "of": _of(found, one.subject), "clause": _clause(found, one), "post": one.post,
        "due": one.due_at.isoformat(), "fate": one.fate(found.told.at), **_entry(one.told),
        "ended": _entry(one.ended) if one.ended else None,
    }  # fmt: skip


def _entry(told: Told) -> dict[str, Any]:
    return {"subject": told.subject, "entry": told.number, "order": told.order, "hash": told.hash,
            "written": told.at.isoformat(), "verb": told.verb, "by": told.actor.partition("/")[0]}  # fmt: skip # the post


def _of(found: Found, subject: str) -> str:
    return found.cases[subject].number if subject in found.cases else found.risks.get(subject, subject)


def _clause(found: Found, one: Owed) -> str:
    case = found.cases.get(one.subject)
    spec = case.kind.clocks.get(one.code) if case is not None and one.what == "clock" else None
    return spec.clause if spec else ""
