"""SANDBOX, untrusted: TAR archives (ustar, GNU, PAX), member by member, from memory: nothing is unpacked to disk."""

import tarfile
from collections.abc import Iterator
from io import BytesIO

from contract.verdicts import FindingKind, Refusal, Severity
from parsers.archive.members import Members, bounded
from parsers.archive_guard import MEMBERS_MAX
from parsers.blocks import FoundIssue, ParsedDocument, Refused, Report
from parsers.inflate import PIECE_BYTES

MEDIA_TYPE = "application/x-tar"
_BROKEN = (tarfile.TarError, OSError, EOFError, ValueError, IndexError, OverflowError, RecursionError)


class TarParser:
    """Passes on every regular member of a TAR, and is itself the list of them."""

    media_types: tuple[str, ...] = (MEDIA_TYPE,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one archive. Raises `Refused`: corrupt when nothing in it can be read, empty.

        An archive that breaks off is its members up to there, with a finding.
        """
        members = Members(report)
        broken = ""
        try:
            with tarfile.open(fileobj=BytesIO(document), mode="r:") as archive:
                _take_all(archive, members)
        except _BROKEN as error:
            broken = type(error).__name__
        if broken and not members.count:
            raise Refused(Refusal.CORRUPT, f"tar: {broken}")
        parsed = members.document(MEDIA_TYPE)
        if broken:
            evidence = f"{broken} after {members.count} files"
            parsed.findings.append(FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, "archive", evidence))
        return parsed


def _take_all(archive: tarfile.TarFile, members: Members) -> None:
    seen, position = 0, -1
    while (info := archive.next()) is not None:
        archive.members = []  # type: ignore[attr-defined]  # or it keeps every header it has seen
        seen += 1
        if seen > MEMBERS_MAX:
            raise Refused(Refusal.BOMB, f"more than {MEMBERS_MAX} members")
        # A negative size leads back to what was read before, for ever (CVE-2025-8194).
        if info.size < 0 or info.offset <= position:
            raise tarfile.ReadError("a member that leads backwards")
        position = info.offset
        _take(archive, info, members)


def _take(archive: tarfile.TarFile, info: tarfile.TarInfo, members: Members) -> None:
    if info.isdir():
        members.folders += 1
    elif info.issym() or info.islnk():
        members.note("link", f"{info.name} to {info.linkname}")
    elif not info.isreg():
        members.note("special file", info.name)
    else:
        # What a sparse member really holds is between its holes; those are zeros at no cost.
        held = sum(size for _, size in info.sparse or ()) if info.issparse() else info.size  # type: ignore[misc, has-type]
        members.pass_on(info.name, info.size, bounded(_pieces(archive, info), max(held, 1)))


def _pieces(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    content = archive.extractfile(info)
    left = info.size
    while content is not None and left > 0:
        try:
            piece = content.read(min(PIECE_BYTES, left))
        except _BROKEN as error:
            raise Refused(Refusal.CORRUPT, f"tar: breaks off {left} bytes before its end") from error
        if not piece:
            raise Refused(Refusal.CORRUPT, f"tar: breaks off {left} bytes before its end")
        left -= len(piece)
        yield piece


PARSER = TarParser()
