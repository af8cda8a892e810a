"""SANDBOX, untrusted: the style sheet of a Word file ([MS-DOC] 2.9.271 STSH, 2.9.260 STD) and its fonts (2.9.286)."""

import struct
from dataclasses import dataclass, field, replace
from locale import windows_locale

from parsers.legacy import sprm
from parsers.legacy.sprm import Change
from parsers.legacy.word_fib import FONTS, STYLES, WordFile
from parsers.legacy.word_formats import CharacterFormat, Formats, ParagraphFormat
from parsers.office.styles import PLAIN, RunLook, Style, heading_of_name, names_caption, names_code

_NONE = 0xFFF
_PARAGRAPH, _CHARACTER = 1, 2
_CHAIN_MAX = 32
_STYLES_MAX = 4096
_FONTS_MAX = 4096
# Numbers of built-in styles, the same in every language: MS-DOC 2.9.260, sti.
_HEADING_OF = {62: 1, 74: 2} | {number: number for number in range(1, 10)}
_CAPTION, _PREFORMATTED, _MACRO_TEXT = 34, 101, 45
_CHARACTER_CODE = frozenset((98, 100, 102, 103))  # HTML Code, Keyboard, Sample, Typewriter


@dataclass(frozen=True, slots=True)
class _Definition:
    """One style as written: its number among the built-in ones, its base, and its lists of changes."""

    kind: int
    base: int
    name: str
    built_in: int
    paragraph: bytes = b""
    characters: bytes = b""


@dataclass(slots=True)
class StyleSheet:
    """Styles by their index. Indices that are not defined give the look of Normal, which is style 0."""

    formats: Formats
    old: bool
    definitions: dict[int, _Definition] = field(default_factory=dict)
    _resolved: dict[int, Style] = field(default_factory=dict)

    def paragraph(self, index: int) -> Style:
        """A paragraph style with what it inherits."""
        if index not in self.definitions:
            index = 0
        if index not in self._resolved:
            self._resolved[index] = self._resolve(index)
        return self._resolved[index]

    def character(self, index: int) -> RunLook:
        """A character style's formatting."""
        if index not in self.definitions:
            return PLAIN
        if index not in self._resolved:
            self._resolved[index] = self._resolve(index)
        return self._resolved[index].look

    def language(self) -> str:
        """The language of Normal, as a tag of BCP 47; "" when it is not said or not known."""
        normal = self.definitions.get(0)
        found = dict(sprm.changes(normal.characters, old=self.old)) if normal else {}
        code = sprm.number(found.get(sprm.C_LANGUAGE) or found.get(sprm.C_LANGUAGE_80) or b"")
        return windows_locale.get(code, "").replace("_", "-")

    def over_style(self, sprms: bytes, modifier: list[Change], paragraph_style: int) -> CharacterFormat:
        """The formatting of a run in a paragraph of a style: that style's, its character style's, its own."""
        around = self.paragraph(paragraph_style).base
        own = self.formats.characters(sprms, around)
        if own.style:
            around = around.under(self.character(own.style))
            own = self.formats.characters(sprms, around)  # what is "not as in the style" depends on it
        look = around.under(own.look)
        added = self.formats.later(modifier, look)
        return replace(own, look=look.under(added.look), deleted=added.deleted or own.deleted)

    def _resolve(self, index: int) -> Style:
        chain: list[int] = []
        while index in self.definitions and index not in chain and len(chain) < _CHAIN_MAX:
            chain.append(index)
            index = self.definitions[index].base
        style = Style()
        for each in reversed(chain):
            self._overlay(style, each, self.definitions[each])
        style.base = style.look
        return style

    def _overlay(self, style: Style, index: int, definition: _Definition) -> None:
        """Put one style's own words over what it inherits."""
        own: ParagraphFormat = self.formats.paragraph(index, self.formats.changes(definition.paragraph))
        style.name = definition.name
        style.look = style.look.under(self.formats.look(definition.characters, style.look))
        if definition.kind == _CHARACTER and definition.built_in in _CHARACTER_CODE:
            style.look = replace(style.look, code=True)
        heading = _HEADING_OF.get(definition.built_in) or heading_of_name(definition.name)
        if heading or (heading == 0 and own.heading is None):
            style.heading = heading
        elif own.heading is not None:
            style.heading = own.heading
        if own.list_number is not None:
            style.num_id, style.list_style = str(own.list_number), str(index)
        if own.list_level is not None:
            style.ilvl = own.list_level
        style.code = style.code or definition.built_in in (_PREFORMATTED, _MACRO_TEXT) or names_code(style.name)
        style.caption = style.caption or definition.built_in == _CAPTION or names_caption(style.name)
        style.shaded = style.shaded or bool(own.shaded)


def read_styles(word: WordFile, fonts: list[str]) -> StyleSheet:
    """The style sheet; what cannot be read of it is not there."""
    sheet = StyleSheet(Formats(fonts, word.data, old=word.old), word.old)
    table = word.part(STYLES)
    if len(table) < 6:
        return sheet
    header, count, base_bytes = struct.unpack_from("<HHH", table)
    at = 2 + header
    for index in range(min(count, _STYLES_MAX)):
        if at + 2 > len(table):
            break
        size = int.from_bytes(table[at : at + 2], "little")
        definition = _definition(table[at + 2 : at + 2 + size], base_bytes, word.old)
        if definition:
            sheet.definitions[index] = definition
        at += 2 + size + (size & 1)
    return sheet


def _definition(style: bytes, base_bytes: int, old: bool) -> _Definition | None:
    if len(style) < max(8, base_bytes):
        return None
    built_in, kind_and_base, lists_and_next = struct.unpack_from("<HHH", style)
    kind, base, lists = kind_and_base & 0xF, kind_and_base >> 4, lists_and_next & 0xF
    if kind not in (_PARAGRAPH, _CHARACTER):
        return None
    name, at = _name(style, base_bytes, old)
    parts: list[bytes] = []
    for _ in range(min(lists, 2)):
        at += at & 1
        size = int.from_bytes(style[at : at + 2], "little")
        parts.append(style[at + 2 : at + 2 + size])
        at += 2 + size
    parts += [b"", b""]
    paragraph, characters = (parts[0][2:], parts[1]) if kind == _PARAGRAPH else (b"", parts[0])
    return _Definition(kind, base if base != _NONE else -1, name, built_in & 0xFFF, paragraph, characters)


def _name(style: bytes, at: int, old: bool) -> tuple[str, int]:
    """A style's name in lower case, without its aliases, and where it ends."""
    if old:
        size = style[at] if at < len(style) else 0
        return _first(style[at + 1 : at + 1 + size].decode("cp1252", "replace")), at + size + 2
    size = 2 * int.from_bytes(style[at : at + 2], "little")
    return _first(style[at + 2 : at + 2 + size].decode("utf-16-le", "replace")), at + size + 4


def _first(name: str) -> str:
    return name.partition(",")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Font:
    """A font: its name in lower case, and the Windows character set its bytes are in (wingdi.h)."""

    name: str
    character_set: int


def read_fonts(word: WordFile) -> list[Font]:
    """The fonts by their index."""
    table = word.part(FONTS)
    at = 2 if word.old else 4
    fonts: list[Font] = []
    while at < len(table) and len(fonts) < _FONTS_MAX:
        size = table[at]
        entry = table[at + 1 : at + 1 + size]
        if word.old:  # a byte of flags, weight, character set, index of an alternative, then the name
            name = entry[5:].partition(b"\x00")[0].decode("cp1252", "replace")
        else:
            name = entry[39:].decode("utf-16-le", "replace").partition("\x00")[0]
        fonts.append(Font(name.lower(), entry[3] if len(entry) > 3 else 0))
        at += 1 + size
    return fonts
