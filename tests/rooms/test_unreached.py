"""Letters that did not arrive: a duty officer is asked to reach those posts, and sees on the warning's page whom."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.rooms.test_warn import TABLE, drafted, signed
from tests.rooms.test_warn_pages import browser
from tocsin.loop.respond import queries as respond
from tocsin.loop.respond import services as responding
from tocsin.loop.verify.services import UNREACHED
from tocsin.loop.warn import services
from tocsin.records.dispatch import services as dispatch
from tocsin.records.dispatch.channel import Outcome
from tocsin.records.dispatch.failures import unreached
from tocsin.records.dispatch.models import DispatchRow
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.models import Account
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.tasks import queries as tasks
from tocsin.testing.town import Town

pytestmark = pytest.mark.django_db
SAID = "550 no such mailbox"


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with Town() as built:
        services.put_authority(TABLE, actor=SYSTEM, now=built.now)
        Account.objects.update(must_change_password=False)
        yield built
        built._ring().clear()


def send(town: Town, about: str, *, refused: tuple[str, ...]) -> None:
    """The channel takes the letters about a thing, but for those to these posts."""
    for row in DispatchRow.objects.filter(about=about, settled_at=None):
        letters = dispatch.letters(row.id, now=town.now)
        outcomes = [
            Outcome(letter.key, accepted=False, said=SAID, final=True)
            if letter.recipient.removeprefix("post:") in refused else Outcome(letter.key, accepted=True)
            for letter in letters
        ]  # fmt: skip
        dispatch.settle(row.id, outcomes, now=town.now)


def of_unreached(about: str) -> list[tasks.TaskLine]:
    return [task for task in tasks.about(EVERYWHERE, about) if task.kind == UNREACHED]


def test_a_warning_that_did_not_reach_a_post_is_a_task_of_the_duty_officer(town: Town) -> None:
    warning = signed(town, drafted(town))
    send(town, warning, refused=("inspector-east", "commander"))
    town.carry()
    (task,) = of_unreached(warning)
    assert (task.post, task.is_open, task.detail) == ("duty", True, {"unreached": 2})
    assert task.title["en"].startswith("2 letters did not arrive: ")
    assert "未送达" in task.title["zh-hans"]
    assert unreached(warning).posts == (("commander", SAID), ("inspector-east", SAID))

    page = browser(town, "duty").get(f"/console/warnings/{warning}").content.decode()
    assert SAID in page
    assert "Telephone them" in page
    note = "told both by telephone"
    responding.finish_task(task.id, note, actor=town.as_("duty"), now=town.now)
    assert [task.is_open for task in of_unreached(warning)] == [False]
    assert [line.text for line in respond.remarks(town.as_("duty").scope, [task.id])[task.id]] == [note]


def test_what_nobody_does_about_it_is_told_to_the_commander_once(town: Town) -> None:
    warning = signed(town, drafted(town))
    send(town, warning, refused=("inspector-east",))
    town.carry()
    town.read_all()
    town.after(minutes=31)
    letter = town.phone("commander").expects("Overdue: 1 letter did not arrive", "Nobody has said yet")
    assert f"/console/warnings/{warning}" in letter.body or "/events/" in letter.body
    town.after(minutes=31)
    assert not [one for one in town.read_all() if "did not arrive" in one.subject]


def test_what_arrived_asks_nothing_of_anybody(town: Town) -> None:
    warning = signed(town, drafted(town))
    send(town, warning, refused=())
    town.carry()
    assert of_unreached(warning) == []
    assert unreached(warning).count == 0
    page = browser(town, "duty").get(f"/console/warnings/{warning}").content.decode()
    assert "Telephone them" not in page


def test_one_task_is_enough_while_it_is_open(town: Town) -> None:
    warning = signed(town, drafted(town))
    row = DispatchRow.objects.get(about=warning)
    letters = dispatch.letters(row.id, now=town.now)
    dispatch.settle(row.id, [Outcome(one.key, accepted=False, said=SAID, final=True) for one in letters], now=town.now)
    town.carry()
    from tocsin.loop.warn import handlers
    from tocsin.records.dispatch.facts import DispatchSettled

    again = DispatchSettled("dsp_x", "warning_issued", warning, "", accepted=0, failed=1, too_late=0)
    handlers.on_dispatch_settled([again], now=town.now)
    assert len(of_unreached(warning)) == 1


def test_an_inspector_who_was_not_reached_is_one_too(town: Town) -> None:
    event = town.storm(level=4).event
    from tocsin.loop.verify import queries as verify

    town.carrier.carry(now=town.now)
    (line,) = verify.verifications(EVERYWHERE, event)
    send(town, line.id, refused=("inspector-east",))
    town.carry()
    (task,) = of_unreached(line.id)
    assert (task.post, task.event) == ("duty", event)


def test_a_task_of_another_room_is_not_answered_with_a_word(town: Town) -> None:
    from tocsin.terms.errors import UnknownName

    event = town.storm(level=4).event
    town.carry()
    (task,) = [task for task in tasks.of_event(EVERYWHERE, event) if task.kind == "verification"]
    with pytest.raises(UnknownName, match="belongs to no response"):
        responding.finish_task(task.id, "done", actor=town.as_(task.post), now=town.now)
