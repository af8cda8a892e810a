"""SANDBOX, untrusted: what a reviewer should know of a presentation: macros, embedded objects, links, hidden text."""

from collections.abc import Iterator

from contract.verdicts import FindingKind, Severity
from parsers.blocks import FoundIssue
from parsers.character_sets import utf16_units
from parsers.legacy.presentation import Presentation
from parsers.legacy.records import Record, Records

_INFO_LIST, _MACROS, _MACROS_ATOM = 0x07D0, 0x03FF, 0x0400
_OBJECTS, _EMBEDDED, _LINKED, _CONTROL = 0x0409, 0x0FCC, 0x0FCE, 0x0FEE
_MOVIES, _VIDEO, _STRING = frozenset((0x1006, 0x1007)), 0x1005, 0x0FBA
_NAMED_MAX = 20
_MENU_NAME, _PROGRAM = 1, 2


def hidden_slides(texts: list[str], slides: list[int]) -> FoundIssue:
    """The finding about text that a viewer of the show does not see."""
    excerpt = " ".join("".join(f"{text} " for text in texts[:50]).split())[:150]
    which = f"slides {', '.join(map(str, slides[:10]))}; " if slides else ""
    evidence = f"{which}{len(texts)} texts: {excerpt}"
    return FoundIssue(FindingKind.HIDDEN_TEXT, Severity.MEDIUM, "presentation", evidence)


def inspect_document(presentation: Presentation) -> Iterator[FoundIssue]:
    """Findings about the document container."""
    records, document = presentation.records, presentation.document
    if document is None:
        return
    macros = records.first(records.first(document, _INFO_LIST), _MACROS)
    atom = records.first(macros, _MACROS_ATOM)
    if atom is not None and records.number(atom, 4):  # VBAInfoAtom, 2.4.11: fHasMacros
        yield FoundIssue(FindingKind.ACTIVE_CONTENT, Severity.HIGH, "macros", "Visual Basic project")
    embedded = 0
    objects = records.first(document, _OBJECTS)
    for record in records.inside(objects) if objects else ():
        if record.kind == _EMBEDDED:
            embedded += 1
            if embedded <= _NAMED_MAX:
                yield FoundIssue(FindingKind.EMBEDDED_FILE, Severity.LOW, f"object {embedded}", _name(records, record))
        elif record.kind == _CONTROL:
            yield FoundIssue(FindingKind.ACTIVE_CONTENT, Severity.MEDIUM, "control", _name(records, record))
        elif record.kind == _LINKED:
            yield FoundIssue(FindingKind.EXTERNAL_REFERENCE, Severity.HIGH, "linked object", _name(records, record))
        elif record.kind in _MOVIES:
            path = records.first(records.first(record, _VIDEO), _STRING)
            if path is not None:
                evidence = f"video: {_text(records, path)}"
                yield FoundIssue(FindingKind.EXTERNAL_REFERENCE, Severity.MEDIUM, "media", evidence)
    if embedded > _NAMED_MAX:
        more = f"{embedded - _NAMED_MAX} more embedded objects"
        yield FoundIssue(FindingKind.EMBEDDED_FILE, Severity.LOW, "objects", more)


def _name(records: Records, container: Record) -> str:
    """The program that an object belongs to, and how it is called."""
    program = records.first(container, _STRING, _PROGRAM)
    menu = records.first(container, _STRING, _MENU_NAME)
    return " ".join(_text(records, each) for each in (program, menu) if each is not None) or "object"


def _text(records: Records, record: Record) -> str:
    return utf16_units(records.data(record))[:200]
