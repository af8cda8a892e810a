"""SANDBOX, untrusted: the encodings of bytes in old Windows files, by character set of a font or by code page."""

import codecs
import re
import struct

# wingdi.h, values of lfCharSet; what is not named here is Western European.
_OF_CHARACTER_SET = {
    77: "mac-roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gbk", 136: "cp950", 161: "cp1253", 162: "cp1254",
    163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
    255: "cp437",
}  # fmt: skip
DOUBLE_BYTE = frozenset((128, 129, 130, 134, 136))
# Code pages that Python knows by another name, from Microsoft's list of code page identifiers; 32768 and 32769 are
# Excel's own (MS-XLS 2.4.52).
_OF_CODE_PAGE = {
    936: "gbk", 1200: "utf-16-le", 10000: "mac-roman", 10001: "shift_jis", 10006: "mac-greek", 10007: "mac-cyrillic",
    10029: "mac-latin2", 10079: "mac-iceland", 10081: "mac-turkish", 20127: "ascii", 20866: "koi8-r", 21866: "koi8-u",
    28591: "latin-1", 28592: "iso8859-2", 28595: "iso8859-5", 32768: "mac-roman", 32769: "cp1252", 51932: "euc_jp",
    51949: "euc_kr", 54936: "gb18030", 65001: "utf-8",
}  # fmt: skip
_WESTERN = "cp1252"
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def utf16_units(stored: bytes) -> str:
    """UTF-16 with one character a unit, for formats whose positions count units; `joined_units` shows it."""
    text = stored[: len(stored) & ~1].decode("utf-16-le", "surrogatepass")
    return text if len(text) * 2 == len(stored) & ~1 else _ASTRAL.sub(_as_pair, text)


def joined_units(text: str) -> str:
    """Such text with its surrogate pairs as characters; what is no pair becomes a replacement character."""
    if _SURROGATE.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _as_pair(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return chr(int.from_bytes(units[:2])) + chr(int.from_bytes(units[2:]))


def decode_bytes(text: bytes, character_set: int) -> str:
    """Bytes in a font's character set."""
    return _decode(text, _OF_CHARACTER_SET.get(character_set, _WESTERN))


def double_byte_units(stored: bytes, character_set: int) -> str:
    """Words of two bytes with one character each, as in East Asian files of Word 6: codes of the character set with the
    lead byte second, or single bytes, which are Western European when the set has no such byte.
    """
    known: dict[int, str] = {}
    units = struct.unpack(f"<{len(stored) // 2}H", stored[: len(stored) & ~1])
    return "".join(known.get(unit) or known.setdefault(unit, _of_unit(unit, character_set)) for unit in units)


def _of_unit(unit: int, character_set: int) -> str:
    lead, trail = divmod(unit, 256)
    stored = unit.to_bytes(2) if lead >= 0x80 else bytes((trail,))
    own = _OF_CHARACTER_SET.get(character_set, _WESTERN)
    for encoding in (_WESTERN,) if 0 < lead < 0x80 else (own, _WESTERN):
        try:
            shown = stored.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(shown) == 1:
            return shown
    return "\ufffd"


def decode_page(text: bytes, code_page: int) -> str:
    """Bytes in a code page, Western European when there is no such page."""
    return _decode(text, encoding_of_page(code_page))


def encoding_of_page(code_page: int) -> str:
    """Python's name of a code page; that of Western Europe for one it does not know."""
    name = _OF_CODE_PAGE.get(code_page, f"cp{code_page}")
    try:
        return codecs.lookup(name).name
    except LookupError:
        return _WESTERN


def _decode(text: bytes, encoding: str) -> str:
    return text.decode(encoding, "replace")
