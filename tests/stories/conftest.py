"""Stories: a small town with telephones and a movable clock (``tocsin.testing.town``)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tocsin.testing.town import Town


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    """A town with every post held. Leaving it fails the test where a message lies unread."""
    with Town() as built:
        yield built
