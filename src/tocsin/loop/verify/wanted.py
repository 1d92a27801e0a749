"""What the packs in use say of verifying: what to look at, how soon, and from which level on without being asked."""

from __future__ import annotations

from tocsin.packkit.tasks import VerificationSpec
from tocsin.records.packs import packs_in_use
from tocsin.terms.level import CHINA_FOUR_COLOUR, Scheme

__all__ = ["hazard_title", "loud_rank", "scheme", "spec_of"]

# For a hazard of which no pack says anything. Our own choice; the page says that it is not verified.
_PLAIN = VerificationSpec(
    "",
    ({"en": "Is it as reported at this place?", "zh-hans": "现场情况是否与报告相符？"},
     {"en": "Is anybody or anything in danger?", "zh-hans": "是否有人员或设施处于危险之中？"}),
    {1: 120, 2: 60, 3: 30, 4: 20}, source="own: no pack names a time for this hazard",
)  # fmt: skip


def spec_of(hazard: str) -> VerificationSpec:
    """What is asked about an event of a hazard."""
    found = (pack.verifications.get(hazard) for pack in packs_in_use())
    return next((spec for spec in found if spec is not None), _PLAIN)


def scheme() -> Scheme:
    """The scheme of levels in use."""
    return next((pack.scheme for pack in packs_in_use()), CHINA_FOUR_COLOUR)


def loud_rank() -> int:
    """Events of this rank or higher are told to the duty officers at once: the upper half of the scheme."""
    return len(scheme().levels) // 2 + 1


def hazard_title(hazard: str, language: str) -> str:
    """What the pack calls a hazard, else its code."""
    titles = next((pack.hazards[hazard].title for pack in packs_in_use() if hazard in pack.hazards), {})
    return titles.get(language) or titles.get("en") or hazard.replace("_", " ")
