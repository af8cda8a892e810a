"""SANDBOX, untrusted: RTF fields: where a hyperlink leads, and instructions that would run or fetch something."""

import re
from collections.abc import Iterator

from contract.verdicts import FindingKind, Severity
from parsers.blocks import FoundIssue
from parsers.markup import links
from parsers.office.symbols import symbol

_HYPERLINK = re.compile(r"\s*HYPERLINK\b", re.IGNORECASE)
# A switch or an argument. Of the switches, \l names a place in the document, \o a tip, \t a frame; others stand alone.
_PART = re.compile(r'\s*(?:\\([a-zA-Z])|"([^"]*)"|([^\s"]+))')
_WITH_ARGUMENT = frozenset("lot")
_SYMBOL = re.compile(r'\s*SYMBOL\s+(?:0x([0-9A-Fa-f]+)|(\d+))(?:.*?\\f\s+"?([^"\\]+))?', re.IGNORECASE)
_RUNS = re.compile(r"\s*(DDEAUTO|DDE|MACROBUTTON)\b", re.IGNORECASE)
_FETCHES = re.compile(r"\s*(INCLUDETEXT|INCLUDEPICTURE|IMPORT|LINK|RD)\b", re.IGNORECASE)
_EVIDENCE_CHARS = 200
_FINDINGS_MAX = 50


def target(instruction: str) -> str:
    """The address of a HYPERLINK field; "" for other fields, and for links within the document."""
    found = _HYPERLINK.match(instruction)
    if found is None:
        return ""
    skipped = False
    for part in _PART.finditer(instruction, found.end(), found.end() + 4000):
        if part[1] is not None:
            skipped = part[1].lower() in _WITH_ARGUMENT
        elif skipped:
            skipped = False
        else:
            return links.resolve(part[2] if part[2] is not None else part[3])
    return ""


def shown_symbol(instruction: str) -> str:
    """The character of a SYMBOL field, which has no result; "" for other fields."""
    found = _SYMBOL.match(instruction[:400])
    if found is None:
        return ""
    code = int(found[1], 16) if found[1] else int(found[2][:7])
    return symbol((found[3] or "").strip(), f"{code:x}")


def findings(instructions: list[str]) -> Iterator[FoundIssue]:
    """What the fields of a document would do."""
    distinct = list(dict.fromkeys(" ".join(each.split())[:_EVIDENCE_CHARS] for each in instructions))
    for instruction in distinct[:_FINDINGS_MAX]:
        found = _RUNS.match(instruction)
        if found:
            severity = Severity.HIGH if found[1].upper().startswith("DDE") else Severity.MEDIUM
            yield FoundIssue(FindingKind.ACTIVE_CONTENT, severity, "field", instruction)
        elif _FETCHES.match(instruction) and re.search(r"\w+://|\\\\", instruction):
            yield FoundIssue(FindingKind.EXTERNAL_REFERENCE, Severity.HIGH, "field", instruction)
