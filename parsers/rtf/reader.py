"""SANDBOX, untrusted: Rich Text Format. One pass over the tokens with an explicit stack of groups: no recursion.

Own reader: the libraries at hand under a free licence give text without structure, and structure is what chunks follow.
"""

from collections.abc import Callable
from functools import partial

from contract.verdicts import ElementType, FindingKind, Refusal, Severity
from parsers.blocks import Block, Comment, FoundIssue, ParsedDocument, Refused, Report
from parsers.markup.html_table import plain_lines
from parsers.office.decoration import as_decoration
from parsers.rtf import fields
from parsers.rtf.characters import Characters
from parsers.rtf.codepages import codec_of_codepage
from parsers.rtf.state import (
    COLLECTED,
    COLOURS,
    FONTS,
    INFO,
    OBJECT_DATA,
    PICTURE,
    PICTURES,
    SHOWN,
    SKIPPED,
    STYLES,
    State,
)  # fmt: skip
from parsers.rtf.story import Story
from parsers.rtf.tables import RowFormat
from parsers.rtf.tokens import Kind, tokens
from parsers.rtf.vocabulary import CHARACTERS, FOOTERS, HEADERS, READ_WHEN_STARRED, SYMBOLS, UNSHOWN

MEDIA_TYPE = "application/rtf"
GROUPS_MAX = 10_000  # open at once; what is deeper is read as if it stood there
STORIES_MAX = 50  # footnotes in text boxes in footnotes …
_PROGRESS_TOKENS = 20_000
_EVIDENCE_CHARS = 150


class RtfParser:
    """Reads `application/rtf`."""

    media_types = (MEDIA_TYPE, "text/rtf")

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one document. Raises `Refused` (corrupt) for what does not begin as RTF."""
        start = document.find(b"{\\rtf")
        if start < 0 or document[:start].strip(b"\xef\xbb\xbf \t\r\n\x00"):
            raise Refused(Refusal.CORRUPT, "no RTF header")
        return _Reader(report).read(document, start)


class _Reader(Characters):
    """The state of one document's reading."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self._report = report
        self._groups: list[tuple[State, list[Callable[[], None]]]] = []
        self._groups_beyond = 0
        self._stories: list[Story] = []
        self._decoration: dict[ElementType, list[list[Block]]] = {ElementType.HEADER: [], ElementType.FOOTER: []}
        self._notes: list[Block] = []
        self._note_count = 0
        self._instructions: list[list[str]] = []
        self._field_urls: list[str] = []
        self._template: list[str] = []
        self._author: list[str] = []

    def read(self, document: bytes, start: int) -> ParsedDocument:
        """The document from its first brace to its last, or to where it breaks off."""
        for number, token in enumerate(tokens(document, start)):
            if number % _PROGRESS_TOKENS == 0:
                self._report.progress("tokens", number, 0)
            kind = token.kind
            if kind in (Kind.TEXT, Kind.BYTES):
                self._bytes(token.data)
                continue
            if self._pending:
                self._flush()
            if kind is Kind.BINARY:
                self._binary(token.data)
            elif kind is Kind.WORD:
                self._word(token.word, token.number)
            elif kind is Kind.OPEN:
                self._open()
            elif kind is Kind.CLOSE:
                self._close()
                if not self._groups:
                    break  # what follows the document's own group is no part of it
            else:
                self._symbol(token.word)
        self._flush()
        while self._groups:
            self._close()
        return self._parsed()

    def _open(self) -> None:
        self._skip = 0
        if len(self._groups) >= GROUPS_MAX:
            self._groups_beyond += 1
            return
        self._groups.append((self._state, []))
        self._state = self._state.copied()
        if self._state.where == STYLES:
            self._styles.begin_entry()

    def _close(self) -> None:
        self._skip = 0
        if self._groups_beyond:
            self._groups_beyond -= 1
            return
        outer, at_end = self._groups.pop()
        for finish in reversed(at_end):
            finish()
        if not self._groups:
            outer = self._state  # the last paragraph's formatting, for whoever ends it
        self._state = outer

    def _at_end(self, finish: Callable[[], None]) -> None:
        """Call this when the group closes."""
        if self._groups:
            self._groups[-1][1].append(finish)

    def _symbol(self, symbol: str) -> None:
        if symbol == "*":
            self._starred = True
        elif symbol in "\r\n":
            self._end_paragraph()
        elif symbol in SYMBOLS:
            if self._skip:
                self._skip -= 1
            else:
                self._write(SYMBOLS[symbol])

    def _word(self, word: str, number: int | None) -> None:
        starred, self._starred = self._starred, False
        state = self._state
        if word == "u" and number is not None:
            self._unicode(number)
            return
        if self._skip:
            self._skip -= 1
            return
        if state.where == OBJECT_DATA:
            return
        if state.where == SKIPPED:
            if word == "ud" and state.outside != SKIPPED:
                state.where = state.outside
            return
        if starred and word not in READ_WHEN_STARRED:
            state.where = SKIPPED
        elif self._picture_word(word) or self._table_word(word, number) or state.apply(word, number):
            pass
        elif word in CHARACTERS:
            self._write(CHARACTERS[word])
        elif word in _ACTIONS:
            _ACTIONS[word](self, number)
        elif word in UNSHOWN:
            state.outside, state.where = state.where, SKIPPED
        elif not self._story.row.apply(word, number):
            self._objects.word(word)

    def _end_paragraph(self, _: int | None = None) -> None:
        if self._state.where == SHOWN:
            self._story.end_paragraph(self._state, self._styles)
        elif self._state.where == COLLECTED:
            self._state.sink.append("\n")

    # Destinations

    def _enter_story(self, done: Callable[[list[Block]], None]) -> None:
        """What follows in this group is a text of its own; `done` gets its blocks."""
        if len(self._stories) >= STORIES_MAX:
            return
        self._stories.append(self._story)
        self._story = Story()
        self._state.where, self._state.url = SHOWN, ""
        self._state.paragraph_defaults()
        self._at_end(partial(self._leave_story, done))

    def _leave_story(self, done: Callable[[list[Block]], None]) -> None:
        blocks = self._story.finish(self._state, self._styles)
        self._story = self._stories.pop()
        if blocks:
            done(blocks)

    def _footnote(self, _: int | None) -> None:
        self._note_count += 1
        marker = str(self._note_count)
        self._story.line.add_raw(f"[{marker}]", f"[^{marker}]")
        self._state.character_defaults(self._fonts.default)
        self._enter_story(partial(self._add_note, marker))

    def _add_note(self, marker: str, blocks: list[Block]) -> None:
        markdown = blocks[0].markdown if len(blocks) == 1 else None
        links = [link for block in blocks for link in block.links]
        self._notes.append(Block(ElementType.FOOTNOTE, plain_lines(blocks), markdown, marker=marker, links=links))

    def _header(self, kind: ElementType, _: int | None) -> None:
        self._enter_story(self._decoration[kind].append)

    def _text_box(self, _: int | None) -> None:
        outer = self._story
        self._state.behind = True  # a shape may be filled
        self._enter_story(outer.floating.extend)

    def _annotation(self, _: int | None) -> None:
        outer, author = self._story, "".join(self._author).strip()
        self._author.clear()

        def add(blocks: list[Block]) -> None:
            outer.comments.append(Comment(author, plain_lines(blocks)))

        self._enter_story(add)

    def _atn_author(self, _: int | None) -> None:
        self._author.clear()
        self._collect(self._author)

    def _marker(self, _: int | None) -> None:
        story = self._story
        collected: list[str] = []
        self._collect(collected)

        def done() -> None:
            story.marker = "".join(collected)

        self._at_end(done)

    def _field(self, _: int | None) -> None:
        self._field_urls.append("")
        self._at_end(self._field_urls.pop)  # type: ignore[arg-type] # what it returns is not looked at

    def _field_instruction(self, _: int | None) -> None:
        collected: list[str] = []
        self._instructions.append(collected)
        self._collect(collected)
        self._at_end(partial(self._field_instruction_done, collected))

    def _field_instruction_done(self, collected: list[str]) -> None:
        instruction = "".join(collected)
        if self._field_urls:
            self._field_urls[-1] = fields.target(instruction)
        shown = fields.shown_symbol(instruction)
        if shown and len(self._groups) > 0:
            self._state.where, where = SHOWN, self._state.where
            self._write(shown)
            self._state.where = where

    def _field_result(self, _: int | None) -> None:
        if self._field_urls and self._field_urls[-1]:
            self._state.url = self._field_urls[-1]

    def _end_cell(self, _: int | None) -> None:
        if self._state.where == SHOWN:
            self._story.end_cell(self._state, self._styles, 1)

    def _end_nested_cell(self, _: int | None) -> None:
        if self._state.where == SHOWN:
            self._story.end_cell(self._state, self._styles, max(2, self._state.level))

    def _end_row(self, _: int | None) -> None:
        if self._state.where == SHOWN:
            self._story.end_row(self._state, self._styles, 1)

    def _end_nested_row(self, _: int | None) -> None:
        if self._state.where == SHOWN:
            self._story.end_row(self._state, self._styles, max(2, self._state.level))

    def _begin_row(self, _: int | None) -> None:
        self._story.row = RowFormat()

    def _nested_row_format(self, _: int | None) -> None:
        """The format of a nested row stands in a group of its own; that of the row around it is back afterwards."""
        story, outer = self._story, self._story.row

        def restore() -> None:
            story.row = outer

        self._at_end(restore)

    def _pard(self, _: int | None) -> None:
        self._state.paragraph_defaults()

    def _plain(self, _: int | None) -> None:
        self._state.character_defaults(self._fonts.default)

    def _codepage(self, number: int | None) -> None:
        self._fonts.codec = codec_of_codepage(number or 1252)

    def _fixed_codepage(self, codepage: int, _: int | None) -> None:
        self._fonts.codec = codec_of_codepage(codepage)

    def _default_font(self, number: int | None) -> None:
        self._fonts.default = number or 0

    def _go(self, where: int, _: int | None) -> None:
        self._state.where = where

    def _template_name(self, _: int | None) -> None:
        self._collect(self._template)

    def _object(self, _: int | None) -> None:
        self._at_end(self._objects.begin())

    def _object_class(self, _: int | None) -> None:
        self._collect(self._objects.class_name())

    def _object_data(self, _: int | None) -> None:
        self._state.where = OBJECT_DATA
        self._at_end(partial(self._objects.pass_on, self._report.files))

    def _only_pictures(self, _: int | None) -> None:
        """A picture stands in this group, and nothing else that is shown."""
        self._state.where = PICTURES if self._state.where == SHOWN else SKIPPED

    def _picture(self, _: int | None) -> None:
        """The words on a picture stand behind the paragraph in which it does. That of an object is not read."""
        state, story = self._state, self._story
        if state.where not in (SHOWN, PICTURES) or state.hidden or state.deleted or self._objects.shown_by_itself():
            state.where = SKIPPED
            return
        on_white = not state.behind
        state.where = PICTURE
        self._pictures.begin()
        self._at_end(lambda: story.floating.extend(self._pictures.blocks(on_white=on_white)))

    # The end

    def _parsed(self) -> ParsedDocument:
        body = self._story.finish(self._state, self._styles)
        headers, footers = (self._decorations(kind) for kind in (ElementType.HEADER, ElementType.FOOTER))
        return ParsedDocument(
            media_type=MEDIA_TYPE,
            blocks=[*headers, *body, *self._notes, *footers],
            title=self._info.text("title"),
            author=self._info.text("author"),
            created=self._info.date("creatim"),
            modified=self._info.date("revtim"),
            findings=self._findings(),
        )

    def _decorations(self, kind: ElementType) -> list[Block]:
        """Each distinct header or footer once."""
        shown: dict[str, list[Block]] = {}
        for blocks in self._decoration[kind]:
            shown.setdefault("\n".join(block.text for block in blocks), blocks)
        for blocks in shown.values():
            as_decoration(blocks, kind)
        return [block for blocks in shown.values() for block in blocks]

    def _findings(self) -> list[FoundIssue]:
        found = [*fields.findings(["".join(each) for each in self._instructions]), *self._objects.findings()]
        found += self._pictures.shown.findings()
        if self._hidden:
            excerpt = " ".join("".join(self._hidden[:50]).split())[:_EVIDENCE_CHARS]
            evidence = f"{len(self._hidden)} runs: {excerpt}"
            found.append(FoundIssue(FindingKind.HIDDEN_TEXT, Severity.MEDIUM, "document", evidence))
        template = "".join(self._template).strip()
        if "://" in template or template.startswith("\\\\"):
            evidence = f"template: {template[:_EVIDENCE_CHARS]}"
            found.append(FoundIssue(FindingKind.EXTERNAL_REFERENCE, Severity.HIGH, "document", evidence))
        return found


_Action = Callable[[_Reader, int | None], None]


def _go(where: int) -> _Action:
    return lambda reader, number: reader._go(where, number)


def _fixed(codepage: int) -> _Action:
    return lambda reader, number: reader._fixed_codepage(codepage, number)


def _header_of(kind: ElementType) -> _Action:
    return lambda reader, number: reader._header(kind, number)


_ACTIONS: dict[str, _Action] = {
    "par": _Reader._end_paragraph, "sect": _Reader._end_paragraph, "page": _Reader._end_paragraph,
    "cell": _Reader._end_cell, "nestcell": _Reader._end_nested_cell, "row": _Reader._end_row,
    "nestrow": _Reader._end_nested_row, "trowd": _Reader._begin_row, "pard": _Reader._pard, "plain": _Reader._plain,
    "ansicpg": _Reader._codepage, "mac": _fixed(10000), "pc": _fixed(437), "pca": _fixed(850),
    "deff": _Reader._default_font, "fonttbl": _go(FONTS), "colortbl": _go(COLOURS), "stylesheet": _go(STYLES),
    "info": _go(INFO), "footnote": _Reader._footnote, "annotation": _Reader._annotation,
    "atnauthor": _Reader._atn_author, "atnid": _go(SKIPPED), "shptxt": _Reader._text_box,
    "dptxbxtext": _Reader._text_box, "listtext": _Reader._marker, "pntext": _Reader._marker, "field": _Reader._field,
    "fldinst": _Reader._field_instruction, "fldrslt": _Reader._field_result, "template": _Reader._template_name,
    "nesttableprops": _Reader._nested_row_format, "object": _Reader._object, "objclass": _Reader._object_class,
    "objdata": _Reader._object_data, "pict": _Reader._picture, "shppict": _Reader._only_pictures,
    **{word: _header_of(ElementType.HEADER) for word in HEADERS},
    **{word: _header_of(ElementType.FOOTER) for word in FOOTERS},
}  # fmt: skip

PARSER = RtfParser()
