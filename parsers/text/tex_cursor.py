"""SANDBOX, untrusted: TeX source, and how the arguments of its commands are found."""

import re

from parsers.text.tex_source import Source

TOKEN = re.compile(
    r"\\begin\{(?P<begin>[A-Za-z*]{1,40})\}|\\end\{(?P<end>[A-Za-z*]{1,40})\}|\\(?P<word>[A-Za-z@]{1,60})\*?[ \t]*"
    r"|\\(?P<sign>[^A-Za-z@])|(?P<math>\$\$?)|(?P<brace>[{}])"
    r"|(?P<break>\n[ \t]*\n\s*)|(?P<space>[ \t\n~]+)|(?P<text>[^\\${}~\n]+)"
)


class Cursor:
    """Offsets into a source. Braces are paired already, so no argument is searched for."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = source.text

    def _argument(self, position: int, end: int) -> tuple[int, int, int]:
        """(start, end, where it goes on) of the next argument in braces, or of one character."""
        while position < end and self._text[position] in " \t\n":
            position += 1
        if position < end and self._text[position] == "{":
            closed = self._source.braces.get(position, -1)
            if 0 <= closed < end:
                return position + 1, closed, closed + 1
            return position + 1, position + 1, position + 1
        if position < end and self._text[position] == "\\":
            found = TOKEN.match(self._text, position, end)
            after = found.end() if found else position + 1
            return position, after, after
        return position, min(position + 1, end), min(position + 1, end)

    def _option(self, position: int, end: int) -> tuple[str, int]:
        """An optional argument in brackets, which is never long, and where the text goes on."""
        if position < end and self._text[position] == "[":
            closed = self._text.find("]", position, min(end, position + 2000))
            if closed >= 0:
                return self._text[position + 1 : closed], closed + 1
        return "", position

    def _skip(self, position: int, end: int, arguments: int) -> int:
        for _ in range(arguments):
            position = self._option(position, end)[1]
            if position < end and self._text[position] not in "{\\ ":
                break
            position = self._argument(position, end)[2]
            position = self._option(position, end)[1]
        return position
