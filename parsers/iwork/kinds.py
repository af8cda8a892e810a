"""SANDBOX, untrusted: which iWork document a zip package is, by the first bytes of its index."""

import zlib
from itertools import islice
from typing import TYPE_CHECKING

from contract.verdicts import Refusal
from parsers.blocks import Refused

if TYPE_CHECKING:
    from parsers.archive_guard import Package

KEYNOTE = "application/vnd.apple.keynote"
PAGES = "application/vnd.apple.pages"
NUMBERS = "application/vnd.apple.numbers"
INDEXES = ("index.apxl", "index.apxl.gz", "index.xml", "index.xml.gz")
# In a package under a password the index is encrypted, and these say how to ask for it.
LOCKS = frozenset((".iwpv", ".iwpv2", ".iwph"))
_HEAD_BYTES = 4096
_GZIP = b"\x1f\x8b"
_OF_ROOT = (
    (b"http://developer.apple.com/namespaces/keynote2", b"presentation", KEYNOTE),
    (b"http://developer.apple.com/namespaces/sl", b"document", PAGES),
    (b"http://developer.apple.com/namespaces/ls", b"document", NUMBERS),
)


def index_of(names: dict[str, str]) -> str:
    """The member that is the document, "" when there is none. `names` are those of members by their lower case."""
    return next((names[each] for each in INDEXES if each in names), "")


def kind_of(package: "Package", names: dict[str, str]) -> str:
    """The media type of an iWork package; "" for any other zip."""
    index = index_of(names)
    if not index:
        return _modern_kind(package, names) if "index/document.iwa" in names or "index.zip" in names else ""
    if not LOCKS.isdisjoint(names):
        return KEYNOTE if "apxl" in index.lower() else PAGES
    try:
        head = next(islice(package.pieces(package.getinfo(index)), 1), b"")[: 4 * _HEAD_BYTES]
        if head.startswith(_GZIP):
            head = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(head, _HEAD_BYTES)
    except (Refused, zlib.error) as error:
        if isinstance(error, Refused) and error.refusal is not Refusal.CORRUPT:
            raise
        return ""
    root = head[:_HEAD_BYTES]
    return next((kind for space, name, kind in _OF_ROOT if space in root and b":" + name in root), "")


def _modern_kind(package: "Package", names: dict[str, str]) -> str:
    """Of 2013 and later: by its objects. What has none that can be read is any zip."""
    from parsers.iwork.modern import modern_kind  # it knows this module, and few files need it

    try:
        return modern_kind(package, names)
    except Refused as refused:
        if refused.refusal is Refusal.BOMB:
            raise
        return ""
