"""``tocsin cap``: check CAP messages and verify their signatures, without a running product."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from tocsin.app.commands.output import json_option, say
from tocsin.formats.cap import Finding, Pin, Reading, check, read, read_edxl, read_feed, recognise, strict_time, verify
from tocsin.terms.errors import BadForm, BadValue

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


@cap.command("new-key")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
@click.option("--name", required=True, help="Common name of the certificate: the office that warns.")
@click.option("--days", default=1095, show_default=True, type=click.IntRange(1, 3650), help="How long it is valid.")
@json_option
def new_key(folder: Path, name: str, days: int) -> None:
    """Make a key that signs this deployment's messages, and its certificate, in DIR. Files that are there are kept."""
    from tocsin.formats.cap.new_key import new_pair

    paths = [folder / "cap_key.pem", folder / "cap_certificate.pem"]
    for path in paths:
        if path.exists():
            raise BadValue(str(path), "is there already", "move it away, or name another folder")
    for path, content in zip(paths, new_pair(name, days=days, at=datetime.now(UTC)), strict=True):
        path.touch(mode=0o600 if path is paths[0] else 0o644)
        path.write_bytes(content)
    told = {"key": str(paths[0]), "certificate": str(paths[1])}
    say(told, lambda: f"cap_key = {str(paths[0])!r}\ncap_certificate = {str(paths[1])!r}")


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
