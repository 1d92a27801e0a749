"""Imported once by the server that engines are forked from: 200 starts must not pay 200 times for imports."""

import importlib
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.app.settings")
django.setup()
for name in ("cli", "engine_process.process", "serve"):  # need Django's settings
    importlib.import_module(f"tocsin.app.{name}")
