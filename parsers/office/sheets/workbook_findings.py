"""SANDBOX, untrusted: what a reviewer should know of a workbook: DDE, macro sheets, outside data, hidden cells."""

import re
from collections.abc import Iterator

from contract.verdicts import FindingKind, Severity
from parsers.blocks import FoundIssue
from parsers.office.package import Package
from parsers.office.sheets.cells import Workbook, cut_finding
from parsers.office.sheets.names import S

_ACTIVE_NAMED_MAX = 20
_SECRET = re.compile(r"\b(password|pwd)\s*=[^;]*", re.IGNORECASE)


def inspect_workbook(package: Package, main: str) -> Iterator[FoundIssue]:
    """Findings about the parts a workbook refers to."""
    for relationship in package.relationships(main).values():
        if relationship.external:
            continue
        if relationship.kind in ("xlMacrosheet", "xlIntlMacrosheet"):
            yield FoundIssue(FindingKind.ACTIVE_CONTENT, Severity.HIGH, relationship.target, "Excel 4 macro sheet")
        elif relationship.kind == "externalLink":
            yield from _dynamic_links(package, relationship.target)
        elif relationship.kind == "connections":
            yield from _connections(package, relationship.target)


def _dynamic_links(package: Package, part: str) -> Iterator[FoundIssue]:
    root = package.xml(part)
    for link in root.iter(S + "ddeLink") if root is not None else ():
        evidence = f"DDE: {link.get('ddeService')} {link.get('ddeTopic')}"
        yield FoundIssue(FindingKind.ACTIVE_CONTENT, Severity.HIGH, part, evidence[:200])


def _connections(package: Package, part: str) -> Iterator[FoundIssue]:
    root = package.xml(part)
    for connection in list(root.iterfind(S + "connection"))[:_ACTIVE_NAMED_MAX] if root is not None else ():
        web, database = connection.find(S + "webPr"), connection.find(S + "dbPr")
        target = connection.get("sourceFile") or ""
        if web is not None:
            target = web.get("url") or target
        elif database is not None:
            target = database.get("connection") or target
        if target:
            shown = _SECRET.sub(r"\1=…", target)  # what a reviewer reads goes into logs
            yield FoundIssue(FindingKind.EXTERNAL_REFERENCE, Severity.MEDIUM, part, f"connection: {shown}"[:200])


def workbook_findings(book: Workbook) -> Iterator[FoundIssue]:
    """Findings about the cells that were read."""
    if book.hidden.count:
        yield FoundIssue(FindingKind.HIDDEN_TEXT, Severity.MEDIUM, "workbook", book.hidden.evidence())
    yield from book.pictures.findings()
    for formula in dict.fromkeys(book.active_formulas[: 10 * _ACTIVE_NAMED_MAX]):
        yield FoundIssue(FindingKind.ACTIVE_CONTENT, Severity.HIGH, "formula", formula)
    if book.budget.cut:
        yield cut_finding("workbook", "more cells or text than a workbook may have")
