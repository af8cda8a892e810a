"""SANDBOX, untrusted: PowerPoint presentations in OOXML: PPTX, PPTM, POTX, POTM, PPSX, PPSM.

Written on lxml over our own package reader, as the Word reader is and for its reasons (docs/adr/0006): python-pptx
costs more to import than this reader to run, raises on parts that are missing, and resolves neither placeholders'
bullets nor the colours that tell hidden text.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from contract.verdicts import ElementType, FindingKind, Refusal, Severity
from parsers.blocks import Block, FoundIssue, ParsedDocument, Refused, Report
from parsers.metafile.shown import Pictures
from parsers.office.core_properties import read_core_properties
from parsers.office.decoration import as_decoration
from parsers.office.drawings import paragraph_texts
from parsers.office.inspection import inspect_package, pass_on_embedded
from parsers.office.names import R, number
from parsers.office.package import Package
from parsers.office.slides.layouts import Design, Designs
from parsers.office.slides.names import EMU_PER_POINT, OFF, P
from parsers.office.slides.shapes import ShapeReader
from parsers.office.slides.slide_comments import read_authors, read_comments

_MEDIA = "application/vnd.openxmlformats-officedocument.presentationml."
_MACRO = "application/vnd.ms-powerpoint."
SLIDES_MAX = 5000
_EXCERPTS_MAX = 50


class PptxParser:
    """Reads PowerPoint's OOXML presentations, shows and templates, with or without macros (which are never run)."""

    media_types = (
        _MEDIA + "presentation",
        _MEDIA + "template",
        _MEDIA + "slideshow",
        _MACRO + "presentation.macroenabled.12",
        _MACRO + "template.macroenabled.12",
        _MACRO + "slideshow.macroenabled.12",
        _MACRO + "addin.macroenabled.12",
    )

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one presentation. Raises `Refused`: bomb, encrypted, corrupt (no main part and no slides)."""
        report.progress("package", 0, 1)
        package = Package(document)
        main = package.main_part() or "ppt/presentation.xml"
        root = package.xml(main)
        slides = _slides(package, main, root)
        if root is None and not slides:
            raise Refused(Refusal.CORRUPT, "no readable main part")
        reading = _Reading(package, report, Designs(package), read_authors(package, main), _size(root))
        reading.default_text = None if root is None else root.find(P + "defaultTextStyle")
        parsed = ParsedDocument(_media_type(package, main), list(_blocks(reading, slides)))
        if reading.size[0] and reading.size[1]:
            parsed.page_sizes = dict.fromkeys(range(1, len(slides) + 1), reading.size)
        read_core_properties(package, parsed)
        pass_on_embedded(package, report.files)
        parsed.findings = [*package.findings, *reading.findings(), *inspect_package(package)]
        return parsed


@dataclass(slots=True)
class _Reading:
    """A presentation being read."""

    package: Package
    report: Report
    designs: Designs
    authors: dict[str, tuple[str, str]]
    size: tuple[float, float]
    default_text: etree._Element | None = None
    hidden: list[str] = field(default_factory=list)
    active: list[str] = field(default_factory=list)
    hidden_slides: list[int] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    decorations_seen: set[str] = field(default_factory=set)
    sheets_seen: set[str] = field(default_factory=set)
    parts_read: set[str] = field(default_factory=set)
    pictures: Pictures = field(default_factory=Pictures)

    def unseen(self, decorations: list[Block]) -> list[Block]:
        """Headers and footers that no slide had before."""
        unseen = [block for block in decorations if block.text not in self.decorations_seen]
        self.decorations_seen.update(block.text for block in unseen)
        return unseen

    def findings(self) -> Iterator[FoundIssue]:
        """What a reviewer should know of the slides."""
        if self.hidden or self.hidden_slides:
            excerpt = " ".join("".join(f"{text} " for text in self.hidden[:_EXCERPTS_MAX]).split())[:150]
            slides = f"slides {', '.join(map(str, self.hidden_slides[:10]))}; " if self.hidden_slides else ""
            evidence = f"{slides}{len(self.hidden)} texts: {excerpt}"
            yield FoundIssue(FindingKind.HIDDEN_TEXT, Severity.MEDIUM, "presentation", evidence)
        yield from self.pictures.findings()
        for action in dict.fromkeys(self.active[:_EXCERPTS_MAX]):
            yield FoundIssue(FindingKind.ACTIVE_CONTENT, Severity.HIGH, "action on click", action[:200])
        for part in self.cut[:_EXCERPTS_MAX]:
            yield FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, part, "more than can be read")


def _media_type(package: Package, main: str) -> str:
    declared = package.content_type(main)
    kind = next((each for each in ("template", "slideshow", "addin") if each in declared), "presentation")
    return f"{_MACRO}{kind}.macroenabled.12" if "macroenabled" in declared or kind == "addin" else _MEDIA + kind


def _size(root: etree._Element | None) -> tuple[float, float]:
    """Of a slide, in points; (0, 0) when it is not said."""
    size = None if root is None else root.find(P + "sldSz")
    if size is None:
        return 0.0, 0.0
    return number(size.get("cx")) / EMU_PER_POINT, number(size.get("cy")) / EMU_PER_POINT


def _slides(package: Package, main: str, root: etree._Element | None) -> list[str]:
    """Parts of the slides in order. A presentation that has lost its list is read in the order of its parts' names."""
    relationships = package.relationships(main)
    entries = root.iterfind(f"{P}sldIdLst/{P}sldId") if root is not None else ()
    found = (relationships.get(entry.get(R + "id") or "") for entry in entries)
    parts = [each.target for each in found if each is not None and not each.external and package.has(each.target)]
    if not parts:
        names = (name for name in package.names() if name.lower().startswith("ppt/slides/slide"))
        parts = sorted((name for name in names if name.lower().endswith(".xml")), key=lambda name: (len(name), name))
    return list(dict.fromkeys(parts))


def _blocks(reading: _Reading, slides: list[str]) -> Iterator[Block]:
    for at, part in enumerate(slides[:SLIDES_MAX], 1):
        reading.report.progress("slides", at, len(slides))
        root = reading.package.xml(part)
        if root is None:
            continue
        if root.get("show") in OFF:
            reading.hidden_slides.append(at)
            reading.hidden += paragraph_texts(root)
            continue
        for block in _slide(reading, part, root, at):
            block.page = at
            yield block
    if len(slides) > SLIDES_MAX:
        reading.cut.append("slides")


def _slide(reading: _Reading, part: str, root: etree._Element, at: int) -> list[Block]:
    """A slide's title, its shapes, what its layout adds, its notes."""
    design = reading.designs.of_slide(part)
    reader = _reader(reading, part, design)
    text = reader.read(root)
    reading.cut += [part] if reader.cut else []
    title, subtitles = _title(text.titles, at)
    title.comments = read_comments(reading.package, part, reading.authors)
    decorations = [*reading.unseen(text.decorations), *_inherited_text(reading, root, design)]
    for block in decorations:
        as_decoration([block], ElementType.FOOTER)
    blocks = [title, *subtitles, *text.body, *decorations, *_notes(reading, part)]
    return blocks if len(blocks) > 1 or text.titles or title.comments else []


def _reader(reading: _Reading, part: str, design: Design) -> ShapeReader:
    reader = ShapeReader(reading.package, part, design, reading.default_text, reading.size, reading.pictures)
    reader.hidden, reader.active, reader.parts_read = reading.hidden, reading.active, reading.parts_read
    return reader


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


def _inherited_text(reading: _Reading, root: etree._Element, design: Design) -> list[Block]:
    """Text that stands on the layout and the master themselves, at the first slide that shows it."""
    blocks: list[Block] = []
    for sheet in design.shown_sheets(root):
        if sheet.part not in reading.sheets_seen:
            reading.sheets_seen.add(sheet.part)
            text = _reader(reading, sheet.part, design).read(sheet.root, own=False)
            blocks += [block for block in text.body if block.kind is not ElementType.IMAGE]
    return blocks


def _notes(reading: _Reading, part: str) -> list[Block]:
    """Speaker notes, under a heading that says what they are."""
    for relationship in reading.package.relationships(part).values():
        if relationship.kind != "notesSlide" or relationship.external or relationship.target in reading.parts_read:
            continue
        reading.parts_read.add(relationship.target)
        root = reading.package.xml(relationship.target)
        if root is None:
            continue
        reader = _reader(reading, relationship.target, reading.designs.of_slide(relationship.target))
        text = reader.read(root)
        decorations = reading.unseen(text.decorations)
        for block in decorations:
            as_decoration([block], ElementType.FOOTER)
        blocks = [*text.body, *(block for block in decorations if not block.furniture)]
        for block in blocks:
            block.box = None
        return [Block(ElementType.TITLE, "Speaker notes", depth=3), *blocks] if text.body else blocks
    return []


PARSER = PptxParser()
