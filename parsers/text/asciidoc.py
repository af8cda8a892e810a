"""SANDBOX, untrusted: AsciiDoc (docs.asciidoctor.org/asciidoc): sections, delimited blocks, lists, tables, macros."""

import re
from collections.abc import Callable

from contract.verdicts import ElementType
from parsers.blocks import ParsedDocument, Report
from parsers.markup.inline import BOLD, CODE, ITALIC
from parsers.text import asciidoc_table
from parsers.text.encoding import decode
from parsers.text.light import Blocks, LineReader, Style, normalized_lines

MEDIA_TYPE = "text/asciidoc"
BLOCKS_NESTED_MAX = 10
ATTRIBUTE_CHARS_MAX = 1000
ATTRIBUTES_MAX = 1000

_HEADING = re.compile(r"^(={1,6}|#{1,6})[ ]+(.+?)(?:[ ]+\1)?$")
_ATTRIBUTE = re.compile(r"^:(!?[\w-]{1,100}!?):(?:[ ]+(.*))?$")
_BLOCK_ATTRIBUTES = re.compile(r"^\[(.{0,1000})\]$")
_BLOCK_TITLE = re.compile(r"^\.(?!\.|\s)(.+)$")
_DELIMITER = re.compile(r"^(?:-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|\+{4,}|/{4,}|--|```+\w*|[|,:!]===)$")
_ITEM = re.compile(r"^\s*(?:(\*{1,6}|-)|(\.{1,6})|(\d{1,9}\.|[A-Za-z]\.)|<(?:\d{1,3}|\.)>)[ ]+(?=\S)(.*)$")
_TERM = re.compile(r"^\s*(\S.{0,300}?)(:{2,4}|;;)(?:[ ]+(.*))?$")
_ADMONITION = re.compile(r"^(NOTE|TIP|IMPORTANT|WARNING|CAUTION):[ ]+(.*)$", re.DOTALL)
_BLOCK_MACRO = re.compile(
    r"^(image|video|audio|include|toc|ifdef|ifndef|ifeval|endif|xref|stem|leveloffset)::(.{0,1000}?)\[(.{0,1000})\]$"
)
_AUTHOR_LINE = re.compile(r"^([^\W\d_][\w.'-]*(?:[ ][\w.'-]+){0,4})[ ]*(?:<([^<>\s]+)>)?$")
_REFERENCE = re.compile(r"\{([\w-]{1,100})\}")
_BUILT_IN = {
    "nbsp": "\u00a0", "zwsp": "", "amp": "&", "lt": "<", "gt": ">", "empty": "", "sp": " ", "plus": "+", "vbar": "|",
    "asterisk": "*", "backtick": "`", "cpp": "C++", "lsquo": "‘", "rsquo": "’", "ldquo": "“", "rdquo": "”",
    "deg": "°", "brvbar": "¦", "startsb": "[", "endsb": "]", "caret": "^", "tilde": "~", "apos": "'", "quot": '"',
    "blank": "", "two-colons": "::", "two-semicolons": ";;",
}  # fmt: skip
_INLINE = re.compile(
    r"(?:link:|xref:|mailto:)(?P<url>[^\s\[\]]{1,2000})\[(?P<text>[^\]\n]{0,1000})\]"
    r"|(?P<address>(?:https?|ftp)://[^\s\[\]<>]{1,2000}[^\s\[\]<>.,;:!?)\"'])(?:\[(?P<label>[^\]\n]{0,1000})\])?"
    r"|<<(?P<anchor>[^<>,\n]{1,200})(?:,(?P<anchortext>[^<>\n]{1,300}))?>>"
    r"|\[\[[\w:.-]{1,200}\]\]|anchor:[\w-]{1,200}\[\]|\(\(\((?:[^()\n]{1,300})\)\)\)"
    r"|(?:footnote|footnoteref):[\w-]{0,60}\[(?P<note>[^\]\n]{1,2000})\]"
    r"|(?:btn|kbd):\[(?P<key>[^\]\n]{1,100})\]|menu:(?P<menu>[^\[\]\n]{1,100})\[(?P<menuitem>[^\]\n]{0,200})\]"
    r"|(?:image|icon):(?P<image>[^\s\[\]:]{1,500})\[(?P<alt>[^\]\n]{0,500})\]"
    r"|(?:stem|latexmath|asciimath):\[(?P<tex>[^\]\n]{1,1000})\]|pass:[a-z,]{0,20}\[(?P<passed>[^\]\n]{0,1000})\]"
    r"|(?P<quote>\"`(?:[^`\n]{1,500})`\"|'`(?:[^`\n]{1,500})`')"
    r"|``(?P<mono2>[^`\n](?:[^\n]{0,1000}?[^`\n])?)``|(?<!\w)`(?P<mono>[^\s`](?:[^`\n]{0,1000}?[^\s`])?)`(?!\w)"
    r"|\+\+\+(?P<raw>[^+\n]{1,500})\+\+\+|(?<!\w)\+(?P<plus>\S(?:[^+\n]{0,500}?\S)?)\+(?!\w)"
    r"|\*\*(?P<bold2>[^*\n]{1,2000})\*\*|(?<![\w*])(?:\[[^\]\n]{1,60}\])?\*(?P<bold>[^\s*](?:[^*\n]{0,2000}?[^\s*])?)\*(?![\w*])"
    r"|__(?P<italic2>[^_\n]{1,2000})__|(?<![\w_])_(?P<italic>[^\s_](?:[^_\n]{0,2000}?[^\s_])?)_(?![\w_])"
    r"|(?<![\w#])(?:\[[^\]\n]{1,60}\])?#(?P<mark>[^\s#](?:[^#\n]{0,500}?[^\s#])?)#(?![\w#])"
    r"|\^(?P<sup>[^\^\s]{1,60})\^|~(?P<sub>[^~\s]{1,60})~|(?P<break>[ ]\+\n)"
)


class AsciiDocParser:
    """Reads `text/asciidoc`."""

    media_types = (MEDIA_TYPE,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """One document. Nothing it includes is looked for."""
        text, encoding = decode(document)
        attributes: dict[str, str] = {}
        line_reader = LineReader(
            _INLINE, _show, lambda plain: _REFERENCE.sub(lambda found: _value(found, attributes), plain)
        )
        reader = Reader(Blocks(line_reader, report), attributes)
        reader.read(normalized_lines(text))
        return ParsedDocument(
            media_type=MEDIA_TYPE,
            blocks=reader.out.blocks,
            title=reader.title,
            author=attributes.get("author", ""),
            created=attributes.get("revdate", "") if attributes.get("revdate", "")[:4].isdigit() else "",
            languages=[language] if (language := attributes.get("lang", "")).isalpha() else [],
            encoding=encoding,
            findings=reader.out.findings,
        )


def _value(found: re.Match[str], attributes: dict[str, str]) -> str:
    """An attribute's value, as it was when it was set: values are not looked into again, so nothing can grow."""
    name = found[1].lower()
    return attributes.get(name, _BUILT_IN.get(name, found[0]))


class Reader:
    """Lines to blocks; blocks in delimiters are read by a reader one level in."""

    def __init__(self, out: Blocks, attributes: dict[str, str], level: int = 0) -> None:
        self.out = out
        self.title = ""
        self._attributes = attributes
        self._level = level
        self._lines: list[str] = []
        self._at = 0
        self._closers: dict[str, int] = {}  # delimiter line -> the last line that is one
        self._style = ""  # of the block to come: "source,python", "quote", …
        self._caption = ""
        self._markers: list[str] = []  # of the open lists, outermost first
        self._numbers: list[int] = []

    def read(self, lines: list[str]) -> None:
        """All lines. Every step moves on by at least one."""
        self._lines = lines
        self._closers = {line: number for number, line in enumerate(lines) if line and _DELIMITER.match(line)}
        while self._at < len(lines):
            if self._at % 500 == 0:
                self.out.report.progress("lines", self._at, len(lines))
            self._step(lines[self._at])

    def _step(self, line: str) -> None:
        if not line.strip():
            self._at += 1
        elif line.startswith("//") and not line.startswith("////"):
            self._at += 1  # a comment
        elif _DELIMITER.match(line) and self._closers.get(_closer(line), -1) > self._at:
            self._delimited(line)
        elif (heading := _HEADING.match(line)) is not None:
            self._heading(heading)
        elif (attribute := _ATTRIBUTE.match(line)) is not None:
            self._attribute(attribute)
        elif (style := _BLOCK_ATTRIBUTES.match(line)) is not None:
            self._at += 1
            if not style[1].startswith(("[", "id=", "#")):
                self._style = style[1]
        elif (caption := _BLOCK_TITLE.match(line)) is not None:
            self._caption = caption[1]
            self._at += 1
        elif (macro := _BLOCK_MACRO.match(line)) is not None:
            self._macro(macro)
        elif line in ("'''", "---", "***", "<<<", "+"):
            self._at += 1
        else:
            self._text(line)

    def _heading(self, heading: re.Match[str]) -> None:
        self._end_lists()
        level = len(heading[1])
        self.out.heading(heading[2], level)
        self._at += 1
        if level == 1 and not self.title and self._level == 0:
            self.title = self.out.blocks[-1].text if self.out.blocks else ""
            self._header()

    def _header(self) -> None:
        """Author and revision below the title, up to the first empty line or attribute."""
        author = _AUTHOR_LINE.match(self._lines[self._at]) if self._at < len(self._lines) else None
        if author is None or _ATTRIBUTE.match(self._lines[self._at]):
            return
        self._attributes.setdefault("author", author[1])
        self._at += 1
        self.out.paragraph(author[0])
        if self._at < len(self._lines) and re.match(r"^v?\d[\w.]*(?:,|$)|^\d{4}-\d\d-\d\d", self._lines[self._at]):
            self.out.paragraph(self._lines[self._at])
            found = re.search(r"\d{4}-\d\d-\d\d", self._lines[self._at])
            if found:
                self._attributes.setdefault("revdate", found[0])
            self._at += 1

    def _attribute(self, attribute: re.Match[str]) -> None:
        """A document attribute. Its value is fixed here, references in it included."""
        self._at += 1
        value = attribute[2] or ""
        while value.endswith(" \\") and self._at < len(self._lines):
            value = value[:-2] + " " + self._lines[self._at].strip()
            self._at += 1
        if len(self._attributes) < ATTRIBUTES_MAX:
            self._attributes[attribute[1].strip("!").lower()] = self.out.reader.replace(value)[:ATTRIBUTE_CHARS_MAX]

    def _macro(self, macro: re.Match[str]) -> None:
        self._at += 1
        name, target, options = macro[1], macro[2], macro[3]
        if name == "include":
            self.out.include(target)
        elif name == "image":
            self._show_caption()
            alt = options.split(",")[0].strip().strip('"').removeprefix("alt=").strip('"')
            if alt and "=" not in alt:
                self.out.paragraph(alt, ElementType.IMAGE)
        elif name in ("ifdef", "ifndef") and options:
            self.out.paragraph(options)

    def _take_caption(self) -> str:
        caption, self._caption = self._caption, ""
        return caption

    def _show_caption(self) -> None:
        caption = self._take_caption()
        if caption:
            self.out.paragraph(f"*{caption}*")

    def _take_style(self) -> list[str]:
        style, self._style = self._style, ""
        return [each.strip().strip('"') for each in style.split(",")]

    def _delimited(self, line: str) -> None:
        """A block between two equal lines."""
        closer = _closer(line)
        start = self._at + 1
        stop = next(number for number in range(start, len(self._lines)) if self._lines[number] == closer)
        lines = self._lines[start:stop]
        self._at = stop + 1
        written = self._style
        style = self._take_style()
        sign = line[:2]
        if sign == "//":
            return
        if line[1:] == "===" and line[0] in "|,:!":
            rows, header_rows = asciidoc_table.read(lines, line[0], written)
            self.out.table(rows, header_rows, self._take_caption())
            return
        self._show_caption()
        is_code = style[0].partition("%")[0] in ("source", "listing", "literal") or sign in ("..", "``")
        if is_code or (sign == "--" and len(line) > 2):
            language = (
                style[1] if len(style) > 1 and style[0].startswith("source") else line.strip("`").partition(",")[0]
            )
            self.out.code("\n".join(lines), language if sign in ("``", "--", "..") and language.strip("-.") else "")
        elif sign == "++":
            if style[0] in ("stem", "latexmath", "asciimath"):
                self.out.formula("\n".join(lines))
            else:
                self.out.code("\n".join(lines))
        elif self._level >= BLOCKS_NESTED_MAX:
            self.out.code("\n".join(lines))
        else:
            if style[0] in ("NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION"):
                self.out.paragraph(f"*{style[0].capitalize()}:*")
            Reader(self.out, self._attributes, self._level + 1).read(lines)
            if style[0] in ("quote", "verse") and len(style) > 1:
                self.out.paragraph("— " + ", ".join(part for part in style[1:3] if part))

    def _text(self, line: str) -> None:
        """A list item, a term, or a paragraph, with the lines that go on with it."""
        item, term = _ITEM.match(line), _TERM.match(line)
        self._show_caption()
        if item is not None:
            self._item(item)
        elif term is not None and "://" not in term[1]:
            self._at += 1
            self.out.paragraph(f"*{term[1].strip()}*")
            rest = self._rest([term[3] or ""])
            if rest:
                self.out.paragraph(rest)
        elif line[0] == " " and not self._markers:
            self.out.code("\n".join(self._while(lambda each: bool(each.strip()))))
        else:
            self._paragraph(line)

    def _while(self, holds: Callable[[str], bool]) -> list[str]:
        start = self._at
        while self._at < len(self._lines) and holds(self._lines[self._at]):
            self._at += 1
        return self._lines[start : self._at]

    def _rest(self, first: list[str]) -> str:
        """The text that begins with `first`, up to a line that is something else."""
        more = self._while(_is_plain)
        return "\n".join(line.strip() for line in [*first, *more] if line.strip())

    def _item(self, item: re.Match[str]) -> None:
        self._at += 1
        sign = item[1] or item[2] or ("1" if item[3] else "<")
        if sign in self._markers:
            del self._markers[self._markers.index(sign) + 1 :]
        else:
            self._markers.append(sign)
            self._numbers[len(self._markers) - 1 :] = [0]
        depth = len(self._markers) - 1
        del self._numbers[depth + 1 :]
        self._numbers[depth] += 1
        text = self._rest([item[4]])
        for sign_of, shown in (("[ ] ", "☐ "), ("[x] ", "☒ "), ("[*] ", "☒ ")):
            text = shown + text[4:] if text.startswith(sign_of) else text
        marker = "" if item[1] else f"{self._numbers[depth]}."
        self.out.item(_unwrapped(text), depth, marker)

    def _end_lists(self) -> None:
        self._markers.clear()
        self._numbers.clear()

    def _paragraph(self, line: str) -> None:
        start = self._at
        self._at += 1
        text = self._rest([line])
        style = self._take_style()
        attached = start > 0 and self._lines[start - 1] == "+"
        if not attached:
            self._end_lists()
        admonition = _ADMONITION.match(text)
        if style[0] in ("source", "listing", "literal"):
            self.out.code("\n".join(self._lines[start : self._at]), style[1] if len(style) > 1 else "")
        elif admonition:
            self.out.paragraph(f"*{admonition[1].capitalize()}:* {_unwrapped(admonition[2])}")
        else:
            self.out.paragraph(_unwrapped(text))


def _closer(line: str) -> str:
    """The line that ends a block: the same, without the language behind a fence."""
    return (
        line.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
        if line.startswith("```")
        else line
    )


def _is_plain(line: str) -> bool:
    """Whether a line goes on with the text before it."""
    return bool(line.strip()) and not (
        line == "+" or line.startswith("//") or _DELIMITER.match(line) or _ITEM.match(line)
        or _BLOCK_ATTRIBUTES.match(line) or _BLOCK_MACRO.match(line) or _HEADING.match(line) or _ATTRIBUTE.match(line)
    )  # fmt: skip


def _unwrapped(text: str) -> str:
    """Lines of a paragraph as one, but for those that end in a hard break."""
    return text.replace(" +\n", "\x00").replace("\n", " ").replace("\x00", " +\n")


def _show(reader: LineReader, found: re.Match[str], style: Style) -> None:
    get = found.groupdict()
    if get["url"] is not None:
        reader.link(get["text"] or ("" if get["text"] is None else get["url"]), get["url"], style)
    elif get["address"] is not None:
        reader.link((get["label"] or "").rstrip("^"), get["address"], style)
    elif get["anchor"] is not None:
        reader.add(get["anchortext"] or get["anchor"], style.with_marks(0))
    elif get["note"] is not None:
        reader.add(f" ({get['note']})", style.with_marks(0))
    elif get["key"] is not None:
        reader.add(get["key"], style.with_marks(BOLD))
    elif get["menu"] is not None:
        reader.add(" › ".join(filter(None, (get["menu"], get["menuitem"]))), style.with_marks(BOLD))
    elif get["image"] is not None:
        reader.plain((get["alt"] or "").split(",")[0], style)
    elif get["tex"] is not None:
        reader.formula(get["tex"])
    elif get["quote"] is not None:
        double = found[0].startswith('"')
        reader.add(f"{'“' if double else '‘'}{get['quote'][2:-2]}{'”' if double else '’'}", style.with_marks(0))
    elif get["break"] is not None:
        reader.builder.add("\n", style.marks, style.url)
    else:
        _show_formatted(reader, get, style)


def _show_formatted(reader: LineReader, get: dict[str, str | None], style: Style) -> None:
    for name, marks in (
        ("mono", CODE), ("mono2", CODE), ("bold", BOLD), ("bold2", BOLD), ("italic", ITALIC), ("italic2", ITALIC),
        ("mark", 0), ("sub", 0),
    ):  # fmt: skip
        text = get[name]
        if text is not None:
            reader.add(text, style.with_marks(marks))
            return
    if get["sup"] is not None:
        reader.builder.add_superscript(get["sup"], style.marks, style.url)
    else:
        reader.builder.add(get["plus"] or get["raw"] or get["passed"] or "", style.marks, style.url)


PARSER = AsciiDocParser()
