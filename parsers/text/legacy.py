"""SANDBOX, untrusted: which legacy encoding makes bytes read like a language.

Every candidate that decodes is judged by its characters beyond ASCII: letters that are frequent in the languages
written in it count for it; symbols inside of words, capitals after small letters, and words of mixed scripts against.
Candidates are in order of how common they are: the earlier wins a tie.
"""

import codecs
import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

# Frequent letters, then after a space the less frequent ones. Capitals follow from small letters.
_WEST = "äöüßéèêëïàâçñóíáúåøæîôã œûùõìòýðþ"
_EAST = "ąćęłńóśżáčéěíňřšťúůýžőűăâîţşöüä đźďľĺŕôçëß"
_TURKISH = "çğıöşüi̇ âîû"
_BALTIC = "ąčęėįšųūžāēģīķļņõäöü ŗō"
_VIETNAMESE = "ăâđêôơưàáãèéẽìíòóùúý ñåç"
_CYRILLIC = "оеаинтсрвлкмдпуяыьгі збчйхжшюцщэфъёїєў"
_GREEK = "αοιετσνηυρπκμλςωγδθάέήίόύώ χφβξζψϊϋ"
_HEBREW = "אבגדהוזחטיךכלםמןנסעףפץצקרשת "
_ARABIC = "المنويترهبدسفعقكحةأیک، ثجخذزشصضطظغىءآؤإئپچگژًٌٍَُِّْ"
_THAI = "".join(map(chr, (*range(0x0E01, 0x0E3B), *range(0x0E40, 0x0E4F)))) + " ๆ๏๐๑๒๓๔๕๖๗๘๙"
_QUIET = frozenset("“”‘’„‚«»‹›–—…•·€£§©®™°±²³¹ºª¿¡\xa0´½¼¾×")
_CJK_QUIET = frozenset("、。，！？：；「」『』（）・ー《》〈〉【】“”‘’…—～　")

_WORD = re.compile(r"[^\W\d_]+")
_CASE_BREAK = re.compile(r"[a-zà-öø-ÿа-яё-џα-ω](?=[A-ZÀ-ÖØ-ÞА-ЯЁ-ЏΑ-Ω])")
_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u0670\u0e31-\u0e4e"  # belong to their letters, though none themselves
_SYMBOL_IN_WORD = re.compile(rf"(?<=[^\W\d_])[^\w\s\x00-\x7f’‘·\xad{_MARKS}-](?=[^\W\d_])")
# A Hebrew final form inside a word, a Thai mark with no consonant below it.
_MISPLACED = re.compile(
    "[ךםןףץ](?=[א-ת])|(?<![\u0e01-\u0e2e\u0e31-\u0e3a\u0e47-\u0e4e])[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]"
)
_ACCENTED_RUN = re.compile(r"[^\W\d_\x00-\x7f]{3,}")  # Latin scripts hardly ever have three in a row

_COMMON, _RARE, _BAD, _AWFUL = 1.0, 0.1, -0.5, -2.0
_SAMPLE_CHARS = 20_000
_ACCEPTED_SCORE = -0.4
_HIGH_BYTES_FALLBACK_MAX = 0.15


class _Candidate(NamedTuple):
    name: str
    score: Callable[[str], float]
    bonus: float  # for being common, or with a minus for being a relic


def best_legacy_encoding(sample: bytes) -> str | None:
    """The name of a codec, or None when nothing makes sense of the bytes. `sample` may end within a character."""
    best, best_score = None, _ACCEPTED_SCORE
    for candidate in _CANDIDATES:
        try:
            text = codecs.getincrementaldecoder(candidate.name)().decode(sample)
        except UnicodeDecodeError:
            continue
        score = candidate.score(text[:_SAMPLE_CHARS]) + candidate.bonus
        if score > best_score:
            best, best_score = candidate.name, score
    if best is not None:
        return best
    high_bytes = sum(1 for byte in sample if byte > 0x7F)
    return "cp1252" if high_bytes <= _HIGH_BYTES_FALLBACK_MAX * len(sample) else None


def _score_alphabet(text: str, worth: dict[str, float], latin: bool) -> float:
    """Mean worth of the characters beyond ASCII, from `_AWFUL` to `_COMMON`."""
    high = [char for char in text if char > "\x7f"]
    if not high:
        return 0.0
    total = sum(worth[char] if char in worth else _worth(char) for char in high)
    total += _AWFUL * (len(_CASE_BREAK.findall(text)) + len(_SYMBOL_IN_WORD.findall(text)))
    if latin:
        total -= sum(map(len, _ACCENTED_RUN.findall(text)))
    else:
        total += _AWFUL * sum(1 for word in _WORD.findall(text) if not word.isascii() and _has_ascii(word))
        total += _AWFUL * len(_MISPLACED.findall(text))
    return total / len(high)


def _worth(char: str) -> float:
    if char in _QUIET:
        return 0.8
    if "\x80" <= char < "\xa0" or "\ue000" <= char <= "\uf8ff":
        return _AWFUL
    return _RARE if char.isalpha() else _BAD


def _has_ascii(word: str) -> bool:
    return any(char < "\x80" for char in word)


def _score_cjk(text: str, encoding: str, first_lead: int, last_lead: int, kana: float) -> float:
    """As above. Frequent ideographs (or syllables) stand in one range of lead bytes in each of these encodings."""
    high = [char for char in text if char > "\x7f"]
    worth: dict[str, float] = {}
    for char in set(high):
        worth[char] = _worth_cjk(char, encoding, first_lead, last_lead, kana)
    return sum(worth[char] for char in high) / len(high) if high else 0.0


def _worth_cjk(char: str, encoding: str, first_lead: int, last_lead: int, kana: float) -> float:
    if char in _CJK_QUIET:
        return 0.9
    if "\u3041" <= char <= "\u30fe":
        return kana
    if "\ue000" <= char <= "\uf8ff" or "\x80" <= char < "\xa0":
        return _AWFUL
    if "\uff61" <= char <= "\uff9f":  # half-width katakana: what single high bytes are in Shift JIS
        return _BAD
    if "\uac00" <= char <= "\ud7a3":
        return _COMMON
    encoded = char.encode(encoding, "replace")
    lowest_trail = 0x40 if encoding in _LOW_TRAIL else 0xA1
    common = len(encoded) == 2 and first_lead <= encoded[0] <= last_lead and encoded[1] >= lowest_trail
    return 0.85 if common and char.isalpha() else _BAD


_LOW_TRAIL = frozenset({"cp932", "big5"})  # their frequent characters have second bytes below 0xA1 too


def _alphabet(name: str, letters: str, bonus: float = 0.0) -> _Candidate:
    frequent, _, others = letters.partition(" ")
    worth = dict.fromkeys(others.upper(), 0.3) | dict.fromkeys(frequent.upper(), 0.7)
    worth |= dict.fromkeys(others, 0.5) | dict.fromkeys(frequent, _COMMON)
    latin = letters in (_WEST, _EAST, _TURKISH, _BALTIC, _VIETNAMESE)
    return _Candidate(name, partial(_score_alphabet, worth=worth, latin=latin), bonus)


def _cjk(name: str, first_lead: int, last_lead: int, kana: float) -> _Candidate:
    score = partial(_score_cjk, encoding=name, first_lead=first_lead, last_lead=last_lead, kana=kana)
    return _Candidate(name, score, 0.0)


_CANDIDATES = (
    _alphabet("cp1252", _WEST, 0.08),
    _alphabet("cp1251", _CYRILLIC, 0.04),
    _cjk("cp932", 0x88, 0x98, _COMMON),
    _cjk("gb18030", 0xB0, 0xD7, _RARE),
    _cjk("big5", 0xA4, 0xC6, _RARE),
    _cjk("euc_kr", 0xB0, 0xC8, _RARE),
    _cjk("euc_jp", 0xB0, 0xCF, _COMMON),
    _alphabet("cp1250", _EAST, 0.02),
    _alphabet("iso8859_2", _EAST),
    _alphabet("koi8_r", _CYRILLIC),
    _alphabet("cp866", _CYRILLIC),
    _alphabet("iso8859_5", _CYRILLIC),
    _alphabet("mac_cyrillic", _CYRILLIC, -0.1),
    _alphabet("cp1253", _GREEK, 0.01),
    _alphabet("iso8859_7", _GREEK),
    _alphabet("cp1255", _HEBREW, 0.01),
    _alphabet("iso8859_8", _HEBREW),
    _alphabet("cp1256", _ARABIC, 0.01),
    _alphabet("iso8859_6", _ARABIC),
    _alphabet("cp1254", _TURKISH, 0.02),
    _alphabet("cp1257", _BALTIC),
    _alphabet("cp1258", _VIETNAMESE, -0.05),
    _alphabet("cp874", _THAI, -0.1),
    _alphabet("mac_roman", _WEST, -0.15),
    _alphabet("cp850", _WEST, -0.25),
)
