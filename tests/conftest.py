"""Shared by all tests. The temporary TOCSIN_HOME comes from ``tocsin.testing.pytest_home`` (see pyproject.toml)."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """The URL of the PostgreSQL server for tests; without one the test is skipped, saying so."""
    url = os.environ.get("TOCSIN_TEST_POSTGRES")
    if not url:
        pytest.skip("PostgreSQL is not tested: set TOCSIN_TEST_POSTGRES, or use scripts/postgres-for-tests run COMMAND")
    return url
