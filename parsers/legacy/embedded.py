"""SANDBOX, untrusted: objects in old Office files leave the sandbox as the compound files they would be alone.

Storages of Word and Excel are cut out; what PowerPoint keeps is one already, mostly packed ([MS-PPT] 2.10.34).
"""

from collections.abc import Iterator

from parsers.archive.members import bounded
from parsers.archive.storage import cut_out, holds_file
from parsers.blocks import Report
from parsers.compound_file import CompoundFile
from parsers.inflate import inflated
from parsers.legacy.presentation import Presentation
from parsers.legacy.records import Record, Records

OBJECTS_MAX = 20_000
_OBJECT_LIST, _EMBEDDED, _OBJECT_ATOM, _STORAGE = 0x0409, 0x0FCC, 0x0FC3, 0x1011
_PACKED = 1  # the instance of ExOleObjStgCompressedAtom


def pass_on_storages(compound: CompoundFile, folder: str, prefix: str, report: Report) -> None:
    """Storages in a folder whose names begin so, if they hold more than a control, a formula or a picture."""
    for number, entry in enumerate(compound.folder(folder)[:OBJECTS_MAX]):
        report.progress("objects", number, 0)
        if not entry.is_stream and entry.name.startswith(prefix) and holds_file(compound, entry.path):
            report.files.embed(entry.name, cut_out(compound, entry.path))


def pass_on_objects(presentation: Presentation, report: Report) -> None:
    """A presentation's embedded objects, in the order of its findings, each storage once."""
    records = presentation.records
    for number, storage in _storages(presentation):
        report.progress("objects", number, 0)
        report.files.embed(f"object {number}", _content(records, storage))


def _storages(presentation: Presentation) -> Iterator[tuple[int, Record]]:
    """Numbered by the list of objects; where the directory is lost, as they stand in the file."""
    records, document = presentation.records, presentation.document
    found: Iterator[tuple[int, Record]]
    if not presentation.whole or document is None:
        found = enumerate((each for each in records.between(0, len(records.stream)) if each.kind == _STORAGE), 1)
    else:
        found = _listed(presentation, document)
    seen: set[int] = set()
    for number, each in found:
        if each.start not in seen and len(seen) < OBJECTS_MAX:
            seen.add(each.start)
            yield number, each


def _listed(presentation: Presentation, document: Record) -> Iterator[tuple[int, Record]]:
    records = presentation.records
    objects = records.first(document, _OBJECT_LIST)
    embedded = (each for each in records.inside(objects) if each.kind == _EMBEDDED) if objects else ()
    for number, each in enumerate(embedded, 1):
        atom = records.first(each, _OBJECT_ATOM)
        place = presentation.objects.get(records.number(atom, 16), -1) if atom else -1
        storage = records.at(place)
        if storage is not None and storage.kind == _STORAGE:
            yield number, storage


def _content(records: Records, storage: Record) -> Iterator[bytes]:
    """The object's compound file. Raises `Refused`: bomb, corrupt."""
    size = storage.end - storage.start
    if storage.instance == _PACKED:  # behind the size that it claims to have
        yield from bounded(inflated(memoryview(records.stream)[storage.start + 4 : storage.end], "an object"), size)
        return
    yield records.data(storage)
