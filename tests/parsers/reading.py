"""TEST: a document read by the parser of its media type, and what came of it in short words."""

from contract.verdicts import ElementType
from parsers import registry
from parsers.blocks import ParsedDocument, Report
from parsers.normalize import normalize

SILENT = Report(lambda _stage, _done, _total: None)


def read(media_type: str, document: bytes | str) -> ParsedDocument:
    """The document as its reader returns it. Text is sent as UTF-8."""
    parser = registry.parser_for(media_type)
    assert parser is not None
    return parser.parse(document.encode() if isinstance(document, str) else document, SILENT)


def markdown(parsed: ParsedDocument) -> str:
    """What a knowledge base would be given."""
    return normalize(parsed, 64 << 20, SILENT.progress).text


def shown(media_type: str, document: bytes | str) -> str:
    """The normalized text of a document."""
    return markdown(read(media_type, document))


def kinds(parsed: ParsedDocument) -> list[tuple[str, str]]:
    """(kind, text) of each block."""
    return [(str(block.kind), block.text) for block in parsed.blocks]


def titles(parsed: ParsedDocument) -> list[tuple[int | None, str]]:
    """(level, text) of each heading."""
    return [(block.depth, block.text) for block in parsed.blocks if block.kind is ElementType.TITLE]


def found(parsed: ParsedDocument) -> list[str]:
    """Kinds of the findings, each once, sorted."""
    return sorted({str(finding.kind) for finding in parsed.findings})


def evidence(parsed: ParsedDocument) -> str:
    """What all findings say, a line each."""
    return "\n".join(finding.evidence for finding in parsed.findings)
