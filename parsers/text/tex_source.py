"""SANDBOX, untrusted: TeX source made ready for one walk: comments out, verbatim text aside, braces and environments
paired.
"""

import re
from dataclasses import dataclass, field

from parsers.text.latex_words import VERBATIM

_VERBATIM_BEGIN = re.compile(r"\\begin\{(" + "|".join(sorted(VERBATIM)) + r")\*?\}")
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*(?:\n[ \t]*)?")
_PAIR = re.compile(r"\\(?:begin|end)\{([A-Za-z*]{1,40})\}|\\[^A-Za-z]|[{}]")
_LANGUAGE = re.compile(r"language=\{?(?:\[[^\]]{0,40}\])?([\w+#]{1,30})|^\{([\w+#-]{1,30})\}")
_HOLE = "\ue000"  # stands for a piece of verbatim text; a private character that no document means


@dataclass(slots=True)
class Source:
    """Text without comments. `braces` and `environments` map where one opens to where it closes."""

    text: str
    braces: dict[int, int] = field(default_factory=dict)
    environments: dict[int, int] = field(default_factory=dict)
    pieces: list[str] = field(default_factory=list)

    def verbatim(self, start: int, end: int, name: str) -> tuple[str, str]:
        """(code, language) of a verbatim environment, from the hole that its text left."""
        inside = self.text[start:end]
        hole = inside.find(_HOLE)
        digits = re.match(r"\d{1,9}", inside[hole + 1 :]) if hole >= 0 else None
        if digits is None or int(digits[0]) >= len(self.pieces):
            return inside, ""
        code = self.pieces[int(digits[0])]
        first, _, rest = code.partition("\n")
        if first.startswith(("[", "{")) and name != "verbatim":
            found = _LANGUAGE.search(first[first.find("]") + 1 :] if name == "minted" else first)
            return rest, (found[1] or found[2]).lower() if found else ""
        return code.strip("\n"), ""


def prepared(text: str) -> Source:
    """The source of a text. One pass each for verbatim text, comments, and pairs."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace(_HOLE, "")
    pieces: list[str] = []
    kept: list[str] = []
    position = 0
    unclosed: set[str] = set()
    for found in _VERBATIM_BEGIN.finditer(text) if "\\begin" in text else ():
        closing = f"\\end{{{found[0][7:-1]}}}"
        if (
            found.start() < position
            or closing in unclosed
            or "%" in text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
        ):
            continue
        end = text.find(closing, found.end())
        if end < 0:
            unclosed.add(closing)
            continue
        kept += (_COMMENT.sub(r"\1", text[position : found.end()]), f"{_HOLE}{len(pieces)}")
        pieces.append(text[found.end() : end])
        position = end
    kept.append(_COMMENT.sub(r"\1", text[position:]))
    source = Source("".join(kept), pieces=pieces)
    _pair(source)
    return source


def _pair(source: Source) -> None:
    braces: list[int] = []
    environments: list[tuple[str, int]] = []
    opened: dict[str, int] = {}  # how many of each are open: an end without a beginning must not search for one
    for found in _PAIR.finditer(source.text):
        sign = found[0]
        if sign == "{":
            braces.append(found.start())
        elif sign == "}":
            if braces:
                source.braces[braces.pop()] = found.start()
        elif found[1] is None:
            continue
        elif sign.startswith("\\begin"):
            environments.append((found[1], found.start()))
            opened[found[1]] = opened.get(found[1], 0) + 1
        elif opened.get(found[1]):
            while environments:
                name, start = environments.pop()
                opened[name] -= 1
                if name == found[1]:
                    source.environments[start] = found.start()
                    break
