"""SANDBOX, untrusted: business reports in XBRL 2.1 (instances): texts as sections, everything else as a table of facts.

A report names its facts by concepts and contexts alone. Labels and the order of presentation stand in a taxonomy, which
is another file, often on another host; so a concept's name is cut into words, and facts stand in the order of the file.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from contract.verdicts import ElementType, FindingKind, Severity
from parsers.blocks import Block, Cell, FoundIssue, ParsedDocument, Report, Table
from parsers.markup.html import read_html
from parsers.xml.tree import Element, attribute, child, local, namespace, plain

NAMESPACE = "http://www.xbrl.org/2003/instance"
FACTS_MAX = 100_000
TEXTS_MAX = 2_000  # read as HTML; what is beyond stands among the facts as it is
_SAID_CHARS_MAX = 1_000  # of a context or a unit: what each fact that stands in it repeats
_COMPARED_CHARS_MAX = 200_000_000  # looked through for repeated texts; a quarter of a second
_LINKBASE = "http://www.xbrl.org/2003/linkbase"
_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_MARKUP = re.compile(r"<[A-Za-z!/]")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_TEXT_SUFFIX = re.compile(r"(?:Policy|Table)?TextBlock$")
_TITLE = ("DocumentType", "EntityRegistrantName", "DocumentPeriodEndDate")
_HEADER = ("Fact", "Value", "Unit", "Period", "Segment")


class _Context(NamedTuple):
    """When, and of which part of the company."""

    period: str
    segment: str


class _Fact(NamedTuple):
    concept: str
    value: str
    unit: str
    context: _Context

    @property
    def label(self) -> str:
        """The concept's name in words."""
        return _WORDS.sub(" ", self.concept)


def read_report(root: Element, report: Report) -> ParsedDocument:
    """A report: what it is, its texts, its facts, its footnotes."""
    facts = list(_facts(root, report))
    findings: list[FoundIssue] = []
    if len(facts) >= FACTS_MAX:
        findings.append(FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, "document", f"over {FACTS_MAX} facts"))
    texts = [fact for fact in facts if _MARKUP.search(fact.value)][:TEXTS_MAX]
    read_as_html = set(map(id, texts))
    rows = [fact for fact in facts if id(fact) not in read_as_html]
    title = _title(rows)
    blocks = [Block(ElementType.TITLE, title, depth=1)] if title else []
    blocks += _sections(texts, report, findings)
    blocks += _table(rows)
    blocks += [
        Block(ElementType.FOOTNOTE, text) for each in root.iter(f"{{{_LINKBASE}}}footnote") if (text := plain(each))
    ]
    author = next((fact.value for fact in rows if fact.concept == "EntityRegistrantName"), "")
    return ParsedDocument("application/xml", blocks, title=title, author=author, findings=findings)


def _facts(root: Element, report: Report) -> Iterator[_Fact]:
    """Every fact with a value, also those in tuples, in the order of the file."""
    contexts = {attribute(each, "id"): _context(each) for each in root if local(each) == "context"}
    units = {attribute(each, "id"): _unit(each) for each in root if local(each) == "unit"}
    nowhere, number = _Context("", ""), 0
    for top in root:
        if namespace(top) in (NAMESPACE, _LINKBASE):
            continue
        for element in top.iter("{*}*"):
            value = (element.text or "").strip()
            context = element.get("contextRef")
            if context is None or not value or element.get(f"{{{_SCHEMA_INSTANCE}}}nil") in ("true", "1"):
                continue
            number += 1
            if number > FACTS_MAX:
                return
            if number % 1_000 == 0:
                report.progress("facts", number, 0)
            yield _Fact(
                local(element), value, units.get(element.get("unitRef") or "", ""), contexts.get(context, nowhere)
            )


def _context(context: Element) -> _Context:
    period = child(context, "period")
    begin, end = (plain(child(period, name)) if period is not None else "" for name in ("startDate", "endDate"))
    day = plain(child(period, "instant")) if period is not None else ""
    members = [
        _WORDS.sub(" ", plain(each).rpartition(":")[2]).removesuffix(" Member")
        for each in context.iter("{*}explicitMember", "{*}typedMember")
    ]
    period_said = f"{begin} to {end}" if begin and end else day or begin or end
    return _Context(_cut(period_said), _cut(", ".join(filter(None, members))))


def _unit(unit: Element) -> str:
    measures = [plain(each).rpartition(":")[2] for each in unit.iter("{*}measure")]
    return _cut(" / ".join(measures) if child(unit, "divide") is not None else " ".join(measures))


def _cut(said: str) -> str:
    return said if len(said) <= _SAID_CHARS_MAX else said[: _SAID_CHARS_MAX - 1] + "…"


def _title(facts: list[_Fact]) -> str:
    """What the report is, whose, and of when: "10-K ACME CORP. 2025-12-31"."""
    first: dict[str, str] = {}
    for fact in facts:
        first.setdefault(fact.concept, fact.value)
    return " ".join(" ".join(first[name].split()) for name in _TITLE if name in first)


def _sections(texts: list[_Fact], report: Report, findings: list[FoundIssue]) -> Iterator[Block]:
    """Each text under its concept's name. A policy or table that a longer text has inside already is not repeated."""
    read = [read_html(fact.value, report) for fact in texts]
    plains = ["".join("".join(block.text.split()) for block in each.blocks) for each in read]
    repeats = _repeats(plains)
    for fact, parsed, repeated in zip(texts, read, repeats, strict=True):
        if not parsed.blocks or repeated:
            continue
        findings += parsed.findings
        yield Block(ElementType.TITLE, _WORDS.sub(" ", _TEXT_SUFFIX.sub("", fact.concept)), depth=2)
        for block in parsed.blocks:
            if block.kind is ElementType.TITLE:
                block.depth = min(6, (block.depth or 1) + 2)
            yield block


def _repeats(plains: list[str]) -> list[bool]:
    """Which texts stand in a longer one, or are the same as an earlier one. None, where telling would take too long."""
    if len(plains) * sum(map(len, plains)) > _COMPARED_CHARS_MAX:
        return [False] * len(plains)
    return [
        any(
            text in other and (len(text) < len(other) or before < number)
            for before, other in enumerate(plains)
            if before != number
        )
        for number, text in enumerate(plains)
    ]


def _table(facts: list[_Fact]) -> Iterator[Block]:
    if not facts:
        return
    lines = [
        (fact.label, " ".join(fact.value.split()), fact.unit, fact.context.period, fact.context.segment)
        for fact in facts
    ]
    lines = list(dict.fromkeys(lines))
    used = [column for column in range(len(_HEADER)) if column < 2 or any(line[column] for line in lines)]
    rows = [[Cell(line[column]) for column in used] for line in lines]
    header = [Cell(_HEADER[column], header=True) for column in used]
    yield Block(ElementType.TITLE, "Facts", depth=2)
    text = "\n".join(" ".join(cell.text for cell in row if cell.text) for row in rows)
    yield Block(ElementType.TABLE, text, table=Table([header, *rows], header_rows=1))
