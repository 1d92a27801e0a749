"""Every limit of `terms/limits.py`: what lies beyond is refused, soon, with little memory, and in words that name the limit."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from tocsin.engine.language.condition import parse_condition, parse_hold
from tocsin.engine.language.vocabulary import Vocabulary
from tocsin.formats.catalogue import read_catalogue
from tocsin.formats.mapping import read_mapping
from tocsin.formats.toml import BadToml, read_toml
from tocsin.packkit.fault import Faults
from tocsin.packkit.load import read_pack
from tocsin.packkit.scaffold import new_pack
from tocsin.packkit.series import read_series
from tocsin.packkit.tidy import tidy_rules
from tocsin.terms import limits
from tocsin.terms.errors import BadPack, Refused

PATIENCE_S = 5.0  # of the processor; what is refused takes well under a second on an idle machine
MOST_BYTES = 60_000_000  # while refusing, the input itself left out
RAIN = Vocabulary("mm", {"precipitation": "mm"})


def refused(read: Callable[[], object], *said: str) -> None:
    """It is refused, in bounded time and memory."""
    tracemalloc.start()
    began = time.thread_time()
    try:
        with pytest.raises(Refused) as caught:
            read()
        spent, (_, most) = time.thread_time() - began, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert spent < PATIENCE_S
    assert most < MOST_BYTES
    assert len(str(caught.value)) < 2000
    for word in said:
        assert word in str(caught.value)


def toml(text: str) -> Callable[[], object]:
    return lambda: read_toml(text.encode("utf-8", "surrogatepass"), "x.toml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x" * (limits.TOML_BYTES + 1), f"larger than {limits.TOML_BYTES} bytes"),
        ("a = 1\n" * 10 + "b = [" * (limits.TOML_NESTING + 1), f"nested more than {limits.TOML_NESTING} deep"),
        ("a = " + "[" * 100_000, "nested"),
        ("a = " + "{a=" * 50_000, "nested"),
        (".".join("a" * (limits.TOML_KEY_PARTS + 1)) + " = 1", f"more than {limits.TOML_KEY_PARTS} dotted parts"),
        (".".join("a" * 400_000) + " = 1", "dotted parts"),
        ("[" + " . ".join("a" * 200_000) + "]", "dotted parts"),
        ("".join(f"[a{k}]\n" for k in range(100_000)), f"more than {limits.TOML_PARTS} keys"),
        ("[[rule]]\n" * 100_000, f"more than {limits.TOML_PARTS} keys"),
        ("".join(f"k{k}=1\n" for k in range(90_000)), "keys"),
        ("a = [" + "1," * 400_000 + "]", "keys"),
        ("a = " + "9" * 900_000, "more than 300 digits"),
        ("a = 0x" + "f" * 17, "64 bits"),
        ("a = 99999999999999999999", "64 bits"),
        ('a = "' + "\\" * 900_000, "not TOML"),
        ('a = """' * 100_000, None),
        ("a = '" + "x" * 900_000, "not TOML"),
        ("\x00" * 900_000, "not TOML"),
        ('a = "\ud800"', "not UTF-8"),
        ('a = "\u202erain\u202c"', "U+202E"),
        ("]" * 900_000, "not TOML"),
        ("=" * 900_000, "keys"),
    ],
)
def test_toml(text: str, said: str | None) -> None:
    refused(toml(text), *([said] if said else []))


def test_toml_up_to_the_limits_is_read() -> None:
    deep = "[" * (limits.TOML_NESTING - 1) + "]" * (limits.TOML_NESTING - 1)
    wide = "".join(f"k{k} = 1\n" for k in range(limits.TOML_PARTS // 2))
    keys = ".".join("abcdefghijklmnop"[: limits.TOML_KEY_PARTS])
    text = f"{wide}x = {deep}\n{keys} = {2**63 - 1}\ninfinite = inf\nlong = '{'y' * 500_000}'\n"
    document, _ = read_toml(text.encode(), "x.toml")
    assert document["infinite"] == float("inf")
    assert read_toml(b'a = "1.2.3.4.5.6.7.8.9.10.11.12.13.14" # a.b.c.d.e.f.g.h.i.j.k.l.m.n.o', "x")[0]["a"].startswith(
        "1.2"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(" * 1000 + "value > 1 mm", f"at most {limits.CONDITION_NESTING} deep"),
        ("value > 1 mm" + " " * 10_000_000, f"at most {limits.CONDITION_CHARACTERS} characters"),
        (" or ".join(["value > 1 mm"] * 66), f"at most {limits.CONDITION_OPERATORS} operators"),
        ("not " * 300 + "value > 1 mm", "operators"),
        ("value > 1e999 mm", f"larger than {limits.LARGEST_NUMBER:g}"),
        ("value > " + "9" * 1000 + " mm", "larger than"),
        (f"sum({limits.DURATION_DAYS + 1}d) > 1 mm", f"at most {limits.DURATION_DAYS} d"),
        ("sum(1e12d) > 1 mm", f"at most {limits.DURATION_DAYS} d"),
        ("vаlue > 1 mm", "no place here"),  # a Cyrillic letter that looks like a Latin one
        ("value\u200b > 1 mm", "no place here"),
        ("value > 1 m" + "\u0301" * 500, "no place here"),
        ("value > １ mm", "no place here"),  # a full-width digit
        ("value >= 5 mm\x00", "no place here"),
    ],
)  # fmt: skip
def test_conditions(text: str, said: str | None) -> None:
    parse_condition("value > 1 mm", RAIN)  # builds the grammar
    refused(lambda: parse_condition(text, RAIN), *([said] if said else []))


@pytest.mark.parametrize(
    ("text", "said"),
    [("1" * 10_000_000, f"at most {limits.HOLD_CHARACTERS} characters"),
     (f"{limits.HOLD_OBSERVATIONS + 1} obs", "observations"),
     ("999999999 obs", None), ("367d", "366 d")],
)  # fmt: skip
def test_holds(text: str, said: str | None) -> None:
    refused(lambda: parse_hold(text), *([said] if said else []))


@pytest.mark.parametrize("text", [f"1x{limits.SERIES_SAMPLES}", "_x999999999", "1 " * (limits.SERIES_SAMPLES + 1)])
def test_series(text: str) -> None:
    refused(lambda: read_series(text), "intervals")


@pytest.mark.parametrize("read", [lambda data: read_catalogue(data, ".toml"), read_mapping, tidy_rules],
                         ids=["catalogue", "mapping", "rules"])  # fmt: skip
@pytest.mark.parametrize(
    "text", ["a = " + "9" * 5000, ".".join("a" * 20_000) + " = 1", "a = " + "[" * 5000, "\x00", "a = 1e999x"]
)
def test_every_reader_of_toml_is_as_careful(read: Callable[[bytes], object], text: str) -> None:
    refused(lambda: read(text.encode()))


def test_a_catalogue_may_be_much_larger_than_a_pack() -> None:
    rows = "".join(
        f'[[stream]]\nid = "g{k}"\nsource = "s"\nfeature = "f"\nproperty = "p"\nunit = "mm"\n' for k in range(6000)
    )
    _, streams = read_catalogue(('[[source]]\nid = "s"\ntitle = "s"\nowner = "s"\n' + rows).encode(), ".toml")
    assert len(streams) == 6000
    assert limits.CATALOGUE_PARTS > 100 * limits.TOML_PARTS - 1
    assert limits.CATALOGUE_BYTES > 60 * limits.TOML_BYTES


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return new_pack("huge", tmp_path)


def test_faults_beyond_what_anybody_reads_are_not_kept(pack: Path) -> None:
    (pack / "rules.toml").write_text("[[rule]]\n" + "".join(f"k{k} = 1\n" for k in range(9000)), "utf-8")
    faults = Faults()
    began = time.thread_time()
    read_pack(pack, faults)
    assert time.thread_time() - began < PATIENCE_S * 3  # each is looked up among the known keys
    assert len(faults.found) == limits.PACK_FAULTS


def test_a_pack_of_too_many_rules(pack: Path) -> None:
    (pack / "rules.toml").write_text("[[rule]]\nid = 'a'\n" * (limits.PACK_RULES + 1), "utf-8")
    faults = Faults()
    read_pack(pack, faults)
    assert [fault.what for fault in faults.found if "rules" in fault.what] == [
        f"it has more than {limits.PACK_RULES} rules"
    ]


def test_a_file_that_is_too_large_is_not_even_read(pack: Path) -> None:
    with (pack / "rules.toml").open("wb") as file:
        file.truncate(10 << 30)  # sparse: ten gibibytes that exist in name only
    faults = Faults()
    with pytest.raises(BadPack) as caught:  # the digest of the whole pack refuses it in the end
        read_pack(pack, faults)
    assert str(limits.PACK_BYTES) in caught.value.rule
    assert [fault.what for fault in faults.found][:1] == [f"the file is larger than {limits.TOML_BYTES} bytes"]


def test_a_folder_that_is_no_pack_but_a_disk(pack: Path) -> None:
    for k in range(limits.PACK_FILES):
        (pack / "examples" / f"{k}.txt").touch()
    with pytest.raises(BadPack) as caught:
        read_pack(pack, Faults())
    assert str(limits.PACK_FILES) in caught.value.rule


def test_every_limit_is_tried_here() -> None:
    text = Path(__file__).read_text("utf-8")
    assert [name for name in limits.__all__ if f"limits.{name}" not in text] == []


def test_the_place_of_what_is_refused_is_said() -> None:
    with pytest.raises(BadToml) as caught:
        read_toml(b"a = 1\nb = \n", "x.toml")
    assert (caught.value.line, caught.value.column) == (2, 5)
    assert "x.toml line 2 column 5" in str(caught.value)
