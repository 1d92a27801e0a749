"""A refusal as a page: who typed something is told it is still there; who only looked is not."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from tocsin.doors.refusals import refusal_page
from tocsin.terms.errors import UnknownName

TYPED = "what you typed is still there"


@pytest.mark.parametrize(("method", "heading", "typed"), [("get", "Not shown", False), ("post", "Not done", True)])
def test_a_refusal_speaks_of_typing_only_after_a_form(method: str, heading: str, typed: bool) -> None:
    request = getattr(RequestFactory(), method)("/console/warnings/x")
    answer = refusal_page(request, UnknownName("warning x", "no such warning", "open the list of warnings"))
    page = answer.content.decode()
    assert answer.status_code == 404
    assert heading in page
    assert "open the list of warnings" in page
    assert (TYPED in page) is typed
