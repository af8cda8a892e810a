"""SANDBOX, untrusted: what a reviewer should know of a PDF: hidden text, scripts and actions, embedded files."""

import re
from collections import Counter
from typing import Any

from contract.verdicts import FindingKind, Severity
from parsers.blocks import FoundIssue, Report
from parsers.pdf.engine import MUPDF_ERRORS, drawn_words
from parsers.pdf.spans import PageContent
from parsers.pdf.textflow import clean

OBJECTS_MAX = 200_000
LAYER_PAGES_MAX = 100
_OBJECTS_BETWEEN_PROGRESS = 2_000
_OBJECT_CHARS_MAX = 20_000  # an action or a file specification is short; page trees and arrays are not
_EXCERPT_CHARS = 120
_HIDDEN_CHARS_MIN = 3  # specks of a scan are no message
_ACTION = re.compile(r"/S\s*/(JavaScript|Launch|GoToR|GoToE|SubmitForm|ImportData|Rendition|RichMediaExecute)\b")
_SCRIPT = re.compile(r"/JS\s*[(<\d]")
_FILE = re.compile(r"/EF\s*<<")
_ELSEWHERE = {"GoToR", "GoToE"}


def hidden_text(content: PageContent) -> list[FoundIssue]:
    """One finding for each way in which text on the page is hidden."""
    ways: dict[str, list[str]] = {}
    for why, text in content.hidden:
        if any(char.isalnum() for char in text):
            ways.setdefault(why, []).append(text.strip())
    issues = [_hidden(f"page {content.number}", why, texts, Severity.HIGH) for why, texts in ways.items()]
    # Cropped figures leave clipped words behind in honest files, so these weigh less.
    issues.append(_hidden(f"page {content.number}", "clipped", content.clipped, Severity.LOW))
    return [issue for issue in issues if issue is not None]


def _hidden(place: str, why: str, texts: list[str], severity: Severity) -> FoundIssue | None:
    if sum(char.isalnum() for text in texts for char in text) < _HIDDEN_CHARS_MIN:
        return None
    return FoundIssue(FindingKind.HIDDEN_TEXT, severity, place, clean(f"{why}: {' '.join(texts)[:_EXCERPT_CHARS]}"))


def hidden_layers(pdf: Any) -> list[FoundIssue]:
    """Text in optional content that is switched off. Switches it on in memory: call this last."""
    groups = pdf.get_ocgs()
    if all(group.get("on", True) for group in groups.values()):
        return []
    pages = min(pdf.page_count, LAYER_PAGES_MAX)
    before = [Counter(drawn_words(pdf.load_page(index))) for index in range(pages)]
    for layer in pdf.layer_ui_configs():
        pdf.set_layer_ui_config(layer["number"], 0)  # 0: on
    issues = []
    for index in range(pages):
        words = list((Counter(drawn_words(pdf.load_page(index))) - before[index]).elements())
        issues.append(_hidden(f"page {index + 1}", "layer switched off", words, Severity.HIGH))
    return [issue for issue in issues if issue is not None]


def objects_of_note(pdf: Any, report: Report) -> list[FoundIssue]:
    """Scripts, actions that run or reach out when a person opens the file, and files inside it."""
    seen: Counter[str] = Counter()
    files = 0
    total = min(pdf.xref_length(), OBJECTS_MAX)
    for xref in range(1, total):
        if xref % _OBJECTS_BETWEEN_PROGRESS == 0:
            report.progress("object", xref, total)
        source = _source(pdf, xref)
        seen.update(match.group(1) for match in _ACTION.finditer(source))
        if _SCRIPT.search(source) and not _ACTION.search(source):
            seen["JavaScript"] += 1
        files += bool(_FILE.search(source))
    return [_action(name, count) for name, count in sorted(seen.items())] + _files(pdf, files)


def _source(pdf: Any, xref: int) -> str:
    try:
        source: str = pdf.xref_object(xref, compressed=True)
    except MUPDF_ERRORS:
        return ""
    return source[:_OBJECT_CHARS_MAX]


def _action(name: str, count: int) -> FoundIssue:
    kind = FindingKind.EXTERNAL_REFERENCE if name in _ELSEWHERE else FindingKind.ACTIVE_CONTENT
    severity = Severity.HIGH if name in ("JavaScript", "Launch") else Severity.MEDIUM
    return FoundIssue(kind, severity, "document", f"{name} action, {count} times")


def _files(pdf: Any, count: int) -> list[FoundIssue]:
    try:
        names = [clean(str(name))[:_EXCERPT_CHARS] for name in pdf.embfile_names()[:100]]
    except MUPDF_ERRORS:
        names = []
    if count > len(names):
        names.append(f"{count - len(names)} attached to a page")
    return [FoundIssue(FindingKind.EMBEDDED_FILE, Severity.MEDIUM, "document", name) for name in names]
