"""Whether a senderName is an office (P12). A hint, not a proof: where offices are configured, those alone are right."""

from __future__ import annotations

import re

__all__ = ["looks_like_a_name"]

# Words that an office has in its name, by stem; a name with one of them is an office.
_OFFICE = re.compile(
    r"meteo|weather|hydro|climat|wetter|service|servi[cç]|agenc|agence|offic|bureau|observator|cent(?:er|re|ro)|"
    r"department|d[eé]part|minist|institut|authorit|autorit|administrat|director|direcci|council|command|force|"
    r"station|police|fire|rescue|emergenc|protect|schutz|civil|disaster|government|govern|national|regional|"
    r"environment|health|water|geolog|seism|survey|city|county|district|province|state|united|republic|dienst|"
    r"bureau|board|team|division|commission|committee|canada|france|seychelles|belize",
    re.IGNORECASE,
)
_OFFICE_CHINESE = re.compile(
    r"[局台站厅部委办院所队处科司署府会团室校网]|中心|政府|机构|指挥|公司|集团|医院|街道|社区|气象|水利|应急"
)
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪"
    "范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_HAN_NAME = re.compile(r"[\u4e00-\u9fff]{2,4}")
_LATIN_NAME = re.compile(r"(?:(?:Mr|Mrs|Ms|Dr|Prof)\.? )?[A-Z][a-z'-]+(?: [A-Z]\.)?(?: [A-Z][a-z'-]+){1,2}")
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")


def looks_like_a_name(sender_name: str) -> bool:
    """Whether it reads like the name or the mail address of a person.

    >>> looks_like_a_name("于雷"), looks_like_a_name("Yu Lei"), looks_like_a_name("保定市气象台")
    (True, True, False)
    """
    text = sender_name.strip()
    if _ADDRESS.fullmatch(text):
        return True
    if _HAN_NAME.fullmatch(text):
        return text[0] in _SURNAMES and _OFFICE_CHINESE.search(text) is None
    return _LATIN_NAME.fullmatch(text) is not None and _OFFICE.search(text) is None
