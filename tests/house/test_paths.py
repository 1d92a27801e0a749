"""Nothing that git keeps holds a path of a machine, a secret, or what is built from it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = {".py", ".toml", ".md", ".html", ".css", ".js", ".mjs", ".json", ".po", ".sh", ".yaml", ".yml", ".csv", ""}

BAD = {
    "a path of a machine": (
        re.compile(r"(?<![\w.])/(?:home|Users|root)/[a-z][\w.-]*/|(?<![\w.])/work/[a-z]+/|[A-Z]:\\\\Users\\\\"),
        ("open('/" + "home/anna/tocsin/x')", "/" + "work/main/src"),
        ("~/.local/share/tocsin", "/var/lib/tocsin", "https://example.org/home/x/", "/usr/lib/postgresql/15/bin"),
    ),
    "a private key or token": (
        re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY|\bgh[pousr]_[A-Za-z0-9]{30,}|\bAKIA[0-9A-Z]{16}\b"),
        ("-----BEGIN " + "PRIVATE KEY-----", "AKIA" + "ABCDEFGHIJKLMNOP"),
        ("Authorization: Bearer <token>",),
    ),
    "an address of a private registry": (
        re.compile(r"(?:extra-)?index-url\s*=\s*[\"']?(?!https://pypi\.org/simple)\S+|find-links\s*=|file:///"),
        ("index-url = https://mirror.example/simple", "file:" + "///opt/x"),
        ("source = { registry = \"https://pypi.org/simple\" }",),
    ),
}  # fmt: skip


def kept_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name]


@pytest.mark.parametrize("what", BAD)
def test_the_finder_knows_good_from_bad(what):
    pattern, bad, good = BAD[what]
    assert all(pattern.search(line) for line in bad)
    assert not any(pattern.search(line) for line in good)


@pytest.mark.parametrize("what", BAD)
def test_nothing_kept_holds_one(what):
    pattern, _, _ = BAD[what]
    faults = []
    for path in kept_files():
        if path.suffix in TEXT and path.is_file() and path != Path(__file__) and path.name != "uv.lock":
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                if pattern.search(line):
                    faults.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert not faults, "\n".join(faults)


def test_nothing_built_is_kept():
    built = re.compile(r"(^|/)(node_modules|__pycache__|dist|\.venv|\.tocsin)/|\.(pyc|mo|whl|sqlite3)$")
    assert not [str(path) for path in kept_files() if built.search(str(path.relative_to(ROOT)))]


def test_no_file_kept_is_large():
    large = [path for path in kept_files() if path.is_file() and path.stat().st_size > 1_000_000]
    assert not large, f"over 1 MB: {large}"
