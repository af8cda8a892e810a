"""SANDBOX, untrusted: what a reviewer should know of an old Office file: macros, embedded files."""

from collections.abc import Iterator

from contract.verdicts import FindingKind, Severity
from parsers.blocks import FoundIssue
from parsers.compound_file import CompoundFile

_MACRO_STORAGES = frozenset(("_vba_project_cur", "macros", "vba", "_vba_project"))
_EMBEDDED_STREAMS = frozenset(
    ("\x01ole10native", "package", "contents", "workbook", "worddocument", "powerpoint document")
)
_NAMED_MAX = 20


def inspect_compound(compound: CompoundFile) -> Iterator[FoundIssue]:
    """Findings from the names in the file's directory."""
    embedded: dict[str, None] = {}
    macros = ""
    for path in (entry.path for entry in compound.entries()):
        steps = path.lower().split("/")
        macros = macros or (path if steps[-1] in _MACRO_STORAGES else "")
        if len(steps) > 1 and steps[-1] in _EMBEDDED_STREAMS and steps[0] not in _MACRO_STORAGES:
            embedded.setdefault(path.rpartition("/")[0])
    if macros:
        yield FoundIssue(FindingKind.ACTIVE_CONTENT, Severity.HIGH, macros, "macros")
    for storage in list(embedded)[:_NAMED_MAX]:
        yield FoundIssue(FindingKind.EMBEDDED_FILE, Severity.LOW, storage, "embedded object")
    if len(embedded) > _NAMED_MAX:
        more = f"{len(embedded) - _NAMED_MAX} more embedded files"
        yield FoundIssue(FindingKind.EMBEDDED_FILE, Severity.LOW, "document", more)
