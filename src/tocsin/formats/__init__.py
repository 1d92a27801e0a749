"""Bytes <-> terms. Pure: no files, no network, no clock."""
