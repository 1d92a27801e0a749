"""How grave an info is, for sorting: what is Unknown sorts with the highest, for nobody knows that it is harmless (R59)."""

from __future__ import annotations

from tocsin.formats.cap.codes import CERTAINTIES, SEVERITIES, URGENCIES
from tocsin.formats.cap.message import Alert, Info

__all__ = ["gravity", "is_for_the_public"]


def gravity(info: Info) -> tuple[int, int, int]:
    """Ranks of severity, urgency and certainty, the higher the graver; for comparing infos, not for showing."""
    return _rank(info.severity, SEVERITIES), _rank(info.urgency, URGENCIES), _rank(info.certainty, CERTAINTIES)


def is_for_the_public(alert: Alert) -> bool:
    """R57: only actual messages without a closed audience; Test, Exercise, System and Draft never."""
    return alert.status == "Actual" and alert.scope == "Public" and alert.msg_type in ("Alert", "Update", "Cancel")


def _rank(level: str, levels: tuple[str, ...]) -> int:
    highest = len(levels) - 2  # the last is Unknown
    return highest - levels.index(level) if level in levels[:-1] else highest
