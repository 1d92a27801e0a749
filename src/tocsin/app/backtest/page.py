"""The report: one HTML file with figures, drawings and the data behind them, in both languages; no script, nothing fetched."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from tocsin.app.backtest.charts import charts
from tocsin.app.backtest.document import as_csv, as_document
from tocsin.app.backtest.judged import Judged
from tocsin.app.backtest.score import HOUR_US, RuleScore, Windows
from tocsin.app.backtest.words import LANGUAGES, Words
from tocsin.terms.moment import from_us

__all__ = ["as_html"]

_NAMES = {"en": "English", "zh-hans": "中文"}
_TAGS = {"en": "en", "zh-hans": "zh-Hans"}
_CSS = """
:root{color-scheme:light}body{font:16px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;margin:0 auto;max-width:76rem;padding:1rem;
color:#14202B;background:#fff}h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2rem}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .6rem;border-bottom:1px solid #D5DBE1;text-align:right;white-space:nowrap}
th:first-child,td:first-child,th:nth-child(2),td:nth-child(2){text-align:left}thead th{white-space:normal;vertical-align:bottom}
svg{max-width:60rem;width:100%;height:auto;border:1px solid #D5DBE1;margin:.5rem 0;display:block}
pre{overflow-x:auto;background:#F3F5F7;padding:1rem;max-height:24rem}
a,summary,label{min-height:44px;display:inline-flex;align-items:center}summary{display:list-item;padding:.6rem 0;cursor:pointer}
label{padding:0 1rem;border:1px solid #52606D;margin-right:.5rem;cursor:pointer}
input[name=language]{position:absolute;opacity:0}input:focus-visible+label{outline:3px solid #0B57B7}
#pick-en:checked+label,#pick-zh-hans:checked+label{background:#14202B;color:#fff}
#pick-en:checked~.zh-hans,#pick-zh-hans:checked~.en{display:none}
@media print{input,label{display:none}}
"""


def as_html(runs: Sequence[tuple[str, Judged, Sequence[RuleScore]]], windows: Windows, language: str = "en") -> str:
    """The page; ``language`` is the one shown first."""
    picks = "".join(
        f'<input type="radio" name="language" id="pick-{code}"{" checked" if code == language else ""}>'
        f'<label for="pick-{code}" lang="{_TAGS[code]}">{_NAMES[code]}</label>'
        for code in LANGUAGES
    )
    parts = "".join(
        f'<main class="{code}" lang="{_TAGS[code]}">'
        + "".join(_run(run, scores, windows, Words(code)) for _, run, scores in runs)
        + "</main>"
        for code in LANGUAGES
    )
    title = escape(Words(language)("title", rules=", ".join(name for name, _, _ in runs)))
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return (
        f'<!doctype html><html lang="{_TAGS[language]}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><title>{title}</title><style>{_CSS}</style></head>'
        f"<body>{picks}{parts}</body></html>\n"
    )


def _run(run: Judged, scores: Sequence[RuleScore], windows: Windows, words: Words) -> str:
    document = as_document(run, scores)
    hours = {name: f"{us / HOUR_US:g}" for name, us in
             (("before", windows.before_us), ("after", windows.after_us), ("gap", windows.gap_us))}  # fmt: skip
    period = words("period", began=f"{from_us(run.began_us):%Y-%m-%d %H:%M}", ended=f"{from_us(run.ended_us):%Y-%m-%d %H:%M}",
                   hours=f"{run.hours:,.0f}", rows=f"{run.counts['taken']:,}", streams=f"{len(run.catalogue):,}")  # fmt: skip
    said = [
        period,
        words("matching", **hours),
        words("intervals"),
        words("quiet", cell=f"{windows.cell_us / HOUR_US:g}"),
    ]
    if unknown := max((line["events_without_level"] for line in document["scores"]), default=0):
        said.append(words("not_stated", count=unknown))
    data = as_csv(run, scores)
    link = "data:text/csv;base64," + base64.b64encode(data.encode()).decode()
    drawings = "".join(canvas.svg() for _, canvas in charts(run, scores, words))
    return (
        f"<h1>{escape(words('title', rules=run.name))}</h1>{''.join(f'<p>{escape(line)}</p>' for line in said)}"
        f"<h2>{words('figures')}</h2>{_event_table(document, words)}"
        f"<h2>{words('cells')}</h2>{_cell_table(document, words)}"
        f"<h2>{words('level_error')}</h2>{_error_table(document, words)}{drawings}"
        f"<h2>{words('data')}</h2><p><a download='backtest-{escape(run.name)}.csv' href='{link}'>{words('save')}</a></p>"
        f"<details><summary>{words('data')}</summary><pre tabindex='0'>{escape(data)}</pre></details>"
    )


def _event_table(document: dict[str, Any], words: Words) -> str:
    need = next((line["required_lead_h"] for line in document["scores"]), 0)
    head = [words(key) for key in ("rule", "level", "events", "hits", "misses", "warnings", "false")]
    head += [
        words(key) for key in ("pod", "far", "csi", "bias", "events_warned", "warnings_verified", "lead", "lead_found")
    ]
    head += [words("in_time", hours=f"{need:g}"), words("signals"), words("load"), words("week")]
    rows = [
        (line["rule"].partition("/")[2], line["level"], line["events"], line["hits"], line["misses"], line["warnings"],
         line["false_alarms"], *(_with(line, key) for key in ("pod", "far", "csi", "bias")),
         f"{line['events_warned']} / {line['events']}", f"{line['warnings_verified']} / {line['warnings']}",
         _with(line, "lead_h_median_with_misses"), _short(line["lead_h_median"]), _with(line, "in_time"), line["signals"],
         _short(line["signals_an_operator_hour"]), _short(line["warnings_a_week"]))
        for line in document["scores"]
    ]  # fmt: skip
    return _table(head, rows)


def _cell_table(document: dict[str, Any], words: Words) -> str:
    head = [words(key) for key in ("rule", "level", "hits", "false", "misses", "cell_count", "pod")]
    head += [words(key) for key in ("pofd", "peirce", "hss", "edi", "sedi", "best_value")]
    rows = []
    for line in document["scores"]:
        if (c := line.get("cells")) is not None:
            known = {ratio: value for ratio, value in c["value"].items() if value is not None}
            best = max(known, key=lambda ratio: known[ratio], default=None)
            total = c["hits"] + c["false_alarms"] + c["misses"] + c["quiet"]
            rows.append((line["rule"].partition("/")[2], line["level"], c["hits"], c["false_alarms"], c["misses"], f"{total:,}",
                         *(_short(c[key]) for key in ("pod", "pofd", "peirce", "hss", "edi", "sedi")),
                         "-" if best is None else f"{known[best]:.2f} ({best})"))  # fmt: skip
    return _table(head, rows)


def _error_table(document: dict[str, Any], words: Words) -> str:
    found = {name: e for name, e in document["level_errors"].items() if e["counts"]}
    errors = sorted({error for e in found.values() for error in e["counts"]}, key=int)
    rows = [
        (name.partition("/")[2], "", *(e["counts"].get(error, 0) for error in errors), _short(e["exact"]), _short(e["mean"]),
         _short(e["penalty"]))
        for name, e in found.items()
    ]  # fmt: skip
    return _table([words("rule"), "", *errors, words("exact"), words("mean_error"), words("penalty")], rows)


def _with(line: dict[str, Any], key: str) -> str:
    low, high = line[f"{key}_interval"]
    return _short(line[key]) + ("" if low is None else f" ({low:.2f} - {high:.2f})")


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}" if abs(value) < 0.1 else f"{value:.2f}"


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    top = "".join(f"<th scope='col'>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<div class='wide' tabindex='0'><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
