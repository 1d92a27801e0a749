"""Sub-commands of ``tocsin``, one a file. Each takes ``--json`` and exits 0, 1 or 2."""
