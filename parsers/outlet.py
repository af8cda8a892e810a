"""SANDBOX, untrusted: passes files inside a document on to the host, piece by piece, within the limits of the job.

Pieces go out as they are made, and a file is described after its last one: a member of an archive is never in memory
as a whole, and one that turns out damaged or too large half-way is ended as such, without harm to those beside it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from contract.job import Options
from contract.verdicts import ElementType, FindingKind, Refusal, Severity, Withheld
from parsers.blocks import Block, Cell, FoundIssue, Refused, Table
from parsers.hygiene import one_line
from parsers.wire import FrameWriter

PIECE_BYTES = 1 << 20
NAME_CHARS_MAX = 4000
LISTED_MAX = 2000
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-zA-Z0-9.+_-]{1,60}")
_SURROGATES = re.compile("[\ud800-\udfff]")
_WITHHELD_FOR = {
    Refusal.BOMB: Withheld.BOMB,
    Refusal.ENCRYPTED: Withheld.ENCRYPTED,
    Refusal.UNSUPPORTED: Withheld.UNSUPPORTED,
}


@dataclass(slots=True)
class WireOutlet:
    """An `Outlet` onto the wire. `passed` are names and sizes of what was told, the first `LISTED_MAX` of them."""

    writer: FrameWriter
    options: Options
    passed: list[tuple[str, int]] = field(default_factory=list)
    told: int = 0
    bytes_sent: int = 0
    beyond: int = 0

    def embed(self, name: str, content: bytes | Iterable[bytes], media_type: str = "") -> None:
        """Pass a file on; see `blocks.Outlet`."""
        if not self._may_tell():
            return
        if isinstance(content, bytes) and len(content) > self._bytes_left():
            self._tell(name, media_type, len(content), Withheld.TOO_LARGE, self._limit())
            return
        pieces, sent_before = _pieces(content), self.bytes_sent
        while True:
            try:
                piece = next(pieces, b"")
            except MemoryError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever a decoder raises is the end of this one file
                withheld, detail = _end_by(error)
                break
            if len(piece) > self._bytes_left():
                withheld, detail = Withheld.TOO_LARGE, self._limit()
                break
            if not piece:
                withheld, detail = None, ""
                break
            self.bytes_sent += len(piece)
            self.writer.artifact(piece)
        self._tell(name, media_type, self.bytes_sent - sent_before, withheld, detail)

    def withhold(self, name: str, why: Withheld, detail: str, size: int = 0) -> None:
        """Tell of a file whose bytes cannot be had."""
        if self._may_tell():
            self._tell(name, "", size, why, detail)

    def findings(self) -> list[FoundIssue]:
        """What was not even told, for there were too many."""
        if not self.beyond:
            return []
        evidence = f"{self.beyond} files beyond the first {self.told}"
        return [FoundIssue(FindingKind.NOT_EXAMINED, Severity.MEDIUM, "embedded files", evidence)]

    def _bytes_left(self) -> int:
        return self.options["embedded_bytes_max"] - self.bytes_sent

    def _limit(self) -> str:
        return f"more than {self.options['embedded_bytes_max']} bytes of embedded files in one document"

    def _may_tell(self) -> bool:
        if self.told < self.options["embedded_files_max"]:
            return True
        self.beyond += 1
        return False

    def _tell(self, name: str, media_type: str, size: int, withheld: Withheld | None, detail: str) -> None:
        self.told += 1
        if len(self.passed) < LISTED_MAX:
            self.passed.append((name, size))
        hint = media_type.partition(";")[0].strip().lower()
        self.writer.embedded(
            _SURROGATES.sub("\ufffd", name[:NAME_CHARS_MAX]),
            hint if _MEDIA_TYPE.fullmatch(hint) else "",
            min(size, 1 << 40),
            withheld,
            one_line(detail, 300),
        )


def _end_by(error: Exception) -> tuple[Withheld | None, str]:
    if isinstance(error, Refused):
        return _WITHHELD_FOR.get(error.refusal, Withheld.CORRUPT), error.detail
    return Withheld.CORRUPT, type(error).__name__


def _pieces(content: bytes | Iterable[bytes]) -> Iterator[bytes]:
    """Pieces of at most `PIECE_BYTES`, none of them empty."""
    for block in (content,) if isinstance(content, bytes) else content:
        for start in range(0, len(block), PIECE_BYTES):
            yield block[start : start + PIECE_BYTES]


def listing(files: list[tuple[str, int]], total: int) -> Block:
    """A table of files by name and size: the text of a container that has none of its own."""
    rows = [[Cell("Name", header=True), Cell("Bytes", header=True)]]
    rows += [[Cell(one_line(name, 300) or "unnamed"), Cell(str(size))] for name, size in files[:LISTED_MAX]]
    if total > len(rows) - 1:
        rows.append([Cell(f"and {total - len(rows) + 1} more"), Cell("")])
    text = "\n".join("\t".join(cell.text for cell in row) for row in rows)
    return Block(ElementType.TABLE, text, table=Table(rows, header_rows=1))
