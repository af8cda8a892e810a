"""SANDBOX, untrusted: a Word package made anew from what is readable of one, so that a strict library opens it.

python-docx opens a zip by itself, follows every relationship, and gives up at the first part that is missing, damaged
or of an unusual type. It is given a small package of ours instead: the members come through `archive_guard`, only parts
it reads go in, under names and types of ours, as well-formed XML without document types, and every relationship leads
somewhere. Nothing here uses the first reader's package, which may be what failed.
"""

import posixpath
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple
from urllib.parse import unquote
from xml.sax.saxutils import quoteattr

from lxml import etree

from contract.verdicts import FindingKind, Refusal, Severity
from parsers.archive_guard import open_package
from parsers.blocks import FoundIssue, Refused
from parsers.office.names import WORD
from parsers.office.strict import transitional

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/"
_WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml."
_MAIN = "word/document.xml"
_CORE = "docProps/core.xml"
# Parts that python-docx makes up from templates of its own when a package has none: it finds empty ones.
_ALONE = {"styles": f'<w:styles xmlns:w="{WORD}"/>', "settings": f'<w:settings xmlns:w="{WORD}"/>'}
_MANY = frozenset(("header", "footer"))
_TOP = frozenset(("officeDocument", "core-properties"))
_NO_PROPERTIES = f'<cp:coreProperties xmlns:cp="{_PACKAGE}metadata/core-properties"/>'


class _Relationship(NamedTuple):
    key: str
    kind: str  # the last step of the type's address
    target: str  # as `_key` writes part names


class _Part(NamedTuple):
    """A part of the new package. `key` is its relationship's id; `kind` says its type and its relationship's."""

    key: str
    kind: str
    name: str
    xml: bytes


class _Source:
    """The uploaded package. `findings` grows while parts are read."""

    def __init__(self, document: bytes) -> None:
        self._archive = open_package(document)
        self._names = {_key(name): name for name in reversed(self._archive.namelist())}
        self.findings: list[FoundIssue] = []

    def has(self, part: str) -> bool:
        return part in self._names

    def root(self, part: str) -> etree._Element | None:
        """A part's XML as far as it is well-formed. None: missing, damaged, no XML. Raises what the guard refuses."""
        try:
            data = self._archive.read(self._names[part]) if part in self._names else b""
        except Refused as refused:
            if refused.refusal is not Refusal.CORRUPT:
                raise
            self._found(FindingKind.TRUNCATED, Severity.MEDIUM, part, refused.detail)
            return None
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True,
            remove_comments=True, remove_pis=True,
        )  # fmt: skip
        try:
            root = etree.fromstring(transitional(data), parser) if data else None
        except (etree.XMLSyntaxError, ValueError):  # nothing of it is XML; an encoding nobody knows
            root = None
        if data and (root is None or len(parser.error_log)):
            self._found(FindingKind.TRUNCATED, Severity.MEDIUM, part, "not well-formed")
        if root is not None and root.getroottree().docinfo.internalDTD is not None:
            self._found(FindingKind.EXTERNAL_ENTITY, Severity.HIGH, part, "document type declaration, not followed")
        return root

    def xml(self, part: str) -> bytes:
        """A part as well-formed XML that refers to nothing outside itself, b"" when there is none."""
        root = self.root(part)
        if root is None:
            return b""
        etree.strip_elements(root, etree.Entity, with_tail=False)  # their declarations are not copied
        return etree.tostring(root, encoding="UTF-8")

    def relationships(self, part: str) -> Iterator[_Relationship]:
        """Where a part leads to inside the package; the package itself for ""."""
        folder, name = posixpath.split(part)
        root = self.root(posixpath.join(folder, "_rels", name + ".rels"))
        for element in () if root is None else root.iterfind(f"{{{_PACKAGE}relationships}}Relationship"):
            if (element.get("TargetMode") or "").lower() != "external":
                target = posixpath.join("/" + folder, unquote((element.get("Target") or "").strip().replace("\\", "/")))
                kind = (element.get("Type") or "").rstrip("/").rpartition("/")[2]
                yield _Relationship(element.get("Id") or "", kind, _key(posixpath.normpath(target)))

    def _found(self, kind: FindingKind, severity: Severity, place: str, evidence: str) -> None:
        self.findings.append(FoundIssue(kind, severity, place, evidence))


def rebuild(document: bytes) -> tuple[BytesIO, list[FoundIssue]]:
    """A package that python-docx can open, and what was noticed while making it.

    Raises `Refused` as `archive_guard` does, and `ValueError` when the main part is missing or no XML.
    """
    source = _Source(document)
    top = [each for each in source.relationships("") if source.has(each.target)]
    main = next((each.target for each in top if each.kind == "officeDocument"), _MAIN)
    body = source.xml(main)
    if not body:
        raise ValueError("no readable main document part")
    parts = [
        _Part("main", "officeDocument", _MAIN, body),
        *_story_parts(source, main),
        _core_part(source, next((each.target for each in top if each.kind == "core-properties"), _key(_CORE))),
    ]
    return _packed(parts), source.findings


def _story_parts(source: _Source, main: str) -> Iterator[_Part]:
    """Styles and settings, one of each; headers and footers, each under the id by which the text calls it."""
    missing = dict(_ALONE)
    for number, relationship in enumerate(source.relationships(main)):
        if relationship.kind not in _MANY and relationship.kind not in missing:
            continue
        xml = source.xml(relationship.target)
        if xml:
            missing.pop(relationship.kind, None)
            yield _Part(relationship.key, relationship.kind, f"word/part{number}.xml", xml)
    for kind, nothing in missing.items():
        # An id of ours must not stand in the way of one that the text uses.
        yield _Part(f"gloveport-{kind}", kind, f"word/{kind}.xml", nothing.encode())


def _core_part(source: _Source, part: str) -> _Part:
    return _Part("core", "core-properties", _CORE, source.xml(part) or _NO_PROPERTIES.encode())


def _packed(parts: list[_Part]) -> BytesIO:
    """Not compressed: it is read once, and at once."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("[Content_Types].xml", _content_types(parts))
        archive.writestr("_rels/.rels", _relationships(each for each in parts if each.kind in _TOP))
        inside = (each for each in parts if each.kind not in _TOP)
        archive.writestr("word/_rels/document.xml.rels", _relationships(inside))
        while parts:  # each is let go once it is copied
            part = parts.pop()
            archive.writestr(part.name, part.xml)
    buffer.seek(0)
    return buffer


def _content_types(parts: list[_Part]) -> str:
    overrides = "".join(
        f"<Override PartName={quoteattr('/' + part.name)} ContentType={quoteattr(_type_of(part.kind))}/>"
        for part in parts
    )
    default = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    return f'<Types xmlns="{_PACKAGE}content-types">{default}{overrides}</Types>'


def _type_of(kind: str) -> str:
    if kind == "core-properties":
        return "application/vnd.openxmlformats-package.core-properties+xml"
    return _WORD_TYPE + {"officeDocument": "document.main"}.get(kind, kind) + "+xml"


def _relationships(parts: Iterator[_Part]) -> str:
    rows = "".join(
        f"<Relationship Id={quoteattr(part.key)} Type={quoteattr(_address(part.kind))} "
        f"Target={quoteattr('/' + part.name)}/>"
        for part in parts
    )
    return f'<Relationships xmlns="{_PACKAGE}relationships">{rows}</Relationships>'


def _address(kind: str) -> str:
    return (_PACKAGE + "relationships/metadata/" if kind == "core-properties" else _OFFICE) + kind


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()
