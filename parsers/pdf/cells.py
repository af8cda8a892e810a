"""SANDBOX, untrusted: from atoms and row and column edges to a table's cells."""

from bisect import bisect_right
from dataclasses import replace

from parsers.blocks import Cell, Table
from parsers.pdf.geometry import overlap
from parsers.pdf.lines import rows_of, spans_text
from parsers.pdf.model import Atom, Span
from parsers.pdf.spans import atom_of
from parsers.pdf.textflow import joined_lines

_ONE_COLUMN_CHARS_MAX = 200  # stacked boxes of prose are not a table

Spread = tuple[int, int, int, int]  # first row, first column, row after the last, column after the last


def index_of(edges: list[float], value: float) -> int:
    """Which interval between sorted edges holds a value; clamped to the outer ones."""
    return min(max(bisect_right(edges, value) - 1, 0), len(edges) - 2)


def split_at(atom: Atom, edges: list[float]) -> list[Atom]:
    """An atom cut where it runs over one of the column edges, at the nearest space."""
    inner = [edge for edge in edges if atom.x0 + 2 < edge < atom.x1 - 2]
    if not inner:
        return [atom]
    groups: dict[int, list[Span]] = {}
    for span in atom.spans:
        for word in words_of(span):
            groups.setdefault(index_of(edges, (word.x0 + word.x1) / 2), []).append(word)
    return [atom_of(spans, atom.order) for _, spans in sorted(groups.items())]


def words_of(span: Span) -> list[Span]:
    """A span cut at its spaces. Where the places of its words are not known, they are interpolated."""
    if " " not in span.text.strip():
        return [span]
    parts = span.text.split()
    if len(span.places) == len(parts):
        placed = zip(span.places, parts, strict=True)
        return [replace(span, x0=x0, x1=x1, text=part + " ", places=()) for (x0, x1), part in placed]
    step = (span.x1 - span.x0) / len(span.text)
    words: list[Span] = []
    start = 0
    for part in span.text.split(" "):
        if part:
            x0, x1 = span.x0 + start * step, span.x0 + (start + len(part)) * step
            words.append(replace(span, x0=x0, x1=x1, text=part + " "))
        start += len(part) + 1
    return words


def word_places(span: Span) -> list[tuple[float, float]]:
    """Left and right ends of the words of a span."""
    if " " not in span.text.strip():
        return [(span.x0, span.x1)]
    return list(span.places) or [(word.x0, word.x1) for word in words_of(span)]


def cell_text(atoms: list[Atom]) -> str:
    """The text of a cell: its lines joined as in a paragraph."""
    return joined_lines([spans_text([span for atom in row for span in atom.spans]) for row in rows_of(atoms)])


def table_of(filled: dict[Spread, list[Atom]], rows: int, columns: int, head: int = 0) -> Table | None:
    """The table whose cells spread as the keys say and hold the atoms. `None` when there is too little in it.

    `head` is the number of its header rows, where that is known.
    """
    texts = {spread: cell_text(atoms) for spread, atoms in filled.items()}
    with_text = sum(1 for text in texts.values() if text)
    if with_text < 2 or with_text < 0.12 * len(texts):
        return None
    used_columns = [c for c in range(columns) if any(t and s[1] <= c < s[3] for s, t in texts.items())]
    used_rows = [r for r in range(rows) if any(t and s[0] <= r < s[2] for s, t in texts.items())]
    if len(used_columns) < min(columns, 2) or not used_rows:
        return None
    if columns == 1 and (with_text < len(texts) or max(map(len, texts.values())) > _ONE_COLUMN_CHARS_MAX):
        return None
    result: list[list[Cell]] = [[] for _ in range(rows)]
    header_rows = min(head, rows - 1) or _header_rows(filled, rows)
    for (top, left, bottom, right), text in sorted(texts.items()):
        result[top].append(Cell(text, right - left, bottom - top, top < header_rows))
    return Table([row for row in result if row], header_rows)


def _header_rows(filled: dict[Spread, list[Atom]], rows: int) -> int:
    """The first row and the rows that its spanning cells reach over."""
    if rows < 2:
        return 0
    first = [spread for spread in filled if spread[0] == 0]
    deepest = max((spread[2] for spread in first), default=1)
    spans_columns = any(spread[3] - spread[1] > 1 and filled[spread] for spread in first)
    if spans_columns and deepest == 1 and rows > 2 and len(first) > 1:
        deepest = 2
    return min(deepest, rows - 1)


def merged_spreads(
    rows: int, columns: int, joined_right: set[tuple[int, int]], joined_down: set[tuple[int, int]]
) -> list[Spread]:
    """Cells of a grid in which some neighbours have no rule between them. Cells that are no rectangle fall apart."""
    parents = {(r, c): (r, c) for r in range(rows) for c in range(columns)}

    def root(cell: tuple[int, int]) -> tuple[int, int]:
        while parents[cell] != cell:
            parents[cell] = parents[parents[cell]]
            cell = parents[cell]
        return cell

    for r, c in joined_right:
        parents[root((r, c))] = root((r, c + 1))
    for r, c in joined_down:
        parents[root((r, c))] = root((r + 1, c))
    groups: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for cell in parents:
        groups.setdefault(root(cell), []).append(cell)
    spreads: list[Spread] = []
    for members in groups.values():
        top, left = min(r for r, _ in members), min(c for _, c in members)
        bottom, right = max(r for r, _ in members) + 1, max(c for _, c in members) + 1
        if (bottom - top) * (right - left) == len(members):
            spreads.append((top, left, bottom, right))
        else:
            spreads += [(r, c, r + 1, c + 1) for r, c in members]
    return spreads


def columns_spanned(atom: Atom, bounds: list[tuple[float, float]]) -> tuple[int, int]:
    """First column and the one after the last that an atom stands over; `bounds` are the ink edges of the columns."""
    hit = [index for index, (x0, x1) in enumerate(bounds) if overlap(atom.x0, atom.x1, x0, x1) > 0.5]
    if not hit:
        middle = (atom.x0 + atom.x1) / 2
        nearest = min(range(len(bounds)), key=lambda i: abs((bounds[i][0] + bounds[i][1]) / 2 - middle))
        return nearest, nearest + 1
    return hit[0], hit[-1] + 1
