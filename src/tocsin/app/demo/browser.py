"""A browser without script, for the demo's staff: it opens pages, fills in their forms and presses their buttons, so that the
demo goes through the same doors, guards and tokens as a person does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from lxml import html

from tocsin.terms.errors import Unavailable

__all__ = ["Browser", "Form", "Page"]


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it stands on a page: where it goes and what it holds already (hidden fields, prefilled ones)."""

    action: str
    method: str
    fields: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was read. ``address`` is where redirects led."""

    address: str
    status: int
    tree: html.HtmlElement

    @property
    def said(self) -> str:
        """What stands on it, for error messages."""
        main = self.tree.find(".//main")
        return " ".join((self.tree if main is None else main).text_content().split())[:400]

    def form(self, *parts: str, holding: str = "") -> Form | None:
        """The first form whose action ends in, or contains, all of ``parts`` and that has a field ``holding``."""
        for form in self.tree.forms:
            action = form.get("action") or self.address
            fields = _fields_of(form)
            if all(part in action for part in parts) and (not holding or holding in fields):
                return Form(action, (form.get("method") or "get").lower(), fields)
        return None

    def links(self, part: str) -> list[str]:
        """Addresses of links that contain ``part``, each once."""
        found = (str(a.get("href")) for a in self.tree.iter("a") if part in (a.get("href") or ""))
        return list(dict.fromkeys(found))


class Browser:
    """One person at one browser."""

    def __init__(self, address: str) -> None:
        self._http = httpx.Client(base_url=address, timeout=60.0, follow_redirects=True,
                                  headers={"Accept-Language": "en", "Referer": f"{address}/"})  # fmt: skip

    def close(self) -> None:
        """Close it."""
        self._http.close()

    @property
    def cookies(self) -> str:
        """What it would send as its Cookie header."""
        return "; ".join(f"{name}={value}" for name, value in self._http.cookies.items())

    def open(self, path: str) -> Page:
        """Read a page. Raises Unavailable for one that is not there or fails."""
        return _page(self._http.get(path))

    def send(self, form: Form | None, files: Mapping[str, tuple[str, bytes, str]] | None = None, **values: Any) -> Page:
        """Fill in and send. Raises Unavailable where the form is not there or its answer is a refusal."""
        if form is None:
            raise Unavailable("page", "has not the form that was looked for", "read serve.log")
        data: dict[str, Any] = {name: list(given) for name, given in form.fields.items()} | values
        if form.method == "get":
            return _page(self._http.get(form.action, params=data))
        return _page(self._http.post(form.action, data=data, files=dict(files) if files else None))

    def log_in(self, username: str, password: str) -> Page:
        """Through the log-in page."""
        page = self.open("/login")
        return self.send(page.form(holding="password"), username=username, password=password)


def _page(answer: httpx.Response) -> Page:
    tree = html.document_fromstring(answer.text or "<html></html>")
    page = Page(answer.url.raw_path.decode(), answer.status_code, tree)
    if answer.is_error:
        raise Unavailable(
            f"{answer.request.method} {page.address}", f"answered {page.status}: {page.said}", "read serve.log"
        )
    return page


def _fields_of(form: html.FormElement) -> dict[str, list[str]]:
    """What the form would send as it stands; buttons and files are the caller's."""
    fields: dict[str, list[str]] = {}
    for element in form.inputs:
        name, kind = element.get("name"), (element.get("type") or "").lower()
        if not name or kind in ("submit", "button", "file", "image", "reset"):
            continue
        if kind in ("checkbox", "radio") and element.get("checked") is None:
            fields.setdefault(name, [])
            continue
        value = element.value  # None: a text field that is empty, or a choice that was not made
        several = (
            [] if value is None and element.tag == "select" else [value or ""] if not _many(value) else list(value)
        )
        fields.setdefault(name, []).extend(several)
    return fields


def _many(value: object) -> bool:
    return value is not None and not isinstance(value, str)
