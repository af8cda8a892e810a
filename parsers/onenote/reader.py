"""SANDBOX, untrusted: sections of OneNote (.one): pages in the order of the section, each in its current revision."""

from collections.abc import Iterator

from contract.verdicts import ElementType, FindingKind, Refusal, Severity
from parsers.blocks import Block, FoundIssue, ParsedDocument, Refused, Report
from parsers.onenote import package_store, revision_store
from parsers.onenote.files import pass_on
from parsers.onenote.model import CONTENT_ROOT, Name, Section, too_much
from parsers.onenote.page import CHILDREN, Embedded, PageReader
from parsers.onenote.properties import properties_of

MEDIA_TYPE = "application/onenote"
PAGES_MAX = 20_000
_HEADER_BYTES = 1024
_FORMAT_AT = 48
_GRAPH_SPACES = 0x2C001D63  # the pages of a page series: ChildGraphSpaceElementNodes
# Of all properties together: references let the same bytes be read by many objects.
_KEPT_RATIO, _KEPT_FREE_BYTES = 8, 16 << 20


class OneNoteParser:
    """Reads a section. Files in it are passed on; handwriting and sound are not read."""

    media_types = (MEDIA_TYPE,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one section. Raises `Refused`: encrypted, corrupt (no header, no page), bomb, unsupported."""
        section = _section(document, report)
        reading = _Reading(section, len(document), report)
        parsed = ParsedDocument(MEDIA_TYPE, list(reading.blocks()))
        parsed.findings = list(pass_on(section, reading.files, reading.pictures, report.files))
        if section.encrypted:
            if not any(block.text for block in parsed.blocks):
                raise Refused(Refusal.ENCRYPTED, "a password is needed to open the section")
            parsed.findings.append(FoundIssue(FindingKind.ENCRYPTED_PART, Severity.LOW, "section", "protected pages"))
        if not section.spaces:
            raise Refused(Refusal.CORRUPT, "OneNote: no page that can be read")
        parsed.findings += reading.findings()
        return parsed


def _section(document: bytes, report: Report) -> Section:
    stored = document[_FORMAT_AT : _FORMAT_AT + 16]
    if stored == package_store.FORMAT:
        return package_store.PackageStore(document, report).read()
    if len(document) < _HEADER_BYTES:
        raise Refused(Refusal.CORRUPT, "OneNote: no header")
    if stored != revision_store.FORMAT:
        raise Refused(Refusal.UNSUPPORTED, f"{MEDIA_TYPE} in another format")
    return revision_store.RevisionStore(document, report).read()


class _Reading:
    """A walk over a section's pages."""

    def __init__(self, section: Section, document_bytes: int, report: Report) -> None:
        self.files: list[Embedded] = []
        self.pictures: set[str] = set()
        self._section, self._report = section, report
        self._left = _KEPT_RATIO * document_bytes + _KEPT_FREE_BYTES
        self._cut = False

    def blocks(self) -> Iterator[Block]:
        """Page by page. Where the section does not say which its pages are, all that there are."""
        pages = list(dict.fromkeys(self._pages()))
        if not pages:
            pages = [name for name in self._section.spaces if name != self._section.root]
        self._cut = self._cut or len(pages) > PAGES_MAX
        for number, name in enumerate(pages[:PAGES_MAX], 1):
            self._report.progress("pages", number, len(pages))
            space = self._section.spaces[name]
            page = PageReader(space, number, self._account)
            blocks = list(page.blocks(space.roots[CONTENT_ROOT])) if CONTENT_ROOT in space.roots else []
            yield from sorted(blocks, key=lambda block: block.kind is not ElementType.TITLE)
            self.files += page.files
            self.pictures |= page.pictures
            self._cut = self._cut or page.cut

    def findings(self) -> Iterator[FoundIssue]:
        """What was cut, and where the file is damaged."""
        if self._cut:
            evidence = f"more than {PAGES_MAX} pages, or objects nested too deep"
            yield FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, "section", evidence)
        for evidence in self._section.damaged[:5]:
            yield FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, "section", evidence)

    def _pages(self) -> Iterator[Name]:
        """From the section's root down to the spaces of pages, through page series."""
        section = self._section.spaces.get(self._section.root)
        if section is None or CONTENT_ROOT not in section.roots:
            return
        stack, seen = [section.roots[CONTENT_ROOT]], set[Name]()
        while stack:
            name = stack.pop()
            each = section.objects.get(name)
            if each is None or name in seen:
                continue
            seen.add(name)
            properties = properties_of(each, self._account)
            yield from (page for page in properties.names(_GRAPH_SPACES) if page in self._section.spaces)
            stack += reversed(properties.names(CHILDREN))

    def _account(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise too_much("properties that overlap")


PARSER = OneNoteParser()
