"""The sixth room: findings, orders, five implementations, independent re-checks."""
