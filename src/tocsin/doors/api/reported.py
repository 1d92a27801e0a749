"""Reports and bulletins: counts of what people reported, and other authorities' warnings, into the log.

A source sends them with its own token. What is durable is answered with its place in the log; refused is refused whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Schema

from tocsin.doors.api.caller import caller_of
from tocsin.doors.intake.socket.client import EngineClient
from tocsin.formats.bulletins import bulletin_body, read_bulletin_body
from tocsin.formats.reports import offered, read_reports, reports_body
from tocsin.records import clock
from tocsin.records.packs import packs_in_use
from tocsin.terms.errors import NotAllowed

__all__ = ["router"]

router = Router(tags=["observe"])


class ReportsTaken(Schema):
    """``withheld``: rows of sealed categories that are too few to be offered; they are nowhere in the log."""

    seq: int | None
    accepted: int
    withheld: int


class BulletinTaken(Schema):
    """Where the log holds it."""

    seq: int


@cache
def _engine() -> EngineClient:
    return EngineClient(settings.HOME.engine_socket)


@router.post(
    "/reports", response=ReportsTaken, summary="Counts of reports by category, cell and five minutes (a source)"
)
def post_reports(request: HttpRequest) -> ReportsTaken:
    """Body: ``{"reports": [{"category", "cell", "bucket", "count"}]}``; categories are those that the packs in use declare."""
    source = _source(request)
    categories = _categories()
    reports = read_reports(request.body, categories, now_us=clock.now_us())
    taken = offered(reports, categories)
    seq = _engine().reports(reports_body(source, taken), source=source) if taken else None
    return ReportsTaken(seq=seq, accepted=len(taken), withheld=len(reports) - len(taken))


@router.post("/bulletins", response=BulletinTaken, summary="Another authority's warning, unchanged (a source)")
def post_bulletin(request: HttpRequest) -> BulletinTaken:
    """Body: ``{"id", "issuer", "hazard", "rank", "sent", "from", "until"}`` and ``jurisdictions``, ``cells`` or ``circle``. The
    same ``id`` sent later replaces it."""
    source = _source(request)
    bulletin = read_bulletin_body(request.body)
    return BulletinTaken(seq=_engine().bulletin(bulletin_body(bulletin), source=source))


def _source(request: HttpRequest) -> str:
    caller = caller_of(request)
    if caller.source is None:
        raise NotAllowed("token", "only a source sends reports and bulletins", "use the token of `tocsin source token`")
    return caller.source


def _categories() -> Mapping[str, bool]:
    """The closed list, by name whether it is sealed; sealed where one pack says so."""
    out: dict[str, bool] = {}
    for pack in packs_in_use():
        for name, known in pack.reports.items():
            out[name] = out.get(name, False) or known.sealed
    return out
