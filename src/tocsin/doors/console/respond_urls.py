"""Paths of responses, statements and tasks."""

from __future__ import annotations

from django.urls import path

from tocsin.doors.console import respond_acts as acts
from tocsin.doors.console import respond_pages as pages
from tocsin.doors.console import statement_pages as papers
from tocsin.doors.console import task_pages as tasks
from tocsin.doors.console.papers import statement_paper

app_name = "respond"
urlpatterns = [
    path("responses/", pages.responses, name="responses"),
    path("events/<str:event_id>/response/", pages.response, name="response"),
    path("events/<str:event_id>/response/open", acts.open_response, name="open"),
    path("responses/<str:incident_id>/decline", acts.decline, name="decline"),
    path("responses/<str:incident_id>/level", acts.change_level, name="level"),
    path("responses/<str:incident_id>/keep", acts.keep_level, name="keep"),
    path("responses/<str:incident_id>/early", acts.decide, name="decide"),
    path("responses/<str:incident_id>/end", acts.end, name="end"),
    path("responses/<str:incident_id>/actions/<int:action>/give", acts.give, name="give"),
    path("responses/<str:incident_id>/tasks/<str:task_id>/withdraw", acts.withdraw, name="withdraw"),
    path("events/<str:event_id>/statements/draft", papers.draft, name="draft"),
    path("statements/<str:statement_id>/", papers.statement, name="statement"),
    path("statements/<str:statement_id>/paper.<str:form>", statement_paper, name="paper"),
    path("statements/<str:statement_id>/rewrite", papers.rewrite, name="rewrite"),
    path("statements/<str:statement_id>/release", papers.release, name="release"),
    path("statements/<str:statement_id>/discard", papers.discard, name="discard"),
    path("tasks/", tasks.my_tasks, name="tasks"),
    path("tasks/<str:task_id>/", tasks.task, name="task"),
    path("tasks/<str:task_id>/receive", tasks.receive, name="receive"),
    path("tasks/<str:task_id>/done", tasks.done, name="done"),
]
