"""SANDBOX, untrusted: ladders of horizontal rules, cut into those of one table each."""

from itertools import pairwise

from parsers.pdf.captions import is_caption
from parsers.pdf.columns import cut_at_gaps
from parsers.pdf.geometry import overlap
from parsers.pdf.lines import rows_of, spans_text
from parsers.pdf.model import Atom
from parsers.pdf.rulings import Rule

_EMPTY_HEIGHT_MAX = 30.0  # points; taller stretches without text are no rows of a table
_LONE_ROWS_MAX = 1  # one line over all columns names a section of a table, more of them are text
_WIDE_SHARE = 0.55  # of the ladder's width, that a line of text takes
_WORD_SHARE = 0.7  # of what stands between spaces, that has letters in it
_CELL_GAP = 0.55  # of the type size: room between cells of one row


def apart(ladder: list[Rule], atoms: list[Atom]) -> list[list[Rule]]:
    """The ladder in parts of at least two rules, cut where text, a caption or nothing stands between two rules."""
    x0, x1 = min(rule.start for rule in ladder), max(rule.stop for rule in ladder)
    inside, _ = split_by_box(atoms, x0 - 4, ladder[0].at, x1 + 4, ladder[-1].at)
    rows = list(rows_of(inside))
    parts: list[list[Rule]] = [[ladder[0]]]
    index = 0
    for above, below in pairwise(ladder):
        between: list[list[Atom]] = []
        while index < len(rows) and rows[index][0].middle < below.at:
            between.append(rows[index])
            index += 1
        if _parts_tables(between, above, below):
            parts.append([])
        parts[-1].append(below)
    return [part for part in parts if len(part) >= 2]


def _parts_tables(rows: list[list[Atom]], above: Rule, below: Rule) -> bool:
    """Whether two rules belong to different tables: text or much empty space lies between them."""
    if not rows:
        return below.at - above.at > _EMPTY_HEIGHT_MAX
    texts = [spans_text(row[0].spans) if len(row) == 1 else "" for row in rows]
    if any(is_caption(text) for text in texts):
        return True
    width = _WIDE_SHARE * (above.stop - above.start)
    running = sum(_runs(row[0], text) and row[0].x1 - row[0].x0 > width for row, text in zip(rows, texts, strict=True))
    return all(texts) and running > _LONE_ROWS_MAX


def _runs(atom: Atom, text: str) -> bool:
    """Whether an atom is running text: words, without the room between them that cells leave."""
    words = text.split()
    letters = sum(any(char.isalpha() for char in word) for word in words)
    return letters >= _WORD_SHARE * len(words) and len(cut_at_gaps(atom, _CELL_GAP)) == 1


def split_by_box(atoms: list[Atom], x0: float, y0: float, x1: float, y1: float) -> tuple[list[Atom], list[Atom]]:
    """Atoms of which most stands in a box, and the others."""
    inside: list[Atom] = []
    outside: list[Atom] = []
    for atom in atoms:
        within = y0 - 1 <= atom.middle <= y1 + 1 and overlap(atom.x0, atom.x1, x0, x1) > 0.6 * (atom.x1 - atom.x0)
        (inside if within else outside).append(atom)
    return inside, outside
