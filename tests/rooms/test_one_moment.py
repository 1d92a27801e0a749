"""A page's reads see one moment of the database, and a reader never waits for the writer."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from tests.rooms.town import NOW
from tocsin.records.one_moment import one_moment
from tocsin.records.places.models import Jurisdiction
from tocsin.records.places.services import Area, put_jurisdictions


def _names() -> list[str]:
    return list(Jurisdiction.objects.order_by("path").values_list("path", flat=True))


def _elsewhere(path: str) -> None:
    """Write from another connection and wait until it is committed."""

    def write() -> None:
        put_jurisdictions([Area(path, {"en": path, "zh-hans": path}, 2)], actor="test", now=NOW)
        connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()


@pytest.mark.django_db(transaction=True)
def test_reads_inside_see_one_snapshot_while_a_writer_commits() -> None:
    with one_moment():
        before = _names()
        _elsewhere("simlate")
        assert _names() == before
    assert _names() == sorted([*before, "simlate"])


@pytest.mark.django_db(transaction=True)
def test_it_ends_with_the_block_even_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), one_moment():
        1 / len([name for name in _names() if name == "nowhere"])
    _elsewhere("simafter")
    assert "simafter" in _names()
