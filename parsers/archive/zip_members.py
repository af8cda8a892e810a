"""SANDBOX, untrusted: ZIP archives, member by member, each inflated no further than it says it goes.

What is said of a zip is said twice, in its directory and before each member, and neither need be true: the directory is
checked as a whole (`archive_guard`), and no size is believed further than to stop there.
"""

import stat
import zipfile

from contract.verdicts import Withheld
from parsers.archive.members import Members, bounded
from parsers.archive_guard import Package, is_encrypted, open_archive
from parsers.blocks import ParsedDocument, Report

MEDIA_TYPE = "application/zip"
_UNIX = 3  # APPNOTE.TXT 4.4.2: who made it; then the upper half of the attributes is a Unix mode


class ZipParser:
    """Passes on every member of a ZIP, and is itself the list of them."""

    media_types: tuple[str, ...] = (MEDIA_TYPE,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one archive. Raises `Refused`: bomb (overlapping members, a huge directory), corrupt, empty."""
        archive = open_archive(document)
        members = Members(report)
        for info in archive.infolist():
            _take(archive, info, members)
        return members.document(MEDIA_TYPE)


def _take(archive: Package, info: zipfile.ZipInfo, members: Members) -> None:
    # The name as it is written: `filename` ends at a NUL, which hides what a member is called.
    name = info.orig_filename
    mode = info.external_attr >> 16 if info.create_system == _UNIX else 0
    if info.is_dir():
        members.folders += 1
    elif stat.S_ISLNK(mode):
        members.note("symbolic link", name)
    elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        members.note("special file", name)
    elif is_encrypted(info):
        members.withhold(name, info.file_size, Withheld.ENCRYPTED, "needs a password")
    else:
        members.pass_on(name, info.file_size, bounded(archive.pieces(info), info.compress_size))


PARSER = ZipParser()
