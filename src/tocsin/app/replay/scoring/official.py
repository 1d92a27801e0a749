"""Official warnings as recorded on public pages, with holes: what window each is taken to have been in force, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.app.replay.scoring.truth import HOUR_US, moment_us
from tocsin.measure.episode import Episode

__all__ = ["OfficialWarning", "Window", "episodes_of", "read_warnings", "window_of"]


@dataclass(frozen=True, slots=True)
class OfficialWarning:
    """One row of warnings.csv. Moments in us UTC, None where no page gives them. ``precise``: the issue is known to the
    hour or better ("no later than" counts: the true issue was then earlier, never later)."""

    id: str
    episode: str
    rank: int
    issued_us: int | None
    from_us: int | None
    to_us: int | None
    to_kind: str
    precise: bool

    @property
    def notice_us(self) -> int | None:
        """When the public was told, where the hour is known."""
        return self.issued_us if self.precise else None

    @property
    def force_us(self) -> int | None:
        """When it came into force, where the hour is known: a placeholder hour of issue repeated here is none."""
        return None if self.from_us == self.issued_us and not self.precise else self.from_us


@dataclass(frozen=True, slots=True)
class Window:
    """When a warning is taken to have been in force. ``note`` says what was assumed; "" = both ends are on the page."""

    from_us: int
    to_us: int
    note: str


def read_warnings(rows: Sequence[dict[str, str]], ranks: dict[str, int]) -> list[OfficialWarning]:
    """The rows of warnings.csv in file order; ``ranks`` maps the colour words."""
    return [
        OfficialWarning(
            id=row["warning_id"],
            episode=row["episode"],
            rank=ranks[row["colour"]],
            issued_us=moment_us(row["issued_at"]),
            from_us=moment_us(row["in_force_from"]),
            to_us=moment_us(row["in_force_to"]),
            to_kind=row["in_force_to_kind"],
            precise=row["issued_precision"] in ("hour", "minute", "no_later_than"),
        )
        for row in rows
    ]


def window_of(warning: OfficialWarning, others: Sequence[OfficialWarning], default_us: int) -> Window:
    """The stretch a warning is taken to have been in force.

    Start: as published; else its issue; else, if another warning of the episode superseded it, the issue of that one (it
    was certainly in force then); else ``default_us`` before its end. End: as published; else ``default_us`` after its
    start. Nothing is taken from "recalled" remarks."""
    notes = []
    start = warning.from_us
    if start is None and warning.issued_us is not None:
        start = warning.issued_us
        notes.append("start taken from its issue")
    if start is None:
        after = [o.issued_us for o in others if o.episode == warning.episode and o.rank > warning.rank and o.issued_us]
        if after and warning.to_us is not None:
            start = min(*after, warning.to_us)
            notes.append("start unknown: in force at the latest when the next level was issued")
        else:
            start = (warning.to_us or 0) - default_us
            notes.append(f"start unknown: {default_us // HOUR_US} h before its end assumed")
    end = warning.to_us
    if end is None:
        end = start + default_us
        notes.append(f"end unknown: {default_us // HOUR_US} h assumed")
    return Window(start, end, "; ".join(notes))


def episodes_of(warnings: Sequence[OfficialWarning], default_us: int) -> dict[str, Episode]:
    """Warnings of one ``episode`` word as one episode: from the first start to the last end, highest rank."""
    out: dict[str, Episode] = {}
    for name in dict.fromkeys(w.episode for w in warnings):
        members = [w for w in warnings if w.episode == name]
        windows = [window_of(w, members, default_us) for w in members]
        out[name] = Episode(
            min(w.from_us for w in windows),
            max(w.to_us for w in windows),
            max(w.rank for w in members),
            key=name,
            members=tuple(w.id for w in members),
        )
    return out
