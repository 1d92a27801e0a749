"""The demo's staff: invented people who see what waits for them and do it at their browsers, through the pages that real people
use. They read what waits from the rooms, and write only by forms; a form that is refused ends the demo with its words."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from PIL import Image, ImageDraw

from tocsin.app.demo.browser import Browser, Page
from tocsin.app.demo.office import LogIn
from tocsin.app.demo.record import facility_of
from tocsin.app.simulator.office import POSTS
from tocsin.loop.detect import queries as detect
from tocsin.loop.rectify import queries as findings
from tocsin.loop.rectify.lifecycle import FindingState
from tocsin.loop.respond import queries as respond
from tocsin.loop.respond.lifecycle import IncidentState
from tocsin.loop.review import queries as review
from tocsin.loop.verify import queries as verify
from tocsin.loop.verify.lifecycle import Verdict
from tocsin.loop.verify.queries import DossierLine
from tocsin.loop.warn import queries as warn
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.tasks import queries as tasks
from tocsin.terms.errors import Unavailable

__all__ = ["ROUND", "Staff", "found_on_the_spot"]

ROUND = timedelta(minutes=5)  # how often the demo lets its people look up
WALK = timedelta(minutes=10)  # how long an inspector takes to get there
DUTY, COMMANDER, HANDLER = "duty-city", "commander-city", "handler-city"
SIGNER_OF = {post.department: post.id for post in POSTS if post.role == Role.SIGNER}
WATCHED = Scope("simprovince/simhaven", Role.DUTY_OFFICER)
SEEN = "The grates of the underpass are blocked by leaves. 下穿隧道雨水箅子被落叶堵塞。"

FIVE = {
    "person": "Shift leader 值班长",
    "measures": "Clear the grates, test both pumps. 清理雨水箅子，试运行两台水泵。",
    "money": "1200",
    "plan": "Close one lane, keep a pump truck ready. 封闭一条车道，备一台泵车。",
}


def found_on_the_spot(dossier: DossierLine) -> str:
    """What an inspector finds, by the invented city: what an instrument measured is so; of what was only proposed, underpasses
    are under water and metro entrances are dry."""
    if dossier.hazard != "waterlogging":
        return "confirmed"
    return "refuted" if "metro" in dossier.place.casefold() else "confirmed"


class Staff:
    """Everybody who has a log-in; a browser each. ``told`` hears in a few words what somebody did."""

    def __init__(self, address: str, logins: Sequence[LogIn], told: Callable[[str], None] = lambda said: None) -> None:
        self._told, self.acts = told, 0
        self._password = {post: login for login in logins for post in login.posts}
        self._address = address
        self._browsers: dict[str, Browser] = {}

    def close(self) -> None:
        """Everybody goes home."""
        for browser in self._browsers.values():
            browser.close()

    def work(self, now: datetime) -> int:
        """One round: everybody does what waits for them now; how many acts."""
        before, files = self.acts, list(verify.open_dossiers(WATCHED))
        for dossier in files:
            if dossier.state in ("open", "proposed"):
                self._attend(dossier, now)
        self._bring_to_an_end([dossier for dossier in files if dossier.state == "ended"], now)
        if files:
            self._sign(now)
            self._command()
        self._put_right(now)
        return self.acts - before

    def _attend(self, dossier: DossierLine, now: datetime) -> None:
        """What one event wants: somebody who has it, somebody who looks, a warning."""
        self._acknowledge(dossier)
        asked = verify.verifications(EVERYWHERE, dossier.event)
        if dossier.verdict is Verdict.UNVERIFIED and not asked:
            self._ask(dossier)
        for one in asked:
            if one.is_open and one.post and one.asked_at + WALK <= now:
                self._answer(one.post, one)
        if dossier.verdict is Verdict.CONFIRMED and dossier.state == "open" and dossier.level >= 2:
            self._warn(dossier, now)

    def tidy_up(self, now: datetime) -> int:
        """After the day: what is over is closed, one lesson is published."""
        before = self.acts
        for step in (self._close, self._learn):
            step(now)
        return self.acts - before

    # ------------------------------------------------------------ the day
    def _acknowledge(self, dossier: DossierLine) -> None:
        if dossier.unacknowledged_since is not None:
            page = self._open(DUTY, f"/events/{dossier.event}/")
            self._send(DUTY, page, "/acknowledge", said=f"acknowledges {dossier.hazard} at {dossier.place}")

    def _ask(self, dossier: DossierLine) -> None:
        """Nobody is sent by itself to what was only proposed: the duty officer sends somebody."""
        page = self._open(DUTY, f"/events/{dossier.event}/verify")
        self._send(DUTY, page, "/verify", said=f"asks somebody to look at {dossier.place}")

    def _answer(self, post: str, one: verify.VerificationLine) -> None:
        dossier = verify.dossier(EVERYWHERE, one.event)
        found = found_on_the_spot(dossier)
        page = self._open(post, f"/field/task/{one.id}")
        self._send(post, page, "/answer", verdict=found, note="Looked at on the spot. 已到现场查看。",
                   files={"photo": ("place.jpg", _picture(dossier.place), "image/jpeg")},
                   said=f"answers {found} at {one.place}")  # fmt: skip
        if (
            dossier.hazard == "waterlogging"
            and found == "confirmed"
            and not findings.findings(EVERYWHERE, event=one.event)
        ):
            page = self._open(post, f"/findings/new?verification={one.id}&event={one.event}")
            form = page.form("/findings/new", holding="facility")
            chosen = _facility_of(one.event)
            if form is not None and chosen:
                self._send(post, page, "/findings/new", facility=chosen, words=SEEN, grade="general",
                           said=f"records a finding at {one.place}")  # fmt: skip

    def _warn(self, dossier: DossierLine, now: datetime) -> None:
        """A warning for a confirmed event at yellow or above; a higher level updates it."""
        mine = warn.warnings_of(EVERYWHERE, dossier.event)
        in_force = [line for line in mine if line.in_force(now)]
        if any(line.is_editable for line in mine):
            return
        if not in_force:
            page = self._open(DUTY, f"/console/warnings/compose?event={dossier.event}")
            self._submit(self._send(DUTY, page, "/compose", said=f"drafts a warning of {dossier.hazard}"))
        elif in_force[0].level < dossier.level:
            page = self._open(DUTY, f"/console/warnings/{in_force[0].id}")
            draft = self._send(DUTY, page, "/follow", do="update", said=f"updates the warning of {dossier.hazard}")
            self._submit(draft, dossier.level)

    def _submit(self, draft: Page, level: int = 0) -> None:
        chosen = {"level": str(level)} if level else {}
        self._send(DUTY, draft, "/save", files=None, said="sends it for approval", do="submit", **chosen)

    def _sign(self, now: datetime) -> None:
        for line in warn.waiting_for_signature(EVERYWHERE):
            signer = SIGNER_OF[line.body]
            page = self._open(signer, f"/console/warnings/{line.id}/sign")
            self._send(signer, page, "/sign", do="sign", said=f"signs: {line.content.text('en').headline}")

    def _command(self) -> None:
        for incident in respond.incidents(EVERYWHERE, is_open=True):
            if incident.state is IncidentState.PROPOSED:
                page = self._open(COMMANDER, f"/events/{incident.event}/response/")
                self._send(COMMANDER, page, "/response/open", said=f"opens a response to {incident.hazard}")
            else:
                self._report(incident.event)
                self._do_tasks(incident.id)

    def _report(self, event: str) -> None:
        if not respond.statements(EVERYWHERE, event):
            page = self._open(DUTY, f"/events/{event}/response/")
            self._send(DUTY, page, "/statements/draft", said="drafts the first report")
        for paper in respond.statements(EVERYWHERE, event):
            if paper.state == "draft":
                page = self._open(COMMANDER, f"/statements/{paper.id}/")
                self._send(COMMANDER, page, "/release", said="releases the first report")

    def _do_tasks(self, incident: str) -> None:
        for task in (tasks.task(EVERYWHERE, task) for task in respond.open_task_ids(EVERYWHERE, incident)):
            page = self._open(task.post, "/tasks/")
            if task.state == "given":
                page = self._send(task.post, page, f"/tasks/{task.id}/receive", said=f"has it: {task.title['en']}")
            self._send(
                task.post, page, f"/tasks/{task.id}/done", note="Done. 已完成。", said=f"did it: {task.title['en']}"
            )

    def _put_right(self, now: datetime) -> None:
        for one in findings.findings(EVERYWHERE):
            path = f"/findings/{one.id}/"
            operator = f"operator-{one.facility.removeprefix('fac-')}"
            if one.state is FindingState.RECORDED:
                limit = f"{now + timedelta(days=3):%Y-%m-%d}"
                self._send(HANDLER, self._open(HANDLER, path), "/order", limit=limit, said="serves an order")
            elif one.state is FindingState.ORDERED:
                day = f"{now + timedelta(days=2):%Y-%m-%d}"
                self._send(operator, self._open(operator, path), "/plan", files=None, said="enters the plan",
                           deadline=day, **FIVE)  # fmt: skip
            elif one.state is FindingState.PLANNED and one.planned_at and one.planned_at + timedelta(hours=1) <= now:
                proof = {"photo": ("after.jpg", _picture("fixed"), "image/jpeg")}
                page = self._open(operator, path)
                self._send(operator, page, "/fixed", note="Cleared. 已清理。", files=proof, said="reports it fixed")
            elif one.state is FindingState.FIXED and one.recheck_post:
                page = self._open(one.recheck_post, path)
                self._send(
                    one.recheck_post, page, "/look", said_="fixed", note="Clear. 已通畅。", said="looked again: fixed"
                )

    # ------------------------------------------------------------ when it is over
    def _bring_to_an_end(self, over: Sequence[DossierLine], now: datetime) -> None:
        """Warnings of what is over are cancelled, its response ended."""
        for dossier in over:
            mine = warn.warnings_of(EVERYWHERE, dossier.event)
            if not any(line.is_editable for line in mine):
                for line in (line for line in mine if line.in_force(now)):
                    page = self._open(DUTY, f"/console/warnings/{line.id}")
                    said = f"cancels the warning of {line.hazard}"
                    self._submit(self._send(DUTY, page, "/follow", do="cancel", said=said))
            incident = respond.incident_of(EVERYWHERE, dossier.event)
            running = incident is not None and incident.state is IncidentState.OPEN
            if running and not any(line.in_force(now) for line in mine):
                page = self._open(COMMANDER, f"/events/{dossier.event}/response/")
                self._send(COMMANDER, page, "/end", why="The danger is over. 险情解除。", said="ends the response")

    def _close(self, now: datetime) -> None:
        for dossier in verify.open_dossiers(WATCHED):
            if not review.open_ends(dossier.event, now=now):
                page = self._open(DUTY, f"/events/{dossier.event}/review")
                self._send(DUTY, page, "/close", reason="Over and looked at. 已结束并核实。",
                           said=f"closes {dossier.hazard} at {dossier.place}")  # fmt: skip

    def _learn(self, now: datetime) -> None:
        """One review, of the first warned event that is closed."""
        for line in warn.alerts(exercise=None):
            owner = next((w for w in warn.lineage_of(EVERYWHERE, line.lineage)), None)
            if owner is None or not review.is_closed(EVERYWHERE, owner.event):
                continue
            if review.review(EVERYWHERE, owner.event).version:
                return
            page = self._open(COMMANDER, f"/events/{owner.event}/review")
            self._send(COMMANDER, page, "/review", action="publish", said="publishes the review",
                       lessons="The sensor told in time; the joint was old. 传感器及时报警；接头老化。")  # fmt: skip
            return

    # ------------------------------------------------------------ at the browser
    def _open(self, post: str, path: str) -> Page:
        browser = self._browser(post)
        return browser.open(path)

    def _send(
        self, post: str, page: Page, to: str, *, said: str, files: dict[str, tuple[str, bytes, str]] | None = None,
        **values: str,
    ) -> Page:  # fmt: skip
        form = page.form(to)
        if form is None:
            raise Unavailable(f"{post} {said}: page {page.address}", f"has no form {to}; it says: {page.said}",
                              "read serve.log")  # fmt: skip
        answer = self._browser(post).send(form, files, **{n.removesuffix("_"): value for n, value in values.items()})
        self.acts += 1
        self._told(f"{post} {said}")
        return answer

    def _browser(self, post: str) -> Browser:
        if post not in self._browsers:
            login = self._password[post]
            browser = Browser(self._address)
            page = browser.log_in(login.username, login.password)
            choose = page.form("/post")
            if len(login.posts) > 1 and choose is not None:
                browser.send(choose, post=post)
            self._browsers[post] = browser
        return self._browsers[post]


def _facility_of(event: str) -> str:
    """The facility at which a cascade proposed the event."""
    return facility_of(detect.event(EVERYWHERE, event).event)


def _picture(words: str) -> bytes:
    """A drawn picture that says that it is one: no photograph of anybody or anything."""
    image = Image.new("RGB", (640, 480), "#52606D")
    ImageDraw.Draw(image).text((24, 220), f"SYNTHETIC  {words.encode('ascii', 'ignore').decode()[:60]}", fill="white")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()
