"""SANDBOX, untrusted: Pages, Keynote and Numbers of 2013 and later: text by where it is stored, tables cell by cell.

The types of objects and the numbers of their fields are as keynote-parser and numbers-parser found them. Of what a page
or slide looks like nothing is read, so stories come as they are stored.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from contract.verdicts import ElementType, FindingKind, Refusal, Severity
from parsers.archive_guard import Package, open_archive
from parsers.blocks import Block, FoundIssue, Refused, Report
from parsers.iwork.archive import OBJECTS_MAX, Fields, Room, Stored, objects_of
from parsers.iwork.cells import cell_text, offsets_of
from parsers.iwork.grid import CELLS_MAX, CELLS_OF_ALL_MAX, shaped
from parsers.iwork.kinds import KEYNOTE, NUMBERS, PAGES

CELL_CHARS_MAX = 64 << 20  # of all tables together: any number of cells may show the same text
DOCUMENT = "index/document.iwa"
PACKED = "index.zip"
_PARAGRAPH = re.compile("[\n\r\u2029\u0004\u0005\u000c]")
_NOT_SHOWN = re.compile("[\ufffc\ufffd\u000e\u000f]")  # places of attachments and notes
_SLIDE = re.compile(r"index/slide(?:-(\d{1,18}))?(?:-\d{1,9})?\.iwa")
_MASTERS = ("index/masterslide", "index/templateslide")
# Types of objects.
_NUMBERS_DOCUMENT, _SHEET, _PAGES_DOCUMENT, _STORAGE = 1, 2, 10000, 2001
_TABLE, _MODEL, _TILE, _LIST, _RICH = 6000, 6001, 6002, 6005, 6218
_WANTED = frozenset((_NUMBERS_DOCUMENT, _SHEET, _STORAGE, _TABLE, _MODEL, _TILE, _LIST, _RICH))
# Kinds of storages.
_BODY, _HEADER, _NOTE_AT_FOOT, _BOX, _SPOKEN = 0, 1, 2, 3, 4


def modern_kind(package: Package, names: dict[str, str]) -> str:
    """The media type; "" when it is none of the three."""
    inside, names = _inside(package, names)
    if any(_SLIDE.fullmatch(name) or name.startswith(_MASTERS) for name in names):
        return KEYNOTE
    if DOCUMENT not in names:
        return ""
    kinds = {each.kind for each in objects_of(inside.read(names[DOCUMENT]), Room())}
    return PAGES if _PAGES_DOCUMENT in kinds else NUMBERS if _NUMBERS_DOCUMENT in kinds else ""


def _inside(package: Package, names: dict[str, str]) -> tuple[Package, dict[str, str]]:
    """The package that has the objects: it may be one in the package."""
    if DOCUMENT in names or PACKED not in names:
        return package, names
    inner = open_archive(package.read(names[PACKED]))
    return inner, {name.lower(): name for name in inner.namelist()}


class ModernReader:
    """Reads one document. `findings` tells what could not be read."""

    def __init__(self, package: Package, names: dict[str, str], report: Report) -> None:
        self.findings: list[FoundIssue] = []
        self._package, self._names = _inside(package, names)
        self._report = report
        self._room = Room()
        self._objects: dict[int, Stored] = {}
        self._rich: dict[int, str] = {}  # by the object in between, and by the story itself
        self._stories_read: dict[int, str] = {}
        self._cells_left, self._chars_left = [CELLS_OF_ALL_MAX], CELL_CHARS_MAX
        self._unread = 0

    def blocks(self, kind: str) -> Iterator[Block]:
        """The document. Raises `Refused`: bomb, corrupt when nothing of it can be read."""
        files = {name: self._file(name) for name in self._order()}
        if kind == KEYNOTE:
            for number, name in enumerate(name for name in files if _SLIDE.fullmatch(name)):
                yield from self._slide(files[name], number + 1)
        else:
            if kind == NUMBERS:
                yield from self._sheets(files.get(DOCUMENT, []))
            yield from self._stories(files.get(DOCUMENT, []))
            if kind == PAGES:
                yield from self._tables(files.get(DOCUMENT, []), None)
        if self._unread:
            evidence = f"{self._unread} cells in a form that is not known here"
            self.findings.append(FoundIssue(FindingKind.NOT_EXAMINED, Severity.MEDIUM, "tables", evidence))

    def _order(self) -> list[str]:
        """Files with objects; slides by their numbers, which is the order in which they were made."""
        names = [name for name in self._names if name.endswith(".iwa") and not name.startswith(_MASTERS)]

        def place(name: str) -> tuple[int, int]:
            found = _SLIDE.fullmatch(name)
            return (1, int(found[1] or 0)) if found else (0, 0)

        return sorted(names, key=place)

    def _file(self, name: str) -> list[Stored]:
        self._report.progress("objects", OBJECTS_MAX - self._room.objects, 0)
        found: list[Stored] = []
        try:
            for each in objects_of(self._package.read(self._names[name]), self._room):
                if each.kind in _WANTED:
                    self._objects.setdefault(each.number, each)
                    found.append(each)
        except Refused as refused:
            if refused.refusal is not Refusal.CORRUPT:
                raise
            self.findings.append(FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, name, refused.detail))
        return found

    def _stories(self, stored: list[Stored]) -> Iterator[Block]:
        """Headers and footers, the body, boxes, notes."""
        storages = [Fields(each.data) for each in stored if each.kind == _STORAGE]
        headers = dict.fromkeys(" ".join(_paragraphs(each)) for each in storages if each.number(1, _BOX) == _HEADER)
        yield from (Block(ElementType.HEADER, text) for text in headers if text)
        for wanted in (_BODY, _BOX):
            for each in storages:
                if each.number(1, _BOX) == wanted:
                    yield from (Block(ElementType.NARRATIVE_TEXT, text) for text in _paragraphs(each))
        notes = [" ".join(_paragraphs(each)) for each in storages if each.number(1, _BOX) == _NOTE_AT_FOOT]
        yield from (Block(ElementType.FOOTNOTE, text, marker=str(at)) for at, text in enumerate(notes, 1) if text)

    def _slide(self, stored: list[Stored], number: int) -> Iterator[Block]:
        yield Block(ElementType.TITLE, f"Slide {number}", depth=1, page=number)
        spoken: list[str] = []
        for each in stored:
            if each.kind != _STORAGE:
                continue
            storage = Fields(each.data)
            if storage.number(1, _BOX) == _SPOKEN:
                spoken += _paragraphs(storage)
            else:
                yield from (Block(ElementType.NARRATIVE_TEXT, text, page=number) for text in _paragraphs(storage))
        yield from self._tables(stored, number)
        if spoken:
            yield Block(ElementType.TITLE, "Speaker notes", depth=3, page=number)
            yield from (Block(ElementType.NARRATIVE_TEXT, text, page=number) for text in spoken)

    def _sheets(self, stored: list[Stored]) -> Iterator[Block]:
        document = next((Fields(each.data) for each in stored if each.kind == _NUMBERS_DOCUMENT), Fields(b""))
        hidden = 0
        for number, reference in enumerate(dict.fromkeys(document.references(1)), 1):
            sheet = self._fields(reference, _SHEET)
            if sheet.number(25):
                hidden += 1
                continue
            tables = [block for each in sheet.references(2) for block in self._table(each, number)]
            if tables:
                yield Block(ElementType.TITLE, sheet.text(1) or f"Sheet {number}", depth=1, page=number)
                yield from tables
        if hidden:
            self.findings.append(
                FoundIssue(FindingKind.HIDDEN_TEXT, Severity.MEDIUM, "sheets", f"{hidden} hidden sheets")
            )

    def _fields(self, reference: int, kind: int) -> Fields:
        """An object's fields; none when it is missing or of another type."""
        each = self._objects.get(reference)
        return Fields(each.data if each is not None and each.kind == kind else b"")

    def _taken(self, reference: int, kind: int) -> Fields:
        """The same, once: a thousand tables over one list of texts would have it read a thousand times."""
        fields = self._fields(reference, kind)
        self._objects.pop(reference, None)
        return fields

    def _tables(self, stored: list[Stored], page: int | None) -> Iterator[Block]:
        for each in stored:
            if each.kind == _TABLE:
                yield from self._table(each.number, page)

    def _table(self, reference: int, page: int | None) -> Iterator[Block]:
        info = self._taken(reference, _TABLE)
        model = self._taken(next(iter(info.references(2)), 0), _MODEL)
        table, cut = shaped(self._cells(model.message(4)), model.number(9), self._cells_left)
        if cut:
            evidence = "a table with too many cells"
            self.findings.append(FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, "tables", evidence))
        if table is not None:
            if model.number(22) and (name := model.text(8).strip()):
                yield Block(ElementType.FIGURE_CAPTION, name, page=page)
            text = "\n".join("\t".join(cell.text for cell in row) for row in table.rows)
            yield Block(ElementType.TABLE, text, table=table, page=page)

    def _cells(self, store: Fields) -> dict[tuple[int, int], str]:
        strings = {key: entry.text(3) for key, entry in self._entries(store, 4)}
        rich = {key: self._rich_text(entry) for key, entry in self._entries(store, 17)}
        tiles = store.message(3)
        height = tiles.number(2) or 256
        cells: dict[tuple[int, int], str] = {}
        for entry in tiles.all(1):
            tile = Fields(entry)
            for reference in tile.references(2):
                for row in self._taken(reference, _TILE).all(5):
                    self._row(Fields(row), tile.number(1) * height, strings, rich, cells)
        return cells

    def _entries(self, store: Fields, field: int) -> Iterator[tuple[int, Fields]]:
        for reference in store.references(field):
            for each in self._taken(reference, _LIST).all(3):
                entry = Fields(each)
                yield entry.number(1), entry

    def _rich_text(self, entry: Fields) -> str:
        payload = next(iter(entry.references(9)), 0)
        if payload not in self._rich:  # both, as either may be large and be referred to any number of times
            reference = next(iter(self._fields(payload, _RICH).references(1)), 0)
            if reference not in self._stories_read:
                self._stories_read[reference] = "\n".join(_paragraphs(self._fields(reference, _STORAGE)))
            self._rich[payload] = self._stories_read[reference]
        return self._rich[payload]

    def _row(
        self, row: Fields, first: int, strings: dict[int, str], rich: dict[int, str], cells: dict[tuple[int, int], str]
    ) -> None:
        data = b"".join(row.all(6))
        starts = offsets_of(b"".join(row.all(7)), wide=bool(row.number(8)))
        if not data and row.all(3):
            self._unread += row.number(2)  # of before 2016, and saved by nothing newer
            return
        ends = [*sorted({at for at in starts if at >= 0}), len(data)]
        following = dict(pairwise(ends))
        for column, at in enumerate(starts):
            if at < 0 or at >= len(data) or len(cells) >= CELLS_MAX:
                continue
            text = cell_text(data[at : following[at]], strings, rich)
            self._unread += text is None
            if text:
                self._chars_left -= len(text)
                if self._chars_left < 0:
                    raise Refused(Refusal.BOMB, f"iWork: cells of over {CELL_CHARS_MAX} characters")
                cells[first + row.number(1), column] = text


def _paragraphs(storage: Fields) -> list[str]:
    text = _NOT_SHOWN.sub("", storage.text(3))
    pieces = (each.strip() for each in _PARAGRAPH.split(text))
    return [each.replace("\u2028", "\n") for each in pieces if each]
