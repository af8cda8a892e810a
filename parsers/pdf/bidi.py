"""SANDBOX, untrusted: right-to-left text in logical order. PDFs store it as drawn, often from left to right."""

import re
from itertools import groupby

from parsers.pdf.model import Span

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_LEFT_TO_RIGHT = re.compile("[A-Za-z\u00c0-\u024f\u0370-\u052f]")

_NOT_REVERSED = re.compile("[0-9A-Za-z\u00c0-\u024f\u0370-\u052f][0-9A-Za-z\u00c0-\u024f\u0370-\u052f.,:/-]*")


def needs_reordering(text: str) -> bool:
    """Whether the text holds Hebrew, Arabic or a related script."""
    return _RIGHT_TO_LEFT.search(text) is not None


def logical_order(spans: list[Span]) -> list[Span]:
    """The spans of one line in reading order: from the right when most of its letters are right-to-left.

    Runs of the other direction inside a line keep theirs. A line without right-to-left letters is returned as it is.
    """
    text = "".join(span.text for span in spans)
    right = len(_RIGHT_TO_LEFT.findall(text))
    if not right:
        return spans
    from_right = right >= len(_LEFT_TO_RIGHT.findall(text))
    placed = sorted(spans, key=lambda span: span.x0, reverse=from_right)
    result: list[Span] = []
    for is_right, run in groupby(placed, key=lambda span: needs_reordering(span.text)):
        ordered = list(run)
        result += ordered if is_right == from_right else ordered[::-1]
    return result


def reversed_run(text: str) -> str:
    """A run drawn in visual order, made logical: the whole is turned, its numbers and Latin words are turned back."""
    return _NOT_REVERSED.sub(lambda match: match.group()[::-1], text[::-1])
