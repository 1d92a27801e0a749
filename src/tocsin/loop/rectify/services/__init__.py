"""What the room does with findings. The case of each is moved by the kernel alone, which decides whether a move may be made;
here is what goes with it: tasks, mails, the room's facts. Nobody closes one alone: the one who recorded it, the one who
says it is fixed and the one who looks again are three different accounts at most steps."""

from __future__ import annotations

from tocsin.loop.rectify.services.archive import forget_archived, note_migrated
from tocsin.loop.rectify.services.asking import why_not_look
from tocsin.loop.rectify.services.deadlines import note_look_back_overdue, note_overdue, note_recheck_overdue, sweep
from tocsin.loop.rectify.services.look_backs import look_back
from tocsin.loop.rectify.services.looking import recheck, release
from tocsin.loop.rectify.services.orders import enter_plan, report_fixed, serve_order
from tocsin.loop.rectify.services.recording import record, withdraw
from tocsin.loop.rectify.services.rows import KIND, LOOK_BACK_KIND, RECHECK_KIND, RULE, WORDS_AT_MOST

__all__ = [
    "KIND", "LOOK_BACK_KIND", "RECHECK_KIND", "RULE", "WORDS_AT_MOST", "enter_plan", "forget_archived", "look_back",
    "note_look_back_overdue", "note_migrated", "note_overdue", "note_recheck_overdue", "recheck", "record", "release",
    "report_fixed", "serve_order", "sweep",
    "why_not_look", "withdraw",
]  # fmt: skip
