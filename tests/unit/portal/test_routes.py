"""An address of the public door names a file of the public folder and nothing else, whatever is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.doors.portal.headers import wants
from tocsin.doors.portal.routes import asked_of, route_of

ROOT = Path("/srv/public")
PARTS = st.sampled_from(
    ["warnings", "widget", "archive", "embed", "..", ".", "", "2026-11", "2", "wrn_1.xml", "feed.atom", "state.json", ".gz",
     "%2e%2e", "\\..\\", "\x00", "a" * 300, "东区", "index.en.html", ".index.en.html.7"]
)  # fmt: skip
PATHS = st.lists(PARTS, max_size=6).map(lambda parts: "/" + "/".join(parts)) | st.text(max_size=60).map(
    lambda text: "/widget/" + text
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from([b"accept-language", b"accept-encoding", b"cookie", b"if-none-match", b"if-modified-since"]),
        st.binary(max_size=60),
    ),
    max_size=5,
)


@given(PATHS, HEADERS, st.binary(max_size=80))
def test_a_name_never_leaves_the_folder(path: str, headers: list[tuple[bytes, bytes]], query: bytes) -> None:
    route = route_of(path)
    if route is None:
        return
    asked = wants(headers, query)
    assert asked.language in ("en", "zh-hans")
    name = route.plain_name(asked)
    route.key(asked)
    assert asked_of(route, asked).number >= 1
    for one in (name, route.name):
        if one is not None:
            inside = (ROOT / one).relative_to(ROOT)
            assert ".." not in inside.parts
            assert not any(part.startswith(".") for part in inside.parts)
            assert "\x00" not in one
            assert one not in ("state.json", "archive.json")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/warnings", "warnings/index.en.html"), ("/warnings.geojson", "warnings.geojson"),
        ("/warnings/feed.atom", "warnings/feed.atom"), ("/warnings/wrn_1", "warnings/wrn_1.en.html"),
        ("/warnings/wrn_1.xml", "warnings/wrn_1.xml"), ("/warnings/archive", "warnings/archive/index.en.html"),
        ("/warnings/archive/2026-11", "warnings/archive/2026-11.en.html"),
        ("/warnings/archive/2026-11/3", "warnings/archive/2026-11/3.en.html"), ("/widget", "widget/index.en.html"),
        ("/widget/town/east", "widget/town/east.en.html"), ("/warnings/embed", None),
    ],
)  # fmt: skip
def test_every_address_has_its_file(path: str, name: str | None) -> None:
    route = route_of(path)
    assert route is not None
    assert route.plain_name(wants([], b"lang=en")) == name


@pytest.mark.parametrize("path", ["/", "/console/warnings/", "/warnings/", "/warnings/a/b", "/warnings/archive/x", "/widget/",
                                  "/widget/../state.json", "/widgets", "/warnings/.hidden", "/warnings/a.b"])  # fmt: skip
def test_what_is_not_public_has_none(path: str) -> None:
    assert route_of(path) is None


def test_only_what_a_page_looks_at_makes_another_page() -> None:
    """Else anybody could fill the memory with pages by asking for things that nothing looks at."""
    route = route_of("/widget")
    assert route is not None
    first, second = (route.key(wants([], query)) for query in (b"hazard=gale&x=1&y=2", b"y=3&hazard=gale"))
    assert first == second
