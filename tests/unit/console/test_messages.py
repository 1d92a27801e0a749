"""Chinese and English ship together: a word without translation fails here (interface.md section 6)."""

from __future__ import annotations

import importlib.machinery
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts" / "messages"


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("messages", str(SCRIPT))
    spec = importlib.util.spec_from_loader("messages", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_every_word_is_translated_and_none_is_left_over(messages: ModuleType):
    assert len(messages.extracted()) > 150
    assert messages.faults("zh_Hans") == []


def test_words_of_code_and_of_templates_are_both_found(messages: ModuleType):
    ids = {message.id if isinstance(message.id, str) else message.id[0] for message in messages.extracted()}
    assert {"{n} signal", "Duty console", "No open events. Data as of %(time)s"} <= ids


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda catalog: catalog.delete("Duty console"), "not in the catalogue: 'Duty console'"),
        (lambda catalog: catalog.add("Gone", "没了"), "no longer in the code: 'Gone'"),
        (lambda catalog: setattr(catalog["Duty console"], "string", ""), "not translated: 'Duty console'"),
        (lambda catalog: setattr(catalog["in {age}"], "string", "以后"), "other placeholders: 'in {age}'"),
    ],
)
def test_each_fault_is_named(messages: ModuleType, monkeypatch: pytest.MonkeyPatch, broken, said: str):
    catalog = messages.read("zh_Hans")
    broken(catalog)
    monkeypatch.setattr(messages, "read", lambda locale: catalog)
    assert messages.faults("zh_Hans") == [said]


def test_the_compiled_words_are_those_of_the_catalogue(messages: ModuleType):
    from gettext import GNUTranslations

    compiled = messages.po_path("zh_Hans").with_suffix(".mo")
    assert compiled.exists(), "run `scripts/messages compile` (`make setup` does)"
    with compiled.open("rb") as file:
        spoken = GNUTranslations(file)
    for message in messages.read("zh_Hans"):
        if message.id and isinstance(message.id, str) and not message.context:
            assert spoken.gettext(message.id) == message.string, "run `scripts/messages compile`"
