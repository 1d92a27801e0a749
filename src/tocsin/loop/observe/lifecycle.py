"""States of what observe keeps, the moves between them, and who may make them. Pure."""

from __future__ import annotations

import enum

__all__ = ["MOVES", "TokenState", "allowed"]


class TokenState(enum.StrEnum):
    """A source's token: in force, or taken back for good."""

    IN_FORCE = "in_force"
    REVOKED = "revoked"


# (from, to) -> the roles that may. Streams and sources have no states: their catalogue rows are replaced.
MOVES: dict[tuple[TokenState, TokenState], frozenset[str]] = {
    (TokenState.IN_FORCE, TokenState.REVOKED): frozenset({"administrator", "source_owner"}),
}


def allowed(before: TokenState, after: TokenState) -> bool:
    """Whether anybody may make this move."""
    return (before, after) in MOVES
