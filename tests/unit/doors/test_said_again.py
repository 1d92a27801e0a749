"""Words of refusals are taken apart in one language and said in another, for every sentence of the catalogue."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from django.utils import translation
from django.utils.translation.trans_real import translation as catalogue
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.doors.said_again import recognised, worded

PLACE = re.compile(r"\{(\w+)\}")
KNOWN = catalogue("zh-hans")._catalog
ALL = sorted({(msgid, str(KNOWN[msgid])) for msgid in list(KNOWN.keys())
              if isinstance(msgid, str) and msgid and KNOWN[msgid] and "\x04" not in msgid})  # fmt: skip
PLAIN = [pair for pair in ALL if not PLACE.search(pair[0])]
WITH_PLACES = [pair for pair in ALL if PLACE.search(pair[0])]


def said(text: str, language: str, values: dict[str, str]) -> str:
    return PLACE.sub(lambda place: values.get(place[1], place[0]), text)


def again(text: str, first: str, then: str) -> str:
    with translation.override(first):
        kept = recognised(text)
    with translation.override(then):
        return worded(kept)


def test_every_sentence_without_a_place_comes_out_in_the_other_language() -> None:
    assert len(PLAIN) > 1000
    by_chinese: dict[str, set[str]] = {}
    for msgid, text in PLAIN:
        by_chinese.setdefault(text, set()).add(msgid)
    for msgid, text in PLAIN:
        assert again(msgid, "en", "zh-hans") == text, msgid
        assert again(text, "zh-hans", "en") in by_chinese[text]  # of two that say the same in Chinese, one
        assert again(msgid, "en", "en") == msgid


def test_every_sentence_with_places_comes_out_with_what_stood_in_them() -> None:
    assert len(WITH_PLACES) > 200
    shapes = Counter(PLACE.sub("{}", msgid) for msgid, _text in WITH_PLACES)
    wrong = []
    for msgid, text in WITH_PLACES:
        names = dict.fromkeys(PLACE.findall(msgid))
        values = {name: f"YH{number}7" for number, name in enumerate(names, 1)}
        if shapes[PLACE.sub("{}", msgid)] > 1 or not re.search(r"\w{2}", PLACE.sub("", msgid)):
            continue  # two sentences that English says alike; or signs alone, which are no sentence
        english, chinese = said(msgid, "en", values), said(text, "zh-hans", values)
        if again(english, "en", "zh-hans") != chinese:
            wrong.append(msgid)
        if again(english, "en", "en") != english or again(chinese, "zh-hans", "zh-hans") != chinese:
            wrong.append(msgid)
    assert not wrong, "\n".join(wrong)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80), st.sampled_from(["en", "zh-hans"]))
def test_what_stands_in_the_same_language_is_said_as_it_was_whatever_it_holds(text: str, language: str) -> None:
    assert again(text, language, language) == text


@pytest.mark.parametrize("hostile", ["{n}", "{0.__class__}", "%s", "x" * 5000, "\x00", "case {number}", "{" * 300])
def test_what_people_typed_is_neither_a_place_nor_a_format(hostile: str) -> None:
    refused = f"case {hostile}"
    assert again(refused, "en", "en") == refused


def test_sentences_stand_inside_each_other() -> None:
    with translation.override("en"):
        rule = translation.gettext("“{move}” is not possible while it is “{state}”").format(
            move="Answer", state="Withdrawn"
        )
        kept = recognised(rule)
    with translation.override("zh-hans"):
        assert worded(kept, {"Answer": "答复", "Withdrawn": "已撤回"}) == translation.gettext(
            "“{move}” is not possible while it is “{state}”").format(move="答复", state="已撤回")  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("typed", ["：" * 1990, "，。" * 990, ": " * 990, "a: b. c; d, e (f) " * 100, "{n} " * 490])
def test_long_text_of_separators_is_read_in_one_pass(language: str, typed: str) -> None:
    """A refusal quotes what was typed; a search for all ways in which it fits took twenty seconds for one of these."""
    with translation.override(language):
        assert worded(recognised(typed)) == typed
