"""SANDBOX, untrusted: days counted since 1900 or 1904, as spreadsheets store dates, and how a format code shows them.

Excel keeps Lotus 1-2-3's mistake that 1900 was a leap year: day 60 is 29 February 1900, and the days before it are one
off against the calendar (ECMA-376-1, 18.17.4.1).
"""

from datetime import date
from typing import NamedTuple

from parsers.office.sheets.format_code import Token

_DAY_MAX = 2_958_465  # 31 December 9999
_EPOCH_1900 = date(1899, 12, 30).toordinal()
_DAYS_TO_1904 = 1462
_SECONDS_PER_DAY = 86_400
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Moment(NamedTuple):
    """A point in time. `total` is the seconds since day 0, of which `fraction` were cut off."""

    year: int
    month: int
    day: int
    weekday: int
    hour: int
    minute: int
    second: int
    fraction: int
    total: int


def moment(value: float, date_1904: bool, decimals: int) -> Moment | None:
    """A serial date, rounded to this many decimals of a second; None when it is no day of the calendar."""
    if not 0 <= value <= _DAY_MAX + 1:
        return None
    unit = 10**decimals
    ticks = round(value * _SECONDS_PER_DAY * unit)
    seconds, fraction = divmod(ticks, unit)
    days, clock = divmod(seconds, _SECONDS_PER_DAY)
    total = seconds
    if date_1904:
        days += _DAYS_TO_1904
    if not 0 <= days <= _DAY_MAX:
        return None
    if days == 60 and not date_1904:
        year, month, day, weekday = 1900, 2, 29, 2
    elif days == 0:
        year, month, day, weekday = 1900, 1, 0, 5
    else:
        calendar = date.fromordinal(_EPOCH_1900 + days + (1 if days < 60 and not date_1904 else 0))
        year, month, day, weekday = calendar.year, calendar.month, calendar.day, calendar.weekday()
    minutes, second = divmod(clock, 60)
    return Moment(year, month, day, weekday, minutes // 60, minutes % 60, second, fraction, total)


def show_date(tokens: list[Token], value: float, date_1904: bool) -> str:
    """A serial date under the tokens of a format code; "" when it is no date."""
    decimals = _second_decimals(tokens)
    at = moment(value, date_1904, decimals)
    if at is None:
        return ""
    twelve = any(token.kind == "noon" for token in tokens)
    pieces: list[str] = []
    after_point = False
    for token in tokens:
        if after_point and token.kind == "digit":
            continue
        after_point = token.kind == "point" and decimals > 0
        if after_point:
            pieces.append(f".{at.fraction:0{decimals}d}")
        elif token.kind == "date":
            pieces.append(_piece(token.text, at, twelve))
        elif token.kind == "elapsed":
            unit = {"h": 3600, "m": 60, "s": 1}[token.text[0]]
            pieces.append(f"{at.total // unit:0{len(token.text)}d}")
        elif token.kind == "noon":
            names = token.text.split("/")
            pieces.append(names[at.hour >= 12])
        elif token.kind != "at":
            pieces.append(token.text)
    return "".join(pieces)


def _second_decimals(tokens: list[Token]) -> int:
    for at, token in enumerate(tokens):
        if token.kind == "point":
            count = 0
            for following in tokens[at + 1 :]:
                if following.kind != "digit":
                    break
                count += 1
            return min(count, 3)
    return 0


def _piece(letters: str, at: Moment, twelve: bool) -> str:
    width = len(letters)
    match letters[0]:
        case "y":
            return f"{at.year % 100:02d}" if width <= 2 else f"{at.year:04d}"
        case "m":
            name = _MONTHS[at.month - 1]
            return {3: name[:3], 4: name, 5: name[:1]}.get(width) or f"{at.month:0{min(width, 2)}d}"
        case "d":
            name = _DAYS[at.weekday]
            return {3: name[:3]}.get(width) or (name if width > 3 else f"{at.day:0{width}d}")
        case "h":
            hour = (at.hour % 12 or 12) if twelve else at.hour
            return f"{hour:0{min(width, 2)}d}"
        case "n":
            return f"{at.minute:0{min(width, 2)}d}"
        case _:
            return f"{at.second:0{min(width, 2)}d}"
