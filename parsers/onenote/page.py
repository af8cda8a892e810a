"""SANDBOX, untrusted: the objects of a OneNote page to blocks: title, outlines, lists, tables, files ([MS-ONE] 2.2).

Objects refer to those in them. They are walked with a mark on each, down to a bounded depth, so a circle ends.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from contract.verdicts import ElementType
from parsers.blocks import Block, Cell, Link, Table
from parsers.character_sets import decode_page, joined_units, utf16_units
from parsers.markup.ordinals import bijective_letters, lower_roman, upper_roman
from parsers.onenote.model import Name, Object, Space
from parsers.onenote.properties import Properties, properties_of

DEPTH_MAX = 100
LIST_DEPTH_MAX = 20
# Kinds of objects: JCID, 2.1.13.
RICH_TEXT, TITLE, TABLE, ROW, CELL = 0x0006000E, 0x0006002C, 0x00060022, 0x00060023, 0x00060024
OUTLINE_ELEMENT, EMBEDDED_FILE, IMAGE, NUMBER_LIST = 0x0006000D, 0x00060035, 0x00060011, 0x00060012
# Properties: 2.1.12, without the bit of truth values.
TEXT, TEXT_BYTES, RUN_ENDS = 0x1C001C22, 0x1C003498, 0x1C001E12
STRUCTURE, CONTENT, CHILDREN, LISTS = 0x24001D5F, 0x24001C1F, 0x24001C20, 0x24001C26
IS_TITLE_TIME, IS_TITLE_DATE = 0x08001C87, 0x08001CB5
LIST_FORMAT, LIST_RESTARTS = 0x1C001C1A, 0x14001CB7
FILE_NAME, FILE_CONTAINER, FILE_PATH = 0x1C001D9C, 0x20001D9B, 0x1C001D9D
PICTURE_CONTAINER, PICTURE_TEXT, PICTURE_NAME = 0x20001C3F, 0x1C001E58, 0x1C001DD7
# What a link is in the text: a mark, the address, then the words shown (2.3.97, fields).
_LINK = re.compile('\ufddfHYPERLINK "([^"]{0,4000})"[ ]?')
_NUMBER_MARK = "\ufffd"  # in a list's format, before the kind of numbers


@dataclass(slots=True)
class Embedded:
    """A file on a page: what it is called there, and the reference to its bytes."""

    name: str
    reference: str


@dataclass(slots=True)
class PageReader:
    """One walk through a space. `files` are those met, `pictures` the references that pictures have."""

    space: Space
    page: int | None
    account: Callable[[int], None]
    files: list[Embedded] = field(default_factory=list)
    pictures: set[str] = field(default_factory=set)
    cut: bool = False
    _seen: set[Name] = field(default_factory=set)
    _numbers: dict[int, int] = field(default_factory=dict)

    def blocks(self, root: Name) -> Iterator[Block]:
        """Everything under an object, in reading order."""
        return self._walk(root, 0, _Around())

    def _walk(self, name: Name, depth: int, around: "_Around") -> Iterator[Block]:
        each = self.space.objects.get(name)
        if each is None or name in self._seen:
            return
        if depth > DEPTH_MAX:
            self.cut = True
            return
        self._seen.add(name)
        properties = properties_of(each, self.account)
        if each.kind == TABLE:
            yield from self._table(properties, depth, around)
            return
        own = around.inside(each.kind)
        marker = self._marker(properties, own) if each.kind == OUTLINE_ELEMENT else None
        content = own if marker is None else own.as_item(marker)
        yield from self._own(each, properties, content)
        for key in (STRUCTURE, CONTENT):
            for inside in properties.names(key):
                yield from self._walk(inside, depth + 1, content)
        for inside in properties.names(CHILDREN):
            yield from self._walk(inside, depth + 1, own)

    def _own(self, each: Object, properties: Properties, around: "_Around") -> Iterator[Block]:
        if each.kind == EMBEDDED_FILE:
            name = properties.text(FILE_NAME) or properties.text(FILE_PATH).replace("\\", "/").rpartition("/")[2]
            self.files += [Embedded(name, file) for file in self._files(properties, FILE_CONTAINER)]
            if name:
                yield Block(ElementType.NARRATIVE_TEXT, name, page=self.page)
        elif each.kind == IMAGE:
            self.pictures.update(self._files(properties, PICTURE_CONTAINER))
            if described := properties.text(PICTURE_TEXT).strip():
                yield Block(ElementType.IMAGE, described, page=self.page)
        else:
            text, links = _shown(properties)
            if text.strip():
                yield self._paragraph(text.strip(), links, properties, around)

    def _paragraph(self, text: str, links: list[Link], properties: Properties, around: "_Around") -> Block:
        dated = properties.number(IS_TITLE_DATE) or properties.number(IS_TITLE_TIME)
        if around.in_title and not dated:
            return Block(ElementType.TITLE, text, depth=1, page=self.page, links=links)
        if around.marker is not None:
            depth = min(max(around.level - 1, 0), LIST_DEPTH_MAX)
            return Block(ElementType.LIST_ITEM, text, depth=depth, marker=around.marker, page=self.page, links=links)
        return Block(ElementType.NARRATIVE_TEXT, text, page=self.page, links=links)

    def _files(self, properties: Properties, key: int) -> list[str]:
        containers = (self.space.objects.get(name) for name in properties.names(key))
        return [container.file for container in containers if container is not None and container.file]

    def _table(self, properties: Properties, depth: int, around: "_Around") -> Iterator[Block]:
        rows: list[list[Cell]] = []
        inside = _Around(level=0)
        for row in properties.names(CHILDREN):
            cells: list[Cell] = []
            for cell in self._inside(row, ROW):
                blocks = list(self._walk(cell, depth + 2, inside))
                links = [link for block in blocks for link in block.links]
                text = "\n".join(block.text for block in blocks)
                for link in links:
                    text = text if link.url in text else f"{text} ({link.url})"
                cells.append(Cell(text))
            if cells:
                rows.append(cells)
        if rows:
            text = "\n".join("\t".join(cell.text for cell in row) for row in rows)
            yield Block(ElementType.TABLE, text, page=self.page, table=Table(rows))

    def _inside(self, name: Name, kind: int) -> tuple[Name, ...]:
        each = self.space.objects.get(name)
        if each is None or each.kind != kind or name in self._seen:
            return ()
        self._seen.add(name)
        return properties_of(each, self.account).names(CHILDREN)

    def _marker(self, properties: Properties, around: "_Around") -> str | None:
        """The marker of a list item as shown; "" for a bullet, None for what is none. Numbers count on by level."""
        names = properties.names(LISTS)
        level = around.level
        self._numbers = {each: number for each, number in self._numbers.items() if each <= level}
        if not names:
            self._numbers.pop(level, None)
            return None
        each = self.space.objects.get(names[0])
        listed = properties_of(each, self.account) if each is not None else Properties({})
        form = utf16_units(listed.data(LIST_FORMAT))
        form = form[1 : 1 + ord(form[0])] if form else ""  # counted (2.3.20)
        if _NUMBER_MARK not in form:
            return ""
        start = listed.number(LIST_RESTARTS)
        number = start if start and level not in self._numbers else self._numbers.get(level, 0) + 1
        self._numbers[level] = number
        before, _, after = form.partition(_NUMBER_MARK)
        return f"{before}{_number(ord(after[0]) if after else 0, number)}{after[1:]}"


@dataclass(frozen=True, slots=True)
class _Around:
    """What an object hands down: outline level, whether it is in the title, its list marker."""

    level: int = 0
    in_title: bool = False
    marker: str | None = None

    def inside(self, kind: int) -> "_Around":
        level = self.level + (kind == OUTLINE_ELEMENT)
        # What is in an element without a marker of its own, such as a picture, is part of its item all the same.
        return _Around(level, self.in_title or kind == TITLE, None if kind == OUTLINE_ELEMENT else self.marker)

    def as_item(self, marker: str) -> "_Around":
        return _Around(self.level, self.in_title, marker)


def _number(kind: int, number: int) -> str:
    """The first five kinds of MSONFC ([MS-OSHARED] 2.2.1.3); others in digits."""
    if kind in (1, 2):
        return upper_roman(number) if kind == 1 else lower_roman(number)
    if kind in (3, 4) and 0 < number < 10_000:
        text = bijective_letters(number)
        return text.upper() if kind == 3 else text.lower()
    return str(number)


def _shown(properties: Properties) -> tuple[str, list[Link]]:
    """The text of an object without its fields' code, and its links."""
    if unicode_text := properties.data(TEXT):
        text = utf16_units(unicode_text)
    else:
        text = decode_page(properties.data(TEXT_BYTES), 1252)
    text = text.rstrip("\x00")
    if "\ufddf" not in text:
        return joined_units(text), []
    ends = [int.from_bytes(properties.data(RUN_ENDS)[at : at + 4], "little") for at in range(0, 8000, 4)]
    pieces: list[str] = []
    links: list[Link] = []
    at = 0
    for found in _LINK.finditer(text):
        # Up to the next field at most: where no run ends, each link would have all that follows for its words.
        following = text.find("\ufddf", found.end())
        limit = following if following >= 0 else len(text)
        end = min((each for each in ends if found.end() < each <= limit), default=limit)
        words = joined_units(text[found.end() : end]).strip()
        links.append(Link(words or found[1], found[1]))
        pieces.append(text[at : found.start()])
        at = found.end()
    return joined_units("".join([*pieces, text[at:]])).replace("\ufddf", ""), links
