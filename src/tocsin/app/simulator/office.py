"""The offices of Simhaven: invented departments, posts and people on shift, one at least for every role."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.app.simulator.borders import CITY
from tocsin.app.simulator.city import FACILITIES, where
from tocsin.records.org.roles import Role
from tocsin.records.org.services import DepartmentLine, PostLine

__all__ = ["AUTHORITIES", "DEPARTMENTS", "POSTS", "STAFF", "Member"]

MAIL = "simhaven.invalid"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody on shift: log-in name, display name, the posts held all day."""

    username: str
    name: str
    posts: tuple[str, ...]


def _words(en: str, zh: str) -> dict[str, str]:
    return {"en": f"{en} (synthetic)", "zh-hans": f"{zh}（模拟）"}


DEPARTMENTS = (
    DepartmentLine("emergency", _words("Simhaven emergency bureau", "汐港市应急管理局"), CITY),
    DepartmentLine("weather", _words("Simhaven weather bureau", "汐港市气象台"), CITY),
    DepartmentLine("flood", _words("Simhaven flood control headquarters", "汐港市防汛指挥部"), CITY),
    DepartmentLine("gas", _words("Simhaven gas safety office", "汐港市燃气安全办公室"), CITY),
    DepartmentLine("roads", _words("Simhaven roads department", "汐港市市政道路处"), CITY),
    DepartmentLine("audit", _words("Simhaven audit office", "汐港市审计办公室"), CITY),
    DepartmentLine("province", _words("Simprovince emergency office", "模拟省应急办"), "simprovince"),
)


def _post(
    name: str, department: str, role: Role, en: str, zh: str, *, area: str = CITY, at: tuple[float, float] = (0.0, 0.5),
    facility: str = "", skills: tuple[str, ...] = (), language: str = "zh-hans",
) -> PostLine:  # fmt: skip
    lon, lat = where(*at)
    return PostLine(
        name, _words(en, zh), department, role, area, facility, lon, lat, f"{name}@{MAIL}", language, skills
    )


def _district(name: str) -> str:
    return f"{CITY}/{name}"


_OPERATED = tuple(f for f in FACILITIES if f.kind in ("underpass", "metro_entrance"))

POSTS = (
    _post("duty-city", "emergency", Role.DUTY_OFFICER, "City duty officer", "市值班员"),
    _post("signer-emergency", "emergency", Role.SIGNER, "Signer, emergency bureau", "应急局签发人"),
    _post("signer-weather", "weather", Role.SIGNER, "Signer, weather bureau", "气象台签发人", at=(-1.0, 2.0)),
    _post("signer-flood", "flood", Role.SIGNER, "Signer, flood headquarters", "防汛指挥部签发人"),
    _post("commander-city", "emergency", Role.COMMANDER, "City commander", "市指挥长", language="en"),
    _post("handler-city", "emergency", Role.CASE_HANDLER, "Rectification desk", "整改督办岗"),
    _post("analyst-city", "emergency", Role.ANALYST, "Analyst", "分析员", language="en"),
    _post("auditor-city", "audit", Role.AUDITOR, "Auditor", "审计员"),
    _post("admin-city", "emergency", Role.ADMINISTRATOR, "Administrator", "系统管理员", area=""),
    _post("duty-province", "province", Role.DUTY_OFFICER, "Province duty officer", "省值班员", area="simprovince"),
    _post("inspector-centre", "roads", Role.INSPECTOR, "Inspector, Centre", "中城区巡查员", area=_district("centre")),
    _post("inspector-east", "roads", Role.INSPECTOR, "Inspector, East", "东城区巡查员", area=_district("east"),
          at=(10.0, 3.0)),
    _post("inspector-west", "roads", Role.INSPECTOR, "Inspector, West", "西城区巡查员", area=_district("west"),
          at=(-12.0, -3.0)),
    _post("inspector-north", "roads", Role.INSPECTOR, "Inspector, North", "北山区巡查员", area=_district("north"),
          at=(-5.0, 26.0)),
    _post("inspector-south", "roads", Role.INSPECTOR, "Inspector, South", "南岬区巡查员", area=_district("south"),
          at=(-9.0, -21.0)),
    _post("inspector-city", "flood", Role.INSPECTOR, "City inspector", "市级巡查员"),
    _post("inspector-gas", "gas", Role.INSPECTOR, "Gas inspector", "燃气巡查员", at=(5.0, 2.0), skills=("gas",)),
    *(
        PostLine(f"operator-{f.id.removeprefix('fac-')}", {k: f"{v} · {'运营岗' if k == 'zh-hans' else 'operator'}"
                 for k, v in f.title.items()}, "roads", Role.FACILITY_OPERATOR, f.jurisdiction, f.id, f.lon, f.lat,
                 f"operator-{f.id.removeprefix('fac-')}@{MAIL}", "zh-hans")
        for f in _OPERATED
    ),
)  # fmt: skip

STAFF = (
    Member("lin", "Lin 林", ("duty-city",)),
    Member("zhao", "Zhao 赵", ("signer-emergency",)),
    Member("qian", "Qian 钱", ("signer-weather",)),
    Member("sun", "Sun 孙", ("signer-flood",)),
    Member("li", "Li 李", ("commander-city",)),
    Member("zhou", "Zhou 周", ("handler-city",)),
    Member("wu", "Wu 吴", ("analyst-city",)),
    Member("zheng", "Zheng 郑", ("auditor-city",)),
    Member("wang", "Wang 王", ("admin-city",)),
    Member("feng", "Feng 冯", ("duty-province",)),
    Member("chen", "Chen 陈", ("inspector-centre",)),
    Member("chu", "Chu 褚", ("inspector-east",)),
    Member("wei", "Wei 卫", ("inspector-west",)),
    Member("jiang", "Jiang 蒋", ("inspector-north",)),
    Member("shen", "Shen 沈", ("inspector-south",)),
    Member("han", "Han 韩", ("inspector-city",)),
    Member("yang", "Yang 杨", ("inspector-gas",)),
    Member("zhu", "Zhu 朱", tuple(post.id for post in POSTS if post.role == Role.FACILITY_OPERATOR)),
)

# Who may warn of what: (body, hazard, area, from rank, to rank). Invented, in the shape of kernel_warning_response.yaml:
# weather by the weather bureau alone, floods by flood control, everything else by nobody who is not listed.
AUTHORITIES = (
    *(("weather", hazard, CITY, 1, 4) for hazard in ("rainstorm", "gale", "heat")),
    ("emergency", "heavy_pollution", CITY, 1, 4),
    ("flood", "river_flood", CITY, 1, 4),
    ("flood", "waterlogging", CITY, 1, 4),
    ("emergency", "gas_leak", CITY, 1, 4),
)
