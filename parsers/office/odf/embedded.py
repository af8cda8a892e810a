"""SANDBOX, untrusted: files inside an OpenDocument package: documents in folders of their own, OLE objects, and what
else its manifest calls a document.

A document in a folder goes out as the package that it would be if it stood alone. Pictures, and the pictures that stand
for objects (`ObjectReplacements/`), stay.
"""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from parsers.blocks import Report
from parsers.office.odf.package import OdfPackage
from parsers.registry import MODULE_OF_MEDIA_TYPE, OPEN_DOCUMENT

FOLDERS_MAX = 200
_OLE_OBJECT = "application/vnd.sun.star.oleobject"
# Charts and formulas are shown where they stand.
_DOCUMENTS = frozenset(OPEN_DOCUMENT + kind for kind in ("text", "spreadsheet", "presentation", "graphics"))
_OF_THE_PACKAGE = (
    "meta-inf/", "pictures/", "thumbnails/", "objectreplacements/", "configurations2/", "basic/", "scripts/",
)  # fmt: skip
_NO_DOCUMENTS = ("text/", "image/", "application/xml", "application/json", "application/rdf")


def embedded_parts(package: OdfPackage) -> list[str]:
    """Folders (with a slash behind) and parts that are documents, each in the order of the manifest."""
    folders = [
        path for path, kind in package.types.items() if path.endswith("/") and path != "/" and kind in _DOCUMENTS
    ]
    outer: list[str] = []
    for path in sorted(folders[:FOLDERS_MAX]):  # a folder stands before those in it
        if not outer or not path.startswith(outer[-1]):
            outer.append(path)
    wanted = frozenset(outer)
    inside = tuple(outer)
    parts = [path for path, kind in package.types.items() if _is_document(path, kind) and not path.startswith(inside)]
    return [*(path for path in folders if path in wanted), *(path for path in parts if package.has(path))]


def pass_on_embedded(package: OdfPackage, parts: list[str], report: Report) -> None:
    """These go out, in order."""
    for number, path in enumerate(parts):
        report.progress("embedded", number, len(parts))
        media_type = package.types.get(path, "")
        if path.endswith("/"):
            report.files.embed(path.rstrip("/").rpartition("/")[2], _package_of(package, path), media_type)
        else:
            kind = "" if media_type == _OLE_OBJECT else media_type
            report.files.embed(path.rpartition("/")[2], package.pieces(path), kind)


def _is_document(path: str, kind: str) -> bool:
    if path.endswith("/") or path.lower().startswith(_OF_THE_PACKAGE) or kind.startswith(_NO_DOCUMENTS):
        return False
    return kind == _OLE_OBJECT or kind in MODULE_OF_MEDIA_TYPE


class _Sink(io.RawIOBase):
    """What a zip is written to that is passed on while it is written."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        written, self._written = b"".join(self._written), []
        return written


def _package_of(package: OdfPackage, folder: str) -> Iterator[bytes]:
    """A package of the parts in a folder; its type comes first, as OpenDocument 1.3, part 2, 3.3 wants it."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as written:
        written.writestr(zipfile.ZipInfo("mimetype"), package.types[folder])
        for name in package.names():
            inner = name.removeprefix(folder)
            if inner == name or not inner or inner.endswith("/") or inner == "mimetype":
                continue
            info = zipfile.ZipInfo(inner)  # with the format's first day for a date: the same input is the same output
            info.compress_type = zipfile.ZIP_DEFLATED
            with written.open(info, "w") as member:
                for piece in package.pieces(name):
                    member.write(piece)
                    yield sink.taken()
    yield sink.taken()
