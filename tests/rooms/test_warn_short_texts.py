"""Short texts: made from the long ones, edited, counted, refused where too long, carried by the message and by each channel;
texts of a further language; variables that nobody filled."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from tests.rooms.test_warn import TABLE, drafted, edited, line, sign, signed, submitted
from tocsin.formats.cap import check, read
from tocsin.loop.warn import queries, services
from tocsin.loop.warn.cap_message import SPEECH, our_producer
from tocsin.loop.warn.condensing import LIMITS, condensed
from tocsin.loop.warn.content import LANGUAGES, Areas, Content, Texts
from tocsin.loop.warn.filling import filled
from tocsin.loop.warn.lifecycle import Kind
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.preview import preview
from tocsin.loop.warn.text_checks import text_faults
from tocsin.packkit import builtin_pack_paths, check_pack, load_pack
from tocsin.records.audience import services as audience
from tocsin.records.audience.services import Target
from tocsin.records.dispatch.models import DispatchRow
from tocsin.records.org.actor import SYSTEM
from tocsin.records.places.services import Area
from tocsin.terms.errors import BadValue
from tocsin.testing.town import CITY, EAST, START, Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with Town() as built:
        services.put_authority(TABLE, actor=SYSTEM, now=built.now)
        yield built
        built._ring().clear()


def parameters(identifier: str) -> list[dict[str, str]]:
    message = read(queries.alert(identifier).document).alert
    assert message is not None
    return [{pair.name: pair.value for pair in info.parameters} for info in message.infos]


# ---------------------------------------------------------------- made
def _content(hazard: str = "rainstorm", level: int = 4, **changed: object) -> Content:
    content = Content(
        Kind.ALERT, "", hazard, level, START, START + timedelta(hours=6), Areas((EAST,)), "emergency", ("Met",), "",
        ("Avoid",), "Immediate", "Likely", "unverified", False,
    )  # fmt: skip
    return replace(content, **changed)  # type: ignore[arg-type]


def _names(*folders: Path, title: str = "East district") -> Names:
    area = Area(EAST, {"en": title, "zh-hans": "东区"}, 3, "Asia/Shanghai")
    paths = folders or builtin_pack_paths()
    bodies = {"emergency": {"en": "Emergency office", "zh-hans": "应急管理局"}}
    return Names({EAST: area}, bodies, [load_pack(path) for path in paths])


def test_every_template_of_every_pack_fills_and_fits() -> None:
    """All hazards and levels of all packs in both languages: no variable is left over, nothing is too long, no check of CAP
    stands against it."""
    names, seen = _names(), 0
    for pack in names.packs:
        for hazard, spec in pack.warnings.items():
            for level in spec.levels:
                content = _content(hazard, level, categories=spec.categories)
                said = {"en": "171.2 mm in 3 hours", "zh-hans": "3小时171.2 mm", "place": "Station"}
                content = replace(content, texts=filled(content, names, said))
                assert list(text_faults(content)) == []
                for language in LANGUAGES:
                    texts = content.text(language).as_document()
                    assert all(texts.values()), (hazard, level, language, texts)
                    assert not any("{" in words for words in texts.values())
                seen += 1
    assert seen >= 28


def test_the_short_texts_say_what_to_do_and_are_meant_for_their_channel() -> None:
    names = _names()
    content = _content()
    english = filled(content, names, {"en": "171.2 mm in 3 hours", "place": "Station"})["en"]
    assert english.short == "Red I rainstorm, East district, until 22 Nov 09:00. Stay out of water."
    assert "Go to a high, firm place now and stay there." in english.brief
    assert "Red rainstorm warning" in english.speech  # nobody reads a Roman numeral aloud
    assert "171.2 millimetres in 3 hours" in english.speech
    chinese = filled(content, names, {"zh-hans": "3小时171.2 mm", "place": "车站"})["zh-hans"]
    assert "红色一级" in chinese.speech
    assert "171.2毫米" in chinese.speech
    assert "9时" in chinese.speech


def test_a_long_name_of_an_area_never_makes_a_short_text_too_long() -> None:
    names = _names(
        title="The district of the seven hundred bridges over the lower reaches of the eastern river and its banks"
    )
    texts = filled(_content(), names, {})["en"]
    assert len(texts.short) <= LIMITS["short"]
    assert texts.short.endswith("…")


words = st.text(st.sampled_from("ab c.!?。，！ \n江"), max_size=300)


def plainly(text: str) -> list[str]:
    """Sentences by walking over the characters: the slow twin of the pattern."""
    found, now = [], ""
    for n, character in enumerate(text):
        following = text[n + 1 : n + 2]
        now += " " if character == "\n" else character
        if character in "。！？\n" or (character in ".!?" and (following.isspace() and following)):
            found.append(now.strip())
            now = ""
    return [sentence for sentence in (*found, now.strip()) if sentence]


@given(st.builds(Texts, words, words, words, words), st.sampled_from(LANGUAGES))
def test_whatever_is_written_is_shortened_by_whole_sentences(texts: Texts, language: str) -> None:
    """Of a cancellation, which has no time in it: the headline, then as many whole sentences as fit, in their order."""
    content = _content(kind=Kind.CANCEL, body="")
    made = condensed(content, texts, Names({}, {}, []), language)
    assert all(len(made[name]) <= LIMITS[name] for name in LIMITS)
    if not texts.headline.strip():
        assert made == dict.fromkeys(LIMITS, "")
        return
    stop, between = ("。", "") if language == "zh-hans" else (".", " ")
    lead = texts.headline.strip(" .。") + stop
    beware = plainly(texts.beware)
    if beware:
        beware[0] = ("注意：" if language == "zh-hans" else "Beware: ") + beware[0]
    for name, sentences in (("short", plainly(texts.instruction)), ("brief", [*plainly(texts.instruction), *beware])):
        fitting = [lead] if len(lead) <= LIMITS[name] else [made[name].partition("…")[0] + "…"]
        for sentence in sentences:
            if len(between.join([*fitting, sentence])) > LIMITS[name]:
                break
            fitting.append(sentence)
        assert made[name] == between.join(fitting)


# ---------------------------------------------------------------- edited, counted, refused
def test_what_nobody_touched_follows_and_what_somebody_wrote_stays(town: Town) -> None:
    warning = drafted(town)
    edited(town, warning, texts={"en": {"instruction": "Leave the cellar."}})
    assert "Leave the cellar." in line(town, warning).content.text("en").brief
    assert "Leave the cellar." in line(town, warning).content.text("en").speech
    edited(town, warning, texts={"en": {"short": "Own words."}})
    edited(town, warning, level=4)
    told = line(town, warning).content.text("en")
    assert (told.short, told.brief.startswith("Red I")) == ("Own words.", True)
    edited(town, warning, texts={"en": {"short": ""}})  # cleared: made anew
    assert line(town, warning).content.text("en").short.startswith("Red I rainstorm")


@pytest.mark.parametrize("name", ["short", "brief", "speech"])
def test_a_short_text_that_is_too_long_is_refused_with_what_to_do(town: Town, name: str) -> None:
    warning = drafted(town)
    edited(town, warning, texts={"en": {name: "x" * (LIMITS[name] if name == "short" else LIMITS[name] + 1)}})
    if name == "short":
        edited(town, warning, exercise=True, exercise_note="Drill")  # its mark counts as well
    with pytest.raises(BadValue, match="characters") as refused:
        submitted(town, warning)
    assert "clear the field" in refused.value.remedy
    shown = preview(line(town, warning).content, warning, Names.read(), now=town.now)
    assert any("characters" in problem.rule for problem in shown.problems)


@pytest.mark.parametrize("text", ["headline", "description", "beware", "instruction", "short", "brief", "speech"])
def test_a_variable_that_nobody_filled_never_goes_out(town: Town, text: str) -> None:
    warning = drafted(town)
    edited(town, warning, texts={"zh-hans": {text: "请到{ area }"}})
    with pytest.raises(BadValue, match="was not filled in") as refused:
        submitted(town, warning)
    assert refused.value.remedy


# ---------------------------------------------------------------- carried
def test_the_message_carries_them_and_obeys_its_rules(town: Town) -> None:
    warning = drafted(town)
    identifier = signed(town, warning)
    for told, language in zip(parameters(identifier), LANGUAGES, strict=True):
        texts = line(town, warning).content.text(language)
        assert (told["CMAMtext"], told["CMAMlongtext"], told[SPEECH]) == (texts.short, texts.brief, texts.speech)
    message = read(queries.alert(identifier).document).alert
    assert message is not None
    assert [f for f in check(message, producer=our_producer(Names.read())) if f.rule in ("P15", "R24", "R25")] == []


def test_each_channel_says_the_text_that_is_made_for_it(town: Town) -> None:
    addresses = {"sms": "+8613800000001", "voice": "+8613800000002", "mqtt": "simcity/display", "chat": "duty",
                 "webhook": "https://hook.example/x", "mail": "board@town.example"}  # fmt: skip
    targets = [Target(name, {"en": name}, name, address, "en", [CITY]) for name, address in addresses.items()]
    audience.put_targets(targets, actor=SYSTEM, now=town.now)
    warning = drafted(town)
    signed(town, warning)
    texts = line(town, warning).content.text("en")
    rows = DispatchRow.objects.filter(about=warning, kind="warning_issued", audience__icontains="target:")
    said = {row.channel: row.texts["en"]["body"] for row in rows}
    assert said["sms"] == said["mqtt"] == texts.short
    assert said["voice"] == texts.speech
    assert said["chat"].startswith(texts.brief)
    assert said["chat"].endswith(f"/warnings/{warning}")
    assert texts.description in said["webhook"]
    assert texts.description in said["mail"]


# ---------------------------------------------------------------- further languages are packs
VIETNAMESE = {"headline": "Cảnh báo mưa {level} tại {area}", "description": "Mưa lớn tại {area} đến {until}.",
              "beware": "Đường ngập nước.", "instruction": "Ở trong nhà."}  # fmt: skip
ENDING = """
[ending.over]
headline = { vi = "Hủy cảnh báo mưa tại {area}" }
description = { vi = "Nguy hiểm đã qua." }
instruction = { vi = "Có thể tiếp tục." }
[ending.error]
headline = { vi = "Rút cảnh báo" }
description = { vi = "Cảnh báo được ban hành nhầm." }
instruction = { vi = "Không cần làm gì." }
"""


def pack_in_vietnamese(folder: Path, *, ending: str = ENDING, leave_out: str = "") -> Path:
    """The pack of natural hazards whose rainstorm warnings also speak Vietnamese."""
    target = folder / "natural_hazards"
    shutil.copytree(next(path for path in builtin_pack_paths() if path.name == "natural_hazards"), target)
    file = target / "warnings.toml"
    told = file.read_text(encoding="utf-8")
    begins, ends = told.index("[hazard.rainstorm]"), told.index("[hazard.heat]")
    part = told[begins:ends]
    for name, text in VIETNAMESE.items():
        if name != leave_out:
            part = part.replace(f"{name} = {{ en", f'{name} = {{ vi = "{text}", en')
    file.write_text(told[:begins] + part + told[ends:] + ending, encoding="utf-8")
    return target


def test_a_language_of_a_pack_is_one_more_info_block(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = pack_in_vietnamese(tmp_path)
    monkeypatch.setattr(settings, "CONFIGURATION", replace(settings.CONFIGURATION, packs=(str(folder),)))
    audience.put_targets(
        [Target("board", {"en": "board"}, "sms", "+8413800000001", "vi", [CITY])], actor=SYSTEM, now=town.now
    )
    warning = drafted(town)
    assert line(town, warning).content.languages == (*LANGUAGES, "vi")
    identifier = signed(town, warning)
    message = read(queries.alert(identifier).document).alert
    assert message is not None
    assert [info.language for info in message.infos] == ["zh-CN", "en", "vi"]
    same = ("onset", "expires", "effective", "severity", "urgency", "certainty", "categories")
    assert len({tuple(getattr(info, name) for name in same) for info in message.infos}) == 1
    assert len({tuple((a.polygons, a.geocodes) for a in i.areas) for i in message.infos}) == 1
    assert "Mưa lớn" in message.infos[2].description
    assert [f for f in check(message, producer=our_producer(Names.read())) if f.rule in ("P3", "R24", "R25")] == []
    sms = DispatchRow.objects.get(about=warning, channel="sms")
    assert sms.texts["vi"]["body"].startswith("Cảnh báo mưa")
    cancel = services.draft_cancel(identifier, actor=town.as_("duty"), now=town.now)
    ended = read(queries.alert(signed(town, cancel)).document).alert
    assert ended is not None
    assert [info.headline for info in ended.infos][2].startswith("Hủy cảnh báo")  # it says why in all languages (P11)


@pytest.mark.parametrize(("how", "said"), [({"leave_out": "beware"}, "says only part of it in vi"),
                                           ({"ending": ""}, "a cancellation has no words in it")])  # fmt: skip
def test_half_a_language_is_a_fault_of_the_pack(tmp_path: Path, how: dict[str, str], said: str) -> None:
    faults = check_pack(pack_in_vietnamese(tmp_path, **how))
    assert any(said in str(fault) for fault in faults), [str(fault) for fault in faults][:3]


def test_a_further_language_that_is_emptied_is_left_out_and_half_of_it_refused(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = pack_in_vietnamese(tmp_path)
    monkeypatch.setattr(settings, "CONFIGURATION", replace(settings.CONFIGURATION, packs=(str(folder),)))
    warning = drafted(town)
    edited(town, warning, texts={"vi": {"instruction": ""}})
    with pytest.raises(BadValue, match="empty"):
        submitted(town, warning)
    edited(town, warning, texts={"vi": dict.fromkeys(("headline", "description", "beware", "instruction", "short", "brief",
                                                      "speech"), "")})  # fmt: skip
    submitted(town, warning)
    sign(town, warning)
    assert len(parameters(warning)) == 2
