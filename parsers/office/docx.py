"""SANDBOX, untrusted: Word documents (OOXML): DOCX, DOCM, DOTX, DOTM."""

import re
import traceback
from collections.abc import Iterator

from lxml import etree

from contract.verdicts import ElementType, FindingKind, Refusal, Severity
from parsers.blocks import Block, Comment, FoundIssue, ParsedDocument, Refused, Report
from parsers.markup.html_table import plain_lines
from parsers.office.core_properties import read_core_properties
from parsers.office.decoration import as_decoration
from parsers.office.inspection import inspect_package, inspect_text, pass_on_embedded
from parsers.office.names import R, W, child, toggle, val
from parsers.office.numbering import Numbering
from parsers.office.package import Package
from parsers.office.reading import Notes, Reading
from parsers.office.story import Place, Story, block_elements
from parsers.office.styles import Styles

_MEDIA = "application/vnd.openxmlformats-officedocument.wordprocessingml."
_MACRO = "application/vnd.ms-word."
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")


class DocxParser:
    """Reads Word's OOXML documents and templates, with or without macros (which are never run)."""

    media_types = (
        _MEDIA + "document",
        _MEDIA + "template",
        _MACRO + "document.macroenabled.12",
        _MACRO + "template.macroenabled.12",
    )

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one document. Raises `Refused`: encrypted, bomb, corrupt (no main part), unsupported (old Word).

        What the first reader trips over is given to the second (docs/adr/0006), with a finding that says so.
        """
        if document.startswith(_OLE):
            if _ENCRYPTED_STREAM in document:
                raise Refused(Refusal.ENCRYPTED, "a password is needed to open the document")
            raise Refused(Refusal.UNSUPPORTED, "an OLE compound file, not an OOXML package")
        try:
            return _read(document, report)
        except (Refused, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, a text is worth more than its name
            traceback.clear_frames(error.__traceback__)  # they hold the first reader's trees
            return _read_again(document, report, error)


def _read(document: bytes, report: Report) -> ParsedDocument:
    report.progress("package", 0, 1)
    package = Package(document)
    main = _main_part(package)
    root = package.xml(main) if main else None
    if root is None:
        raise Refused(Refusal.CORRUPT, "no readable main document part")
    report.progress("package", 1, 1)
    reading = _reading(package, main, root, report)
    blocks = _blocks(reading, main, root)
    if not blocks and any(each.kind is FindingKind.TRUNCATED and each.place == main for each in package.findings):
        raise Refused(Refusal.CORRUPT, "nothing readable in a main document part that is not well-formed")
    parsed = ParsedDocument(media_type=_media_type(package, main), blocks=blocks)
    read_core_properties(package, parsed)
    parsed.languages = _languages(package, main)
    found = [*inspect_text(reading.hidden, reading.active_fields), *inspect_package(package)]
    parsed.findings = [*package.findings, *reading.findings, *reading.pictures.findings(), *found]
    pass_on_embedded(package, report.files)
    return parsed


def _read_again(document: bytes, report: Report, failure: Exception) -> ParsedDocument:
    """What the second reader makes of it, with the findings of both. Raises `failure` when that one fails too."""
    # Imported here: python-docx costs more than the whole first reader, and hardly any document needs it.
    from parsers.office.second_reader import read_again

    try:
        again = read_again(document, report)
    except (Refused, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - the failure to tell of is the first one
        raise failure from None
    parsed = again.document
    found = [_not_examined(Severity.LOW, "first reader", failure), *inspect_text(again.hidden, again.active_fields)]
    try:
        package = Package(document)
        parsed.media_type = _media_type(package, _main_part(package))
        found += [*inspect_package(package), *package.findings]
        pass_on_embedded(package, report.files)
    except (Refused, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - nobody has looked for macros then, which is worth more than a note
        found.append(_not_examined(Severity.MEDIUM, "package", error))
    parsed.findings += [each for each in found if each not in parsed.findings]
    return parsed


def _not_examined(severity: Severity, place: str, error: Exception) -> FoundIssue:
    return FoundIssue(FindingKind.NOT_EXAMINED, severity, place, type(error).__name__)


def _main_part(package: Package) -> str:
    return package.main_part() or ("word/document.xml" if package.has("word/document.xml") else "")


def _media_type(package: Package, main: str) -> str:
    declared = package.content_type(main)
    if "macroenabled" in declared:
        return _MACRO + ("template" if "template" in declared else "document") + ".macroenabled.12"
    return _MEDIA + ("template" if "template" in declared else "document")


def _part(package: Package, main: str, kind: str) -> str:
    """The part of a kind that the main part refers to, or ""."""
    for relationship in package.relationships(main).values():
        if relationship.kind == kind and not relationship.external:
            return relationship.target
    return ""


def _related_xml(package: Package, main: str, kind: str) -> etree._Element | None:
    part = _part(package, main, kind)
    return package.xml(part) if part else None


def _reading(package: Package, main: str, root: etree._Element, report: Report) -> Reading:
    styles = Styles.read(_related_xml(package, main, "styles"))
    background = child(root, "background")
    return Reading(
        package=package,
        report=report,
        styles=styles,
        numbering=Numbering(_related_xml(package, main, "numbering"), styles.list_of_style),
        footnotes=Notes.read(package, _part(package, main, "footnotes"), "footnote"),
        endnotes=Notes.read(package, _part(package, main, "endnotes"), "endnote"),
        comments=_comments(_related_xml(package, main, "comments")),
        paper_is_white=background is None or (background.get(W + "color") or "FFFFFF").upper() in ("FFFFFF", "AUTO"),
    )


def _comments(root: etree._Element | None) -> dict[str, Comment]:
    comments: dict[str, Comment] = {}
    if root is None:
        return comments
    for comment in root.iterfind(W + "comment"):
        lines = ("".join(node.text or "" for node in each.iter(W + "t")) for each in comment.iter(W + "p"))
        text = "\n".join(line for line in lines if line.strip())
        if text:
            author, date, initials = (comment.get(W + name) or "" for name in ("author", "date", "initials"))
            comments.setdefault(comment.get(W + "id") or "", Comment(author, text, date, initials))
    return comments


def _blocks(reading: Reading, main: str, root: etree._Element) -> list[Block]:
    """Headers, the body, its notes, footers."""
    body = child(root, "body")
    container = root if body is None else body
    headers, footers = _headers_and_footers(reading, main, container)
    blocks = Story(reading, Place(main)).read(container)
    notes = [*_notes(reading, reading.footnotes), *_notes(reading, reading.endnotes)]
    return [*headers, *blocks, *notes, *footers]


def _notes(reading: Reading, notes: Notes) -> Iterator[Block]:
    """Notes in the order of their marks."""
    for note_id, marker in list(notes.markers.items()):
        blocks = Story(reading, Place(notes.part)).read(notes.elements[note_id])
        text = plain_lines(blocks)
        if not text:
            continue
        markdown = None
        if len(blocks) == 1 and blocks[0].kind is ElementType.NARRATIVE_TEXT:
            markdown = blocks[0].markdown
        links = [link for block in blocks for link in block.links]
        yield Block(ElementType.FOOTNOTE, text, markdown, marker=marker, links=links)


def _headers_and_footers(reading: Reading, main: str, container: etree._Element) -> tuple[list[Block], list[Block]]:
    """Each distinct header and footer that some page shows, once."""
    settings = _related_xml(reading.package, main, "settings")
    even_too = bool(settings is not None and toggle(settings, "evenAndOddHeaders"))
    found: dict[ElementType, list[Block]] = {ElementType.HEADER: [], ElementType.FOOTER: []}
    seen: set[tuple[ElementType, str]] = set()
    for section in _sections(container):
        first_too = bool(toggle(section, "titlePg"))
        for name, kind in (("headerReference", ElementType.HEADER), ("footerReference", ElementType.FOOTER)):
            for reference in section.iterfind(W + name):
                which = reference.get(W + "type", "default")
                if (which == "first" and not first_too) or (which == "even" and not even_too):
                    continue
                blocks = _decoration(reading, main, reference.get(R + "id") or "", kind)
                key = (kind, "\n".join(block.text for block in blocks))
                if blocks and key not in seen:
                    seen.add(key)
                    found[kind] += blocks
    return found[ElementType.HEADER], found[ElementType.FOOTER]


def _sections(container: etree._Element) -> Iterator[etree._Element]:
    for element in block_elements(container):
        section = element if element.tag == W + "sectPr" else child(element, "pPr", "sectPr")
        if section is not None:
            yield section


def _decoration(reading: Reading, main: str, relationship_id: str, kind: ElementType) -> list[Block]:
    relationship = reading.package.relationships(main).get(relationship_id)
    root = reading.package.xml(relationship.target) if relationship and not relationship.external else None
    if relationship is None or root is None:
        return []
    blocks = [block for block in Story(reading, Place(relationship.target)).read(root) if block.text]
    as_decoration(blocks, kind)
    return blocks


def _languages(package: Package, main: str) -> list[str]:
    styles = _related_xml(package, main, "styles")
    language = val(styles, "docDefaults", "rPrDefault", "rPr", "lang") or ""
    return [language] if re.fullmatch(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*", language) else []


PARSER = DocxParser()
