"""SANDBOX, untrusted: how a PowerPoint file is put together: edits, their directories of objects, lists of slides
([MS-PPT] 2.1.2, 2.3, 2.4.14).

Each saving appends what changed and a directory of it; the newest directory that names an object wins. The chain of
edits is a chain of offsets, followed at most once through each. A file without a readable chain is read in file order.
"""

from dataclasses import dataclass, field

from contract.verdicts import Refusal
from parsers.blocks import Refused
from parsers.compound_file import CompoundFile
from parsers.legacy.records import Record, Records

DOCUMENT, SLIDE, NOTES, MAIN_MASTER = 0x03E8, 0x03EE, 0x03F0, 0x03F8
_USER_EDIT, _DIRECTORY, _CRYPT_SESSION = 0x0FF5, 0x1772, 0x2F14
_SLIDE_LIST, _SLIDE_ENTRY = 0x0FF0, 0x03F3
SLIDES, MASTERS, NOTES_PAGES = 0, 1, 2
_ENCRYPTED_TOKEN = 0xF3D1C4DF  # CurrentUserAtom, 2.3.2
_EDITS_MAX = 10_000
_OBJECTS_MAX = 200_000
_FOLDERS = ("", "PP97_DUALSTORAGE/")  # a file for both PowerPoint 95 and 97 has the newer one in a folder


@dataclass(slots=True)
class Entry:
    """An entry of a list of slides: the slide's identifier, its container, and the records of its outline text."""

    identifier: int
    container: Record | None
    outline: list[Record] = field(default_factory=list)


@dataclass(slots=True)
class Presentation:
    """The records of a file, its document container, and its lists."""

    records: Records
    document: Record | None
    lists: dict[int, list[Entry]]
    whole: bool  # whether the directory could be read
    objects: dict[int, int] = field(default_factory=dict)  # offsets of persistent objects by identifier
    folder: str = ""  # where its streams are


def open_presentation(compound: CompoundFile) -> Presentation:
    """Raises `Refused`: encrypted, corrupt (no slides and no document to be found)."""
    folder = next((each for each in _FOLDERS if f"{each}PowerPoint Document" in compound), None)
    stream = compound.stream(f"{folder}PowerPoint Document") if folder is not None else None
    if folder is None or not stream:
        raise Refused(Refusal.CORRUPT, "no PowerPoint document stream")
    user = compound.stream(f"{folder}Current User", 4096) or b""
    if int.from_bytes(user[12:16], "little") == _ENCRYPTED_TOKEN or "EncryptedSummary" in compound:
        raise Refused(Refusal.ENCRYPTED, "a password is needed to open the presentation")
    records = Records(stream)
    objects, document_id = _objects(records, int.from_bytes(user[16:20], "little"))
    document = _container(records, objects.get(document_id), DOCUMENT)
    lists = _lists(records, document, objects) if document else {}
    if lists.get(SLIDES):
        return Presentation(records, document, lists, whole=True, objects=objects, folder=folder)
    found = _in_file_order(records, document)
    found.folder = folder
    return found


def _objects(records: Records, offset: int) -> tuple[dict[int, int], int]:
    """Offsets of persistent objects by identifier, and the identifier of the document's container."""
    objects: dict[int, int] = {}
    document_id = 0
    edit = records.at(offset)
    if edit is None or edit.kind != _USER_EDIT:
        edit = _last_edit(records)
    seen: set[int] = set()
    while edit is not None and edit.kind == _USER_EDIT and edit.start not in seen and len(seen) < _EDITS_MAX:
        seen.add(edit.start)
        document_id = document_id or records.number(edit, 16)
        if edit.end - edit.start >= 32 and records.number(edit, 28):
            raise Refused(Refusal.ENCRYPTED, "a password is needed to open the presentation")
        directory = records.at(records.number(edit, 12))
        if directory is not None and directory.kind == _DIRECTORY:
            _read_directory(records, directory, objects)
        earlier = records.number(edit, 8)
        edit = records.at(earlier) if earlier else None
    return objects, document_id


def _last_edit(records: Records) -> Record | None:
    last = None
    for record in records.between(0, len(records.stream)):
        if record.kind == _CRYPT_SESSION:
            raise Refused(Refusal.ENCRYPTED, "a password is needed to open the presentation")
        if record.kind == _USER_EDIT:
            last = record
    return last


def _read_directory(records: Records, directory: Record, objects: dict[int, int]) -> None:
    """Stretches of identifiers, each followed by their offsets (2.3.4). Newer directories were read before."""
    at = 0
    size = directory.end - directory.start
    while at + 4 <= size and len(objects) < _OBJECTS_MAX:
        head = records.number(directory, at)
        first, count = head & 0xFFFFF, head >> 20
        for index in range(min(count, (size - at - 4) // 4)):
            objects.setdefault(first + index, records.number(directory, at + 4 + 4 * index))
        at += 4 + 4 * count


def _container(records: Records, offset: int | None, kind: int) -> Record | None:
    record = records.at(offset) if offset is not None else None
    return record if record is not None and record.kind == kind else None


_KIND_OF_LIST = {SLIDES: SLIDE, NOTES_PAGES: NOTES}


def _lists(records: Records, document: Record, objects: dict[int, int]) -> dict[int, list[Entry]]:
    """The lists of slides, masters and notes. A container that is named twice belongs to the first."""
    lists: dict[int, list[Entry]] = {}
    taken: set[int] = set()
    for found in records.inside(document):
        if found.kind != _SLIDE_LIST:
            continue
        entries = lists.setdefault(found.instance, [])
        for record in records.inside(found):
            if record.kind == _SLIDE_ENTRY:
                container = records.at(objects.get(records.number(record, 0), -1))
                wanted = _KIND_OF_LIST.get(found.instance)
                usable = container is not None and (wanted is None or container.kind == wanted)
                if container is None or not usable or container.start in taken:
                    container = None
                else:
                    taken.add(container.start)
                entries.append(Entry(records.number(record, 12), container))
            elif entries:
                entries[-1].outline.append(record)
    return lists


def _in_file_order(records: Records, document: Record | None) -> Presentation:
    """Slides and notes as they stand in the file. Of an edited file these may be old ones, too."""
    lists: dict[int, list[Entry]] = {SLIDES: [], MASTERS: [], NOTES_PAGES: []}
    for record in records.between(0, len(records.stream)):
        if record.kind == DOCUMENT:
            document = document or record
        elif record.kind in (SLIDE, NOTES, MAIN_MASTER):
            which = {SLIDE: SLIDES, NOTES: NOTES_PAGES}.get(record.kind, MASTERS)
            lists[which].append(Entry(0, record))
        elif record.kind == _CRYPT_SESSION:
            raise Refused(Refusal.ENCRYPTED, "a password is needed to open the presentation")
    if document is None and not lists[SLIDES]:
        raise Refused(Refusal.CORRUPT, "no slides and no document container")
    if document is not None and not lists[SLIDES]:
        lists = _lists(records, document, {}) or lists  # the outline holds most of a presentation's text
    return Presentation(records, document, lists, whole=False)
