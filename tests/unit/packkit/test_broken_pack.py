"""One deliberately broken pack: every fault is listed, each with its file, its line and a remedy, and nothing else is.

A line that must have a fault ends in ``#! part of what is said``; several are parted by ``|``.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tocsin.packkit import check_pack, examine_pack, load_pack
from tocsin.terms.errors import BadPack

FILES = {
    "pack.toml": '''
name = "broken_one"      #! its folder 'broken'
version = 0              #! at least 1
title = { en = "Broken" } #! no text in zh-hans
owner = ""               #! owner is empty
scheme = "cn5"           #! no level scheme 'cn5'
valid_from = "2026-01-01" #! must be a date
valid_to = 2026-01-01
auther = "me"            #! unknown key 'auther'
''',
    "streams.toml": '''
[property.precipitation]
unit = "milimetre"       #! milimetre
low = 10                 #! not below high
high = 5
cadence = "1h"
silence = "5min"         #! silence is shorter
title = { en = "rain", zh-hans = "雨" }
[property.river_stage]   #! high is missing
unit = "m"
low = 0
cadence = "1x"           #! a duration is written
silence = "3h"
title = { en = "stage", zh-hans = "水位" }
stages = ["alert_level"]
[property.resident_mood] #! names a person
unit = "1"
low = 0
high = 1
cadence = "1h"
silence = "3h"
title = { en = "mood", zh-hans = "情绪" }
''',
    "tables.toml": '''
[table.aqi]
unit = "ug/m3"
points = [[0, 0], [35, 50], [20, 100]] #! point 3 does not rise
rounding = "upp"         #! no rounding 'upp'
title = { en = "index", zh-hans = "指数" }
source = "own: a test of tables"
verified = false
''',
    "rules.toml": '''
[[rule]]
id = "stage"
version = 1
hazard = "river_flod"    #! no hazard 'river_flod'
streams = { property = "river_stage" }
level.yellow = "valeu >= 3 m"           #! did you mean
level.orange = """
value >= 5 m
  and value >= @alert_levle"""          #! no stage 'alert_levle'
level.red = "value >= 50 Cel"           #! 50 Cel is a temperature
hold = "later"           #! no hold
source = ""              #! no source is cited
verified = true
valid_from = 2026-01-01
title = { en = "Stage", zh-hans = "水位" }
why = { en = "It rises.", zh-hans = "上涨。" }
[[rule]]
id = "upside_down"
version = 1
hazard = "river_flood"
streams = { property = "river_stage" }
level.yellow = "value >= 5 m"
level.red = "value >= 3 m"              #! not monotone
holds = "1h"             #! unknown key 'holds'
source = "own: we think so"
verified = true          #! cannot be verified
valid_from = 2026-01-01
title = { en = "Stage", zh-hans = "水位" }
why = { en = "A list of 黑名单.", zh-hans = "上涨。" } #! 黑名单
[[rule]]                 #! verified is missing|valid_from is missing
id = "sealed"
version = 1
hazard = "river_flood"
streams = { property = "petition_count", case_id = "7" } #! no property|sealed content|selected by 'case_id'
level.red = "value >= 3"                #! do not share one unit
per = "stream"
source = "somewhere"     #! neither a file
title = { en = "Sealed", zh-hans = "封存" }
why = { en = "Never.", zh-hans = "绝不。" }
[[rule]]
id = "area"
version = 1
hazard = "river_flood"
streams = { property = "river_stage" }
per = "citizen"          #! names a person
level.red = "how_many(value >= 3 m, 1h) >= 2 and value > 2 m" #! value looks at one stream
source = "own: we think so"
verified = false
valid_from = 2026-01-01
title = { en = "Area", zh-hans = "区域" }
why = { en = "Many.", zh-hans = "多。" }
''',
    "hazards.toml": '''
[hazard.river_flood]
distance_km = -5         #! below 0
gap = "12"               #! a duration is written
title = { en = "Flood", zh-hans = "洪水" }
exposure = { hospital = 9 } #! must add -4 to 4
certainty = { many = 1 } #! no number of streams
source = "own: we think so"
verified = false
''',
    "cascades.toml": '''
[[cascade]]
parent = "rainstorm"     #! no hazard 'rainstorm'
level = "pink"           #! no level 'pink'
child = "river_flood"
child_level = "yellow"
facility_kinds = []      #! names no kind
distance_km = 5
why = { en = "Water runs down.", zh-hans = "水往低处流。" }
source = "own: we think so"
verified = false
''',
    "words/en.toml": '''
[any]
raised = "{evidence} at {plaice}" #! no placeholder {plaice}
changed = "{evidence"    #! cannot be read
[rule.stage]
raissed = "x"            #! unknown key 'raissed'
[rule.stagge]            #! words for a rule 'stagge'
raised = "x"
''',
    "words/zh-hans.toml": '''
[any]
raised = "{evidence}"
changed = "{evidence}"
cleared = "{evidence}"
''',
    "quality.toml": '''
tier = "gold"
[item]                   #! both_languages is not answered|clocks is not answered
loads = "done"           #! loads is claimed, but
units = "done"           #! units is claimed, but
texts = { exempt = "no time at all" } #! texts cannot be exempt
example = "done"         #! no example that raises something passes
sources = "done"         #! sources is claimed, but
quiet_day = { exempt = "lazy" } #! exempt without a reason
measured = "done"        #! neither done nor exempt
rehearsed = { done = "nowhere.md" } #! is no file of the pack
hapiness = "done"        #! unknown key 'hapiness'
''',
}  # fmt: skip
WHOLE_FILE = [("rulez.toml", "is no file of a pack"), ("words/en.toml", "has no sentence 'cleared' in en")]
_MARK = re.compile(r"\s*#! (.*)$")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    folder = tmp_path / "broken"
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(_MARK.sub("", line) for line in text.split("\n")), "utf-8")
    (folder / "rulez.toml").write_text("")
    return folder


def _marked() -> list[tuple[str, int, str]]:
    """(file, line, part of what is said)."""
    out = []
    for name, text in FILES.items():
        for number, line in enumerate(text.split("\n"), start=1):
            found = _MARK.search(line)
            out += [(name, number, said) for said in found[1].split("|")] if found else []
    return out


def test_all_faults_of_a_broken_pack_with_file_and_line(broken: Path) -> None:
    faults = check_pack(broken)
    left = list(faults)
    for file, line, said in _marked():
        matching = [
            fault for fault in left if (fault.file, fault.line) == (file, line) and said in fault.what + fault.remedy
        ]
        assert matching, f"{file}:{line} {said!r} is not reported; there: {[str(f) for f in faults if f.file == file]}"
        left.remove(matching[0])
    for file, said in WHOLE_FILE:
        matching = [fault for fault in left if fault.file == file and said in fault.what]
        assert matching, (file, said)
        left = [fault for fault in left if fault not in matching]
    assert [str(fault) for fault in left] == []
    assert all(fault.remedy for fault in faults)


def test_a_broken_pack_is_not_loaded_but_can_be_examined(broken: Path) -> None:
    with pytest.raises(BadPack, match="more faults"):
        load_pack(broken)
    examined = examine_pack(broken)
    assert examined.pack.name == "broken_one"
    assert examined.faults == check_pack(broken)


def test_unreadable_files_are_faults_with_lines(broken: Path) -> None:
    (broken / "rules.toml").write_text("a = 1\nb = = 2\n")
    (broken / "hazards.toml").write_bytes(b"a = 1\nb = '\xff'\n")
    faults = {(fault.file, fault.line) for fault in check_pack(broken)}
    assert ("rules.toml", 2) in faults
    assert ("hazards.toml", 2) in faults


def test_a_folder_without_pack_toml(tmp_path: Path) -> None:
    with pytest.raises(BadPack, match=r"no pack\.toml"):
        load_pack(tmp_path)
    with pytest.raises(BadPack, match="no such folder"):
        check_pack(tmp_path / "nowhere")


@pytest.mark.parametrize("missing", ["rules.toml", "streams.toml", "hazards.toml", "words/en.toml", "quality.toml"])
def test_a_missing_file_is_said(broken: Path, missing: str) -> None:
    (broken / missing).unlink()
    assert any(fault.file == missing and "is missing" in fault.what for fault in check_pack(broken))
