"""The migrations make what the models say, from nothing, and back."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

OURS = {config.label for config in apps.get_app_configs() if config.name.startswith("tocsin.")}


@pytest.mark.django_db
def test_no_model_has_changed_without_a_migration() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_the_tables_are_made_from_nothing() -> None:
    wanted = {model._meta.db_table for model in apps.get_models() if model._meta.app_label in OURS}
    assert wanted
    with connection.cursor() as cursor:
        assert wanted <= set(connection.introspection.table_names(cursor))
    try:
        for label in sorted({model._meta.app_label for model in apps.get_models() if model._meta.app_label in OURS}):
            call_command("migrate", label, "zero", verbosity=0)
        with connection.cursor() as cursor:
            assert not wanted & set(connection.introspection.table_names(cursor))
    finally:  # whatever was wrong, the tests that follow have a database
        call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if model._meta.app_label in OURS:
                columns = {
                    column.name
                    for column in connection.introspection.get_table_description(cursor, model._meta.db_table)
                }
                assert columns == {field.column for field in model._meta.concrete_fields}
