"""Bounds of the product that no other test holds (docs/bounds.md): what tables keep, what lists and forms may ask."""

from __future__ import annotations

import dataclasses
import inspect
import re
import shutil
from pathlib import Path

import pytest
from django.apps import apps

from tests.rooms.sealed import CONFIDENCES
from tocsin.formats.reports import offered
from tocsin.packkit import check_pack
from tocsin.records.cases import queries, services
from tocsin.terms.boundary import name_refused, observed_refused
from tocsin.terms.report import Report

_ABOUT = re.compile(
    r"(^|_)(name|surname|username|mail|email|address|telephone|phone|mobile|contact|birth\w*|gender|sex|age|lon|lat|position|"
    r"person|people|face|device|plate)(_|$)"
)
# every column whose name sounds like somebody, with what it is
ALLOWED = {
    "org.Account.username": "staff", "org.Account.display_name": "staff", "org.Post.mail": "of a post",
    "org.Post.phone": "of a post", "org.Post.lon": "where a duty post stands", "org.Post.lat": "the same",
    "audience.SubscriberRow.contact": "sealed; found by a keyed digest", "audience.SubscriberRow.lon": "a place of interest",
    "audience.SubscriberRow.lat": "the same", "audience.TargetRow.address": "a display or system",
    "dispatch.DeliveryRow.address": "of a post, a target, or sealed", "bulletins.FeedRow.address": "of a feed",
    "bulletins.BulletinRecord.name": "of a bulletin", "observe.SourceRow.position": "of a source in a file",
    "observe.StreamRow.lon": "an instrument", "observe.StreamRow.lat": "an instrument", "detect.EventRow.lon": "an event",
    "detect.EventRow.lat": "an event", "places.FacilityRow.lon": "a facility", "places.FacilityRow.lat": "a facility",
    "tasks.TaskRow.lon": "where to go", "tasks.TaskRow.lat": "where to go", "verify.Dossier.lon": "an event",
    "verify.Dossier.lat": "an event", "verify.Verification.arrived_lon": "said at the arrival, once",
    "verify.Verification.arrived_lat": "the same", "verify.Evidence.lon": "of a photograph", "verify.Evidence.lat": "the same",
    "respond.IncidentRow.lon": "an incident", "respond.IncidentRow.lat": "an incident", "warn.SignatureRow.name": "who signed",
    "warn.PasskeyRow.name": "of a passkey of staff", "warn.PasskeyRow.fingerprint": "of a key",
    "files.FileRow.name": "of a document; under seal in sealed cases", "seal.VaultItemRow.name": "of an item",
    "consultation.ConsultationRow.opinions": "expert opinions that were asked for",
    "consultation.OpinionRow.opinion": "an expert opinion",
}  # fmt: skip


def test_no_table_has_a_column_about_a_person_but_these() -> None:
    found = set()
    for model in apps.get_models():
        if model.__module__.startswith("tocsin."):
            for column in model._meta.get_fields():
                if _ABOUT.search(column.name) or name_refused(column.name) or observed_refused(column.name):
                    found.add(f"{model._meta.label}.{column.name}")
    assert sorted(found - ALLOWED.keys()) == [], (
        "no table is about persons; if this column is not, list it with what it is"
    )


def test_cases_can_be_asked_for_nothing_about_a_person() -> None:
    asked = {field.name for field in dataclasses.fields(queries.Filter)}
    assert asked <= {"which", "kind", "state", "owner", "event", "facility", "number", "legs_of", "ids"}
    for module in (queries, services):
        for name in module.__all__:
            thing = getattr(module, name)
            for parameter in inspect.signature(thing).parameters if inspect.isfunction(thing) else ():
                assert not re.search(r"(^|_)(name|surname|telephone|phone|mail|contact|identity)(_|$)",
                                     parameter.replace("kind_name", "")), (name, parameter)  # fmt: skip


@pytest.mark.parametrize("field", ["id_card", "national_id_number", "citizen_id"])
def test_a_form_that_asks_for_an_identity_number_is_refused(tmp_path: Path, field: str) -> None:
    folder = tmp_path / "confidences"
    shutil.copytree(CONFIDENCES, folder)
    form = folder / "forms" / "request.json"
    form.write_text(form.read_text().replace('"telephone":', f'"{field}":'))
    assert any("what is never kept" in fault.what for fault in check_pack(folder) if field in fault.what)


def test_small_counts_of_sealed_categories_are_not_offered_to_detection() -> None:
    few = [Report("fell_ill", "8830", 0, 2), Report("fell_ill", "8830", 0, 2), Report("water_on_road", "8830", 0, 1)]
    sealed = {"fell_ill": True, "water_on_road": False}
    assert offered(few, sealed) == few[2:]
    enough = [*few, Report("fell_ill", "8830", 0, 1)]
    assert offered(enough, sealed) == enough
