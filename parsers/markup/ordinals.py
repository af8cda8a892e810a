"""SANDBOX, untrusted: numbers as list markers show them: roman, letters, ordinals, other scripts."""

from collections.abc import Callable

from parsers.markup.words import words

_ROMAN = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"),
    (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip
_UNITS = words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = words("_ _ twenty thirty forty fifty sixty seventy eighty ninety")
_IRREGULAR_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
_CHINESE_DIGITS = "〇一二三四五六七八九"
_LARGEST = 1_000_000  # a number beyond this in a list is an attack or a mistake; it is shown in digits


def decimal(number: int) -> str:
    """1, 2, 3."""
    return str(number)


def decimal_zero(number: int) -> str:
    """01, 02, … 10."""
    return f"{number:02d}"


def upper_roman(number: int) -> str:
    """I, II, III; digits for what romans could not write."""
    if not 0 < number < 4000:
        return str(number)
    text = ""
    for value, sign in _ROMAN:
        count, number = divmod(number, value)
        text += sign * count
    return text


def lower_roman(number: int) -> str:
    """i, ii, iii."""
    return upper_roman(number).lower()


def repeated_letters(alphabet: str) -> Callable[[int], str]:
    """A … Z, AA, BB: how word processors go on after the last letter."""

    def show(number: int) -> str:
        if not 0 < number <= len(alphabet) * 30:
            return str(number)
        count, index = divmod(number - 1, len(alphabet))
        return alphabet[index] * (count + 1)

    return show


def bijective_letters(number: int) -> str:
    """A … z, aa, ab: how browsers go on after the last letter."""
    if not 0 < number <= _LARGEST:
        return str(number)
    text = ""
    while number:
        number, index = divmod(number - 1, 26)
        text = chr(97 + index) + text
    return text


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th."""
    suffix = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def cardinal_text(number: int) -> str:
    """One, Two, … Twenty-one."""
    return _words(number).capitalize() if 0 <= number < _LARGEST else str(number)


def ordinal_text(number: int) -> str:
    """First, Second, … Twenty-first."""
    if not 0 <= number < _LARGEST:
        return str(number)
    head, mark, last = _words(number).rpartition("-")
    if not mark:
        head, mark, last = _words(number).rpartition(" ")
    last = _IRREGULAR_ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return f"{head}{mark}{last}".capitalize()


def _words(number: int) -> str:
    if number < 20:
        return _UNITS[number]
    if number < 100:
        ten, unit = divmod(number, 10)
        return _TENS[ten] + (f"-{_UNITS[unit]}" if unit else "")
    size, name = (100, "hundred") if number < 1000 else (1000, "thousand")
    count, rest = divmod(number, size)
    return f"{_words(count)} {name}" + (f" {_words(rest)}" if rest else "")


def chinese(number: int) -> str:
    """一, 二, … 十, 十一, … 九十九; digit by digit from a hundred on."""
    if not 0 < number < 100:
        return "".join(_CHINESE_DIGITS[int(digit)] for digit in str(abs(number)))
    ten, unit = divmod(number, 10)
    tens = "" if not ten else ("" if ten == 1 else _CHINESE_DIGITS[ten]) + "十"
    return tens + (_CHINESE_DIGITS[unit] if unit else "")


def enclosed(number: int) -> str:
    """①, ② … ⑳, then digits in parentheses."""
    return chr(0x2460 + number - 1) if 0 < number <= 20 else f"({number})"


def in_digits(zero: str) -> Callable[[int], str]:
    """Decimal digits of another script, named by its zero."""
    return lambda number: "".join(chr(ord(zero) + int(d)) if d.isdigit() else d for d in str(number))


def chicago(number: int) -> str:
    """*, †, ‡, §, **, …: footnote signs."""
    return repeated_letters("*†‡§")(number)
