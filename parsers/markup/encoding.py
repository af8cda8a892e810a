"""SANDBOX, untrusted: the encoding of an HTML file, by the rules of browsers, with a guess where they ask a locale.

Order of the HTML standard (13.2.3.2): byte order mark, declaration in the first bytes, then UTF-8 if the bytes are
that, then a statistical guess, then windows-1252.
"""

import codecs
import re

from parsers.markup.words import words

_PRESCAN_BYTES = 4096
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_XML_DECLARATION = re.compile(rb"""^\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([\w.:-]{1,40})["']""")
_META_CHARSET = re.compile(rb"""<meta\b[^>]{0,400}?\bcharset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)

# The encodings of the WHATWG standard by their Python names. Anything else (UTF-7, and Python's own transforms) is
# refused: a browser would not read it either, and UTF-7 hides markup from every filter.
_CODECS = frozenset(
    words(
        "utf-8 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp866 cp874 koi8-r koi8-u mac- "
        "roman mac-cyrillic iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-10 "
        "iso8859-13 iso8859-14 iso8859-15 iso8859-16 gb18030 big5hkscs euc_jp iso2022_jp shift_jis cp932 "
        "euc_kr cp949 utf-16-le utf-16-be"
    )
)
# Labels which the standard reads as a larger encoding than their name says.
_WIDENED = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    "iso8859-11": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}


def decode(document: bytes) -> tuple[str, str]:
    """The text and the name of the encoding it was read with. Bytes that do not fit become U+FFFD."""
    for mark, name in _BOMS:
        if document.startswith(mark):
            return document[len(mark) :].decode(name, "replace"), name
    declared = _declared(document)
    if declared and _fits(document, declared):
        return document.decode(declared, "replace"), declared
    name = _guessed(document)
    return document.decode(name, "replace"), name


def _declared(document: bytes) -> str:
    head = document[:_PRESCAN_BYTES]
    wide = head[:256]
    if b"\x00" in wide:  # ASCII markup in two-byte units, with no mark to say so
        return "utf-16-le" if wide[1::2].count(0) > wide[::2].count(0) else "utf-16-be"
    found = _XML_DECLARATION.search(head) or _META_CHARSET.search(_COMMENT.sub(b"", head))
    if not found:
        return ""
    name = codec_of(found[1].decode("ascii", "replace"))
    # A page that declares UTF-16 in ASCII bytes is not UTF-16 (HTML standard, prescan).
    return "utf-8" if name.startswith("utf-16") else name


def codec_of(label: str) -> str:
    """The Python codec of an encoding label, as browsers read it; "" for labels they do not know."""
    try:
        name = codecs.lookup(label.strip().lower()).name
    except (LookupError, ValueError):
        return ""
    name = _WIDENED.get(name, name)
    return name if name in _CODECS else ""


def _fits(document: bytes, name: str) -> bool:
    """Whether a declaration is believable: a stray byte may be wrong, but what is no UTF-8 is not."""
    if name != "utf-8":
        return True
    sample = document[:65536]
    high = sum(byte >= 0x80 for byte in sample)
    return sample.decode("utf-8", "replace").count("\ufffd") * 4 <= high


def _guessed(document: bytes) -> str:
    try:
        document.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    # Imported here: 18 ms that only undeclared, non-UTF-8 pages pay.
    from charset_normalizer import from_bytes

    best = from_bytes(document[: 1 << 18], steps=5, chunk_size=512).best()
    return (codec_of(best.encoding) if best else "") or "cp1252"
