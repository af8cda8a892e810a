"""SANDBOX, untrusted: text whose lines and indents are its meaning: YAML, TOML, source code. Shown as it stands.

Not parsed: a YAML parser is a way to build a billion nodes, and comments, which it drops, are what people wrote.
"""

import re

from contract.verdicts import ElementType
from parsers.blocks import Block, ParsedDocument, Report
from parsers.text.encoding import decode

_INTERPRETER = re.compile(r"\A#!\s*(?:\S*/)?(?:env\s+(?:-\S+\s+)*)?(?:\S*/)?([a-z]+)[\d.]*(?:\s|\Z)")
_LANGUAGE_OF = {"sh": "sh", "bash": "bash", "zsh": "zsh", "node": "javascript", "pwsh": "powershell"}


class VerbatimParser:
    """One code block."""

    def __init__(self, media_type: str, language: str) -> None:
        self.media_types: tuple[str, ...] = (media_type,)
        self._language = language

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """The text with its lines, whatever their ends were."""
        report.progress("text", 0, 1)
        text, encoding = decode(document)
        text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").rstrip()
        language = self._language or _interpreter(text)
        blocks = [Block(ElementType.CODE_SNIPPET, text, language=language)] if text else []
        return ParsedDocument(self.media_types[0], blocks, encoding=encoding)


def _interpreter(text: str) -> str:
    """The language that the first line of a script names, "" when it names none."""
    found = _INTERPRETER.match(text[:200])
    name = found[1] if found else ""
    return _LANGUAGE_OF.get(name, name)


YAML = VerbatimParser("application/yaml", "yaml")
TOML = VerbatimParser("application/toml", "toml")
SOURCE_CODE = VerbatimParser("text/x-source-code", "")
