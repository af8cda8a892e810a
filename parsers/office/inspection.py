"""SANDBOX, untrusted: what a reviewer should know of a Word package: macros, embedded files, outside links."""

import re

from contract.verdicts import FindingKind, Severity
from parsers.office.package import Relationship
from parsers.office.reading import Reading

_EMBEDDED = frozenset(("oleObject", "package", "aFChunk", "embeddedObject"))
_CONTROLS = frozenset(("control", "activeXControlBinary"))
_PARTS_NAMED_MAX = 20
_ADDRESS = re.compile(r"\b(?:https?|ftp|file)://|\\\\[\w.-]+\\", re.IGNORECASE)
# What is fetched when the document is opened weighs more than what is fetched on request.
_FETCHED_ON_OPENING = frozenset(
    ("attachedTemplate", "oleObject", "frame", "subDocument", "aFChunk", "externalLinkPath")
)


def inspect(reading: Reading) -> None:
    """Add the findings about the package as a whole, and about what was met while reading."""
    _text_findings(reading)
    package = reading.package
    embedded: dict[str, None] = {}
    for name in package.names():
        lowered = name.lower()
        if lowered.endswith("vbaproject.bin") or "vbaproject" in package.content_type(name):
            reading.found(FindingKind.ACTIVE_CONTENT, Severity.HIGH, name, "macros")
        elif "/activex/" in f"/{lowered}" and lowered.endswith((".bin", ".xml")):
            reading.found(FindingKind.ACTIVE_CONTENT, Severity.MEDIUM, name, "ActiveX control")
        elif "/embeddings/" in f"/{lowered}" and not lowered.endswith(".rels"):
            embedded.setdefault(name)
        elif lowered.endswith(".rels"):
            _relationship_findings(reading, name, embedded)
    for name in list(embedded)[:_PARTS_NAMED_MAX]:
        reading.found(FindingKind.EMBEDDED_FILE, Severity.LOW, name, package.content_type(name) or "no declared type")
    if len(embedded) > _PARTS_NAMED_MAX:
        more = f"{len(embedded) - _PARTS_NAMED_MAX} more embedded files"
        reading.found(FindingKind.EMBEDDED_FILE, Severity.LOW, "package", more)


def _text_findings(reading: Reading) -> None:
    if reading.hidden:
        excerpt = " ".join("".join(reading.hidden[:50]).split())[:150]
        evidence = f"{len(reading.hidden)} runs: {excerpt}"
        reading.found(FindingKind.HIDDEN_TEXT, Severity.MEDIUM, "word/document.xml", evidence)
    for instruction in dict.fromkeys(reading.active_fields[:200]):
        dynamic = instruction.upper().startswith("DDE")
        severity = Severity.HIGH if dynamic else Severity.MEDIUM
        reading.found(FindingKind.ACTIVE_CONTENT, severity, "field", instruction)
        if _ADDRESS.search(instruction):
            reading.found(FindingKind.EXTERNAL_REFERENCE, Severity.HIGH, "field", instruction)


def _relationship_findings(reading: Reading, rels: str, embedded: dict[str, None]) -> None:
    folder, _, name = rels.rpartition("_rels/")
    part = folder + name.removesuffix(".rels")
    outside: dict[str, list[Relationship]] = {}
    for relationship in reading.package.relationships(part).values():
        if relationship.external and relationship.kind != "hyperlink":
            outside.setdefault(relationship.kind, []).append(relationship)
        elif not relationship.external and relationship.kind in _EMBEDDED and reading.package.has(relationship.target):
            embedded.setdefault(relationship.target)
        elif relationship.kind in _CONTROLS and "/activex/" not in f"/{relationship.target.lower()}":
            reading.found(FindingKind.ACTIVE_CONTENT, Severity.MEDIUM, part, "ActiveX control")
    for kind, relationships in outside.items():
        severity = Severity.HIGH if kind in _FETCHED_ON_OPENING else Severity.MEDIUM
        count = f"{len(relationships)}, first " if len(relationships) > 1 else ""
        reading.found(FindingKind.EXTERNAL_REFERENCE, severity, part, f"{kind}: {count}{relationships[0].target}")
