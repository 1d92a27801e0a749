"""Our grammar against the schema of OASIS: the same verdict on every message of the corpus and on its mutants."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from tests.unit.cap.mutants import damaged
from tests.unit.cap.sample import text

from tocsin.formats.cap import read
from tocsin.formats.cap.schema import DSIG

pytestmark = pytest.mark.data

MUTANTS = 1500


def test_every_verdict_of_the_manifest(corpus: Path, manifest: list[dict[str, Any]]):
    assert len(manifest) > 60
    for entry in manifest:
        reading = read((corpus / entry["file"]).read_bytes())
        assert reading.schema_valid is entry["xsd_valid"], entry["file"]


def test_what_is_read_is_what_the_manifest_counted(corpus: Path, manifest: list[dict[str, Any]]):
    for entry in manifest:
        alert = read((corpus / entry["file"]).read_bytes()).alert
        if alert is None:
            assert entry["file"].startswith("invalid/")
            continue
        areas = [area for info in alert.infos for area in info.areas]
        assert (alert.identifier, alert.sender) == (entry["identifier"], entry["sender"])
        assert [info.language or None for info in alert.infos] == entry["languages"], entry["file"]
        assert len(areas) == entry["area"]
        assert [len(ring) for area in areas for ring in area.polygons] == entry["polygon_points"], entry["file"]
        assert sum(len(area.circles) for area in areas) == entry["circle"]
        assert sum(len(area.geocodes) for area in areas) == entry["geocode"]
        for name, many in (("parameter", "parameters"), ("eventCode", "event_codes"), ("resource", "resources")):
            assert sum(len(getattr(info, many)) for info in alert.infos) == entry[name]


def roots(corpus: Path, manifest: list[dict[str, Any]]) -> list[etree._Element]:
    files = [corpus / entry["file"] for entry in manifest if entry["xsd_valid"] is not None and entry["bytes"] < 12_000]
    parser = etree.XMLParser(resolve_entities=False)
    return [etree.parse(str(path), parser).getroot() for path in files if "xxe" not in path.name] + [
        etree.fromstring(text().encode())
    ]


def infos_after_a_signature(tree: etree._Element) -> bool:
    """libxml2 lets an info stand after an element of the signature's namespace; the schema's own sequence does not."""
    tags = [child.tag for child in tree.iterchildren(tag=etree.Element)]
    signed = [at for at, tag in enumerate(tags) if tag.startswith(f"{{{DSIG}}}")]
    return bool(signed) and any(not tag.startswith(f"{{{DSIG}}}") for tag in tags[signed[0] :])


@pytest.mark.parametrize("part", range(4))
def test_mutants_get_the_official_verdict(
    part: int, corpus: Path, manifest: list[dict[str, Any]], official: etree.XMLSchema
):
    originals, refused = roots(corpus, manifest), 0
    for seed in range(part * MUTANTS, (part + 1) * MUTANTS):
        chance = random.Random(seed)
        tree = damaged(chance.choice(originals), chance)
        if infos_after_a_signature(tree):
            continue
        data = etree.tostring(tree, with_tail=False)
        verdict = official.validate(etree.fromstring(data))
        reading = read(data)
        assert bool(reading.schema_valid) is verdict, (
            f"seed {seed}: {official.error_log.last_error} {reading.errors[:3]}"
        )
        assert verdict or reading.errors, f"seed {seed}: invalid without an error"
        refused += not verdict
    assert MUTANTS / 2 < refused < MUTANTS  # the mutants are of both kinds
