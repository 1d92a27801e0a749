"""Compiled kernels and their state: each operator is one small class with ``grow``, ``state`` and ``load``."""
