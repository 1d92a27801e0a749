"""Models and migrations agree: nothing waits to be written down."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_no_migration_is_missing():
    said = StringIO()
    call_command("makemigrations", "--check", "--dry-run", stdout=said, stderr=said, verbosity=1)
    assert "No changes detected" in said.getvalue()
