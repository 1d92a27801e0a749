"""Provisional judgement: what the engine says before late data have come in, and how it is confirmed, amended or retracted."""
