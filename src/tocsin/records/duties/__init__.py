"""Duty lists: which post answers for a facility, which department for a matter, from when until when."""
