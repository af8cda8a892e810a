"""SANDBOX, untrusted: metafiles that are files of their own, packed (EMZ, WMZ) or not."""

from contract.verdicts import FindingKind, Refusal, Severity
from parsers.blocks import FoundIssue, ParsedDocument, Refused, Report
from parsers.metafile.kinds import EMF, PICTURE_BYTES_MAX, WMF
from parsers.metafile.model import Budget
from parsers.metafile.picture import words_of


class MetafileParser:
    """Reads EMF, EMF+ and WMF for the words on them."""

    media_types = (EMF, WMF)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one picture. Raises `Refused`: empty (no words on it), corrupt (no metafile), bomb."""
        report.progress("records", 0, 1)
        words = words_of(document, Budget())
        if not words.kind and words.cut:
            raise Refused(Refusal.BOMB, f"a metafile of more than {PICTURE_BYTES_MAX} bytes")
        if not words.kind:
            raise Refused(Refusal.CORRUPT, "no metafile")
        if not words.blocks and not words.hidden:
            raise Refused(Refusal.EMPTY, "glyphs without letters" if words.lost else "no words in the picture")
        parsed = ParsedDocument(words.kind, words.blocks)
        if words.hidden:
            evidence = f"{len(words.hidden)} texts: {' '.join(' '.join(words.hidden[:50]).split())[:150]}"
            parsed.findings.append(FoundIssue(FindingKind.HIDDEN_TEXT, Severity.MEDIUM, "picture", evidence))
        if words.cut:
            parsed.findings.append(FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, "picture", "breaks off"))
        return parsed


PARSER = MetafileParser()
