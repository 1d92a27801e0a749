"""The first room: who reports what from where, and the log of what they reported."""
