"""SANDBOX, untrusted: numbers as a spreadsheet shows them: decimals, thousands, percent, exponents, fractions, dates.

Rounding is half away from zero on the decimal value, as Excel does it. Month and day names are English, whatever locale
a code asks for. Source of the rules: ECMA-376-1, 18.8.31.
"""

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from functools import lru_cache, partial

from parsers.office.sheets.format_code import DIGITS, Section, Token, sections
from parsers.office.sheets.serial_date import show_date

_PLACES_MAX = 30  # Excel shows at most 30 decimals
_PRECISION = 400  # digits: the largest double has 309 before its point
_GENERAL_DECIMALS = 10

Show = Callable[[float], str]

_CONTEXT = Context(prec=_PRECISION)
_LETTERS = {"digit": "d", "comma": "d", "point": "d", "text": "t", "percent": "p"}
_PLAIN = re.compile(r"t*(?P<number>d+)[tp]*")


def general(value: float) -> str:
    """A number without a format: fifteen digits at most, ten decimals."""
    if not math.isfinite(value):
        return "#NUM!"
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.15g}"
    if "e" in text:
        return text.upper()
    if len(text.partition(".")[2]) > _GENERAL_DECIMALS:
        text = f"{value:.{_GENERAL_DECIMALS}f}" if abs(value) >= 1e-4 else f"{value:.10g}".upper()
        text = text.rstrip("0").rstrip(".") if "E" not in text else text
    return "0" if text == "-0" else text


@lru_cache(maxsize=4096)
def shower(code: str, date_1904: bool) -> Show:
    """How a format code shows numbers."""
    parts = sections(code)
    if not code or (len(parts) == 1 and [token.kind for token in parts[0].tokens] == ["general"]):
        return general
    if len(parts) == 1 and (plain := _plain(parts[0])):
        return plain
    show = partial(_show, parts, date_1904)
    return lru_cache(maxsize=4096)(show) if parts[0].is_date else show  # days come again and again


def _plain(section: Section) -> Show | None:
    """A shorter way for the codes that nearly all cells have: "0", "0.00", "#,##0.00", with a percent sign or words
    around them. None for all others.
    """
    shape = _PLAIN.fullmatch("".join(_LETTERS.get(token.kind, "x") for token in section.tokens))
    if shape is None or section.condition is not None:
        return None
    start, end = shape.span("number")
    number = "".join(token.text for token in section.tokens[start:end])
    whole, _, decimals = number.partition(".")
    if whole.replace(",", "").lstrip("#") != "0" or decimals.strip("0") or ",," in number or number.endswith(","):
        return None
    before = "".join(token.text for token in section.tokens[:start])
    after = "".join(token.text for token in section.tokens[end:])
    shift = 2 * sum(token.kind == "percent" for token in section.tokens)
    unit = Decimal(1).scaleb(-min(len(decimals), _PLACES_MAX))
    spec = ",f" if "," in whole else "f"

    def show(value: float) -> str:
        if not math.isfinite(value):
            return "#NUM!"
        exact = Decimal(repr(value)).scaleb(shift, _CONTEXT).quantize(unit, ROUND_HALF_UP, _CONTEXT)
        # `copy_abs`, because `abs` would round to the precision of whatever context there is.
        return f"{'-' if exact < 0 else ''}{before}{exact.copy_abs():{spec}}{after}"

    return show


def show_text(code: str, text: str) -> str:
    """Text under a format code, whose fourth section may add to it or hide it."""
    parts = sections(code) if code else ()
    if len(parts) > 3:
        section = parts[3]
    elif parts and any(token.kind == "at" for token in parts[-1].tokens):
        section = parts[-1]
    else:
        return text
    return "".join(text if token.kind == "at" else token.text for token in section.tokens)


def _show(parts: tuple[Section, ...], date_1904: bool, value: float) -> str:
    if not math.isfinite(value):
        return "#NUM!"
    section, signed = _choose(parts, value)
    kinds = {token.kind for token in section.tokens}
    if section.is_date:
        return show_date(section.tokens, value, date_1904) or general(value)
    shown = value if signed else abs(value)
    if "general" in kinds or "at" in kinds:
        return "".join(general(shown) if token.kind in ("general", "at") else token.text for token in section.tokens)
    with localcontext() as context:
        context.prec = _PRECISION
        if "slash" in kinds and "digit" in kinds:
            return _fraction(section.tokens, shown)
        if "exponent" in kinds:
            return _scientific(section.tokens, shown)
        return _fixed(section.tokens, shown)


def _choose(parts: tuple[Section, ...], value: float) -> tuple[Section, bool]:
    """The section for a value, and whether that section still has to show a minus sign."""
    numeric = parts[:3]
    if any(section.condition for section in numeric):
        for at, section in enumerate(numeric):
            if section.condition is None or _holds(section.condition, value):
                return section, not (at == 1 and value < 0)
        return numeric[-1], True
    if len(numeric) == 1:
        return numeric[0], True
    if value < 0:
        return numeric[1], False
    return numeric[2 if value == 0 and len(numeric) > 2 else 0], True


def _holds(condition: tuple[str, float], value: float) -> bool:
    sign, bound = condition
    return {
        "<": value < bound, ">": value > bound, "=": value == bound, "<=": value <= bound, ">=": value >= bound,
        "<>": value != bound,
    }[sign]  # fmt: skip


def _split(tokens: list[Token]) -> tuple[list[Token], list[Token] | None]:
    """What stands before the decimal point and after it; None when there is no point."""
    for at, token in enumerate(tokens):
        if token.kind == "point":
            return tokens[:at], tokens[at + 1 :]
    return tokens, None


def _is_grouped(whole: list[Token]) -> bool:
    """Whether thousands are set apart: a comma between two digits."""
    digits = [at for at, token in enumerate(whole) if token.kind == "digit"]
    return bool(digits) and any(token.kind == "comma" for token in whole[digits[0] : digits[-1]])


def _thousands(tokens: list[Token]) -> int:
    """By how many thousands the number is divided: one for each comma right after the last digit."""
    digits = [at for at, token in enumerate(tokens) if token.kind == "digit"]
    count = 0
    for token in tokens[digits[-1] + 1 :] if digits else ():
        if token.kind != "comma":
            break
        count += 1
    return count


def _fixed(tokens: list[Token], value: float) -> str:
    whole, after = _split(tokens)
    percent = sum(token.kind == "percent" for token in tokens)
    number = Decimal(repr(value)).scaleb(2 * percent - 3 * (_thousands(tokens) or _thousands(whole)))
    places = min(sum(token.kind == "digit" for token in after or ()), _PLACES_MAX)
    rounded = abs(number).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    whole_digits, _, decimals = f"{rounded:f}".partition(".")
    sign = "-" if number < 0 and rounded else ""
    if not any(token.kind == "digit" for token in tokens):
        return sign + "".join(token.text for token in tokens)
    shown = _whole(whole, whole_digits.lstrip("0"), _is_grouped(whole))
    return sign + shown + ("" if after is None else "." + _decimals(after, decimals))


def _whole(tokens: list[Token], digits: str, grouped: bool) -> str:
    """Digits put into their places from the right; the first place takes all that are left."""
    pieces: list[str] = []
    places = sum(token.kind == "digit" for token in tokens)
    used = 0
    for token in reversed(tokens):
        if token.kind == "comma":
            continue
        if token.kind != "digit":
            pieces.append(token.text)
            continue
        places -= 1
        wanted = len(digits) - used if places == 0 else 1
        for _ in range(max(wanted, 1)):
            sign = digits[-1 - used] if used < len(digits) else token.text.replace("#", "").replace("?", "")
            if sign and grouped and used and used % 3 == 0:
                pieces.append(",")
            pieces.append(sign)
            used += 1
    if places == 0 and not any(token.kind == "digit" for token in tokens) and digits:
        pieces.append(digits[::-1])
    return "".join(reversed(pieces))


def _decimals(tokens: list[Token], digits: str) -> str:
    pieces: list[str] = []
    at = 0
    for token in tokens:
        if token.kind == "digit":
            rest_is_zero = not digits[at:].strip("0")
            pieces.append("" if token.text in "#?" and rest_is_zero else digits[at : at + 1] or "0")
            at += 1
        elif token.kind != "comma":
            pieces.append(token.text)
    return "".join(pieces)


def _scientific(tokens: list[Token], value: float) -> str:
    at = next(index for index, token in enumerate(tokens) if token.kind == "exponent")
    mantissa, after = tokens[:at], tokens[at + 1 :]
    whole, decimals = _split(mantissa)
    step = max(sum(token.kind == "digit" for token in whole), 1)
    places = sum(token.kind == "digit" for token in decimals or ())
    number = Decimal(repr(value))
    exponent = 0
    if number:
        exponent = number.adjusted() // step * step
        if abs(number).scaleb(-exponent).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) >= Decimal(10) ** step:
            exponent += step
    shown = _fixed(mantissa, float(number.scaleb(-exponent)))
    sign = "-" if exponent < 0 else tokens[at].text[1].strip("-")
    return f"{shown}{tokens[at].text[0].upper()}{sign}{_whole(after, str(abs(exponent)).lstrip('0'), grouped=False)}"


def _fraction(tokens: list[Token], value: float) -> str:
    """`# ?/?` and its kin; a denominator written out is kept."""
    from fractions import Fraction  # hardly any workbook has them

    slash = next(index for index, token in enumerate(tokens) if token.kind == "slash")
    start = slash
    while start and tokens[start - 1].kind == "digit":
        start -= 1
    end = slash + 1
    while end < len(tokens) and (tokens[end].kind == "digit" or tokens[end].text.isdigit()):
        end += 1
    below = "".join(token.text for token in tokens[slash + 1 : end])
    before = tokens[:start]
    mixed = any(token.kind == "digit" for token in before)
    number = abs(Fraction(repr(value)))
    whole, rest = divmod(number, 1) if mixed else (0, number)
    if below.strip("0?#"):
        denominator = int("".join(sign for sign in below if sign.isdigit()) or "1") or 1
        numerator = math.floor(rest * denominator + Fraction(1, 2))
    else:
        best = rest.limit_denominator(10 ** min(max(len(below), 1), 9) - 1)
        numerator, denominator = best.numerator, best.denominator
    if mixed and numerator == denominator:
        whole, numerator = whole + 1, 0
    sign = "-" if value < 0 and (whole or numerator) else ""
    tail = "".join(token.text for token in tokens[end:] if token.text not in DIGITS)
    shown_whole = (
        _whole(before, str(whole).lstrip("0"), grouped=False).strip() if mixed and (whole or not numerator) else ""
    )
    if mixed and not numerator:
        return f"{sign}{shown_whole or '0'}{tail}"
    return f"{sign}{shown_whole} {numerator}/{denominator}{tail}".replace("- ", "-").strip()
