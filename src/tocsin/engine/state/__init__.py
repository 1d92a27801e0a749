"""Snapshots: the engine's arrays as bytes."""
