"""SANDBOX, untrusted: atoms on one baseline grow together; doubled text (fake bold) is dropped.

Never across a gap that may be a column's gutter: what is farther apart than `GAP_MAX` is joined only later, when the
order of columns is known.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from parsers.pdf.bidi import logical_order, needs_reordering
from parsers.pdf.geometry import overlap
from parsers.pdf.model import Atom, Line, Span
from parsers.pdf.spans import atom_of

GAP_MAX = 0.85  # of the type size; MuPDF itself breaks a line at 0.8
_BAND_POINTS = 8.0
_EDGE_ATOMS_MIN = 5
_NEIGHBOURS_MAX = 12  # a bound on work where thousands of runs share one place


def without_doubles(atoms: list[Atom]) -> list[Atom]:
    """Atoms less those drawn again, with the same text, almost at the same place: how some producers fake bold."""
    seen: dict[str, list[Atom]] = {}
    kept: list[Atom] = []
    for atom in atoms:
        twins = seen.setdefault("".join(span.text for span in atom.spans).strip(), [])
        reach = 0.18 * atom.size
        if any(
            abs(twin.x0 - atom.x0) < reach and abs(twin.y0 - atom.y0) < reach and abs(twin.size - atom.size) < 0.5
            for twin in twins[-_NEIGHBOURS_MAX:]
        ):
            continue
        twins.append(atom)
        kept.append(atom)
    return kept


def joined(atoms: list[Atom]) -> list[Atom]:
    """Atoms with their neighbours on the same baseline merged, in no particular order. Linear in their number."""
    edges = _column_starts(atoms)
    bands: dict[int, list[Atom]] = {}
    merged: list[Atom] = []
    for atom in sorted(atoms, key=lambda a: (a.x0, a.order)):
        left = None if round(atom.x0) in edges else _left_neighbour(atom, bands)
        if left is None:
            merged.append(atom)
            bands.setdefault(int(atom.baseline // _BAND_POINTS), []).append(atom)
        else:
            _absorb(left, atom)
    return merged


def _column_starts(atoms: list[Atom]) -> set[int]:
    """Places, in whole points, at which so many atoms begin that it cannot be chance: a column's left edge.

    What begins there is never joined to what ends just before, however small the gap: long lines reach over gutters.
    """
    if not atoms:
        return set()
    starts = Counter(round(atom.x0) for atom in atoms)
    width = max(atom.x1 for atom in atoms) - min(atom.x0 for atom in atoms)
    chance = 3 * len(atoms) / max(width, 1)
    enough = max(_EDGE_ATOMS_MIN, 4 * chance)
    near = {place: starts[place - 1] + starts[place] + starts[place + 1] for place in starts}
    return {place for place, count in near.items() if count >= enough}


def _left_neighbour(atom: Atom, bands: dict[int, list[Atom]]) -> Atom | None:
    band = int(atom.baseline // _BAND_POINTS)
    best: Atom | None = None
    for key in (band - 1, band, band + 1):
        for left in bands.get(key, ())[-_NEIGHBOURS_MAX:]:
            if _continues(left, atom) and (best is None or left.x1 > best.x1):
                best = left
    return best


def _continues(left: Atom, right: Atom) -> bool:
    """Whether `right` goes on where `left` ends: same baseline, or a raised or lowered mark beside it."""
    small, big = sorted((left.size, right.size))
    gap = right.x0 - left.x1
    if gap > GAP_MAX * small or gap < -0.5 * big:
        return False
    if abs(left.baseline - right.baseline) < 0.18 * big:
        return True
    is_mark = small < 0.82 * big and overlap(left.y0, left.y1, right.y0, right.y1) > 0.4 * small
    return is_mark and gap < 0.3 * big


def _absorb(left: Atom, right: Atom) -> None:
    """Put `right` at the end of `left`. A size that most of the text has wins over the other."""
    lead = atom_of(left.spans + right.spans, min(left.order, right.order))
    if right.baseline < left.baseline - 0.18 * left.size and right.size < 0.82 * left.size:
        for span in right.spans:
            span.raised = True
    left.x0, left.y0, left.x1, left.y1 = lead.x0, lead.y0, lead.x1, lead.y1
    left.spans, left.order, left.size, left.baseline = lead.spans, lead.order, lead.size, lead.baseline


def rows_of(atoms: list[Atom]) -> Iterator[list[Atom]]:
    """Atoms grouped by baseline, rows from top to bottom, each from left to right."""
    row: list[Atom] = []
    for atom in sorted(atoms, key=lambda a: (a.baseline, a.x0)):
        if row and not _same_row(row, atom):
            yield sorted(row, key=lambda a: a.x0)
            row = []
        row.append(atom)
    if row:
        yield sorted(row, key=lambda a: a.x0)


def _same_row(row: list[Atom], atom: Atom) -> bool:
    lead = max(row, key=lambda a: a.size) if len(row) < _NEIGHBOURS_MAX else row[0]
    if abs(atom.baseline - lead.baseline) < 0.25 * max(atom.size, lead.size):
        return True
    apart = atom.x0 - lead.x1 > 0 or lead.x0 - atom.x1 > 0
    return apart and overlap(atom.y0, atom.y1, lead.y0, lead.y1) > 0.62 * min(atom.height, lead.height)


def line_of(row: list[Atom]) -> Line:
    """The line that a row of one column makes."""
    lead = max(row, key=lambda atom: atom.x1 - atom.x0)
    spans = [span for atom in row for span in atom.spans]
    atoms = [replace(lead, spans=logical_order(spans))] if any(needs_reordering(s.text) for s in spans) else row
    return Line(
        min(atom.x0 for atom in row),
        min(atom.y0 for atom in row),
        max(atom.x1 for atom in row),
        max(atom.y1 for atom in row),
        lead.baseline,
        lead.size,
        atoms,
    )


def spans_text(spans: list[Span]) -> str:
    """The text of spans in reading order, with a space wherever the page shows one."""
    parts: list[str] = []
    previous: Span | None = None
    for span in spans:
        if previous is not None and _shows_space(previous, span) and not parts[-1].endswith(" "):
            parts.append(" ")
        parts.append(span.text)
        previous = span
    return " ".join("".join(parts).split())


def _shows_space(left: Span, right: Span) -> bool:
    if right.text.startswith(" "):
        return False
    gap = max(right.x0 - left.x1, left.x0 - right.x1)  # the second for text that runs from right to left
    return gap > 0.14 * min(left.size, right.size)
