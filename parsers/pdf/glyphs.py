"""SANDBOX, untrusted: MuPDF's spans cut into runs at wide spaces and at the ends of links, by the places of glyphs."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from parsers.blocks import Box
from parsers.pdf.bidi import needs_reordering, reversed_run

_WIDE_SPACE = re.compile(r" {2,}|\t")
_LONG_WORD = re.compile(r"[^\W\d_]{20}")
_WORD_GAP_MIN = 0.09  # of the type size, over the usual distance between glyphs
_BAND_POINTS = 32.0
_AREAS_PER_BAND_MAX = 100

Glyphs = list[dict[str, Any]]


@dataclass(slots=True)
class Run:
    """Glyphs of one span that belong together. Box of the page before its rotation; `link` is "" or an address."""

    text: str
    box: Box
    after_gap: bool = False
    link: str = ""


class LinkAreas:
    """Where the links of a page are, in coordinates of the page before its rotation."""

    def __init__(self, areas: Iterable[tuple[Box, str]] = ()) -> None:
        self._bands: dict[int, list[tuple[Box, str]]] = {}
        for box, uri in areas:
            first = int(max(box[1], -_BAND_POINTS) // _BAND_POINTS)
            for band in range(first, min(int(box[3] // _BAND_POINTS), first + 600) + 1):
                self._bands.setdefault(band, []).append((box, uri))

    def __bool__(self) -> bool:
        return bool(self._bands)

    def at(self, box: Box) -> str:
        """The address of the link under the middle of a box, or ""."""
        if not self._bands:
            return ""
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        for area, uri in self._bands.get(int(y // _BAND_POINTS), ())[:_AREAS_PER_BAND_MAX]:
            if area[0] <= x <= area[2] and area[1] - 1 <= y <= area[3] + 1:
                return uri
        return ""


def depends_on_glyphs(text: str) -> bool:
    """Whether a run may hide a column gap or words without spaces between them, or has right-to-left letters."""
    return bool(_WIDE_SPACE.search(text.strip()) or _LONG_WORD.search(text) or needs_reordering(text))


def runs_of(span: dict[str, Any], links: LinkAreas) -> list[Run]:
    """The runs of a span; one, when the span came without its glyphs."""
    glyphs = span.get("chars")
    if glyphs is None:
        return [Run(span["text"], span["bbox"])]
    runs: list[Run] = []
    current: Glyphs = []
    link = ""
    spaces = 0
    after_gap = False
    for glyph in glyphs:
        if glyph["c"] in " \t\u00a0":
            spaces += 2 if glyph["c"] == "\t" else 1
        else:
            here = links.at(glyph["bbox"])
            if current and (spaces >= 2 or here != link):
                runs.append(_run(current, after_gap, link, span["size"]))
                current = []
                after_gap = spaces >= 2
            elif spaces >= 2:
                after_gap = True
            link = here
            spaces = 0
        current.append(glyph)
    if current:
        runs.append(_run(current, after_gap, link, span["size"]))
    return runs


def _run(glyphs: Glyphs, after_gap: bool, link: str, size: float) -> Run:
    inked = [glyph for glyph in glyphs if not glyph["c"].isspace()] or glyphs
    boxes = [glyph["bbox"] for glyph in inked]
    text = _with_spaces(glyphs, size)
    if needs_reordering(text) and boxes[0][0] < boxes[-1][0]:
        text = reversed_run(text)  # drawn from left to right: the reader starts at the right
    box = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
    return Run(text, box, after_gap, link)


def _with_spaces(glyphs: Glyphs, size: float) -> str:
    """The text of glyphs; where it has a word too long to be one, spaces are put where the page shows gaps."""
    text = "".join(glyph["c"] for glyph in glyphs)
    if len(glyphs) < 6 or needs_reordering(text) or (" " in text and not _LONG_WORD.search(text)):
        return text
    gaps = [right["bbox"][0] - left["bbox"][2] for left, right in pairwise(glyphs)]
    wide = sorted(gaps)[len(gaps) // 2] + _WORD_GAP_MIN * size
    parts = [glyphs[0]["c"]]
    for gap, left, right in zip(gaps, glyphs, glyphs[1:], strict=False):
        if gap > wide and left["c"] != " " and right["c"] != " ":
            parts.append(" ")
        parts.append(right["c"])
    return "".join(parts)
