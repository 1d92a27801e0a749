"""The public reads on while the database is gone: the real server, with PostgreSQL stopped or the SQLite file ruined."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.contracts.publication.conftest import ROOT, Public, plain
from tocsin.doors.portal.served import STALE_S
from tocsin.formats.cap import read, read_feed

ADDRESSES = (
    "/warnings", "/warnings?lang=zh-hans", "/warnings/feed.atom", "/warnings.geojson", "/warnings/archive", "/warnings/embed",
    "/warnings/archive?level=3&hazard=rainstorm", "/widget", "/widget?hazard=rainstorm&theme=dark", "/widget/simcity/east",
    "/warnings/{id}", "/warnings/{id}?lang=zh-hans", "/warnings/{id}.xml",
)  # fmt: skip


def everything(public: Public) -> dict[str, bytes]:
    """What a reader gets of every public address; every answer must be 200."""
    found = {}
    with httpx.Client(base_url=public.url, headers={"accept-language": "en"}, timeout=180) as client:
        for address in ADDRESSES:
            answer = client.get(address.format(id=public.in_force[0]))
            assert answer.status_code == 200, f"{address}: {answer.status_code}"
            found[address] = answer.content
    return found


def reads_right(public: Public, found: dict[str, bytes]) -> None:
    page = found["/warnings"].decode()
    assert all(identifier in page for identifier in public.in_force)
    assert "橙色" in found["/warnings?lang=zh-hans"].decode()
    assert len(read_feed(found["/warnings/feed.atom"]).entries) == 6
    message = read(found["/warnings/{id}.xml"]).alert
    assert message is not None
    assert message.identifier == public.in_force[0]


def same(after: dict[str, bytes], before: dict[str, bytes]) -> bool:
    """Byte for byte, but for when a page was made: those that are no files are made when they are asked for."""
    return {address: plain(body.decode()) for address, body in after.items()} == {
        address: plain(body.decode()) for address, body in before.items()
    }


def old(public: Public) -> None:
    """As if nobody had kept the files up for some minutes: the harder case, in which the database is asked first."""
    state = public.home / "published" / "state.json"
    at = state.stat().st_mtime - STALE_S - 60
    os.utime(state, (at, at))


@pytest.mark.parametrize("stale", [False, True])
def test_with_the_sqlite_file_ruined(tmp_path: Path, stale: bool) -> None:
    public = Public(tmp_path / "home")
    public.serve()
    try:
        before = everything(public)
        reads_right(public, before)
        for path in public.home.glob("db.sqlite3*"):
            path.write_bytes(b"not a database any more " * 4096)
        assert httpx.get(public.url + "/readyz", timeout=180).status_code >= 500
        assert httpx.get(public.url + "/subscribe", timeout=180).status_code >= 500  # this one does need it
        if stale:
            old(public)
        assert same(everything(public), before)
    finally:
        public.stop()


@pytest.mark.postgres
@pytest.mark.parametrize("stale", [False, True])
def test_with_postgresql_stopped(tmp_path: Path, postgres_url: str, stale: bool) -> None:
    script = str(ROOT / "scripts" / "postgres-for-tests")
    started = subprocess.run([script, "start"], capture_output=True, text=True, check=True, timeout=120)
    database = started.stdout.strip()  # one of its own: it is stopped in the middle
    public = None
    try:
        public = Public(tmp_path / "home", database)
        public.serve()
        before = everything(public)
        reads_right(public, before)
        subprocess.run([script, "stop", database], check=True, timeout=60)
        database = ""
        assert httpx.get(public.url + "/readyz", timeout=60).status_code >= 500
        if stale:
            old(public)
        assert same(everything(public), before)
    finally:
        if public is not None:
            public.stop()
        if database:
            subprocess.run([script, "stop", database], check=False, timeout=60)
