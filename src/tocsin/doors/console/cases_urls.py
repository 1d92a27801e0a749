"""Paths of cases."""

from __future__ import annotations

from django.urls import path

from tocsin.doors.console import case_papers, cases_drafts, cases_files
from tocsin.doors.console import cases_acts as acts
from tocsin.doors.console import cases_pages as pages
from tocsin.doors.console.cases_new import new
from tocsin.doors.console.reconstruction_page import reconstruction_page

app_name = "cases"
urlpatterns = [
    path("cases/", pages.cases, name="cases"),
    path("cases/new/<str:pack>/<str:code>", new, name="new"),
    path("cases/<str:case_id>/", pages.case, name="case"),
    path("cases/<str:case_id>/reconstruction", reconstruction_page, name="reconstruction"),
    path("cases/<str:case_id>/move/<str:code>", acts.move, name="move"),
    path("cases/<str:case_id>/hand", acts.hand, name="hand"),
    path("cases/<str:case_id>/helpers", acts.ask, name="ask"),
    path("cases/<str:case_id>/helpers/<int:number>", acts.leg, name="leg"),
    path("cases/<str:case_id>/clocks/<int:number>", acts.time, name="time"),
    path("cases/<str:case_id>/merge", acts.merge, name="merge"),
    path("cases/<str:case_id>/split", acts.split, name="split"),
    path("cases/<str:case_id>/message", acts.message, name="message"),
    path("cases/<str:case_id>/appeal", acts.appeal, name="appeal"),
    path("cases/<str:case_id>/seal", acts.seal, name="seal"),
    path("cases/drafts/<int:number>/discard", cases_drafts.discard, name="discard"),
    path("cases/<str:case_id>/papers/<str:name>.<str:form>", case_papers.paper, name="paper"),
    path("cases/<str:case_id>/files", cases_files.add, name="files"),
    path("cases/<str:case_id>/files/<int:number>", cases_files.file, name="file"),
    path("cases/<str:case_id>/documents", acts.documents, name="documents"),
    path("cases/<str:case_id>/documents/<int:number>", pages.document, name="document"),
    path("cases/<str:case_id>/documents/<int:number>/small", pages.document_small, name="document_small"),
]
