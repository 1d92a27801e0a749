"""What every test of the rooms leaves as it found it."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from django.conf import settings

FOUND = pytest.StashKey[object]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.stash[FOUND] = settings.CONFIGURATION


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """A patch undone out of order gives its packs to whichever test comes next on the worker. Looked at when every fixture is
    gone, ``monkeypatch`` too."""
    yield
    assert settings.CONFIGURATION is item.stash[FOUND], "the test left another configuration"
