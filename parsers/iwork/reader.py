"""SANDBOX, untrusted: Pages, Keynote and Numbers of iWork '05 to '09, by the names of the elements in their XML.

Apple described Keynote's in its "iWork Programming Guide"; the others are alike. Templates, masters and styles stand
in the same file as the document, and are passed by.
"""

import re
import zlib
from collections.abc import Iterator

from contract.verdicts import ElementType, FindingKind, Refusal, Severity
from parsers.archive.members import bounded
from parsers.archive_guard import MEMBER_BYTES_MAX, open_package
from parsers.blocks import Block, FoundIssue, Link, ParsedDocument, Refused, Report
from parsers.inflate import inflated
from parsers.iwork.grid import CELLS_OF_ALL_MAX, table_of
from parsers.iwork.kinds import KEYNOTE, LOCKS, NUMBERS, PAGES, index_of, kind_of
from parsers.iwork.modern import ModernReader
from parsers.xml import tree
from parsers.xml.tree import Element, attribute, child, descendant, local

_PASSED_BY = frozenset(
    (
        "section-prototypes", "stylesheet", "theme-list", "tabular-prototypes", "version-history", "ui-state",
        "metadata", "thumbnails", "master-slides", "sticky-notes", "hidden-sticky-notes", "annotations",
        "undo-data", "paste-board", "chart-model-object", "publication-info", "slide-number-placeholder",
        "object-placeholder", "list-styles",
    )
)  # fmt: skip
_HEADING = re.compile(r"(?:heading|überschrift|titre|título|titolo)\s?(\d)?", re.IGNORECASE)
_NAMED_TITLE = re.compile(r"title", re.IGNORECASE)
_PROGRESS_EVERY = 500


class IWorkParser:
    """Reads a document of any of the three programs."""

    media_types = (KEYNOTE, PAGES, NUMBERS)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one document. Raises `Refused`: encrypted, corrupt (no readable index), bomb."""
        package = open_package(document)
        names = {name.lower(): name for name in package.namelist()}
        if not LOCKS.isdisjoint(names):
            raise Refused(Refusal.ENCRYPTED, "a password is needed to open the document")
        index = index_of(names)
        media_type = kind_of(package, names)
        if not media_type:
            raise Refused(Refusal.CORRUPT, "iWork: no index")
        if not index:
            modern = ModernReader(package, names, report)
            return ParsedDocument(media_type, list(modern.blocks(media_type)), findings=modern.findings)
        data = package.read(index)
        if data.startswith(b"\x1f\x8b"):
            data = _unpacked(data)
        parsed = ParsedDocument(media_type, [])
        root = tree.parse(data, report, parsed.findings)
        del data
        reading = _Reading(root, report)
        parsed.blocks = list(reading.blocks(root))
        parsed.title, parsed.author = _said(root, "title"), _said(root, "authors")
        parsed.findings += reading.findings()
        return parsed


class _Reading:
    """One walk through the tree. libxml2 refuses trees deeper than 256, which bounds the recursion."""

    def __init__(self, root: Element, report: Report) -> None:
        self._report = report
        self._styles = _style_names(root)
        self._slides = self._visited = self._hidden = 0
        self._page: int | None = None
        self._cut = False
        self._cells_left = [CELLS_OF_ALL_MAX]

    def blocks(self, element: Element) -> Iterator[Block]:
        """Everything under an element that a reader would see, in its order."""
        for each in element:
            name = local(each)
            if not name or name in _PASSED_BY:
                continue
            self._visited += 1
            if self._visited % _PROGRESS_EVERY == 0:
                self._report.progress("elements", self._visited, 0)
            if name == "slide":
                yield from self._slide(each)
            elif name == "workspace":
                yield from self._sheet(each)
            elif name == "tabular-model":
                yield from self._table(each)
            elif name in ("header", "footer"):
                yield from self._decoration(each, ElementType.HEADER if name == "header" else ElementType.FOOTER)
            elif name == "footnotes":
                yield from self._notes(each)
            elif name == "p":
                yield from self._paragraph(each)
            elif name == "text-storage":
                yield from self._storage(each)
            else:
                yield from self.blocks(each)

    def findings(self) -> Iterator[FoundIssue]:
        """What was left out."""
        if self._hidden:
            evidence = f"{self._hidden} skipped slides"
            yield FoundIssue(FindingKind.HIDDEN_TEXT, Severity.MEDIUM, "slides", evidence)
        if self._cut:
            yield FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, "tables", "a table with too many cells")

    def _slide(self, slide: Element) -> Iterator[Block]:
        self._slides += 1
        if attribute(slide, "hidden").lower() in ("true", "1"):
            self._hidden += 1
            return
        self._page = self._slides
        title = child(slide, "title-placeholder")
        words = "" if title is None else " ".join(block.text for block in self.blocks(title))
        yield Block(ElementType.TITLE, words or f"Slide {self._slides}", depth=1, page=self._page)
        for each in slide:
            if local(each) not in (*_PASSED_BY, "title-placeholder", "notes"):
                yield from self.blocks(each)
        notes = child(slide, "notes")
        spoken = list(self.blocks(notes)) if notes is not None else []
        if spoken:
            yield Block(ElementType.TITLE, "Speaker notes", depth=3, page=self._page)
            yield from spoken

    def _sheet(self, workspace: Element) -> Iterator[Block]:
        self._slides += 1
        self._page = self._slides
        inside = list(self.blocks(workspace))
        if inside:
            name = attribute(workspace, "workspace-name") or f"Sheet {self._slides}"
            yield Block(ElementType.TITLE, name, depth=1, page=self._page)
            yield from inside

    def _table(self, model: Element) -> Iterator[Block]:
        table, cut = table_of(model, self._cells_left)
        self._cut = self._cut or cut
        if table is None:
            return
        if (name := attribute(model, "name")) and attribute(model, "nameisvisible").lower() in ("true", "1"):
            yield Block(ElementType.FIGURE_CAPTION, name, page=self._page)
        text = "\n".join("\t".join(cell.text for cell in row) for row in table.rows)
        yield Block(ElementType.TABLE, text, table=table, page=self._page)

    def _decoration(self, element: Element, kind: ElementType) -> Iterator[Block]:
        text = "\n".join(block.text for block in self.blocks(element))
        if text:
            yield Block(kind, text)

    def _storage(self, storage: Element) -> Iterator[Block]:
        """Notes stand before the text that refers to them, and are shown behind it."""
        notes = child(storage, "footnotes")
        for each in storage:
            if each is not notes and local(each) not in ("", *_PASSED_BY):
                yield from self.blocks(each)
        if notes is not None:
            yield from self._notes(notes)

    def _notes(self, notes: Element) -> Iterator[Block]:
        """All notes are one story, in which a mark begins each; a paragraph without one goes on with the last."""
        texts: list[str] = []
        for each in notes.iter("{*}p"):
            text = " ".join(block.text for block in self._paragraph(each))
            if texts and descendant(each, "footnote-mark") is None:
                texts[-1] += f"\n{text}" if text else ""
            else:
                texts.append(text)
        for number, text in enumerate(texts, 1):
            if text:
                yield Block(ElementType.FOOTNOTE, text, marker=str(number), page=self._page)

    def _paragraph(self, element: Element) -> Iterator[Block]:
        pieces: list[str] = []
        links: list[Link] = []
        drawn: list[Element] = []
        _collect(element, pieces, links, drawn)
        text = "".join(pieces).strip()
        if text:
            level = self._level(element)
            kind = ElementType.NARRATIVE_TEXT if level is None else ElementType.TITLE
            yield Block(kind, text, depth=level, page=self._page, links=links)
        for each in drawn:
            yield from self.blocks(each)

    def _level(self, paragraph: Element) -> int | None:
        name = self._styles.get(attribute(paragraph, "style"), "")
        if found := _HEADING.match(name):
            return min(6, max(1, int(found[1] or 1)))
        return 1 if _NAMED_TITLE.fullmatch(name) else None


def _collect(element: Element, pieces: list[str], links: list[Link], drawn: list[Element]) -> None:
    """Text of a paragraph. What floats in it (a table, a shape) is for behind it."""
    pieces.append(element.text or "")
    for each in element:
        name = local(each)
        if name in ("tab", "lnbr"):
            pieces.append("\t" if name == "tab" else "\n")
        elif name in ("attachment", "attachment-ref", "drawable-shape", "tabular-info"):
            drawn.append(each)
        elif name == "link":
            start = len(pieces)
            _collect(each, pieces, links, drawn)
            words = "".join(pieces[start:]).strip()
            if address := attribute(each, "href"):
                links.append(Link(words or address, address))
        elif name and name not in ("footnote", "footnote-mark", "page-number", "container-hint", "page-start"):
            _collect(each, pieces, links, drawn)
        pieces.append(each.tail or "")


def _style_names(root: Element) -> dict[str, str]:
    """Names of paragraph styles by identity; a style without one has that of the style it comes from."""
    styles: dict[str, tuple[str, str]] = {}
    for each in root.iter("{*}paragraphstyle"):
        said = attribute(each, "name"), attribute(each, "parent-ident")
        for key in (attribute(each, "ID"), attribute(each, "ident")):
            if key:
                styles.setdefault(key, said)
    names: dict[str, str] = {}
    for key in styles:
        at, seen = key, set[str]()
        while at in styles and at not in seen and not styles[at][0] and len(seen) < 20:
            seen.add(at)
            at = styles[at][1]
        names[key] = styles.get(at, ("", ""))[0]
    return names


def _said(root: Element, what: str) -> str:
    """Of the document's own metadata."""
    metadata = child(root, "metadata")
    found = None if metadata is None else descendant(metadata, what)
    text = None if found is None else descendant(found, "string")
    return "" if text is None else attribute(text, "string").strip()


def _unpacked(data: bytes) -> bytes:
    pieces, size = [], 0
    for piece in bounded(inflated(memoryview(data), "iWork: the index", 16 + zlib.MAX_WBITS), len(data)):
        size += len(piece)
        if size > MEMBER_BYTES_MAX:
            raise Refused(Refusal.BOMB, f"iWork: an index of over {MEMBER_BYTES_MAX} bytes")
        pieces.append(piece)
    return b"".join(pieces)


PARSER = IWorkParser()
