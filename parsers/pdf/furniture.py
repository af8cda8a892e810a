"""SANDBOX, untrusted: running headers, footers and page numbers, told from text by place and repetition.

Only what stands in a page's margins can be furniture. It is furniture when it recurs at the same height on other pages
(numbers in it may change), when it is nothing but a page number, or when it stands on one line with a page number.
"""

import re
from collections import defaultdict

from parsers.pdf.lines import spans_text
from parsers.pdf.model import Piece

_NUMBER = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"^(?:[-–—|•·\[(]\s*)?(?:(?:page|seite|p\.|pag\.|página|стр\.|第)\s*)?(?:\d{1,4}|[ivxlc]{1,7})"
    r"(?:\s*(?:/|of|von|de|из|sur)\s*\d{1,4})?(?:\s*(?:页|頁|ページ))?(?:\s*[-–—|•·\])])?$",
    re.IGNORECASE,
)
_RUNNING_TITLE = re.compile(r"^(?:\d{2,4}\s+[^\d\W].{2,60}|.{2,60}[^\d\W.]\.?\s+\d{1,4})$")
_FOOTER_NOTE = re.compile(r"^(?=.*(?:\d|https?:|www\.|©))(?:\S+\s+){0,7}\S+$")
_FOOT_SHARE = 0.93  # of the page's height: below this, a short line with a number set apart is a footer even once
_HEIGHT_STEP_POINTS = 12.0
_REPEAT_SHARE = 0.4  # of the pages that have margins at all, within a neighbourhood of pages
_SAME_LINE_POINTS = 4.0


def mark_furniture(pieces: list[Piece], heights: dict[int, float]) -> set[int]:
    """The `id`s of the pieces that are furniture. `heights` of the pages in points."""
    margins = [piece for piece in pieces if piece.zone in ("top", "bottom") and piece.table is None]
    pages_seen = {piece.page for piece in pieces}
    places: dict[tuple[str, str, int], set[int]] = defaultdict(set)
    keys: dict[int, list[tuple[str, str, int]]] = {}
    for piece in margins:
        shape = _shape(_text(piece))
        step = int(piece.box[1] // _HEIGHT_STEP_POINTS)
        keys[id(piece)] = [(piece.zone, shape, step + shift) for shift in (-1, 0, 1)]
        places[piece.zone, shape, step].add(piece.page)
    furniture = {id(piece) for piece in margins if _is_furniture_alone(piece, heights.get(piece.page, 0.0))}
    for piece in margins:
        pages: set[int] = set().union(*(places.get(key, set()) for key in keys[id(piece)]))
        if _recurs(pages, piece.page, len(pages_seen)):
            furniture.add(id(piece))
    return furniture | _beside_numbers(margins, furniture)


def is_page_number(text: str) -> bool:
    """Whether a text is nothing but a page number, such as "12", "– xii –" or "Page 3 of 8"."""
    return _PAGE_NUMBER.match(text) is not None


def is_running_title(text: str) -> bool:
    """Whether a text is a title in capitals with a page number at one end."""
    letters = [char for char in text if char.isalpha()]
    capitals = sum(1 for char in letters if char.isupper())
    return capitals >= 0.7 * len(letters) > 0 and _RUNNING_TITLE.match(text) is not None


def _is_furniture_alone(piece: Piece, height: float) -> bool:
    """What one page is enough for: page numbers, running titles with one, short dated lines at the foot."""
    text = _text(piece)
    if is_page_number(text):
        return True
    if piece.zone == "top":
        return not piece.bold and is_running_title(text)
    return piece.box[1] > _FOOT_SHARE * height > 0 and piece.gap_before >= 1.2 and bool(_FOOTER_NOTE.match(text))


def _text(piece: Piece) -> str:
    return spans_text([span for line in piece.lines for span in line.spans])


def _shape(text: str) -> str:
    """Text with its numbers made equal, so that "Page 3" and "Page 4" are one thing."""
    return _NUMBER.sub("#", text).casefold().strip()


def _recurs(pages: set[int], page: int, page_count: int) -> bool:
    """Often enough: on two of two or three pages, else on at least three pages and a share of those around."""
    if page_count <= 3:
        return len(pages) >= 2
    near = sum(1 for other in pages if abs(other - page) <= 8)
    around = min(page_count, 17)
    return near >= max(2, min(3, page_count // 2), round(_REPEAT_SHARE * around / 2))


def _beside_numbers(margins: list[Piece], furniture: set[int]) -> set[int]:
    """Running titles: what stands on one line with a bare page number."""
    numbers: dict[tuple[int, str], list[Piece]] = defaultdict(list)
    for piece in margins:
        if id(piece) in furniture and _PAGE_NUMBER.match(_text(piece)):
            numbers[piece.page, piece.zone].append(piece)
    return {
        id(piece)
        for piece in margins
        if any(
            abs(number.box[3] - piece.box[3]) < _SAME_LINE_POINTS
            for number in numbers.get((piece.page, piece.zone), [])
        )
    }
