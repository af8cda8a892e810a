"""SANDBOX, untrusted: from a MuPDF page to visible glyph runs, one list per writing direction, and drawn vectors.

One pass of MuPDF's structured-text device gives text and vectors together with their drawing order, so nothing else
on a page has to be interpreted twice.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from parsers.blocks import Box
from parsers.pdf.bidi import logical_order
from parsers.pdf.dingbats import as_shown
from parsers.pdf.engine import Drawing, Rendering, drawn_words, image_boxes, link_boxes
from parsers.pdf.geometry import Turn, is_placed, quarters_of, turn_back, turn_box, turn_direction
from parsers.pdf.glyphs import LinkAreas, Run, depends_on_glyphs, runs_of
from parsers.pdf.model import Atom, Span, Vector
from parsers.pdf.visibility import Drawn, Visibility
from parsers.pdf.words import WordPlaces

SPANS_PER_PAGE_MAX = 40_000
VECTORS_PER_PAGE_MAX = 20_000
IMAGES_PER_PAGE_MAX = 500
LINKS_PER_PAGE_MAX = 2_000
CLIPPED_WORDS_MAX = 100  # enough for a finding; each is searched for in the whole text of the page
_SUPERSCRIPT, _ITALIC, _MONO, _BOLD = 1, 2, 8, 16  # span["flags"] of PyMuPDF
_CHAR_BOLD, _CHAR_FILLED, _CHAR_STROKED = 8, 16, 32  # span["char_flags"]
_BOLD_NAME = re.compile(r"bold|black|heavy|demi|cmbx|[-,]bd\b", re.IGNORECASE)
_ITALIC_NAME = re.compile(r"ital|obli|slant|cmti", re.IGNORECASE)
_MONO_NAME = re.compile(r"courier|mono|consol|cmtt|menlo|typewriter|fixed", re.IGNORECASE)


@dataclass(slots=True)
class PageContent:
    """What one page shows. `frames` maps quarter turns (see `Turn`) to atoms in that upright frame, in drawing order.

    `hidden` holds (why, text) of runs that no reader can see, `clipped` words outside of a clipping path; neither is
    in a frame.
    """

    number: int
    width: float
    height: float
    frames: dict[int, list[Atom]] = field(default_factory=dict)
    vectors: list[Vector] = field(default_factory=list)
    images: list[Box] = field(default_factory=list)
    links: LinkAreas = field(default_factory=LinkAreas)
    hidden: list[tuple[str, str]] = field(default_factory=list)
    clipped: list[str] = field(default_factory=list)
    span_count: int = 0
    unmapped: int = 0
    truncated: bool = False

    def turn(self, quarters: int) -> Turn:
        """The frame for text written in that direction."""
        return Turn(quarters, self.width, self.height)


@lru_cache(maxsize=512)
def _style_of_font(name: str) -> tuple[bool, bool, bool]:
    """Bold, italic and monospaced as a font's name tells; descriptors are often wrong or missing."""
    return bool(_BOLD_NAME.search(name)), bool(_ITALIC_NAME.search(name)), bool(_MONO_NAME.search(name))


def read_page(page: Any, number: int) -> PageContent:
    """Everything that a page draws as text or vectors. `number` is 1-based. MuPDF's errors pass through."""
    rotation = int(page.rotation)
    shown = page.rect
    content = PageContent(number, float(shown.width), float(shown.height))
    drawing = Drawing(page)
    blocks = drawing.blocks()
    content.clipped = _clipped_words(blocks, page)
    content.links = LinkAreas(
        (turn_back(box, rotation, content.width, content.height), uri)
        for box, uri in link_boxes(page, LINKS_PER_PAGE_MAX)
    )
    if content.links or _needs_glyph_places(blocks):
        blocks = drawing.blocks_with_glyphs()
    for block in blocks:
        if block["type"] == 3:
            _add_vector(content, block, rotation)
    images = image_boxes(page, IMAGES_PER_PAGE_MAX)
    content.images = [turn_box(box, rotation, content.width, content.height) for box in images]
    box = (0.0, 0.0, content.width, content.height)
    judge = Visibility(box, content.vectors, content.images, Rendering(page))
    words = drawing.words()
    rank = -1  # among the text blocks
    for block in blocks:
        if block["type"] == 0:
            rank += 1
            for index, line in enumerate(block["lines"]):
                places = WordPlaces(words.get((rank, index), []))
                _add_line(content, judge, line, rotation, block["number"], places)
        if content.span_count > SPANS_PER_PAGE_MAX:
            content.truncated = True
            break
    return content


def _clipped_words(blocks: list[dict[str, Any]], page: Any) -> list[str]:
    """Words that a clipping path hides: drawn, but not among the blocks."""
    words = drawn_words(page)
    shown = "".join(
        span["text"] for block in blocks if block["type"] == 0 for line in block["lines"] for span in line["spans"]
    )
    if sum(map(len, words)) <= len("".join(shown.split())):
        return []
    left = Counter(shown.split())
    missing = list((Counter(words) - left).elements())[:CLIPPED_WORDS_MAX]
    return [word for word in missing if word not in shown]


def _needs_glyph_places(blocks: list[dict[str, Any]]) -> bool:
    """Whether some run hides a column gap, words without spaces between them, or right-to-left letters."""
    for block in blocks:
        if block["type"] != 0:
            continue
        for line in block["lines"]:
            for span in line["spans"]:
                if depends_on_glyphs(span["text"]):
                    return True
    return False


def _add_vector(content: PageContent, block: dict[str, Any], rotation: int) -> None:
    if not is_placed(block["bbox"]):
        return
    if len(content.vectors) >= VECTORS_PER_PAGE_MAX:
        content.truncated = True
        return
    x0, y0, x1, y1 = turn_box(block["bbox"], rotation, content.width, content.height)
    content.vectors.append(
        Vector(
            x0, y0, x1, y1, block["stroked"], block["isrect"], block["color"], block["alpha"] >= 128, block["number"]
        )
    )


def _add_line(
    content: PageContent, judge: Visibility, line: dict[str, Any], rotation: int, order: int, words: WordPlaces
) -> None:
    """Cut one of MuPDF's lines into atoms and file them under their writing direction."""
    quarters = quarters_of(turn_direction(line["dir"], rotation))
    turn = content.turn(quarters)
    words = words.turned(lambda box: turn.upright(turn_box(box, rotation, content.width, content.height)))
    spans: list[Span] = []
    wide = False
    for raw in line["spans"]:
        content.span_count += 1
        for run in runs_of(raw, content.links):
            if not run.text.strip():
                if spans and not spans[-1].text.endswith(" "):
                    spans[-1].text += " "
                continue
            if not is_placed(run.box):
                content.hidden.append(("off page", run.text))
                continue
            if run.after_gap and spans:
                _add_atom(content, quarters, spans, order)
                spans, wide = [], True
            shown_box = turn_box(run.box, rotation, content.width, content.height)
            why_hidden = judge.hidden_because(_painting(raw, run.text, shown_box, order))
            if why_hidden:
                content.hidden.append((why_hidden, run.text))
            else:
                content.unmapped += run.text.count("\ufffd")
                box = turn.upright(shown_box)
                spans.append(_span(raw, run, box, words.within(box, run.text)))
    if spans:
        _add_atom(content, quarters, spans if wide else logical_order(spans), order)


def _add_atom(content: PageContent, quarters: int, spans: list[Span], order: int) -> None:
    content.frames.setdefault(quarters, []).append(atom_of(spans, order))


def atom_of(spans: list[Span], order: int) -> Atom:
    """The atom around spans of one baseline. The longest run gives its size; marks raised beside it do not."""
    main = max(spans, key=lambda span: (not span.raised, len(span.text)))
    return Atom(
        min(span.x0 for span in spans),
        min(span.y0 for span in spans),
        max(span.x1 for span in spans),
        max(span.y1 for span in spans),
        main.y1 - 0.22 * (main.y1 - main.y0),
        main.size,
        spans,
        order,
    )


def _span(raw: dict[str, Any], run: Run, box: Box, places: tuple[tuple[float, float], ...]) -> Span:
    flags, char_flags = raw["flags"], raw["char_flags"]
    bold, italic, mono = _style_of_font(raw["font"])
    return Span(
        *box,
        as_shown(raw["font"], run.text).replace("\u00a0", " ").replace("\t", " "),
        float(raw["size"]),
        bold or bool(flags & _BOLD or char_flags & _CHAR_BOLD),
        italic or bool(flags & _ITALIC),
        mono or bool(flags & _MONO),
        bool(flags & _SUPERSCRIPT),
        run.link,
        places,
    )


def _painting(raw: dict[str, Any], text: str, box: Box, order: int) -> Drawn:
    painted = bool(raw["char_flags"] & (_CHAR_FILLED | _CHAR_STROKED))
    return Drawn(box, text, painted, int(raw["color"]), int(raw["alpha"]), float(raw["size"]), order)
