"""What a public page costs a telephone (interface.md, 7): at most 60 KB in all and 15 KB of script, compressed."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.contracts.publication.conftest import Public

PAGE_BYTES, SCRIPT_BYTES = 60_000, 15_000


def size(url: str) -> int:
    """Bytes on the wire."""
    with httpx.stream("GET", url, headers={"accept-encoding": "gzip", "accept-language": "en"}, timeout=30) as answer:
        assert answer.status_code == 200, url
        return sum(len(part) for part in answer.iter_raw())


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    "address", ["/warnings", "/warnings/{id}", "/warnings/archive", "/warnings/embed", "/widget", "/subscribe"]
)
def test_a_page_is_within_its_budget(public: Public, address: str, language: str) -> None:
    url = f"{public.url}{address.format(id=public.in_force[0])}?lang={language}"
    html = httpx.get(url).text
    scripts = re.findall(r'<script[^>]*src="([^"]+)"', html)
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', html)
    assert all(one.startswith("/assets/") for one in scripts + sheets)
    assert "<script>" not in html
    script = sum(size(public.url + one) for one in scripts)
    whole = size(url) + script + sum(size(public.url + one) for one in sheets)
    assert script <= SCRIPT_BYTES
    assert whole <= PAGE_BYTES
