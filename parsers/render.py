"""SANDBOX, untrusted: one block as Markdown."""

import re
from dataclasses import dataclass, field

from contract.verdicts import ElementType
from parsers.blocks import Block
from parsers.hygiene import clean
from parsers.markdown_escape import escape_block, escape_heading

_MARKDOWN_MARKER = re.compile(r"\d{1,9}[.)]")
_FENCE_RUN = re.compile(r"^[ ]{0,3}(`{3,})", re.MULTILINE)
_INFO = re.compile(r"[\w+#.-]{1,32}")
_SPACES_AT_LINE_END = re.compile(r"[ \t]+(?=\n)")
LIST_DEPTH_MAX = 32
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")


@dataclass(slots=True)
class ListIndents:
    """Columns at which the text of the open list items begins: a nested item must begin there to be nested."""

    columns: list[int] = field(default_factory=list)

    def enter(self, depth: int, marker: str) -> int:
        """The column of an item of this depth."""
        del self.columns[depth:]
        column = self.columns[-1] if self.columns else 0
        self.columns.append(column + len(marker) + 1)
        return column


def list_depth(block: Block) -> int:
    """Nesting of a list item, cut at `LIST_DEPTH_MAX`: indentation of a million levels would be a square of text."""
    return max(0, min(LIST_DEPTH_MAX, block.depth or 0))


def heading_level(block: Block) -> int:
    """Level of a heading, from 1 to 6."""
    return max(1, min(6, block.depth or 1))


def render(block: Block, text: str, indents: ListIndents) -> str:
    """Markdown of a block whose clean text is `text`; "" when it shows nothing. Tables are `tables.py`'s."""
    if block.kind is ElementType.LIST_ITEM:
        return _list_item(block, text, indents)
    indents.columns.clear()
    match block.kind:
        case ElementType.TITLE:
            return "#" * heading_level(block) + " " + _heading(block, text)
        case ElementType.CODE_SNIPPET:
            return _code(text, block.language)
        case ElementType.FORMULA:
            return _own_markdown(block) or f"$$\n{text}\n$$"
        case ElementType.FOOTNOTE if _is_footnote_marker(block.marker):
            return f"[^{block.marker}]: {_paragraph(block, text)}"
        case _:
            return _paragraph(block, text)


def _own_markdown(block: Block) -> str:
    """What the parser rendered itself, as one block: a blank line inside would end it."""
    if block.markdown is None:
        return ""
    return _BLANK_LINES.sub("\n", _SPACES_AT_LINE_END.sub("", clean(block.markdown))).strip()


def _paragraph(block: Block, text: str) -> str:
    return _own_markdown(block) or escape_block(_BLANK_LINES.sub("\n", _SPACES_AT_LINE_END.sub("", text)))


def _heading(block: Block, text: str) -> str:
    own = _own_markdown(block)
    return " ".join(own.split()) if own else escape_heading(text)


def _list_item(block: Block, text: str, indents: ListIndents) -> str:
    """`- text`, `3. text`; a marker that Markdown does not know ("a)", "IV.") is shown behind a dash."""
    shown = " ".join(clean(block.marker).split())
    marker = shown if _MARKDOWN_MARKER.fullmatch(shown) else "-"
    prefix = "" if marker == shown or not shown else shown + " "
    column = indents.enter(list_depth(block), marker)
    hanging = "\n" + " " * indents.columns[-1]
    return " " * column + f"{marker} {prefix}" + _paragraph(block, text).replace("\n", hanging)


def _code(text: str, language: str) -> str:
    """A fence longer than any run of backticks that begins a line inside."""
    longest = max((len(run) for run in _FENCE_RUN.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    info = language if _INFO.fullmatch(language) else ""
    return f"{fence}{info}\n{text}\n{fence}"


def _is_footnote_marker(marker: str) -> bool:
    return bool(marker) and marker.isalnum() and len(marker) <= 8
