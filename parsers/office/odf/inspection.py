"""SANDBOX, untrusted: what a reviewer should know of an OpenDocument file: what runs, what it embeds, outside links."""

from collections.abc import Iterator

from lxml import etree

from contract.verdicts import FindingKind, Severity
from parsers.blocks import FoundIssue
from parsers.office.odf.names import DRAW, OFFICE, SCRIPT, TABLE, TEXT, XLINK
from parsers.office.odf.package import OdfPackage

_NAMED_MAX = 20
_OUTSIDE = ("http:", "https:", "ftp:", "file:", "smb:", "//", "\\\\", "vnd.sun.star.webdav")
# Elements whose address is opened with the document, not on a reader's click.
_FETCHING = frozenset((
    DRAW + "image", DRAW + "object", DRAW + "object-ole", DRAW + "plugin", DRAW + "applet", DRAW + "floating-frame",
    DRAW + "fill-image", TEXT + "section-source", TABLE + "table-source", TABLE + "cell-range-source",
    TEXT + "dde-connection-decl", TEXT + "database-name",
))  # fmt: skip
_ACTIVE = {
    SCRIPT + "event-listener": "event", TEXT + "execute-macro": "macro field", TEXT + "script": "script field",
    OFFICE + "dde-source": "DDE", TEXT + "dde-connection-decl": "DDE", TEXT + "dde-connection": "DDE",
}  # fmt: skip


def inspect_package(package: OdfPackage, embedded: list[str]) -> Iterator[FoundIssue]:
    """Findings from the names of the parts. `embedded` are parts and folders that nobody has told of."""
    for name in package.names():
        lowered = name.lower()
        parts = lowered.split("/")
        is_library = parts[-1] in ("script-lc.xml", "dialog-lc.xml", "script-lb.xml", "dialog-lb.xml", "")
        if parts[0] in ("basic", "scripts") and len(parts) > 1 and not is_library:
            yield FoundIssue(FindingKind.ACTIVE_CONTENT, Severity.HIGH, name, "macros")
    for name in embedded[:_NAMED_MAX]:
        yield FoundIssue(FindingKind.EMBEDDED_FILE, Severity.LOW, name.rstrip("/"), package.types.get(name, ""))
    if len(embedded) > _NAMED_MAX:
        more = f"{len(embedded) - _NAMED_MAX} more embedded files"
        yield FoundIssue(FindingKind.EMBEDDED_FILE, Severity.LOW, "package", more)


class ContentFindings:
    """Collects what runs, and what is fetched on opening, from the elements of a part as they are read."""

    WATCHED = (*_ACTIVE, *_FETCHING)

    def __init__(self) -> None:
        self._active: dict[str, None] = {}
        self._outside: dict[str, str] = {}

    def take(self, element: etree._Element) -> None:
        """Look at an element with one of the names in `WATCHED`."""
        if element.tag in _ACTIVE and len(self._active) < _NAMED_MAX:
            self._active.setdefault(f"{_ACTIVE[element.tag]}: {_target(element)}".rstrip(": "))
        address = (element.get(XLINK + "href") or "").strip()
        if address.lower().startswith(_OUTSIDE) and len(self._outside) < _NAMED_MAX:
            self._outside.setdefault(address, str(element.tag).rpartition("}")[2])

    def note_formula(self, formula: str) -> None:
        """A cell's formula that runs or fetches something."""
        if len(self._active) < _NAMED_MAX:
            self._active.setdefault(f"DDE or call in a formula: {formula}")

    def found(self, part: str) -> Iterator[FoundIssue]:
        """All findings of the part."""
        for described in self._active:
            severity = Severity.HIGH if described.startswith("DDE") else Severity.MEDIUM
            yield FoundIssue(FindingKind.ACTIVE_CONTENT, severity, part, described[:200])
        for address, name in self._outside.items():
            severity = Severity.MEDIUM if name in ("image", "fill-image") else Severity.HIGH
            yield FoundIssue(FindingKind.EXTERNAL_REFERENCE, severity, part, f"{name}: {address}"[:200])


def inspect_content(root: etree._Element, part: str) -> Iterator[FoundIssue]:
    """Findings from a part that was read as a whole."""
    collected = ContentFindings()
    for element in root.iter(*ContentFindings.WATCHED):
        collected.take(element)
    yield from collected.found(part)


def _target(element: etree._Element) -> str:
    application, topic = element.get(OFFICE + "dde-application"), element.get(OFFICE + "dde-topic")
    if application or topic:
        return f"{application or ''} {topic or ''}".strip()
    return element.get(XLINK + "href") or element.get(SCRIPT + "macro-name") or element.get(TEXT + "name") or ""
