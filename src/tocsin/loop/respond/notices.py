"""What respond says to posts: short mails, in the post's language. Part of services: called inside its transactions only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from tocsin.loop.respond import doers, playbooks
from tocsin.loop.respond.models import ActionRow, IncidentRow
from tocsin.records.dispatch.message import Text
from tocsin.records.dispatch.notify import tell_posts
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor, service
from tocsin.records.org.roles import Role
from tocsin.records.org.services import PostLine
from tocsin.terms.response_level import response_level

__all__ = [
    "advised", "because_words", "early", "incident_words", "nobody", "opened_at_once", "overdue", "proposed", "receipt_late",
    "refuted", "tasks_given", "undecided", "warning_over",
]  # fmt: skip

RULE = service("rule:response")


def proposed(row: IncidentRow, lines: Sequence[ActionRow] = (), *, now: datetime) -> None:
    """To the commanders: a response waits for a yes or a no, and so do these early actions."""

    def write(language: str) -> Text:
        subject = _("{level} waits for your decision").format(level=response_level(row.level).word(language))
        body = f"{incident_words(row, language)}\n{because_words(row.because, language)}"
        return Text(subject, f"{body}\n{_early_words(lines, language)}" if lines else body)

    _to_commanders(row, "response_proposed", write, now)


def early(row: IncidentRow, lines: Sequence[ActionRow], *, now: datetime) -> None:
    """To the commanders: these actions are proposed before anything has failed."""

    def write(language: str) -> Text:
        subject = _("Early actions wait for your decision")
        return Text(subject, f"{incident_words(row, language)}\n{_early_words(lines, language)}")

    _to_commanders(row, "early_actions_proposed", write, now)


def undecided(row: IncidentRow, lines: Sequence[ActionRow], *, level: int, now: datetime) -> None:
    """To commanders and duty officers: a decision is wanting, on a response level (0 = none) or on these early actions."""

    def write(language: str) -> Text:
        said = [incident_words(row, language)]
        if level:
            word = response_level(level).word(language)
            said.append(_("{level} was proposed and nobody has said yes or no.").format(level=word))
        if lines:
            said.append(_early_words(lines, language))
        return Text(_("A decision is wanting"), "\n".join(said))

    _to(row, "decision_wanting", _deciders(row, now), write, now)


def _deciders(row: IncidentRow, now: datetime) -> list[PostLine]:
    officers = org.on_duty(Role.DUTY_OFFICER, row.jurisdiction, now=now)
    return list({post.id: post for post in (*doers.commanders(row.jurisdiction, now=now), *officers)}.values())


def _early_words(lines: Sequence[ActionRow], language: str) -> str:
    named = "\n".join(f"- {_title(line, language)}" for line in lines)
    return _("Proposed early, until you give or refuse it:\n{actions}").format(actions=named)


def opened_at_once(row: IncidentRow, *, now: datetime) -> None:
    """To the commanders: a mapping that waits for nobody has opened a response."""

    def write(language: str) -> Text:
        subject = _("{level} was opened at once").format(level=response_level(row.level).word(language))
        return Text(subject, f"{incident_words(row, language)}\n{because_words(row.because, language)}")

    _to_commanders(row, "response_opened", write, now)


def advised(row: IncidentRow, *, now: datetime) -> None:
    """To the commanders: by now a mapping declares another level than the one that runs."""

    def write(language: str) -> Text:
        body = _("{running} runs; the playbook declares {declared} by now.").format(
            running=response_level(row.level).word(language), declared=response_level(row.advised).word(language)
        )
        return Text(_("The playbook declares another response level"), f"{incident_words(row, language)}\n{body}")

    _to_commanders(row, "response_advised", write, now)


def warning_over(row: IncidentRow, *, now: datetime) -> None:
    """To the commanders: nothing is in force any more for what the response runs."""

    def write(language: str) -> Text:
        body = _("No warning is in force for it any more. End the response when the danger is past.")
        return Text(_("The warning is over, the response still runs"), f"{incident_words(row, language)}\n{body}")

    _to_commanders(row, "response_warning_over", write, now)


def refuted(row: IncidentRow, *, now: datetime) -> None:
    """To the commanders: what the response runs for was not found."""

    def write(language: str) -> Text:
        body = _("Whoever looked did not find it. End the response when nothing is left to be done.")
        return Text(_("The event was refuted, the response still runs"), f"{incident_words(row, language)}\n{body}")

    _to_commanders(row, "response_event_refuted", write, now)


def nobody(row: IncidentRow, lines: Sequence[ActionRow], *, now: datetime) -> None:
    """To the commanders: these actions have nobody."""

    def write(language: str) -> Text:
        named = "\n".join(f"- {_title(line, language)}" for line in lines)
        body = _("Nobody is on duty for:\n{actions}").format(actions=named)
        return Text(_("Nobody on duty for a first action"), f"{incident_words(row, language)}\n{body}")

    _to_commanders(row, "nobody_on_duty", write, now)


def receipt_late(row: IncidentRow, line: ActionRow, *, now: datetime) -> None:
    """To the commanders: a post has not said that it has its task."""

    def write(language: str) -> Text:
        body = _("{post} has not confirmed: {action}").format(post=line.post, action=_title(line, language))
        return Text(_("No receipt for a task"), f"{incident_words(row, language)}\n{body}")

    _to_commanders(row, "receipt_late", write, now)


def overdue(row: IncidentRow, line: ActionRow, *, now: datetime) -> None:
    """To the commanders: an action is not done in time."""

    def write(language: str) -> Text:
        body = _("{post} has not done it in time: {action}").format(post=line.post, action=_title(line, language))
        return Text(_("Overdue task"), f"{incident_words(row, language)}\n{body}")

    _to_commanders(row, "task_overdue", write, now)


def tasks_given(row: IncidentRow, post: PostLine, lines: Sequence[ActionRow], *, actor: Actor, now: datetime) -> None:
    """To one post: its tasks in one mail."""

    def write(language: str) -> Text:
        named = "\n".join(f"- {_title(line, language)}" for line in lines)
        subject = _("Exercise: tasks for you") if row.exercise else _("Tasks for you")
        body = _("Please confirm that you have them:\n{actions}").format(actions=named)
        return Text(subject, f"{incident_words(row, language)}\n{body}")

    tell_posts("task_given", [post], write, about=row.id, event=row.event, level=row.warning_level, link="/tasks/",
               exercise=row.exercise, actor=actor, now=now)  # fmt: skip


def incident_words(row: IncidentRow, language: str) -> str:
    """``Rainstorm, Old Arsenal. Response III``."""
    hazard = playbooks.hazard_title(row.hazard, language)
    return _("{hazard}, {place}. {level}").format(hazard=hazard, place=row.place or row.jurisdiction,
                                                  level=response_level(row.level).word(language))  # fmt: skip


def because_words(because: dict[str, object], language: str) -> str:
    """Which mapping asked for it, in a sentence; that a commander decided so where none did."""
    if not because:
        return _("Opened by the commander's own decision; no mapping was declared.")
    warned = _(
        "A warning at {level} was issued. The playbook of {pack}, version {version}, declares {response} from {least} on."
    )
    confirmed = _(
        "The event was confirmed at {level}. The playbook of {pack}, version {version}, declares {response} from {least} on."
    )
    stands = _(
        "An event stands at {level}. The playbook of {pack}, version {version}, declares {response} from {least} on."
    )
    words = {"warning": warned, "event": stands, "event_confirmed": confirmed}[str(because["on"])].format(
        level=playbooks.level_word(int(str(because["level"])), language),
        least=playbooks.level_word(int(str(because["from_level"])), language),
        response=response_level(int(str(because["response"]))).word(language),
        pack=because["pack"], version=because["version"],
    )  # fmt: skip
    return words if because["verified"] else words + " " + _("This mapping is not verified.")


def _title(line: ActionRow, language: str) -> str:
    return line.title.get(language) or line.title.get("en") or line.action


def _to_commanders(row: IncidentRow, kind: str, write: Callable[[str], Text], now: datetime) -> None:
    _to(row, kind, doers.commanders(row.jurisdiction, now=now), write, now)


def _to(row: IncidentRow, kind: str, posts: Sequence[PostLine], write: Callable[[str], Text], now: datetime) -> None:
    tell_posts(kind, posts, write, about=row.id, event=row.event,
               level=row.warning_level, link=f"/events/{row.event}/response/", exercise=row.exercise, actor=RULE,
               now=now)  # fmt: skip
