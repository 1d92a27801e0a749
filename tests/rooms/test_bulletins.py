"""Other authorities' messages, one rule of warnings.md after the other: what counts, what holds, whom it tells."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings

from tests.rooms.bulletins import (
    ELSEWHERE,
    MET,
    bulletin_of,
    declare,
    feed,
    message,
    pinned,
    reference,
    signed,
    take,
)
from tests.stories import acts
from tocsin.formats.bulletins import read_bulletin_body
from tocsin.loop.observe.bulletins import queries, services
from tocsin.loop.observe.bulletins.feed import Sender, Speaks
from tocsin.loop.observe.bulletins.lifecycle import BulletinState
from tocsin.loop.observe.bulletins.models import BulletinRecord, BulletinRow
from tocsin.loop.observe.bulletins.services import Came, Heard, Listed, hear, note_failure
from tocsin.loop.observe.bulletins.services.keeping import MOST_IDLE_A_DAY
from tocsin.loop.warn import queries as warn
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.errors import NotAllowed, Stale, UnknownName
from tocsin.terms.moment import to_us
from tocsin.testing.town import EAST, Town

pytestmark = pytest.mark.django_db
S = BulletinState


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with Town() as built:
        declare(feed(), now=built.now)
        yield built


def told(town: Town) -> list[str]:
    """Who got a letter, one name a letter."""
    return sorted(letter.recipient for letter in town.read_all())


def log_said() -> list[tuple[int, int]]:
    """What the log is told: level and whether it holds (1) or ended (0), in order."""
    return [
        (read_bulletin_body(row.body.encode()).rank, 1 - row.number % 2)
        for row in BulletinRecord.objects.order_by("id")
    ]


# ---------------------------------------------------------------- what counts
def test_a_warning_is_kept_byte_for_byte_understood_placed_and_told_once(town: Town) -> None:
    """R63, R44: raw bytes in, raw bytes out; the area decides who is told."""
    document = message(sent=town.now)
    [row] = take(document, now=town.now)
    assert queries.document(EVERYWHERE, row.id) == document
    line = queries.bulletin(EVERYWHERE, row.id)
    assert (line.state, line.level, line.areas, line.verified, line.placed) == (S.IN_FORCE, 3, (EAST,), False, True)
    letter = town.phone("inspector-east").expects(
        "Met Office", "Heavy rain", "Not verified", f"/console/bulletins/{row.id}"
    )
    assert "orange" in letter.subject.casefold()
    town.phone("inspector-west").is_silent()
    assert "post:duty" in told(town)
    assert take(document, now=town.now)[0].id == row.id
    assert told(town) == []
    assert [entry.verb for entry in ledger.chain(row.id)] == ["bulletin_received", "message_put", "message_settled"]


def test_r4_r53_the_same_again_is_one_and_other_bytes_under_the_name_are_marked(town: Town) -> None:
    """R53, R4: one name, one message: the first is kept, the other is noted, once, and told nobody."""
    first = message(sent=town.now)
    forged = message(sent=town.now, headline="All clear, go swimming")
    [row, _] = take(first, forged, now=town.now)
    take(forged, now=town.now)
    town.read_all()
    row.refresh_from_db()
    assert (BulletinRow.objects.count(), len(row.conflicts), bytes(row.document)) == (1, 1, first)


def test_r61_r65_show_marks_and_require_holds_back_what_is_not_verified(town: Town) -> None:
    """R65, R61, R66: an unsigned message of a feed that requires signatures counts for nothing and takes nobody's name."""
    declare(feed(signature="require", senders=(pinned(),)), now=town.now)
    plain = message(sent=town.now)
    [unsigned, good] = take(plain, signed(plain), now=town.now)
    assert (unsigned.state, unsigned.why_not, unsigned.verdict) == (S.HELD_BACK, "not verified", "absent")
    assert (good.state, good.admitted) == (S.IN_FORCE, True)
    assert good.verdict in ("valid", "valid after whitespace strip")
    assert "verified" in town.phone("duty").expects("Heavy rain").body
    assert told(town)
    changed = signed(message("m-2", sent=town.now)).replace(b"Heavy rain", b"Heavy snow")
    [forged] = take(changed, now=town.now)
    assert (forged.state, forged.verdict) == (S.HELD_BACK, "wrong digest")
    assert told(town) == []
    assert len(log_said()) == 1


def test_a_sender_that_is_not_registered_for_the_feed_counts_for_nothing(town: Town) -> None:
    """R61, R51: who brings another's messages can neither warn nor end in the other's name."""
    declare(feed(), feed("small", senders=(Sender(ELSEWHERE),)), now=town.now)
    take(message(sent=town.now), now=town.now)
    town.read_all()
    cancel = message("c-1", sent=town.now, kind="Cancel", cites=reference("m-1", town.now), info=False)
    [row] = take(cancel, now=town.now, feed_id="small")
    assert (row.state, row.why_not) == (S.HELD_BACK, "unknown sender")
    assert bulletin_of("m-1").state == S.IN_FORCE
    assert told(town) == []


def test_a_message_from_the_future_cannot_outlast_every_update(town: Town) -> None:
    [row] = take(message(sent=town.now + timedelta(days=3650)), now=town.now)
    assert (row.state, row.why_not) == (S.HELD_BACK, "sent in the future")
    assert told(town) == []


# ---------------------------------------------------------------- the line of messages
def test_r50_an_update_replaces_and_a_cancel_reaches_those_told(town: Town) -> None:
    """R50: both also reach what cited them; each step is told to whoever was told before, and the log hears of each."""
    sent = town.now
    take(message(sent=sent), now=town.now)
    first = told(town)
    town.after(minutes=5)
    update = message(
        "m-2", sent=town.now, kind="Update", cites=reference("m-1", sent), grading=("Future", "Minor", "Likely")
    )
    take(update, now=town.now)
    assert told(town) == first  # a downgrade is news to whom it was orange
    assert (bulletin_of("m-1").state, bulletin_of("m-2").state) == (S.REPLACED, S.IN_FORCE)
    town.after(minutes=5)
    take(message("m-3", sent=town.now, kind="Cancel", cites=reference("m-1", sent), info=False), now=town.now)
    assert bulletin_of("m-1").state == bulletin_of("m-2").state == S.CANCELLED
    town.phone("duty").expects("cancelled", "Heavy rain")
    assert sorted([*told(town), "post:duty"]) == first
    assert log_said() == [(3, 1), (3, 0), (1, 1), (1, 0)]
    ended = [read_bulletin_body(row.body.encode()) for row in BulletinRecord.objects.order_by("id")][1]
    assert ended.until_us == ended.sent_us > to_us(sent)


def test_r51_a_wrong_time_is_forgiven_and_another_sender_is_obeyed_only_as_delegate(town: Town) -> None:
    """R51: sender and identifier are enough; nobody ends another's message who is not registered for it."""
    declare(feed(senders=(Sender(MET), Sender(ELSEWHERE))), now=town.now)
    sent = town.now
    take(message(sent=sent), message("m-2", sent=sent, headline="Second"), now=town.now)
    town.read_all()
    wrong = reference("m-1", sent - timedelta(hours=3))
    take(message("u-1", sent=sent + timedelta(minutes=1), kind="Update", cites=wrong), now=town.now)
    assert bulletin_of("m-1").state == S.REPLACED
    assert [one["rule"] for one in bulletin_of("u-1").line_findings] == ["R51"]
    alien = message(
        "c-1", sent=sent + timedelta(minutes=2), sender=ELSEWHERE, kind="Cancel", cites=reference("m-2", sent)
    )
    take(alien, now=town.now)
    assert (bulletin_of("m-2").state, bulletin_of("c-1", ELSEWHERE).state) == (S.IN_FORCE, S.HELD)
    town.read_all()
    declare(feed(senders=(Sender(MET, delegates=(ELSEWHERE,)), Sender(ELSEWHERE))), now=town.now)
    take(message("c-2", sent=sent + timedelta(minutes=3), sender=ELSEWHERE, kind="Cancel", cites=reference("m-2", sent)),
         now=town.now)  # fmt: skip
    assert bulletin_of("m-2").state == S.CANCELLED
    town.read_all()


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_r52_the_order_of_arrival_changes_nothing(town: Town, order: tuple[int, ...]) -> None:
    """R52: whatever comes first, the states are the same; nothing that was over when it came was offered or told."""
    sent = town.now
    three = [
        message(sent=sent), message("m-2", sent=sent + timedelta(minutes=1), kind="Update", cites=reference("m-1", sent)),
        message("m-3", sent=sent + timedelta(minutes=2), kind="Cancel",
                cites=reference("m-2", sent + timedelta(minutes=1)), info=False),
    ]  # fmt: skip
    for number in order:
        take(three[number], now=town.now)
    assert [bulletin_of(f"m-{n}").state for n in (1, 2, 3)] == [S.REPLACED, S.CANCELLED, S.IN_FORCE]
    assert sum(1 if holds else -1 for _, holds in log_said()) == 0  # whatever began has ended
    town.read_all()


def test_r52_a_cancel_that_comes_first_is_held_and_its_late_alert_never_notifies(town: Town) -> None:
    """R52: the late alert is cancelled on arrival: no letter, no evidence."""
    sent = town.now
    [cancel] = take(message("c-1", sent=sent + timedelta(minutes=9), kind="Cancel", cites=reference("m-1", sent), info=False),
                    now=town.now)  # fmt: skip
    assert cancel.state == S.HELD
    take(message(sent=sent), now=town.now)
    cancel.refresh_from_db()
    assert (bulletin_of("m-1").state, cancel.state) == (S.CANCELLED, S.IN_FORCE)
    assert told(town) == []
    assert log_said() == []


def test_r52_alert_and_cancel_of_one_poll_notify_nobody(town: Town) -> None:
    sent = town.now
    take(
        message(sent=sent),
        message("c-1", sent=sent, kind="Cancel", cites=reference("m-1", sent), info=False),
        now=town.now,
    )
    assert bulletin_of("m-1").state == S.CANCELLED
    assert told(town) == []
    assert log_said() == []


def test_r54_a_repeat_under_a_new_name_waits_for_a_duty_officers_word(town: Town) -> None:
    """R54: held and asked; "new" lets it count and tell, "the same" lets it count for nothing."""
    sent, until = town.now, town.now + timedelta(hours=6)
    take(message(sent=sent, expires=until), now=town.now)
    town.read_all()
    again = [message(f"r-{n}", sent=sent + timedelta(minutes=n), expires=until) for n in (1, 2)]
    [one, two] = take(*again, now=town.now)
    assert (one.state, two.state, told(town), len(log_said())) == (S.ASKED, S.ASKED, [], 1)
    assert one.like == bulletin_of("m-1").id
    take(message("u-1", sent=sent + timedelta(minutes=3), kind="Update", cites=reference("m-1", sent), headline="Newer"),
         now=town.now)  # fmt: skip
    town.read_all()
    assert (bulletin_of("r-1").state, len(log_said())) == (S.ASKED, 3)  # nobody has said yet which it is
    with pytest.raises(NotAllowed):
        services.judge_repeat(one.id, is_new=True, actor=town.as_("signer"), now=town.now)
    services.judge_repeat(one.id, is_new=False, actor=town.as_("duty"), now=town.now)
    assert (bulletin_of("r-1").state, told(town), len(log_said())) == (S.DUPLICATE, [], 3)
    services.judge_repeat(two.id, is_new=True, actor=town.as_("duty"), now=town.now)
    assert (bulletin_of("r-2").state, len(log_said())) == (S.IN_FORCE, 4)
    assert "post:duty" in told(town)
    with pytest.raises(Stale):
        services.judge_repeat(two.id, is_new=False, actor=town.as_("duty"), now=town.now)


def test_r55_r27_expiry_is_asked_of_the_clock_and_without_expires_the_declaration_decides(town: Town) -> None:
    """R55, R27: nothing sweeps; an expired message stays readable and tells nobody."""
    declare(feed(holds_for_s=3600), now=town.now)
    take(message(sent=town.now, expires=None), now=town.now)
    row = bulletin_of("m-1")
    assert row.until == row.sent + timedelta(hours=1)
    assert [line.id for line in queries.in_force(EVERYWHERE, now=town.now)] == [row.id]
    assert queries.in_force(EVERYWHERE, now=town.now + timedelta(hours=1)) == []
    assert queries.bulletin(EVERYWHERE, row.id).state == S.IN_FORCE  # by its line it is; by time it is over
    town.read_all()
    take(message("old", sent=town.now - timedelta(days=2), headline="Long ago"), now=town.now)
    assert told(town) == []


def test_r56_of_two_updates_of_one_alert_the_later_holds_and_both_are_shown(town: Town) -> None:
    """R56: a fork."""
    sent = town.now
    take(message(sent=sent), now=town.now)
    later = message(
        "u-2", sent=sent + timedelta(minutes=2), kind="Update", cites=reference("m-1", sent), headline="Later"
    )
    earlier = message(
        "u-1", sent=sent + timedelta(minutes=1), kind="Update", cites=reference("m-1", sent), headline="Earlier"
    )
    take(later, now=town.now)
    take(earlier, now=town.now)
    assert (bulletin_of("u-1").state, bulletin_of("u-2").state) == (S.REPLACED, S.IN_FORCE)
    assert bulletin_of("u-1").beside == [bulletin_of("u-2").id]
    town.read_all()


@pytest.mark.parametrize("status", ["Test", "Exercise", "System", "Draft"])
def test_r57_what_is_not_actual_tells_nobody_is_no_evidence_and_ends_no_warning(town: Town, status: str) -> None:
    """R57: also a Cancel that is only practised ends nothing real, and nothing of it is public."""
    declare(feed(relay=True), now=town.now)
    take(message("t-1", sent=town.now, status=status, note="Exercise Blue"), now=town.now)
    assert told(town) == []
    assert log_said() == []
    assert queries.relayed(now=town.now) == []
    assert queries.in_force(EVERYWHERE, now=town.now) == []
    with pytest.raises(UnknownName):
        queries.relayed_document(bulletin_of("t-1").id)
    sent = town.now
    take(message(sent=sent), now=town.now)
    town.read_all()
    cites, later = reference("m-1", sent), sent + timedelta(minutes=1)
    take(message("t-2", sent=later, status=status, kind="Cancel", cites=cites, info=False), now=town.now)
    assert bulletin_of("m-1").state == S.IN_FORCE
    assert told(town) == []


@pytest.mark.parametrize("scope", ["Restricted", "Private"])
def test_what_is_not_for_the_public_is_not_relayed(town: Town, scope: str) -> None:
    """R10, R57: posts are told; the public page and feed are not."""
    declare(feed(relay=True), now=town.now)
    take(message(sent=town.now, scope=scope), now=town.now)
    assert told(town)
    assert queries.relayed(now=town.now) == []


def test_r58_an_ack_is_delivery_evidence_of_our_own_message(town: Town) -> None:
    """R58: on the chain of the warning that it answers, and no warning itself; one that cites what is not ours is only kept."""
    acts.may_warn(town)
    town.read_all()
    storm = town.storm()
    ours = acts.drafts(town, "duty", storm.event)
    acts.submits(town, "duty", ours)
    acts.signs(town, "signer", ours)
    town.read_all()
    us = settings.CONFIGURATION.cap_sender
    [row, alien] = take(
        message("a-1", sent=town.now, kind="Ack", cites=reference(ours, warn.alert(ours).sent, us), info=False),
        message("a-2", sent=town.now, kind="Error", cites=reference("wrn_none", town.now, us), info=False), now=town.now,
    )  # fmt: skip
    town.carry()
    assert (row.state, alien.state, told(town)) == (S.ANSWER, S.ANSWER, [])
    assert [line.id for line in queries.answers_to(us, ours)] == [row.id]
    [entry] = [entry for entry in ledger.chain(ours) if entry.verb == "alert_answered"]
    assert (entry.body["by"], entry.body["kind"], entry.body["time_differs"]) == (MET, "Ack", False)


def test_r59_unknown_counts_as_high(town: Town) -> None:
    """R59: nobody knows that it is harmless."""
    take(message("u-1", sent=town.now, grading=("Unknown", "Unknown", "Unknown"), headline="Unknown"),
         message("k-1", sent=town.now, grading=("Immediate", "Severe", "Observed")), now=town.now)  # fmt: skip
    assert [line.identifier for line in queries.in_force(EVERYWHERE, now=town.now)] == ["u-1", "k-1"]
    assert bulletin_of("u-1").level == 4
    town.read_all()


# ---------------------------------------------------------------- what it is evidence of
def test_a_feed_speaks_only_for_what_and_where_it_is_declared(town: Town) -> None:
    """Rules see a declared hazard in a declared area; what else it says is shown, and is evidence of nothing."""
    declare(feed(speaks=(Speaks("rainstorm", ("rainstorm", "OET:v1.2=OET-163"), (EAST,)),)), now=town.now)
    coded = "<eventCode><valueName>OET:v1.2</valueName><value>OET-163</value></eventCode>"
    by_code = message("code", sent=town.now, event="Cloudburst").replace(b"</certainty>", b"</certainty>", 1)
    by_code = by_code.replace(b"<expires>", coded.encode() + b"<expires>")
    west = "<polygon>30.1,120.1 30.1,120.4 30.4,120.4 30.4,120.1 30.1,120.1</polygon>"
    take(by_code, message("west", sent=town.now, area=west), message("wind", sent=town.now, event="Gale"), now=town.now)
    assert {row.bulletin.identifier for row in BulletinRecord.objects.all()} == {"code"}
    body = read_bulletin_body(BulletinRecord.objects.get().body.encode())
    assert (body.hazard, body.rank, body.issuer, bool(body.cells), body.jurisdictions) == (
        "rainstorm",
        3,
        MET,
        True,
        (),
    )
    town.read_all()


def test_a_bulletin_of_a_whole_district_names_it_by_code_or_outline(town: Town) -> None:
    """R45, R44: a code that we know is a place; one that nobody knows is nowhere for rules, and shown where its feed speaks."""
    known = "<geocode><valueName>GB/T2260</valueName><value>330102</value></geocode>"
    unknown = "<geocode><valueName>SAME</valueName><value>006109</value></geocode>"
    whole = "<polygon>29.9,120.49 29.9,121.1 30.6,121.1 30.6,120.49 29.9,120.49</polygon>"
    take(message("code", sent=town.now, area=known), message("nowhere", sent=town.now, area=unknown),
         message("whole", sent=town.now, area=whole), now=town.now)  # fmt: skip
    bodies = {row.bulletin.identifier: read_bulletin_body(row.body.encode()) for row in BulletinRecord.objects.all()}
    assert set(bodies) == {"code", "whole"}
    assert bodies["code"].jurisdictions == (EAST,)
    assert EAST in bodies["whole"].jurisdictions
    assert (bulletin_of("nowhere").placed, queries.bulletin(EVERYWHERE, bulletin_of("nowhere").id).areas) == (
        False,
        ("simcity",),
    )
    town.read_all()


def test_a_poll_that_is_repeated_after_a_crash_changes_nothing(town: Town) -> None:
    """Kept and not settled, then killed: the next settling does all of it, once."""
    document = message(sent=town.now)
    services.keep("met", [Came("e", "", document)], now=town.now)
    assert bulletin_of("m-1").state == S.NEW
    services.keep("met", [Came("e", "", document)], now=town.now)
    assert services.settle(now=town.now) == 1
    assert services.settle(now=town.now) == 0
    assert len(log_said()) == 1
    assert told(town).count("post:duty") == 1


def test_r73_leaving_the_feed_is_no_cancel_unless_it_is_declared_so(town: Town) -> None:
    """R73."""
    document = message(sent=town.now)
    full = Heard([Listed("k", "e", "h", "t", "u")], [Came("k", "h", document)], whole=True)
    empty = Heard(whole=True)
    for gone_ends, after in ((False, S.IN_FORCE), (True, S.GONE)):
        declare(feed(gone_ends=gone_ends), now=town.now)
        hear("met", full, now=town.now)
        hear("met", empty, now=town.now)
        assert bulletin_of("m-1").state == after
        hear("met", full, now=town.now)
        assert bulletin_of("m-1").state == S.IN_FORCE
    assert log_said() == [(3, 1), (3, 0), (3, 1)]
    sent = [read_bulletin_body(row.body.encode()).sent_us for row in BulletinRecord.objects.order_by("id")]
    assert sent == sorted(set(sent))
    hear("met", Heard(whole=False), now=town.now)  # a feed with faults does not say what it has no more
    assert bulletin_of("m-1").state == S.IN_FORCE
    town.read_all()


def test_a_feed_keeps_no_more_than_its_share_of_the_disk(town: Town) -> None:
    declare(feed(kept_mb=1), now=town.now)
    big = "x" * 5900 + "y" * 200_000
    documents = [message(f"b-{n}", sent=town.now, description=f"{n} {big}") for n in range(8)]
    kept, refusals = services.keep("met", [Came(str(n), "", one) for n, one in enumerate(documents)], now=town.now)
    assert kept < len(documents)
    assert kept + len(refusals) == len(documents)
    assert sum(row.size for row in BulletinRow.objects.all()) <= 1 << 20
    assert "1 MB" in refusals[0].what
    services.settle(now=town.now)
    town.read_all()


def test_strangers_bring_only_so_many_messages_a_day(town: Town) -> None:
    documents = [message(f"s-{n}", sent=town.now, sender=ELSEWHERE) for n in range(MOST_IDLE_A_DAY + 5)]
    kept, refusals = services.keep("met", [Came(str(n), "", one) for n, one in enumerate(documents)], now=town.now)
    assert (kept, len(refusals)) == (MOST_IDLE_A_DAY, 5)
    services.settle(now=town.now)


def test_r72_a_failing_feed_is_told_of_once_and_once_that_it_is_heard_again(town: Town) -> None:
    """R72."""
    for _ in range(3):
        note_failure("met", "server weather.example: does not answer", now=town.now)
        town.after(minutes=6)
    town.after(minutes=30)
    town.phone("duty").expects("No bulletins from Weather service", "no all-clear")
    assert told(town) == []
    assert queries.feed("met").trouble == "failing"
    hear("met", Heard(unchanged=True), now=town.now)
    town.phone("duty").expects("Weather service again")
    assert told(town) == []
    assert queries.feed("met").trouble == ""


def test_r72_a_feed_that_says_nothing_new_for_too_long_is_told_of(town: Town) -> None:
    """R72: where its silence means something."""
    declare(feed(silent_after_s=3600), now=town.now)
    hear("met", Heard(newest_at=town.now), now=town.now)
    town.after(minutes=61)
    town.phone("duty").expects("nothing new")
    hear("met", Heard(unchanged=True), now=town.now)
    assert queries.feed("met").trouble == "silent"  # it answers, and still says nothing new
    hear("met", Heard(newest_at=town.now), now=town.now)
    town.phone("duty").expects("heard again")


def test_what_no_pack_and_nobody_knows_is_not_declared(town: Town) -> None:
    for bad in (Speaks("sharknado", ("*",), ("simcity",)), Speaks("rainstorm", ("*",), ("atlantis",))):
        with pytest.raises(UnknownName):
            declare(feed(speaks=(bad,)), now=town.now)


def test_a_retired_feed_is_not_asked_and_its_messages_stay(town: Town) -> None:
    take(message(sent=town.now), now=town.now)
    town.read_all()
    declare(now=town.now)
    assert queries.due_feeds(now=town.now) == []
    assert bulletin_of("m-1").state == S.IN_FORCE


def test_posts_see_bulletins_of_their_area_only(town: Town) -> None:
    """Promise 5."""
    take(message(sent=town.now), now=town.now)
    row = bulletin_of("m-1")
    assert queries.bulletin(town.as_("inspector-east").scope, row.id).id == row.id
    with pytest.raises(UnknownName):
        queries.bulletin(town.as_("inspector-west").scope, row.id)
    town.read_all()
