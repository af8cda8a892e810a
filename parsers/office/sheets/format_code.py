"""SANDBOX, untrusted: number format codes ("#,##0.00;[Red]-0%") taken apart. Source: ECMA-376-1, 18.8.30 f."""

import re
from dataclasses import dataclass, field
from functools import lru_cache

CODE_CHARS_MAX = 255  # Excel's own limit
DIGITS = frozenset("0#?")

# Codes that a workbook names by number only. Those that follow the reader's locale (14, 22 and their East Asian kin)
# are given in ISO order, which no reader misreads.
_BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: '"$"#,##0_);\\("$"#,##0\\)', 6: '"$"#,##0_);\\("$"#,##0\\)',
    7: '"$"#,##0.00_);\\("$"#,##0.00\\)', 8: '"$"#,##0.00_);\\("$"#,##0.00\\)', 9: "0%", 10: "0.00%", 11: "0.00E+00",
    12: "# ?/?", 13: "# ??/??", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 27: "yyyy-mm", 28: "mm-dd", 29: "mm-dd",
    30: "yyyy-mm-dd", 31: "yyyy-mm-dd", 32: "h:mm", 33: "h:mm:ss", 34: "h:mm", 35: "h:mm:ss", 36: "yyyy-mm",
    37: "#,##0_);(#,##0)", 38: "#,##0_);(#,##0)", 39: "#,##0.00_);(#,##0.00)", 40: "#,##0.00_);(#,##0.00)",
    41: "#,##0_);(#,##0)", 42: '"$"#,##0_);\\("$"#,##0\\)', 43: "#,##0.00_);(#,##0.00)",
    44: '"$"#,##0.00_);\\("$"#,##0.00\\)', 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
    50: "yyyy-mm", 51: "mm-dd", 52: "yyyy-mm", 53: "mm-dd", 54: "mm-dd", 55: "h:mm", 56: "h:mm:ss", 57: "yyyy-mm",
    58: "mm-dd",
}  # fmt: skip

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_(?P<space>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<noon>AM/PM|A/P|上午/下午)|(?P<general>General|Standard)|(?P<exponent>[Ee][+-])"
    r"|(?P<date>y+|m+|d+|h+|s+|e+|g+|b+)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a section. `kind`: text, digit, point, comma, percent, slash, exponent, date, elapsed, noon, at or
    general.
    """

    kind: str
    text: str


@dataclass(slots=True)
class Section:
    """One of the up to four parts of a code. `is_date`: it shows points in time or durations."""

    tokens: list[Token] = field(default_factory=list)
    condition: tuple[str, float] | None = None
    is_date: bool = False


# What a workbook writes down for these is how its author's computer showed them.
_FOLLOW_LOCALE = frozenset((14, 22, *range(27, 37), *range(50, 59)))


def code_of(number: int, own: dict[int, str]) -> str:
    """The code of a format number; "" is General. A workbook's own definitions come first, but for those codes that
    follow the reader's locale.
    """
    if number in _FOLLOW_LOCALE:
        return _BUILT_IN[number]
    return own.get(number) or _BUILT_IN.get(number, "")


@lru_cache(maxsize=4096)
def sections(code: str) -> tuple[Section, ...]:
    """The sections of a format code, at least one."""
    found = [Section()]
    for match in _TOKEN.finditer(code[:CODE_CHARS_MAX]):
        if match.lastgroup == "other" and match[0] == ";":
            found.append(Section())
        else:
            _add(found[-1], match)
    for section in found:
        section.is_date = any(token.kind in ("date", "elapsed", "noon") for token in section.tokens)
        if section.is_date:
            section.tokens = _minutes(section.tokens)
    return tuple(found[:4])


def _add(section: Section, match: re.Match[str]) -> None:
    kind, text = match.lastgroup or "", match[0]
    if kind in ("quoted", "escaped"):
        section.tokens.append(Token("text", match[kind]))
    elif kind == "space":
        section.tokens.append(Token("text", " "))
    elif kind == "bracket":
        _add_bracket(section, match["bracket"])
    elif kind in ("noon", "general", "exponent"):
        section.tokens.append(Token(kind, text))
    elif kind == "date":
        if text[0] not in "gGbB":  # eras and Buddhist years: shown by few, and never without the rest
            section.tokens.append(Token("date", "yyyy" if text[0] in "eE" else text.lower()))
    elif kind == "other":
        section.tokens.append(Token(_KIND_OF_SIGN.get(text, "text"), text))


_KIND_OF_SIGN = {
    "0": "digit", "#": "digit", "?": "digit", ".": "point", ",": "comma", "%": "percent", "/": "slash", "@": "at",
}  # fmt: skip


def _add_bracket(section: Section, inside: str) -> None:
    """A currency sign with its locale, a condition, a duration; colours and the rest show nothing."""
    if inside.startswith("$"):
        sign = inside[1:].partition("-")[0]
        if sign:
            section.tokens.append(Token("text", sign))
    elif condition := _CONDITION.fullmatch(inside.strip()):
        section.condition = condition[1], float(condition[2])
    elif _ELAPSED.fullmatch(inside):
        section.tokens.append(Token("elapsed", inside.lower()))


def _minutes(tokens: list[Token]) -> list[Token]:
    """`m` beside hours or seconds is minutes ("n" from here on), else months."""
    timed = [at for at, token in enumerate(tokens) if token.kind in ("date", "elapsed")]
    changed = list(tokens)
    for order, at in enumerate(timed):
        token = tokens[at]
        if token.kind != "date" or token.text[0] != "m" or len(token.text) > 2:
            continue
        before = tokens[timed[order - 1]].text[0] if order else ""
        after = tokens[timed[order + 1]].text[0] if order + 1 < len(timed) else ""
        if before == "h" or after == "s":
            changed[at] = Token("date", "n" * len(token.text))
    return changed
