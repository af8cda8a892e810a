"""SANDBOX, untrusted: one page from its atoms to its pieces in reading order: tables, margins, columns, footnotes."""

from collections import Counter

from parsers.pdf.footnotes import bears_mark, mark_footnotes
from parsers.pdf.furniture import is_page_number, is_running_title
from parsers.pdf.geometry import Turn
from parsers.pdf.lines import joined, line_of, rows_of, spans_text, without_doubles
from parsers.pdf.model import Atom, Figure, Item, Piece, TableRegion
from parsers.pdf.order import Column, columns_in_order
from parsers.pdf.paragraphs import piece_of, pieces_of
from parsers.pdf.rulings import Rules, mark_ruled, rules_of
from parsers.pdf.spans import PageContent, atom_of
from parsers.pdf.tables import ruled_tables

ATOMS_FOR_LAYOUT_MAX = 12_000
_MARGIN_SHARE = 0.115  # of the page's height, at its top and at its bottom
_MARGIN_ROWS_MAX = 3
_FIGURE_SIDE_MIN = 40.0
_FIGURES_MAX = 60
_LINE_SHARE = 0.66  # of the page's width
_MARGIN_WORD_GAP = 2.5  # of the type size: a page number stands farther from its running title
_MARGIN_GAP_MIN = 0.8  # of the type size, between a margin's rows and the body


def lay_out(content: PageContent) -> tuple[list[Piece], bool]:
    """The pieces of a page in reading order, and whether its geometry could be used in full.

    The writing direction of most of the text comes first; text written otherwise (sidebars, stamps) follows.
    """
    frames = sorted(content.frames.items(), key=lambda item: -sum(_length(atom) for atom in item[1]))
    pieces: list[Piece] = []
    complete = not content.truncated
    for rank, (quarters, atoms) in enumerate(frames):
        turn = content.turn(quarters)
        if len(atoms) > ATOMS_FOR_LAYOUT_MAX:
            pieces += pieces_of([Column(0, turn.extent()[0], list(atoms))], content.number, turn)
            complete = False
            continue
        rules = rules_of(content.vectors, turn) if rank == 0 else Rules([], [])
        complete = complete and rules.complete
        found = _lay_out_frame(content, atoms, rules, turn)
        if rank:
            for piece in found:
                piece.zone = "aside"
        pieces += found
    return pieces, complete


def _length(atom: Atom) -> int:
    return sum(len(span.text) for span in atom.spans)


def _lay_out_frame(content: PageContent, atoms: list[Atom], rules: Rules, turn: Turn) -> list[Piece]:
    page = content.number
    atoms = without_doubles(atoms)
    mark_ruled(atoms, rules)
    tables, free = ruled_tables(atoms, rules)
    free = joined(free)
    top, free, bottom = _margins(free, tables, turn)
    body_size = _dominant_size(free)
    items: list[Item] = [*free, *tables, *_figures(content, turn, atoms)]
    columns = columns_in_order(items, 1.2 * body_size)
    body: list[Piece] = []
    for column in columns:
        pieces = pieces_of([column], page, turn)
        mark_footnotes(pieces, body_size)
        body += pieces
    notes = [piece for piece in body if piece.zone == "footnote"]
    rest = [piece for piece in body if piece.zone != "footnote"]
    foot = max((item.y1 for item in items), default=0.0)
    above, below = _margin_pieces(top, "top", page, turn, foot), _margin_pieces(bottom, "bottom", page, turn, foot)
    return above + rest + notes + below


def _figures(content: PageContent, turn: Turn, atoms: list[Atom]) -> list[Figure]:
    """Images and filled areas that are big enough to be read around and hold no text."""
    area_max = 0.6 * content.width * content.height
    boxes = content.images + [
        (vector.x0, vector.y0, vector.x1, vector.y1)
        for vector in content.vectors
        if vector.opaque and vector.rectangle and not vector.stroked
    ]
    figures: list[Figure] = []
    for shown in boxes:
        x0, y0, x1, y1 = turn.upright(shown)
        if min(x1 - x0, y1 - y0) < _FIGURE_SIDE_MIN or (x1 - x0) * (y1 - y0) > area_max or len(figures) >= _FIGURES_MAX:
            continue
        if not any(x0 < (atom.x0 + atom.x1) / 2 < x1 and y0 < atom.middle < y1 for atom in atoms):
            figures.append(Figure(x0, y0, x1, y1))
    return figures


def _dominant_size(atoms: list[Atom]) -> float:
    sizes: Counter[float] = Counter()
    for atom in atoms:
        sizes[round(atom.size * 2) / 2] += _length(atom)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def _margins(free: list[Atom], tables: list[TableRegion], turn: Turn) -> tuple[list[Atom], list[Atom], list[Atom]]:
    """Atoms of the top margin, of the body and of the bottom margin. A margin's rows are set apart from the body."""
    width, height = turn.extent()
    rows = list(rows_of(free))
    top = _margin_rows(rows, height, [table.y0 for table in tables])
    flipped = _margin_rows_below(rows[top:], width, height, [table.y1 for table in tables])
    stop = len(rows) - flipped
    return (
        [atom for row in rows[:top] for atom in row],
        [atom for row in rows[top:stop] for atom in row],
        [atom for row in rows[stop:] for atom in row],
    )


def _margin_rows(rows: list[list[Atom]], height: float, tables: list[float]) -> int:
    count = 0
    for index, row in enumerate(rows[:_MARGIN_ROWS_MAX]):
        bottom = max(atom.y1 for atom in row)
        if bottom > _MARGIN_SHARE * height:
            break
        if index + 1 < len(rows) and _continue_below(row, rows[index + 1]):
            break
        if _is_running_title(row):
            count = index + 1
            continue
        following = [min(atom.y0 for atom in rows[index + 1])] if index + 1 < len(rows) else []
        following += [y for y in tables if y > bottom - 2]
        if following and min(following) - bottom > _MARGIN_GAP_MIN * row[0].size:
            count = index + 1
    return count


def _continue_below(row: list[Atom], following: list[Atom]) -> bool:
    """First lines of columns that begin in the margin: each has another line right below it."""
    near = following[0].y0 - row[0].y1 < 2 * row[0].size
    return len(row) > 1 and near and all(any(abs(atom.x0 - o.x0) < 2 for o in following) for atom in row)


def _is_running_title(row: list[Atom]) -> bool:
    """A row of capitals with a page number at one end: a header even where the text begins right below it."""
    return is_running_title(spans_text([span for atom in row for span in atom.spans]))


def _margin_rows_below(rows: list[list[Atom]], width: float, height: float, tables: list[float]) -> int:
    count = 0
    for index, row in enumerate(reversed(rows[-_MARGIN_ROWS_MAX:])):
        top = min(atom.y0 for atom in row)
        if top < (1 - _MARGIN_SHARE) * height and not (index == 0 and top > 0.4 * height and _is_page_number(row)):
            break
        if _is_text(row, width):
            break
        above_row = len(rows) - index - 2
        preceding = [max(atom.y1 for atom in rows[above_row])] if above_row >= 0 else []
        preceding += [y for y in tables if y < top + 2]
        if preceding and top - max(preceding) > _MARGIN_GAP_MIN * row[0].size:
            count = index + 1
    return count


def _is_text(row: list[Atom], width: float) -> bool:
    """A footnote, or a line of text as wide as a column: at a page's foot, but no footer."""
    text = spans_text([span for atom in row for span in atom.spans])
    return len(row) == 1 and (bears_mark(text) or row[0].x1 - row[0].x0 > _LINE_SHARE * width)


def _is_page_number(row: list[Atom]) -> bool:
    """The last thing on a page that ends early, as prints of web pages do."""
    return len(row) == 1 and is_page_number(spans_text(row[0].spans))


def _grouped(row: list[Atom]) -> list[Atom]:
    """Atoms of a margin's row; those near each other, as a number and its heading are, made one."""
    groups: list[list[Atom]] = []
    for atom in row:
        if groups and atom.x0 - groups[-1][-1].x1 < _MARGIN_WORD_GAP * atom.size:
            groups[-1].append(atom)
        else:
            groups.append([atom])
    return [atom_of([span for atom in group for span in atom.spans], group[0].order) for group in groups]


def _margin_pieces(atoms: list[Atom], zone: str, page: int, turn: Turn, body_foot: float) -> list[Piece]:
    """One piece for each atom: a page number beside a running title is a piece of its own."""
    pieces = []
    for row in rows_of(atoms):
        for atom in _grouped(row):
            piece = piece_of([line_of([atom])], page, turn, atom.x0, atom.x1)
            piece.zone = zone
            piece.gap_before = (atom.y0 - body_foot) / max(atom.size, 1.0) if zone == "bottom" else 1.0
            pieces.append(piece)
    return pieces
