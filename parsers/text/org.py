"""SANDBOX, untrusted: Org mode documents (orgmode.org/worg/org-syntax.html): outline, lists, tables, blocks."""

import re
from collections.abc import Callable
from functools import partial

from parsers.blocks import Cell, ParsedDocument, Report
from parsers.markup.inline import BOLD, ITALIC, STRIKE
from parsers.text.encoding import decode
from parsers.text.light import Blocks, LineReader, Style, indent_of, normalized_lines

MEDIA_TYPE = "text/org"
BLOCKS_NESTED_MAX = 10

_HEADING = re.compile(r"^(\*{1,50})[ ]+(.*?)(?:[ ]+(:[\w@#%:]+:))?$")
_KEYWORD = re.compile(r"^\s*#\+(\w+):[ ]*(.*)$")
_BEGIN = re.compile(r"^\s*#\+begin_(\w+)(?:[ ]+(.*))?$", re.IGNORECASE)
_END = re.compile(r"^\s*#\+end_(\w+)\s*$", re.IGNORECASE)
_ITEM = re.compile(r"^(\s*)(?:[-+]|(\d{1,9}[.)])|(?<=\s)\*)[ ]+(?:\[@\d+\][ ]*)?(.*)$")
_TERM = re.compile(r"^(.{1,200}?)[ ]+::(?:[ ]+|$)")
_CHECKBOX = {"[ ]": "☐", "[X]": "☒", "[x]": "☒", "[-]": "☐"}
_FOOTNOTE = re.compile(r"^\[fn:([\w-]{1,40})\][ ]+(.*)$")
_DRAWER = re.compile(r"^\s*:[\w-]{1,60}:\s*$")
_RULE = re.compile(r"^\s*\|[-+|: ]*$")
_DRAWER_LINES_MAX = 200
_CODE_BLOCKS = frozenset({"src", "example", "export"})
_BREAKS = ("*", "#", "|", "[fn:")
_INLINE = re.compile(
    r"\[\[(?P<url>[^\]\[\n]{1,2000})\](?:\[(?P<text>[^\]\n]{1,1000})\])?\]"
    r"|\[fn:(?P<note>[\w-]{1,40})\]"
    r"|(?<![\w*/+=~_])(?:\*(?P<bold>\S(?:[^*\n]{0,2000}?\S)?)\*|/(?P<italic>[^\s/](?:[^/\n]{0,2000}?[^\s/])?)/"
    r"|_(?P<under>\S(?:[^_\n]{0,2000}?\S)?)_|\+(?P<strike>\S(?:[^+\n]{0,2000}?\S)?)\+"
    r"|=(?P<verbatim>[^\s=](?:[^=\n]{0,2000}?[^\s=])?)=|~(?P<code>[^\s~](?:[^~\n]{0,2000}?[^\s~])?)~)(?!\w)"
    r"|<<(?P<target>[^<>\n]{1,200})>>|\\\((?P<tex>[^\n]{1,2000}?)\\\)"
    r"|(?P<address>https?://[^\s<>\[\]]+[^\s<>\[\].,;:!?)])"
)


class OrgParser:
    """Reads `text/org`."""

    media_types = (MEDIA_TYPE,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """One document. Nothing it includes is looked for, no code in it is run."""
        text, encoding = decode(document)
        reader = _Reader(Blocks(LineReader(_INLINE, _show), report))
        reader.read(normalized_lines(text))
        return ParsedDocument(
            media_type=MEDIA_TYPE,
            blocks=reader.out.blocks,
            title=reader.keywords.get("title", ""),
            author=reader.keywords.get("author", ""),
            created=_date(reader.keywords.get("date", "")),
            languages=[language] if (language := reader.keywords.get("language", "")).isalpha() else [],
            encoding=encoding,
            findings=reader.out.findings,
        )


class _Reader:
    def __init__(self, out: Blocks, level: int = 0) -> None:
        self.out = out
        self._level = level
        self._ends: dict[str, int] = {}  # block name -> the last line that ends one
        self.keywords: dict[str, str] = {}
        self._lines: list[str] = []
        self._at = 0
        self._columns: list[int] = []  # where the open lists' items begin
        self._caption = ""

    def read(self, lines: list[str]) -> None:
        """All lines. Every step moves on by at least one."""
        self._lines = lines
        for number, line in enumerate(lines):
            if (end := _END.match(line)) is not None:
                self._ends[end[1].lower()] = number
        while self._at < len(lines):
            if self._at % 500 == 0:
                self.out.report.progress("lines", self._at, len(lines))
            self._step(lines[self._at])

    def _step(self, line: str) -> None:
        stripped = line.strip()
        heading = _HEADING.match(line)
        begin = _BEGIN.match(line)
        item = _ITEM.match(line) if heading is None else None
        if not stripped:
            self._at += 1
        elif heading is not None:
            self._columns.clear()
            self.out.heading(heading[2], len(heading[1]))
            self._at += 1
        elif begin is not None:
            self._block(begin[1].lower(), (begin[2] or "").split())
        elif stripped.startswith("#+"):
            self._keyword(line)
        elif stripped.startswith("# ") or stripped == "#":
            self._at += 1
        elif _DRAWER.match(line):
            self._drawer()
        elif stripped.startswith("|"):
            self._table()
        elif stripped.startswith((": ", ":\n")):
            self.out.code(
                "\n".join(each.strip()[2:] for each in self._while(lambda each: each.strip().startswith(":")))
            )
        elif item is not None:
            self._item(item)
        elif stripped.startswith(("\\begin{", "\\[", "$$")):
            self._formula(stripped)
        else:
            self._paragraph(line)

    def _while(self, holds: Callable[[str], bool]) -> list[str]:
        """The lines from here on for which this holds."""
        start = self._at
        while self._at < len(self._lines) and holds(self._lines[self._at]):
            self._at += 1
        return self._lines[start : self._at]

    def _keyword(self, line: str) -> None:
        found = _KEYWORD.match(line)
        self._at += 1
        if found is None:
            return
        name, value = found[1].lower(), found[2].strip()
        if name == "include":
            self.out.include(value)
        elif name == "caption":
            self._caption = value
        elif name not in self.keywords:
            self.keywords[name] = value
            if name == "title" and value:
                self.out.heading(value, 1)

    def _block(self, name: str, words: list[str]) -> None:
        """A block between `#+begin_x` and `#+end_x`, or to the end of the file."""
        start = self._at + 1
        if self._ends.get(name, -1) < start:
            self.out.paragraph(self._lines[self._at])
            self._at = start
            return
        closing = f"#+end_{name}"
        stop = next(
            number for number in range(start, len(self._lines)) if self._lines[number].strip().lower() == closing
        )
        lines = self._lines[start:stop]
        self._at = stop + 1
        if name in _CODE_BLOCKS:
            margin = min((indent_of(line) for line in lines if line), default=0)
            self.out.code("\n".join(line[margin:] for line in lines), words[0] if words and name == "src" else "")
        elif self._level >= BLOCKS_NESTED_MAX:
            self.out.code("\n".join(lines))
        elif name != "comment":
            _Reader(self.out, self._level + 1).read(lines)

    def _drawer(self) -> None:
        """A drawer up to its `:END:`, which is near."""
        near = range(self._at + 1, min(self._at + _DRAWER_LINES_MAX, len(self._lines)))
        end = next((at for at in near if self._lines[at].strip().upper() == ":END:"), -1)
        if end < 0:
            self.out.paragraph(self._lines[self._at])
        self._at = max(end, self._at) + 1

    def _table(self) -> None:
        lines = self._while(lambda each: each.strip().startswith("|"))
        rows: list[list[Cell]] = []
        header_rows = 0
        for line in lines:
            if _RULE.match(line) and "-" in line:
                header_rows = header_rows or len(rows)
            else:
                rows.append([Cell(text.strip()) for text in line.strip().strip("|").split("|")])
        caption, self._caption = self._caption, ""
        self.out.table(rows, header_rows if header_rows < len(rows) else 0, caption)

    def _item(self, item: re.Match[str]) -> None:
        """An item with the lines indented below it, up to an empty line, another item or a block."""
        column = len(item[1])
        while self._columns and self._columns[-1] >= column:
            self._columns.pop()
        depth = len(self._columns)
        self._columns.append(column)
        self._at += 1
        text = item[3]
        for sign, shown in _CHECKBOX.items():
            if text.startswith(sign + " "):
                text = shown + text[3:]
        term = _TERM.match(text)
        if term:
            text = f"*{term[1]}* {text[term.end() :]}"
        more = self._while(partial(_continues, column))
        self.out.item(" ".join([text, *(line.strip() for line in more)]), depth, item[2] or "")

    def _formula(self, stripped: str) -> None:
        closers = {"\\[": "\\]", "$$": "$$"}
        name = re.match(r"\\begin\{([\w*]{1,30})\}", stripped)
        closer = f"\\end{{{name[1]}}}" if name else closers.get(stripped[:2], "")
        start = self._at
        while self._at < len(self._lines) and self._lines[self._at].strip():
            line = self._lines[self._at]
            self._at += 1
            if closer in line[2 if self._at == start + 1 else 0 :]:
                break
        tex = "\n".join(self._lines[start : self._at]).strip()
        if not name:
            tex = tex.removeprefix(stripped[:2]).removesuffix(closer)
        self.out.formula(tex)

    def _paragraph(self, line: str) -> None:
        self._columns.clear()
        note = _FOOTNOTE.match(line)
        start = self._at
        self._at += 1
        self._while(lambda each: bool(each.strip()) and not each.lstrip().startswith(_BREAKS) and not _ITEM.match(each))
        text = " ".join(each.strip() for each in self._lines[start : self._at]).replace("\\\\ ", "\n")
        if note:
            self.out.footnote(note[1], text[len(line) - len(note[2]) :])
        else:
            self.out.paragraph(text)


def _continues(column: int, line: str) -> bool:
    return (
        bool(line.strip())
        and indent_of(line) > column
        and not _ITEM.match(line)
        and not line.strip().startswith(("#+", "|"))
    )


def _show(reader: LineReader, found: re.Match[str], style: Style) -> None:
    kind = found.lastgroup
    if found["url"] is not None:
        url = found["url"].removeprefix("file:") if found["url"].startswith("file:") else found["url"]
        reader.link(found["text"] or "", url, style)
    elif kind == "note":
        reader.builder.add_raw(f"[{found['note']}]", f"[^{found['note']}]")
    elif kind in ("bold", "italic", "under", "strike"):
        marks = {"bold": BOLD, "italic": ITALIC, "under": 0, "strike": STRIKE}[kind]
        reader.add(found[kind], style.with_marks(marks))
    elif kind in ("verbatim", "code"):
        reader.code(found[kind], style)
    elif kind == "tex":
        reader.formula(found["tex"])
    elif kind == "address":
        reader.link("", found["address"], style)


def _date(text: str) -> str:
    found = re.search(r"\d{4}-\d\d-\d\d", text)
    return found[0] if found else ""


PARSER = OrgParser()
