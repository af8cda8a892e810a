"""SANDBOX, untrusted: PowerPoint presentations before OOXML: PowerPoint 97 to 2003 ([MS-PPT])."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from contract.verdicts import ElementType, FindingKind, Severity
from parsers.blocks import Block, Comment, FoundIssue, ParsedDocument, Report
from parsers.character_sets import utf16_units
from parsers.compound_file import CompoundFile
from parsers.legacy.blips import Blips
from parsers.legacy.embedded import pass_on_objects
from parsers.legacy.inspection import inspect_streams
from parsers.legacy.presentation import MASTERS, NOTES_PAGES, SLIDES, Entry, Presentation, open_presentation
from parsers.legacy.records import Record, Records
from parsers.legacy.slide_findings import hidden_slides, inspect_document
from parsers.legacy.slide_shapes import UNITS_PER_POINT, ShapeReader
from parsers.legacy.slide_styles import master_bullets
from parsers.legacy.slide_text import Context, read_texts
from parsers.office.decoration import as_decoration
from parsers.ole_properties import read_properties

SLIDES_MAX = 5000
_DOCUMENT_ATOM, _SLIDE_ATOM, _SHOW_INFO, _STRING = 0x03E9, 0x03EF, 0x03F9, 0x0FBA
_MASTER_STYLE, _HEADERS_FOOTERS, _HEADERS_FOOTERS_ATOM = 0x0FA3, 0x0FD9, 0x0FDA
_DRAWING_GROUP, _DRAWING_GROUP_CONTAINER = 0x040B, 0xF000
_LINKS, _LINK, _LINK_ATOM = 0x0409, 0x0FD7, 0x0FD3
_TAGS, _BINARY_TAG, _TAG_DATA, _COMMENT, _COMMENT_ATOM = 0x1388, 0x138A, 0x138B, 0x2EE0, 0x2EE1
_HIDDEN_SLIDE = 0x04  # SlideShowSlideInfoAtom, 2.6.6: fHidden
_SHOWS_MASTER = 0x01  # SlideAtom, 2.5.10: fMasterObjects
_HAS_USER_DATE, _HAS_HEADER, _HAS_FOOTER = 0x04, 0x10, 0x20
_OF_SLIDES, _OF_NOTES = 3, 4  # instances of headers and footers, 2.4.15
_COMMENTS_MAX = 2000


class PowerPointParser:
    """Reads .ppt, .pps and .pot. Macros are never run, embedded objects passed on."""

    media_types = ("application/vnd.ms-powerpoint",)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one presentation. Raises `Refused`: encrypted, corrupt (no slides to be found), bomb."""
        report.progress("streams", 0, 1)
        compound = CompoundFile(document)
        presentation = open_presentation(compound)
        report.progress("streams", 1, 1)
        reading = _Reading(presentation, report, _blips(compound, presentation))
        parsed = ParsedDocument(media_type=self.media_types[0], blocks=list(reading.blocks()))
        slides = len(presentation.lists.get(SLIDES, ()))
        if all(reading.size):
            parsed.page_sizes = dict.fromkeys(range(1, min(slides, SLIDES_MAX) + 1), reading.size)
        read_properties(compound, parsed)
        pass_on_objects(presentation, report)
        parsed.findings = [*reading.findings(), *inspect_document(presentation), *inspect_streams(compound)]
        return parsed


def _blips(compound: CompoundFile, presentation: Presentation) -> Blips:
    """The pictures: their list is in the document, they are in a stream of their own."""
    records = presentation.records
    group = records.first(records.first(presentation.document, _DRAWING_GROUP), _DRAWING_GROUP_CONTAINER)
    return Blips(records, group, lambda: compound.stream(f"{presentation.folder}Pictures") or b"")


@dataclass(slots=True)
class _Decorations:
    """What a slide says in its header and footer."""

    date: str = ""
    header: str = ""
    footer: str = ""
    flags: int = 0


@dataclass(slots=True)
class _Reading:
    """A presentation being read."""

    presentation: Presentation
    report: Report
    blips: Blips
    size: tuple[float, float] = (0.0, 0.0)
    urls: dict[int, str] = field(default_factory=dict)
    active: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    hidden_slides: list[int] = field(default_factory=list)
    decorations_seen: set[str] = field(default_factory=set)
    masters_seen: set[int] = field(default_factory=set)
    masters: dict[int, Entry] = field(default_factory=dict)
    notes: dict[int, Entry] = field(default_factory=dict)
    bullets: dict[int, dict[int, list[bool]]] = field(default_factory=dict)
    decorations: dict[int, _Decorations] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lists = self.presentation.lists
        self.masters = {entry.identifier: entry for entry in lists.get(MASTERS, ())}
        self.notes = {entry.identifier: entry for entry in lists.get(NOTES_PAGES, ()) if entry.identifier}
        document = self.presentation.document
        if document is not None:
            self.size = _size(self.records, document)
            self.urls = dict(_urls(self.records, document))
            for which in (_OF_SLIDES, _OF_NOTES):
                self.decorations[which] = _decorations(self.records, document, which) or _Decorations()

    @property
    def records(self) -> Records:
        """The records of the file."""
        return self.presentation.records

    def blocks(self) -> Iterator[Block]:
        """All slides that are shown, in order."""
        entries = self.presentation.lists.get(SLIDES, [])
        for at, entry in enumerate(entries[:SLIDES_MAX], 1):
            self.report.progress("slides", at, len(entries))
            for block in self._slide(entry, at):
                block.page = at
                yield block
        if not self.presentation.whole:
            yield from self._loose_notes()

    def findings(self) -> Iterator[FoundIssue]:
        """What a reviewer should know of the slides."""
        if self.hidden or self.hidden_slides:
            yield hidden_slides(self.hidden, self.hidden_slides)
        yield from self.blips.pictures.findings()
        for action in dict.fromkeys(self.active[:50]):
            yield FoundIssue(FindingKind.ACTIVE_CONTENT, Severity.HIGH, "action on click", action[:200])
        if len(self.presentation.lists.get(SLIDES, ())) > SLIDES_MAX:
            yield FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, "slides", f"more than {SLIDES_MAX}")

    def _slide(self, entry: Entry, at: int) -> list[Block]:
        """A slide's title, its text, what decorates it, its notes."""
        container = entry.container
        atom = self.records.first(container, _SLIDE_ATOM)
        context = self._context(container, self.records.number(atom, 12) if atom else 0, at)
        reader = ShapeReader(self.records, context, entry.outline, self.size, self.blips)
        show = self.records.first(container, _SHOW_INFO)
        if show is not None and self.records.number(show, 10, 1) & _HIDDEN_SLIDE:
            self.hidden_slides.append(at)
            self.hidden += self._all_text(entry, context)
            return []
        shown = reader.read(container) if container else reader.read_outline()
        self.hidden += reader.hidden
        comments = _comments(self.records, container) if container else []
        title, subtitles = _title(shown.titles, at)
        title.comments = comments
        decorations = self._new_decorations([*shown.decorations, *self._master_text(atom, context)])
        blocks = [title, *subtitles, *shown.body, *decorations, *self._notes(atom, at)]
        return blocks if len(blocks) > 1 or shown.titles or comments else []

    def _context(self, container: Record | None, master: int, at: int, which: int = _OF_SLIDES) -> Context:
        """What decides about a slide's or a notes page's texts."""
        said = _decorations(self.records, container) or self.decorations.get(which) or _Decorations()
        return Context(
            bullets=self._bullets(master),
            urls=self.urls,
            active=self.active,
            report=self.report,
            slide_number=at,
            footer=said.footer if said.flags & _HAS_FOOTER else "",
            header=said.header if said.flags & _HAS_HEADER and which == _OF_NOTES else "",
            date=said.date if said.flags & _HAS_USER_DATE else "",
        )

    def _bullets(self, master: int) -> dict[int, list[bool]]:
        """Which levels of a master's texts have bullets."""
        if master not in self.bullets:
            found: dict[int, list[bool]] = {}
            entry = self.masters.get(master)
            for record in self.records.inside(entry.container) if entry and entry.container else ():
                if record.kind == _MASTER_STYLE:
                    found[record.instance] = master_bullets(self.records.data(record), record.instance)
            self.bullets[master] = found
        return self.bullets[master]

    def _master_text(self, atom: Record | None, context: Context) -> list[Block]:
        """Text that stands on the master itself, at the first slide that shows it."""
        if atom is None or not self.records.number(atom, 20, 2) & _SHOWS_MASTER:
            return []
        identifier = self.records.number(atom, 12)
        entry = self.masters.get(identifier)
        if entry is None or entry.container is None:
            return []
        blocks = [Block(ElementType.NARRATIVE_TEXT, text) for text in (context.date, context.footer) if text]
        if identifier not in self.masters_seen:
            self.masters_seen.add(identifier)
            reader = ShapeReader(self.records, context, [], self.size, self.blips)
            blocks += reader.read(entry.container, placeholders=False).body
        return blocks

    def _new_decorations(self, blocks: list[Block]) -> list[Block]:
        """Headers and footers that no slide before had."""
        new: list[Block] = []
        for block in blocks:
            if block.text not in self.decorations_seen:
                self.decorations_seen.add(block.text)
                as_decoration([block], ElementType.FOOTER)
                new.append(block)
        return new

    def _notes(self, atom: Record | None, at: int) -> list[Block]:
        """Speaker notes of a slide. A page that several slides name belongs to the first."""
        entry = self.notes.pop(self.records.number(atom, 16), None) if atom else None
        return self._notes_page(entry, at) if entry is not None else []

    def _notes_page(self, entry: Entry, at: int) -> list[Block]:
        """The text of a notes page, under a heading that says what it is, and its headers and footers."""
        if entry.container is None:
            return []
        context = self._context(entry.container, 0, at, _OF_NOTES)
        reader = ShapeReader(self.records, context, entry.outline, (0, 0), self.blips)
        shown = reader.read(entry.container)
        self.hidden += reader.hidden
        flagged = [Block(ElementType.NARRATIVE_TEXT, text) for text in (context.header, context.footer) if text]
        decorations = self._new_decorations([*shown.decorations, *flagged])
        for block in (*shown.body, *decorations):
            block.box = None
        heading = [Block(ElementType.TITLE, "Speaker notes", depth=3)] if shown.body else []
        return [*heading, *shown.body, *decorations]

    def _loose_notes(self) -> Iterator[Block]:
        """Notes of a damaged file, where nothing says whose they are."""
        for entry in self.presentation.lists.get(NOTES_PAGES, [])[:SLIDES_MAX]:
            yield from self._notes_page(entry, 0)

    def _all_text(self, entry: Entry, context: Context) -> Iterator[str]:
        """Text of a slide that is not shown, for a finding."""
        inside = self.records.below(entry.container) if entry.container else ()
        for records in (inside, entry.outline):
            found = read_texts(self.records, records, context)
            yield from (each.text.replace("\r", " ") for each in found if each.text.strip())


def _title(titles: list[Block], at: int) -> tuple[Block, list[Block]]:
    """The heading of a slide; one without a title is headed by its number, else its text would belong to the slide
    before.
    """
    if not titles:
        return Block(ElementType.TITLE, f"Slide {at}", depth=1), []
    first, *rest = titles
    first.kind, first.depth, first.marker = ElementType.TITLE, 1, ""
    for block in rest:
        block.kind, block.depth, block.marker = ElementType.TITLE, 2, ""
    return first, rest


def _size(records: Records, document: Record) -> tuple[float, float]:
    """Of a slide, in points; (0, 0) when it is not said."""
    atom = records.first(document, _DOCUMENT_ATOM)
    if atom is None:
        return 0.0, 0.0
    return records.number(atom, 0) / UNITS_PER_POINT, records.number(atom, 4) / UNITS_PER_POINT


def _urls(records: Records, document: Record) -> Iterator[tuple[int, str]]:
    """Addresses of hyperlinks by identifier (2.10.16)."""
    container = records.first(document, _LINKS)
    for link in records.inside(container) if container else ():
        atom = records.first(link, _LINK_ATOM) if link.kind == _LINK else None
        target = records.first(link, _STRING, 1)
        if atom is not None and target is not None:
            yield records.number(atom, 0), utf16_units(records.data(target))


def _decorations(records: Records, container: Record | None, instance: int | None = None) -> _Decorations | None:
    """What is said of all slides or all notes pages (by instance), or of one of them."""
    found = records.first(container, _HEADERS_FOOTERS, instance)
    atom = records.first(found, _HEADERS_FOOTERS_ATOM)
    if found is None or atom is None:
        return None
    texts = {each.instance: utf16_units(records.data(each)) for each in records.inside(found) if each.kind == _STRING}
    return _Decorations(texts.get(0, ""), texts.get(1, ""), texts.get(2, ""), records.number(atom, 2, 2))


def _comments(records: Records, container: Record) -> list[Comment]:
    """Comments on a slide (2.5.27), which are tags of it."""
    comments: list[Comment] = []
    for tags in (each for each in records.inside(container) if each.kind == _TAGS):
        for record in _tagged(records, tags):
            parts = list(records.inside(record))
            texts = {each.instance: utf16_units(records.data(each)) for each in parts if each.kind == _STRING}
            date = next((_date(records.data(each)) for each in parts if each.kind == _COMMENT_ATOM), "")
            if texts.get(1, "").strip() and len(comments) < _COMMENTS_MAX:
                comments.append(Comment(texts.get(0, ""), texts[1].strip(), date, texts.get(2, "")))
    return comments


def _date(atom: bytes) -> str:
    """When a comment was made ([MS-PPT] 2.5.28): a SYSTEMTIME behind the comment's number; "" where it is cut."""
    if len(atom) < 20:
        return ""
    year, month, _, day, hour, minute, second, millisecond = struct.unpack_from("<8H", atom, 4)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}"


def _tagged(records: Records, tags: Record) -> Iterator[Record]:
    for tag in records.inside(tags):
        data = records.first(tag, _TAG_DATA) if tag.kind == _BINARY_TAG else None
        if data is not None:
            yield from (record for record in records.inside(data) if record.kind == _COMMENT)


PARSER = PowerPointParser()
