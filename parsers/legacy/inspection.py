"""SANDBOX, untrusted: what a reviewer should know of an old Office file: macros, objects, a template elsewhere."""

import re
from collections.abc import Iterator

from contract.verdicts import FindingKind, Severity
from parsers.blocks import FoundIssue
from parsers.compound_file import CompoundFile
from parsers.legacy.word_fib import ASSOCIATED, WordFile

_NAMED_MAX = 20
_OBJECTS = "ObjectPool"
_MACRO_STORAGES = ("Macros", "_VBA_PROJECT_CUR", "VBA")
_TEMPLATE = 1  # MS-DOC 2.9.285: place among the strings of SttbfAssoc
_ELSEWHERE = re.compile(r"(?:https?|ftp|file)://|\\\\[\w.-]+\\", re.IGNORECASE)
# What the streams of an embedded object say about its kind.
_KINDS = (
    ("Workbook", "Excel workbook"), ("Book", "Excel workbook"), ("WordDocument", "Word document"),
    ("PowerPoint Document", "PowerPoint presentation"), ("\x01Ole10Native", "packaged file or object"),
    ("Package", "Office document"), ("Equation Native", "equation"), ("VisioDocument", "Visio drawing"),
    ("CONTENTS", "document of another program"),
)  # fmt: skip


def inspect_streams(compound: CompoundFile) -> Iterator[FoundIssue]:
    """Findings about macros and embedded objects, which a compound file keeps in storages of their own."""
    if any(name in compound for name in _MACRO_STORAGES):
        yield FoundIssue(FindingKind.ACTIVE_CONTENT, Severity.HIGH, "macros", "Visual Basic project")
    objects: dict[str, str] = {}
    for entry in compound.entries():
        folder, _, rest = entry.path.partition("/")
        name, _, stream = rest.partition("/")
        if folder.casefold() == _OBJECTS.casefold() and name:
            if stream == "\x03OCXNAME" or stream == "\x03OCXDATA":
                objects[name] = "ActiveX control"
            elif objects.get(name) != "ActiveX control":
                objects[name] = objects.get(name) or dict(_KINDS).get(stream, "")
    embedded = [name for name, kind in objects.items() if kind != "ActiveX control"]
    for name, kind in objects.items():
        if kind == "ActiveX control":
            yield FoundIssue(FindingKind.ACTIVE_CONTENT, Severity.MEDIUM, f"{_OBJECTS}/{name}", kind)
    for name in embedded[:_NAMED_MAX]:
        evidence = objects[name] or "object"
        yield FoundIssue(FindingKind.EMBEDDED_FILE, Severity.LOW, f"{_OBJECTS}/{name}", evidence)
    if len(embedded) > _NAMED_MAX:
        more = f"{len(embedded) - _NAMED_MAX} more embedded objects"
        yield FoundIssue(FindingKind.EMBEDDED_FILE, Severity.LOW, _OBJECTS, more)


def inspect_template(word: WordFile) -> Iterator[FoundIssue]:
    """A template on another machine is fetched when the document is opened; one on this machine is ordinary."""
    table = word.part(ASSOCIATED)
    if word.old or len(table) < 6 or table[:2] != b"\xff\xff":
        return
    at = 6
    for _ in range(_TEMPLATE):
        at += 2 + 2 * int.from_bytes(table[at : at + 2], "little")
    size = 2 * int.from_bytes(table[at : at + 2], "little")
    template = table[at + 2 : at + 2 + size].decode("utf-16-le", "replace")
    if _ELSEWHERE.match(template):
        evidence = f"attachedTemplate: {template}"
        yield FoundIssue(FindingKind.EXTERNAL_REFERENCE, Severity.HIGH, "template", evidence)
