"""Facts that tasks give. ``kind`` says which room asked; ``about`` is what the task is about (an event, finding ...)."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = ["TaskAcknowledged", "TaskDone", "TaskGiven", "TaskOverdue", "TaskWithdrawn"]


@dataclass(frozen=True, slots=True)
class _OfTask:
    task: str
    kind: str
    about: str
    event: str
    post: str
    at_us: int


@fact
@dataclass(frozen=True, slots=True)
class TaskGiven(_OfTask):
    """A post was asked to do it."""


@fact
@dataclass(frozen=True, slots=True)
class TaskAcknowledged(_OfTask):
    """The post said that it has it."""


@fact
@dataclass(frozen=True, slots=True)
class TaskDone(_OfTask):
    """It is done."""


@fact
@dataclass(frozen=True, slots=True)
class TaskOverdue(_OfTask):
    """Its due time passed before it was done; told once. ``at_us`` is the due time."""


@fact
@dataclass(frozen=True, slots=True)
class TaskWithdrawn(_OfTask):
    """Whoever asked for it takes it back."""
