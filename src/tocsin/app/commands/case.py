"""``tocsin case``: the papers of a case, as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tocsin.app.commands.case_grade import grade
from tocsin.app.commands.output import json_option, say, table
from tocsin.terms.errors import BadValue, UnknownName

if TYPE_CHECKING:
    from tocsin.records.cases.queries import CaseFile

__all__ = ["case", "file_of"]


@click.group()
def case() -> None:
    """A case: its grade; its papers, listed or made."""


case.add_command(grade)


@case.command("papers")
@click.argument("number")
@json_option
def papers(number: str) -> None:
    """The papers that the case NUMBER has, and which of them are drafts still."""
    from tocsin.doors.console.case_papers import papers_of

    found = papers_of(file_of(number).line)
    lines = [{"paper": one.name, "title": one.title, "draft": one.draft} for one in found]
    rows = [(one.name, one.title, "yes" if one.draft else "no") for one in found]
    say(
        lines,
        lambda: table(["paper", "title", "draft"], rows, whole="paper") if rows else "This kind of case has none.",
    )


@case.command("paper")
@click.argument("number")
@click.argument("name")
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to write: .pdf or .docx."
)
@click.option(
    "--language", type=click.Choice(["en", "zh-hans"]), default="zh-hans", show_default=True, help="Its language."
)
@click.option("--overwrite", is_flag=True, help="Write over a file that is there.")
@json_option
def make_paper(number: str, name: str, out: Path, language: str, overwrite: bool) -> None:
    """Make the paper NAME of the case NUMBER. Of a sealed case none is made here: it is opened on its page, for a purpose."""
    form = out.suffix.lower().removeprefix(".")
    if out.exists() and not overwrite:
        raise BadValue(f"file {out.name}", "is there already", "choose another name, or give --overwrite")
    file = file_of(number)
    from tocsin.doors.console.case_papers import case_paper, require_opened
    from tocsin.doors.console.paper_made import paper_bytes
    from tocsin.records.files.queries import files
    from tocsin.records.ledger import queries as ledger
    from tocsin.records.org.scope import EVERYWHERE

    require_opened(file)
    made = case_paper(file, name, files(EVERYWHERE, file.line.id), ledger.chain(file.line.id), language)
    content, kind = paper_bytes(made, form)
    out.write_bytes(content)
    say({"file": str(out), "bytes": len(content), "type": kind, "mark": made.mark},
        lambda: f"{out.name}: {len(content):,} bytes{', ' + made.mark if made.mark else ''}")  # fmt: skip


def file_of(number: str) -> CaseFile:
    """The case of a whole number, with everything of it. Raises UnknownName."""
    from tocsin.app.commands.django_ready import django_ready

    django_ready()
    from tocsin.records.cases import queries
    from tocsin.records.cases.queries import Filter
    from tocsin.records.org.scope import EVERYWHERE

    wanted = number.strip().upper()
    found = next(
        (line for line in queries.cases(EVERYWHERE, Filter("all", number=wanted)) if line.number == wanted), None
    )
    if found is None:
        raise UnknownName(
            f"case {number[:40]}", "there is none with this number", "give the whole number: YH2026-000123"
        )
    return queries.case_file(EVERYWHERE, found.id)
