"""``tocsin case grade``: the grade of a case, who investigates, and how far its report has gone up."""

from __future__ import annotations

import click

from tocsin.app.commands.output import json_option, say, table

__all__ = ["grade"]


@click.command("grade")
@click.argument("number")
@json_option
def grade(number: str) -> None:
    """The grade of the case NUMBER, and the reporting chain that follows from it."""
    from tocsin.app.commands.case import file_of
    from tocsin.packkit.grading import grade_kept
    from tocsin.records.cases.reporting import hops_of
    from tocsin.records.ledger import queries as ledger

    file = file_of(number)
    found = grade_kept(file.line.kind, file.line.values)
    if found is None:
        say({"grade": None}, lambda: "It has no grade: its kind declares none, or nothing is counted yet.")
        return
    hops = [
        {"from": one.sender.code, "to": one.body.code, "due": one.due_at.isoformat() if one.due_at else None,
         "done": one.done_at.isoformat() if one.done_at else None, "by": one.by or None, "late": one.late}
        for one in hops_of(file, ledger.chain(file.line.id))
    ]  # fmt: skip
    said = {"grade": found.code, "investigated_by": found.investigated_by, "report_to": found.report_to, "hops": hops}
    rows = [tuple(str(one[key] or "-") for key in ("from", "to", "due", "done", "by")) for one in hops]
    head = f"{found.code}: investigated by {found.investigated_by or '-'}, reported up to {found.report_to or '-'}"
    say(said, lambda: f"{head}\n{table(['from', 'to', 'due', 'done', 'by'], rows, whole='to')}" if rows else head)
