"""``tocsin cap``: check CAP messages and verify their signatures, without a running product."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from tocsin.app.commands.output import json_option, say
from tocsin.formats.cap import Finding, Pin, Reading, check, read, read_edxl, read_feed, recognise, strict_time, verify
from tocsin.terms.errors import BadForm

__all__ = ["cap"]

_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def cap() -> None:
    """Check CAP messages and verify their signatures."""


@cap.command("check")
@click.argument("files", nargs=-1, required=True, type=_file, metavar="FILE...")
@click.option(
    "--ours", is_flag=True, help="Judge as what we are about to publish: gaps are errors, good practice counts."
)
@json_option
@click.pass_context
def check_files(ctx: click.Context, files: tuple[Path, ...], ours: bool) -> None:
    """Check each FILE (message, Atom or RSS feed, EDXL-DE) against the numbered rules. Exit 1 if there is an error."""
    document = [told for path in files for told in _examined(path, ours)]
    say(document, lambda: "\n".join(line for told in document for line in _words(told)))
    ctx.exit(1 if any(finding["grade"] == "error" for told in document for finding in told["findings"]) else 0)


@cap.command("verify")
@click.argument("file", type=_file)
@click.option("--pin", required=True, type=_file, metavar="CERT", help="The certificate registered for the sender.")
@click.option(
    "--subject", default="", help="CERT is an authority; it must have issued the signer's to this common name."
)
@click.option("--at", default="", help="When the message was received (2025-07-20T14:35:00+08:00); now, if left out.")
@json_option
@click.pass_context
def verify_file(ctx: click.Context, file: Path, pin: Path, subject: str, at: str) -> None:
    """Verify the signatures of FILE with the key of CERT, never with the certificate inside. Exit 1 if none holds."""
    data = file.read_bytes()
    sender = _sender(file, data)
    # Wall clock: certificates end in real time, whatever day a demo plays.
    moment = strict_time(at) if at else datetime.now(UTC)
    report = verify(data, {sender: [Pin.of(pin.read_bytes(), subject)]}, at=moment)
    signatures = [
        {"verdict": one.verdict.value, "why": one.why, "pin": one.pin, "weak": one.weak} for one in report.judgements
    ]
    document = {"file": str(file), "sender": sender, "verdict": report.verdict.value, "verified": report.verified,
                "signatures": signatures}  # fmt: skip
    say(document, lambda: _verdict(document))
    ctx.exit(0 if report.verified else 1)


def _examined(path: Path, ours: bool) -> Iterator[dict[str, Any]]:
    """One document a message, and one for the feed around it."""
    data = path.read_bytes()
    kind = recognise(data)
    if kind in ("atom", "rss"):
        feed = read_feed(data)
        yield _document(path, kind, [*feed.findings, *(finding for entry in feed.entries for finding in entry.findings)],
                        entries=len(feed.entries))  # fmt: skip
        received = [message for entry in feed.entries for message in entry.messages]
    elif kind == "edxl":
        received = list(read_edxl(data).messages)
    else:
        received = [read(data)]
    for reading in received:
        yield _message(path, reading, ours)


def _message(path: Path, reading: Reading, ours: bool) -> dict[str, Any]:
    findings = check(reading.raw, producing=True) if ours else list(reading.findings)
    told = _document(path, "alert", findings, version=reading.version, schema_valid=reading.schema_valid)
    if reading.alert is not None:
        told |= {"sender": reading.alert.sender, "identifier": reading.alert.identifier}
    return told


def _document(path: Path, kind: str, findings: list[Finding], **more: object) -> dict[str, Any]:
    return {"file": str(path), "kind": kind, **more, "findings": [finding.as_document() for finding in findings]}


def _words(told: dict[str, Any]) -> Iterator[str]:
    counts = [sum(finding["grade"] == grade for finding in told["findings"]) for grade in ("error", "warning")]
    name = f"{told['file']} {told.get('identifier', '')}".rstrip()
    what = (
        f"CAP {told['version'] or 'message?'}"
        if told["kind"] == "alert"
        else f"{told['kind']}, {told['entries']} entries"
    )
    yield f"{name}: {what}, {counts[0]} errors, {counts[1]} warnings"
    for finding in told["findings"]:
        yield f"  {finding['rule']} {finding['grade']} {finding['xpath']}: {finding['what']}"
        yield f"      remedy: {finding['remedy']}"


def _sender(path: Path, data: bytes) -> str:
    reading = read(data)
    if not reading.version:
        raise BadForm(str(path), reading.errors[0].what, "give a CAP message")
    return reading.alert.sender if reading.alert is not None else ""


def _verdict(document: dict[str, Any]) -> str:
    head = f"{document['file']}: {document['verdict']} ({'verified' if document['verified'] else 'not verified'})"
    weak = " on SHA-1, which is weak"
    return "\n".join([head, *(f"  {one['verdict']}: {one['why']}{weak if one['weak'] else ''}"
                              for one in document["signatures"])])  # fmt: skip
