"""What people do in the stories, in one line each, through the rooms' own services."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal

from PIL import Image

from tocsin.loop.rectify import queries as findings
from tocsin.loop.rectify import services as rectify
from tocsin.loop.rectify.five import Five
from tocsin.loop.respond import queries as incidents
from tocsin.loop.respond import services as respond
from tocsin.loop.verify import queries as looked
from tocsin.loop.verify import services as verify
from tocsin.loop.warn import queries as warnings
from tocsin.loop.warn import services as warn
from tocsin.loop.warn.authority import AuthorityLine
from tocsin.records.blobs import keep_photo
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.tasks import queries as tasks_of
from tocsin.testing.town import CITY, Town


def may_warn(town: Town, body: str = "emergency") -> None:
    """The emergency office may warn of everything in the city."""
    warn.put_authority([AuthorityLine(body, "*", CITY, 1, 4, "the story")], actor=SYSTEM, now=town.now)


def acknowledges(town: Town, post: str, event: str) -> None:
    verify.acknowledge(event, actor=town.as_(post), now=town.now)


def answers(town: Town, post: str, event: str, verdict: str, note: str = "") -> None:
    mine = next(line for line in looked.verifications(EVERYWHERE, event) if line.post == post and line.is_open)
    verify.answer(mine.id, verdict, note, actor=town.as_(post), now=town.now)


def drafts(town: Town, post: str, event: str) -> str:
    warning = warn.draft(event, actor=town.as_(post), now=town.now)
    submits(town, post, warning)
    return warning


def submits(town: Town, post: str, warning: str) -> None:
    line = warnings.warning(EVERYWHERE, warning)
    warn.submit(warning, version=line.version, actor=town.as_(post), now=town.now)


def signs(town: Town, post: str, warning: str) -> str:
    line = warnings.warning(EVERYWHERE, warning)
    return warn.sign(warning, version=line.version, digest=line.content.digest, actor=town.as_(post), now=town.now)


def cancels(town: Town, post: str, warning: str) -> str:
    later = warn.draft_cancel(warning, actor=town.as_(post), now=town.now)
    submits(town, post, later)
    return later


def opens_response(town: Town, post: str, event: str) -> str:
    incident = incidents.incident_of(EVERYWHERE, event)
    return respond.open_proposed(incident.id, version=incident.version, actor=town.as_(post), now=town.now)


def does_all_tasks(town: Town, post: str, event: str) -> int:
    mine = [line for line in tasks_of.of_event(EVERYWHERE, event) if line.post == post and line.is_open]
    for line in mine:
        if line.kind == "verification":
            continue
        respond.receive_task(line.id, actor=town.as_(post), now=town.now)
        respond.finish_task(line.id, "done", actor=town.as_(post), now=town.now)
    return len(mine)


def finds(town: Town, post: str, event: str, facility: str, grade: str, words: str) -> str:
    mine = next((line for line in looked.verifications(EVERYWHERE, event) if line.post == post), None)
    return rectify.record(event, facility, grade, words, verification=mine.id if mine else "", once=words,
                          actor=town.as_(post), now=town.now)  # fmt: skip


def serves_order(town: Town, post: str, finding: str, days: int) -> None:
    limit = town.now + timedelta(days=days)
    rectify.serve_order(finding, limit, version=_version(finding), actor=town.as_(post), now=town.now)


def plans(town: Town, post: str, finding: str, days: int) -> None:
    five = Five("Shift leader of the underpass", "Clear the grates; test both pumps", Decimal(1200),
                town.now + timedelta(days=days), "Close one lane by night; keep a pump truck ready")  # fmt: skip
    rectify.enter_plan(finding, five, version=_version(finding), actor=town.as_(post), now=town.now)


def fixes(town: Town, post: str, finding: str) -> None:
    rectify.report_fixed(finding, "Grates cleared, pumps run.", [photo()], version=_version(finding),
                         actor=town.as_(post), now=town.now)  # fmt: skip


def rechecks(town: Town, post: str, finding: str, said: str = "fixed") -> None:
    rectify.recheck(
        finding, said, "Looked at all grates.", version=_version(finding), actor=town.as_(post), now=town.now
    )


def photo():
    """A small real picture, kept as any other."""
    taken = io.BytesIO()
    Image.new("RGB", (64, 48), "grey").save(taken, "JPEG")
    return keep_photo([taken.getvalue()])


def _version(finding: str) -> int:
    return findings.finding(EVERYWHERE, finding).version


def extends(town: Town, post: str, warning: str, hours: int) -> str:
    later = warn.draft_update(warning, expires=town.now + timedelta(hours=hours), actor=town.as_(post), now=town.now)
    submits(town, post, later)
    return later
