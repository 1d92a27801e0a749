"""The detection engine: a pure, deterministic function of a log. No clock, no random source, no I/O."""
