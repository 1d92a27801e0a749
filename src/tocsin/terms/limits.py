"""Limits on texts that people and machines send, in one place. Each is far above what honest texts need and low enough that
what is refused, or read, costs bounded time and memory; `tests/unit/engine_language/test_limits.py` tries each of them.

Limits on deliveries of observations belong to `tocsin.formats.intake`, on XML to `tocsin.formats.cap.hardened`.
"""

from __future__ import annotations

__all__ = [
    "CATALOGUE_BYTES", "CATALOGUE_PARTS", "CONDITION_CHARACTERS", "CONDITION_NESTING", "CONDITION_OPERATORS", "DURATION_DAYS",
    "HOLD_CHARACTERS", "HOLD_OBSERVATIONS", "LARGEST_NUMBER", "PACK_BYTES", "PACK_FAULTS", "PACK_FILES", "PACK_RULES",
    "SERIES_SAMPLES", "TOML_BYTES", "TOML_KEY_PARTS", "TOML_NESTING", "TOML_PARTS",
]  # fmt: skip

# ---------------------------------------------------------------- the text of one condition
CONDITION_CHARACTERS = 2000
CONDITION_NESTING = 16  # parentheses in parentheses
CONDITION_OPERATORS = 64  # and, or, not, comparisons, arithmetic
LARGEST_NUMBER = 1e12
DURATION_DAYS = 366
HOLD_CHARACTERS = 80
HOLD_OBSERVATIONS = 100_000

# ---------------------------------------------------------------- a TOML file, of a pack or otherwise
TOML_BYTES = 1_000_000
TOML_PARTS = 20_000  # keys, tables and elements of lists: what a parser builds an object for
TOML_KEY_PARTS = 12  # a.b.c is three; Python's parser needs the square of their number
TOML_NESTING = 24  # lists and inline tables in each other

# ---------------------------------------------------------------- a pack
PACK_RULES = 1000
PACK_FAULTS = 500  # told of; what is wrong beyond them shows when these are repaired
PACK_FILES = 2000
PACK_BYTES = 64_000_000  # examples included
SERIES_SAMPLES = 100_000  # of one stream in a rule unit test, once its compact form is unfolded

# ---------------------------------------------------------------- a catalogue of sources and streams
CATALOGUE_BYTES = 64_000_000
CATALOGUE_PARTS = 2_000_000
