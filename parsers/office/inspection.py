"""SANDBOX, untrusted: what a reviewer should know of an Office package: macros, embedded files, outside links."""

import re
from collections.abc import Iterator

from contract.verdicts import FindingKind, Severity
from parsers.blocks import FoundIssue, Outlet
from parsers.office.package import Package, Relationship

_EMBEDDED = frozenset(("oleObject", "package", "aFChunk", "embeddedObject"))
_CONTROLS = frozenset(("control", "activeXControlBinary"))
_PARTS_NAMED_MAX = 20
_EVIDENCE_CHARS = 200
_ADDRESS = re.compile(r"\b(?:https?|ftp|file)://|\\\\[\w.-]+\\", re.IGNORECASE)
# What is fetched when the document is opened weighs more than what is fetched on request.
_FETCHED_ON_OPENING = frozenset(
    ("attachedTemplate", "oleObject", "frame", "subDocument", "aFChunk", "externalLinkPath")
)


def inspect_package(package: Package) -> Iterator[FoundIssue]:
    """Findings about the package as a whole."""
    embedded: dict[str, None] = {}
    for name in package.names():
        lowered = name.lower()
        if lowered.endswith("vbaproject.bin") or "vbaproject" in package.content_type(name):
            yield _found(FindingKind.ACTIVE_CONTENT, Severity.HIGH, name, "macros")
        elif "/activex/" in f"/{lowered}" and lowered.endswith((".bin", ".xml")):
            yield _found(FindingKind.ACTIVE_CONTENT, Severity.MEDIUM, name, "ActiveX control")
        elif "/embeddings/" in f"/{lowered}" and not lowered.endswith(".rels"):
            embedded.setdefault(name)
        elif lowered.endswith(".rels"):
            yield from _relationship_findings(package, name, embedded)
    for name in list(embedded)[:_PARTS_NAMED_MAX]:
        yield _found(FindingKind.EMBEDDED_FILE, Severity.LOW, name, package.content_type(name) or "no declared type")
    if len(embedded) > _PARTS_NAMED_MAX:
        more = f"{len(embedded) - _PARTS_NAMED_MAX} more embedded files"
        yield _found(FindingKind.EMBEDDED_FILE, Severity.LOW, "package", more)


def pass_on_embedded(package: Package, files: Outlet) -> None:
    """Files inside the package go out to be read each for itself: what Office keeps under `embeddings/`.

    An OLE object (`oleObject1.bin`) goes out as the compound file it is.
    """
    for name in package.names():
        lowered = name.lower()
        if "/embeddings/" in f"/{lowered}" and not lowered.endswith((".rels", "/")):
            files.embed(name.rpartition("/")[2], package.pieces(name), package.content_type(name))


def inspect_text(hidden: list[str], active_fields: list[str], place: str = "word/document.xml") -> Iterator[FoundIssue]:
    """Findings about runs that were not shown, and about fields that would run or fetch something."""
    if hidden:
        excerpt = " ".join("".join(hidden[:50]).split())[:150]
        yield _found(FindingKind.HIDDEN_TEXT, Severity.MEDIUM, place, f"{len(hidden)} runs: {excerpt}")
    for instruction in dict.fromkeys(active_fields[:200]):
        dynamic = instruction.upper().startswith("DDE")
        severity = Severity.HIGH if dynamic else Severity.MEDIUM
        yield _found(FindingKind.ACTIVE_CONTENT, severity, "field", instruction)
        if _ADDRESS.search(instruction):
            yield _found(FindingKind.EXTERNAL_REFERENCE, Severity.HIGH, "field", instruction)


def _found(kind: FindingKind, severity: Severity, place: str, evidence: str) -> FoundIssue:
    return FoundIssue(kind, severity, place, evidence[:_EVIDENCE_CHARS])


def _relationship_findings(package: Package, rels: str, embedded: dict[str, None]) -> Iterator[FoundIssue]:
    folder, _, name = rels.rpartition("_rels/")
    part = folder + name.removesuffix(".rels")
    outside: dict[str, list[Relationship]] = {}
    for relationship in package.relationships(part).values():
        if relationship.external and relationship.kind != "hyperlink":
            outside.setdefault(relationship.kind, []).append(relationship)
        elif not relationship.external and relationship.kind in _EMBEDDED and package.has(relationship.target):
            embedded.setdefault(relationship.target)
        elif relationship.kind in _CONTROLS and "/activex/" not in f"/{relationship.target.lower()}":
            yield _found(FindingKind.ACTIVE_CONTENT, Severity.MEDIUM, part, "ActiveX control")
    for kind, relationships in outside.items():
        severity = Severity.HIGH if kind in _FETCHED_ON_OPENING else Severity.MEDIUM
        count = f"{len(relationships)}, first " if len(relationships) > 1 else ""
        yield _found(FindingKind.EXTERNAL_REFERENCE, severity, part, f"{kind}: {count}{relationships[0].target}")
