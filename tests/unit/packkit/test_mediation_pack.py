"""The pack of mediation: its figures are those of the facts, nobody is described beyond the case, and each end without a
performed agreement names the next body."""

from __future__ import annotations

from tocsin.packkit import check_pack, find_pack, load_pack

PACK = find_pack("mediation")
KIND = load_pack(PACK).cases["dispute"]
ENDS_ELSEWHERE = {"not_taken", "unwilling", "no_agreement", "not_performed"}


def test_it_claims_silver_and_passes() -> None:
    assert [str(fault) for fault in check_pack(PACK)] == []
    assert 'tier = "silver"' in (PACK / "quality.toml").read_text("utf-8")


def test_its_clocks_are_those_of_the_facts_and_what_is_our_own_says_so() -> None:
    days = {code: (spec.period.n, spec.period.unit.value) for code, spec in KIND.clocks.items() if spec.verified}
    assert days == {
        "mediate": (30, "calendar_day"), "own_period": (0, "calendar_day"), "labour_mediation": (15, "calendar_day"),
        "judicial_confirmation": (30, "calendar_day"),
    }  # fmt: skip
    assert all(spec.clause.startswith("own:") for spec in KIND.clocks.values() if not spec.verified)
    assert [code for code, spec in KIND.clocks.items() if spec.lapses] == ["judicial_confirmation"]  # a right
    assert all(
        spec.extension is None for spec in KIND.clocks.values()
    )  # the parties set a period, no office extends one


def test_each_end_without_a_performed_agreement_names_the_next_body() -> None:
    leading = [move for move in KIND.moves.values() if move.after in ENDS_ELSEWHERE]
    assert {move.after for move in leading} == ENDS_ELSEWHERE
    for move in leading:
        form = KIND.forms[move.form]
        for name in ("next_route", "next_body"):
            asked = form.question(name)
            assert asked is not None, move.code
            assert asked.required, move.code
            assert asked.told, move.code
    assert [state.code for state in KIND.states.values() if state.put_right] == ["performed"]


def test_nothing_begins_before_both_agree_and_either_ends_it_at_any_time() -> None:
    begins = [move for move in KIND.moves.values() if move.after == "mediating" and "asked" in move.before]
    assert len(begins) == 3
    assert all((move.when["consent_first"], move.when["consent_second"]) == ("yes", "yes") for move in begins)
    before_agreement = {"received", "asked", "mediating", "to_sign"}
    assert set(KIND.moves["stop"].before) == before_agreement
    assert not KIND.moves["stop"].guards


def test_the_parties_are_named_under_seal_and_nothing_else_is_asked_about_them() -> None:
    sealed = {question.name for form in KIND.forms.values() for question in form.questions if question.sealed}
    assert {
        "first_name",
        "second_name",
        "first_contact",
        "second_contact",
        "dispute",
        "session_said",
        "duty_1",
    } <= sealed
    assert not sealed & KIND.outside
    assert KIND.seal is not None
    assert KIND.seal.keep_us == 1096 * 86_400_000_000
    assert all("facility_operator" in state.hidden_from for state in KIND.states.values())
    words = {word for form in KIND.forms.values() for question in form.questions for word in question.name.split("_")}
    assert not words & {"score", "rank", "risk", "level", "gender", "birth", "age", "income", "record", "history"}


def test_the_agreement_prints_nothing_of_the_talks() -> None:
    said = (PACK / "papers.toml").read_text("utf-8")
    assert "sections" not in said
    for name in ("session", "present", "wishes", "mediators"):
        assert f"{{a_{name}" not in said
