"""The catalogue's two doors, API and command line: what a stream may be."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.api.conftest import Sender, Served
from tests.contracts.api.test_observations import assert_problem


def stream(sender: Sender, **other: Any) -> dict[str, Any]:
    return {
        "id": f"{sender.name}-x",
        "source": sender.name,
        "feature": "x",
        "property": "river_stage",
        "unit": "m",
    } | other


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"unit": "cm"}, "bad_unit", "pack natural_hazards judges river_stage in m"),
        ({"property": "person_count", "unit": "1"}, "refused", "person"),
        ({"labels": {"blacklist": "x"}}, "refused", "no lists of people to watch"),
        ({"stages": {"protest_size": 100}}, "refused", "protest"),
    ],
)
def test_a_stream_that_does_not_fit_is_refused(
    served: Served, sender: Sender, change: dict[str, Any], code: str, said: str
) -> None:
    before = served.http.get("/api/v1/streams", headers=sender.headers).json()
    answer = served.http.post("/api/v1/streams", json=[stream(sender, **change)], headers=sender.headers)
    problem = assert_problem(answer, 422, code)
    assert problem["thing"] == f"stream {sender.name}-x"
    assert said in problem["title"]
    assert problem["remedy"]
    assert served.http.get("/api/v1/streams", headers=sender.headers).json() == before


def test_the_command_line_is_the_same_door(served: Served, sender: Sender, tmp_path: Any) -> None:
    file = tmp_path / "streams.csv"
    file.write_text(f"id,source,feature,property,unit\n{sender.name}-x,{sender.name},x,river_stage,cm\n")
    served.tocsin("catalogue", "load", str(file), code=2)
    file.write_text(f"id,source,feature,property,unit\n{sender.name}-x,{sender.name},x,river_stage,m\n")
    served.tocsin("catalogue", "load", str(file))
    ids = {line["id"] for line in served.http.get("/api/v1/streams", headers=sender.headers).json()}
    assert f"{sender.name}-x" in ids


def test_a_property_that_no_pack_judges_may_be_in_any_unit(served: Served, sender: Sender) -> None:
    free = stream(sender, property="well_depth", unit="cm")
    assert served.http.post("/api/v1/streams", json=[free], headers=sender.headers).status_code == 200
