"""Canvas: lines, boxes, dots and words, written as SVG or painted as PNG, from one list of marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from io import BytesIO
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFont

from tocsin.terms.errors import Unavailable

__all__ = ["GREY", "INK", "PALE", "Canvas"]

INK, GREY, PALE = "#14202B", "#52606D", "#D5DBE1"
SCALE = 2  # of a PNG: two points to a unit, so that it is sharp on paper
_LATIN = ("DejaVuSans.ttf", "LiberationSans-Regular.ttf", "Arial.ttf", "Helvetica.ttc")
_HAN = ("NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "NotoSansSC-Regular.otf", "SourceHanSansSC-Regular.otf",
        "wqy-microhei.ttc", "wqy-zenhei.ttc", "msyh.ttc", "simhei.ttf", "PingFang.ttc", "NotoSerifCJK-Regular.ttc",
        "NotoSerifCJK-Bold.ttc")  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Mark:
    kind: str
    points: tuple[tuple[float, float], ...]
    stroke: str = ""
    fill: str = ""
    width: float = 1.0
    dash: bool = False
    words: str = ""
    anchor: str = "start"
    size: float = 13.0
    title: str = ""


@dataclass
class Canvas:
    """``width`` x ``height`` units. Marks lie over one another in the order in which they were made. ``label`` says in one
    sentence what the drawing shows, for those who do not see it."""

    width: float
    height: float
    label: str = ""
    language: str = "en"
    _marks: list[_Mark] = field(default_factory=list)

    def line(self, *points: tuple[float, float], stroke: str = INK, width: float = 1.0, dash: bool = False) -> None:
        """A line through points."""
        self._marks.append(_Mark("line", points, stroke=stroke, width=width, dash=dash))

    def box(
        self, x: float, y: float, width: float, height: float, *, fill: str = "", stroke: str = "", dash: bool = False,
        title: str = "",
    ) -> None:  # fmt: skip
        """A rectangle, filled or outlined."""
        corners = ((x, y), (x + width, y + height))
        self._marks.append(_Mark("box", corners, stroke=stroke, fill=fill, width=1.5, dash=dash, title=title))

    def dot(self, x: float, y: float, radius: float, *, fill: str, title: str = "") -> None:
        """A disc with a dark rim."""
        self._marks.append(_Mark("dot", ((x, y),), stroke=INK, fill=fill, width=radius, title=title))

    def text(
        self, x: float, y: float, words: str, *, size: float = 13.0, anchor: str = "start", fill: str = INK
    ) -> None:
        """Words with their baseline at ``y``; ``anchor``: start, middle or end."""
        self._marks.append(_Mark("text", ((x, y),), fill=fill, words=words, anchor=anchor, size=size))

    # ------------------------------------------------------------------ SVG
    def svg(self) -> str:
        """One ``<svg>`` element, words as words."""
        inside = "".join(map(_svg, self._marks))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}" role="img" '
            f'lang="{self.language}" font-family="system-ui, sans-serif"><title>{escape(self.label)}</title>'
            f'<rect width="100%" height="100%" fill="#FFFFFF"/>{inside}</svg>\n'
        )

    # ------------------------------------------------------------------ PNG
    def png(self) -> bytes:
        """The same as an image. Raises Unavailable where no font of this machine has the language's characters."""
        image = Image.new("RGB", (round(self.width * SCALE), round(self.height * SCALE)), "#FFFFFF")
        draw = ImageDraw.Draw(image)
        for mark in self._marks:
            self._paint(draw, mark)
        out = BytesIO()
        image.save(out, "PNG", optimize=True)
        return out.getvalue()

    def _paint(self, draw: ImageDraw.ImageDraw, mark: _Mark) -> None:
        at = [(x * SCALE, y * SCALE) for x, y in mark.points]
        width = max(1, round(mark.width * SCALE))
        if mark.kind == "text":
            anchor = {"start": "ls", "middle": "ms", "end": "rs"}[mark.anchor]
            draw.text(at[0], mark.words, fill=mark.fill, font=_font(self.language, mark.size * SCALE), anchor=anchor)
        elif mark.kind == "dot":
            (x, y), r = at[0], mark.width * SCALE
            draw.ellipse((x - r, y - r, x + r, y + r), fill=mark.fill, outline=mark.stroke, width=SCALE)
        elif mark.kind == "box" and not mark.dash:
            draw.rectangle((*at[0], *at[1]), fill=mark.fill or None, outline=mark.stroke or None, width=width)
        else:
            path = _outline(*at) if mark.kind == "box" else at
            for part in _dashes(path) if mark.dash else [path]:
                draw.line(part, fill=mark.stroke, width=width, joint="curve")


def _svg(mark: _Mark) -> str:
    dash = ' stroke-dasharray="4 3"' if mark.dash else ""
    title = f"<title>{escape(mark.title)}</title>" if mark.title else ""
    (x, y), fill = mark.points[0], mark.fill or "none"
    match mark.kind:
        case "line":
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in mark.points)
            return f'<polyline points="{path}" fill="none" stroke="{mark.stroke}" stroke-width="{mark.width:g}"{dash}/>'
        case "box":
            size = f'width="{mark.points[1][0] - x:.1f}" height="{mark.points[1][1] - y:.1f}"'
            stroke = f' stroke="{mark.stroke}" stroke-width="{mark.width:g}"{dash}' if mark.stroke else ""
            return f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{fill}"{stroke}>{title}</rect>'
        case "dot":
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{mark.width:g}" fill="{fill}" stroke="{mark.stroke}">{title}</circle>'
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{mark.size:g}" text-anchor="{mark.anchor}" fill="{fill}">'
        f"{escape(mark.words)}</text>"
    )


def _outline(first: tuple[float, float], last: tuple[float, float]) -> list[tuple[float, float]]:
    (x0, y0), (x1, y1) = first, last
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]


def _dashes(path: Sequence[tuple[float, float]], on: float = 8.0, off: float = 6.0) -> list[list[tuple[float, float]]]:
    parts = []
    for (x0, y0), (x1, y1) in pairwise(path):
        length = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-9)
        at = 0.0
        while at < length:
            ends = (at / length, min(at + on, length) / length)
            parts.append([(x0 + (x1 - x0) * share, y0 + (y1 - y0) * share) for share in ends])
            at += on + off
    return parts


@lru_cache(maxsize=64)
def _font(language: str, size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for name in _HAN if language == "zh-hans" else _LATIN:
        try:
            return ImageFont.truetype(name, round(size))
        except OSError:
            continue
    if language == "zh-hans":
        raise Unavailable("PNG in Chinese", "no font of this machine has Chinese characters",
                          "install one (fonts-noto-cjk), or use the SVG")  # fmt: skip
    return ImageFont.load_default(round(size))
