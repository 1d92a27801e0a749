"""Pytest plugin: every test run has a TOCSIN_HOME of its own, thrown away afterwards.

It must be named with ``-p`` (see pyproject.toml): pytest-django reads the settings before any conftest.py is loaded.
With ``TOCSIN_TEST_ON=postgresql`` the run's database is the server at ``TOCSIN_TEST_POSTGRES``.
"""

from __future__ import annotations

import os
import shutil
import tempfile

import pytest

_HOME = tempfile.mkdtemp(prefix="tocsin-test-home-")


def _settle_environment() -> None:
    for name in [name for name in os.environ if name.startswith("TOCSIN_") and not name.startswith("TOCSIN_TEST_")]:
        del os.environ[name]  # what the developer has set for the product is not for tests
    os.environ["TOCSIN_HOME"] = _HOME
    if os.environ.get("TOCSIN_TEST_ON") == "postgresql":
        os.environ["TOCSIN_DATABASE"] = os.environ["TOCSIN_TEST_POSTGRES"]


_settle_environment()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Throw the home away."""
    shutil.rmtree(_HOME, ignore_errors=True)
