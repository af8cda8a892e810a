"""SANDBOX, untrusted: LaTeX documents as a reader of the printed page sees them; formulas stay TeX.

No TeX engine: braces and environments are paired in one pass, and one walk reads what stands between them. Macros of an
author's own are expanded when they are plain text without arguments, under a bound; no file is ever looked for.
"""

import re

from parsers.blocks import ParsedDocument, Report
from parsers.markup.inline import BOLD
from parsers.text import latex_words as known
from parsers.text.encoding import decode
from parsers.text.latex_table import read_table
from parsers.text.light import Blocks, LineReader, Style
from parsers.text.tex_cursor import TOKEN, Cursor
from parsers.text.tex_source import Source, prepared

MEDIA_TYPE = "text/x-tex"
NESTING_MAX = 40
MACROS_MAX = 500
MACRO_CHARS_MAX = 200
EXPANSIONS_MAX = 20_000
FORMULA_CHARS_MAX = 5000  # between its signs; an environment may hold more

_NOTHING = re.compile(r"(?!)")
_QUOTES = (("``", "“"), ("''", "”"), ("---", "—"), ("--", "–"), ("`", "‘"))
_DEFINITION = re.compile(
    r"\\(?:(?:re)?newcommand|providecommand)\*?\{?\\([A-Za-z]{1,60})\}?\{|\\def\\([A-Za-z]{1,60})\{"
)


class LatexParser:
    """Reads `text/x-tex`."""

    media_types = (MEDIA_TYPE,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """One document, or a piece of one without a preamble."""
        text, encoding = decode(document)
        report.progress("tokens", 0, 1)
        source = prepared(text)
        out = Blocks(LineReader(_NOTHING, lambda *_: None), report)
        reader = _Reader(source, out)
        reader.read()
        return ParsedDocument(
            media_type=MEDIA_TYPE,
            blocks=out.blocks,
            title=reader.title,
            author=reader.author,
            encoding=encoding,
            findings=out.findings,
        )


class _Reader(Cursor):
    def __init__(self, source: Source, out: Blocks, macros: dict[str, str] | None = None, level: int = 0) -> None:
        self.title = self.author = ""
        super().__init__(source)
        self._out = out
        self._line = LineReader(_NOTHING, lambda *_: None)
        self._macros = macros if macros is not None else {}
        self._level = level
        self._lists: list[tuple[str, int]] = []  # kind of number, last number
        self._marker: str | None = None
        self._notes: list[str] = []
        self._inside = 0  # pieces read for their own sake, inside each other
        self._expansions = 0
        self._section_level = 0  # what is taken off a section's level
        self._pending_title = False

    def read(self) -> None:
        """The preamble for what it defines, then the body."""
        text = self._text
        begin = text.find("\\begin{document}")
        start = begin + len("\\begin{document}") if begin >= 0 else 0
        end = self._source.environments.get(begin, len(text)) if begin >= 0 else len(text)
        self._define(0, end)
        self._read_titles(0, end)
        if not self.title and "\\chapter" not in text:
            self._section_level = 1
        if "\\maketitle" not in text and begin >= 0:
            self._show_title()
        self.walk(start, end, Style())
        self._end_paragraph()
        for number, note in enumerate(self._notes, 1):
            self._out.footnote(str(number), note)

    def inline(self, start: int, end: int, style: Style) -> None:
        """A piece of a line."""
        if style.level < NESTING_MAX:
            self.walk(start, end, style)

    def _define(self, start: int, end: int) -> None:
        for found in _DEFINITION.finditer(self._text, start, end):
            opened = found.end() - 1
            closed = self._source.braces.get(opened, -1)
            if 0 <= closed - opened <= MACRO_CHARS_MAX and len(self._macros) < MACROS_MAX:
                body = self._text[opened + 1 : closed]
                if "#" not in body:
                    self._macros.setdefault(found[1] or found[2], body)

    def _read_titles(self, start: int, end: int) -> None:
        for name in ("title", "author", "date"):
            found = re.compile(rf"\\{name}[ \t\n]*(?:\[[^\]]{{0,200}}\])?[ \t\n]*(?=\{{)").search(
                self._text, start, end
            )
            if found is None:
                continue
            closed = self._source.braces.get(found.end(), -1)
            if closed > 0:
                shown = self._shown(found.end() + 1, closed)
                if name == "title":
                    self.title = shown
                elif name == "author":
                    self.author = ", ".join(part.strip() for part in shown.split("\n") if part.strip())[:500]

    def _shown(self, start: int, end: int) -> str:
        """The plain text of a piece."""
        if self._inside >= NESTING_MAX:
            return ""
        outer, self._line = self._line, LineReader(_NOTHING, lambda *_: None)
        self._inside += 1
        self.walk(start, end, Style())
        self._inside -= 1
        text = self._line.builder.finish().text
        self._line = outer
        return text

    def _show_title(self) -> None:
        if self.title and not self._pending_title:
            self._pending_title = True
            self._out.heading(self.title, 1)
            if self.author:
                self._out.paragraph(self.author)

    def walk(self, position: int, end: int, style: Style) -> None:
        """What stands between two offsets. Groups only keep the style that they end with apart."""
        groups: list[Style] = []
        text = self._text
        steps = 0
        while position < end and (token := TOKEN.match(text, position, end)) is not None:
            steps += 1
            if steps % 5000 == 0:
                self._out.report.progress("tokens", position, len(text))
            start, position = position, token.end()
            kind = token.lastgroup
            if token[0] == "{":
                groups.append(style)
            elif token[0] == "}":
                style = groups.pop() if groups else style
            elif kind == "word" and token["word"] in known.SWITCHES:
                style = style.with_marks(known.SWITCHES[token["word"]])
            else:
                position = self._token(token, start, position, end, style)

    def _token(self, token: re.Match[str], start: int, position: int, end: int, style: Style) -> int:
        """What one token shows or begins. Returns where the text goes on."""
        match token.lastgroup:
            case "text":
                self._add(token[0], style)
            case "space":
                self._add(" ", style)
            case "break":
                self._end_paragraph()
            case "math":
                return self._math(start, token[0], end)
            case "sign":
                return self._sign(token["sign"], position, end, style)
            case "word":
                return self._command(token["word"], start, position, end, style)
            case "begin":
                return self._environment(token["begin"], start, position, end, style)
            case "end":
                self._end_environment(token["end"])
        return position

    def _add(self, text: str, style: Style) -> None:
        for written, shown in _QUOTES:
            if written in text:
                text = text.replace(written, shown)
        builder = self._line.builder
        if text[:1].isspace() and builder.ends_with_space():
            text = text.lstrip()
        builder.add(text, style.marks, style.url)

    def _end_paragraph(self) -> None:
        """What was collected becomes a block."""
        if self._level or self._inside:
            self._add(" ", Style())
            return
        marker, self._marker = self._marker, None
        builder = self._line.builder
        if builder.is_empty():
            self._marker = marker
            builder.finish()
            return
        self._out.add_line(builder.finish(), None if marker is None else max(0, len(self._lists) - 1), marker or "")

    # Commands

    def _sign(self, sign: str, position: int, end: int, style: Style) -> int:
        if sign in "([":
            closer = "\\)" if sign == "(" else "\\]"
            closed = self._text.find(closer, position, min(end, position + FORMULA_CHARS_MAX))
            if closed >= 0:
                self._show_math(self._text[position:closed], display=sign == "[")
                return closed + 2
            return position
        if sign in known.ACCENTS and sign not in ("=",):
            return self._accent(known.ACCENTS[sign], position, end, style)
        self._line.builder.add(known.ESCAPED.get(sign, sign), style.marks, style.url)
        return self._option(position, end)[1] if sign == "\\" else position

    def _accent(self, combining: str, position: int, end: int, style: Style) -> int:
        start, stop, after = self._argument(position, end)
        letter = self._text[start:stop].strip()
        letter = known.SIGNS.get(letter.lstrip("\\"), letter) if letter.startswith("\\") else letter
        letter = {"ı": "i", "ȷ": "j"}.get(letter, letter)
        self._line.builder.add(letter[:1] + combining + letter[1:] if letter else "", style.marks, style.url)
        return after

    def _command(self, word: str, start: int, position: int, end: int, style: Style) -> int:
        if word in known.SIGNS:
            self._line.builder.add(known.SIGNS[word], style.marks, style.url)
            return position + 2 if self._text.startswith("{}", position) else position
        if word in self._macros and self._text[start - 1 : start] != "{":
            return self._expand(word, position, style)
        if word in known.SECTIONS or word in ("caption", "footnote", "item", "par", "maketitle", "appendix", "bibitem"):
            return self._structure(word, position, end)
        if word in known.MARKED:
            inner, stop, after = self._argument(position, end)
            self.inline(inner, stop, style.with_marks(known.MARKED[word]))
            return after
        if len(word) == 1 and word in known.ACCENTS:
            return self._accent(known.ACCENTS[word], position, end, style)
        if word in ("href", "url", "nolinkurl", "path"):
            return self._link(word, position, end, style)
        return self._quiet_command(word, start, position, end, style)

    def _quiet_command(self, word: str, start: int, position: int, end: int, style: Style) -> int:
        """Commands that show little or nothing. Of one nobody knows, the arguments are text."""
        if word in known.CITATIONS or word in known.REFERENCES:
            option, position = self._option(position, end)
            inner, stop, after = self._argument(position, end)
            shown = ", ".join(part.strip() for part in (self._text[inner:stop], option) if part.strip())
            self._line.builder.add(f"[{shown}]", style.marks, style.url)
            return after
        if word in known.INCLUDES:
            inner, stop, after = self._argument(self._option(position, end)[1], end)
            self._out.include(self._text[inner:stop])
            return after
        if word == "verb" or word == "lstinline":
            return self._verb(start, position, end, style)
        if word == "iffalse":
            closed = self._text.find("\\fi", position, end)
            return closed + 3 if closed >= 0 else position
        if word in ("newcommand", "renewcommand", "providecommand", "def", "title", "author", "date", "let"):
            return self._skip(position, end, 2 if word.endswith("command") or word == "def" else 1)
        if word in known.SKIPPED_ARGUMENTS:
            return self._skip(position, end, known.SKIPPED_ARGUMENTS[word])
        return self._option(position, end)[1]

    def _expand(self, word: str, position: int, style: Style) -> int:
        self._expansions += 1
        if self._level < 4 and self._expansions <= EXPANSIONS_MAX:
            macro = _Reader(prepared(self._macros[word]), self._out, self._macros, self._level + 1)
            macro._line = self._line
            macro._expansions = self._expansions
            macro.walk(0, len(macro._text), style)
            self._expansions = macro._expansions
        return position + 2 if self._text.startswith("{}", position) else position

    def _verb(self, start: int, position: int, end: int, style: Style) -> int:
        at = self._text.find("\\", start) + (5 if self._text.startswith("\\verb", start) else 10)
        at = self._option(at, end)[1]
        if self._text[at : at + 1] == "*":
            at += 1
        sign = self._text[at : at + 1]
        closed = self._text.find("}" if sign == "{" else sign, at + 1, min(end, at + 1000)) if sign else -1
        if closed < 0:
            return position
        self._line.code(self._text[at + 1 : closed], style)
        return closed + 1

    def _link(self, word: str, position: int, end: int, style: Style) -> int:
        inner, stop, after = self._argument(self._option(position, end)[1], end)
        url = (
            self._text[inner:stop]
            .replace("\\%", "%")
            .replace("\\#", "#")
            .replace("\\_", "_")
            .replace("\\&", "&")
            .strip()
        )
        if word != "href":
            self._line.link("", url, style)
            return after
        inner, stop, after = self._argument(after, end)
        target = self._line.target(url)
        self.inline(inner, stop, style.with_url(target) if target else style)
        return after

    # Structure

    def _structure(self, word: str, position: int, end: int) -> int:
        if word == "par" or word == "appendix":
            self._end_paragraph()
            return position
        if word == "maketitle":
            self._show_title()
            return position
        if word in ("item", "bibitem"):
            return self._item(word, position, end)
        inner, stop, after = self._argument(self._option(position, end)[1], end)
        if word == "footnote":
            self._notes.append("")
            number = len(self._notes)
            self._line.builder.add_raw(f"[{number}]", f"[^{number}]")
            self._notes[number - 1] = self._shown(inner, stop)
            return after
        self._end_paragraph()
        if word == "caption":
            self._out.caption(self._shown(inner, stop))
        else:
            self._out.heading(self._shown(inner, stop), known.SECTIONS[word] - self._section_level)
        return after

    def _item(self, word: str, position: int, end: int) -> int:
        self._end_paragraph()
        option, after = self._option(position, end)
        kind, number = self._lists[-1] if self._lists else ("", 0)
        self._marker = ""
        if word == "bibitem":
            inner, stop, after = self._argument(after, end)
            self._marker = f"[{option or self._text[inner:stop].strip()}]"
        elif option:
            self._line.builder.add(" ".join(option.replace("\\", " ").split()) + " ", BOLD)
        elif kind == "1":
            self._lists[-1] = (kind, number + 1)
            self._marker = f"{number + 1}."
        return after

    def _environment(self, name: str, start: int, position: int, end: int, style: Style) -> int:
        r"""`\\begin`: what is no running text is read here up to its end; lists are opened, the rest is transparent."""
        closing = self._source.environments.get(start, -1)
        plain_name = name.rstrip("*")
        if closing < 0 or closing > end:
            return position
        after = closing + len(f"\\end{{{name}}}")
        if plain_name in known.MATH:
            body = self._text[position:closing].strip()
            aligned = plain_name in known.ALIGNED
            self._show_math(
                f"\\begin{{{name}}}\n{body}\n\\end{{{name}}}" if aligned else body, display=plain_name != "math"
            )
            return after
        if plain_name in known.UNSHOWN:
            return after
        if plain_name in known.VERBATIM:
            self._end_paragraph()
            self._out.code(*self._source.verbatim(position, closing, name))
            return after
        if name in known.TABLES or plain_name in known.TABLES:
            self._end_paragraph()
            inside = self._skip(position, closing, known.TABLE_ARGUMENTS.get(name, 1))
            rows, header_rows = read_table(self._source, inside, closing, self._shown)
            self._out.plain_table(rows, header_rows)
            return after
        self._end_paragraph()
        if name in known.ENVIRONMENT_TITLES:
            self._out.heading(known.ENVIRONMENT_TITLES[name], 2 - self._section_level)
        if plain_name in known.LISTS:
            self._lists.append((known.LISTS[plain_name], 0))
            position = self._skip(position, closing, 1) if name == "thebibliography" else position
        elif plain_name in known.THEOREMS:
            option, position = self._option(position, end)
            label = f"{plain_name.capitalize()} ({option})." if option else f"{plain_name.capitalize()}."
            self._line.builder.add(label + " ", BOLD)
            return position
        elif plain_name in (
            "minipage",
            "wrapfigure",
            "multicols",
            "columns",
            "column",
            "frame",
            "adjustbox",
            "tcolorbox",
        ):
            position = self._option(position, end)[1]
            position = (
                self._skip(position, closing, 1)
                if self._text.startswith("{", position) and plain_name != "frame"
                else position
            )
        return self._option(position, end)[1]

    def _end_environment(self, name: str) -> None:
        self._end_paragraph()
        if name.rstrip("*") in known.LISTS and self._lists:
            self._lists.pop()
            self._marker = None

    # Formulas

    def _math(self, start: int, sign: str, end: int) -> int:
        """`$…$` and `$$…$$`. A sign without its partner nearby is a dollar."""
        position = start + len(sign)
        closed = position
        while True:
            closed = self._text.find(sign, closed, min(end, position + FORMULA_CHARS_MAX))
            if closed < 0 or self._text[closed - 1] != "\\":
                break
            closed += 1
        body = self._text[position:closed] if closed >= 0 else ""
        if closed < 0 or (sign == "$" and "\n\n" in body):
            self._line.builder.add(sign)
            return position
        self._show_math(body, display=sign == "$$")
        return closed + len(sign)

    def _show_math(self, tex: str, *, display: bool) -> None:
        tex = re.sub(r"\\label\{[^{}]{0,200}\}", "", tex).strip()
        if not tex:
            return
        if display and not (self._level or self._inside):
            self._end_paragraph()
            self._out.formula(tex)
        else:
            self._line.formula(" ".join(tex.split()))


PARSER = LatexParser()
