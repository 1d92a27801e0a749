"""Names: what people call hazards, levels, areas and bodies, read once for one piece of work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from tocsin.loop.warn.content import LANGUAGES
from tocsin.packkit import Pack
from tocsin.packkit.warnings import WarningSpec
from tocsin.records.org import queries as org
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.packs import packs_in_use
from tocsin.records.places import queries as places
from tocsin.records.places.services import Area
from tocsin.terms.level import CHINA_FOUR_COLOUR, Scheme

__all__ = ["A_DAY", "SHORT_LIVED", "Names", "present_language"]

A_DAY, SHORT_LIVED = timedelta(hours=24), timedelta(hours=6)

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NAMED_AT_MOST = 3


def present_language() -> str:
    """``en`` or ``zh-hans``."""
    return "zh-hans" if (get_language() or "en").startswith("zh") else "en"


@dataclass(frozen=True)
class Names:
    """Titles by language; a thing without one is shown by its code."""

    areas: Mapping[str, Area]
    bodies: Mapping[str, Mapping[str, str]]
    packs: Sequence[Pack]

    @classmethod
    def read(cls) -> Names:
        """As they are now."""
        return cls(
            {area.path: area for area in places.jurisdictions(EVERYWHERE)},
            {line.id: line.title for line in org.departments(EVERYWHERE)},
            packs_in_use(),
        )

    @property
    def scheme(self) -> Scheme:
        """The levels in force."""
        return self.packs[0].scheme if self.packs else CHINA_FOUR_COLOUR

    def spec(self, hazard: str) -> WarningSpec | None:
        """What a pack declares of this hazard's warnings."""
        return next((pack.warnings[hazard] for pack in reversed(self.packs) if hazard in pack.warnings), None)

    def languages(self, hazard: str, level: int) -> tuple[str, ...]:
        """In which a warning speaks: our own, and those in which a pack has all the words for this level."""
        spec = self.spec(hazard)
        words = spec.levels.get(level) if spec else None
        return (*LANGUAGES, *(words.further if words else ()))

    @property
    def hazards(self) -> list[str]:
        """Hazards that a pack in use knows, in order of the packs."""
        return list(dict.fromkeys(code for pack in self.packs for code in pack.hazards))

    def is_short_lived(self, hazard: str) -> bool:
        """Whether a pack lets warnings of this hazard last six hours at most (P7 of warnings.md)."""
        spec = self.spec(hazard)
        return spec is not None and max(timedelta(microseconds=w.lasts_us) for w in spec.levels.values()) <= SHORT_LIVED

    def stands_at_most(self, hazard: str) -> timedelta:
        """How long a warning stands before somebody must say whether it still holds (P7)."""
        return SHORT_LIVED if self.is_short_lived(hazard) else A_DAY

    def reach_km(self, hazard: str) -> float:
        """How far one event of a hazard reaches; 1 km where no pack says."""
        return next((pack.hazards[hazard].distance_km for pack in self.packs if hazard in pack.hazards), 1.0)

    def level(self, rank: int, language: str = "") -> str:
        """``Red I``; "" for no level."""
        scheme = self.scheme
        return scheme.level(rank).word(language or present_language()) if 1 <= rank <= len(scheme.levels) else ""

    def hazard(self, code: str, language: str = "") -> str:
        """The hazard's title."""
        for pack in self.packs:
            if code in pack.hazards:
                return _chosen(pack.hazards[code].title, language, code)
        return code.replace("_", " ")

    def area(self, path: str, language: str = "") -> str:
        """The title of a jurisdiction."""
        area = self.areas.get(path)
        return _chosen(area.title, language, path) if area else path

    def area_list(self, paths: Iterable[str], language: str = "") -> str:
        """Up to three titles, and how many more there are."""
        language = language or present_language()
        named = [self.area(path, language) for path in paths]
        shown, more = named[:_NAMED_AT_MOST], len(named) - _NAMED_AT_MOST
        if not shown:
            return ""
        with translation.override(language):
            if more > 0:
                rest = ngettext("{n} more area", "{n} more areas", more).format(n=more)
                return _("{areas} and {rest}").format(areas=_(", ").join(shown), rest=rest)
            if len(shown) == 1:
                return shown[0]
            return _("{areas} and {rest}").format(areas=_(", ").join(shown[:-1]), rest=shown[-1])

    def body(self, body: str, language: str = "") -> str:
        """The title of a department."""
        return _chosen(self.bodies.get(body, {}), language, body)

    def zone(self, paths: Iterable[str]) -> tzinfo:
        """The zone of the first area that has one, else the deployment's."""
        named = next(
            (self.areas[path].zone for path in paths if path in self.areas and self.areas[path].zone != "UTC"), ""
        )
        return ZoneInfo(named or settings.TIME_ZONE)

    def moment(self, at: datetime, paths: Iterable[str], language: str = "") -> str:
        """``26 Nov 14:30`` in the area's own time."""
        local = at.astimezone(self.zone(paths))
        language = language or present_language()
        if language.startswith("zh"):
            return f"{local.month}月{local.day}日{local:%H:%M}"
        if language == "en":
            return f"{local.day} {_MONTHS[local.month - 1]} {local:%H:%M}"
        return f"{local:%Y-%m-%d %H:%M}"


def _chosen(titles: Mapping[str, str], language: str, otherwise: str) -> str:
    return titles.get(language or present_language()) or titles.get("en") or otherwise
