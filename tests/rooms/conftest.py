"""What every test of the rooms leaves as it found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings


@pytest.fixture(autouse=True)
def same_configuration() -> Iterator[None]:
    """A patch undone out of order gives its packs to whichever test comes next on the worker."""
    before = settings.CONFIGURATION
    yield
    assert settings.CONFIGURATION is before
