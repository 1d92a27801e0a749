"""Delivery: what a source sends at one moment, exactly as it sends it, mistakes included."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Delivery"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One body for the intake door. ``arrives_us`` orders deliveries; columns have one entry a row. ``observed_at``
    holds microseconds or a text as typed, ``value`` a number, None (the source says it has none) or a text that is
    no number, ``unit`` "" for the stream's own. ``why`` says in words what is wrong with it, "" for an ordinary
    one."""

    arrives_us: int
    source: str
    stream: tuple[str, ...]
    observed_at: tuple[int | str, ...]
    value: tuple[float | str | None, ...]
    unit: tuple[str, ...] = ()
    why: str = ""

    def columns(self) -> dict[str, object]:
        """The JSON columns body of the intake door (docs/api.md)."""
        body: dict[str, object] = {
            "stream": list(self.stream), "observed_at": list(self.observed_at), "value": list(self.value),
        }  # fmt: skip
        if self.unit:
            body["unit"] = list(self.unit)
        return body
