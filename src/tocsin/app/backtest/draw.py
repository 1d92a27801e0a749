"""Draw: true events and warnings of one rule over time as an SVG, one lane each, misses and false ones marked in words."""

from __future__ import annotations

from html import escape

from tocsin.app.backtest.score import LevelScore
from tocsin.terms.moment import from_us

__all__ = ["as_svg"]

_WIDTH, _LEFT, _LANE, _BAR = 960.0, 120.0, 44.0, 20.0


def as_svg(score: LevelScore, level_word: str, began_us: int, ended_us: int) -> str:
    """A drawing without colour alone: hit = solid, miss and false alarm = outlined, with a title each."""
    span = max(1, ended_us - began_us)

    def x(at_us: int) -> float:
        return _LEFT + (min(max(at_us, began_us), ended_us) - began_us) / span * (_WIDTH - _LEFT - 16)

    found = {e for e, warning in enumerate(score.matching.credit) if warning is not None}
    false = set(score.matching.false_alarms)
    lanes = [
        ("happened", [(event, n in found, "miss") for n, event in enumerate(score.events)]),
        ("warned", [(warning, n not in false, "false alarm") for n, warning in enumerate(score.warnings)]),
    ]
    parts = []
    for row, (label, bars) in enumerate(lanes):
        y = 56 + row * _LANE
        parts.append(
            f'<text x="8" y="{y + 15}">{label}</text><path d="M{_LEFT} {y + _BAR}H{_WIDTH - 16}" stroke="#7A8793"/>'
        )
        for episode, good, otherwise in bars:
            said = escape(
                f"{from_us(episode.start_us):%Y-%m-%d %H:%M}Z, {'hit' if good else otherwise}, {episode.place}"
            )
            style = (
                'fill="#0B57B7"' if good else 'fill="none" stroke="#14202B" stroke-width="1.5" stroke-dasharray="3 2"'
            )
            width = max(2.0, x(episode.end_us) - x(episode.start_us))
            bar = f'<rect x="{x(episode.start_us):.1f}" y="{y}" width="{width:.1f}" height="{_BAR}"'
            parts.append(f"{bar} {style}><title>{said}</title></rect>")
    head = escape(f"{score.rule} at {level_word}: {score.table.hits} hits, {score.table.misses} misses, "
                  f"{score.table.false_alarms} false alarms")  # fmt: skip
    foot = f"{from_us(began_us):%Y-%m-%d} to {from_us(ended_us):%Y-%m-%d} UTC; solid = matched, dashed = not"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} 172" font-family="system-ui, sans-serif" '
        f'font-size="14"><rect width="100%" height="100%" fill="#FFFFFF"/><text x="8" y="28" font-weight="600">{head}</text>'
        f'{"".join(parts)}<text x="8" y="160" fill="#52606D">{foot}</text></svg>\n'
    )
