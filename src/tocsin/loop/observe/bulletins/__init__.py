"""Bulletins: other authorities' warnings as they came, which of them hold, and what of them is evidence for rules."""
