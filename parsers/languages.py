"""SANDBOX, untrusted: in which language each element is written, and a document as a whole.

What the file says of one element counts. Else CLD3 looks at the words (Compact Language Detector v3, Google: a small
network over hashed n-grams of letters, 107 languages, the same answer for the same text). A look costs in proportion to
the text it is shown: the first words of an element are enough to find that it goes on in the language before it, and
only what does not is looked at for longer. Short texts, and those of which CLD3 is not sure, are in the language of the
document if they are in its script. Unsure means no language.
"""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from contract.result import Element
from contract.verdicts import ElementType
from parsers.language_codes import iso_639_3

if TYPE_CHECKING:
    from gcld3 import NNetLanguageIdentifier

LANGUAGES_MAX = 5
LOOKS_MAX = 4000  # of one document: about a second in all
SHARE_MIN = 0.05  # of the text whose language is known; rarer ones are quotations, or mistakes

_GLANCE_CHARS = 64
_LOOK_CHARS = 240
_BYTES_MIN = 30  # of words; in fewer, CLD3 is wrong in one case of ten
_CHARS_OF_SECOND = 80  # in sum of a language beside the main one: less is a name or a mistake
_CHARS_OF_PROBABLE = 300  # of a language that no element is surely in; Croatian and Bosnian are never told apart surely
_CHARS_OF_RARE = 160  # of an element in a language that is rare in its document: a shorter one is a mistake
_PROBABLE = 0.5  # and sure, where it was expected
_SURE = 0.95
_PROGRESS_EVERY = 256

# Tables are names, numbers and units in a row: what CLD3 makes of such words is a guess.
_NO_LANGUAGE = frozenset({ElementType.CODE_SNIPPET, ElementType.FORMULA, ElementType.PAGE_BREAK, ElementType.TABLE})
# Addresses, numbers, names of files and of variables are in no language; CLD3 takes them for words.
_NO_WORD = re.compile(r"[0-9@_/\\=<>{}|]|\w\.\w")
# Scripts that CLD3 does not know, and takes for those of neighbours.
_UNKNOWN_SCRIPTS = {0x780: "div", 0xB00: "ori", 0xF00: "bod", 0x13A0: "chr"}
# Where scripts begin in Unicode, as coarsely as needed: Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic and what is
# like it, one each for those of India and Indochina, Georgian, Korean, Ethiopic …, Chinese and Japanese, Korean.
_SCRIPTS = sorted((
    0x0, 0x370, 0x400, 0x530, 0x590, 0x600, 0x780, 0x7C0, 0x900, 0x980, 0xA00, 0xA80, 0xB00, 0xB80, 0xC00, 0xC80, 0xD00,
    0xD80, 0xE00, 0xE80, 0xF00, 0x1000, 0x10A0, 0x1100, 0x1200, 0x13A0, 0x1400, 0x1780, 0x1800, 0x2E80, 0xAC00, 0xF900,
    0xFB00, 0xFE70, 0xFF00,
))  # fmt: skip

_NO_LETTERS = -1


@cache
def _detector() -> "NNetLanguageIdentifier":
    """Loaded for the first text that is looked at: an archive, a picture or a refused file never pays for it."""
    from gcld3 import NNetLanguageIdentifier

    return NNetLanguageIdentifier(min_num_bytes=0, max_num_bytes=4 * _LOOK_CHARS)


def mark(elements: list[Element], declared: Iterable[str], progress: Callable[[str, int, int], None]) -> list[str]:
    """Write `languages` into the metadata of elements; return those of the document, the most written one first.

    `declared` are tags that the file names for itself. Elements that have a language already keep it.
    """
    codes = list(dict.fromkeys(filter(None, map(iso_639_3, declared))))
    reader = _Reader(expected=codes[0] if codes else "")
    views: list[_View | None] = []
    for number, element in enumerate(elements):
        if number % _PROGRESS_EVERY == 0:
            progress("languages", number, len(elements))
        views.append(None if element["type"] in _NO_LANGUAGE else reader.read(element))
    written = reader.written() or codes[:LANGUAGES_MAX]
    for element, view in zip(elements, views, strict=True):
        if view is None or "languages" in element["metadata"]:
            continue
        if language := reader.decide(element["text"], view, written):
            element["metadata"]["languages"] = [language]
    return written


class _View(NamedTuple):
    """What is thought of an element: `sure`, or only probably in the language, or too short to tell ("")."""

    language: str
    sure: bool


_TOO_SHORT = _View("", False)


class _Reader:
    """Reads elements in order. `expected` is the language that the next one is probably in.

    `sure` and `probable` count text by language, `scripts` has the scripts that each was seen in, `seen` what was
    looked at: what stands on every page is looked at once. No dataclass: making one costs each start-up 0.8 ms.
    """

    def __init__(self, expected: str) -> None:
        self.expected = expected
        self.sure: Counter[str] = Counter()
        self.probable: Counter[str] = Counter()
        self.scripts: defaultdict[str, set[int]] = defaultdict(set)
        self.seen: dict[str, _View] = {}

    def read(self, element: Element) -> _View:
        """What the file says of an element, or what its words show."""
        text = element["text"]
        told = element["metadata"].get("languages")
        view = _View(told[0], sure=True) if told else self._look(text)
        if view.language:
            self.probable[view.language] += len(text)
        if view.sure:
            self.expected = view.language
            self.sure[view.language] += len(text)
            self.scripts[view.language].add(_script(text))
        return view

    def written(self) -> list[str]:
        """The document's languages: the one that most is written in, and others that are not rare."""
        probable = _by_number(self.probable)[:1]
        if probable and self.probable[probable[0]] < max(_CHARS_OF_PROBABLE, 2 * self.sure.total()):
            probable = []
        least = max(_CHARS_OF_SECOND, SHARE_MIN * self.sure.total())
        sure = _by_number(self.sure)
        others = [each for each in sure if self.sure[each] >= least or (each == sure[0] and not probable)]
        return list(dict.fromkeys([*probable, *others]))[:LANGUAGES_MAX]

    def decide(self, text: str, view: _View, written: list[str]) -> str:
        """The language of an element, now that those of its document are known; "" when there is no saying."""
        if view.language in written:
            return view.language
        if view.sure and len(text) >= _CHARS_OF_RARE:
            return view.language
        if view.language and not view.sure and len(text) >= _CHARS_OF_SECOND:
            return ""
        return written[0] if written and self._in_script_of(written[0], text) else ""

    def _in_script_of(self, language: str, text: str) -> bool:
        script, known = _script(text), self.scripts.get(language)
        return script != _NO_LETTERS and (known is None or script in known)

    def _look(self, text: str) -> _View:
        words = _words(text)
        if len(words) < _BYTES_MIN and (words.isascii() or len(words.encode()) < _BYTES_MIN):
            return _TOO_SHORT
        if words not in self.seen:
            if len(self.seen) == LOOKS_MAX:
                return _TOO_SHORT
            self.seen[words] = self._judge(words)
        return self.seen[words]

    def _judge(self, words: str) -> _View:
        if self.expected:
            language, probability = _recognise(words[:_GLANCE_CHARS])
            if language == self.expected and probability >= _PROBABLE:
                return _View(language, sure=True)
        language, probability = _recognise(words)
        if probability < _PROBABLE:
            return _TOO_SHORT
        return _View(language, sure=probability >= _SURE or language == self.expected)


def _by_number(counted: Counter[str]) -> list[str]:
    return sorted(counted, key=lambda language: (-counted[language], language))


def _recognise(words: str) -> tuple[str, float]:
    """A language and its probability; ("", 0) for Latin letters of a language that has others."""
    if language := _UNKNOWN_SCRIPTS.get(_SCRIPTS[max(_script(words), 0)]):
        return language, 1.0
    result = _detector().FindLanguage(words)
    return ("", 0.0) if "-" in result.language else (iso_639_3(result.language), result.probability)


def _words(text: str) -> str:
    """The beginning of a text, without what is in no language."""
    beginning = text[:_LOOK_CHARS]
    if _NO_WORD.search(beginning) is None:
        return beginning.strip()
    return " ".join(word for word in beginning.split() if not (word.isascii() and _NO_WORD.search(word)))


def _script(text: str) -> int:
    """Which of `_SCRIPTS` the first letter is in; `_NO_LETTERS` when there is none."""
    for character in text[:_LOOK_CHARS]:
        if character.isalpha():
            return bisect_right(_SCRIPTS, ord(character)) - 1
    return _NO_LETTERS
