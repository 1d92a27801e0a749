"""Channels: the ways in which Tocsin tells people. Each implements ``records.dispatch.channel.Channel`` and passes the one
contract test (tests/contracts/channels)."""
