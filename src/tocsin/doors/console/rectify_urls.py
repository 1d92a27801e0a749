"""Paths of findings and orders."""

from __future__ import annotations

from django.urls import path

from tocsin.doors.console import rectify_acts as acts
from tocsin.doors.console import rectify_pages as pages
from tocsin.doors.console.papers import order
from tocsin.doors.console.rectify_new import new

app_name = "rectify"
urlpatterns = [
    path("findings/", pages.findings, name="findings"),
    path("findings/new", new, name="new"),
    path("findings/recheck/<str:task_id>", pages.recheck_task, name="recheck"),
    path("findings/<str:finding_id>/", pages.finding, name="finding"),
    path("findings/<str:finding_id>/order.<str:form>", order, name="order_paper"),
    path("findings/<str:finding_id>/order", acts.order, name="order"),
    path("findings/<str:finding_id>/plan", acts.plan, name="plan"),
    path("findings/<str:finding_id>/fixed", acts.fixed, name="fixed"),
    path("findings/<str:finding_id>/look", acts.look, name="look"),
    path("findings/<str:finding_id>/look-back", acts.look_back, name="look_back"),
    path("findings/<str:finding_id>/release", acts.release, name="release"),
    path("findings/<str:finding_id>/withdraw", acts.withdraw, name="withdraw"),
    path("findings/<str:finding_id>/photographs/<int:number>", pages.photograph, name="photograph"),
    path("findings/<str:finding_id>/photographs/<int:number>/small", pages.photograph_small, name="photograph_small"),
]
