"""Pictures of papers: their first pages as PDF and, where LibreOffice is there, from .docx, side by side.

``scripts/papers-as-pictures [FOLDER]``. It draws what tests/rooms/test_papers_drawn.py makes; nothing else in the house needs
LibreOffice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import pypdfium2 as pdfium
from PIL import Image

ROOT = Path(__file__).parents[2]
SCALE = 0.95  # of 72 dots an inch: one page is 565 dots wide
GAP, PAGES = 12, 2
MOST = 150_000


def main() -> int:
    """0 when every paper was drawn and every picture is small enough."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screenshots"
    office = shutil.which("soffice")
    with tempfile.TemporaryDirectory() as folder:
        test = [
            sys.executable,
            "-m",
            "pytest",
            str(ROOT / "tests/rooms/test_papers_drawn.py"),
            "-q",
            "-p",
            "no:cacheprovider",
        ]
        made = subprocess.run(test, env=os.environ | {"TOCSIN_TEST_PAPERS": folder}, cwd=ROOT, check=False)
        if made.returncode:
            return made.returncode
        if office:
            words = [str(file) for file in sorted(Path(folder).glob("*.docx"))]
            where = Path(folder) / "office"
            own = f"-env:UserInstallation=file://{folder}/profile"
            command = [office, own, "--headless", "--convert-to", "pdf", "--outdir", str(where), *words]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=300)
        else:
            click.echo("LibreOffice is not there: .docx files are not drawn (Debian: libreoffice-writer-nogui)")
        large = [name for name in sorted(Path(folder).glob("*.pdf")) if draw(name, target) > MOST]
    for name in large:
        click.echo(f"{name.stem} is larger than {MOST} bytes")
    return 1 if large else 0


def draw(file: Path, target: Path) -> int:
    """The picture of a paper's first pages, and how large it is."""
    sides = [one for one in (file, file.parent / "office" / file.name) if one.is_file()]
    documents = [pdfium.PdfDocument(str(side)) for side in sides]
    pages = [[page.render(scale=SCALE).to_pil().convert("L") for page, _nth in zip(document, range(PAGES), strict=False)]
             for document in documents]  # fmt: skip
    wide, high = pages[0][0].size
    rows = max(map(len, pages))
    sheet = Image.new("L", (wide * len(pages) + GAP * (len(pages) - 1), high * rows + GAP * (rows - 1)), 190)
    for across, column in enumerate(pages):
        for down, image in enumerate(column):
            sheet.paste(image, (across * (wide + GAP), down * (high + GAP)))
    picture = target / f"{file.stem}.png"
    sheet.quantize(16).save(picture, optimize=True)
    size = picture.stat().st_size
    click.echo(f"{picture.name}: {size // 1000} kB, pages: {', '.join(str(len(document)) for document in documents)}")
    return size


if __name__ == "__main__":
    sys.exit(main())
