"""Paths of review, ledger and evaluation, under the console."""

from __future__ import annotations

from django.urls import path

from tocsin.doors.console.counts_page import counts_csv, counts_page
from tocsin.doors.console.evaluation_page import evaluation, evaluation_csv, indicator_page, keep
from tocsin.doors.console.ledger_page import ledger_page, ledger_root, ledger_roots, ledger_signed
from tocsin.doors.console.papers import review_paper
from tocsin.doors.console.review_page import close_event, review_page

__all__ = ["patterns"]

patterns = [
    path("events/<str:event_id>/review", review_page, name="review"),
    path("events/<str:event_id>/review.<str:form>", review_paper, name="review_paper"),
    path("events/<str:event_id>/close", close_event, name="close_event"),
    path("ledger", ledger_page, name="ledger"),
    path("ledger/root", ledger_root, name="ledger_root"),
    path("ledger/root.p7m", ledger_signed, name="ledger_signed"),
    path("ledger/roots", ledger_roots, name="ledger_roots"),
    path("evaluation", evaluation, name="evaluation"),
    path("evaluation.csv", evaluation_csv, name="evaluation_csv"),
    path("counts", counts_page, name="counts"),
    path("counts.csv", counts_csv, name="counts_csv"),
    path("evaluation/keep", keep, name="keep_evaluation"),
    path("evaluation/<str:indicator>", indicator_page, name="indicator"),
]
