"""SANDBOX, untrusted: one Word file being read: its text, and the formatting of every character and paragraph."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from parsers.blocks import Block, Comment, Report
from parsers.character_sets import DOUBLE_BYTE, decode_bytes, double_byte_units, joined_units, utf16_units
from parsers.legacy.sprm import Change
from parsers.legacy.word_drawings import Pictures
from parsers.legacy.word_fib import WordFile
from parsers.legacy.word_formats import CharacterFormat, ParagraphFormat
from parsers.legacy.word_lists import read_numbering
from parsers.legacy.word_runs import Runs, character_runs, paragraph_runs
from parsers.legacy.word_styles import StyleSheet, read_fonts, read_styles
from parsers.legacy.word_text import WordText, read_pieces
from parsers.metafile.shown import Pictures as VectorPictures
from parsers.office.numbering import Numbering
from parsers.office.styles import Style

PROGRESS_EVERY = 250
_RUNS_LOOKED_AT = 2000
_Key = tuple[bytes, int]  # changes of a run, and the number of those of its piece


@dataclass(slots=True)
class Anchored:
    """What stands in the text at a character: marks of notes, comments, ranges of text boxes, other drawings."""

    marks: dict[int, str] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    boxes: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    drawn: dict[int, list[Block]] = field(default_factory=dict)  # what drawings say beside their text boxes


@dataclass(slots=True)
class Reading:
    """A document being read. Positions count characters from the start of all its text."""

    word: WordFile
    report: Report
    source: WordText
    text: str
    styles: StyleSheet
    numbering: Numbering
    character_sets: dict[str | None, int]
    pictures: Pictures
    vectors: VectorPictures
    anchored: Anchored = field(default_factory=Anchored)
    hidden: list[str] = field(default_factory=list)
    active_fields: list[str] = field(default_factory=list)
    fonts_mean_code: bool = True
    paragraphs: int = 0
    _paragraph_runs: Runs = field(default_factory=lambda: Runs([]))
    _starts: list[int] = field(default_factory=list)
    _keys: list[_Key] = field(default_factory=list)
    _paragraph_formats: dict[tuple[int, bytes, int], ParagraphFormat] = field(default_factory=dict)
    _formats: dict[tuple[_Key, int], CharacterFormat] = field(default_factory=dict)

    @classmethod
    def begin(cls, word: WordFile, report: Report) -> "Reading":
        """Read text, styles and lists, and lay the runs of formatting over the text."""
        source = read_pieces(word)
        fonts = read_fonts(word)
        vectors = VectorPictures()
        reading = cls(
            word=word,
            report=report,
            source=source,
            text=_joined(word, source, [font.character_set for font in fonts], report),
            styles=read_styles(word, [font.name for font in fonts]),
            numbering=read_numbering(word),
            pictures=Pictures(word.data, vectors),
            vectors=vectors,
            # Text without a font of its own is in the first one (MS-DOC 2.9.266, StshiB).
            character_sets={None: fonts[0].character_set if fonts else 0}
            | {font.name: font.character_set for font in fonts},
        )
        reading._paragraph_runs = paragraph_runs(word, report)
        reading._lay_runs(character_runs(word, report))
        # A document typed in Courier throughout is not code.
        reading.fonts_mean_code = not reading._mostly_code()
        report.progress("formatting", 1, 1)
        return reading

    def _lay_runs(self, runs: Runs) -> None:
        """Characters are stored by offset, read by position: one list of where each formatting begins."""
        for number, piece in enumerate(self.source.pieces):
            if number % PROGRESS_EVERY == 0:
                self.report.progress("formatting", 0, 1)
            modifier = piece.modifier
            end = piece.offset + (piece.end - piece.start) * piece.width
            self._begin_run(piece.start, (b"", modifier))
            for run in runs.between(piece.offset, end):
                if run.end <= piece.offset:
                    continue
                begins = max(run.start, piece.offset)
                self._begin_run(piece.start + (begins - piece.offset) // piece.width, (run.sprms, modifier))
                if run.end < end:
                    self._begin_run(piece.start + (run.end - piece.offset) // piece.width, (b"", modifier))

    def _begin_run(self, position: int, key: _Key) -> None:
        while self._starts and self._starts[-1] >= position:
            self._starts.pop()
            self._keys.pop()
        self._starts.append(position)
        self._keys.append(key)

    def runs(self, start: int, end: int, paragraph: ParagraphFormat) -> Iterator[tuple[int, int, CharacterFormat]]:
        """(start, end, formatting) of the runs of a range, formatted over its paragraph's style."""
        index = max(0, bisect_right(self._starts, start) - 1)
        position = start
        while position < end:
            following = self._starts[index + 1] if index + 1 < len(self._starts) else end
            stop = min(max(following, position), end)
            if stop > position:
                yield position, stop, self._format(index, paragraph.style)
            position = stop
            index += 1

    def _format(self, index: int, style: int) -> CharacterFormat:
        key = (self._keys[index] if index < len(self._keys) else (b"", 0), style)
        known = self._formats.get(key)
        if known is None:
            sprms, modifier = key[0]
            known = self.styles.over_style(sprms, self.source.modifier(modifier), style)
            self._formats[key] = known
        return known

    def _mostly_code(self) -> bool:
        fixed = total = 0
        ends = [*self._starts[1:_RUNS_LOOKED_AT], len(self.text)]
        for index, (start, end) in enumerate(zip(self._starts, ends, strict=False)):
            total += end - start
            fixed += (end - start) * self._format(index, 0).look.is_code()
        return 2 * fixed > total

    def paragraph(self, end: int) -> ParagraphFormat:
        """Formatting of the paragraph whose mark stands at a position."""
        place = self.source.offset(end)
        if place is None:
            return ParagraphFormat()
        offset, piece = place
        run = self._paragraph_runs.at(offset)
        key = (run.style, run.sprms, piece.modifier)
        known = self._paragraph_formats.get(key)
        if known is None:
            formats = self.styles.formats
            found = [*formats.changes(run.sprms), *self.source.modifier(piece.modifier)]
            known = self._paragraph_formats[key] = formats.paragraph(run.style, found)
        return known

    def row_changes(self, end: int) -> list[Change]:
        """The formatting changes at the end of a table's row."""
        place = self.source.offset(end)
        return self.styles.formats.changes(self._paragraph_runs.at(place[0]).sprms) if place else []

    def ends_paragraph(self, position: int) -> bool:
        """Whether the formatting of a paragraph ends with a character."""
        place = self.source.offset(position)
        return place is not None and self._paragraph_runs.at(place[0]).end == place[0] + place[1].width

    def style(self, paragraph: ParagraphFormat) -> Style:
        """The resolved style of a paragraph."""
        return self.styles.paragraph(paragraph.style)

    def decode(self, text: str, font: str | None) -> str:
        """Text as shown. Before Word 97 text is bytes in the character set of its font."""
        if text.isascii():
            return text
        if not self.word.old or self.word.double_byte:
            return joined_units(text)
        return decode_bytes(text.encode("latin-1"), self.character_sets.get(font, 0))

    def tick(self) -> None:
        """Count a paragraph, and show life every so often."""
        self.paragraphs += 1
        if self.paragraphs % PROGRESS_EVERY == 0:
            self.report.progress("paragraphs", self.paragraphs, 0)


def _joined(word: WordFile, source: WordText, character_sets: list[int], report: Report) -> str:
    """The text of all pieces; gaps are filled, so that positions stay what they are."""
    parts: list[str] = []
    position = 0
    narrow = "latin-1" if word.old else "cp1252"
    double_byte = next((each for each in character_sets if each in DOUBLE_BYTE), 0)
    for piece in source.pieces:
        stored = word.main[piece.offset : piece.offset + (piece.end - piece.start) * piece.width]
        if word.double_byte:
            shown = double_byte_units(stored, double_byte)
        else:
            shown = utf16_units(stored) if piece.width == 2 else stored.decode(narrow, "replace")
        parts += ["\x00" * (piece.start - position), shown]
        position = piece.end
    report.progress("text", 1, 1)
    return "".join(parts)
