"""Locks name public registries only, and nothing under a licence that would bind ours."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PUBLIC = re.compile(r"https://(?:pypi\.org/simple|files\.pythonhosted\.org/packages)(?:/|$)")


def addresses_of(value: object) -> list[str]:
    if isinstance(value, dict):
        return [found for item in value.values() for found in addresses_of(item)]
    if isinstance(value, list):
        return [found for item in value for found in addresses_of(item)]
    return [value] if isinstance(value, str) and re.match(r"[a-z+]+://", value) else []


def test_uv_lock_names_public_addresses_only():
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    addresses = addresses_of(lock)
    assert len(addresses) > 100
    assert not [address for address in addresses if not PUBLIC.match(address)]


def test_every_locked_file_has_a_digest():
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    for package in lock["package"]:
        files = package.get("wheels", []) + ([package["sdist"]] if "sdist" in package else [])
        assert all(entry["hash"].startswith("sha256:") for entry in files), package["name"]


def test_npm_lock_names_the_public_registry_only():
    for path in ROOT.rglob("package-lock.json"):
        if "node_modules" in path.parts or ".venv" in path.parts:
            continue
        for name, package in json.loads(path.read_text(encoding="utf-8"))["packages"].items():
            if "resolved" in package:
                assert package["resolved"].startswith("https://registry.npmjs.org/"), f"{path}: {name}"
                assert package.get("integrity", "").startswith("sha512-"), f"{path}: {name} has no digest"


def test_nothing_copyleft_is_installed_with_us():
    from importlib.metadata import distribution, packages_distributions

    bound = []
    for name in {name for names in packages_distributions().values() for name in names}:
        metadata = distribution(name).metadata
        said = " ".join([metadata.get("License-Expression") or "", *(metadata.get_all("Classifier") or [])])
        if re.search(r"\bA?GPL|Affero|GNU General Public", said) and "LGPL" not in said and "Lesser" not in said:
            bound.append(f"{name}: {said}")
    assert not bound
