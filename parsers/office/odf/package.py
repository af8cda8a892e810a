"""SANDBOX, untrusted: an OpenDocument file's parts, packed in a zip or all in one XML file. Source: OpenDocument 1.3,
part 2 (packages) and part 3, 3.1.
"""

import posixpath
from collections.abc import Iterator
from urllib.parse import unquote

from lxml import etree

from contract.verdicts import FindingKind, Refusal, Severity
from parsers.archive_guard import open_package
from parsers.blocks import FoundIssue, Refused
from parsers.office.odf.names import MANIFEST


class OdfPackage:
    """Parts by name. `flat`: there is but one part, called "content.xml" here. `findings` grows while they are read."""

    def __init__(self, document: bytes) -> None:
        self.findings: list[FoundIssue] = []
        self.flat = not document.startswith(b"PK") and b"PK\x05\x06" not in document[-66_000:]
        self._document = document if self.flat else b""
        self._zip = None if self.flat else open_package(document)
        self._names = {} if self._zip is None else {_key(name): name for name in self._zip.namelist()}
        self.types = self._read_manifest()

    def names(self) -> list[str]:
        """Every part's name."""
        return list(self._names.values())

    def has(self, part: str) -> bool:
        """Whether there is such a part."""
        return _key(part) in self._names

    def data(self, part: str) -> bytes | None:
        """A part's bytes; None when it is missing or damaged, with a finding in the latter case."""
        if self.flat:
            return self._document if part == "content.xml" else None
        name = self._names.get(_key(part))
        if name is None or self._zip is None:
            return None
        try:
            return self._zip.read(name)
        except Refused as refused:
            if refused.refusal is not Refusal.CORRUPT:
                raise
            self._found(FindingKind.TRUNCATED, part, refused.detail)
            return None

    def pieces(self, part: str) -> Iterator[bytes]:
        """A part's bytes as they are unpacked. Raises `Refused` when it is missing or bad, at its end at latest."""
        name = self._names.get(_key(part))
        if name is None or self._zip is None:
            raise Refused(Refusal.CORRUPT, f"no part {part}")
        yield from self._zip.pieces(self._zip.getinfo(name))

    def xml(self, part: str) -> etree._Element | None:
        """A part's root element, None when it is missing or no XML. What is not well-formed is read up to the fault,
        with a finding; entities are never expanded.
        """
        data = self.data(part)
        if not data:
            return None
        try:
            root = etree.fromstring(data, _parser(recover=False))
        except etree.XMLSyntaxError as error:
            self._found(FindingKind.TRUNCATED, part, f"not well-formed: {error.msg}")
            try:
                root = etree.fromstring(data, _parser(recover=True))
            except etree.XMLSyntaxError:
                return None
        except ValueError:  # an encoding that lxml does not know
            return None
        if root is not None and root.getroottree().docinfo.internalDTD is not None:
            self._found(FindingKind.EXTERNAL_ENTITY, part, "document type declaration, not followed", Severity.HIGH)
        return root

    def _read_manifest(self) -> dict[str, str]:
        """Media types by part. Raises `Refused` when parts are encrypted."""
        root = None if self.flat else self.xml("META-INF/manifest.xml")
        types: dict[str, str] = {}
        for entry in root if root is not None else ():
            if entry.tag != MANIFEST + "file-entry":
                continue
            path = entry.get(MANIFEST + "full-path") or ""
            if entry.find(MANIFEST + "encryption-data") is not None and path in ("content.xml", "encrypted-package"):
                raise Refused(Refusal.ENCRYPTED, "a password is needed to open the document")
            types[path] = entry.get(MANIFEST + "media-type") or ""
        return types

    def _found(self, kind: FindingKind, place: str, evidence: str, severity: Severity = Severity.MEDIUM) -> None:
        self.findings.append(FoundIssue(kind, severity, place, evidence[:200]))


def inner_path(reference: str) -> str:
    """The part or folder that a reference names inside the package, "" when it leads out of it."""
    if not reference or ":" in reference.partition("/")[0] or reference.startswith(("/", "#", "../")):
        return ""
    path = posixpath.normpath(unquote(reference))
    return "" if path.startswith("..") else path


def _parser(*, recover: bool) -> etree.XMLParser:
    # As for OOXML: no entities, no network, libxml2's own bounds on depth, text size and entity growth.
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=recover,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()
