"""SANDBOX, untrusted: what all archives have in common: members go out one by one, and what is no file is a finding.

Nothing is ever unpacked to a path. A link is not followed, a device not opened; names are passed on as they are, and
the host, which shows them, takes the paths off.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from contract.verdicts import ElementType, FindingKind, Refusal, Severity, Withheld
from parsers.archive_guard import RATIO_FREE_BYTES, RATIO_MAX
from parsers.blocks import Block, FoundIssue, ParsedDocument, Refused, Report
from parsers.hygiene import one_line
from parsers.outlet import LISTED_MAX, listing


@dataclass(slots=True)
class Members:
    """An archive on its way through. `listed` are names and sizes as the archive claims them."""

    report: Report
    listed: list[tuple[str, int]] = field(default_factory=list)
    count: int = 0
    odd: dict[str, list[str]] = field(default_factory=dict)
    folders: int = 0

    def pass_on(self, name: str, size: int, content: bytes | Iterable[bytes]) -> None:
        """A file, whose pieces may break off half-way: that is its own end."""
        self._list(name, size)
        self.report.files.embed(name, content)

    def withhold(self, name: str, size: int, why: Withheld, detail: str) -> None:
        """A file whose bytes cannot be had."""
        self._list(name, size)
        self.report.files.withhold(name, why, detail, size)

    def note(self, what: str, name: str) -> None:
        """Something that is no file: a link, a device."""
        seen = self.odd.setdefault(what, [])
        seen.append(name if len(seen) < 3 else "")

    def document(self, media_type: str) -> ParsedDocument:
        """The archive as a document: the list of what is in it. Raises `Refused` (empty) when nothing is."""
        if not self.count:
            detail = f"{self.folders} folders and no file" if self.folders else "an archive of nothing"
            raise Refused(Refusal.EMPTY, detail)
        title = Block(ElementType.NARRATIVE_TEXT, f"{self.count} {'file' if self.count == 1 else 'files'}")
        return ParsedDocument(media_type, [title, listing(self.listed, self.count)], findings=list(self._findings()))

    def _list(self, name: str, size: int) -> None:
        self.count += 1
        if len(self.listed) < LISTED_MAX:
            self.listed.append((name, size))
        self.report.progress("member", self.count, 0)

    def _findings(self) -> Iterator[FoundIssue]:
        evidence = f"{self.count} files: " + ", ".join(one_line(name, 60) for name, _ in self.listed[:5])
        yield FoundIssue(FindingKind.EMBEDDED_FILE, Severity.INFO, "archive", evidence)
        for what, names in self.odd.items():
            examples = ", ".join(one_line(name, 80) for name in names if name)
            evidence = f"{len(names)} × {what}, not followed: {examples}"
            yield FoundIssue(FindingKind.NOT_EXAMINED, Severity.MEDIUM, "archive", evidence)


def bounded(pieces: Iterable[bytes], packed_bytes: int) -> Iterator[bytes]:
    """The same pieces, until they are more than any honest content of so many packed bytes. Then raises `Refused`."""
    done = 0
    for piece in pieces:
        done += len(piece)
        if done > RATIO_FREE_BYTES and done > RATIO_MAX * packed_bytes:
            raise Refused(Refusal.BOMB, f"unpacks to more than {RATIO_MAX} times its {packed_bytes} bytes")
        yield piece
