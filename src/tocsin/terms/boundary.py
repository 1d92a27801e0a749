"""Words that Tocsin refuses, each with its reason: the promise of scope, where it stops, kept in one list.

Used by the pack checker and the loader (names and texts of packs), by the catalogue doors (names of what streams observe)
and by the house's own test (names in code, texts of pages).

>>> name_refused("personScore").matched
'person_score'
>>> observed_refused("water_depth_of_person").reason
'a rule is about places and things, never about a person'
>>> name_refused("worker") is None, observed_refused("river_stage") is None
(True, True)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

__all__ = ["BOUNDARY", "BoundaryWord", "Crossing", "name_refused", "observed_refused", "snake_case", "text_refused"]


@dataclass(frozen=True)
class BoundaryWord:
    """Words of one reason, as patterns over snake_case. ``names`` are refused in every name, of code and of data alike;
    ``observed`` besides in names of what is observed or judged, for a thing that code may well have (a worker process)
    but no rule may watch; ``chinese`` in Chinese. Running text is searched for ``names`` and ``chinese``."""

    reason: str
    names: str
    observed: str = ""
    chinese: str = ""

    def in_name(self, name: str) -> str:
        """What of a name of any kind is refused; "" if nothing is."""
        return _found(self._name, snake_case(name)) or self.in_chinese(name)

    def in_observed(self, name: str) -> str:
        """The same for a name of what is observed or judged."""
        words = _HARMLESS.sub("_", snake_case(name))
        return _found(self._observed, words) or self.in_chinese(name)

    def in_text(self, text: str) -> str:
        """What of a running text is refused; "" if nothing is."""
        return _found(self._text, text.lower()) or self.in_chinese(text)

    def in_chinese(self, text: str) -> str:
        """The same for its Chinese."""
        return _found(self._chinese, text)

    @cached_property
    def _name(self) -> re.Pattern[str]:
        return _whole(self.names)

    @cached_property
    def _observed(self) -> re.Pattern[str]:
        return _whole(f"{self.names}|{self.observed}" if self.observed else self.names)

    @cached_property
    def _text(self) -> re.Pattern[str]:
        return re.compile(rf"\b(?:{self.names.replace('_', '[ _-]')})\b")

    @cached_property
    def _chinese(self) -> re.Pattern[str]:
        return re.compile(self.chinese or r"(?!)")


@dataclass(frozen=True, slots=True)
class Crossing:
    """What was found to cross the boundary, and why it is one."""

    matched: str
    reason: str


# Words of things that merely sound like those below.
_HARMLESS = re.compile(
    r"(?:dam|slope|rock|cliff|quarry|mine|working|tunnel)_faces?(?=_|$)"
    r"|(?:slope|dam|structural|atmospheric|grid|voltage|frequency|thermal)_stability"
    r"|(?:steel|bearing|wearing)_plates?|(?:tele)?phone_(?:exchanges?|networks?|lines?)"
    r"|mobile_(?:pumps?|stations?|generators?|cranes?|laborator(?:y|ies)|network)"
)

BOUNDARY = (
    BoundaryWord(
        "a rule is about places and things, never about a person", r"suspicious_(?:person|people|behaviou?r)",
        observed=r"persons?|individuals?|citizens?|residents?|tenants?|offenders?|petitioners?|callers?|complainants?|"
        r"patients?|passengers?|pedestrians?|employees?|workers?|inspectors?"),
    BoundaryWord(
        "we have observations and findings, not suspects", r"suspects?", chinese="嫌疑人"),
    BoundaryWord(
        "we describe hazards and places; people are not profiled", r"profil(?:e|es|er|ing)",
        chinese="用户画像|人物画像|人员画像|人群画像"),
    BoundaryWord(
        "no lists of people to watch; hosts and kinds are `allowed` or `refused`",
        r"(?:black|white|grey|watch)_?lists?|key_?pers(?:on|ons|onnel)|focus_?pers(?:on|onnel)",
        chinese="黑名单|重点人员|重点人群"),
    BoundaryWord(
        "no colour, rank or score is ever attached to a person",
        r"(?:person|people|citizen|resident|social|trust|staff|caller|petitioner|requester|complainant|applicant)_"
        r"(?:score|rank|ranking|rating|risk|level|points?|class|grade)s?|"
        r"social_credit|credit_score", observed=r"ranking|reputation|credit", chinese="社会信用(?!代码)|信用分"),
    BoundaryWord(
        "a case is read by itself; nobody is counted, listed or known again by how often they came",
        r"(?:repeat|frequent|habitual|vexatious|persistent|serial)_(?:petitioner|requester|caller|complainant|visitor|applicant)s?|"
        r"(?:petitioner|requester|complainant|caller|applicant)_(?:list|history|record|count|frequency|ids?)s?|"
        r"(?:earlier|previous|prior|past|number_of)_petitions?|times_petitioned",
        chinese="老上访|缠访|闹访|信访积分|重复信访人|信访人(?:等级|名单|评分|画像)|上访次数|信访次数"),
    BoundaryWord(
        "opinion, mood and speech are not watched",
        r"sentiments?|public_opinion|opinion_(?:monitor\w*|watch\w*|analysis)|mood_of_\w+",
        observed=r"opinions?|speech|rumou?rs?", chinese="舆情"),
    BoundaryWord(
        "no recognition of bodies", r"face_(?:id|recognition|match|embedding|vector)|biometrics?|gait|voice_?print",
        observed=r"faces?|facial|fingerprints?|iris", chinese="人脸"),
    BoundaryWord(
        "no tracking of phones, vehicles or people",
        r"imei|imsi|msisdn|mac_address|phone_track\w*|location_history|movement_of_person|whereabouts",
        observed=r"phones?|telephones?|mobiles?|plates?", chinese="手机号"),
    BoundaryWord(
        "no population register and no identity numbers",
        r"(?:national|citizen|resident)_id(?:_?(?:number|card))?|id_?card|identity_(?:number|card)|household_register|hukou",
        observed=r"passports?", chinese="身份证号"),
    BoundaryWord(
        "belief, origin, protest and politics are not data here",
        r"ethnicity|ethnic_group|religions?|beliefs?|political(?:_\w+)?|protests?|petitioner_list|dissidents?",
        observed=r"ethnic|race|demonstrations?|rally|rallies|unrest|stability", chinese="维稳"),
    BoundaryWord(
        "hazards are predicted, not people's deeds",
        r"predict(?:ive)?_(?:crime|policing|offen[cs]e)\w*|crime_(?:risk|forecast|score)|recidivism|pre_?crime"),
    BoundaryWord(
        "no points, no contests, no rankings of staff", r"leader_?boards?|gamification|badge_points|check_in_streak",
        chinese="排行榜|积分榜"),
)  # fmt: skip


def name_refused(name: str) -> Crossing | None:
    """Why a name in code or data is refused; None if it is not."""
    return next((Crossing(hit, word.reason) for word in BOUNDARY if (hit := word.in_name(name))), None)


@lru_cache(maxsize=4096)
def observed_refused(name: str) -> Crossing | None:
    """Why a name of what is observed or judged (a property, stage, label, hazard, kind of facility) is refused."""
    return next((Crossing(hit, word.reason) for word in BOUNDARY if (hit := word.in_observed(name))), None)


def text_refused(text: str) -> Crossing | None:
    """Why a sentence is refused."""
    return next((Crossing(hit, word.reason) for word in BOUNDARY if (hit := word.in_text(text))), None)


def snake_case(name: str) -> str:
    """``PersonScore``, ``personScore`` and ``person score`` as ``person_score``.

    >>> snake_case("IMEICount"), snake_case("face-count.2")
    ('imei_count', 'face_count_2')
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^0-9A-Za-z]+", "_", parted).lower()


def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|_)(?:{pattern})(?=_|$)")


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[0].strip("_") if found else ""
