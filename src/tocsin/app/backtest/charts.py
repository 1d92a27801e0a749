"""The charts of a backtest: what happened and what was warned over time, lead times, skill, value. Nothing by colour alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import numpy as np

from tocsin.app.backtest.canvas import GREY, INK, PALE, Canvas
from tocsin.app.backtest.judged import Judged
from tocsin.app.backtest.score import HOUR_US, LevelScore, RuleScore
from tocsin.app.backtest.words import Words
from tocsin.measure.episode import Episode
from tocsin.terms.level import Scheme
from tocsin.terms.moment import from_us

__all__ = ["RATIOS", "charts", "lead_chart", "skill_chart", "timeline", "value_chart"]

RATIOS = tuple(float(f"{r:.3g}") for r in np.geomspace(0.001, 0.9, 40))
BLUE = "#0B57B7"
Scale = Callable[[float], float]
_WIDTH, _LEFT, _RIGHT = 960.0, 110.0, 24.0


def charts(run: Judged, scores: Sequence[RuleScore], words: Words) -> Iterator[tuple[str, Canvas]]:
    """Every chart with a name fit for a file."""
    for rule in scores:
        name = rule.rule.replace("/", "-")
        for line in rule.levels:
            code = run.scheme.level(line.level).code
            if line.events or line.warnings:
                yield f"{name}-{code}-timeline", timeline(line, run, words)
            if line.events:
                yield f"{name}-{code}-lead", lead_chart(line, run.scheme, words)
        yield f"{name}-skill", skill_chart(rule, run.scheme, words)
        if any(_values(line) for line in rule.levels):
            yield f"{name}-value", value_chart(rule, run.scheme, words)


def timeline(line: LevelScore, run: Judged, words: Words) -> Canvas:
    """Two lanes: true events and warnings; what was not matched is outlined and dashed."""
    t, level = line.table, run.scheme.level(line.level).word(words.language)
    head = words("timeline", rule=_rule(line.rule), level=level, hits=t.hits, misses=t.misses, false=t.false_alarms)
    page = Canvas(_WIDTH, 172, head, words.language)
    page.text(8, 26, head, size=16)
    span = max(1, run.ended_us - run.began_us)

    def x(at_us: int) -> float:
        return _LEFT + (min(max(at_us, run.began_us), run.ended_us) - run.began_us) / span * (_WIDTH - _LEFT - _RIGHT)

    for day in _days(run, most=10):
        page.line((x(day), 42), (x(day), 136), stroke=PALE)
        page.text(x(day), 152, f"{from_us(day):%m-%d}", size=12, anchor="middle", fill=GREY)
    false = set(line.matching.false_alarms)
    happened = [(e, line.matching.credit[n] is not None, "hit", "miss") for n, e in enumerate(line.events)]
    warned = [(w, n not in false, "verified", "false_one") for n, w in enumerate(line.warnings)]
    for y, name, bars in ((52.0, "happened", happened), (100.0, "warned", warned)):
        page.text(8, y + 17, words(name))
        page.line((_LEFT, y + 24), (_WIDTH - _RIGHT, y + 24), stroke=GREY)
        for episode, good, yes, no in bars:
            _bar(page, episode, x(episode.start_us), x(episode.end_us), y, good, words(yes if good else no))
    page.text(8, 168, f"{from_us(run.began_us):%Y-%m-%d} - {from_us(run.ended_us):%Y-%m-%d} UTC; {words('solid')}",
              size=12, fill=GREY)  # fmt: skip
    return page


def _bar(page: Canvas, episode: Episode, left: float, right: float, y: float, good: bool, word: str) -> None:
    title = f"{from_us(episode.start_us):%Y-%m-%d %H:%M}Z, {word}" + (f", {episode.place}" if episode.place else "")
    style = {"fill": BLUE} if good else {"stroke": INK, "dash": True}
    page.box(left, y, max(2.0, right - left), 24, title=title, **style)


def lead_chart(line: LevelScore, scheme: Scheme, words: Words) -> Canvas:
    """How many events had how much lead; misses and late warnings are bars of their own at the left."""
    head = words("lead_chart", rule=_rule(line.rule), level=scheme.level(line.level).word(words.language),
                 count=len(line.events))  # fmt: skip
    page = Canvas(_WIDTH, 300, head, words.language)
    page.text(8, 26, head, size=16)
    hours = np.array([lead / HOUR_US for lead in line.leads.of_found if lead > 0])
    late = sum(lead <= 0 for lead in line.leads.of_found)
    edges = _edges(float(hours.max()) if len(hours) else 1.0)
    counts, _ = np.histogram(hours, edges)
    bars = [(words("miss"), line.leads.misses, False), (words("late"), late, False)]
    bars += [(f"{a:g}-{b:g}", int(n), True) for a, b, n in zip(edges, edges[1:], counts, strict=False)]
    top = max(1, *(n for _, n, _ in bars))
    wide = (_WIDTH - _LEFT - _RIGHT) / len(bars)
    for place, (name, n, good) in enumerate(bars):
        left, high = _LEFT + place * wide + 4, 190 * n / top
        style = {"fill": BLUE} if good else {"stroke": INK, "dash": True}
        page.box(left, 244 - high, wide - 8, max(high, 0.5), title=f"{name}: {n}", **style)
        page.text(left + wide / 2 - 4, 240 - high, f"{n}" if n else "", size=12, anchor="middle")
        page.text(left + wide / 2 - 4, 262, name, size=12, anchor="middle", fill=GREY)
    page.line((_LEFT, 244), (_WIDTH - _RIGHT, 244), stroke=GREY)
    page.text(8, 150, words("count_axis"))
    page.text(_WIDTH - _RIGHT, 286, words("lead_axis"), anchor="end")
    if (need := line.windows.required_us / HOUR_US) and need < edges[-1]:
        at = _LEFT + wide * (2 + float(np.interp(need, edges, np.arange(len(edges)))))
        page.line((at, 44), (at, 244), width=1.5, dash=True)
        page.text(at + 4, 54, f"{words('required')} {need:g} h", size=12)
    return page


def skill_chart(rule: RuleScore, scheme: Scheme, words: Words) -> Canvas:
    """POD against success ratio with curves of equal CSI and lines of equal bias (Roebber, Wea. Forecasting 24, 2009)."""
    head = words("skill_chart", rule=_rule(rule.rule))
    page = Canvas(560, 540, head, words.language)
    page.text(8, 26, head, size=16)

    def x(share: float) -> float:
        return 70 + share * 440

    def y(share: float) -> float:
        return 480 - share * 420

    for csi in (0.1, 0.3, 0.5, 0.7, 0.9):
        shares = np.linspace(csi, 1, 60)
        pods = 1 / (1 / csi + 1 - 1 / shares)
        page.line(*((x(s), y(p)) for s, p in zip(shares, pods, strict=True) if p <= 1), stroke=PALE)
        page.text(x(1) + 4, y(csi) + 4, f"{csi:g}", size=11, fill=GREY)
    page.text(x(1) + 4, y(0) + 4, "CSI", size=11, fill=GREY)
    for bias in (0.5, 1.0, 2.0):
        end = (1.0, bias) if bias <= 1 else (1 / bias, 1.0)
        page.line((x(0), y(0)), (x(end[0]), y(end[1])), stroke=PALE, dash=True)
    _axes(page, x, y, [(v / 5, f"{v / 5:g}") for v in range(6)], words("skill_x"), words("skill_y"))
    for line in rule.levels:
        kept, of = line.warnings_verified
        pod = line.table.pod
        if of and not math.isnan(pod):
            level = scheme.level(line.level)
            page.dot(x(kept / of), y(pod), 7, fill=level.fill, title=level.word(words.language))
            page.text(x(kept / of) + 11, y(pod) + 5, level.word(words.language), size=12)
    return page


def value_chart(rule: RuleScore, scheme: Scheme, words: Words) -> Canvas:
    """What a warning is worth to people whose protection costs a share of the loss it prevents, on cells."""
    cell = rule.levels[0].windows.cell_us / HOUR_US
    head = words("value_chart", rule=_rule(rule.rule), cell=f"{cell:g}")
    page = Canvas(_WIDTH, 400, head, words.language)
    page.text(8, 26, head, size=16)
    low, high = math.log10(RATIOS[0]), math.log10(RATIOS[-1])

    def x(ratio: float) -> float:
        return 90 + (math.log10(ratio) - low) / (high - low) * 700

    def y(value: float) -> float:
        return 330 - min(max(value, -0.2), 1) * 240

    for ratio in (0.001, 0.01, 0.1, 0.5):
        page.line((x(ratio), y(-0.2)), (x(ratio), y(1)), stroke=PALE)
        page.text(x(ratio), y(-0.2) + 18, f"{ratio:g}", size=12, anchor="middle", fill=GREY)
    for value in (0.0, 0.5, 1.0):
        page.line((90, y(value)), (790, y(value)), stroke=GREY if value == 0 else PALE)
        page.text(82, y(value) + 4, f"{value:g}", size=12, anchor="end", fill=GREY)
    for number, line in enumerate(rule.levels):
        level = scheme.level(line.level)
        points = [(x(ratio), y(value)) for ratio, value in _values(line) if value > -0.2]
        if len(points) > 1:
            page.line(*points, stroke=INK, width=4)
            page.line(*points, stroke=level.fill, width=2.4, dash=number % 2 == 1)
            page.text(points[-1][0] + 8, points[-1][1] + 4 + 14 * (number % 2), level.word(words.language), size=12)
    page.text(440, 388, words("value_x"), anchor="middle")
    page.text(8, 60, words("value_y"))
    return page


def _values(line: LevelScore) -> list[tuple[float, float]]:
    if line.cells is None:
        return []
    return [(ratio, value) for ratio in RATIOS if not math.isnan(value := line.cells.value(ratio))]


def _axes(page: Canvas, x: Scale, y: Scale, marks: Sequence[tuple[float, str]], across: str, up: str) -> None:
    page.line((x(0), y(1)), (x(0), y(0)), (x(1), y(0)), stroke=GREY)
    for value, word in marks:
        page.text(x(value), y(0) + 18, word, size=12, anchor="middle", fill=GREY)
        page.text(x(0) - 8, y(value) + 4, word, size=12, anchor="end", fill=GREY)
    page.text((x(0) + x(1)) / 2, y(0) + 42, across, anchor="middle")
    page.text(8, y(1) - 14, up)


def _edges(most: float) -> list[float]:
    step = next(s for s in (0.25, 0.5, 1, 2, 3, 6, 12, 24, 48, 168, 720, 1e9) if most / s <= 12)
    return [step * n for n in range(max(1, math.ceil(most / step + 1e-9)) + 1)]


def _days(run: Judged, most: int) -> list[int]:
    first = from_us(run.began_us).replace(hour=0, minute=0, second=0, microsecond=0)
    count = int(run.hours // 24) + 2
    step = max(1, -(-count // most))
    moments = [round((first + timedelta(days=n)).timestamp() * 1e6) for n in range(0, count, step)]
    return [at for at in moments if run.began_us <= at <= run.ended_us]


def _rule(name: str) -> str:
    return name.partition("/")[2] or name
