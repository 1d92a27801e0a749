"""The configuration for nginx that docs/publish.md gives is run by a real nginx, and answers as our own server does."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.contracts.publication.conftest import ROOT, Public, free_port, plain, wait_for

sys.path.insert(0, str(ROOT / "benchmarks"))


@pytest.fixture(scope="module")
def nginx(public: Public, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("NGINX IS MISSING: its configuration was not tested. Debian: apt-get install nginx-light")
    from nginx_here import configuration

    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    (folder / "nginx.conf").write_text(configuration(folder, public.home / "published", port, public.port))
    process = subprocess.Popen([program, "-p", str(folder), "-c", str(folder / "nginx.conf")])
    wait_for(f"http://127.0.0.1:{port}/warnings.geojson")
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(20)


@pytest.mark.parametrize("language", ["en", "zh-CN,zh;q=0.9"])
@pytest.mark.parametrize(
    "address",
    ["/warnings", "/warnings?lang=en", "/warnings/{id}", "/warnings/{id}.xml", "/warnings/feed.atom", "/warnings.geojson",
     "/warnings/archive", "/warnings/archive?level=3", "/widget", "/widget/simcity/east", "/widget?theme=dark&hazard=rainstorm",
     "/warnings/embed", "/warnings/none", "/login"],
)  # fmt: skip
def test_nginx_answers_as_we_do(public: Public, nginx: str, address: str, language: str) -> None:
    path = address.format(id=public.in_force[0])
    headers = {"accept-language": language}
    ours, theirs = (httpx.get(base + path, headers=headers, timeout=30) for base in (public.url, nginx))
    assert theirs.status_code == ours.status_code
    if address == "/login":
        return  # its form has a token of its own in each answer
    assert plain(theirs.text) == plain(ours.text)
    kind = theirs.headers["content-type"].partition(";")[0]
    assert kind == ours.headers["content-type"].partition(";")[0]
    for name in ("content-security-policy",):
        if ours.status_code == 200 and kind == "text/html":
            assert ("frame-ancestors *" in theirs.headers[name]) is ("frame-ancestors *" in ours.headers[name])


def test_nginx_packs_and_knows_what_the_reader_has(public: Public, nginx: str) -> None:
    first = httpx.get(nginx + "/warnings/feed.atom", headers={"accept-encoding": "gzip"})
    assert first.headers["content-encoding"] == "gzip"
    again = httpx.get(
        nginx + "/warnings/feed.atom", headers={"if-none-match": first.headers["etag"], "accept-encoding": "gzip"}
    )
    assert again.status_code == 304
    for hidden in ("/state.json", "/archive.json", "/warnings/.index.en.html.1"):
        assert httpx.get(nginx + hidden).status_code in (403, 404)


def test_nginx_goes_on_while_our_server_is_down(public: Public, nginx: str) -> None:
    public.stop()
    try:
        for address in (
            "/warnings",
            "/warnings/feed.atom",
            f"/warnings/{public.in_force[0]}",
            "/widget",
            "/warnings/archive",
        ):
            assert httpx.get(nginx + address).status_code == 200, address
    finally:
        public.serve()


def test_the_files_are_readable_by_others(public: Public) -> None:
    folder = public.home / "published"
    assert all(Path(path).stat().st_mode & 0o044 == 0o044 for path in folder.rglob("*.html"))
