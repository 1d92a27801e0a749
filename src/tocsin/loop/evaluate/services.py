"""The only writer of evaluate: keeps what was computed, with the root that it was computed at."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.loop.evaluate.compute import Figure, Period, compute
from tocsin.loop.evaluate.definitions import definitions_digest, indicators
from tocsin.loop.evaluate.facts import IndicatorsComputed
from tocsin.loop.evaluate.models import Computation, IndicatorResult
from tocsin.loop.evaluate.queries import lines_of
from tocsin.records.ledger import queries as ledger_queries
from tocsin.records.ledger import services as ledger
from tocsin.records.ledger.canonical import digest
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.records.outbox import services as outbox
from tocsin.terms.errors import Stale
from tocsin.terms.moment import to_us

__all__ = ["CHAIN", "cases_digest", "compute_indicators"]

CHAIN = "evaluation"


def compute_indicators(period: Period, jurisdiction: str = "", *, actor: Actor, now: datetime) -> int:
    """Seal the ledger, compute every indicator of a jurisdiction over what the newest root covers, and keep the figures; the
    computation's id. Where nothing was written since, the kept computation is given again. Raises NotAllowed, and Stale
    where the ledger is empty."""
    actor.require(Act.READ_EVALUATION, jurisdiction)
    with transaction.atomic():
        ledger.seal(now=now)
        newest = ledger_queries.roots(at_most=1)
        if not newest:
            raise Stale(_("evaluation"), _("the ledger is empty"), _("come again when something has happened"))
        known = {"root_number": newest[0].number, "jurisdiction": jurisdiction, "since_us": period.since_us or 0,
                 "until_us": period.until_us or 0, "definitions": definitions_digest()}  # fmt: skip
        row = Computation.objects.filter(**known).first()
        if row is not None:
            return row.pk
        row = Computation.objects.create(
            **known, root_hash=newest[0].hash, as_of=newest[0].at, computed_at=now, computed_by=actor.name
        )
        lines = lines_of(jurisdiction, sealed_by=newest[0].number)
        figures = [compute(indicator, lines, period, newest[0].at) for indicator in indicators()]
        IndicatorResult.objects.bulk_create([_result(row, figure) for figure in figures])
        body = {"computation": row.pk, "root": row.root_number, "jurisdiction": jurisdiction, "since_us": row.since_us,
                "until_us": row.until_us, "definitions": row.definitions,
                "results": digest({figure.id: cases_digest(figure) for figure in figures})}  # fmt: skip
        ledger.append(CHAIN, "indicators_computed", body, actor=actor.name, now=now)
        outbox.put([IndicatorsComputed(row.pk, row.root_number, jurisdiction, to_us(now))], now=now)
    return row.pk


def cases_digest(figure: Figure) -> str:
    """SHA-256 over every case of a figure with its ledger entries: two computations that agree in it agree in all."""
    return digest({"cases": [asdict(case) for case in figure.cases]})


def _result(row: Computation, figure: Figure) -> IndicatorResult:
    return IndicatorResult(
        computation=row, indicator=figure.id, n=figure.n, hits=figure.hits, share=figure.share, low=figure.low,
        high=figure.high, median_us=figure.median_us, p90_us=figure.p90_us, waiting=figure.waiting,
        cases=len(figure.cases), cases_digest=cases_digest(figure),
    )  # fmt: skip
