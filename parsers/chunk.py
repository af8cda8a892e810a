"""SANDBOX, untrusted: cuts the normalized text into chunks: spans of text with the elements they show.

Greedy and linear. A chunk never continues across a heading of level 1 or 2, unless nothing but higher headings stands
before it; a heading stays with what follows it; a table that fits is kept whole, otherwise it is cut between rows and
its header lines are repeated; text that is too long is cut after a sentence, else at a space, else anywhere. Whatever
the input, every character that is not white space is in a chunk and no chunk is over the bound, because every chunk is
counted before it is let go.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

from contract.result import Chunk
from contract.tokens import estimate_tokens
from contract.verdicts import ElementType
from parsers.normalize import Normalized, Placed
from parsers.split_text import split_span

SECTION_LEVEL_MAX = 2
HEADER_CHARS_PER_TOKEN_MAX = 8  # a repeated header of blanks would cost no tokens, but many characters
PARTS_PER_CHUNK_MAX = 2048
_PROGRESS_EVERY = 256
_NOWHERE = -1

Span = tuple[int, int]


def chunk(document: Normalized, tokens_max: int, progress: Callable[[str, int, int], None]) -> list[Chunk]:
    """Chunks in reading order. `tokens_max` is in units of `estimate_tokens`; below 16 it cannot always be kept."""
    packer = _Packer(document.text, tokens_max)
    for number, placed in enumerate(document.placed):
        if number % _PROGRESS_EVERY == 0:
            progress("chunk", number, len(document.placed))
        packer.add(placed)
    packer.flush()
    elements = _ElementIndex(document.placed)
    return [{"spans": spans, "element_ids": elements.ids_of(spans)} for spans in packer.chunks]


@dataclass(slots=True)
class _Packer:
    """Fills one chunk at a time. Its text runs from `start` to `end`, behind a table's repeated `header`.

    `used` is at least the tokens of header and text. `headings` is where the headings at the text's end begin, if it
    ends with any: they move on with what comes next when that does not fit.
    """

    text: str
    tokens_max: int
    chunks: list[list[Span]] = field(default_factory=list)
    header: Span | None = None
    start: int = _NOWHERE
    end: int = _NOWHERE
    used: int = 0
    parts: int = 0
    headings: int = _NOWHERE
    last_level: int = 0

    def add(self, placed: Placed) -> None:
        """Add one element, in text order."""
        cost = self._cost(placed.start, placed.end)
        if placed.level:
            self._add_heading(placed, cost)
        elif self._fits(cost):
            self._append(placed.start, placed.end, cost)
        else:
            self._move_on()
            if self._fits(cost):
                self._append(placed.start, placed.end, cost)
            elif placed.header is not None and placed.kind is ElementType.TABLE:
                self._add_rows(placed, placed.header)
            else:
                self._add_long(placed.start, placed.end)

    def flush(self) -> None:
        """End the current chunk."""
        if self.start != _NOWHERE:
            self._emit(self.header, self.start, self.end)
        self.header, self.used, self.parts = None, 0, 0
        self.start = self.end = self.headings = _NOWHERE

    def _add_heading(self, placed: Placed, cost: int) -> None:
        only_headings = self.headings != _NOWHERE and self.headings == self.start
        if placed.level <= SECTION_LEVEL_MAX and not (only_headings and placed.level > self.last_level):
            self.flush()
        if not self._fits(cost):
            self.flush()
        if not self._fits(cost):
            self._add_long(placed.start, placed.end)
            return
        first = self.headings if self.headings != _NOWHERE else placed.start
        self._append(placed.start, placed.end, cost)
        self.headings, self.last_level = first, placed.level

    def _move_on(self) -> None:
        """End the current chunk, but keep the headings at its end for what comes next."""
        headings, end = self.headings, self.end
        if headings == _NOWHERE:
            self.flush()
        elif headings > self.start:
            self.end = headings
            self.flush()
            self._append(headings, end, self._cost(headings, end))
            self.headings = headings

    def _add_rows(self, placed: Placed, header: Span) -> None:
        """Cut a table between its rows, and repeat its header in every chunk that begins with a row."""
        position, cost = placed.start, self._cost(*header)
        small = cost <= self.tokens_max // 2 and header[1] - header[0] <= HEADER_CHARS_PER_TOKEN_MAX * self.tokens_max
        repeated = header if small else None
        if position == header[0]:
            self._add_row(*header, None)
            position = header[1] + 1
        while position < placed.end:
            line_end = self.text.find("\n", position, placed.end)
            line_end = placed.end if line_end < 0 else line_end
            self._add_row(position, line_end, repeated)
            position = line_end + 1

    def _add_row(self, start: int, end: int, header: Span | None) -> None:
        cost = self._cost(start, end)
        if not self._fits(cost):
            self._begin(header)
        if self._fits(cost):
            self._append(start, end, cost)
            return
        for piece in split_span(self.text, start, end, self.tokens_max - self.used - 1):
            self._begin(header)
            self._append(*piece, self._cost(*piece))

    def _begin(self, header: Span | None) -> None:
        """A new chunk, behind a repeated header."""
        self.flush()
        if header is not None:
            self.header, self.used = header, self._cost(*header)

    def _add_long(self, start: int, end: int) -> None:
        """Cut text that does not fit into a chunk of its own. The headings above it keep its beginning."""
        if self.used > self.tokens_max // 2:
            self.flush()
        for piece in split_span(self.text, start, end, self.tokens_max - 1, self.tokens_max - self.used - 1):
            cost = self._cost(*piece)
            if not self._fits(cost):
                self.flush()
            self._append(*piece, cost)

    def _append(self, start: int, end: int, cost: int) -> None:
        if self.start == _NOWHERE:
            self.start = start
        self.end = end
        self.used += cost
        self.parts += 1
        self.headings = _NOWHERE

    def _fits(self, cost: int) -> bool:
        return self.used + cost <= self.tokens_max and self.parts < PARTS_PER_CHUNK_MAX

    def _cost(self, start: int, end: int) -> int:
        """Tokens of a part, and of the newlines that join it to what stands before it."""
        return estimate_tokens(self.text[start:end]) + 1

    def _emit(self, header: Span | None, start: int, end: int) -> None:
        """Let a chunk go; or cut it up in the rare case that its parts together cost more than their costs' sum."""
        piece = self.text[start:end]
        start, end = end - len(piece.lstrip()), start + len(piece.rstrip())
        if start >= end:
            return
        shown = self.text[start:end]
        if header is not None:
            shown = f"{self.text[slice(*header)]}\n{shown}"
        if estimate_tokens(shown) <= self.tokens_max or end - start == 1:
            self.chunks.append([(start, end)] if header is None else [header, (start, end)])
            return
        for part in split_span(self.text, start, end, max(1, self.tokens_max // 2)):
            self._emit(None, *part)


class _ElementIndex:
    """Which elements a span shows."""

    def __init__(self, placed: list[Placed]) -> None:
        self._ids = [element.element_id for element in placed]
        self._starts = [element.start for element in placed]
        self._ends = [element.end for element in placed]

    def ids_of(self, spans: list[Span]) -> list[str]:
        """Ids in text order, each once."""
        ids: dict[str, None] = {}
        for start, end in spans:
            first, last = bisect_right(self._ends, start), bisect_left(self._starts, end)
            ids.update(dict.fromkeys(self._ids[first:last]))
        return list(ids)
