"""The Unix socket between doors and the engine process, which alone appends to the log.

Import ``client`` in a door, ``server`` and ``group_commit`` in the engine process only."""
