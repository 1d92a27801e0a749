"""[case.NAME.seal]: a sealed kind says why it is read, how long it is kept; nothing written freely decides its way."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tocsin.packkit import check_pack, load_pack

CONFIDENCES = Path(__file__).parents[2] / "rooms" / "case_packs" / "confidences"
STREETS = CONFIDENCES.parent / "streets"


def test_what_is_declared_is_read() -> None:
    kind = load_pack(CONFIDENCES).cases["confidence"]
    assert kind.sealed
    assert kind.seal is not None
    assert kind.seal.keep_us == 30 * 86_400_000_000
    assert (kind.seal.second, kind.seal.counts, set(kind.seal.purposes)) == (
        ("commander",),
        ("thing",),
        {"handle", "decide"},
    )
    assert kind.outside == {"thing"}
    assert load_pack(STREETS).cases["request"].seal is None


ACCEPT = 'to = "accepted"\nwho = ["owner"]\n'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('keep = "30d"\n', "", "keep"),
        ('keep = "30d"', 'keep = "long"', "keep"),
        ("[case.confidence.seal.purpose.handle]", "[case.confidence.seal.reason.handle]", "unknown key 'reason'"),
        ('who = ["owner", "case_handler"]\n', "", "who is missing"),
        ('who = ["commander"]\n\n[case.confidence.state', 'who = ["king"]\n\n[case.confidence.state', "king"),
        ('counts = ["thing"]', 'counts = ["what"]', "no question with choices"),
        ('second = ["commander"]', 'second = ["owner"]', "owner"),
        ("sealed = true\n", "", ""),  # the form alone makes it sealed
        (ACCEPT, ACCEPT + 'when = { what = "dark" }\n', "written freely"),
        (ACCEPT, ACCEPT + 'when = { name = "x" }\n', "is sealed and decides"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    folder = tmp_path / "confidences"
    shutil.copytree(CONFIDENCES, folder)
    file = folder / "lifecycle.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    faults = [str(fault) for fault in check_pack(folder)]
    assert any(said in fault for fault in faults) if said else faults == []


def test_a_sealed_kind_without_a_seal_and_a_seal_without_a_sealed_kind_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "streets"
    shutil.copytree(STREETS, folder)
    file = folder / "lifecycle.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("requester = true\n", "requester = true\nsealed = true\n"), encoding="utf-8")
    assert any("why it is read and how long" in str(fault) for fault in check_pack(folder))
    seal = '[case.request.seal]\nkeep = "1d"\n\n[case.request.state.received]'
    file.write_text(text.replace("[case.request.state.received]", seal), encoding="utf-8")
    assert any("not sealed" in str(fault) for fault in check_pack(folder))
