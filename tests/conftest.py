"""Shared by all tests. The temporary TOCSIN_HOME comes from ``tocsin.testing.pytest_home`` (see pyproject.toml)."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.utils import translation


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """The URL of the PostgreSQL server for tests; without one the test is skipped, saying so."""
    url = os.environ.get("TOCSIN_TEST_POSTGRES")
    if not url:
        pytest.skip("PostgreSQL is not tested: set TOCSIN_TEST_POSTGRES, or use scripts/postgres-for-tests run COMMAND")
    return url


@pytest.fixture(autouse=True)
def no_language_stays() -> Iterator[None]:
    """A page that a test read in Chinese leaves its thread speaking Chinese; the next test begins in the default again."""
    translation.deactivate()
    yield
    translation.deactivate()
