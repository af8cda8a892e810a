"""SANDBOX, untrusted: what an OOXML package says of its document: title, author, dates (ECMA-376-2, part 11)."""

from datetime import datetime

from parsers.blocks import ParsedDocument
from parsers.office.package import Package

_CORE = "{http://schemas.openxmlformats.org/package/2006/metadata/core-properties}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_TERMS = "{http://purl.org/dc/terms/}"


def read_core_properties(package: Package, parsed: ParsedDocument) -> None:
    """Fill in what the package's core properties say."""
    part = next((each.target for each in package.relationships("").values() if each.kind == "core-properties"), "")
    root = package.xml(part) if part else None
    if root is None:
        root = package.xml("docProps/core.xml")
    if root is None:
        return
    parsed.title = (root.findtext(_DC + "title") or "").strip()
    parsed.author = (root.findtext(_DC + "creator") or root.findtext(_CORE + "lastModifiedBy") or "").strip()
    parsed.created = iso_date(root.findtext(_TERMS + "created"))
    parsed.modified = iso_date(root.findtext(_TERMS + "modified"))


def iso_date(text: str | None) -> str:
    """An ISO 8601 date as written, "" when there is no such day."""
    text = (text or "").strip()
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return ""
    return text
