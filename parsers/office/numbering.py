"""SANDBOX, untrusted: list numbers as Word shows them (ISO 29500-1, 17.9)."""

import re
from dataclasses import dataclass, field

from lxml import etree

from parsers.markup import ordinals
from parsers.office.names import W, child, number, toggle, val

LEVELS = 9
_PLACEHOLDER = re.compile(r"%([1-9])")
_NUMBER_MAX = 10**6

_FORMATS = {
    "decimal": ordinals.decimal,
    "decimalZero": ordinals.decimal_zero,
    "upperRoman": ordinals.upper_roman,
    "lowerRoman": ordinals.lower_roman,
    "upperLetter": ordinals.repeated_letters("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    "lowerLetter": ordinals.repeated_letters("abcdefghijklmnopqrstuvwxyz"),
    "ordinal": ordinals.ordinal,
    "cardinalText": ordinals.cardinal_text,
    "ordinalText": ordinals.ordinal_text,
    "hex": lambda value: f"{value:X}",
    "chicago": ordinals.chicago,
    "numberInDash": lambda value: f"- {value} -",
    "decimalEnclosedCircle": ordinals.enclosed,
    "decimalEnclosedCircleChinese": ordinals.enclosed,
    "decimalEnclosedParen": lambda value: f"({value})",
    "decimalEnclosedFullstop": lambda value: f"{value}.",
    "decimalFullWidth": ordinals.in_digits("０"),
    "decimalFullWidth2": ordinals.in_digits("０"),
    "hindiNumbers": ordinals.in_digits("०"),
    "thaiNumbers": ordinals.in_digits("๐"),
    "chineseCounting": ordinals.chinese,
    "chineseCountingThousand": ordinals.chinese,
    "taiwaneseCounting": ordinals.chinese,
    "taiwaneseCountingThousand": ordinals.chinese,
    "japaneseCounting": ordinals.chinese,
    "koreanCounting": ordinals.chinese,
    "ideographDigital": ordinals.chinese,
    "japaneseDigitalTenThousand": ordinals.chinese,
    "ideographTraditional": ordinals.repeated_letters("甲乙丙丁戊己庚辛壬癸"),
    "ideographZodiac": ordinals.repeated_letters("子丑寅卯辰巳午未申酉戌亥"),
    "aiueo": ordinals.repeated_letters(
        "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
    ),
    "iroha": ordinals.repeated_letters(
        "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセス"
    ),
    "ganada": ordinals.repeated_letters("가나다라마바사아자차카타파하"),
    "chosung": ordinals.repeated_letters("ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"),
    "russianLower": ordinals.repeated_letters("абвгдежзиклмнопрстуфхцчшщыэюя"),
    "russianUpper": ordinals.repeated_letters("АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЫЭЮЯ"),
    "arabicAlpha": ordinals.repeated_letters("أبتثجحخدذرزسشصضطظعغفقكلمنهوي"),
    "arabicAbjad": ordinals.repeated_letters("أبجدهوزحطيكلمنسعفصقرشتثخذضظغ"),
    "hebrew1": ordinals.repeated_letters("אבגדהוזחטיכלמנסעפצקרשת"),
    "hebrew2": ordinals.repeated_letters("אבגדהוזחטיכלמנסעפצקרשת"),
}


def show_number(value: int, number_format: str) -> str:
    """A number in one of Word's formats; decimal for those not known here."""
    if not 0 <= value <= _NUMBER_MAX:
        return str(value)
    if number_format.startswith("0"):  # a custom format, given by its first number: "001"
        return str(value).zfill(len(number_format))
    return _FORMATS.get(number_format, ordinals.decimal)(value)


@dataclass(frozen=True, slots=True)
class Level:
    """How one level is numbered. `restart` is the 1-based level after which it begins anew; 0 never, None any."""

    start: int = 1
    format: str = "decimal"
    text: str = ""
    restart: int | None = None
    legal: bool = False
    style: str = ""


@dataclass(slots=True)
class _List:
    """An abstract list: its levels, and where its counters stand. Lists that refer to it count on together."""

    levels: dict[int, Level]
    link: str = ""
    counters: list[int | None] = field(default_factory=lambda: [None] * LEVELS)


@dataclass(slots=True)
class Number:
    """A `w:num`: which abstract list it counts in, and its own level definitions and first numbers."""

    list_id: str
    levels: dict[int, Level] = field(default_factory=dict)
    starts: dict[int, int] = field(default_factory=dict)


class Numbering:
    """Numbers paragraphs in document order. Shared by all stories of a document."""

    def __init__(self, root: etree._Element | None, style_lists: dict[str, str] | None = None) -> None:
        """`style_lists`: numbering style id to the `numId` it stands for."""
        self._lists: dict[str, _List] = {}
        self._numbers: dict[str, Number] = {}
        self._started: set[tuple[str, int]] = set()
        self._style_lists = style_lists or {}
        if root is None:
            return
        for element in root.iterfind(W + "abstractNum"):
            levels = {number(lvl.get(W + "ilvl")): _read_level(lvl) for lvl in element.iterfind(W + "lvl")}
            self._lists.setdefault(
                element.get(W + "abstractNumId", ""), _List(levels, val(element, "numStyleLink") or "")
            )
        for element in root.iterfind(W + "num"):
            self._numbers.setdefault(element.get(W + "numId", ""), _read_number(element))

    @classmethod
    def of(cls, lists: dict[str, dict[int, Level]], numbers: dict[str, "Number"]) -> "Numbering":
        """From lists by id and numbers by id, for formats that hold the same in other words."""
        numbering = cls(None)
        numbering._lists = {key: _List(levels) for key, levels in lists.items()}
        numbering._numbers = numbers
        return numbering

    def level_of_style(self, num_id: str, style: str) -> int:
        """The level which a paragraph style is tied to in a list, 0 when it names none."""
        found, _ = self._resolve(num_id)
        levels = found.levels if found else {}
        return next((index for index, level in levels.items() if level.style == style), 0)

    def _resolve(self, num_id: str) -> tuple[_List | None, Number | None]:
        own = self._numbers.get(num_id)
        found = self._lists.get(own.list_id) if own else None
        for _ in range(4):  # a list may be defined by a numbering style, which names another list
            if found is None or not found.link or found.levels:
                break
            linked = self._numbers.get(self._style_lists.get(found.link, ""))
            found = self._lists.get(linked.list_id) if linked else None
        return found, own

    def next_marker(self, num_id: str, ilvl: int) -> str | None:
        """Count one paragraph and return its marker: "" for a bullet, None when it shows none or is no list."""
        ilvl = max(0, min(LEVELS - 1, ilvl))
        found, own = self._resolve(num_id)
        if found is None or own is None:
            return None
        level = self._level(found, own, ilvl)
        self._advance(found, own, num_id, ilvl, level)
        if level.format == "bullet":
            return "" if level.text.strip() else None
        return self._shown(found, own, level) or None

    def _level(self, found: _List, own: Number, index: int) -> Level:
        return own.levels.get(index) or found.levels.get(index) or Level(text=f"%{index + 1}.")

    def _advance(self, found: _List, own: Number, num_id: str, ilvl: int, level: Level) -> None:
        counters = found.counters
        start = own.starts.get(ilvl)
        if start is not None and (num_id, ilvl) not in self._started:
            self._started.add((num_id, ilvl))
            counters[ilvl] = start
        else:
            current = counters[ilvl]
            counters[ilvl] = (own.starts.get(ilvl, level.start)) if current is None else current + 1
        for upper in range(ilvl):
            if counters[upper] is None:  # a list that begins below its first level counts the skipped ones as begun
                counters[upper] = own.starts.get(upper, self._level(found, own, upper).start)
        for deeper in range(ilvl + 1, LEVELS):
            restart = self._level(found, own, deeper).restart
            if restart is None or (restart > 0 and ilvl < restart):
                counters[deeper] = None

    def _shown(self, found: _List, own: Number, level: Level) -> str:
        def place(match: re.Match[str]) -> str:
            index = int(match[1]) - 1
            other = self._level(found, own, index)
            value = found.counters[index]
            if value is None:
                value = own.starts.get(index, other.start)
            if other.format == "none":
                return ""
            return show_number(value, "decimal" if level.legal else other.format)

        return _PLACEHOLDER.sub(place, level.text).strip()


def _read_level(element: etree._Element) -> Level:
    restart = val(element, "lvlRestart")
    chosen = child(element, "numFmt")
    if chosen is None:  # newer formats are offered as an alternative, with an old one to fall back to
        chosen = next(element.iter(W + "numFmt"), None)
    number_format = val(chosen) if chosen is not None else "decimal"
    if number_format == "custom" and chosen is not None:
        first = chosen.get(W + "format", "").split(",")[0].strip()
        number_format = first if re.fullmatch("0{1,5}1", first) else "decimal"
    return Level(
        start=number(val(element, "start"), 0) if child(element, "start") is not None else 0,
        format=number_format or "decimal",
        text=val(element, "lvlText") or "",
        restart=None if restart is None else number(restart),
        legal=bool(toggle(element, "isLgl")),
        style=val(element, "pStyle") or "",
    )


def _read_number(element: etree._Element) -> Number:
    read = Number(val(element, "abstractNumId") or "")
    for override in element.iterfind(W + "lvlOverride"):
        index = number(override.get(W + "ilvl"))
        level = child(override, "lvl")
        if level is not None:
            read.levels[index] = _read_level(level)
        start = val(override, "startOverride")
        if start is not None:
            read.starts[index] = number(start)
    return read
