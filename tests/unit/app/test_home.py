"""TOCSIN_HOME: where it is, who may read it, and its secret."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tocsin.app.home import Home
from tocsin.terms.errors import Unavailable


def test_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Home.of({"TOCSIN_HOME": "/srv/tocsin"}).root == Path("/srv/tocsin")
    assert Home.of({"TOCSIN_HOME": "~/t"}).root == tmp_path / "t"
    assert Home.of({"XDG_DATA_HOME": "/data"}).root == Path("/data/tocsin")
    assert Home.of({}).root == tmp_path / ".local" / "share" / "tocsin"
    assert Home.of({"TOCSIN_HOME": ""}).root == tmp_path / ".local" / "share" / "tocsin"


def test_it_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    home = Home(tmp_path / "a" / "home").prepare().prepare()
    assert {path.name for path in home.root.iterdir()} == {
        "log", "quarantine", "parquet", "snapshots", "packs", "run", "blobs", "published",
    }  # fmt: skip
    for path in (home.root, *home.root.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path


def test_a_home_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="set TOCSIN_HOME"):
        Home(tmp_path / "file" / "home").prepare()


def test_the_secret_is_made_once_and_private(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    secret = home.secret_key()
    assert len(secret) == 64
    assert home.secret_key() == secret
    assert stat.S_IMODE(home.secret_key_file.stat().st_mode) == 0o600
    assert Home(tmp_path / "other").secret_key() != secret
    assert [path.name for path in home.root.iterdir() if path.name.startswith("secret_key")] == ["secret_key"]


def test_processes_that_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    home, gate, seen = Home(tmp_path / "home"), threading.Barrier(8), []

    def start() -> None:
        gate.wait()
        seen.append(home.secret_key())

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(seen)) == 1


def test_reading_the_settings_writes_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    code = (
        "import django; django.setup(); from pathlib import Path; from django.conf import settings\n"
        f"assert not Path({str(home)!r}).exists()\n"
        "from django.core import signing\n"
        "assert signing.loads(signing.dumps({'a': 1})) == {'a': 1}\n"
        f"assert Path({str(home)!r}, 'secret_key').exists() and len(str(settings.SECRET_KEY)) == 64\n"
    )
    environment = os.environ | {"TOCSIN_HOME": str(home), "DJANGO_SETTINGS_MODULE": "tocsin.app.settings"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)
