"""Paths of the field door."""

from __future__ import annotations

from django.urls import path

from tocsin.doors.field.answer import answer, arrive
from tocsin.doors.field.offline import worker
from tocsin.doors.field.pages import receipt, task, tasks

app_name = "field"
urlpatterns = [
    path("field", tasks, name="tasks"),
    path("field/worker.js", worker, name="worker"),
    path("field/task/<str:verification_id>", task, name="task"),
    path("field/task/<str:verification_id>/arrive", arrive, name="arrive"),
    path("field/task/<str:verification_id>/answer", answer, name="answer"),
    path("field/task/<str:verification_id>/receipt", receipt, name="receipt"),
]
