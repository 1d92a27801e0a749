"""Identifiers: a typed prefix and either a UUIDv7 (made where something is first written) or a hash.

Ids that the engine gives are hashes of what they name, so that live, replay and Spark agree
(architecture.md, promises 2 and 3). Pure: random bits and time are arguments.
"""

from __future__ import annotations

import hashlib

__all__ = ["PREFIXES", "episode_id", "event_id", "signal_id", "uuid7_id"]

PREFIXES = (
    "evt",
    "sig",
    "src",
    "fact",
    "led",
    "wrn",
    "tsk",
    "cas",
    "key",
    "rsk",
    "cns",
    "fnd",
    "inc",
    "acc",
    "dsp",
    "stm",
    "sub",
    "hub",
    "vrf",
    "shd",
    "bul",
    "psg",
    "cal",
    "rel",
    "esc",
)


def signal_id(rule: str, subject: str, onset_us: int) -> str:
    """``sig_`` + 128 bits of SHA-256 over rule id (``pack/rule``), subject key and final onset (us, UTC)."""
    return "sig_" + _digest(rule, subject, str(onset_us))


def episode_id(rule: str, subject: str, number: int, onset_us: int) -> str:
    """``eps_`` + 128 bits of SHA-256: the name of a signal that was said before its final onset was known. ``number``
    counts the provisional signals of this rule at this subject, ``onset_us`` is the onset as it was first said."""
    return "eps_" + _digest(rule, subject, str(number), str(onset_us))


def event_id(first_signal: str) -> str:
    """``evt_`` + 128 bits of SHA-256 over the id by which the event's first signal is known (``Transition.known_as``)."""
    return "evt_" + _digest(first_signal)


def uuid7_id(prefix: str, at_ms: int, random_bits: int) -> str:
    """A UUIDv7 (RFC 9562, section 5.7) as ``prefix_`` + 32 hex digits; sorts by time.

    ``at_ms`` is milliseconds since 1970 UTC, ``random_bits`` any integer of at least 74 bits of entropy.
    """
    if prefix not in PREFIXES:
        raise ValueError(f"unknown id prefix {prefix!r}; one of {', '.join(PREFIXES)}")
    rand_a = (random_bits >> 62) & 0xFFF
    rand_b = random_bits & ((1 << 62) - 1)
    number = (at_ms & ((1 << 48) - 1)) << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b
    return f"{prefix}_{number:032x}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
