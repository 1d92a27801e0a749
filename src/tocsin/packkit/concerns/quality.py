"""quality.toml: the tier a pack claims, item by item; what code can verify is verified."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from tocsin.engine.language.faults import nearest
from tocsin.packkit.concerns.outcome import Outcome
from tocsin.packkit.document import Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.section import Section

__all__ = ["TIERS", "check_quality"]

TIERS: Mapping[str, tuple[str, ...]] = {
    "bronze": ("loads", "units", "texts", "example"),
    "silver": ("sources", "quiet_day", "both_languages", "clocks"),
    "gold": ("measured", "rehearsed"),
}
_VERIFIED_BY = {"loads": ("structure", "rules", "hazards"), "units": ("structure", "rules"), "texts": ("words", "structure"),
                "both_languages": ("words", "cases"), "clocks": ("cases", "sources"), "sources": ("sources",)}  # fmt: skip
_SHORTEST_REASON = 10


def check_quality(folder: Folder, failed: Collection[str], examples: Sequence[Outcome], faults: Faults) -> None:
    """``failed``: concerns that found faults. Items of the claimed tier and of those below are done, or exempt with a
    reason; done means that nothing we can verify speaks against it; a gold item names the file that proves it."""
    document = folder.document("quality.toml", required=True)
    top = Section(document, (), document.data, faults)
    top.known(("tier", "item"))
    tier = top.text("tier", need=bool(document.data))
    if tier and tier not in TIERS:
        top.fault(f"no tier {tier!r}", nearest(tier, TIERS), "tier")
    items = Section(document, ("item",), top.table("item"), faults)
    items.known(name for names in TIERS.values() for name in names)
    needed = (
        [name for known in list(TIERS)[: list(TIERS).index(tier) + 1] for name in TIERS[known]] if tier in TIERS else []
    )
    for name in needed:
        if name not in items.data:
            items.fault(f"{name} is not answered, {tier} needs it", f'write {name} = "done" or {{ exempt = "reason" }}')
    for name, answer in items.data.items():
        _answer(folder, items, name, answer, failed, examples)


def _answer(
    folder: Folder, items: Section, name: str, answer: object, failed: Collection[str], examples: Sequence[Outcome]
) -> None:
    if isinstance(answer, Mapping) and set(answer) == {"exempt"}:
        if not isinstance(answer["exempt"], str) or len(answer["exempt"].strip()) < _SHORTEST_REASON:
            items.fault(f"{name} is exempt without a reason", "say why it cannot apply", name)
        if name in TIERS["bronze"]:
            items.fault(f"{name} cannot be exempt", "do it: it is what a pack is", name)
    elif isinstance(answer, Mapping) and set(answer) == {"done"}:
        if not isinstance(answer["done"], str) or not (folder.path / answer["done"]).is_file():
            items.fault(f"{name}: the proof {answer['done']!r} is no file of the pack", "name the file", name)
    elif answer != "done" or name in TIERS["gold"]:
        form = f'write {name} = {{ done = "replays/file.toml" }} or {{ exempt = "reason" }}'
        items.fault(f"{name} is neither done nor exempt with a reason", form, name)
    against = [concern for concern in _VERIFIED_BY.get(name, ()) if concern in failed]
    if name == "example" and not any(outcome.passed and not outcome.quiet for outcome in examples):
        against.append("no example that raises something passes")
    if name == "quiet_day" and not any(outcome.passed and outcome.quiet for outcome in examples):
        against.append("no quiet example passes")
    if against and not (isinstance(answer, Mapping) and "exempt" in answer):
        items.fault(f"{name} is claimed, but: {', '.join(against)}", "repair the faults above", name)
