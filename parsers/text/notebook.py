"""SANDBOX, untrusted: Jupyter notebooks (nbformat 3 and 4): prose as Markdown, code as code, outputs as they read."""

import json
import re
from collections.abc import Iterator
from typing import Any

from contract.verdicts import ElementType, FindingKind, Refusal, Severity
from parsers.blocks import Block, FoundIssue, ParsedDocument, Refused, Report
from parsers.text import json_text
from parsers.text.encoding import decode

MEDIA_TYPE = "application/x-ipynb+json"
CELLS_MAX = 20_000
OUTPUT_CHARS_MAX = 1 << 17  # of one output; what prints more prints a log, or a bomb
DOCUMENT_CHARS_MAX = 48 << 20  # parsed, JSON takes several times its text

_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_IMAGE = re.compile(r"!\[([^\]\n]*)\]\((?:data|attachment):[^)]*\)")
_LANGUAGE = re.compile(r"[\w+#.-]{1,30}")


class NotebookParser:
    """Reads `application/x-ipynb+json`."""

    media_types = (MEDIA_TYPE,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one notebook; as JSON when it is none. Raises `Refused` (bomb) when it is too large to be parsed."""
        text, encoding = decode(document)
        if len(text) > DOCUMENT_CHARS_MAX:
            raise Refused(Refusal.BOMB, f"a notebook of {len(text)} characters")
        report.progress("json", 0, 1)
        try:
            notebook = json.loads(text)
        except (ValueError, RecursionError):
            notebook = None
        del text
        cells = _cells(notebook) if isinstance(notebook, dict) else []
        if not cells:
            return json_text.PARSER.parse(document, report)
        reader = _Reader(_language(notebook), report)
        reader.read(cells)
        metadata = notebook.get("metadata") if isinstance(notebook.get("metadata"), dict) else {}
        return ParsedDocument(
            media_type=MEDIA_TYPE,
            blocks=reader.blocks,
            title=_string(metadata.get("title")),
            author=", ".join(_authors(metadata.get("authors"))),
            encoding=encoding,
            findings=reader.findings,
        )


class _Reader:
    def __init__(self, language: str, report: Report) -> None:
        self.blocks: list[Block] = []
        self.findings: list[FoundIssue] = []
        self._language = language
        self._report = report
        self._cut = 0

    def read(self, cells: list[dict[str, Any]]) -> None:
        """All cells in order."""
        for number, cell in enumerate(cells[:CELLS_MAX]):
            self._report.progress("cells", number, len(cells))
            kind = cell.get("cell_type")
            source = _text(cell.get("source", cell.get("input")))
            if kind == "code":
                language = _string(cell.get("language")) or self._language
                if source.strip():
                    self.blocks.append(Block(ElementType.CODE_SNIPPET, source.strip("\n"), language=language))
                for output in _dicts(cell.get("outputs")):
                    self._output(output)
            elif kind in ("markdown", "heading"):
                level = cell.get("level")
                prefix = "#" * level + " " if kind == "heading" and isinstance(level, int) and 0 < level < 7 else ""
                self._markdown(prefix + source)
            elif source.strip():
                self.blocks.append(Block(ElementType.CODE_SNIPPET, source.strip("\n")))
        if self._cut or len(cells) > CELLS_MAX:
            evidence = f"{self._cut} outputs cut, {max(0, len(cells) - CELLS_MAX)} cells left out"
            self.findings.append(FoundIssue(FindingKind.TRUNCATED, Severity.LOW, "notebook", evidence))

    def _markdown(self, source: str) -> None:
        from parsers.markup import markdown  # a notebook may have none

        source = _IMAGE.sub(r"\1", source)
        if source.strip():
            parsed = markdown.PARSER.parse(source.encode("utf-8", "replace"), self._report)
            self.blocks += parsed.blocks
            self.findings += parsed.findings

    def _output(self, output: dict[str, Any]) -> None:
        """One output, in the richest form that is text: a table, Markdown, else what a terminal would show."""
        if output.get("output_type") in ("error", "pyerr"):
            self._code(f"{_string(output.get('ename'))}: {_string(output.get('evalue'))}")
            return
        data = output.get("data") if isinstance(output.get("data"), dict) else output
        assert isinstance(data, dict)  # noqa: S101 - one or the other
        html = _text(data.get("text/html", data.get("html")))
        if "<table" in html.lower() and len(html) <= OUTPUT_CHARS_MAX:
            from parsers.markup.html import read_html

            parsed = read_html(html, self._report)
            if parsed.blocks:
                self.blocks += parsed.blocks
                self.findings += parsed.findings
                return
        written = _text(data.get("text/markdown"))
        if written.strip() and len(written) <= OUTPUT_CHARS_MAX:
            self._markdown(written)
            return
        self._code(_text(data.get("text/plain", data.get("text"))))

    def _code(self, text: str) -> None:
        if len(text) > OUTPUT_CHARS_MAX:
            self._cut += 1
            text = text[:OUTPUT_CHARS_MAX]
        text = _TERMINAL_CODES.sub("", text).strip("\n")
        if text.strip():
            self.blocks.append(Block(ElementType.CODE_SNIPPET, text))


def _cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """The cells of nbformat 4, or those of all worksheets of nbformat 3."""
    if isinstance(notebook.get("cells"), list):
        return list(_dicts(notebook["cells"]))
    return [cell for sheet in _dicts(notebook.get("worksheets")) for cell in _dicts(sheet.get("cells"))]


def _language(notebook: dict[str, Any]) -> str:
    metadata = notebook.get("metadata")
    for group, key in (("kernelspec", "language"), ("language_info", "name")):
        inner = metadata.get(group) if isinstance(metadata, dict) else None
        name = _string(inner.get(key)) if isinstance(inner, dict) else ""
        if _LANGUAGE.fullmatch(name):
            return name.lower()
    return "python"  # what nearly all notebooks without a word on it are in


def _dicts(value: object) -> Iterator[dict[str, Any]]:
    return (each for each in value if isinstance(each, dict)) if isinstance(value, list) else iter(())


def _text(value: object) -> str:
    """A multi-line string, which nbformat also allows as a list of lines."""
    if isinstance(value, list):
        return "".join(each for each in value if isinstance(each, str))
    return value if isinstance(value, str) else ""


def _string(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _authors(value: object) -> list[str]:
    return [name for each in _dicts(value) if (name := _string(each.get("name")))]


PARSER = NotebookParser()
