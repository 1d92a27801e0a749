"""Detectors: what finds the unusual without a threshold in the value's own unit. See ``detector.py`` for what one promises."""
