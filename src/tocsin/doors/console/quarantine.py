"""The quarantine page: rows that were refused, each with the reason and the remedy."""

from __future__ import annotations

from collections import Counter

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tocsin.doors.access import acting
from tocsin.doors.console.feed_health import refusals
from tocsin.doors.console.frame import open_frame
from tocsin.doors.refused_words import code_word, in_words
from tocsin.records.org.roles import Act

__all__ = ["ROWS_AT_MOST", "quarantine"]

ROWS_AT_MOST = 200


@require_safe
@acting(Act.READ_SOURCES)
def quarantine(request: HttpRequest) -> HttpResponse:
    """The newest refused rows of the last 24 hours, and how many each rule refused."""
    frame = open_frame(request)
    table = refusals(frame.scope, frame.register, frame.now_us)
    rows = [
        row
        | {
            "received_us": int(row["received_at"].timestamp() * 1e6),
            "why": _said(row["rule"]),
            "do": _said(row["remedy"]),
            "word": code_word(row["code"]),
        }
        for row in table.slice(0, ROWS_AT_MOST).to_pylist()
    ]
    context = frame.context(request, "quarantine") | {
        "rows": rows,
        "rows_total": table.num_rows,
        "by_rule": [(n, _said(rule)) for rule, n in Counter(table["rule"].to_pylist()).most_common(10)],
    }
    return render(request, "console/quarantine.html", context)


def _said(english: str) -> dict[str, str]:
    """A reason with the language that it is in: the reader's, or English where nobody has translated it."""
    words, own = in_words(english)
    return {"words": words, "lang": "" if own else "en"}
