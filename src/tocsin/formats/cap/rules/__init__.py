"""Rules, each family in its own file."""
