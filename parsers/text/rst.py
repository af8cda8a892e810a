"""SANDBOX, untrusted: reStructuredText (docutils.sourceforge.io/docs/ref/rst): sections, lists, directives, tables.

Own reader instead of docutils: that takes 80 ms to import and knows how to read other files; what is wanted of the
format here is what a reader sees.
"""

import re
from collections.abc import Callable

from contract.verdicts import ElementType
from parsers.blocks import ParsedDocument, Report
from parsers.text import rst_table
from parsers.text.encoding import decode
from parsers.text.light import Blocks, LineReader, indent_of, normalized_lines
from parsers.text.rst_inline import DIRECTIVE, INLINE, Names

MEDIA_TYPE = "text/x-rst"
BLOCKS_NESTED_MAX = 12

_ADORNMENT = re.compile(r"^([!-/:-@\[-`{-~])\1{1,}$")
_BULLET = re.compile(r"^(\s*)([-*+•‣⁃])(?:\s+(.*)|$)")
_NUMBERED = re.compile(r"^(\s*)(\(?(?:\d{1,9}|[A-Za-z]|[ivxlcdmIVXLCDM]{1,8}|#)[.)])\s+(\S.*)$")
_FIELD = re.compile(r"^:([^:\s`](?:[^:\n`]{0,80}[^:\s`])?):(?:[ ]+(.*))?$")
_FOOTNOTE = re.compile(r"^\.\.[ ]+\[([^\]\n]{1,60})\](?:[ ]+(.*))?$")
_LINE_BLOCK = re.compile(r"^\|(?:[ ]+(.*))?$")
_OPTION = re.compile(r"^(?:--?[\w?#-]+|/[A-Z])(?:[ =]\S+)?(?:,[ ]--?[\w-]+(?:[ =]\S+)?)*(?:[ ]{2,}(.*))?$")
_GRID_EDGE = re.compile(r"^\+(?:[-=]+\+)+$")
_SIMPLE_EDGE = re.compile(r"^=+(?:[ ]+=+)+$")
_CODE = frozenset({
    "code", "code-block", "sourcecode", "parsed-literal", "highlight", "prompt", "ipython", "testcode", "doctest",
    "console", "productionlist", "graphviz", "mermaid",
})  # fmt: skip
_ADMONITIONS = frozenset({
    "note", "tip", "hint", "important", "warning", "caution", "danger", "error", "attention", "seealso", "todo",
    "versionadded", "versionchanged", "deprecated", "versionremoved",
})  # fmt: skip
_UNSHOWN = frozenset({
    "contents", "toctree", "index", "meta", "sectnum", "section-numbering", "default-role", "role", "raw",
    "currentmodule", "tabularcolumns", "target-notes", "header", "footer", "title", "autosummary", "automodule",
    "autoclass", "autofunction", "module", "unicode", "date", "class", "default-domain",
})  # fmt: skip

_LABELS = {"seealso": "See also", "versionadded": "Added in version", "versionchanged": "Changed in version"}


class RstParser:
    """Reads `text/x-rst`."""

    media_types = (MEDIA_TYPE,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """One document. `include`, `raw` and every other way to another file stay what they are: words."""
        text, encoding = decode(document)
        lines = normalized_lines(text)
        names = Names(lines)
        out = Blocks(LineReader(INLINE, names.show), report)
        reader = Reader(out)
        reader.read(lines)
        title = next((block.text for block in out.blocks[:3] if block.kind is ElementType.TITLE), "")
        return ParsedDocument(
            media_type=MEDIA_TYPE,
            blocks=out.blocks,
            title=title,
            author=reader.fields.get("author", ""),
            created=date if (date := reader.fields.get("date", ""))[:4].isdigit() else "",
            encoding=encoding,
            findings=out.findings,
        )


class Reader:
    """Lines to blocks; what is indented below something is read by a reader one level in."""

    def __init__(self, out: Blocks, level: int = 0, depth: int = 0, styles: list[str] | None = None) -> None:
        self.out = out
        self.fields: dict[str, str] = {}
        self._level = level
        self._depth = depth  # of lists
        self._styles: list[str] = styles if styles is not None else []  # adornments of headings, outermost first
        self._lines: list[str] = []
        self._at = 0

    def read(self, lines: list[str]) -> None:
        """All lines. Every step moves on by at least one."""
        self._lines = lines
        while self._at < len(lines):
            if self._at % 500 == 0:
                self.out.report.progress("lines", self._at, len(lines))
            self._step(lines[self._at])

    def _line(self, offset: int) -> str:
        at = self._at + offset
        return self._lines[at] if 0 <= at < len(self._lines) else ""

    def _step(self, line: str) -> None:
        if not line:
            self._at += 1
        elif line.startswith(".. ") or line in ("..", "__"):
            self._explicit(line)
        elif self._is_overlined(line):
            self._heading(self._line(1), line[0] * 2, 3)
        elif self._is_underlined(line):
            self._heading(line, self._line(1)[0], 2)
        elif _ADORNMENT.match(line) and len(line) >= 4:
            self._at += 1  # a transition
        elif _GRID_EDGE.match(line) or _SIMPLE_EDGE.match(line):
            self._table(line)
        elif (bullet := _BULLET.match(line)) is not None:
            self._item("", len(bullet[1]) + 1, bullet[3] or "")
        elif (number := _NUMBERED.match(line)) is not None and self._is_list(number[2]):
            self._item(number[2].replace("#", "1"), len(number[1]) + len(number[2]), number[3])
        elif (field := _FIELD.match(line)) is not None:
            self._field(field)
        elif _LINE_BLOCK.match(line):
            rows = self._while(lambda each: _LINE_BLOCK.match(each) is not None)
            self.out.paragraph("\n".join(row[2:].strip() for row in rows))
        else:
            self._text(line)

    def _while(self, holds: Callable[[str], bool]) -> list[str]:
        start = self._at
        while self._at < len(self._lines) and holds(self._lines[self._at]):
            self._at += 1
        return self._lines[start : self._at]

    def _body(self) -> list[str]:
        """The indented lines from here on, without their margin."""
        lines = self._while(lambda each: not each or each.startswith(" "))
        while lines and not lines[-1]:
            lines.pop()
        margin = min((indent_of(line) for line in lines if line), default=0)
        return [line[margin:] for line in lines]

    def _inside(self, lines: list[str], depth: int) -> None:
        if self._level >= BLOCKS_NESTED_MAX:
            self.out.code("\n".join(lines))
        else:
            Reader(self.out, self._level + 1, depth, self._styles).read(lines)

    # Headings

    def _is_underlined(self, line: str) -> bool:
        below = self._line(1)
        return (
            not line.startswith(" ") and _ADORNMENT.match(below) is not None and _ADORNMENT.match(line) is None
            and (len(below) >= len(line.strip()) or len(below) >= 4) and not _SIMPLE_EDGE.match(below)
        )  # fmt: skip

    def _is_overlined(self, line: str) -> bool:
        text, below = self._line(1), self._line(2)
        drawn = _ADORNMENT.match(line) is not None and len(line) >= 3 and below == line
        return drawn and bool(text.strip()) and not _ADORNMENT.match(text)

    def _heading(self, text: str, style: str, lines: int) -> None:
        if style not in self._styles:
            self._styles.append(style)
        self._at += lines
        self.out.heading(text.strip(), self._styles.index(style) + 1)

    # Lists

    def _is_list(self, marker: str) -> bool:
        """A single line that begins with a letter and a dot is a name; a list has a second item, or a digit."""
        if any(character.isdigit() or character == "#" for character in marker):
            return True
        following = next((line for line in self._lines[self._at + 1 : self._at + 4] if line), "")
        return following.startswith(" ") or _NUMBERED.match(following) is not None

    def _item(self, marker: str, width: int, text: str) -> None:
        """An item: the text on its line and all that is indented as far."""
        self._at += 1
        body = self._while_indented(width)
        lines = [text, *body]
        end = next(
            (number for number, line in enumerate(lines) if not line or (_BULLET.match(line) and number)), len(lines)
        )
        first = "\n".join(lines[:end])
        literal = first.endswith("::")
        self.out.item(_joined(first[:-1] if literal else first), self._depth, marker)
        rest = lines[end:]
        if literal:
            self._literal(rest)
        elif rest:
            self._inside(rest, self._depth + 1)

    def _while_indented(self, width: int) -> list[str]:
        lines = self._while(lambda each: not each or (indent_of(each) >= min(width, 2) and each.startswith(" ")))
        margin = min((indent_of(line) for line in lines if line), default=0)
        return [line[margin:] for line in lines]

    def _field(self, field: re.Match[str]) -> None:
        self._at += 1
        body = [field[2] or "", *self._body()]
        value = _joined("\n".join(body))
        self.fields.setdefault(field[1].lower(), value)
        self.out.paragraph(f"**{field[1]}:** {value}")

    # What begins with two dots

    def _explicit(self, line: str) -> None:
        self._at += 1
        directive, note = DIRECTIVE.match(line), _FOOTNOTE.match(line)
        if directive is not None and not directive[1]:
            self._directive(directive[2].rpartition(":")[2].lower(), (directive[3] or "").strip())
        elif note is not None:
            text = _joined("\n".join([note[2] or "", *self._body()]))
            self.out.footnote(note[1].lstrip("#") or "*", text)
        else:
            self._body()  # a target, a substitution or a comment

    def _directive(self, name: str, argument: str) -> None:
        body = self._body()
        options: dict[str, str] = {}
        while body and (option := _FIELD.match(body[0])) is not None:
            options[option[1]] = option[2] or ""
            body = body[1:]
        if name in ("include", "literalinclude") or (
            name in ("raw", "csv-table") and ("file" in options or "url" in options)
        ):
            self.out.include(argument or options.get("file", "") or options.get("url", ""))
        elif name in _CODE:
            self.out.code("\n".join(body) or argument, argument.split(" ")[0] if body else "")
        elif name in _UNSHOWN:
            return
        elif name in ("image", "figure"):
            if options.get("alt"):
                self.out.paragraph(options["alt"], ElementType.IMAGE)
            self._inside(body, self._depth)
        elif name == "math":
            self.out.formula("\n".join([argument, *body]))
        elif name in ("list-table", "csv-table", "table"):
            self._table_directive(name, argument, options, body)
        else:
            self._block_directive(name, argument, body)

    def _block_directive(self, name: str, argument: str, body: list[str]) -> None:
        """A directive around ordinary text: admonitions under their names, topics and rubrics under their titles."""
        if name in _ADMONITIONS:
            label = _LABELS.get(name, name.capitalize())
            self.out.paragraph(f"**{label}:** {argument}".strip())
        elif argument:
            self.out.paragraph(f"**{argument}**" if name in ("admonition", "topic", "rubric", "sidebar") else argument)
        self._inside(body, self._depth)

    def _table_directive(self, name: str, title: str, options: dict[str, str], body: list[str]) -> None:
        header = options.get("header-rows", "0").strip()
        header_rows = int(header) if header.isdigit() and len(header) < 3 else 0
        if name == "table":
            if title:
                self.out.paragraph(title, ElementType.FIGURE_CAPTION)
            self._inside(body, self._depth)
            return
        if name == "csv-table":
            rows = rst_table.from_csv(body, options.get("header", ""), options.get("delim", ","))
            header_rows = max(header_rows, 1) if options.get("header") else header_rows
        else:
            rows = rst_table.from_list(body)
        self.out.table(rows, header_rows if header_rows < len(rows) else 0, title)

    # Tables, literal blocks, text

    def _table(self, edge: str) -> None:
        if edge.startswith("+"):
            lines = self._while(lambda each: each.startswith(("+", "|")))
            rows, header_rows = rst_table.from_grid(lines)
        else:
            lines = self._simple_table_lines(edge)
            rows, header_rows = rst_table.from_simple(lines)
        if rows:
            self.out.table(rows, header_rows)
        else:
            self.out.code("\n".join(lines))

    def _simple_table_lines(self, edge: str) -> list[str]:
        """Up to the last edge: there are two, or three with a header; blank lines may stand between."""
        start = self._at
        edges = 1
        self._at += 1
        while self._at < len(self._lines) and edges < 3:
            line = self._lines[self._at]
            self._at += 1
            if _SIMPLE_EDGE.match(line):
                edges += 1
                if not self._line(0):
                    break
            elif line and indent_of(line) > len(edge):
                break
        return self._lines[start : self._at]

    def _literal(self, lines: list[str]) -> None:
        margin = min((indent_of(line) for line in lines if line), default=0)
        self.out.code("\n".join(line[margin:] for line in lines))

    def _indented(self) -> None:
        """A block quote, or the definition of the term above it."""
        self._inside(self._body(), self._depth)

    def _text(self, line: str) -> None:
        if line.startswith(">>> "):
            self.out.code("\n".join(self._while(bool)), "pycon")
        elif line.startswith(" "):
            self._indented()
        elif self._is_term(line):
            self._term(line)
        else:
            self._paragraph(line)

    def _is_term(self, line: str) -> bool:
        """Whether the line stands alone above what is indented."""
        above = self._line(-1)
        return self._line(1).startswith(" ") and not line.endswith("::") and (not above or above.startswith(" "))

    def _term(self, line: str) -> None:
        """A term with its definition, or an option with its description."""
        self._at += 1
        option = _OPTION.match(line)
        if option is not None:
            end = option.start(1) if option[1] else len(line)
            self.out.paragraph(f"``{line[:end].strip()}`` {option[1] or ''}")
        else:
            self.out.paragraph(line if "*" in line or "`" in line else f"**{line}**")
        self._indented()

    def _paragraph(self, line: str) -> None:
        start = self._at
        self._at += 1
        self._while(lambda each: bool(each) and not each.startswith((".. ", " ")))
        text = "\n".join(self._lines[start : self._at])
        literal = text.endswith("::")
        if literal:
            text = text[:-2].rstrip() + (":" if text[-3:-2].strip() else "")
        self.out.paragraph(_joined(text))
        if literal:
            self._literal_below()

    def _literal_below(self) -> None:
        while self._at < len(self._lines) and not self._lines[self._at]:
            self._at += 1
        body = self._body()
        if body:
            self.out.code("\n".join(body))


def _joined(text: str) -> str:
    return " ".join(text.split())


PARSER = RstParser()
