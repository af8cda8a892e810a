"""SANDBOX, untrusted: Office Math (ISO 29500-1, 22.1) to LaTeX."""

import re
from collections.abc import Callable

from lxml import etree

from parsers.office.latex_symbols import (
    ACCENTS,
    COMMANDS,
    DELIMITERS,
    ESCAPED,
    FUNCTIONS,
    GROUPS,
    INVISIBLE,
    LARGE_OPERATORS,
)
from parsers.office.names import M, W

_VAL = M + "val"
_DEPTH_MAX = 60  # formulas nested deeper are shown as their characters: each level costs Python frames
_SINGLE = re.compile(r"^(?:[^\\{}^_ ]|\\[A-Za-z]+)$")
_COMMAND_AT_END = re.compile(r"\\[A-Za-z]+$")
_SKIPPED = frozenset({M + "ctrlPr", W + "rPr", M + "rPr", W + "del", W + "moveFrom"})


def latex(formula: etree._Element) -> str:
    """LaTeX of an `m:oMath` or `m:oMathPara`, without dollar signs. Several formulas of a paragraph are lines."""
    if formula.tag == M + "oMathPara":
        return r" \\ ".join(filter(None, (latex(each) for each in formula.iterfind(M + "oMath"))))
    return " ".join(_inside(formula, 0).split())


def _inside(element: etree._Element | None, depth: int) -> str:
    """LaTeX of everything in an element."""
    if element is None:
        return ""
    if depth > _DEPTH_MAX:
        return _characters("".join(node.text or "" for node in element.iter(M + "t")))
    pieces: list[str] = []
    for each in element:
        if not isinstance(each.tag, str) or each.tag in _SKIPPED or each.tag.endswith("Pr"):
            continue
        name = each.tag.removeprefix(M)
        writer = _WRITERS.get(name)
        _append(pieces, writer(each, depth + 1) if writer else _inside(each, depth + 1))
    return "".join(pieces)


def _append(pieces: list[str], piece: str) -> None:
    """A command's name must not run into a letter that follows it."""
    if piece[:1].isalpha() and pieces and _COMMAND_AT_END.search(pieces[-1]):
        pieces.append(" ")
    if piece:
        pieces.append(piece)


def _characters(text: str) -> str:
    pieces: list[str] = []
    for character in text:
        if character in INVISIBLE:
            continue
        _append(pieces, COMMANDS.get(character) or ESCAPED.get(character) or _upright(character))
    return "".join(pieces)


def _upright(character: str) -> str:
    """Letters of the mathematical alphabets (U+1D400 …) by their plain form: LaTeX sets letters in italics anyway."""
    if not "\U0001d400" <= character <= "\U0001d7ff":
        return character
    from unicodedata import normalize

    plain = normalize("NFKC", character)
    return COMMANDS.get(plain, plain)


def _run(run: etree._Element, _: int) -> str:
    text = "".join(node.text or "" for node in run.iter(M + "t"))
    properties = run.find(M + "rPr")
    if properties is not None and properties.find(M + "nor") is not None:
        return rf"\text{{{text}}}" if text.strip() else " "
    style = properties.find(M + "sty") if properties is not None else None
    if style is not None and style.get(_VAL) == "p" and text.strip() in FUNCTIONS:
        return f"\\{text.strip()}"
    return _characters(text)


def _part(element: etree._Element, name: str, depth: int) -> str:
    return _inside(element.find(M + name), depth).strip()


def _base(element: etree._Element, depth: int) -> str:
    """A base in braces, unless it is one token: a fraction squared is not its denominator squared."""
    base = _part(element, "e", depth)
    return base if _SINGLE.match(base) or not base else f"{{{base}}}"


def _property(element: etree._Element, holder: str, name: str, otherwise: str) -> str:
    found = element.find(f"{M}{holder}/{M}{name}")
    return otherwise if found is None else found.get(_VAL, "")


def _is_on(element: etree._Element, holder: str, name: str) -> bool:
    return _property(element, holder, name, "0") in ("", "1", "on", "true")


def _fraction(element: etree._Element, depth: int) -> str:
    above, below = _part(element, "num", depth), _part(element, "den", depth)
    kind = _property(element, "fPr", "type", "bar")
    if kind == "lin":
        return f"{above}/{below}"
    if kind == "noBar":
        return rf"\genfrac{{}}{{}}{{0pt}}{{}}{{{above}}}{{{below}}}"
    return rf"\frac{{{above}}}{{{below}}}"


def _superscript(element: etree._Element, depth: int) -> str:
    return f"{_base(element, depth)}^{{{_part(element, 'sup', depth)}}}"


def _subscript(element: etree._Element, depth: int) -> str:
    return f"{_base(element, depth)}_{{{_part(element, 'sub', depth)}}}"


def _both_scripts(element: etree._Element, depth: int) -> str:
    return f"{_subscript(element, depth)}^{{{_part(element, 'sup', depth)}}}"


def _left_scripts(element: etree._Element, depth: int) -> str:
    return f"{{}}_{{{_part(element, 'sub', depth)}}}^{{{_part(element, 'sup', depth)}}}{_base(element, depth)}"


def _radical(element: etree._Element, depth: int) -> str:
    degree = "" if _is_on(element, "radPr", "degHide") else _part(element, "deg", depth)
    return rf"\sqrt{f'[{degree}]' if degree else ''}{{{_part(element, 'e', depth)}}}"


def _large_operator(element: etree._Element, depth: int) -> str:
    sign = _property(element, "naryPr", "chr", "∫")
    operator = LARGE_OPERATORS.get(sign) or _characters(sign)
    below = "" if _is_on(element, "naryPr", "subHide") else _part(element, "sub", depth)
    above = "" if _is_on(element, "naryPr", "supHide") else _part(element, "sup", depth)
    scripts = (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")
    pieces = [operator + scripts]
    _append(pieces, _part(element, "e", depth))
    return "".join(pieces)


def _function(element: etree._Element, depth: int) -> str:
    name = _part(element, "fName", depth)
    bare = name.replace(" ", "")
    if bare in FUNCTIONS:
        name = f"\\{bare}"
    elif len(bare) > 1 and bare.isalpha():
        name = rf"\operatorname{{{bare}}}"
    pieces = [name]
    _append(pieces, _part(element, "e", depth))
    return "".join(pieces)


def _limit(sign: str) -> Callable[[etree._Element, int], str]:
    def write(element: etree._Element, depth: int) -> str:
        base, limit = _part(element, "e", depth), _part(element, "lim", depth)
        if base in FUNCTIONS:
            base = f"\\{base}"
        if base.startswith((r"\underbrace", r"\overbrace", "\\")) and not base.startswith(r"\frac"):
            return f"{base}{sign}{{{limit}}}"
        return rf"\{'under' if sign == '_' else 'over'}set{{{limit}}}{{{base}}}"

    return write


def _delimited(element: etree._Element, depth: int) -> str:
    opening = _property(element, "dPr", "begChr", "(")
    closing = _property(element, "dPr", "endChr", ")")
    separator = _property(element, "dPr", "sepChr", "|")
    inner = _characters(separator).join(_inside(each, depth).strip() for each in element.iterfind(M + "e"))
    left, right = DELIMITERS.get(opening, opening), DELIMITERS.get(closing, closing)
    spaced = [rf"\left{left}"]
    _append(spaced, inner)
    _append(spaced, rf"\right{right}")
    return "".join(spaced)


def _accent(element: etree._Element, depth: int) -> str:
    name = ACCENTS.get(_property(element, "accPr", "chr", "\u0302"), "hat")
    inner = _part(element, "e", depth)
    if name in ("hat", "tilde") and not _SINGLE.match(inner):
        name = "wide" + name
    return rf"\{name}{{{inner}}}"


def _bar(element: etree._Element, depth: int) -> str:
    name = "overline" if _property(element, "barPr", "pos", "bot") == "top" else "underline"
    return rf"\{name}{{{_part(element, 'e', depth)}}}"


def _group(element: etree._Element, depth: int) -> str:
    sign = _property(element, "groupChrPr", "chr", "⏟")
    position = _property(element, "groupChrPr", "pos", "bot")
    inner = _part(element, "e", depth)
    command = GROUPS.get((sign, position))
    if command:
        return f"{command}{{{inner}}}"
    return rf"\{'over' if position == 'top' else 'under'}set{{{_characters(sign)}}}{{{inner}}}"


def _matrix(element: etree._Element, depth: int) -> str:
    rows = [
        " & ".join(_inside(cell, depth).strip() for cell in row.iterfind(M + "e")) for row in element.iterfind(M + "mr")
    ]
    return r"\begin{matrix}" + r" \\ ".join(rows) + r"\end{matrix}"


def _equations(element: etree._Element, depth: int) -> str:
    lines = [_inside(line, depth).strip().replace(r"\&", "") for line in element.iterfind(M + "e")]
    if len(lines) == 1:
        return lines[0]
    return r"\begin{array}{c}" + r" \\ ".join(lines) + r"\end{array}"


def _wrapped(command: str) -> Callable[[etree._Element, int], str]:
    return lambda element, depth: rf"\{command}{{{_part(element, 'e', depth)}}}"


_WRITERS: dict[str, Callable[[etree._Element, int], str]] = {
    "r": _run,
    "f": _fraction,
    "sSup": _superscript,
    "sSub": _subscript,
    "sSubSup": _both_scripts,
    "sPre": _left_scripts,
    "rad": _radical,
    "nary": _large_operator,
    "func": _function,
    "limLow": _limit("_"),
    "limUpp": _limit("^"),
    "d": _delimited,
    "acc": _accent,
    "bar": _bar,
    "groupChr": _group,
    "m": _matrix,
    "eqArr": _equations,
    "borderBox": _wrapped("boxed"),
    "phant": _wrapped("phantom"),
}
