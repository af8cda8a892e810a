"""SANDBOX, untrusted: an OOXML package: parts, their types and relationships, and their XML parsed without any trust.

Written on `zipfile` and lxml alone: why not on python-docx, and where that is used, docs/adr/0006 says.
"""

import posixpath
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

from lxml import etree

from contract.verdicts import FindingKind, Refusal, Severity
from parsers.archive_guard import open_package
from parsers.blocks import FoundIssue, Refused
from parsers.office.strict import transitional

_RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_OFFICE_DOCUMENT = "officeDocument"
_EVIDENCE_CHARS = 200


class Relationship(NamedTuple):
    """A part's reference to another part or to the outside. `kind` is the last step of the type's address."""

    kind: str
    target: str  # a part name without leading slash, or an address when `external`
    external: bool


class Package:
    """Parts by name, whatever the case of the name. `findings` grows while parts are read."""

    def __init__(self, document: bytes) -> None:
        self._zip = open_package(document)
        self._names: dict[str, str] = {}
        for name in self._zip.namelist():
            self._names.setdefault(_key(name), name)
        self.findings: list[FoundIssue] = []
        self._relationships: dict[str, dict[str, Relationship]] = {}
        self._types = self._content_types()

    def names(self) -> list[str]:
        """Every part's name, as the package writes it."""
        return list(self._names.values())

    def content_type(self, part: str) -> str:
        """The declared type of a part in lower case, or ""."""
        return self._types.get(_key(part)) or self._types.get(part.rpartition(".")[2].lower(), "")

    def _content_types(self) -> dict[str, str]:
        root = self.xml("[Content_Types].xml")
        types: dict[str, str] = {}
        for element in _elements(root):
            name = element.get("PartName") or element.get("Extension") or ""
            key = _key(name) if element.get("PartName") else name.lower()
            types.setdefault(key, (element.get("ContentType") or "").lower())
        return types

    def main_part(self) -> str:
        """The part that the package says it is about, or "" when it does not say or has it not."""
        for relationship in self.relationships("").values():
            if relationship.kind == _OFFICE_DOCUMENT and self.has(relationship.target):
                return relationship.target
        return ""

    def has(self, part: str) -> bool:
        """Whether there is such a part."""
        return _key(part) in self._names

    def data(self, part: str) -> bytes | None:
        """A part's bytes; None when it is missing or damaged, with a finding in the latter case."""
        name = self._names.get(_key(part))
        if name is None:
            return None
        try:
            return self._zip.read(name)
        except Refused as refused:
            if refused.refusal is not Refusal.CORRUPT:
                raise
            self._found(FindingKind.TRUNCATED, Severity.MEDIUM, part, refused.detail)
            return None

    def pieces(self, part: str) -> Iterator[bytes]:
        """A part's bytes as they are unpacked. Raises `Refused` when it is missing or bad, at its end at latest."""
        name = self._names.get(_key(part))
        if name is None:
            raise Refused(Refusal.CORRUPT, f"no part {part}")
        yield from self._zip.pieces(self._zip.getinfo(name))

    def relationships(self, part: str) -> dict[str, Relationship]:
        """A part's relationships by id; of the package itself for ""."""
        if part not in self._relationships:
            self._relationships[part] = dict(self._read_relationships(part))
        return self._relationships[part]

    def _read_relationships(self, part: str) -> Iterator[tuple[str, Relationship]]:
        folder, name = posixpath.split(part)
        root = self.xml(posixpath.join(folder, "_rels", name + ".rels"))
        for element in _elements(root):
            if element.tag != _RELATIONSHIP:
                continue
            target = (element.get("Target") or "").strip()
            external = (element.get("TargetMode") or "").lower() == "external"
            if not external:
                target = posixpath.normpath(posixpath.join("/" + folder, unquote(target.replace("\\", "/")))).lstrip(
                    "/"
                )
            kind = (element.get("Type") or "").rstrip("/").rpartition("/")[2]
            yield element.get("Id") or "", Relationship(kind, target, external)

    def xml(self, part: str) -> etree._Element | None:
        """A part's root element, None when it is missing or no XML at all.

        What is not well-formed is read up to the fault, with a finding; entities are never expanded.
        """
        data = self.data(part)
        if not data:
            return None
        data = transitional(data)
        try:
            root = etree.fromstring(data, _parser(recover=False))
        except etree.XMLSyntaxError as error:
            self._found(FindingKind.TRUNCATED, Severity.MEDIUM, part, f"not well-formed: {error.msg}")
            try:
                root = etree.fromstring(data, _parser(recover=True))
            except etree.XMLSyntaxError:
                return None
        except ValueError:  # an encoding that lxml does not know
            return None
        if root is not None and root.getroottree().docinfo.internalDTD is not None:
            self._found(FindingKind.EXTERNAL_ENTITY, Severity.HIGH, part, "document type declaration, not followed")
        return root

    def _found(self, kind: FindingKind, severity: Severity, place: str, evidence: str) -> None:
        self.findings.append(FoundIssue(kind, severity, place, evidence[:_EVIDENCE_CHARS]))


def _parser(*, recover: bool) -> etree.XMLParser:
    # A fresh parser for each part: one that failed may keep state. `huge_tree=False` keeps libxml2's bounds on depth,
    # text size and entity growth.
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=recover, remove_comments=True,
        remove_pis=True,
    )  # fmt: skip


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _elements(root: etree._Element | None) -> Iterator[etree._Element]:
    return (child for child in root if isinstance(child.tag, str)) if root is not None else iter(())
