"""The law library: what the packs in use hold people to, by which clause, and whether somebody has read the source."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from tocsin.doors.access import acting
from tocsin.doors.console.frame import open_frame
from tocsin.packkit.library import laws
from tocsin.records.one_moment import one_moment
from tocsin.records.org.roles import Act
from tocsin.records.packs import every_pack
from tocsin.terms.moment import from_us

__all__ = ["laws_page"]

KINDS: dict[str, Promise] = {
    "rule": _("Rule"), "index": _("Index"), "clock": _("Statutory clock"), "verification": _("Verification"),
    "mapping": _("Response level"), "action": _("First action"), "report": _("Report"), "hazard": _("Hazard"),
    "cascade": _("Cascade"), "warning": _("Warning"), "case": _("Kind of case"), "seal": _("Kept under seal"),
    "matrix": _("Risk matrix"), "inspection": _("Plan of inspections"),
    "checklist": _("Checklist"), "grade": _("Grades of cases"),
}  # fmt: skip
READERS = (Act.READ_EVENTS, Act.READ_CASES, Act.READ_FINDINGS)


@require_safe
@acting(*READERS)
@one_moment()
def laws_page(request: HttpRequest) -> HttpResponse:
    """Everything, or one pack, one kind, or only what nobody has read."""
    frame = open_frame(request)
    today: date = from_us(frame.now_us).astimezone(frame.zone).date()
    packs, kind = every_pack(), request.GET.get("kind", "")
    wanted, unread = request.GET.get("pack", ""), request.GET.get("source") == "unread"
    chosen = [pack for pack in packs if wanted in ("", pack.name)]
    lines, shown = laws(chosen), laws(chosen, kind=kind, unread=unread)
    language = frame.language
    context = frame.context(request, "laws", "loop.css", "staff.css") | {
        "lines": [
            (line, KINDS[line.kind], line.title.get(language, ""), line.says.get(language, ""), line.in_force(today))
            for line in shown
        ],
        "kinds": list(KINDS.items()), "kind": kind, "unread": unread, "wanted": wanted,
        "packs": [(pack.name, pack.title.get(language) or pack.name) for pack in packs],
        "n": len(shown), "n_unread": sum(not line.verified for line in lines), "n_all": len(lines),
    }  # fmt: skip
    return render(request, "console/laws.html", context)
