"""SANDBOX, untrusted: Word documents and templates before OOXML: Word 97 to 2003, and Word 6 and 95 ([MS-DOC])."""

from collections.abc import Iterator

from contract.verdicts import ElementType, Refusal
from parsers.blocks import Block, Comment, ParsedDocument, Refused, Report
from parsers.compound_file import CompoundFile
from parsers.legacy.embedded import pass_on_storages
from parsers.legacy.inspection import inspect_streams, inspect_template
from parsers.legacy.word_fib import open_word
from parsers.legacy.word_parts import Note, Range, read_comments, read_headers, read_notes, read_text_boxes
from parsers.legacy.word_reading import Reading
from parsers.legacy.word_story import Story
from parsers.markup.html_table import plain_lines
from parsers.office.decoration import as_decoration
from parsers.office.inspection import inspect_text
from parsers.ole_properties import read_properties


class WordParser:
    """Reads .doc and .dot. Macros are never run, embedded objects passed on."""

    media_types = ("application/msword",)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one document. Raises `Refused`: encrypted, corrupt (nothing readable), unsupported (before Word 6)."""
        report.progress("streams", 0, 1)
        compound = CompoundFile(document)
        word = open_word(compound)
        report.progress("streams", 1, 1)
        reading = Reading.begin(word, report)
        blocks = _blocks(reading)
        if not reading.text.strip("\x00") and word.lengths.total() > 1:
            raise Refused(Refusal.CORRUPT, "nothing of the text that the document claims to have")
        parsed = ParsedDocument(media_type=self.media_types[0], blocks=blocks)
        read_properties(compound, parsed)
        pass_on_storages(compound, "ObjectPool", "", report)
        parsed.languages = list(filter(None, [reading.styles.language()]))
        texts = [*inspect_text(reading.hidden, reading.active_fields, "WordDocument")]
        texts += reading.vectors.findings()
        parsed.findings = [*texts, *inspect_streams(compound), *inspect_template(word)]
        return parsed


def _blocks(reading: Reading) -> list[Block]:
    """Headers, the body, text boxes without a place in it, notes, footers."""
    notes = read_notes(reading)
    boxes = read_text_boxes(reading)
    for position, author, where in read_comments(reading):
        text = plain_lines(Story(reading).read(*where))
        if text:
            reading.anchored.comments.setdefault(position, Comment(author, text))
    shown = read_headers(reading)
    headers = list(_decorations(reading, shown.headers, ElementType.HEADER))
    body_end = reading.word.lengths.body or len(reading.text)
    body = Story(reading).read(0, body_end)
    # Boxes whose anchor is not where it should be. Those of headers that no page shows are not shown either.
    boxes += [where for at, found in reading.anchored.boxes.items() if at < body_end for where in found]
    loose = [block for where in boxes for block in Story(reading, on_white=False).read(*where)]
    footers = list(_decorations(reading, shown.footers, ElementType.FOOTER))
    return [*headers, *body, *loose, *_note_blocks(reading, notes), *footers]


def _note_blocks(reading: Reading, notes: list[Note]) -> Iterator[Block]:
    for note in notes:
        blocks = Story(reading).read(*note.where)
        text = plain_lines(blocks)
        if not text:
            continue
        one = len(blocks) == 1 and blocks[0].kind is ElementType.NARRATIVE_TEXT
        links = [link for block in blocks for link in block.links]
        yield Block(ElementType.FOOTNOTE, text, blocks[0].markdown if one else None, marker=note.marker, links=links)


def _decorations(reading: Reading, stories: list[Range], kind: ElementType) -> Iterator[Block]:
    """Each distinct header or footer once."""
    seen: set[str] = set()
    for where in stories:
        blocks = [block for block in Story(reading).read(*where) if block.text]
        as_decoration(blocks, kind)
        text = "\n".join(block.text for block in blocks)
        if text and text not in seen:
            seen.add(text)
            yield from blocks


PARSER = WordParser()
