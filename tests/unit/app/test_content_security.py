"""Every page carries the policy."""

from __future__ import annotations

import asyncio

from django.http import HttpResponse
from django.test import RequestFactory

from tocsin.app.content_security import POLICY, ContentSecurityPolicy

HEADER = "Content-Security-Policy"


def test_the_policy_allows_nothing_inline_and_nobody_else() -> None:
    assert "unsafe" not in POLICY
    assert "*" not in POLICY
    assert "http" not in POLICY
    assert "default-src 'self'" in POLICY


def test_a_page_has_the_policy_and_may_state_its_own() -> None:
    request = RequestFactory().get("/")
    assert ContentSecurityPolicy(lambda _: HttpResponse())(request).headers[HEADER] == POLICY
    own = HttpResponse(headers={HEADER: "default-src 'none'"})
    assert ContentSecurityPolicy(lambda _: own)(request).headers[HEADER] == "default-src 'none'"


def test_an_asynchronous_page_has_it_too() -> None:
    async def page(_: object) -> HttpResponse:
        return HttpResponse()

    async def ask() -> HttpResponse:
        return await ContentSecurityPolicy(page)(RequestFactory().get("/"))

    assert asyncio.run(ask()).headers[HEADER] == POLICY
