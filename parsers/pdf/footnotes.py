"""SANDBOX, untrusted: footnotes: small type at the foot of a column, in which something begins with a note's mark."""

import re

from parsers.pdf.lines import spans_text
from parsers.pdf.model import Piece

_MARK = re.compile(r"^(?:\d{1,3}[.)\]]?\s*[^\W\d_<\"“'‘]|[*\u2020\u2021\u00a7\u00b6]{1,3}\s*\S)")
_SMALL = 0.93  # of the size of the text above


def bears_mark(text: str) -> bool:
    """Whether a text begins with a number or sign as a footnote does."""
    return _MARK.match(text) is not None


def mark_footnotes(column: list[Piece], body_size: float) -> None:
    """Put the last pieces of a column into the zone "footnote" if they are smaller than the text and bear a mark.

    `body_size` is the page's usual size; a page that is mostly notes has another usual size than its text.
    """
    run: list[Piece] = []
    for piece in reversed(column):
        if piece.table is not None or (run and piece.size > 1.08 * run[-1].size):
            break
        run.append(piece)
    above = column[: len(column) - len(run)]
    if above and len(above[-1].lines) < 2:
        return  # below a label or a heading, small type is that part's text
    text_size = max([body_size, *(piece.size for piece in above[-1:])])
    if not run or run[0].size >= _SMALL * text_size:
        return
    if any(bears_mark(spans_text(piece.lines[0].spans)) for piece in run):
        for piece in run:
            piece.zone = "footnote"
