"""SANDBOX, untrusted: which pieces are headings, and their levels, from type and numbering over the whole document."""

import re
from collections import Counter
from dataclasses import dataclass

from parsers.pdf.captions import is_caption
from parsers.pdf.lines import spans_text
from parsers.pdf.lists import marker_of, numbering_depth
from parsers.pdf.model import Piece
from parsers.pdf.textflow import joined_lines

LEVEL_MAX = 6
_LINES_MAX = 4
_CHARS_MAX = 220
_HEADING_SHARE_MAX = 0.2  # of the text
_SENTENCE_WORDS_MAX = 12
_BIG_SENTENCE_WORDS = 8  # so many with a full stop are a sentence in any size
_NUMBERED_CAPITALS = re.compile(r"^(?:[IVX]{1,5}|[A-H]|\d{1,2}(?:\.\d{1,2})*)[.)]?\s+[^\W\d_]{4}.{0,80}$")
_SECTION_WORD = re.compile(
    r"^(?:\d{1,2}\.?\s+)?(?:abstract|introduction|conclusions?|references|bibliography|acknowledge?ments?|appendix"
    r"|zusammenfassung|einleitung|literaturverzeichnis|résumé|bibliographie|resumen|introducción|referencias)$",
    re.IGNORECASE,
)
_ENDS_LIKE_TEXT = re.compile(r"[.;,]$")
_HAS_WORD = re.compile(r"[^\W\d_]{2,}|[\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Typography:
    """What is usual in a document: the size of its text in points, and whether bold or monospace stand out at all."""

    body_size: float
    big_size: float  # from here on, type is so rare that it marks headings
    bold_stands_out: bool
    mono_stands_out: bool


def typography_of(pieces: list[Piece]) -> Typography:
    """The usual type, weighed by characters."""
    sizes: Counter[float] = Counter()
    bold = mono = total = 0
    for piece in pieces:
        length = sum(len(span.text) for line in piece.lines for span in line.spans)
        if piece.table is not None or piece.zone in ("top", "bottom", "note"):
            continue
        sizes[round(piece.size * 2) / 2] += length
        total += length
        bold += length * piece.bold
        mono += length * piece.mono
    body = sizes.most_common(1)[0][0] if sizes else 10.0
    return Typography(body, _big_size(sizes, body, total), bold < 0.5 * total, mono < 0.6 * total)


def _big_size(sizes: Counter[float], body: float, total: int) -> float:
    """The smallest size clearly above the body's of which, with all bigger ones, there is little text."""
    big = float("inf")
    share = 0
    for size in sorted(sizes, reverse=True):
        share += sizes[size]
        if size < 1.18 * body or share > _HEADING_SHARE_MAX * total:
            break
        big = size
    return big


def heading_levels(pieces: list[Piece], kind: Typography, outline: dict[str, int]) -> dict[int, int]:
    """Level 1..6 by `id` of the pieces that are headings. `outline` maps folded titles to their level."""
    candidates = [piece for piece in pieces if _is_heading(piece, kind, outline)]
    sizes = sorted({_rank_size(piece) for piece in candidates}, reverse=True)
    ranks = {size: index + 1 for index, size in enumerate(_spaced(sizes))}
    levels: dict[int, int] = {}
    for piece in candidates:
        text = piece_text(piece)
        level = outline.get(folded(text)) or _nearest_rank(ranks, _rank_size(piece))
        depth = numbering_depth(text)
        if depth > 1 and folded(text) not in outline:
            level = max(level, depth)
        levels[id(piece)] = max(1, min(level, LEVEL_MAX))
    return levels


def _rank_size(piece: Piece) -> float:
    return round(piece.size * 2) / 2 + (0.25 if piece.bold else 0.0)


def _spaced(sizes: list[float]) -> list[float]:
    """Sizes that differ visibly; one that is within 6 % of the bigger one before it is of the same rank."""
    result: list[float] = []
    for size in sizes:
        if not result or size < 0.94 * result[-1]:
            result.append(size)
    return result


def _nearest_rank(ranks: dict[float, int], size: float) -> int:
    return min((rank for start, rank in ranks.items() if size >= 0.94 * start), default=len(ranks) or 1)


def folded(text: str) -> str:
    """Letters and digits only, case folded: how titles of an outline are compared with headings."""
    return re.sub(r"[\W_]+", "", text).casefold()


def piece_text(piece: Piece) -> str:
    """The text of a piece, its lines joined."""
    return joined_lines([spans_text(line.spans) for line in piece.lines])


def _is_heading(piece: Piece, kind: Typography, outline: dict[str, int]) -> bool:
    if (
        piece.table is not None
        or piece.zone in ("bottom", "footnote", "aside", "note")
        or len(piece.lines) > _LINES_MAX
    ):
        return False
    text = piece_text(piece)
    if not text or len(text) > _CHARS_MAX or not _HAS_WORD.search(text) or is_caption(text):
        return False
    if folded(text) in outline:
        return True
    if marker_of(text) == ("", text[1:].strip()) or (piece.mono and kind.mono_stands_out):
        return False
    if round(piece.size * 2) / 2 >= kind.big_size and not piece.italic:
        return _set_like_heading(piece, text, kind)
    if piece.bold and kind.bold_stands_out and piece.size >= 0.6 * kind.body_size:
        return _set_like_heading(piece, text, kind)
    return _says_heading(piece, text)


def _says_heading(piece: Piece, text: str) -> bool:
    """Plain type, but numbered capitals on a line of their own, or one of the words that head sections everywhere."""
    if len(piece.lines) > 1 or piece.gap_before < 0.4:
        return False
    numbered = _NUMBERED_CAPITALS.match(text)
    return _SECTION_WORD.match(text) is not None or (numbered is not None and text.upper() == text)


def _set_like_heading(piece: Piece, text: str, kind: Typography) -> bool:
    """Not a sentence in bigger or bolder type: short, without a full stop, and with room above."""
    if text.endswith(".") and not piece.bold and len(text.split()) >= _BIG_SENTENCE_WORDS:
        return False
    if _ENDS_LIKE_TEXT.search(text) and piece.size < 1.5 * kind.body_size:
        stands_alone = len(piece.lines) == 1 and len(text.split()) <= _SENTENCE_WORDS_MAX and piece.gap_before > 0.4
        if not ((stands_alone and text.endswith(".")) or numbering_depth(text)):
            return False
    return text[0].isupper() or not text[0].isalpha() or piece.size >= 1.3 * kind.body_size
