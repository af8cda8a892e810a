"""SANDBOX, untrusted: which formatting changes lie on which bytes of a Word file: pages of 512 bytes, and their index
([MS-DOC] 2.8.5, 2.8.6, 2.9.33, 2.9.174).
"""

import struct
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from contract.verdicts import Refusal
from parsers.blocks import Refused, Report
from parsers.legacy.word_fib import CHARACTER_PAGES, PARAGRAPH_PAGES, WordFile

PAGE_BYTES = 512
_PROGRESS_EVERY = 256
RUNS_MAX = 600_000  # of one kind: some 120 MB


class Run(NamedTuple):
    """Bytes `start` to `end` of the main stream. `style` is a paragraph's, 0 for characters."""

    start: int
    end: int
    style: int
    sprms: bytes


_EMPTY = Run(0, 0, 0, b"")


class Runs:
    """Runs in the order of the stream."""

    def __init__(self, runs: list[Run]) -> None:
        self._runs = sorted(runs, key=lambda run: (run.start, run.end))
        self._starts = [run.start for run in self._runs]

    def at(self, offset: int) -> Run:
        """The run over a byte; an empty one when there is none."""
        index = bisect_right(self._starts, offset) - 1
        return self._runs[index] if index >= 0 and offset < self._runs[index].end else _EMPTY

    def between(self, start: int, end: int) -> list[Run]:
        """The runs that begin in a range, and the one that covers its start, in order."""
        first = max(0, bisect_right(self._starts, start) - 1)
        return self._runs[first : bisect_right(self._starts, end - 1)]


def character_runs(word: WordFile, report: Report) -> Runs:
    """Runs of characters."""
    runs: list[Run] = []
    for page in _pages(word, CHARACTER_PAGES, report):
        count = page[-1]
        bounds = _bounds(page, count)
        for index in range(len(bounds) - 1):
            at = 2 * page[4 * (count + 1) + index] if 4 * (count + 1) + index < PAGE_BYTES else 0
            sprms = page[at + 1 : at + 1 + page[at]] if at else b""
            runs.append(Run(bounds[index], bounds[index + 1], 0, sprms))
        _check(runs)
    return Runs(runs)


def paragraph_runs(word: WordFile, report: Report) -> Runs:
    """Runs of paragraphs, each with its style."""
    entry_bytes = 7 if word.old else 13
    runs: list[Run] = []
    for page in _pages(word, PARAGRAPH_PAGES, report):
        count = page[-1]
        bounds = _bounds(page, count)
        for index in range(len(bounds) - 1):
            place = 4 * (count + 1) + entry_bytes * index
            at = 2 * page[place] if place < PAGE_BYTES else 0
            style, sprms = _paragraph(page, at, word.old) if at else (0, b"")
            runs.append(Run(bounds[index], bounds[index + 1], style, sprms))
        _check(runs)
    return Runs(runs)


def _check(runs: list[Run]) -> None:
    if len(runs) > RUNS_MAX:
        raise Refused(Refusal.BOMB, f"over {RUNS_MAX} runs of formatting")


def _paragraph(page: bytes, at: int, old: bool) -> tuple[int, bytes]:
    """Style and changes: a count of words first, or 0 and another count (MS-DOC 2.9.175)."""
    size = 2 * page[at] - (0 if old else 1)
    if not page[at]:
        at += 1
        size = 2 * page[at] if at < PAGE_BYTES else 0
    body = page[at + 1 : at + 1 + max(0, size)]
    return int.from_bytes(body[:2], "little"), body[2:]


def _bounds(page: bytes, count: int) -> tuple[int, ...]:
    if 4 * (count + 1) >= PAGE_BYTES:
        return ()
    return struct.unpack_from(f"<{count + 1}L", page)


def _pages(word: WordFile, number: int, report: Report) -> Iterator[bytes]:
    """The pages which an index names, each once."""
    index, width = word.part(number), 2 if word.old else 4
    count = max(0, (len(index) - 4) // (4 + width))
    numbers = struct.unpack_from(f"<{count}{'H' if word.old else 'L'}", index, 4 * (count + 1)) if count else ()
    for done, at in enumerate(dict.fromkeys(numbers)):
        if done % _PROGRESS_EVERY == 0:
            report.progress("formatting", done, count)
        page = word.main[at * PAGE_BYTES : (at + 1) * PAGE_BYTES]
        if len(page) == PAGE_BYTES:
            yield page
