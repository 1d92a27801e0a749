"""Good inputs to begin from, made from the project's own samples."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from tests.fuzz.targets import CATALOGUE, NOW_US
from tests.unit.cap.sample import text as cap_text
from tests.unit.document.made import CATALOG, ODF, RELS, TYPES, XLSX, field, odt, packed_pdf, pdf, xlsx
from tocsin.formats.catalogue import catalogue_body
from tocsin.packkit import builtin_pack_paths

__all__ = ["seeds"]

DOCS = Path(__file__).parents[2] / "docs" / "packs.md"


def seeds(target: str) -> Iterator[bytes]:
    """Good inputs of a target."""
    yield from {"rule": _rules, "pack": _packs, "arrow": _arrow, "json": _json, "csv": _csv, "catalogue": _catalogue,
                "cap": _cap, "document": _documents}[target]()  # fmt: skip


def _rules() -> Iterator[bytes]:
    text = DOCS.read_text("utf-8")
    for path in builtin_pack_paths():
        text += "".join(rules.read_text("utf-8") for rules in path.glob("rules.toml"))
    conditions = set(re.findall(r"`([^`\n]+(?:[<>=]|\)|obs)[^`\n]*)`", text)) | set(
        re.findall(r'= ["\']([^\n]+?[<>(][^\n]*?)["\']\n', text)
    )
    for condition in sorted(conditions):
        for how in (0, 1, 2, 7, 13):
            yield bytes([how]) + condition.replace(" cm", " mm").encode()


def _packs() -> Iterator[bytes]:
    names = ("rules.toml", "streams.toml", "pack.toml", "hazards.toml", "tables.toml", "cascades.toml", "playbook.toml",
             "tasks.toml", "warnings.toml", "words/en.toml", "quality.toml")  # fmt: skip
    for path in builtin_pack_paths():
        for which, name in enumerate(names):
            if (path / name).is_file():
                content = (path / name).read_bytes()
                yield bytes([which]) + content[:3000].rpartition(b"\n\n")[0]


def _table() -> pa.Table:
    moments = pa.array([NOW_US - 60_000_000 * k for k in range(6)]).cast(pa.timestamp("us", tz="UTC"))
    return pa.table({
        "stream": ["rain-1", "temp-1", "rain-1", "stage-1", "nobody", "雨-2"], "observed_at": moments,
        "value": [1.5, 20.0, None, 1.0, 2.0, 1e9], "unit": ["mm", "Cel", "mm", "m", "mm", "cm"],
    })  # fmt: skip


def _arrow() -> Iterator[bytes]:
    whole = _table()
    tables = [
        whole, whole.drop_columns("unit"), whole.slice(0, 0),
        whole.set_column(0, "stream", whole["stream"].dictionary_encode()),
        whole.set_column(0, "stream", pa.array([0, 1, 2, 3, 4, 99], pa.int32())),
        whole.set_column(1, "observed_at", whole["observed_at"].cast(pa.int64())),
        whole.set_column(1, "observed_at", pa.array(["2026-07-20T08:00:00Z"] * 6)),
        whole.set_column(2, "value", pa.array([1, 2, 3, 4, 5, 6], pa.int16())),
        whole.append_column("issued_at", whole["observed_at"]),
    ]  # fmt: skip
    for table in tables:
        for make, codec in (
            (pa.ipc.new_stream, None),
            (pa.ipc.new_file, None),
            (pa.ipc.new_stream, "lz4"),
            (pa.ipc.new_stream, "zstd"),
        ):
            sink = io.BytesIO()
            with make(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=codec)) as writer:
                writer.write_table(table)
            yield sink.getvalue()


def _json() -> Iterator[bytes]:
    at = '"2026-07-20T08:00:00Z"'
    yield f'{{"stream":["rain-1","temp-1"],"observed_at":[{at},{at}],"value":[1.5,20]}}'.encode()
    yield f'{{"stream":[0,1],"observed_at":[{NOW_US},{NOW_US}],"value":[1.5,null],"unit":["mm",null]}}'.encode()
    yield f'{{"stream":["ahead"],"observed_at":[{at}],"value":[3],"unit":"cm","issued_at":[{at}]}}'.encode()
    yield f'{{"stream":["rain-1","雨-2",7],"observed_at":[{at},"x",1],"value":[NaN,1e400,"3"]}}'.encode()
    yield b'{"stream":[],"observed_at":[],"value":[]}'


def _csv() -> Iterator[bytes]:
    yield b"stream,observed_at,value\nrain-1,2026-07-20T08:00:00Z,1.5\ntemp-1,2026-07-20T07:00:00+08:00,\n"
    yield "stream;observed_at;value;unit\n雨-2;2026-07-20 08:00:00Z;3;cm\n".encode()
    yield "stream,observed_at,value\n雨-2,2026-07-20T08:00:00Z,3\n".encode("gb18030")


def _catalogue() -> Iterator[bytes]:
    yield b"\0" + catalogue_body(CATALOGUE.sources.values(), CATALOGUE.streams)
    yield b"\1" + (b'[[source]]\nid = "met"\ntitle = "t"\nowner = "o"\n[[stream]]\nid = "g1"\nsource = "met"\nfeature = "f"\n'
                   b'property = "precipitation"\nunit = "mm"\nlon = 116.4\nlat = 39.9\nstages = { a = 1 }\n')  # fmt: skip
    yield b"\2id,source,feature,property,unit,lon,lat,stage.alert_level,label.x\ng1,met,gauge 1,rain,mm,116.4,39.9,3,y\n"
    yield b"\2id,title,owner,lateness_s,synthetic\nmet,Weather,met,30,true\n"


FEED = (
    b'<feed xmlns="http://www.w3.org/2005/Atom"><id>x</id><title>t</title><updated>2025-07-20T14:35:00Z</updated><entry>'
    b"<id>a</id><title>t</title><updated>2025-07-20T14:35:00Z</updated>"
    b'<link href="https://a.example/1" type="application/cap+xml"/></entry></feed>'
)
RSS = b'<rss version="2.0"><channel><title>t</title><item><guid>1</guid><link>https://a.example/1</link></item></channel></rss>'
EDXL = (
    b'<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><contentObject><xmlContent><embeddedXMLContent>',
    b"</embeddedXMLContent></xmlContent></contentObject></EDXLDistribution>",
)


def _cap() -> Iterator[bytes]:
    alert = cap_text().encode()
    yield b"\0" + alert
    yield b"\0" + alert.replace(b"cap:1.2", b"cap:1.1")
    yield b"\1" + FEED
    yield b"\1" + RSS
    yield b"\2" + EDXL[0] + alert.partition(b"?>")[2] + EDXL[1]


def _documents() -> Iterator[bytes]:
    """Files as they are, and by a first byte each way in which a part is laid into a good one (``documents.laid``)."""
    for whole in (pdf(), packed_pdf(b"<< /Type /Outlines >>"), xlsx(), odt(), "你好\n".encode(), "你好".encode("gb18030"),
                  "\ufeff你好".encode("utf-16-le")):  # fmt: skip
        yield b"\0" + whole
    link = b"<< /Type /Annot /A << /S /URI /URI (https://example.org/a) >> /Dest [3 0 R /Fit] >>"
    objects = [link, CATALOG, b"[ 1 2.5 -3 (a\\)b) <48656c6c6f> /Name#20x true null 3 0 R ]",
               b"<< /Length 3 >>\nstream\nabc\nendstream"]  # fmt: skip
    for body in objects:
        yield b"\1" + body
        yield b"\2" + body
    yield b"\3/Info 5 0 R /ID [<00> <00>]"
    yield b"\4<< /S /GoTo /D [3 0 R /Fit] >>"
    yield b"\5" + field('HYPERLINK "https://example.org"').encode()
    yield b"\5" + field("PAGE").encode()
    yield b"\6" + RELS.format(what="hyperlink", target="https://example.org", mode=' TargetMode="External"').encode()
    yield b"\6" + RELS.format(what="styles", target="styles.xml", mode="").encode()
    yield b'\7<worksheet xmlns="x"><sheetData><row><c><f>SUM(A1:A3)</f><v>1</v></c></row></sheetData></worksheet>'
    yield b"\x08" + TYPES.format(main=XLSX).encode()
    inner = (
        '<text:p><text:a xlink:href="https://example.org">a</text:a><draw:image xlink:href="Pictures/a.png"/></text:p>'
    )
    yield b"\x09" + ODF.format(inner=inner).encode()
    yield b"\x0amedia/image1.png\n\x89PNG"
    yield b'\x0asettings2.xml\n<?xml version="1.0" encoding="UTF-8"?><w:settings xmlns:w="x"/>'
