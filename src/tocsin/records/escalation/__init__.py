"""Escalation: what needs a human is told to one after the other, by a declared chain, until somebody says that they have it."""
