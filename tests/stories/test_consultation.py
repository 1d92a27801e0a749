"""A consultation that is withdrawn: whoever was asked and has not answered is told, once, in the post's own language; whoever
has answered is left in peace. Leaving the town fails on a message that nobody expected."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.rooms.casework import casework_town, opened
from tocsin.clocks import Period, Unit
from tocsin.records.consultation import services
from tocsin.records.consultation.models import ConsultationRow
from tocsin.records.consultation.services import Question
from tocsin.records.dispatch.models import DispatchRow
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.models import Post
from tocsin.terms.errors import Stale
from tocsin.testing.town import Town


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with casework_town(sweeps=(services.sweep,)) as built:
        Post.objects.filter(id="operator-mill").update(language="zh-hans")
        yield built


def row() -> ConsultationRow:
    return ConsultationRow.objects.get()


def asks(town: Town, *posts: str) -> str:
    question = Question("May the mill go on?", posts, Period(3, Unit.WORKING_DAY), case=opened(town).id)
    return services.ask(question, actor=town.as_("case-handler"), now=town.now)


def withdraws(town: Town, made: str, by: str = "case-handler") -> None:
    services.withdraw(made, "the mill has closed", version=row().version, actor=town.as_(by), now=town.now)


def test_who_has_not_answered_is_told_once_in_its_own_language_and_nobody_else(town: Town) -> None:
    made = asks(town, "inspector-east", "signer", "operator-mill")
    for post in ("inspector-east", "signer"):
        town.phone(post).expects("You are asked for an opinion")
    town.phone("operator-mill").expects("请出具意见")
    services.give_opinion(made, "agree", "", digest=row().digest, actor=town.as_("signer"), now=town.now)
    withdraws(town, made)
    english = town.phone("inspector-east").expects("not asked for any more", row().thing, "nothing left to answer")
    chinese = town.phone("operator-mill").expects("不再征求", row().thing)
    for letter in (english, chinese):
        assert "has closed" not in letter.body  # the reason stands on the page, in no letter
        assert f"/consultations/{made}/" in letter.body
    with pytest.raises(Stale, match="over"):
        withdraws(town, made)
    town.after_downtime(hours=24 * 9)  # its deadline passes: nobody waits for it, nobody is told
    town.after(days=1)
    assert ledger.chain(row().case)[-1].body["silent"] == ["inspector-east", "operator-mill"]


def test_where_all_have_answered_nobody_is_told(town: Town) -> None:
    made = asks(town, "signer")
    town.phone("signer").expects("asked for an opinion")
    services.give_opinion(made, "agree", "", digest=row().digest, actor=town.as_("signer"), now=town.now)
    before = DispatchRow.objects.count()
    withdraws(town, made)
    town.after(hours=1)
    assert DispatchRow.objects.count() == before


def test_one_withdrawn_after_its_deadline_tells_the_asker_and_those_who_are_silent(town: Town) -> None:
    made = asks(town, "signer")
    town.phone("signer").expects("asked for an opinion")
    town.after_downtime(hours=24 * 9)
    withdraws(town, made, by="commander")  # before the sweep came by: the deadline is told all the same
    town.phone("case-handler").expects("time to answer is over")
    town.phone("signer").expects("not asked for any more")
